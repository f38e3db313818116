"""Shaping a floor: placing, scattering, rooms, corridors, mazes, ladders, light, plants.

The functions behind `World`'s methods of the same names; see there for what they promise.
"""

from collections.abc import Iterable

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.grid import SOLID, TORCH_BLOCKS, WALKABLE, Position, block_table, manhattan
from dicode.games.craftax.levels.kinds import as_amount, as_member, as_whole
from dicode.games.craftax.levels.names import MAP_SIZE, Block, Floor, Item
from dicode.games.craftax.levels.placement import GROUND, grown, in_the_way, occupied, rectangle
from dicode.games.craftax.levels.player import Arrays, as_position, nearest_true
from dicode.games.craftax.levels.schema import MAX_PLANTS

LIT = 13
"""The smallest light of a cell that can be seen."""
TORCH_REACH = 5.0


def as_block(block: object) -> Block:
    """A block that can be placed, or LevelError."""
    found = as_member(block, Block)
    if found < Block.GRASS:
        raise LevelError(f"{found.name} cannot be placed; use a member of Block from GRASS on")
    return found


def as_blocks(blocks: Iterable[Block] | Block | None) -> list[Block] | None:
    """The blocks that one or several stand for, None for None."""
    if blocks is None:
        return None
    return list(map(as_block, [blocks] if isinstance(blocks, int | str | np.integer) else blocks))


def put(arrays: Arrays, floor: Floor, cells: np.ndarray, block: Block) -> int:
    """Set the true cells to `block` and return how many were set.

    Where `block` cannot be walked on, cells with the player, a mob, a torch or a ladder are left alone.
    """
    if not WALKABLE[block]:
        cells = cells & ~occupied(arrays, floor)
    arrays["blocks"][floor][cells] = block
    return int(cells.sum())


def place(arrays: Arrays, floor: Floor, cell: Position, block: Block) -> None:
    """Set one cell; LevelError where a player, mob, torch or ladder would be buried."""
    if not WALKABLE[block] and occupied(arrays, floor)[cell]:
        free = ~occupied(arrays, floor) & ~SOLID[arrays["blocks"][floor]]
        what, room = in_the_way(arrays, floor, cell)
        near = nearest_true(free, cell, "free cell")
        hint = f"{room}, or place the block on world.random_cell() or before world.spawn(...)"
        raise LevelError(f"{block.name} at {cell} would bury {what}; {near}", hint=hint)
    arrays["blocks"][floor][cell] = block


def corridor(start: Position, end: Position, width: int) -> np.ndarray:
    """bool[48, 48]: an L from `start` along its row, then along the column of `end`, 1 to 9 cells wide."""
    width = as_whole(width, "width of a corridor", 1, 9)
    cells = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
    left, right = sorted((start[1], end[1]))
    top, bottom = sorted((start[0], end[0]))
    before, after = (width - 1) // 2, width // 2
    cells[max(0, start[0] - before) : start[0] + after + 1, left : right + 1] = True
    cells[top : bottom + 1, max(0, end[1] - before) : end[1] + after + 1] = True
    return cells


def room(
    arrays: Arrays, floor: Floor, corner: Position, size: tuple[int, int], wall: Block, ground: Block
) -> np.ndarray:
    """Build a walled room of an outer size with its top left corner at `corner`; bool[48, 48]: its inner cells."""
    top, left = as_position(corner)
    height, width = (as_whole(side, what, 0, MAP_SIZE) for side, what in zip(size, ("height", "width"), strict=True))
    if height < 3 or width < 3:
        raise LevelError(f"a room of {height} x {width} has no inside; it needs at least 3 x 3")
    if max(top + height, left + width) > MAP_SIZE:
        raise LevelError(
            f"a room of {height} x {width} at ({top}, {left}) leaves the map, which has {MAP_SIZE} rows and columns"
        )
    cells = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
    cells[rectangle((top, top + height - 1), (left, left + width - 1))] = True
    inner = np.zeros_like(cells)
    inner[top + 1 : top + height - 1, left + 1 : left + width - 1] = True
    put(arrays, floor, inner, ground)
    put(arrays, floor, cells & ~inner, wall)
    return inner


def maze(
    arrays: Arrays, rng: np.random.Generator, floor: Floor, area: tuple[slice, slice], wall: Block, border: bool
) -> np.ndarray:
    """Fill `area` with a maze, with a wall around it if `border`; bool[48, 48]: its open cells."""
    height, width = (side.stop - side.start for side in area)
    if min(height, width) < 3:
        raise LevelError(f"a maze of {height} x {width} is too small; it needs at least 3 x 3 cells")
    passages, whole = np.zeros((2, MAP_SIZE, MAP_SIZE), dtype=bool)
    passages[area] = passages_of(rng, height, width)
    whole[grown(area) if border else area] = True
    put(arrays, floor, whole & ~passages, wall)
    put(arrays, floor, passages, GROUND[floor])
    return passages


