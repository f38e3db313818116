"""Steps a still game in which two levels' hooks pay bounties, and prints per number of devices what each environment
got and which level it plays, as JSON; run as a program by `test_hooks_on_devices`, with eight CPU devices.
"""

import json
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from dicode import config as configuration
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.types import Events
from dicode.games.device import StepResult
from dicode.learner import distributed
from dicode.sandbox import hook_worker
from dicode.training import trainer as training
from dicode.training.builder import Playable
from dicode.training.sizes import hook_envs, hook_group
from dicode.types import TARGET, Proposal, Slot

BOUNTY = {"one": 1.0, "seven": 7.0}
WORDS = "preset=smoke dreamer=grammar dreamer.hooks=true num_envs=48 level_slots=5 target_share=0.25 worlds_per_level=1 agent.width=16"


def still(key, state, action, rules):
    """Nothing happens and nothing pays."""
    nothing = Events(
        kills=jnp.zeros((3, 8), jnp.int32),
        collected=jnp.zeros(8, jnp.int32),
        placed=jnp.zeros(5, jnp.int32),
        eaten=jnp.int32(0),
        drunk=jnp.int32(0),
        damage_taken=jnp.float32(0),
    )
    return StepResult(state.replace(timestep=state.timestep + 1), jnp.float32(0), jnp.bool_(False), nothing)


class Programs:
    """Stands for the compiled programs: keeps the environment that the hooks came into."""

    rollout_program = type("Program", (), {"seconds": 0.0})

    def with_env(self, env, progress):
        self.env = env
        return self


def play(devices: int, order: list[str]) -> dict[str, list]:
    config = configuration.load([*WORDS.split(), f"devices={devices}"])
    trainer = training.Trainer(config)
    trainer.env = replace(trainer.env, game=replace(trainer.game, step=still))
    trainer._programs = programs = Programs()
    group, envs = hook_group(config), hook_envs(config)
    exported = {
        name: {"bonus": hook_worker._export("bonus", lambda before, action, after, pay=pay: pay, group, HOST)}
        for name, pay in BOUNTY.items()
    }
    pool = dict(blank_worlds(1).items())
    playables = {name: Playable(name, HOST.target_goal, {}, pool, exported.get(name, {})) for name in (*order, TARGET)}
    rest = config.num_envs - envs * len(BOUNTY)
    counts = [envs if name in BOUNTY else rest // 4 for name in order]
    slots = [Slot(name, count) for name, count in zip(order, counts, strict=True)]
    batch = trainer.batch(Proposal((*slots, Slot(TARGET, config.num_envs - sum(counts)))), playables, 0.0)
    trainer.use_hooks([exported[name] for name in order if name in BOUNTY], print)
    mesh = distributed.make_mesh(config.num_envs, config.num_envs, distributed.mesh_devices(devices))
    env = programs.env.on(mesh, distributed.AXIS)
    key = np.zeros(2, np.uint32)
    _, seen = jax.jit(lambda key, batch: env.step(key, env.reset(key, batch), jnp.zeros(48, jnp.int32), batch))(
        key, batch
    )
    names = [*order, TARGET]
    return {"paid": np.asarray(seen.reward).tolist(), "level": [names[slot] for slot in np.asarray(batch.slot)]}


if __name__ == "__main__":
    hook_worker.prepare(HOST)
    found = {devices: play(devices, ["one", "seven", "plain", "other"]) for devices in (1, 2, 8)}
    found["last"] = play(8, ["seven", "one"])
    sys.stdout.write(json.dumps(found) + "\n")
