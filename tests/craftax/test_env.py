"""LevelEnv: exact resets, goals, counters, limits, statistics. The game's step is a toy here."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.counting import Counting
from dicode.environment import batch as batches
from dicode.environment import goals, resets
from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.errors import ConfigError
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.goal import QUANTITIES, Goal
from dicode.games.craftax.levels.names import Achievement, Mob
from dicode.games.craftax.levels.rules import Rules

NOTHING, DIE, CHOP, KILL, HURT, DESCEND, EAT = range(7)
pytestmark = pytest.mark.fast


def four_levels(pool, toy, goals_of_levels, limit=10, **more):
    levels = [Level(marked(pool, i), goal=goal, bonus=20.0) for i, goal in enumerate(goals_of_levels)]
    return build(DEVICE, levels, [2] * len(levels), toy.sizes, episode_limit=limit, **more)


def marked(pool, level):
    """The pool with the level's and the world's number written where nothing reads them."""
    worlds = len(pool["player_level"])
    return pool | {"player_xp": np.arange(worlds, dtype=np.int32) + 100 * level}


def idle(steps):
    return np.zeros((steps, 8), int)


def leaves_of(game, env):
    return [np.asarray(leaf[env]) for leaf in jax.tree.leaves(game)]


@pytest.mark.slow
def test_a_level_that_always_ends_at_once_does_not_starve_the_others(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal.all_of(Goal.survive(1))] + [Goal.all_of(Goal.survive(10))] * 3)
    played = toy.play(batch, idle(40))
    stats = toy.env.stats(played.state, batch)
    assert np.array_equal(stats.episodes, [80, 8, 8, 8])
    assert np.array_equal(stats.successes, [80, 8, 8, 8])
    assert np.array_equal(stats.length_sum, [80, 80, 80, 80])
    for state in played.states:
        assert np.array_equal(state.game.timestep, state.counters.steps)
        assert np.array_equal(state.game.items[:, 8, 0, 0], state.counters.steps)


@pytest.mark.slow
def test_a_level_may_pay_its_goal_alone_and_go_on_after_it(toy, blank_pool):
    goal = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
    usual, alone = Level(blank_pool, goal=goal, bonus=20.0), Level(blank_pool, goal=goal, bonus=20.0, game_reward=0.0)
    going, poor = replace(usual, ends=False), replace(alone, ends=False)
    batch = build(DEVICE, [usual, alone, going, poor], [2] * 4, toy.sizes, episode_limit=5)
    actions = idle(5)
    actions[0], actions[1:3], actions[3] = CHOP, KILL, KILL
    played = toy.play(batch, actions)
    rewards = np.stack([np.asarray(step.reward[::2]) for step in played.steps])
    # Wood, then the zombie, then (where the episode goes on) nothing new; the others start over and kill again.
    assert rewards[0].tolist() == [1, 0, 1, 0]
    assert rewards[1].tolist() == [21, 20, 21, 20]
    assert rewards[2].tolist() == [21, 20, 0, 0]
    stats = toy.env.stats(played.state, batch)
    assert np.array_equal(stats.episodes, [6, 6, 2, 2])
    assert np.array_equal(stats.successes, [6, 6, 2, 2])
    assert np.array_equal(stats.time_limits, [0, 0, 2, 2])


def test_the_rule_of_an_episodes_length_can_be_set_aside(toy, blank_pool):
    level = Level(blank_pool, rules=Rules(episode_length=3).to_json())
    batch = build(DEVICE, [level, replace(level, own_length=False)], [4, 4], toy.sizes, episode_limit=9)
    assert batch.episode_limit[:2].tolist() == [3, 9]


@pytest.mark.slow
def test_a_reset_gives_a_world_of_the_own_level_and_touches_no_other_environment(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal.all_of(Goal.survive(50))] * 4, limit=50)
    actions = idle(3)
    actions[2, [1, 4, 5]] = DIE
    played = toy.play(batch, actions)
    before, after = played.states[2].game, played.last.game
    for env in range(8):
        if env in (1, 4, 5):
            world = int(after.player_xp[env]) - 100 * (env // 2)
            assert 0 <= world < 4
            expected = jax.tree.map(lambda x, row=4 * (env // 2) + world: x[row], batch.pool)
            pairs = zip(leaves_of(after, env), jax.tree.leaves(expected), strict=True)
        else:
            counted = np.array(before.items)
            counted[:, 8, 0, 0] += 1
            still = before.replace(timestep=before.timestep + 1, items=counted)
            pairs = zip(leaves_of(after, env), leaves_of(still, env), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.slow
def test_chunked_writes_equal_single_ones():
    rng = np.random.default_rng(2)
    pool = {"map": rng.integers(0, 9, (4, 9, 20)), "position": rng.integers(0, 9, (4, 2))}
    game = {name: -np.ones((8, *worlds.shape[1:]), int) for name, worlds in pool.items()}
    ended = np.array([1, 0, 1, 1, 0, 1, 1, 0], bool)
    source = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    for chunk in (1, 3, 64):
        after = jax.jit(resets.restart, static_argnums=4)(game, ended, source, pool, chunk)
        for name, worlds in pool.items():
            expected = np.where(ended.reshape(-1, *[1] * (worlds.ndim - 1)), worlds[source], -1)
            assert np.array_equal(after[name], expected)


def test_counters_remember_nothing_of_the_last_episode(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal.all_of(Goal.survive(100))] * 4, limit=100)
    actions = np.repeat([[CHOP], [KILL], [HURT], [EAT], [DESCEND], [DIE]], 8, axis=1)
    played = toy.play(batch, actions)
    full, empty = played.states[-2].counters, played.last.counters
    assert full.steps[0] == 5
    assert full.events.kills[0, 1, 0] == 1
    assert full.events.collected[0, 0] == 1
    assert full.events.eaten[0] == full.events.drunk[0] == 1
    assert full.events.damage_taken[0] == 2
    assert full.deepest[0] == 1
    assert all(not np.any(leaf) for leaf in jax.tree.leaves(empty))


@pytest.mark.parametrize(
    ("goal", "actions", "steps"),
    [
        (Goal.all_of(Achievement.COLLECT_WOOD), [NOTHING, CHOP], 2),
        (Goal.all_of(Achievement.COLLECT_WOOD, Achievement.DEFEAT_ZOMBIE), [CHOP, NOTHING, KILL], 3),
        (Goal.all_of(Goal.at_least("inventory.wood", 3)), [CHOP, CHOP, CHOP], 3),
        (Goal.all_of(Goal.defeat(Mob.ZOMBIE, 2), Goal.survive(4)), [KILL, KILL, NOTHING, NOTHING], 4),
        (Goal.all_of(Goal.at_least("damage_taken", 4)), [HURT, EAT, HURT], 3),
        (Goal.all_of(Goal.reach_floor(2)), [DESCEND, DESCEND], 2),
        (Goal.all_of(Goal.collect("wood", 2)), [CHOP, DESCEND, CHOP], 3),
        (Goal.all_of(Goal.at_least("eaten", 1), Goal.at_least("drunk", 1)), [EAT], 1),
    ],
)
def test_a_goal_ends_the_episode_with_success_at_the_step_that_meets_it(toy, blank_pool, goal, actions, steps):
    batch = four_levels(blank_pool, toy, [goal] * 4, limit=50)
    played = toy.play(batch, np.repeat(np.array(actions)[:, None], 8, axis=1))
    assert [bool(s.success[0]) for s in played.steps] == [False] * (steps - 1) + [True]
    assert played.steps[-1].done.all()
    assert not played.steps[-1].time_limit.any()
    assert played.steps[-1].reward[0] >= 20.0


def test_the_step_that_kills_is_not_survived_and_an_empty_goal_is_never_met(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal.all_of(Goal.survive(2)), Goal(), Goal(), Goal()], limit=50)
    played = toy.play(batch, [[NOTHING] * 8, [DIE] * 8])
    assert played.steps[1].done.all()
    assert not played.steps[1].success.any()


def test_what_the_start_implies_pays_nothing_and_counts_as_had(toy, blank_pool):
    rich = blank_pool | {
        "inventory.wood": np.full(4, 3, np.int32),
        "player_level": np.full(4, 1, np.int32),
    }
    both = Goal.all_of(Achievement.COLLECT_WOOD, Achievement.DEFEAT_ZOMBIE)
    batch = four_levels(rich, toy, [both] * 4, limit=3)
    played = toy.play(batch, [[CHOP] * 8, [CHOP] * 8, [KILL] * 8])
    assert [float(s.reward[0]) for s in played.steps] == [0.0, 0.0, 21.0]
    achieved = np.asarray(toy.env.stats(played.state, batch).achievements)
    assert achieved[0, Achievement.DEFEAT_ZOMBIE] == 2
    assert achieved.sum() == 8


@pytest.mark.slow
def test_episodes_count_by_their_beginning(toy, blank_pool):
    survive = Goal.all_of(Goal.survive(7))
    batch = four_levels(blank_pool, toy, [survive] * 4, limit=8, counting=Counting(cycle_steps=40, score_steps=24))
    first, last = 16, 32
    rng = np.random.default_rng(4)
    dies = rng.random((40, 8)) < 0.15
    played = toy.play(batch, np.where(dies, DIE, CHOP))
    done = np.array([step.done for step in played.steps])
    success = np.array([step.success for step in played.steps])
    expected = {"episodes": np.zeros(4), "successes": np.zeros(4), "length_sum": np.zeros(4), "return_sum": np.zeros(4)}
    rewards = np.array([step.reward for step in played.steps])
    for env in range(8):
        ends = np.flatnonzero(done[:, env])
        for began, end in zip([0, *(ends[:-1] + 1)], ends, strict=True):
            counts = first <= began <= last
            assert bool(played.steps[end].counted[env]) == counts
            expected["episodes"][env // 2] += counts
            expected["successes"][env // 2] += counts * success[end, env]
            expected["length_sum"][env // 2] += counts * (end + 1 - began)
            expected["return_sum"][env // 2] += counts * rewards[began : end + 1, env].sum()
    stats = toy.env.stats(played.state, batch)
    assert expected["episodes"].min() >= 4
    assert 0 < expected["successes"].sum() < expected["episodes"].sum()
    for name, sums in expected.items():
        np.testing.assert_allclose(getattr(stats, name), sums, rtol=1e-6)
    assert stats.achievements[:, Achievement.COLLECT_WOOD].sum() <= expected["episodes"].sum()
    assert np.all(stats.return_squares >= stats.return_sum**2 / stats.episodes - 1e-3)


def test_a_levels_own_limit_shortens_its_episodes_and_decides_which_count(toy, blank_pool):
    short, long = Level(blank_pool, episode_limit=3), Level(blank_pool)
    batch = build(DEVICE, [short, long], [4, 4], toy.sizes, episode_limit=10, counting=Counting(20))
    assert np.array_equal(batch.episode_limit[:2], [3, 10])
    assert np.array_equal(batch.count_last[:2], [17, 10])
    stats = toy.env.stats(toy.play(batch, idle(20)).state, batch)
    assert np.array_equal(stats.episodes[:2], [4 * 6, 4 * 2])
    assert np.array_equal(stats.length_sum[:2], [4 * 18, 4 * 20])


def test_the_step_limit_counts_episode_steps_and_is_told_from_death_and_success(toy, blank_pool):
    late = blank_pool | {"timestep": np.full(4, 900, np.int32)}
    levels = [
        Level(late, rules={"episode_length": 3}, goal=Goal.all_of(Goal.survive(50))),
        Level(late, goal=Goal.all_of(Goal.survive(5))),
        Level(late, goal=Goal.all_of(Goal.survive(50))),
    ]
    batch = build(DEVICE, levels, [2, 2, 4], toy.sizes, episode_limit=5)
    actions = idle(5)
    actions[4, 7] = DIE
    played = toy.play(batch, actions)
    assert np.array_equal([bool(s.time_limit[0]) for s in played.steps], [False, False, True, False, False])
    end = played.steps[4]
    assert np.array_equal(end.done, [0, 0, 1, 1, 1, 1, 1, 1])
    assert np.array_equal(end.time_limit, [0, 0, 0, 0, 1, 1, 1, 0])
    assert np.array_equal(end.success, [0, 0, 1, 1, 0, 0, 0, 0])


def test_the_final_observation_is_that_before_the_reset(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal.all_of(Goal.survive(50))] * 4, limit=2)
    played = toy.play(batch, [[CHOP] * 8] * 2)
    end = played.steps[1]
    assert end.time_limit.all()
    assert np.allclose(end.final_observation.scalars[:, 0], np.sqrt(2) / 10)
    assert np.all(end.observation.scalars[:, 0] == 0)


@pytest.mark.slow
def test_statistics_equal_a_plain_recount(toy, blank_pool):
    asked = [Goal.all_of(Achievement.COLLECT_WOOD), Goal.all_of(Goal.survive(4)), Goal.all_of(Goal.reach_floor(2))]
    batch = four_levels(blank_pool, toy, [*asked, Goal.all_of(Goal.defeat(Mob.ZOMBIE, 3))], limit=7)
    actions = np.random.default_rng(0).integers(0, 7, (60, 8))
    actions[20:40, 6:] = HURT  # five in one episode kill
    played = toy.play(batch, actions)
    expected = {"episodes": np.zeros(4), "successes": np.zeros(4), "time_limits": np.zeros(4)}
    expected |= {"return_sum": np.zeros(4), "length_sum": np.zeros(4), "achievements": np.zeros((4, 67))}
    expected |= {"endings": np.zeros((4, len(HOST.endings))), "occupations": np.zeros((4, len(HOST.occupations)))}
    reward, length, spent = np.zeros(8), np.zeros(8), np.zeros((8, 7))
    got = [set() for _ in range(8)]
    for seen, action in zip(played.steps, actions, strict=True):
        reward, length = reward + seen.reward, length + 1
        spent[np.arange(8), action] += 1
        for env in range(8):
            name = {CHOP: Achievement.COLLECT_WOOD, KILL: Achievement.DEFEAT_ZOMBIE}.get(action[env])
            got[env] |= {name} if name is not None else set()
            got[env] |= {Achievement.ENTER_DUNGEON} if action[env] == DESCEND else set()
            if seen.done[env]:
                level = env // 2
                expected["episodes"][level] += 1
                expected["successes"][level] += seen.success[env]
                expected["time_limits"][level] += seen.time_limit[env]
                expected["return_sum"][level] += reward[env]
                expected["length_sum"][level] += length[env]
                expected["achievements"][level, sorted(got[env])] += 1
                if not (seen.success[env] or seen.time_limit[env]):
                    expected["endings"][level, {HURT: 4, DIE: 1}[action[env]]] += 1
                expected["occupations"][level] += spent[env]
                reward[env], length[env], got[env], spent[env] = 0, 0, set(), 0
    stats = toy.env.stats(played.state, batch)
    assert expected["episodes"].min() > 3
    assert (expected["endings"].sum(axis=0)[[1, 4]] > 0).all()
    for name, value in expected.items():
        assert np.array_equal(np.asarray(getattr(stats, name), float), value), name


def test_the_first_episode_is_kept_apart_from_later_ones(toy, blank_pool):
    level = Level(marked(blank_pool, 0), goal=Goal.all_of(Goal.survive(50)))
    batch, worlds = batches.evaluation(DEVICE, level, toy.sizes, episode_limit=50)
    actions = idle(6)
    actions[0], actions[1], actions[2, :6], actions[4] = CHOP, DESCEND, DIE, DIE
    played = toy.play(batch, actions)
    assert worlds == 4
    assert np.array_equal(played.states[0].game.player_xp, [0, 1, 2, 3, 0, 1, 2, 3])
    first = played.last.first
    assert first.done.all()
    assert np.array_equal(first.length, [3] * 6 + [5] * 2)
    assert np.all(first.total_reward == 2)
    assert np.all(first.deepest == 1)
    assert not first.success.any()
    assert first.achievements.sum() == 16
    assert played.last.tally.episodes.sum() == 14


@pytest.mark.slow
def test_goals_on_the_device_agree_with_goals_on_the_host(toy, blank_pool):
    rng = np.random.default_rng(1)
    names = list(QUANTITIES)
    for _ in range(50):
        asked = [Achievement(int(a)) for a in rng.choice(67, rng.integers(0, 3), replace=False)]
        conditions = [Goal.at_least(str(n), 1) for n in rng.choice(names, rng.integers(0, 3), replace=False)]
        goal = Goal.all_of(*asked, *conditions) if asked or conditions else Goal()
        achieved, values = rng.random(67) < 0.8, rng.integers(0, 3, len(names)).astype(np.float32)
        assert bool(goals.met(*map(jnp.asarray, (achieved, values, *goal.to_arrays())))) == goal.met(achieved, values)


def test_every_quantity_reads_its_own_field(toy, blank_pool):
    batch = four_levels(blank_pool, toy, [Goal()] * 4)
    state = jax.device_get(toy.reset(toy.key(0), batch))
    game = state.game.replace(inventory=state.game.inventory.replace(iron=np.full(8, 5), armour=np.full((8, 4), 2)))
    events = state.counters.events.replace(kills=np.arange(8 * 24).reshape(8, 3, 8), placed=np.arange(40).reshape(8, 5))
    values = dict(zip(QUANTITIES, np.asarray(DEVICE.quantities(game, jnp.full(8, 9), events))[3], strict=True))
    assert values["inventory.iron"] == 5
    assert values["inventory.armour"] == 8
    assert values["survive"] == 9
    assert values["kills.zombie"] == 3 * 24 + 8
    assert values["kills.ice_elemental"] == 3 * 24 + 23
    assert values["placed.torch"] == 19
    assert values["health"] == 9
    assert values["collected.wood"] == 0


def test_conditioning_names_achievements_and_log_scaled_minima():
    goal = Goal.all_of(Achievement.EAT_COW, Goal.at_least("inventory.iron", 3))
    normalised = goals.conditioning(HOST, goal, "normalised")
    whole = goals.conditioning(HOST, HOST.target_goal, "normalised")
    assert np.linalg.norm(whole) == pytest.approx(1.0)
    assert np.linalg.norm(normalised) < 1.1
    full, paper = goals.conditioning(HOST, goal), goals.conditioning(HOST, goal, "paper")
    assert full.shape == (67 + len(QUANTITIES),)
    assert paper.shape == (67,)
    assert paper[Achievement.EAT_COW] == 1
    assert paper.sum() == 1
    assert full[67 + QUANTITIES.index("inventory.iron")] == 0.25
    assert LevelEnv(DEVICE).spec.conditioning == len(full)
    assert LevelEnv(DEVICE, conditioning="paper").spec.conditioning == 67
    assert LevelEnv(DEVICE, conditioning="none").spec.conditioning == len(goals.conditioning(HOST, goal, "none")) == 0


def test_environments_of_hooked_levels_stand_at_the_front_of_every_shard(blank_pool):
    sizes = Sizes(16, 4, 16)
    batch = build(DEVICE, [Level(blank_pool)] * 3, [8, 4, 4], sizes, episode_limit=5, groups=[(2, 2)], shards=2)
    assert np.array_equal(batch.slot, [2, 2, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 1, 1, 1, 1])
    with pytest.raises(ConfigError, match="hooks for 3 environments"):
        build(DEVICE, [Level(blank_pool)] * 3, [8, 4, 4], sizes, episode_limit=5, groups=[(2, 3)])


@pytest.mark.parametrize(
    ("levels", "counts", "message"),
    [
        (5, [2, 2, 2, 1, 1], "level_slots=4"),
        (2, [4, 3], "add up to num_envs=8"),
        (2, [7, 1], "at least 2 are needed"),
        (3, [3, 3, 2], "at most pool_size=10"),
    ],
)
def test_a_batch_that_cannot_work_is_refused(blank_pool, levels, counts, message):
    with pytest.raises(ConfigError, match=message):
        build(DEVICE, [Level(blank_pool)] * levels, counts, Sizes(8, 4, 10), episode_limit=5)


def test_a_pool_of_another_shape_and_an_unknown_conditioning_are_refused_by_name(blank_pool):
    wide = blank_pool | {"blocks": blank_pool["blocks"].astype(np.int32)}
    with pytest.raises(ConfigError, match=r"level 1: blocks is int32\[4, 9, 48, 48\]; needed is uint8"):
        build(DEVICE, [Level(blank_pool), Level(wide)], [4, 4], Sizes(8, 4, 10), episode_limit=5)
    with pytest.raises(ConfigError, match="did you mean 'paper'"):
        LevelEnv(DEVICE, conditioning="papr")
