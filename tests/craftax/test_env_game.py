"""LevelEnv on the real game: what the agent sees, what is paid, and that a level's rules act on it alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.environment.batch import Level, build
from dicode.games.craftax import observation, package
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.rules import default_rules
from dicode.games.craftax.state import to_package


@pytest.fixture(scope="module")
def played(worlds8, sizes8, env8):
    """60 steps of random actions, environment e on floor e at first; two levels, the second of short episodes."""
    reset, step = env8
    floors = np.arange(8, dtype=np.int32)
    deep = worlds8 | {"player_level": floors, "player_position": worlds8["up_ladders"][floors, floors]}
    deep["light_level"] = np.linspace(0, 1, 8, dtype=np.float32)
    levels = [Level(deep), Level(deep, rules={"health_reward": 0.0}, goal=Goal.all_of(Goal.survive(7)), bonus=20.0)]
    batch = build(DEVICE, levels, [6, 2], sizes8, episode_limit=1000, first_world=np.arange(8))
    rng = np.random.default_rng(0)
    state = reset(np.array([1, 2], np.uint32), batch)
    states, steps, actions = [jax.device_get(state)], [], []
    for t in range(60):
        action = rng.integers(0, len(Action), 8).astype(np.int32)
        state, seen = step(np.array([3, t], np.uint32), state, action, batch)
        states.append(jax.device_get(state))
        steps.append(jax.device_get(seen))
        actions.append(action)
    return states, steps, batch


def test_what_is_seen_in_play_on_every_floor_is_what_the_package_shows(played):
    states, steps, _ = played
    theirs = jax.jit(jax.vmap(lambda state: package.render_craftax_symbolic(to_package(state))))
    floors, lit = set(), 0
    for state, seen in list(zip(states[1:], steps, strict=True))[::4]:
        dense = np.asarray(observation.expand(jax.tree.map(jnp.asarray, seen.observation)))
        assert np.array_equal(dense, np.asarray(theirs(state.game)))
        floors |= set(state.game.player_level.tolist())
        lit += int(seen.observation.cells[..., 2].sum())
    assert floors == set(range(8))
    assert lit > 0


def test_reward_is_achievements_health_and_bonus(played):
    states, steps, _ = played
    worth = np.asarray(default_rules().achievement_reward)
    checked = 0
    for before, after, seen in zip(states[:-1], states[1:], steps, strict=True):
        for env in np.flatnonzero(~seen.done):
            new = after.game.achievements[env] & ~before.game.achievements[env]
            health = after.game.player_health[env] - before.game.player_health[env]
            expected = (new * worth).sum() + (0.1 * health if env < 6 else 0.0)
            assert np.isclose(seen.reward[env], expected, atol=1e-5)
            checked += 1
        for env in np.flatnonzero(seen.success):
            assert seen.reward[env] >= 20.0 - 1e-5
    assert checked > 300


def test_a_short_level_beside_a_long_one_finishes_on_its_own_time(played):
    states, steps, _ = played
    tally, length = states[-1].tally, np.zeros(8, int)
    for seen in steps:
        length += 1
        assert np.all(length[seen.success] == 7)
        length[seen.done] = 0
    assert tally.successes[6:].min() >= 5
    assert not tally.successes[:6].any()
    assert np.array_equal(np.sum([seen.done for seen in steps], axis=0), tally.episodes)


def test_the_floor_that_a_start_stands_on_pays_nothing(played):
    states, steps, _ = played
    assert np.all(steps[0].reward < 1.0)
    assert states[0].game.achievements.any(axis=1).tolist() == [False] + [True] * 7


def test_an_episode_says_what_the_player_died_of_and_what_the_steps_went_to(blank_pool, sizes8, env8):
    reset, step = env8
    pool = {name: np.repeat(array[:1], 8, axis=0) for name, array in blank_pool.items()}
    pool["player_health"] = np.ones(8, np.float32)
    pool["player_recover"] = np.full(8, -14.5, np.float32)
    for world, need in enumerate(("player_food", "player_drink", "player_energy")):
        pool[need] = pool[need].copy()
        pool[need][world] = 0
    row, column = pool["player_position"][3]
    for world, (record, kind) in {3: ("melee_mobs", 5), 4: ("ranged_mobs", 0), 5: ("ranged_mobs", 7)}.items():
        for name, value in (("mask", True), ("type_id", kind), ("health", 9.0), ("attack_cooldown", 0)):
            pool[f"{record}.{name}"] = pool[f"{record}.{name}"].copy()
            pool[f"{record}.{name}"][world, 0, 0] = value
        pool[f"{record}.position"] = pool[f"{record}.position"].copy()
        pool[f"{record}.position"][world, 0, 0] = row, column + (1 if record == "melee_mobs" else 4)
    rules = {"melee_spawn": 0.0, "ranged_spawn": 0.0, "passive_spawn": 0.0}
    batch = build(DEVICE, [Level(pool, rules=rules)], [8], sizes8, episode_limit=30, first_world=np.arange(8))
    state = reset(np.array([1, 2], np.uint32), batch)
    died, spent = [None] * 8, np.zeros((8, len(HOST.occupations)))
    for t in range(30):
        before = np.asarray(state.tally.endings).sum(axis=1)
        action = np.full(8, Action.NOOP if t else Action.DO, np.int32)
        state, _ = step(np.array([3, t], np.uint32), state, action, batch)
        fresh = np.flatnonzero(np.asarray(state.tally.endings).sum(axis=1) > before)
        for env in fresh:
            died[env] = died[env] or HOST.endings[int(np.argmax(state.tally.endings[env]))]
        if not t:
            spent += np.asarray(state.counters.occupations)
    assert died[:6] == ["hunger", "thirst", "exhaustion", "troll", "skeleton", "ice elemental"]
    assert died[6:] == [None] * 2
    assert (spent[6:, HOST.occupations.index("hands")] == 1).all()
    assert (spent[6:].sum(axis=1) == 1).all()
