"""Can the goal be had from what lies there? A search over what a player can do with things, cells left aside.

A situation is what is in hand and what lies where it can be reached; moves pick up, put down, put together, walk up,
open. Walking up to a thing with a production of its own changes it, wanted or not, so such a thing is had unchanged
only where no step has been walked beside it yet (`Item.fresh`), or by putting something beside it from two cells away.
Objects never block a way here, since they can be carried out of it, unless walking up to one closes the way. What the
goal does not need, at whatever number of productions from it, is left out: it only lies about. Where that is unclear,
a thing can be done.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dicode.games.xland.levels import grid
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.grid import Cell
from dicode.games.xland.levels.names import DOORS, FLOOR, NOTHING, OBJECTS, WALKABLE, WALL, Thing, Tile, from_code
from dicode.games.xland.levels.rules import Rule, productions_of

MOST_SITUATIONS = 5000
"""Situations of one world after which the search gives up."""
_PASSABLE = (*WALKABLE, *OBJECTS, Tile.DOOR_CLOSED, Tile.EMPTY)
Regions = frozenset[int]


@dataclass(frozen=True)
class Move:
    """One thing to do: `pick`, `drop`, `place`, `combine`, `approach`, `unlock`, `toggle`, or `goal`, which meets the goal.

    `pick` without a thing: again, with what is in hand already, which turns it as picking it up would. `place`: put down
    in the goal's cell.
    """

    kind: str
    thing: Thing | None = None
    """What it is done to, on the grid."""
    rule: Rule | None = None
    there: bool = False
    """It is done to what lies in the goal's cell."""


@dataclass(frozen=True)
class Item:
    """A thing on the grid and the regions from which it is reached."""

    thing: Thing
    regions: Regions
    there: bool = False
    """It lies in the cell that the goal names."""
    fresh: bool = False
    """It would change if one walked up to it, and the player stands beside it without having taken a step since."""
    passes: bool = True
    """Whether one gets through it: walking up to it doesn't close it."""


@dataclass(frozen=True)
class Situation:
    """What is in hand and what lies on the grid."""

    hand: Thing | None
    items: tuple[Item, ...]

    @cached_property
    def accessible(self) -> Regions:
        """Regions that can be walked to."""
        found = {0}
        while True:
            more = {
                region
                for item in self.items
                if item.passes and len(item.regions) > 1 and item.regions & found
                for region in item.regions
            }
            if more <= found:
                return frozenset(found)
            found |= more

    @property
    def key(self) -> object:
        """The same for situations that differ in nothing that matters."""
        near = self.accessible
        where = Counter(
            (item.thing, Regions() if self._free(item, near) else item.regions, item.there, item.fresh)
            for item in self.items
        )
        return self.hand, frozenset(where.items())

    def reachable(self) -> Iterator[tuple[int, Item]]:
        """The items that one can step up to, with their numbers."""
        for index, item in enumerate(self.items):
            if item.regions & self.accessible and item.thing != NOTHING:
                yield index, item

    def _free(self, item: Item, near: Regions) -> bool:
        return item.thing.is_object and item.regions <= near


@dataclass(frozen=True)
class Found:
    """The shortest plan, or that there is none (`plan` None) or none was found in time (`gave_up`)."""

    plan: tuple[Move, ...] | None
    gave_up: bool = False
    work: int = 0
    """Things looked at, a measure of how long it took that is the same on every machine."""


