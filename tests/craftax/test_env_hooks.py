"""Hooks act on their own group of environments, and only within bounds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.environment.hooks import MAX_BONUS, Hook
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.names import Achievement

NOTHING, DIE, CHOP, KILL, HURT, DESCEND, EAT = range(7)


def greedy(before, action, after, keys):
    """Chopping fells two more trees, out of range health heals all, and an achievement is claimed."""
    wood = after.inventory.wood + 2 * (action == CHOP)
    health = jnp.where(action == HURT, jnp.nan, jnp.where(action == EAT, 1e9, after.player_health))
    return after.replace(
        inventory=after.inventory.replace(wood=wood),
        player_health=health,
        achievements=after.achievements.at[:, Achievement.DEFEAT_NECROMANCER].set(True),
        player_xp=(keys[:, 0] % 7).astype(jnp.int32),
    )


def deadly(before, action, after, keys):
    return after.replace(player_health=jnp.where(action == KILL, 0.0, after.player_health))


HOOKS = (
    Hook(2, transition=greedy, bonus=lambda before, action, after: jnp.where(action == DESCEND, 1e9, jnp.nan)),
    Hook(
        2,
        transition=deadly,
        bonus=lambda before, action, after: 0.5 * (after.inventory.wood - before.inventory.wood),
        success=lambda state: state.inventory.wood >= 2,
    ),
)


@pytest.fixture(scope="module")
def play(toy, blank_pool):
    """Plays one row of actions from a reset: `play(action) -> (state, time step)`; levels 0 and 1 have the hooks."""
    env = LevelEnv(toy.env.game, hooks=HOOKS)
    levels = [
        Level(blank_pool, goal=Goal.all_of(Goal.survive(9))),
        Level(blank_pool, goal=Goal(), bonus=20.0),
        Level(blank_pool, goal=Goal.all_of(Goal.survive(9))),
    ]
    batch = build(DEVICE, levels, [2, 2, 4], Sizes(8, 3, 12), episode_limit=9, groups=[(0, 2), (1, 2)])
    start = jax.jit(env.reset)(toy.key(0), batch)
    step = jax.jit(env.step)

    def play(*rows):
        state, seen = start, None
        for t, row in enumerate(rows):
            state, seen = step(toy.key(t), state, jnp.asarray(row, jnp.int32), batch)
        return jax.device_get(state), jax.device_get(seen)

    return play


def test_a_transition_changes_its_own_group_alone(play):
    state, seen = play([CHOP] * 8)
    assert state.game.inventory.wood.tolist() == [3, 3, 1, 1, 1, 1, 1, 1]
    assert state.game.player_xp[2:].tolist() == [0] * 6
    assert state.game.player_xp[:2].any()
    assert np.allclose(seen.reward, [1, 1, 1.5, 1.5, 1, 1, 1, 1])


def test_what_a_transition_returns_is_held_in_bounds(play):
    state, seen = play([EAT, HURT] + [NOTHING] * 6)
    assert state.game.player_health[0] == 50
    assert np.isfinite(state.game.player_health[1])
    assert not state.game.achievements[:, Achievement.DEFEAT_NECROMANCER].any()
    assert np.all(seen.reward == 0)


def test_a_bonus_is_bounded_and_never_nan(play):
    _, seen = play([DESCEND] * 8)
    assert seen.reward[:2].tolist() == [1 + MAX_BONUS] * 2
    assert seen.reward[4] == 1


def test_a_transition_can_end_the_episode_and_a_hook_decides_success(play):
    _, seen = play([KILL] * 8)
    assert seen.done.tolist() == [False, False, True, True] + [False] * 4
    assert not seen.success.any()
    _, seen = play([CHOP] * 8, [CHOP] * 8)
    assert seen.success.tolist() == [False, False, True, True] + [False] * 4
    assert np.allclose(seen.reward[2:4], 20.5)
