"""One grid, to be edited in place by a level's `build(world)`.

`World` is a view of one dict of NumPy arrays (`dicode.games.xland.levels.schema`): everything writes there. Cells are
(row, column), from the upper left; the outermost rows and columns are wall.
"""

from collections.abc import MutableMapping

import numpy as np

from dicode.errors import LevelError
from dicode.games.xland.levels import grid
from dicode.games.xland.levels.encoded import task_of, unpacked
from dicode.games.xland.levels.goal import MAX_DEPTH, Goal
from dicode.games.xland.levels.grid import Cell
from dicode.games.xland.levels.names import (
    COLOURS,
    FLOOR,
    NOTHING,
    SIZE,
    SMALLEST,
    WALL,
    Colour,
    Side,
    Thing,
    Tile,
    an_object,
    as_side,
    thing,
    truth,
    whole,
)
from dicode.games.xland.levels.renaming import rename
from dicode.games.xland.levels.rules import Rules
from dicode.games.xland.levels.tasks import Task, random_task

LAYOUTS = ((9, 1, 1), (9, 1, 2), (11, 2, 2), (13, 2, 2))
"""(rows and columns, rooms down, rooms across) of the target's grids."""
STEPS_PER_CELL = 3
"""The package's own heuristic for how long an episode is."""
_DOOR_STATES = {"closed": Tile.DOOR_CLOSED, "locked": Tile.DOOR_LOCKED, "open": Tile.DOOR_OPEN, "hidden": Tile.WALL}
Distance = tuple[int, int]
_FAR = 10**6
EDITS = ("noise", "swap")
"""Kinds of small random edits; see `World.edit`."""


