"""Hooks are tried with every action and on states from all over the schema, and a slow corner shows."""

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.sandbox import hook_trials

pytestmark = pytest.mark.fast


def states(group):
    worlds = blank_worlds(2)
    data = b"".join(worlds[name][np.arange(group) % 2].tobytes() for name in STATE_FIELDS)
    return hook_trials.pool_states(HOST, data, group)


@pytest.mark.slow
@pytest.mark.parametrize("group", [1, 3, 50])
def test_every_action_comes_and_the_first_trial_is_the_start(group):
    found = list(hook_trials.trials(HOST, states(group)))
    before, action, after, _ = found[0]
    assert before is after
    assert not action.any()
    assert {int(a) for _, actions, _, _ in found for a in actions} == set(range(len(Action)))
    assert len(found) > hook_trials.ROUNDS


def test_states_vary_over_the_whole_range_of_every_field_and_stay_legal():
    found = list(hook_trials.trials(HOST, states(3)))
    for index, (name, field) in enumerate(STATE_FIELDS.items()):
        seen = np.concatenate([side[index].ravel() for before, _, after, _ in found for side in (before, after)])
        assert seen.dtype == field.dtype, name
        if field.dtype != bool:
            assert seen.min() >= field.low, name
            assert seen.max() <= field.high, name
        assert len(np.unique(seen)) > 1, name
    assert any(not np.array_equal(b[0], a[0]) for b, _, a, _ in found), "before and after differ"


def test_the_trials_are_the_same_every_time():
    for one, two in zip(hook_trials.trials(HOST, states(2)), hook_trials.trials(HOST, states(2)), strict=True):
        np.testing.assert_array_equal(one[3], two[3])
        np.testing.assert_array_equal(one[2][5], two[2][5])
