"""Walking and reaching on one floor: which cells can be stood on, how far they are, what can be touched.

A floor is flattened to one Python integer with a bit a cell, so that a whole wave of a search moves by
four shifts; a 48 x 48 maze is searched in a fraction of a millisecond without compiled code.
"""

from collections.abc import Iterable

import numpy as np

from dicode.games.craftax.levels.names import MAP_SIZE, Block

Position = tuple[int, int]
"""(row, column); row 0 is the top, column 0 the left."""

SOLID_BLOCKS = frozenset(
    {
        Block.STONE,
        Block.TREE,
        Block.COAL,
        Block.IRON,
        Block.DIAMOND,
        Block.CRAFTING_TABLE,
        Block.FURNACE,
        Block.PLANT,
        Block.RIPE_PLANT,
        Block.WALL,
        Block.WALL_MOSS,
        Block.STALAGMITE,
        Block.SAPPHIRE,
        Block.RUBY,
        Block.CHEST,
        Block.FOUNTAIN,
        Block.FIRE_TREE,
        Block.ENCHANTMENT_TABLE_FIRE,
        Block.ENCHANTMENT_TABLE_ICE,
        Block.NECROMANCER,
        Block.GRAVE,
        Block.GRAVE2,
        Block.GRAVE3,
    }
)
"""Blocks that nothing walks through."""

LIQUID_BLOCKS = frozenset({Block.WATER, Block.LAVA})
WALKABLE_BLOCKS = frozenset(set(Block) - SOLID_BLOCKS - LIQUID_BLOCKS - {Block.INVALID, Block.OUT_OF_BOUNDS})
"""Blocks that the player and land creatures stand on. Ice shrubs are among them, necromancers are not."""

SPAWN_BLOCKS = (Block.GRASS, Block.PATH, Block.FIRE_GRASS, Block.ICE_GRASS)
"""Blocks on which the game itself lets mobs appear."""

TORCH_BLOCKS = (Block.GRASS, Block.SAND, Block.PATH, Block.FIRE_GRASS, Block.ICE_GRASS)
"""Blocks that a torch can stand on."""


def block_table(blocks: Iterable[Block]) -> np.ndarray:
    """bool[37], true for the given blocks; index it with a map."""
    table = np.zeros(len(Block), dtype=bool)
    table[[int(block) for block in blocks]] = True
    return table


SOLID = block_table(SOLID_BLOCKS)
WALKABLE = block_table(WALKABLE_BLOCKS)

_WIDTH = MAP_SIZE + 1  # one empty column keeps a shift from wrapping into the next row
_BITS = MAP_SIZE * _WIDTH
_BYTES = (_BITS + 7) // 8
STEPS = ((0, -1), (0, 1), (-1, 0), (1, 0))


def to_bits(cells: np.ndarray) -> int:
    """A bool[48, 48] map as one integer."""
    padded = np.zeros((MAP_SIZE, _WIDTH), dtype=bool)
    padded[:, :MAP_SIZE] = cells
    return int.from_bytes(np.packbits(padded, bitorder="little").tobytes(), "little")


def from_bits(bits: int) -> np.ndarray:
    """The inverse of `to_bits`."""
    packed = np.frombuffer(bits.to_bytes(_BYTES, "little"), dtype=np.uint8)
    return np.unpackbits(packed, count=_BITS, bitorder="little").reshape(MAP_SIZE, _WIDTH)[:, :MAP_SIZE].astype(bool)


def bit(position: Position) -> int:
    """The integer with the one cell's bit set."""
    return 1 << (position[0] * _WIDTH + position[1])


def beside(bits: int) -> int:
    """The four neighbours of each of the given cells (which may fall outside of the map; mask the result)."""
    return bits << 1 | bits >> 1 | bits << _WIDTH | bits >> _WIDTH


def spread(bits: int) -> int:
    """The given cells and their four neighbours (which may fall outside of the map; mask the result)."""
    return bits | beside(bits)


def flood(start: int, open_cells: int) -> int:
    """All cells connected with `start` through `open_cells`; start cells count even where closed."""
    seen, wave = start, start
    while wave:
        wave = spread(wave) & open_cells & ~seen
        seen |= wave
    return seen


def distance_map(open_cells: np.ndarray, start: Position) -> np.ndarray:
    """int32[48, 48]: steps from `start` over the true cells of `open_cells`, -1 where there is no way."""
    free = to_bits(open_cells)
    wave = seen = bit(start)
    waves = []
    while wave:
        waves.append(wave.to_bytes(_BYTES, "little"))
        wave = spread(wave) & free & ~seen
        seen |= wave
    packed = np.frombuffer(b"".join(waves), dtype=np.uint8).reshape(len(waves), _BYTES)
    steps = np.unpackbits(packed, axis=1, count=_BITS, bitorder="little").astype(np.int32)
    ladder = np.arange(1, len(waves) + 1, dtype=np.int32)
    flat = ladder @ steps - 1
    return flat.reshape(MAP_SIZE, _WIDTH)[:, :MAP_SIZE].astype(np.int32)


def manhattan(position: Position) -> np.ndarray:
    """int[48, 48]: rows plus columns between each cell and `position`."""
    rows, columns = np.ogrid[:MAP_SIZE, :MAP_SIZE]
    steps: np.ndarray = np.abs(rows - position[0]) + np.abs(columns - position[1])
    return steps


def neighbours(position: Position) -> list[Position]:
    """The up to four cells beside `position`."""
    cells = [(position[0] + row, position[1] + column) for row, column in STEPS]
    return [cell for cell in cells if min(cell) >= 0 and max(cell) < MAP_SIZE]


def touchable(stood: np.ndarray) -> np.ndarray:
    """bool[48, 48]: cells that can be stood on or lie beside one that can."""
    return from_bits(spread(to_bits(stood)) & _INSIDE)


_INSIDE = to_bits(np.ones((MAP_SIZE, MAP_SIZE), dtype=bool))