class Task:
    """One world's task: goal, productions, cells."""

    def __init__(self, world: Mapping[str, np.ndarray]) -> None:
        """Read a world's arrays."""
        self.board = world["grid"]
        self.goal = Goal.from_code(world["goal"].tolist())
        self.rules = productions_of(world["productions"])
        self.start: Cell = (int(world["position"][0]), int(world["position"][1]))
        self.hand = None if not world["pocket"][0] else from_code(*map(int, world["pocket"]))
        self.labels = self._labels()
        self.needed = _needed(self.board, self.goal, self.rules)
        self._joins: dict[Thing, dict[Thing, list[Rule]]] = {}
        for rule in self.rules:
            if rule.kind == "together":
                for one, other in {rule.inputs, rule.inputs[::-1]}:
                    self._joins.setdefault(one, {}).setdefault(other, []).append(rule)

    def situation(self) -> Situation:
        """Where it begins."""
        changing = {rule.inputs[0] for rule in self.rules if rule.kind == "near"}
        named = set(self.goal.things) | changing
        items = []
        for cell, found in _things(self.board).items():
            if found.is_object and found not in self.needed and not self._closes(found):
                continue
            if found.is_object or found.tile is Tile.DOOR_LOCKED or found in named or self._opens(found, named):
                near = cell in grid.beside(self.start)
                items.append(self._item(Item(found, self._regions(cell), cell == self.goal.at), found, near))
        return Situation(self.hand, tuple(items))

    def _item(self, item: Item, what: Thing, near: bool = False) -> Item:
        """`item` as another thing; `near`: the player stands beside it and has not walked since it is that."""
        fresh = near and self.changed(what) != what
        passes = what.tile in _PASSABLE and (fresh or not self._closes(what))
        return replace(item, thing=what, fresh=fresh, passes=passes)

    def _closes(self, what: Thing) -> bool:
        """Whether what can be passed can't be any more once one has walked up to it."""
        return what.tile in _PASSABLE and self.changed(what).tile not in _PASSABLE

    def _labels(self) -> np.ndarray:
        """int32[13, 13]: number of the region of every passable cell, 0 the player's; -1 elsewhere."""
        open_cells = grid.passable(self.board)
        for cell, what in _things(self.board).items():
            open_cells[cell] &= not self._closes(what)
        labels = np.full(open_cells.shape, -1, np.int32)
        starts = [self.start, *((int(row), int(column)) for row, column in np.argwhere(open_cells))]
        number = 0
        for cell in starts:
            if labels[cell] < 0:
                labels[grid.reached(open_cells, cell) >= 0] = number
                number += 1
        return labels

    def _opens(self, what: Thing, named: set[Thing]) -> bool:
        """Whether a door may become one that is spoken of."""
        return what.tile in DOORS and any(other.tile in DOORS and other.colour == what.colour for other in named)

    def _regions(self, cell: Cell) -> Regions:
        if self.labels[cell] >= 0:
            return Regions({int(self.labels[cell])})
        inside = [near for near in grid.beside(cell) if min(near) >= 0 and max(near) < len(self.labels)]
        return Regions(int(self.labels[near]) for near in inside if self.labels[near] >= 0)

    def changed(self, what: Thing) -> Thing:
        """What a thing has become once one has stepped up to it; NOTHING where it is gone."""
        for rule in self.rules:
            if rule.kind == "near" and rule.side is None and rule.inputs[0] == what:
                what = rule.product or NOTHING
        return what

    def taken(self, what: Thing) -> Thing | None:
        """What one has in hand after picking it up."""
        for rule in self.rules:
            if rule.kind == "hold" and rule.inputs[0] == what:
                if rule.product is None:
                    return None
                what = rule.product
        return what

    def moves(self, now: Situation) -> Iterator[tuple[Move, Situation]]:
        """What can be done, and what comes of it."""
        for index, item in now.reachable():
            yield from self._walking(now, index, item)
            if item.fresh or self.changed(item.thing) == item.thing:
                yield from self._handling(now, index, item)
            yield from self._joining(now, index, item)
        if now.hand is None:
            return
        if self.taken(now.hand) != now.hand:
            yield Move("pick"), replace(now, hand=self.taken(now.hand))
        put = self._item(Item(now.hand, Regions({0})), now.hand)
        yield Move("drop"), replace(now, hand=None, items=(*now.items, put))
        taken = any(item.there and item.thing != NOTHING for item in now.items)
        if self.goal.kind == "place" and self._puts(now) and not taken:
            yield Move("place"), replace(now, hand=None, items=(*now.items, replace(put, there=True)))

    def _walking(self, now: Situation, index: int, item: Item) -> Iterator[tuple[Move, Situation]]:
        after = self.changed(item.thing)
        if after != item.thing:
            yield Move("approach", item.thing, there=item.there), self._with(_walked(now), index, after, near=True)
        for rule in self.rules:
            useful = rule.product in self.needed or not item.thing.is_object
            if rule.kind == "near" and rule.side is not None and rule.inputs[0] == item.thing and useful:
                made = self._with(_walked(now), index, rule.product or NOTHING, near=True)
                yield Move("approach", item.thing, rule, item.there), made

    def _handling(self, now: Situation, index: int, item: Item) -> Iterator[tuple[Move, Situation]]:
        """What takes standing beside a thing."""
        what = item.thing
        now = now if item.fresh else _walked(now)
        if now.hand is None and what.is_object:
            yield Move("pick", what), replace(self._with(now, index, NOTHING), hand=self.taken(what))
        if what.tile is Tile.DOOR_LOCKED and now.hand == Thing(Tile.KEY, what.colour):
            yield Move("unlock", what), self._with(now, index, Thing(Tile.DOOR_OPEN, what.colour), near=True)
        if what.tile in (Tile.DOOR_CLOSED, Tile.DOOR_OPEN):
            other = Tile.DOOR_OPEN if what.tile is Tile.DOOR_CLOSED else Tile.DOOR_CLOSED
            yield Move("toggle", what), self._with(now, index, Thing(other, what.colour), near=True)

    def _joining(self, now: Situation, index: int, item: Item) -> Iterator[tuple[Move, Situation]]:
        """What is in hand put down beside a thing, from two cells away, so that it need not be walked up to."""
        for rule in self.combining(now.hand, item.thing) if now.hand is not None else ():
            if rule.product in self.needed:
                made = self._with(now, index, rule.product or NOTHING)
                yield Move("combine", item.thing, rule, item.there), replace(made, hand=None)

    def _with(self, now: Situation, index: int, to: Thing, near: bool = False) -> Situation:
        """The situation in which an item has become `to`; one that is gone is kept where it was the way."""
        items = list(now.items)
        item = items[index]
        if to == NOTHING and len(item.regions) < 2 and not (item.there and self.goal.kind == "reach"):
            del items[index]
        else:
            items[index] = self._item(item, to, near)
        return Situation(now.hand, tuple(items))

    def combining(self, hand: Thing, what: Thing) -> Iterator[Rule]:
        """Productions that may happen when `hand` is put down beside `what`: those of sides, then one that always does."""
        for rule in self._joins.get(hand, {}).get(what, ()):
            yield rule
            if rule.side is None:
                return

    def meets(self, move: Move | None, now: Situation) -> Move | None:
        """The last move of the goal, where it can be met in `now`, to which `move` led."""
        goal = self.goal
        if goal.kind == "hold":
            return Move("goal") if move and move.kind == "pick" and now.hand == goal.things[0] else None
        if goal.kind == "reach":
            return Move("goal") if self._stands(now) else None
        if goal.kind == "place":
            lies = any(item.there and item.thing == goal.things[0] for item in now.items)
            puts = now.hand == goal.things[0] and self._puts(now)
            return Move("goal", goal.things[0]) if lies or puts else None
        for _, item in now.reachable():
            stays = self.changed(item.thing) == item.thing
            if goal.kind == "near" and (item.fresh and move is not None and move.kind == "approach"):
                stays = True  # the step that made it of something else meets the goal
            if goal.kind == "on":
                stays |= item.fresh
            if goal.kind in ("near", "on") and item.thing == goal.things[0] and stays:
                return Move("goal", item.thing)
            if goal.kind == "together" and now.hand is not None:
                asked = (now.hand, item.thing) in (goal.things, goal.things[::-1])
                if asked and not any(rule.side is None for rule in self.combining(now.hand, item.thing)):
                    return Move("goal", item.thing)
        return None

    def _stands(self, now: Situation) -> bool:
        label = int(self.labels[self.goal.at or self.start])
        if label >= 0:
            return label in now.accessible
        return any(item.there and item.passes and item.regions & now.accessible for item in now.items)

    def _puts(self, now: Situation) -> bool:
        return self.takes_things and bool(self._regions(self.goal.at or self.start) & now.accessible)

    @cached_property
    def takes_things(self) -> bool:
        """Whether an object can come to lie in the goal's cell: it is floor, or an object, or becomes one of these."""
        waiting, seen = [grid.at(self.board, self.goal.at or self.start)], set()
        while waiting:
            what = waiting.pop()
            seen.add(what)
            if what.is_object or what.tile is Tile.FLOOR:
                return True
            doors = [Thing(tile, what.colour) for tile in DOORS] if what.tile in DOORS else []
            made = [rule.product or FLOOR for rule in self.rules if rule.kind == "near" and rule.inputs[0] == what]
            waiting += [each for each in (*doors, *made) if each not in seen]
        return False


