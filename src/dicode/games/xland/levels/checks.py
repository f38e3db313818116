"""Does a built pool make sense as a level? The semantic half of the trust boundary, NumPy only.

Every world is judged: a grid that its walls enclose, a player who stands on it, a goal that isn't met at once and can be
had from what lies there by the productions. Hooks may change what is possible, so for them the last is a warning.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dicode.errors import LevelError
from dicode.games.level_build import schema_fault
from dicode.games.xland.levels import grid
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.names import FLOOR, NOTHING, SIZE, WALKABLE, WALL, Thing, Tile, from_code
from dicode.games.xland.levels.renaming import alike
from dicode.games.xland.levels.rules import Rule, Rules, productions_of
from dicode.games.xland.levels.schema import FIELDS, STARTS
from dicode.games.xland.levels.search import Found, Move, Task, search
from dicode.types import Code, Rejected

World = Mapping[str, np.ndarray]
WORK, WORK_PER_WORLD = 600_000, 50_000
"""Things that the searches of one pool look at before they give up; about 3 microseconds each."""
SECONDS, SECONDS_PER_WORLD = 2.5, 0.25
"""CPU time after which they give up on a slower machine: half of what a level may have."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one world."""

    code: Code
    reason: str
    hint: str = ""


def check(
    pool: World, goal: Goal, rules: Rules, hooks: Sequence[str] = (), episode_limit: int | None = None
) -> Rejected | tuple[str, ...]:
    """Warnings for a pool that is a level, or a rejection for the first fault found; see `dicode.games.host.Levels.check`."""
    fault = schema_fault(FIELDS, pool)
    if fault:
        return Rejected("verify", fault, code=Code.RANGE)
    worlds = [{name: pool[name][index] for name in FIELDS} for index in range(len(pool["grid"]))]
    rejected = _first(worlds, lambda world: _faults(world, goal, rules))
    if rejected is not None:
        return rejected
    limit = min([steps for steps in (episode_limit, rules.episode_length) if steps is not None], default=None)
    searched = _searched(worlds)
    rejected = _first(list(zip(worlds, searched, strict=True)), lambda pair: _obstacles(pair[0], pair[1], goal, limit))
    warnings = (*_cut_short(worlds, rules, limit), *_warnings(worlds, goal, rules.productions, searched))
    if rejected is not None and ({"transition", "success"} & set(hooks)):
        return (f"unless a hook makes it so, the goal is out of reach: {rejected.reason}", *warnings)
    return rejected or warnings


def _first(worlds: Sequence[Any], faults: Callable[[Any], Iterator[Fault]]) -> Rejected | None:
    found = [(index, fault) for index, world in enumerate(worlds) for fault in [next(faults(world), None)] if fault]
    if not found:
        return None
    index, fault = found[0]
    every = len(found) == len(worlds)
    where = "every world" if every else f"{len(found)} of {len(worlds)} worlds, first in world {index}"
    faulty = tuple(index for index, _ in found)
    return Rejected("verify", f"{fault.reason} (in {where})", fault.hint, code=fault.code, worlds=faulty)


def _faults(world: World, goal: Goal, rules: Rules) -> Iterator[Fault]:
    yield from _enclosed(world["grid"])
    yield from _player(world)
    yield from _encoded(world, goal, rules)
    if world["solved"] or world["achievements"].any() or world["step"] or world["made"] or world["trial"]:
        yield Fault(Code.START, "the episode has already begun: step, made, solved, trial or achievements are set")
    if world["trials"] != rules.trials:
        reason = f"a world has {int(world['trials'])} trials, RULES {rules.trials}"
        yield Fault(Code.RANGE, reason, "leave them to Rules(trials=...)")
    if any(not np.array_equal(world[name], world[f"start_{name}"]) for name in STARTS):
        yield Fault(Code.START, "a world's trials begin otherwise than its episode")
    if world["limit"] < 1:
        yield Fault(Code.START, "the episode is over at the start", "world.steps must be 1 or more")
    if goal.kind == "task" and not world["goal"].any():
        yield Fault(Code.START, "the world has no task", "give the level a goal of its own")
    if not world["goal"].any():
        return
    asked = Goal.from_code(world["goal"].tolist())
    place = asked.kind == "place" and grid.at(world["grid"], asked.at or (0, 0)) == asked.things[0]
    if place or (asked.kind == "reach" and asked.at == tuple(world["position"].tolist())):
        yield Fault(Code.SOLVED, f"the goal is met at the start: {asked}", "move the thing, the player or the goal")
    if asked.kind == "hold" and _in_hand(Task(world)):
        yield Fault(
            Code.SOLVED, f"the goal is met at the start: {asked}, which is in hand", "leave holds= out of world.player"
        )


