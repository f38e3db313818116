"""Craftax as hosts see it. NumPy only."""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax import library
from dicode.games.craftax.levels.goal import QUANTITIES, Goal
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.techtree import implied
from dicode.games.craftax.levels.worth import MAX_RETURN
from dicode.games.host import HostGame


def _rule_arrays(rules: Mapping[str, object]) -> dict[str, np.ndarray]:
    return Rules.from_json(rules).arrays()


HOST = HostGame(
    name="craftax",
    fields=STATE_FIELDS,
    achievements=tuple(achievement.name for achievement in Achievement),
    quantities=QUANTITIES,
    max_return=MAX_RETURN,
    target_goal=Goal.all_of(*Achievement),
    no_goal=Goal(),
    read_goal=Goal.from_json,
    rule_arrays=_rule_arrays,
    implied=implied,
    packages=("craftax",),
    seeds=library.load_seeds,
    heldout=library.load_heldout,
    graded=library.load_graded,
    library=library.load,
)
