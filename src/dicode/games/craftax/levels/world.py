"""One nine-floor Craftax world, to be edited in place by a level's `build(world)`.

`World` is a thin view of one dict of NumPy arrays (see `dicode.games.craftax.levels.schema`): everything it offers
writes there, nothing is kept apart. Helpers refuse what is impossible with a LevelError that says what
would be possible.
"""

from collections.abc import Iterable

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels import building, clock, grid, placement, spawning
from dicode.games.craftax.levels.advice import meant, settable, unset
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.grid import Position
from dicode.games.craftax.levels.homes import at
from dicode.games.craftax.levels.kinds import as_switch
from dicode.games.craftax.levels.names import MAP_SIZE, Block, Floor, Item, Mob
from dicode.games.craftax.levels.placement import Distance
from dicode.games.craftax.levels.player import Arrays, Player, as_floor, as_position, write_scalar

AnyFloor = Floor | int | str | None
USUAL_DISTANCE = (3, 8)
"""How far from the player mobs are put where a level doesn't say."""


@at("world")
class World:
    """A world to edit: maps, player, time, and helpers.

    Positions are (row, column), rows from the top, both 0 to 47. `floor=None` means the player's floor.
    `distance=(least, most)` counts rows plus columns from `near`, by default from the player (on another
    floor: from where the ladder from above ends).
    """

    __slots__ = ("_amounts", "_arrays", "_player", "rng")

    def __init__(self, arrays: Arrays, rng: np.random.Generator, amounts: Amounts | None = None) -> None:
        """Wrap `arrays`; `amounts` are the level's rules (default: the unmodified game)."""
        self._arrays = arrays
        self._amounts = amounts or Amounts()
        self._player = Player(arrays, self._amounts)
        self.rng = rng

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.__slots__ and not settable(f"world.{name}"):
            raise LevelError(f"world.{name} cannot be set", hint=unset(name), instead=meant("world.", name).instead)
        super().__setattr__(name, value)

    @property
    def blocks(self) -> np.ndarray:
        """uint8[9, 48, 48]: the Block of every cell; write into `world.blocks[floor]` as into any NumPy array."""
        return self._arrays["blocks"]

    @property
    def items(self) -> np.ndarray:
        """uint8[9, 48, 48]: the Item on every cell (torch, ladders)."""
        return self._arrays["items"]

    @property
    def light(self) -> np.ndarray:
        """uint8[9, 48, 48]: 0 dark to 255 bright; below 13 a cell cannot be seen. The overworld also darkens at night."""
        return self._arrays["light"]

    @property
    def player(self) -> Player:
        """The player: floor, position, facing, vitals, attributes, inventory, spells, enchantments."""
        return self._player

    @property
    def arrays(self) -> Arrays:
        """Every array of the world by its dotted name, for what no helper does. Keep dtypes and shapes."""
        return self._arrays

    @property
    def time_of_day(self) -> float:
        """Part of the day gone, 0 to below 1: 0 morning, 0.2 noon, 0.45 dusk, 0.7 darkest night, 0.95 dawn."""
        return clock.time_of_day(self._arrays, self._amounts)

    @time_of_day.setter
    def time_of_day(self, value: float) -> None:
        clock.set_time_of_day(self._arrays, self._amounts, value)

    @property
    def time(self) -> int:
        """Steps on the game's own clock; a day has 300. It decides the light, not when an episode ends."""
        return int(self._arrays["timestep"])

    @time.setter
    def time(self, value: int) -> None:
        clock.set_time(self._arrays, self._amounts, value)

    # Terrain

    def place(self, block: Block, position: Position, floor: AnyFloor = None) -> None:
        """Set one cell. Refused where it would bury the player, a mob, a torch or a ladder."""
        building.place(self._arrays, self._floor(floor), as_position(position), building.as_block(block))

    def fill(self, block: Block, rows: tuple[int, int], columns: tuple[int, int], floor: AnyFloor = None) -> int:
        """Set a rectangle, both ends included, and return how many cells were set.

        A block that cannot be walked on leaves out cells with the player, a mob, a torch or a ladder.
        """
        cells = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
        cells[placement.rectangle(rows, columns)] = True
        return building.put(self._arrays, self._floor(floor), cells, building.as_block(block))

    def scatter(
        self,
        block: Block,
        count: int,
        distance: Distance = (1, 6),
        near: Position | None = None,
        floor: AnyFloor = None,
        on: Iterable[Block] | Block | None = None,
        reachable: bool = True,
    ) -> list[Position]:
        """Put `count` blocks on random free cells and return where.

        `on`: blocks that may be replaced (default: all that can be walked on); `reachable`: only cells that
        the player can walk to, or beside which he can stand.
        """
        where, chosen, kinds = self._floor(floor), building.as_block(block), building.as_blocks(on)
        allowed = self.free_cells(floor=where, on=kinds)
        origin = self._origin(where, near)
        if as_switch(reachable, "reachable"):
            allowed &= grid.touchable(self._walked(where, origin))
        what = f"{chosen.name} blocks"
        count, distance = placement.check_count(count, what), placement.check_distance(distance)
        cells = placement.choose(self.rng, allowed, count, origin, distance, what, self._unwalkable(kinds))
        for cell in cells:
            self.blocks[where][cell] = chosen
        return cells

    def clear(self, radius: int, near: Position | None = None, floor: AnyFloor = None) -> int:
        """Make a square of open ground around `near` (default: the player); items and mobs stay."""
        where = self._floor(floor)
        cells = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
        cells[placement.square(self._origin(where, near), radius)] = True
        return building.put(self._arrays, where, cells, placement.GROUND[where])

    def carve(
        self, positions: Iterable[Position] | np.ndarray, floor: AnyFloor = None, block: Block | None = None
    ) -> int:
        """Turn cells (positions, or a bool[48, 48] mask) into open ground; returns how many."""
        where = self._floor(floor)
        ground = placement.GROUND[where] if block is None else building.as_block(block)
        return building.put(self._arrays, where, building.cells_mask(positions), ground)

    def room(
        self,
        top: int,
        left: int,
        height: int,
        width: int,
        floor: AnyFloor = None,
        wall: Block | None = None,
        ground: Block | None = None,
    ) -> list[Position]:
        """A walled room whose outer size is height x width; returns its inner cells. It has no door: `carve` one."""
        where = self._floor(floor)
        side = placement.ROCK[where] if wall is None else building.as_block(wall)
        inside = placement.GROUND[where] if ground is None else building.as_block(ground)
        return _positions(building.room(self._arrays, where, (top, left), (height, width), side, inside))

    def corridor(
        self, start: Position, end: Position, width: int = 1, floor: AnyFloor = None, block: Block | None = None
    ) -> int:
        """Dig an L-shaped way: along the row of `start`, then along the column of `end`; returns cells dug."""
        return self.carve(building.corridor(as_position(start), as_position(end), width), floor, block)

    def maze(
        self,
        rows: tuple[int, int],
        columns: tuple[int, int],
        floor: AnyFloor = None,
        wall: Block | None = None,
        border: bool = True,
    ) -> list[Position]:
        """Fill a rectangle with a maze without loops; returns its open cells, the top left corner first.

        The corner (rows[0], columns[0]) and every second cell from it are open; all open cells connect. `border`:
        a wall around the rectangle, one cell outside of it; `carve` a door for a player who starts outside.
        """
        where = self._floor(floor)
        side = placement.ROCK[where] if wall is None else building.as_block(wall)
        area = placement.rectangle(rows, columns)
        return _positions(building.maze(self._arrays, self.rng, where, area, side, as_switch(border, "border")))

    def chest(self, position: Position, floor: AnyFloor = None) -> None:
        """A chest. On the dungeon the first one opened holds a bow, on sewers and vaults a book."""
        self.place(Block.CHEST, position, floor)

    def plant(self, position: Position, age: int = 0) -> None:
        """A sapling on free grass of the overworld, `age` steps old; it is ripe at 600 (rules may change that)."""
        building.plant(self._arrays, as_position(position), age, ripe=False)

    def ripe_plant(self, position: Position) -> None:
        """A plant on the overworld that can be eaten at once."""
        building.plant(self._arrays, as_position(position), 600, ripe=True)

    # Light

    def torch(self, position: Position, floor: AnyFloor = None) -> None:
        """A torch on grass, sand or path; lights about four cells around."""
        building.torch(self._arrays, self._floor(floor), as_position(position))

    def light_up(self, floor: AnyFloor = None, level: int = 255) -> None:
        """Light a whole floor, 0 to 255. Below 13 a cell cannot be seen."""
        building.light_up(self._arrays, self._floor(floor), level)

    # Creatures

    def spawn(
        self,
        mob: Mob | str,
        count: int = 1,
        distance: Distance = USUAL_DISTANCE,
        near: Position | None = None,
        at: Position | None = None,
        floor: AnyFloor = None,
        health: float | None = None,
        reachable: bool = True,
        within: Iterable[Position] | np.ndarray | None = None,
    ) -> list[Position]:
        """Add mobs on random legal cells (or one `at` a cell) and return where.

        `mob`: a Mob, or "passive", "melee", "ranged" for the floor's own. A floor holds 3 passive, 3 melee
        and 2 ranged mobs. `reachable`: land mobs only where the player can walk to. `within`: only on these
        cells (positions, or a bool[48, 48] mask), at any distance unless one is given. On the player's floor
        mobs 14 or more away would vanish at the first step and are refused.
        """
        where = self._floor(floor)
        kind = spawning.as_mob(mob, self._amounts, where)
        spawning.check_room(self._arrays, where, kind, placement.check_count(count, kind.name))
        life = spawning.health(self._amounts, kind, health)
        if at is not None and count > 1:
            raise LevelError(f"{count} {kind.name} cannot all be at {tuple(at)}; give no `at`, or count=1")
        if at is not None and within is not None:
            raise LevelError("spawn takes `at` one cell or `within` several, not both")
        if at is not None:
            cells = [as_position(at)]
        else:
            origin = self._origin(where, near)
            allowed = spawning.legal_cells(
                self._arrays, self._amounts, where, kind, origin, as_switch(reachable, "reachable")
            )
            if within is not None:
                allowed &= building.cells_mask(within)
                distance = (0, 2 * MAP_SIZE) if distance is USUAL_DISTANCE else distance
            what = f"{kind.name} mobs"
            distance, ground = placement.check_distance(distance), spawning.ground(self._amounts, kind)
            cells = placement.choose(self.rng, allowed, count, origin, distance, what, ground)
        for cell in cells:
            spawning.add(self._arrays, self._amounts, where, kind, cell, life)
        return cells

    def remove_mobs(self, mob: Mob | str | None = None, floor: AnyFloor = None) -> int:
        """Take away all mobs of a floor, or those of one kind; returns how many."""
        where = self._floor(floor)
        kind = None if mob is None else spawning.as_mob(mob, self._amounts, where)
        return spawning.remove(self._arrays, where, kind)

    def mobs(self, floor: AnyFloor = None) -> list[spawning.LivingMob]:
        """All living mobs of a floor, each with `mob`, `position` and `health`."""
        return spawning.mobs_on(self._arrays, self._floor(floor))

    # Ladders

    def open_ladder(self, floor: AnyFloor = None) -> None:
        """Let the ladder down of a floor be used at once (it opens after 8 kills; the overworld's is open)."""
        where = self._floor(floor)
        killed = self._arrays["monsters_killed"]
        killed[where] = max(self._amounts.ladder_kills(where), int(killed[where]))

    def set_kills(self, kills: int, floor: AnyFloor = None) -> None:
        """Monsters that count as killed on a floor; 8 open its ladder down."""
        building.set_kills(self._arrays, self._floor(floor), kills, self._amounts.ladder_kills(self._floor(floor)))

    def ladder_down(self, floor: AnyFloor = None) -> Position:
        """Where the ladder down of a floor is (LevelError on the graveyard)."""
        return self._ladder("down_ladders", Item.LADDER_DOWN, self._floor(floor))

    def ladder_up(self, floor: AnyFloor = None) -> Position:
        """Where the ladder up of a floor is: where one arrives from above (LevelError on the overworld)."""
        return self._ladder("up_ladders", Item.LADDER_UP, self._floor(floor))

    def move_ladder_down(self, position: Position, floor: AnyFloor = None) -> None:
        """Put the ladder down of a floor on free ground."""
        building.move_ladder(self._arrays, self._floor(floor), as_position(position), down=True)

    def move_ladder_up(self, position: Position, floor: AnyFloor = None) -> None:
        """Put the ladder up of a floor on free ground; whoever descends arrives there."""
        building.move_ladder(self._arrays, self._floor(floor), as_position(position), down=False)

    def _ladder(self, name: str, item: Item, floor: Floor) -> Position:
        if not np.any(self.items[floor] == item):
            raise LevelError(f"{floor.name} has no {item.name.lower().replace('_', ' ')}")
        row, column = self._arrays[name][floor]
        return int(row), int(column)

    # Questions

    def find(self, block: Block, floor: AnyFloor = None) -> list[Position]:
        """All positions of a block on a floor."""
        return _positions(self.blocks[self._floor(floor)] == building.as_block(block))

    def nearest(self, block: Block, to: Position | None = None, floor: AnyFloor = None) -> Position | None:
        """The position of the block closest (rows plus columns) to `to`, by default to the player; None without any."""
        where = self._floor(floor)
        cells = self.find(block, where)
        row, column = self._origin(where, to)
        return min(cells, key=lambda cell: (abs(cell[0] - row) + abs(cell[1] - column), cell), default=None)

    def distance_map(self, start: Position | None = None, floor: AnyFloor = None) -> np.ndarray:
        """int32[48, 48]: steps to walk from `start` (default: the player) to each cell, -1 where no way leads.

        Walking only: no digging, no bridges; mobs do not block.
        """
        where = self._floor(floor)
        return grid.distance_map(self._amounts.walkable[self.blocks[where]], self._origin(where, start))

    def reachable(self, start: Position, end: Position, floor: AnyFloor = None) -> bool:
        """Whether one can walk from `start` to `end`, or to a cell beside it if `end` cannot be walked on."""
        where = self._floor(floor)
        walked = self._walked(where, as_position(start))
        return bool(grid.touchable(walked)[as_position(end)] if self._is_wall(where, end) else walked[as_position(end)])

    def free_cells(
        self,
        distance: Distance | None = None,
        near: Position | None = None,
        floor: AnyFloor = None,
        on: Iterable[Block] | Block | None = None,
    ) -> np.ndarray:
        """bool[48, 48]: cells to walk on without mob, item or player, of the blocks `on`, at `distance`."""
        where = self._floor(floor)
        wanted = self._amounts.walkable & ~grid.block_table({Block.DARKNESS})
        if (kinds := building.as_blocks(on)) is not None:
            wanted = grid.block_table(kinds)
        cells: np.ndarray = wanted[self.blocks[where]] & ~placement.occupied(self._arrays, where)
        if distance is not None:
            cells &= placement.within(self._origin(where, near), placement.check_distance(distance))
        return cells

    def random_cell(
        self,
        distance: Distance = (1, 8),
        near: Position | None = None,
        floor: AnyFloor = None,
        reachable: bool = True,
        on: Iterable[Block] | Block | None = None,
    ) -> Position:
        """A random free cell at `distance`, of the blocks `on`; `reachable`: only where the player can walk to or stand beside."""
        where, kinds = self._floor(floor), building.as_blocks(on)
        origin = self._origin(where, near)
        allowed = self.free_cells(floor=where, on=kinds)
        if as_switch(reachable, "reachable"):
            walked = self._walked(where, origin)
            # Of blocks that nobody walks on, those that can be touched.
            allowed &= walked if on is None else grid.touchable(walked)
        distance, ground = placement.check_distance(distance), self._unwalkable(kinds)
        return placement.choose(self.rng, allowed, 1, origin, distance, "free cells", ground)[0]

    def can_stand(self, mob: Mob, position: Position, floor: AnyFloor = None) -> bool:
        """Whether a mob could be on that cell's block."""
        where = self._floor(floor)
        kind = spawning.as_mob(mob, self._amounts, where)
        return bool(self._amounts.standable(kind)[self.blocks[where][as_position(position)]])

    def set(self, name: str, value: object) -> None:
        """Set one scalar array by its name, checked against its range, for example `set("player_xp", 3)`."""
        if name not in self._arrays or self._arrays[name].ndim:
            raise LevelError(f"no scalar is called {name!r}; arrays are in world.arrays")
        write_scalar(self._arrays, name, value)

    def _floor(self, floor: AnyFloor) -> Floor:
        return self.player.floor if floor is None else as_floor(floor)

    def _origin(self, floor: Floor, near: Position | None) -> Position:
        if near is not None:
            return as_position(near)
        if floor == self.player.floor:
            return self.player.position
        row, column = self._arrays["up_ladders" if floor else "down_ladders"][floor]
        return int(row), int(column)

    def _walked(self, floor: Floor, start: Position) -> np.ndarray:
        return grid.distance_map(self._amounts.walkable[self.blocks[floor]], start) >= 0

    def _unwalkable(self, kinds: list[Block] | None) -> Block | None:
        return kinds[0] if kinds and not self._amounts.walkable[kinds[0]] else None

    def _is_wall(self, floor: Floor, cell: Position) -> bool:
        return not self._amounts.walkable[self.blocks[floor][as_position(cell)]]


def _positions(cells: np.ndarray) -> list[Position]:
    return [(int(row), int(column)) for row, column in np.argwhere(cells)]
