"""Trains a few updates and prints the parameters' hash-like sums as JSON; run as a program by `test_devices`.

Arguments: number of devices to use, then optionally coordinator, number of processes, process id.
"""

import json
import sys

import jax
import numpy as np
from cue import CueEnv, agent_of

from dicode.learner import distributed, schedule
from dicode.learner.programs import compile_programs
from dicode.learner.types import PpoConfig

ENV = CueEnv(32, delay=3)
SIZES = {"width": 8, "layers": 1, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": 6, "window": 4}


def key(n: int) -> np.ndarray:
    return np.array([7, n], np.uint32)


def main(num_devices: int, *address: str) -> None:
    if address:
        distributed.initialise(address[0], int(address[1]), int(address[2]))
    agent, config = agent_of("gtrxl", SIZES), PpoConfig(rollout_steps=8, epochs=2, minibatches=4)
    batch = jax.tree.map(np.asarray, ENV.batch())
    devices = jax.devices()[:num_devices]
    programs = compile_programs(agent, ENV, config, batch, devices=devices)
    learner = programs.init(key(0), schedule.linear(1e-3, 0.0, 0, 10))
    carry = programs.start(key(1), batch)
    for n in range(3):
        carry, trajectory, stats = programs.rollout(learner.params, carry, batch, key(2 + n))
        learner, metrics = programs.update(learner, trajectory, key(12 + n))
    assert len(trajectory.action.sharding.device_set) == num_devices
    found = distributed.fetch((learner.params, stats, metrics))
    if jax.process_index() == 0:
        sys.stdout.write(
            json.dumps([np.asarray(x, np.float64).ravel().tolist() for x in jax.tree.leaves(found)]) + "\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
