"""What the compiler makes of the environment: buffers in place, and the same results on several devices."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp

from dicode.environment.batch import Level, Sizes, build
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.levels.goal import Goal


def test_the_state_stays_in_place_inside_a_scan(toy, blank_pool):
    goal = Goal.all_of(Goal.survive(2))
    batch = build(DEVICE, [Level(blank_pool, goal=goal)], [8], Sizes(8, 1, 4), episode_limit=9)

    def rollout(state, batch):
        def body(state, key):
            return toy.env.step(key, state, jnp.zeros(8, jnp.int32), batch)

        return jax.lax.scan(body, state, jnp.zeros((4, 2), jnp.uint32))

    state = jax.eval_shape(toy.env.reset, toy.key(0), batch)
    program = jax.jit(rollout, donate_argnums=0).lower(state, batch).compile().as_text()
    maps = [line.split("=")[1].strip() for line in program.splitlines() if "= u8[8,9,48,48]" in line]
    assert any(line.split("{")[0] == "u8[8,9,48,48]" for line in maps)
    assert [line for line in maps if " copy(" in line] == []


SHARDED = """
from dataclasses import replace
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh
from conftest import toy_step
from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.goal import Goal

pool = blank_worlds(4) | {"player_xp": np.arange(4, dtype=np.int32)}
levels = [Level(pool, goal=Goal.all_of(Goal.survive(n))) for n in (1, 3)]
batch = build(DEVICE, levels, [4, 12], Sizes(16, 2, 8), episode_limit=9)
actions = jnp.asarray(np.random.default_rng(0).integers(0, 7, (12, 16)), jnp.int32)
mesh = Mesh(np.array(jax.devices()), ("env",))
assert len(jax.devices()) == 4

def run(env):
    def body(state, given):
        return env.step(given[0], state, given[1], batch)
    def whole(batch):
        keys = jnp.stack([jnp.arange(12, dtype=jnp.uint32)] * 2, axis=1)
        state, seen = jax.lax.scan(body, env.reset(keys[0], batch), (keys, actions))
        return state, seen.reward, seen.done, env.stats(state, batch)
    compiled = jax.jit(whole).lower(batch).compile()
    return jax.device_get(compiled(batch)), compiled.as_text()

env = LevelEnv(replace(DEVICE, step=toy_step))
(one, _), (four, text) = run(env), run(env.on(mesh, "env"))
same = jax.tree.map(np.array_equal, one, four)
assert all(jax.tree.leaves(same)), same
assert one[3].episodes.min() > 10
assert len(set(one[0].game.player_xp.tolist())) > 1
moved = [line for line in text.splitlines() if "all-gather" in line.split("(")[0] and "9,48,48" in line]
assert not moved, moved[:3]
"""


def test_four_devices_give_what_one_gives_without_moving_maps():
    here = os.path.dirname(__file__)
    env = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", SHARDED], cwd=here, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


DRAWN = """
from types import SimpleNamespace

import jax, jax.numpy as jnp, numpy as np
from dicode.accelerator import written_for
from dicode.environment.env import LevelEnv
from dicode.games.craftax.device import DEVICE

state = SimpleNamespace(task=SimpleNamespace(env_index=jnp.array([0, 1, 2, 5, 4, 3])))
keys, env = jax.random.split(jax.random.PRNGKey(3), 2), LevelEnv(DEVICE)
mesh = jax.sharding.Mesh(np.array(jax.devices()), ("env",))
with written_for(accelerator=True):
    one, two = (jax.jit(lambda keys, own=own: own.draw(keys, state))(keys) for own in (env, env.on(mesh, "env")))
spread = [len(x.sharding.device_set) for x in jax.tree.leaves(two)]
assert set(spread) == {2}, spread
same = jax.tree.map(np.array_equal, one, two)
assert all(jax.tree.leaves(same)), same
speed = np.asarray(one.game.speed)
assert speed.shape == (2, 6, 8) and len(np.unique(speed)) == 96, speed
"""


def test_two_devices_draw_ahead_what_one_draws():
    env = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", DRAWN], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