class World:
    """A grid to edit, with the player on it. A new level begins with `world.clear(size)`."""

    __slots__ = ("_arrays", "rng")

    def __init__(self, arrays: MutableMapping[str, np.ndarray], rng: np.random.Generator) -> None:
        """Wrap the arrays of one world."""
        self._arrays = arrays
        self.rng = rng

    @property
    def arrays(self) -> MutableMapping[str, np.ndarray]:
        """Every array of the world by name, for what no helper does. Keep dtypes and shapes."""
        return self._arrays

    @property
    def rows(self) -> int:
        """Rows of the grid, its walls included."""
        return int(np.flatnonzero(self._arrays["grid"][..., 0].any(axis=1)).max(initial=-1)) + 1

    @property
    def columns(self) -> int:
        """Columns of the grid, its walls included."""
        return int(np.flatnonzero(self._arrays["grid"][..., 0].any(axis=0)).max(initial=-1)) + 1

    @property
    def position(self) -> Cell:
        """The player's cell."""
        row, column = self._arrays["position"]
        return int(row), int(column)

    @property
    def steps(self) -> int:
        """Steps after which an episode, or a trial of it, ends; three for every cell of the grid unless set. A reward shrinks with time."""
        return int(self._arrays["limit"])

    @steps.setter
    def steps(self, value: int) -> None:
        if not whole(value, 1, 10_000):
            raise LevelError(f"world.steps is {value!r}; allowed are whole numbers from 1 to 10000")
        self._arrays["limit"][...] = int(value)

    def clear(self, rows: int = 9, columns: int | None = None) -> None:
        """An empty room with walls around, the player in a random cell with nothing in hand."""
        columns = rows if columns is None else columns
        if not (whole(rows, SMALLEST, SIZE) and whole(columns, SMALLEST, SIZE)):
            raise LevelError(f"a grid of {rows!r} x {columns!r} cannot be; sizes are {SMALLEST} to {SIZE}")
        board = self._arrays["grid"]
        board[...] = 0
        board[:rows, :columns] = WALL.code
        board[1 : rows - 1, 1 : columns - 1] = FLOOR.code
        self._arrays["pocket"][...] = NOTHING.code
        self.steps = STEPS_PER_CELL * rows * columns
        self._arrays["position"][...] = (1 + self.rng.integers(rows - 2), 1 + self.rng.integers(columns - 2))
        self._arrays["direction"][...] = self.rng.integers(len(Side))

    def task(self, depth: int | None = None, held_out: bool = False, size: int | None = None) -> None:
        """A random task of the target in a grid of its own, for a level with `GOAL = Goal.task()`.

        `depth`: productions in the chain that it needs, 0 to 3; `held_out`: one of those kept for evaluation; `size`: in one room of so
        many rows and columns, its walls included, instead of a grid of the target's.
        """
        if depth is not None and not whole(depth, 0, MAX_DEPTH):
            raise LevelError(f"depth is {depth!r}; chains have 0 to {MAX_DEPTH} productions")
        self.set_up(random_task(self.rng, depth, truth("held_out", held_out)), None if size is None else (size, 1, 1))

    def one_of(self, tasks: str) -> None:
        """One of many tasks that a text holds, in a grid of its own, for a level with `GOAL = Goal.task()`."""
        rows = unpacked(tasks)
        self.set_up(task_of(rows[self.rng.integers(len(rows))]))

    def set_up(self, task: Task, layout: tuple[int, int, int] | None = None) -> None:
        """A grid for a task, one of `LAYOUTS` unless `layout` is given: rooms with doors, its things and the player anywhere."""
        size, down, across = layout or LAYOUTS[self.rng.integers(len(LAYOUTS))]
        self.clear(size)
        if down * across > 1:
            self.rooms(down, across)
        self.scatter(*task.things)
        self.player()
        self._arrays["goal"][...] = task.goal.code
        self._arrays["productions"][...] = task.rules.codes
        self._arrays["depth"][...] = task.depth

    def at(self, cell: Cell) -> Thing:
        """The thing in a cell."""
        return grid.at(self._arrays["grid"], self._cell(cell, inner=False))

    def put(self, what: object, at: Cell | None = None, distance: Distance | None = None) -> Cell:
        """Put a thing on a free cell, by default a random one, and return where.

        `distance`: fewest and most steps from the player, through doors and past things.
        """
        found = thing(what)
        cell = self.random_cell(distance) if at is None else self._cell(at)
        if at is not None and cell == self.position:
            raise LevelError(f"the player stands at {cell}; put the {found} elsewhere or set world.player first")
        if at is not None and self.at(cell) != FLOOR:
            raise LevelError(f"the cell {cell} holds the {self.at(cell)}; free cells: {self._some_free()}")
        self._arrays["grid"][cell] = found.code
        return cell

    def scatter(self, *things: object, distance: Distance | None = None) -> list[Cell]:
        """Put each thing on a random free cell; returns where, in the order of the things."""
        return [self.put(what, distance=distance) for what in things]

    def remove(self, cell: Cell) -> None:
        """Make a cell floor again."""
        self._arrays["grid"][self._cell(cell)] = FLOOR.code

    def wall(self, start: Cell, end: Cell, colour: str = "grey") -> None:
        """A straight wall from one cell to another, both included; what lies there is lost, the player makes way."""
        (top, left), (bottom, right) = self._cell(start, inner=False), self._cell(end, inner=False)
        if top != bottom and left != right:
            raise LevelError(f"a wall is straight; {start} and {end} share neither row nor column")
        rows, columns = sorted((top, bottom)), sorted((left, right))
        for row in range(rows[0], rows[1] + 1):
            for column in range(columns[0], columns[1] + 1):
                edge = row in (0, self.rows - 1) or column in (0, self.columns - 1)
                self._arrays["grid"][row, column] = WALL.code if edge else thing(f"{colour} wall").code
        self._make_way()

    def door(self, at: Cell, colour: str = "", state: str = "closed") -> Thing:
        """A door in a cell, mostly of a wall; `state`: closed, locked (opens with a key of its colour), open, or hidden.

        A hidden door is a wall of its colour: only a production opens it. Without a colour, a random one.
        """
        if state not in _DOOR_STATES:
            raise LevelError(f"no door is {state!r}; doors are {', '.join(_DOOR_STATES)}")
        cell = self._cell(at)
        if colour in _DOOR_STATES:
            raise LevelError(f"{colour!r} is no colour but a state", hint=f"write world.door({cell}, state={colour!r})")
        hue = thing(f"{colour or self.random_colour()} ball").colour
        if state == "hidden" and hue is Colour.GREY:
            raise LevelError("a hidden door cannot be grey, because grey walls never change; take another colour")
        door = Thing(_DOOR_STATES[state], hue)
        self._arrays["grid"][cell] = door.code
        self._make_way()
        return door

    def rooms(self, down: int = 2, across: int = 2, state: str = "closed") -> list[Cell]:
        """Cut the grid into rooms with a door between each pair of neighbours; returns the doors' cells.

        What lies where walls come is lost; the player is moved out of their way.
        """
        lines = _lines(self.rows, down), _lines(self.columns, across)
        for row in lines[0][1:-1]:
            self.wall((row, 0), (row, self.columns - 1))
        for column in lines[1][1:-1]:
            self.wall((0, column), (self.rows - 1, column))
        doors = []
        for i in range(down):
            for j in range(across):
                if j + 1 < across:
                    doors.append((int(self.rng.integers(lines[0][i] + 1, lines[0][i + 1])), lines[1][j + 1]))
                if i + 1 < down:
                    doors.append((lines[0][i + 1], int(self.rng.integers(lines[1][j] + 1, lines[1][j + 1]))))
        for cell in doors:
            self.door(cell, state=state)
        return doors

    def player(self, at: Cell | None = None, facing: object = None, holds: object = None) -> None:
        """Put the player into a cell (default: a random free one), facing a side, with an object in hand or nothing."""
        free = (FLOOR.tile, Tile.GOAL, Tile.DOOR_OPEN)
        cell = self.random_cell() if at is None else self._cell(at)
        if self.at(cell).tile not in free:
            raise LevelError(
                f"the player cannot stand on the {self.at(cell)} at {cell}; free cells: {self._some_free()}"
            )
        self._arrays["position"][...] = cell
        looks = as_side(facing)
        self._arrays["direction"][...] = self.rng.integers(len(Side)) if looks is None else looks
        self._arrays["pocket"][...] = NOTHING.code if holds is None else an_object(holds).code

    def free_cells(self, distance: Distance | None = None) -> list[Cell]:
        """Floor without anything on it, the player's cell left out; `distance` as for `put`."""
        board = self._arrays["grid"]
        cells = [cell for cell in grid.cells_of(board, [Tile.FLOOR]) if cell != self.position]
        if distance is None:
            return cells
        distance = _range(distance)
        far = grid.reached(grid.passable(board), self.position)
        return [cell for cell in cells if distance[0] <= far[cell] <= distance[1]]

    def random_cell(self, distance: Distance | None = None) -> Cell:
        """A random free cell."""
        cells = self.free_cells(distance)
        if not cells:
            where = "" if distance is None else f" {distance[0]} to {distance[1]} steps from the player"
            raise LevelError(f"no cell is free{where}; the grid has {len(self.free_cells())} free cells")
        return cells[int(self.rng.integers(len(cells)))]

    def random_colour(self) -> str:
        """The name of a random colour that shows on the floor."""
        shown = [colour for colour in COLOURS if colour not in (Colour.BLACK, Colour.GREY)]
        return shown[int(self.rng.integers(len(shown)))].name.lower()

    def rename(self) -> None:
        """Give this world's objects random other names, in goal, productions, grid and hand alike; call it last.

        So the worlds of a level ask for one thing in many words. Keys of locked doors keep theirs. No task of those kept for evaluation comes of it.
        """
        rename(self._arrays, self.rng)

    def edit(self, kind: str, seed: int, cells: int) -> None:
        """Change at most `cells` cells at random; `noise` builds or tears down inner walls, `swap` moves things."""
        if kind not in EDITS:
            raise LevelError(f"no edit is {kind!r}; edits are {', '.join(EDITS)}")
        rng, board = np.random.default_rng(seed), self._arrays["grid"]
        free = self.free_cells()
        old = list(grid.objects(board)) if kind == "swap" else self._inner_walls()
        for _ in range(cells // 2 if kind == "swap" else cells):
            build = kind == "noise" and (not old or rng.random() < 0.5)
            if not (free if build else old) or not free:
                return
            place = free.pop(int(rng.integers(len(free))))
            if build:
                board[place] = WALL.code
                continue
            moved = old.pop(int(rng.integers(len(old))))
            if kind == "swap":
                board[place] = board[moved]
            board[moved] = FLOOR.code

    def _inner_walls(self) -> list[Cell]:
        last = (self.rows - 1, self.columns - 1)
        walls = grid.cells_of(self._arrays["grid"], [Tile.WALL])
        return [(row, column) for row, column in walls if 0 < row < last[0] and 0 < column < last[1]]

    def _cell(self, cell: object, inner: bool = True) -> Cell:
        edge = 1 if inner else 0
        if isinstance(cell, (tuple, list, np.ndarray)) and len(cell) == 2:
            row, column = cell
            if whole(row, edge, self.rows - edge - 1) and whole(column, edge, self.columns - edge - 1):
                return int(row), int(column)
        low, high = edge, (self.rows - 1 - edge, self.columns - 1 - edge)
        raise LevelError(
            f"there is no cell {cell!r}; rows go from {low} to {high[0]}, columns from {low} to {high[1]}",
            hint="a cell is (row, column), such as (2, 3), world.random_cell(), or what world.put returns",
        )

    def _make_way(self) -> None:
        """Move the player to a random free cell, where something else has come to be."""
        if self.at(self.position) != FLOOR and self.free_cells():
            self._arrays["position"][...] = self.random_cell()

    def _some_free(self) -> str:
        return ", ".join(map(str, self.free_cells()[:4])) or "none"


def _range(distance: object) -> Distance:
    """Fewest and most steps; LevelError for what is none."""
    if isinstance(distance, (tuple, list, np.ndarray)) and len(distance) == 2:
        fewest, most = distance
        endless = isinstance(most, float) and most == np.inf
        if whole(fewest, 0, _FAR) and (endless or whole(most, 0, _FAR)) and fewest <= most:
            return int(fewest), _FAR if endless else int(most)
    raise LevelError(
        f"distance is {distance!r}; it is (fewest, most) steps from the player, two whole numbers",
        hint="write distance=(2, 6), or for so many steps exactly distance=(3, 3)",
    )


def _lines(size: int, parts: int) -> list[int]:
    """Where walls stand that cut `size` cells into `parts` rooms, both ends included."""
    if not whole(parts, 1, (size - 1) // 2):
        raise LevelError(f"{size} cells do not hold {parts} rooms in a row; at most {(size - 1) // 2} of one cell each")
    return [round(index * (size - 1) / parts) for index in range(parts + 1)]


def set_task(arrays: MutableMapping[str, np.ndarray], goal: Goal, rules: Rules) -> None:
    """Write a level's goal and productions into a world; those of the world stand where the level leaves them to it."""
    arrays["trials"][...] = rules.trials
    code = goal.code
    if code is None and rules.productions:
        raise LevelError("with Goal.task() the productions are the world's own; give RULES none, or the level a goal")
    if code is None:
        return
    arrays["goal"][...] = code
    arrays["productions"][...] = rules.codes
