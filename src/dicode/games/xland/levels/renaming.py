"""One task about other things: objects exchange their names, in goal, productions, grid and hand alike.

Objects of whatever shape and colour do the same, but for keys at locked doors; so what a task asks for stays what it was.
"""

from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from dicode.games.xland.levels import grid
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.names import COLOURS, NOTHING, OBJECT_NAMES, OBJECTS, Thing, Tile, from_code
from dicode.games.xland.levels.rules import Rule, Rules, productions_of
from dicode.games.xland.levels.tasks import is_kept

_DRAWS = 20
"""Names are drawn anew while they make a task that is kept for evaluation, so often at most."""
_EVERY = tuple(Thing(tile, colour) for tile in OBJECTS for colour in COLOURS)
_Names = Mapping[Thing, Thing]


def rename(arrays: MutableMapping[str, np.ndarray], rng: np.random.Generator) -> None:
    """Give a world's objects random other names, in place; LevelError where its goal or productions encode none."""
    goal, productions = Goal.from_code(arrays["goal"].tolist()), productions_of(arrays["productions"])
    free = _free(arrays["grid"], productions)
    names: _Names = {}
    for _ in range(_DRAWS):
        names = dict(zip(free, [free[index] for index in rng.permutation(len(free))], strict=True))
        asked, rules = _renamed(goal, productions, names)
        if not is_kept(asked, rules):
            break
    asked, rules = _renamed(goal, productions, names)
    arrays["goal"][...] = asked.code
    arrays["productions"][...] = rules.codes
    for cell, what in grid.objects(arrays["grid"]).items():
        arrays["grid"][cell] = names.get(what, what).code
    held = from_code(*map(int, arrays["pocket"]))
    arrays["pocket"][...] = NOTHING.code if held == NOTHING else names.get(held, held).code


def alike(goal: Goal, productions: Sequence[Rule], other: Goal, others: Sequence[Rule]) -> bool:
    """Whether two tasks are one, but for the names of objects."""
    return _canonical(goal, productions) == _canonical(other, others)


def _free(board: np.ndarray, productions: Sequence[Rule]) -> list[Thing]:
    """The objects that may exchange their names: all but keys of locked doors."""
    there = [grid.at(board, cell) for cell in grid.cells_of(board, [Tile.DOOR_LOCKED])]
    made = [rule.product for rule in productions if rule.product is not None]
    locked = {what.colour for what in (*there, *made) if what.tile is Tile.DOOR_LOCKED}
    return [what for what in OBJECT_NAMES if not (what.tile is Tile.KEY and what.colour in locked)]


def _renamed(goal: Goal, productions: Sequence[Rule], names: _Names) -> tuple[Goal, Rules]:
    def name(what: Thing) -> Thing:
        return names.get(what, what)

    return goal.renamed(name), Rules(*[rule.renamed(name) for rule in productions])


def _canonical(goal: Goal, productions: Sequence[Rule]) -> tuple[Goal, tuple[Rule, ...]]:
    """The task with objects named in the order in which they are spoken of."""
    spoken = [
        *goal.things,
        *(what for rule in productions for what in (*rule.inputs, rule.product) if what is not None),
    ]
    objects = list(dict.fromkeys(what for what in spoken if what.is_object))
    asked, rules = _renamed(goal, productions, dict(zip(objects, _EVERY, strict=False)))
    return asked, rules.productions