def search(task: Task, most_work: int | None = None, ends: float | None = None) -> Found:
    """The shortest plan that meets the goal; gives up after `most_work` and when the process has had `ends` seconds of CPU time."""
    first, work = task.situation(), 0
    waiting: deque[tuple[Situation, tuple[Move, ...]]] = deque([(first, ())])
    end = task.meets(None, first)
    if end is not None:
        return Found((end,))
    seen = {first.key}
    while waiting:
        now, plan = waiting.popleft()
        for move, after in task.moves(now):
            key = after.key
            work += 1 + len(after.items)
            # Picking up meets a goal that the same things in the same places did not meet before.
            end = task.meets(move, after) if key not in seen or move.kind == "pick" else None
            if end is not None:
                return Found((*plan, move, end), work=work)
            if key not in seen:
                seen.add(key)
                waiting.append((after, (*plan, move)))
        too_much = most_work is not None and work > most_work
        if len(seen) > MOST_SITUATIONS or too_much or (ends is not None and time.process_time() > ends):
            return Found(None, gave_up=True, work=work)
    return Found(None, work=work)


def _needed(board: np.ndarray, goal: Goal, rules: Sequence[Rule]) -> frozenset[Thing]:
    """The things that the goal is about, those that they can be made of, and keys for doors that are locked."""
    spoken = {what for rule in rules for what in (*rule.inputs, rule.product) if what is not None}
    spoken |= {*goal.things, *(grid.at(board, cell) for cell in grid.cells_of(board, DOORS))}
    locked = {what.colour for what in spoken if what.tile is Tile.DOOR_LOCKED}
    found = {*goal.things, *(Thing(Tile.KEY, colour) for colour in locked)}
    while True:
        opened = {Thing(tile, what.colour) for what in found if what.tile in DOORS for tile in DOORS}
        made_of = {part for rule in rules if rule.product in found for part in rule.inputs}
        if opened | made_of <= found:
            return frozenset(found)
        found |= opened | made_of


def _walked(now: Situation) -> Situation:
    """The situation after a step. A way through what was fresh stays one: what has been passed lies behind."""
    if not any(item.fresh for item in now.items):
        return now
    return replace(now, items=tuple(replace(item, fresh=item.fresh and len(item.regions) > 1) for item in now.items))


def _things(board: np.ndarray) -> dict[Cell, Thing]:
    nothing = (FLOOR, WALL, NOTHING)
    cells = grid.cells_of(board, [*OBJECTS, *DOORS, Tile.WALL, Tile.GOAL, Tile.FLOOR])
    found = {cell: grid.at(board, cell) for cell in cells}
    return {cell: what for cell, what in found.items() if what not in nothing}
