"""What is marked in view: things that goal and productions name, and nothing where nothing is told."""

import numpy as np
import pytest

pytest.importorskip("xminigrid")

import jax.numpy as jnp

from dicode.games.xland.levels import Goal, Rule, Rules
from dicode.games.xland.levels.names import thing
from dicode.games.xland.observation import _marks

pytestmark = pytest.mark.fast
SEEN = ("red ball", "blue key", "green hex", "grey star", "pink square", "grey wall")


def marks(goal: Goal, *rules: Rule) -> list[int]:
    view = np.zeros((5, 5, 2), np.uint8)
    view[0] = [thing(what).code for what in SEEN[:5]]
    view[1, 0] = thing(SEEN[5]).code
    found = _marks(jnp.asarray(view), jnp.asarray(goal.code), jnp.asarray(Rules(*rules).codes))
    assert not found[1:, 1:].any(), "what lies outside of the grid is nothing"
    return [*found[0].tolist(), int(found[1, 0])]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("goal", "rules", "expected"),
    [
        (Goal.near("red ball"), (), [1, 0, 0, 0, 0, 0]),
        (Goal.near("blue key", "left"), (), [0, 1, 0, 0, 0, 0]),
        (Goal.together("red ball", "blue key"), (), [1, 2, 0, 0, 0, 0]),
        (Goal.together("blue key", "red ball", "up"), (), [2, 1, 0, 0, 0, 0]),
        (Goal.place("green hex", at=(3, 1)), (), [0, 0, 1, 0, 0, 0]),
        (Goal.reach((3, 1)), (), [0, 0, 0, 0, 0, 0]),
        (Goal.hold("red ball"), (Rule.together("blue key", "green hex", "grey star"),), [1, 3, 3, 0, 0, 0]),
        (Goal.hold("red ball"), (Rule.together("green hex", "blue key", side="up"),), [1, 3, 3, 0, 0, 0]),
        (Goal.hold("red ball"), (Rule.near("pink square", "green hex"), Rule.hold("red ball")), [1, 0, 0, 0, 3, 0]),
        (Goal.hold("red ball"), (Rule.near("pink square", "green hex", "down"),), [1, 0, 0, 0, 3, 0]),
    ],
)
def test_things_that_are_named_are_marked_by_what_for(goal, rules, expected):
    # The ball at (3, 1) is coded (3, 1): a goal that names that cell must not mark it.
    assert thing("red ball").code == (3, 1)
    assert marks(goal, *rules) == expected
