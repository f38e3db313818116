"""Gymnasium's vector interface over the toy levels."""

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from dicode.adapters.gymnasium import LevelsVectorEnv
from dicode.adapters.gymnax import Options
from dicode.errors import ConfigError

CHOP, DIE = 1, 16


@pytest.fixture(scope="module")
def envs(toy_game, toy_levels):
    return LevelsVectorEnv(toy_game, toy_levels, 4, Options(episode_limit=5))


def test_an_episode_that_ends_says_how_and_shows_its_last_observation(envs):
    seen, infos = envs.reset(seed=1)
    assert envs.observation_space.contains(seen)
    assert infos["level"].tolist() == [0, 1, 0, 1]
    for _ in range(2):
        seen, rewards, over, cut, infos = envs.step(np.array([0, 0, CHOP, 0]))
        assert not over.any()
        assert not cut.any()
        assert "final_obs" not in infos
    assert rewards.tolist() == [0.0, 0.0, 1.0, 0.0]
    seen, rewards, over, cut, infos = envs.step(np.array([0, 0, DIE, 0]))
    assert over.tolist() == [False, True, True, True]
    assert not cut.any()
    assert infos["success"].tolist() == [False, True, False, True]
    assert rewards.tolist() == [0.0, 20.0, 0.0, 20.0]
    assert infos["_final_obs"].tolist() == over.tolist()
    assert infos["final_obs"][0] is None
    wood = 8217  # the first number after the cells
    assert infos["final_obs"][2][wood] == pytest.approx(np.sqrt(2) / 10)
    assert seen[2][wood] == 0.0
    for _ in range(2):
        seen, rewards, over, cut, infos = envs.step(np.array([0, 0, 0, 0]))
    assert cut.tolist() == [True, False, False, False]
    assert not over.any()


def test_a_seed_decides_everything_and_no_seed_goes_on(envs):
    def play(seed):
        first = envs.reset(seed=seed)[0]
        return np.stack([first, *(envs.step(np.full(4, CHOP))[0] for _ in range(3))])

    one, again, other, on = play(7), play(7), play(8), play(None)
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert (on != other).any()


@pytest.mark.slow
def test_compact_observations_are_a_space_of_gymnasiums(toy_game, toy_levels):
    envs = LevelsVectorEnv(toy_game, toy_levels, 2, Options(observation="compact"))
    assert envs.single_observation_space["cells"].shape == (9, 11, 8)
    assert envs.observation_space["cells"].dtype == np.uint8


@pytest.mark.slow
def test_what_cannot_be_is_one_sentence(envs, toy_game, toy_levels):
    with pytest.raises(ConfigError, match="num_envs is 1 for 2 levels"):
        LevelsVectorEnv(toy_game, toy_levels, 1)
    envs.reset(seed=0)
    for actions in ([0, 0, 0], [0, 0, 0, 43], [0.5, 0, 0, 0]):
        with pytest.raises(ConfigError, match="actions are 4 numbers from 0 to 42"):
            envs.step(np.array(actions))
    with pytest.raises(ConfigError, match="takes no options"):
        envs.reset(options={"level": 1})
