"""Replay weights, draws and the active set against numbers worked out by hand."""

import numpy as np
import pytest
from archive_examples import record
from scipy import stats

from dicode.curriculum import replay
from dicode.streams import Streams

pytestmark = pytest.mark.fast

STREAMS = Streams(3)


def test_ranks_of_ties_are_their_average():
    assert replay.ranks({"a": 0.1, "b": 0.3, "c": 0.3, "d": 0.0, "e": 0.3}) == {"b": 2, "c": 2, "e": 2, "a": 4, "d": 5}
    assert replay.ranks({}) == {}


def test_replay_weights_equal_those_computed_by_hand():
    weights = replay.replay_weights({"a": 0.25, "b": 0.1, "c": 0.2}, {"a": 9, "b": 4, "c": 6}, cycle=10)
    # 1/rank: a 1, c 1/2, b 1/3, sum 11/6. Ages: a 1, b 6, c 4, sum 11.
    assert weights["a"] == pytest.approx(0.7 * 6 / 11 + 0.3 * 1 / 11)
    assert weights["b"] == pytest.approx(0.7 * 2 / 11 + 0.3 * 6 / 11)
    assert weights["c"] == pytest.approx(0.7 * 3 / 11 + 0.3 * 4 / 11)


def test_temperature_flattens_the_score_weights():
    weights = replay.replay_weights({"a": 1.0, "b": 0.5}, {"a": 0, "b": 0}, 1, staleness=0.0, temperature=2.0)
    assert weights["a"] / weights["b"] == pytest.approx(2**0.5)


def test_weights_sum_to_one_and_ties_weigh_the_same_whatever_their_order():
    scores = {"a": 0.2, "b": 0.2, "c": 0.0, "d": 0.2}
    played = dict.fromkeys(scores, 5)
    weights = replay.replay_weights(scores, played, 5)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["a"] == weights["b"] == weights["d"] > weights["c"]
    assert replay.replay_weights(dict(reversed(scores.items())), played, 5) == weights
    assert replay.replay_weights({}, {}, 5) == {}


@pytest.mark.parametrize("temperature", [1e-3, 1e-2, 1.0, 1e3])
@pytest.mark.parametrize("staleness", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("scores", [[0.25] * 4, [0.25, 0.2, 0.1, 0.0], [0.1] * 300 + [0.2]])
def test_any_temperature_gives_finite_weights_that_sum_to_one(temperature, staleness, scores):
    named = {f"l{i}": score for i, score in enumerate(scores)}
    weights = replay.replay_weights(named, dict.fromkeys(named, 3), 5, staleness, temperature)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert all(0 < w <= 1 for w in weights.values())
    if staleness < 1:
        assert max(weights, key=weights.__getitem__) in [x for x, s in named.items() if s == max(scores)]
    assert sorted(replay.draw(weights, len(scores), STREAMS, "test", 5)) == sorted(named), "none is out of reach"


def test_a_low_temperature_draws_the_best_and_a_high_one_any():
    named, played = {"a": 0.3, "b": 0.2, "c": 0.1}, dict.fromkeys("abc", 0)
    cold = replay.replay_weights(named, played, 1, 0.0, 1e-3)
    hot = replay.replay_weights(named, played, 1, 0.0, 1e3)
    assert cold["a"] == pytest.approx(1.0)
    assert hot["c"] == pytest.approx(1 / 3, abs=1e-3)


def test_draws_follow_the_weights():
    weights = {"a": 0.6, "b": 0.3, "c": 0.1}
    first = [replay.draw(weights, 1, STREAMS, "test", cycle)[0] for cycle in range(4000)]
    counts = [first.count(level) for level in weights]
    assert stats.chisquare(counts, 4000 * np.array([0.6, 0.3, 0.1])).pvalue > 0.001


def test_draws_without_replacement_equal_drawing_one_after_the_other():
    weights = {"a": 0.6, "b": 0.3, "c": 0.1}
    pairs = ["".join(replay.draw(weights, 2, STREAMS, "test", cycle)) for cycle in range(6000)]
    expected = {x + y: weights[x] * weights[y] / (1 - weights[x]) for x in weights for y in weights if x != y}
    counts = [pairs.count(pair) for pair in expected]
    assert stats.chisquare(counts, 6000 * np.array(list(expected.values()))).pvalue > 0.001


def test_a_sample_has_no_duplicates_and_ignores_insertion_order_and_the_unscored():
    levels = [record(f"l{i}", score=i % 3 / 10, last_trained=i % 5) for i in range(20)] + [record("new")]
    sample = replay.sample(levels, 8, 7, STREAMS)
    assert len(set(sample)) == 8
    assert "new" not in sample
    assert replay.sample(levels[::-1], 8, 7, STREAMS) == sample
    assert replay.sample(levels, 8, 8, STREAMS) != sample
    assert len(replay.sample(levels, 99, 7, STREAMS)) == 20
    assert replay.sample(levels, -1, 7, STREAMS) == []


def test_equal_levels_are_ordered_by_a_hash_that_changes_with_the_cycle():
    scores = dict.fromkeys("abcdefgh", 0.25)
    order = replay.best_first(scores, STREAMS, 1)
    assert order == replay.best_first(dict(reversed(scores.items())), STREAMS, 1)
    assert len({tuple(replay.best_first(scores, STREAMS, cycle)) for cycle in range(20)}) > 15
    assert replay.best_first(scores | {"z": 0.3}, STREAMS, 1)[0] == "z"


def test_newcomers_above_the_threshold_enter_while_there_is_room():
    newcomers = {"b": 0.05, "c": 0.1, "never solved": 0.0}
    assert replay.activate({"a": 0.2}, newcomers, 9, 0.0, STREAMS, 0) == (("c", "b"), ())
    assert replay.activate({"a": 0.2}, newcomers, 9, 0.05, STREAMS, 0) == (("c",), ())
    assert replay.activate({}, newcomers, 9, -1.0, STREAMS, 0) == (("c", "b", "never solved"), ())


def test_a_newcomer_that_reaches_the_worst_replaces_it():
    active = {"a": 0.2, "b": 0.1, "c": 0.05}
    assert replay.activate(active, {"d": 0.05}, 3, 0.0, STREAMS, 0) == (("d",), ("c",))
    assert replay.activate(active, {"d": 0.04}, 3, 0.0, STREAMS, 0) == ((), ())
    activated, gone = replay.activate(active, {"d": 0.15, "e": 0.12, "f": 0.01}, 3, 0.0, STREAMS, 0)
    assert activated == ("d", "e")
    assert set(gone) == {"b", "c"}


def test_an_active_level_does_not_enter_twice():
    assert replay.activate({"a": 0.2}, {"a": 0.9}, 2, 0.0, STREAMS, 0) == ((), ())
