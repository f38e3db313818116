"""Rates over the episodes that began early enough are the levels' own, whatever takes longer: success or failure."""

import numpy as np
import pytest

from dicode.counting import EVERYTHING, FOREVER, Counting, counted_starts
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast

WINDOWS = {
    "smoke": (Counting(256), 128),
    "laptop": (Counting(4_096), 256),
    "paper": (Counting(12_800, 5_120), 4_096),
    "paper, all of the cycle": (Counting(12_800), 4_096),
    "one episode": (Counting(8_192), 8_192),
}
ENVS = 20_000


def play(counting: Counting, limit: int, success: tuple[int, int], failure: tuple[int, int], seed: int = 0):
    """(began, length, succeeded, environment) of all episodes of a level with p = 0.5 that begin in a cycle."""
    rng, now, episodes = np.random.default_rng(seed), np.zeros(ENVS, int), []
    while (going := now < counting.cycle_steps).any():
        won = rng.random(ENVS) < 0.5
        low, high = np.where(won, [[success[0]], [success[1]]], [[failure[0]], [failure[1]]])
        length = np.minimum(rng.integers(low, high + 1), limit)
        episodes.append(np.stack([now, length, won, np.arange(ENVS)])[:, going])
        now = now + length
    return np.concatenate(episodes, axis=1)


def counted(counting: Counting, limit: int, began: np.ndarray) -> np.ndarray:
    first, last = counted_starts(counting, limit)
    return (first <= began) & (began <= last)


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("slow", ["success", "failure"])
def test_the_rate_of_a_level_with_p_one_half_is_one_half(name, slow):
    counting, limit = WINDOWS[name]
    short, long = (limit // 20, limit // 8), (limit // 2, limit)
    outcomes = {"success": long, "failure": short} if slow == "success" else {"success": short, "failure": long}
    began, length, won, env = play(counting, limit, **outcomes)
    chosen = counted(counting, limit, began)
    assert won[chosen].mean() == pytest.approx(0.5, abs=0.02)
    assert (began + length)[chosen].max() <= counting.cycle_steps
    assert len(np.unique(env[chosen])) == ENVS, "every environment has a say"


def test_counting_whatever_has_ended_favours_what_is_short():
    counting, limit = WINDOWS["smoke"]
    began, length, won, _ = play(counting, limit, success=(6, 16), failure=(64, 128))
    assert won[began + length <= counting.cycle_steps].mean() > 0.55


def test_episodes_are_counted_from_the_window_to_the_last_sure_start():
    assert counted_starts(Counting(1024), 256) == (0, 768)
    assert counted_starts(Counting(1024, 512), 100) == (512, 924)
    assert counted_starts(Counting(1024, 4096), 100) == (0, 924)
    assert counted_starts(Counting(12_800, 5_120), 4_096) == (4_608, 8_704), (
        "the window holds a start for every environment"
    )
    assert counted_starts(Counting(256), 256) == (0, 0)
    assert counted_starts(EVERYTHING, 10_000) == (0, FOREVER - 10_000)


def test_a_limit_beyond_the_cycle_is_refused():
    with pytest.raises(
        ConfigError, match="up to 257 steps may not end within the 256 steps of a cycle; use episode_limit=256"
    ):
        counted_starts(Counting(256), 257)