def passages_of(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """bool[height, width]: the open cells of a maze without loops; every (even, even) cell is open."""
    open_cells = np.zeros((height, width), dtype=bool)
    open_cells[0, 0] = True
    trail = [(0, 0)]
    while trail:
        row, column = trail[-1]
        steps = [(row + r, column + c) for r, c in ((0, 2), (0, -2), (2, 0), (-2, 0))]
        fresh = [(r, c) for r, c in steps if 0 <= r < height and 0 <= c < width and not open_cells[r, c]]
        if not fresh:
            trail.pop()
            continue
        r, c = fresh[int(rng.integers(len(fresh)))]
        open_cells[(row + r) // 2, (column + c) // 2] = open_cells[r, c] = True
        trail.append((r, c))
    return open_cells


def torch(arrays: Arrays, floor: Floor, cell: Position) -> None:
    """A burning torch on the ground: item and light."""
    allowed = block_table(TORCH_BLOCKS)[arrays["blocks"][floor]] & (arrays["items"][floor] == Item.NONE)
    if not allowed[cell]:
        block = Block(int(arrays["blocks"][floor][cell]))
        raise LevelError(
            f"no torch can stand at {cell} ({block.name}); {nearest_true(allowed, cell, 'cell for a torch')} "
            "(torches stand on grass, sand and path without another item)"
        )
    arrays["items"][floor][cell] = Item.TORCH
    light = arrays["light"][floor]
    rows, columns = np.ogrid[:MAP_SIZE, :MAP_SIZE]
    glow = np.clip(1 - np.hypot(rows - cell[0], columns - cell[1]) / TORCH_REACH, 0, 1)
    glow[manhattan(cell) > 8] = 0
    light[...] = np.minimum(255, light + np.round(glow * 255)).astype(np.uint8)


def light_up(arrays: Arrays, floor: Floor, level: object) -> None:
    """Give all cells of a floor the same light, or LevelError."""
    arrays["light"][floor] = as_whole(level, "light", 0, 255, "0 is dark, 13 and more can be seen")


def move_ladder(arrays: Arrays, floor: Floor, cell: Position, down: bool) -> None:
    """Put the ladder down (or up) of `floor` on `cell`, which must be free ground, and take the old one away."""
    name, item = ("down_ladders", Item.LADDER_DOWN) if down else ("up_ladders", Item.LADDER_UP)
    if (down and floor == Floor.GRAVEYARD) or (not down and floor == Floor.OVERWORLD):
        raise LevelError(f"{floor.name} has no ladder {'down' if down else 'up'}")
    items = arrays["items"][floor]
    free = WALKABLE[arrays["blocks"][floor]] & ((items == Item.NONE) | (items == item))
    if not free[cell]:
        block = Block(int(arrays["blocks"][floor][cell]))
        raise LevelError(
            f"no ladder can stand at {cell} ({block.name}, {Item(int(items[cell])).name}); "
            f"{nearest_true(free, cell, 'cell for a ladder')}"
        )
    items[items == item] = Item.NONE
    items[cell] = item
    arrays[name][floor] = cell


def set_kills(arrays: Arrays, floor: Floor, kills: object, opening: int) -> None:
    """Count monsters as killed on a floor, of which `opening` open its ladder; LevelError unless 0 to 10000."""
    as_amount(kills, "kills")
    if not isinstance(kills, (int, np.integer)) or not 0 <= kills <= 10_000:
        raise LevelError(f"kills is {kills!r}; it must be a whole number from 0 to 10000 ({opening} open the ladder)")
    arrays["monsters_killed"][floor] = kills


def plant(arrays: Arrays, cell: Position, age: int, ripe: bool) -> None:
    """A growing plant on the overworld."""
    free = ~occupied(arrays, Floor.OVERWORLD) & (arrays["blocks"][0] == Block.GRASS)
    if not free[cell]:
        raise LevelError(f"no plant can stand at {cell}; {nearest_true(free, cell, 'free grass')}")
    mask = arrays["growing_plants_mask"]
    if mask.all():
        raise LevelError(f"{MAX_PLANTS} plants grow already, no more fit")
    age = as_whole(age, "age of a plant", 0, 100_000, "it is ripe at 600")
    index = int(np.argmin(mask))
    mask[index] = True
    arrays["growing_plants_positions"][index] = cell
    arrays["growing_plants_age"][index] = age
    arrays["blocks"][0][cell] = Block.RIPE_PLANT if ripe else Block.PLANT


def cells_mask(positions: Iterable[Position] | np.ndarray) -> np.ndarray:
    """bool[48, 48] from a mask or from positions; LevelError for positions outside of the map, and for what may be neither."""
    if isinstance(positions, np.ndarray) and (positions.dtype == bool or positions.shape[-2:] == (MAP_SIZE, MAP_SIZE)):
        return _whole_mask(positions)
    if isinstance(positions, tuple) and any(isinstance(part, np.ndarray) for part in positions):
        raise LevelError(
            "a tuple of arrays is neither a mask nor a list of cells",
            hint="give the mask itself, or np.argwhere(mask), which has a row and a column for each cell",
        )
    if not isinstance(positions, Iterable):
        raise LevelError(f"{positions!r} is no list of cells; give a list of (row, column), or a mask")
    cells = list(positions)
    if len(cells) == 2 and all(isinstance(number, (int, float, np.number)) for number in cells):
        raise LevelError(
            f"({cells[0]}, {cells[1]}) is one cell, and a list of cells is asked", hint=f"[({cells[0]}, {cells[1]})]"
        )
    mask = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
    for position in cells:
        mask[as_position(position)] = True
    return mask


def _whole_mask(cells: np.ndarray) -> np.ndarray:
    """An array that is a mask of one floor, or LevelError."""
    if cells.dtype != bool:
        raise LevelError(
            f"{cells.dtype} of the whole map is no mask: say which of its numbers are meant",
            hint="compare it, as in world.distance_map() >= 0 or world.blocks[0] == Block.STONE",
        )
    if cells.shape != (MAP_SIZE, MAP_SIZE):
        hint = "take one floor of it, as in mask[world.player.floor]" if cells.ndim == 3 else ""
        raise LevelError(
            f"a mask has {MAP_SIZE} x {MAP_SIZE} cells, and this one has the shape {cells.shape}", hint=hint
        )
    return np.asarray(cells)
