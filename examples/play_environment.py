"""Use the environment on its own: two levels side by side, random actions, statistics by level.

    uv run python examples/play_environment.py

Compiles the world generator and the game's step once (about a minute on two cores, kept in the cache).
"""

import jax
import jax.numpy as jnp

from dicode import Level, LevelEnv, Sizes, load_device, make_batch
from dicode.cache import enable_compile_cache
from dicode.levels import Achievement, Goal, Rules

enable_compile_cache()
game = load_device("craftax")
pool = game.generate(jnp.array([8, 0], jnp.uint32), 8, 0)
levels = [
    Level(pool),  # the unmodified game
    Level(pool, Rules(health_recovery=5.0).to_json(), Goal.all_of(Achievement.COLLECT_SAPLING), bonus=20.0),
]
sizes = Sizes(num_envs=8, level_slots=4, pool_size=16)
batch = make_batch(game, levels, [4, 4], sizes, episode_limit=50)
env = LevelEnv(game, bootstrap_time_limit=True)

key = jnp.array([0, 1], jnp.uint32)
step = jax.jit(env.step)
state = jax.jit(env.reset)(key, batch)
for t in range(100):
    act, move = jax.random.split(jax.random.fold_in(key, t))
    state, seen = step(move, state, env.action_space.sample(act, (8,)), batch)

stats = env.stats(state, batch)
for name, slot in (("target", 0), ("collect a sapling", 1)):
    print(
        f"{name}: {stats.episodes[slot]} episodes, {stats.successes[slot]} successes, return sum {stats.return_sum[slot]:.1f}"
    )
assert int(stats.episodes[:2].sum()) >= 8
