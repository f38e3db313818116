"""A scripted player: follows the search's plan on the grid, an action at a time; what it solves can be solved.

It looks at the whole state, plans anew whenever things have changed, and gives up (None) where it sees no way.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dicode.games.xland.levels import grid
from dicode.games.xland.levels.grid import Cell
from dicode.games.xland.levels.names import WALKABLE, Action, Side, Thing, Tile
from dicode.games.xland.levels.rules import Rule
from dicode.games.xland.levels.search import Move, Task, search

_IN_THE_WAY, _DETOUR = 40, 10
_FACE = {"pick": Action.PICK_UP, "unlock": Action.TOGGLE, "toggle": Action.TOGGLE}


class Player:
    """Plays one episode of one world."""

    def __init__(self) -> None:
        self._seen: bytes = b""
        self._move: Move | None = None
        self._stuck: Thing | None = None

    def act(self, world: Mapping[str, np.ndarray]) -> Action | None:
        """What to do in this state, arrays by the schema's names; None: no way is seen."""
        task = Task(world)
        settled = np.where(task.board[..., :1] == Tile.DOOR_OPEN, Tile.DOOR_CLOSED, task.board[..., :1])
        seen = settled.tobytes() + task.board[..., 1].tobytes() + np.asarray(world["pocket"]).tobytes()
        if seen != self._seen:
            found = search(task)
            self._seen, self._move = seen, self._first(found.plan or ())
        if self._move is None:
            return None
        step = _Step(task, Side(int(world["direction"])))
        action = step.of(self._move)
        if step.instead is not None:
            # Kept until it is done: a step away from the obstacle, the old move would lead back to it.
            self._move, self._stuck = step.instead, task.hand
        return action

    def _first(self, plan: Sequence[Move]) -> Move | None:
        """The plan's first move; of two things to put together the other one, where the first found no room beside it."""
        if len(plan) > 1 and plan[0].kind == "pick" and plan[0].thing == self._stuck is not None:
            other = plan[1].thing
            if plan[1].kind in ("combine", "goal") and other is not None and other.is_object:
                return Move("pick", other)
        return plan[0] if plan else None


