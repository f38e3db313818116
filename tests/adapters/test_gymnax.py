"""The gymnax interface: one environment's functions, and the same mapped over many."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.adapters.gymnax import LevelsEnv, Options
from dicode.adapters.observations import shown
from dicode.environment.env import raw_key
from dicode.errors import ConfigError

NUM_ENVS, STEPS = 6, 8
CHOP, DIE = 1, 16


@pytest.fixture(scope="module")
def env(toy_game, toy_levels):
    return LevelsEnv(toy_game, toy_levels, Options(episode_limit=5, observation="compact"))


@pytest.fixture(scope="module")
def mapped(env):
    """reset and step of six environments, compiled."""
    return jax.jit(jax.vmap(env.reset, in_axes=(0, None))), jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))


def test_mapped_environments_are_single_ones_side_by_side(env, mapped):
    """The mapped functions run another program (`custom_vmap`); every array of every step is the same."""
    reset, step = mapped
    alone = jax.jit(env.reset), jax.jit(env.step)
    params, keys = env.default_params, jax.random.split(jax.random.key(3), NUM_ENVS)
    _, state = reset(keys, params)
    singles = [alone[0](key, params) for key in keys]
    actions = np.random.default_rng(0).choice([0, CHOP, DIE], (STEPS, NUM_ENVS), p=[0.4, 0.4, 0.2])
    ends = 0
    for t in range(STEPS):
        both = step(keys, state, jnp.asarray(actions[t]), params)
        state = both[1]
        singles = [alone[1](keys[e], singles[e][1], actions[t, e], params) for e in range(NUM_ENVS)]
        for e, one in enumerate(singles):
            jax.tree.map(np.testing.assert_array_equal, jax.tree.map(lambda leaf, e=e: leaf[e], both), one)
        ends += int(both[3].sum())
    assert ends > NUM_ENVS


def test_levels_given_to_each_environment_are_mapped_too(env):
    """Parameters with a leading axis, as in a sweep over sets of levels."""
    params = jax.tree.map(lambda leaf: jnp.stack([leaf] * 2), env.default_params)
    keys = jax.ShapeDtypeStruct((2, 2), jnp.uint32)
    _, state = jax.eval_shape(jax.vmap(env.reset), keys, params)
    after = jax.eval_shape(jax.vmap(env.step), keys, state, jax.ShapeDtypeStruct((2,), jnp.int32), params)
    assert after[0]["cells"].shape == (2, 9, 11, 8)
    assert jax.tree.map(lambda leaf: leaf.shape, after[1]) == jax.tree.map(lambda leaf: leaf.shape, state)


def test_success_time_limit_and_death_are_told_apart(env, mapped):
    reset, step = mapped
    waits, target = env.starting("wait"), env.starting("target")
    keys = jax.random.split(jax.random.key(1), NUM_ENVS)

    def play(params, actions):
        state = reset(keys, params)[1]
        for action in actions:
            _, state, reward, done, info = step(keys, state, jnp.full(NUM_ENVS, action), params)
        return float(reward[0]), bool(done[0]), {name: float(value[0]) for name, value in info.items()}

    assert play(waits, [0, 0, 0]) == (20.0, True, {"success": 1, "time_limit": 0, "level": 1, "discount": 0})
    assert play(target, [0] * 5) == (0.0, True, {"success": 0, "time_limit": 1, "level": 0, "discount": 1})
    assert play(target, [CHOP, DIE]) == (0.0, True, {"success": 0, "time_limit": 0, "level": 0, "discount": 0})
    assert play(target, [CHOP]) == (1.0, False, {"success": 0, "time_limit": 0, "level": 0, "discount": 1})


def test_a_reset_draws_every_level_and_the_observation_says_which_goal(env, mapped, toy_levels):
    from dicode.environment.goals import conditioning

    keys = jax.random.split(jax.random.key(5), NUM_ENVS)
    seen, state = mapped[0](keys, env.default_params)
    assert set(state.level.tolist()) == {0, 1}
    goals = [env.game.host.target_goal if level.goal is None else level.goal for level in toy_levels]
    goals = [conditioning(env.game.host, goal) for goal in goals]
    for e, level in enumerate(state.level.tolist()):
        np.testing.assert_array_equal(seen["goal"][e], goals[level])
    first = jax.tree.map(lambda leaf: leaf[0], seen)
    assert env.observation_space().contains(first)
    assert not env.observation_space().contains({**first, "goal": first["goal"] + 2.0})


@pytest.mark.slow
def test_the_flat_observation_is_the_packages_and_then_the_goal(toy_game, toy_levels):
    flat = LevelsEnv(toy_game, toy_levels)
    spec = toy_game.observation
    goal = jnp.arange(3.0)
    whole = shown("flat", spec, spec.example(2).replace(scalars=jnp.ones((2, 51))), jnp.stack([goal, goal]))
    assert whole.shape == (2, 8268 + 3)
    assert whole[:, 8217:8268].all()
    np.testing.assert_array_equal(whole[1, 8268:], goal)
    assert flat.observation_space().shape == (8268 + flat.default_params.batch.conditioning.shape[1],)


@pytest.mark.fast
def test_raw_and_typed_keys_are_one_key_and_other_kinds_are_refused():
    np.testing.assert_array_equal(raw_key(jax.random.PRNGKey(9)), raw_key(jax.random.key(9)))
    with pytest.raises(ConfigError, match="threefry2x32"):
        raw_key(jax.random.key(9, impl="rbg"))


@pytest.mark.fast
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda game, levels: LevelsEnv(game, []), "levels is empty"),
        (lambda game, levels: Options(observation="flatt"), "did you mean 'flat'"),
        (lambda game, levels: LevelsEnv(game, levels, Options(conditioning="all")), "'all'"),
        (lambda game, levels: LevelsEnv(game, levels, Options(episode_limit=0)), "episode_limit is 0"),
        (lambda game, levels: LevelsEnv(game, levels).starting("waits"), "'waits' is not one of target, wait"),
        (lambda game, levels: LevelsEnv(game, levels).starting(2), "2 is not one of"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, says, toy_game, toy_levels):
    with pytest.raises(ConfigError, match=says):
        call(toy_game, toy_levels)