def _in_hand(task: Task) -> bool:
    """Whether a goal to hold something is met by picking up at once: with a full hand, that counts for what is in it."""
    return task.hand == task.goal.things[0] and task.taken(task.hand) == task.hand


def _enclosed(board: np.ndarray) -> Iterator[Fault]:
    bare = set()
    for tile, colour in {tuple(cell) for row in board.tolist() for cell in row}:
        if (tile == 0) != (colour == 0) or colour > 11:
            bare.add((tile, colour))
    if bare:
        yield Fault(Code.RANGE, f"the grid holds {sorted(bare)[0]}, which is no tile of a colour")
        return
    hard = (board[..., 0] == 0) | ((board[..., 0] == WALL.tile) & (board[..., 1] == WALL.colour))
    edge = np.ones((SIZE, SIZE), bool)
    edge[1:-1, 1:-1] = False
    beside_nothing = np.zeros((SIZE, SIZE), bool)
    void = board[..., 0] == 0
    beside_nothing[1:] |= void[:-1]
    beside_nothing[:-1] |= void[1:]
    beside_nothing[:, 1:] |= void[:, :-1]
    beside_nothing[:, :-1] |= void[:, 1:]
    for row, column in np.argwhere(~hard & (edge | beside_nothing)).tolist():
        what = grid.at(board, (row, column))
        yield Fault(Code.START, f"the {what} at {(row, column)} stands where the grid's grey wall must be")


def _player(world: World) -> Iterator[Fault]:
    cell = (int(world["position"][0]), int(world["position"][1]))
    what = grid.at(world["grid"], cell)
    if what.tile not in WALKABLE:
        yield Fault(
            Code.START, f"the player starts at {cell} on the {what}", "call world.player() after the walls and things"
        )
    tile, colour = map(int, world["pocket"])
    held = None if not tile and not colour else _thing(tile, colour)
    if (tile or colour) and (held is None or not held.is_object):
        yield Fault(Code.START, f"the player holds ({tile}, {colour}), which nobody can pick up")


def _thing(tile: int, colour: int) -> Thing | None:
    try:
        return from_code(tile, colour)
    except ValueError:
        return None


def _encoded(world: World, goal: Goal, rules: Rules) -> Iterator[Fault]:
    try:
        asked, productions = Goal.from_code(world["goal"].tolist()), productions_of(world["productions"])
    except LevelError as error:
        yield Fault(Code.RANGE, f"the world's task cannot be read: {error}")
        return
    if goal.code is not None and not alike(asked, productions, goal, rules.productions):
        yield Fault(
            Code.RANGE,
            "a world's goal or productions are not those of GOAL and RULES",
            "leave them to the level; for the world's own task write GOAL = Goal.task() and RULES without productions, else "
            "leave world.task() and world.one_of() out",
        )