class _Step:
    """One decision."""

    def __init__(self, task: Task, facing: Side) -> None:
        self.task, self.board, self.here, self.facing = task, task.board, task.start, facing
        tiles = [int(tile) for tile in (*WALKABLE, Tile.DOOR_CLOSED)]
        self.open = np.isin(self.board[..., 0], tiles)
        self.instead: Move | None = None
        """What is in hand cannot be brought where it should lie: no room there, or something in the way. It is put down elsewhere."""

    def of(self, move: Move) -> Action | None:
        """The next action of a move."""
        if move.kind == "goal":
            return self._goal(move)
        if move.kind == "approach":
            return self._approach(self._where(move.thing, move.there), move.rule.side if move.rule else None)
        if move.kind == "combine":
            assert move.rule is not None
            return self._join(self._where(move.thing, move.there), move.rule.inputs, move.rule.side)
        if move.kind == "place":
            return self._put([self.task.goal.at or self.here])
        if move.kind == "drop":
            return self._put(self._quiet())
        if move.kind == "pick" and move.thing is None:
            return Action.PICK_UP
        if move.kind == "aside":
            return self._put(self._roomy())
        return self._facing(self._where(move.thing), _FACE[move.kind])

    def _goal(self, move: Move) -> Action | None:
        goal = self.task.goal
        if goal.kind == "near":
            return self._approach(self._where(goal.things[0]), goal.side)
        if goal.kind == "on":
            return self._walk(self._where(goal.things[0]))
        if goal.kind == "reach":
            return self._walk([goal.at or self.here])
        if goal.kind == "place":
            return self._put([goal.at or self.here])
        return self._join(self._where(move.thing), goal.things, goal.side)

    def _join(self, things: list[Cell], pair: tuple[Thing, ...], side: Side | None) -> Action | None:
        cells = list(self._beside(things, pair, side))
        if cells:
            return self._put(cells)
        self.instead = Move("aside")
        return self._put(self._roomy())

    def _where(self, what: Thing | None, there: bool = False) -> list[Cell]:
        """The cells of a thing; `there`: the goal's alone."""
        assert what is not None
        if there and self.task.goal.at is not None:
            return [self.task.goal.at]
        found = np.argwhere((self.board[..., 0] == what.tile) & (self.board[..., 1] == what.colour))
        return [(int(row), int(column)) for row, column in found]

    def _approach(self, things: list[Cell], side: Side | None) -> Action | None:
        sides = list(Side) if side is None else [side]
        stands = {_away(cell, each): each for cell in things for each in sides}
        if self.here in stands:
            blocked = not self.open[_there(self.here, self.facing)]
            return Action.FORWARD if blocked else self._turn(stands[self.here])
        return self._walk(stands)

    def _beside(self, things: list[Cell], pair: tuple[Thing, ...], side: Side | None) -> Iterator[Cell]:
        """Free cells beside one of `things` where putting down what is in hand has the wanted effect and no other."""
        first = self.task.hand == pair[0]
        for cell in things:
            for each in Side:
                # The thing lies on that side of the free cell.
                free = _away(cell, each)
                wanted = side is None or each == (side if first else Side((side + 2) % 4))
                if wanted and self._is_floor(free) and not self._disturbs(free, cell):
                    yield free

    def _quiet(self) -> Iterator[Cell]:
        """Free cells where putting something down does nothing and closes no way."""
        reachable = (grid.reached(self.open, self.here) >= 0).sum()
        for cell in self._free_around():
            if self._disturbs(cell, None):
                continue
            without = self.open.copy()
            without[cell] = False
            if (grid.reached(without, self.here) >= 0).sum() == reachable - 1:
                yield cell

    def _roomy(self) -> Iterator[Cell]:
        """Quiet cells that are free on every side."""
        return (cell for cell in self._quiet() if all(map(self._is_floor, grid.beside(cell))))

    def _free_around(self) -> list[Cell]:
        far = grid.reached(self.open, self.here)
        cells = [cell for cell in grid.cells_of(self.board, [Tile.FLOOR]) if far[cell] >= 0 and cell != self.here]
        return sorted(cells, key=lambda cell: int(far[cell]))[:30]

    def _disturbs(self, cell: Cell, but: Cell | None) -> bool:
        """Whether what is in hand would act on a neighbour of `cell` other than `but`."""
        hand = self.task.hand
        others = [grid.at(self.board, near) for near in grid.beside(cell) if near != but]
        return hand is not None and any(self._act(rule, hand, other) for rule in self.task.rules for other in others)

    def _act(self, rule: Rule, hand: Thing, other: Thing) -> bool:
        return rule.kind == "together" and rule.inputs in ((hand, other), (other, hand))

    def _is_floor(self, cell: Cell) -> bool:
        return bool(self.board[cell][0] == Tile.FLOOR)

    def _put(self, cells: Iterable[Cell]) -> Action | None:
        return self._facing(list(cells), Action.PUT_DOWN)

    def _facing(self, cells: list[Cell], action: Action) -> Action | None:
        """Do `action` towards the nearest of `cells`, from beside it."""
        if _there(self.here, self.facing) in cells:
            return action
        for side in Side:
            if _there(self.here, side) in cells:
                return self._turn(side)
        stands = [near for cell in cells for near in grid.beside(cell) if self._inside(near) and self.open[near]]
        return self._walk(stands) if cells else None

    def _inside(self, cell: Cell) -> bool:
        return min(cell) >= 0 and max(cell) < len(self.board)

    def _walk(self, cells: Iterable[Cell]) -> Action | None:
        """One action towards the nearest of `cells`; doors are opened, and what lies in the only way is picked up."""
        targets = set(cells)
        way = _way(self.board, self.here, targets, self._changing())
        if not way:
            return None
        side = next(side for side in Side if _there(self.here, side) == way[0])
        if side != self.facing:
            return self._turn(side)
        ahead = grid.at(self.board, way[0])
        if ahead.is_object and self.task.hand is not None:
            self.instead = Move("drop")
            return self._put(self._quiet())
        if ahead.is_object:
            return Action.PICK_UP
        return Action.TOGGLE if ahead.tile is Tile.DOOR_CLOSED else Action.FORWARD

    def _changing(self) -> Iterable[Cell]:
        """Cells beside things that change when they are walked up to."""
        for rule in self.task.rules:
            if rule.kind == "near" and rule.side is None:
                yield from (near for cell in self._where(rule.inputs[0]) for near in grid.beside(cell))

    def _turn(self, side: Side) -> Action:
        return Action.TURN_LEFT if (side - self.facing) % 4 == 3 else Action.TURN_RIGHT


def _there(cell: Cell, side: Side) -> Cell:
    return cell[0] + side.step[0], cell[1] + side.step[1]


def _away(cell: Cell, side: Side) -> Cell:
    """The cell from which `cell` lies on that side."""
    return cell[0] - side.step[0], cell[1] - side.step[1]


def _way(board: np.ndarray, start: Cell, targets: set[Cell], changing: Iterable[Cell]) -> list[Cell]:
    """The cells of the cheapest way to one of `targets`, without the start; empty where there is none.

    A cell costs a step, one with something in it that must be carried away as much as a long way round, and one where a step
    changes something a detour.
    """
    costs = np.where(grid.passable(board, things=False), 1, np.where(grid.passable(board), _IN_THE_WAY, 0))
    for cell in changing:
        costs[cell] += _DETOUR * (costs[cell] > 0)
    far: dict[Cell, int] = {start: 0}
    came: dict[Cell, Cell] = {}
    waiting = [(0, start)]
    while waiting:
        cost, cell = heapq.heappop(waiting)
        if cell in targets and cell != start:
            way = [cell]
            while came[way[-1]] != start:
                way.append(came[way[-1]])
            return way[::-1]
        for near in grid.beside(cell):
            inside = min(near) >= 0 and max(near) < len(board)
            if inside and costs[near] and cost + int(costs[near]) < far.get(near, 10**6):
                far[near], came[near] = cost + int(costs[near]), cell
                heapq.heappush(waiting, (far[near], near))
    return []
