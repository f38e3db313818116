"""The learner's settings for XLand-MiniGrid teach what is easy: a tile to step onto, in one room."""

import jax
import numpy as np
import pytest

from dicode import config as configuration
from dicode.agent.make import make_agent
from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.games.level_build import build_pool
from dicode.learner import schedule
from dicode.learner.programs import compile_programs
from tests.xland.conftest import HOST, target_worlds

ROOM = '''"""Objective: step onto the green goal tile.
Why: nothing is easier.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.on("green goal tile")


def build(world: World) -> None:
    world.clear(7)
    world.put("green goal tile")
'''
UPDATES = 20
"""Rollouts of 8192 steps; of 16 the last three reach 0.95."""


def success(words: list[str]) -> float:
    """Share of the episodes in the last three of `UPDATES` rollouts that reach the goal."""
    from dicode.games.xland.device import DEVICE

    config = configuration.load(["experiment=xland/laptop", "method=ppo", *words])
    namespace: dict[str, object] = {}
    exec(compile(ROOM, "<level>", "exec"), namespace)
    pool = build_pool(HOST, namespace, target_worlds(64), 0).pool
    told, sizes = config.agent.conditioning, Sizes(config.num_envs, 1, 64)
    env = LevelEnv(DEVICE, conditioning=told)
    batch = build(
        DEVICE, [Level(pool)], [config.num_envs], sizes, episode_limit=config.episode_limit, conditioning_kind=told
    )
    programs = compile_programs(make_agent(env.spec, config.agent), env, config.learner, batch)
    keys = np.asarray(jax.random.key_data(jax.random.split(jax.random.key(0), 2 * UPDATES)))
    learner = programs.init(keys[0], schedule.linear(config.learner.lr, config.learner.lr_final, 0, UPDATES))
    carry, counts = programs.start(keys[0], batch), []
    for play, learn in keys.reshape(UPDATES, 2, -1):
        carry, trajectory, _ = programs.rollout(learner.params, carry, batch, play)
        counts.append((int((trajectory.reward > 0).sum()), int(trajectory.done.sum())))
        learner, _ = programs.update(learner, trajectory, learn)
    solved, ended = np.sum(counts[-3:], axis=0)
    return float(solved / ended)


@pytest.mark.long
def test_an_agent_learns_to_step_onto_a_tile_within_163_840_steps():
    assert success([]) > 0.95


@pytest.mark.long
def test_one_pass_over_a_rollout_as_a_whole_teaches_next_to_nothing_in_that_time():
    """Why the settings are what they are; where it fails they are dearer than they need be."""
    assert success(["learner.epochs=1", "learner.minibatches=1"]) < 0.9