def _searched(worlds: Sequence[World]) -> list[Found]:
    """What a search finds in each world; what one leaves of its share of the work, the others have."""
    left, count = WORK + WORK_PER_WORLD * len(worlds), len(worlds)
    ends = time.process_time() + SECONDS + SECONDS_PER_WORLD * count
    found = []
    for index, world in enumerate(worlds):
        found.append(search(Task(world), left // (count - index), ends))
        left -= found[-1].work
    return found


def _obstacles(world: World, found: Found, goal: Goal, limit: int | None) -> Iterator[Fault]:
    most = int(world["limit"]) if limit is None else min(limit, int(world["limit"]))
    task = Task(world)
    asked = task.goal
    there = FLOOR if asked.at is None else grid.at(task.board, asked.at)
    if found.plan is None and there == NOTHING:
        last = tuple(int(filled.nonzero()[0].max()) - 1 for filled in (task.board[:, 1, 0], task.board[1, :, 0]))
        yield Fault(
            Code.OUT_OF_REACH,
            f"the goal cannot be had: {asked}, which lies outside of the grid; its cells are (1, 1) to {last}",
            "ask for a cell of the grid, or make a larger one: world.clear(13)",
        )
    elif found.plan is None and there == WALL:
        yield Fault(
            Code.OUT_OF_REACH,
            f"the goal cannot be had: {asked}, where a grey wall is",
            "ask for a cell of floor, or world.remove the wall",
        )
    elif found.plan is None and asked.kind == "place" and not task.takes_things:
        yield Fault(
            Code.OUT_OF_REACH,
            f"the goal cannot be had: {asked}, where the {there} is",
            "things can be put down on floor alone: ask for a cell of floor, or world.remove what is there",
        )
    elif found.plan is None and not found.gave_up:
        yield Fault(
            Code.OUT_OF_REACH,
            f"the goal cannot be had: {asked}, from what can be reached and the productions",
            "put what it is made of into the grid, and keys for locked doors on the player's side of them"
            if goal.code is None or asked == goal
            else "call world.rename() last: what is put into the grid after it goes by its old name",
        )
    fewest = 0 if found.plan is None else max(_acts(found.plan, asked), _way(task))
    if fewest > most:
        yield Fault(
            Code.TOO_SHORT,
            f"the goal needs at least {fewest} steps; an episode has {most}",
            "raise world.steps or episode_length",
        )


def _acts(plan: Sequence[Move], goal: Goal) -> int:
    """Fewest steps of a plan: one step may walk up to several things, and what leads to some goals meets them."""
    met = ("approach", "goal") if goal.kind in ("hold", "near", "place") else ("approach",)
    return max(sum(move.kind not in met for move in plan), 1)


def _way(task: Task) -> int:
    """Fewest steps to the goal's cell, or to the nearest of the things to hold; 0 for other goals and for what can be made."""
    goal = task.goal
    if any(rule.product in goal.things for rule in task.rules):
        return 0
    cells = [goal.at] if goal.at is not None else []
    if goal.kind == "hold" and task.hand is None:
        cells = [cell for cell, what in grid.objects(task.board).items() if what == goal.things[0]]
    row, column = task.start
    return min((abs(row - cell[0]) + abs(column - cell[1]) for cell in cells), default=0)


def _cut_short(worlds: Sequence[World], rules: Rules, limit: int | None) -> Iterator[str]:
    needed = rules.trials * max(int(world["limit"]) for world in worlds)
    if limit is not None and rules.trials > 1 and limit < needed:
        yield f"an episode of {limit} steps can end before its {rules.trials} trials, which have up to {needed}"


def _warnings(worlds: Sequence[World], goal: Goal, rules: Sequence[Rule], searched: Sequence[Found]) -> Iterator[str]:
    if any(found.gave_up for found in searched):
        yield "whether the goal can be had is not known: there are too many ways to put things together"
    if goal.code is None:
        return
    missing = [_missing(world) for world in worlds]
    for number, rule in enumerate(rules):
        nowhere = set.intersection(*(found[number] for found in missing))
        if nowhere:
            names = [str(rule.inputs[place]) for place in sorted(nowhere)]
            yield f"the production '{rule}' can never happen: there is no {' and no '.join(names)}"
        elif rule.product is not None and not _used(rule.product, goal, rules):
            yield f"the product of '{rule}' serves nothing; that is fine where it is meant to mislead"


def _missing(world: World) -> list[set[int]]:
    """For each production of a world which of its inputs, by number, neither lie there nor are made."""
    rules = productions_of(world["productions"])
    there = {grid.at(world["grid"], cell) for cell in grid.cells_of(world["grid"], list(Tile)[1:])}
    if world["pocket"][0]:
        there.add(from_code(*map(int, world["pocket"])))
    there |= {rule.product for rule in rules if rule.product is not None}
    return [{place for place, what in enumerate(rule.inputs) if what not in there} for rule in rules]


def _used(product: Thing, goal: Goal, rules: Sequence[Rule]) -> bool:
    return any(product in rule.inputs for rule in rules) or product in goal.things
