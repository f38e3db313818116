"""Synthetic base worlds in NumPy: nine floors that look like Craftax's, without compiling its generator.

For tests, examples and the check of a level file in a hurry. They hold what the game's worlds hold
(blocks, ladders, chests, light) with similar frequencies, but are not drawn from its distribution:
never train or evaluate on them.
"""

from dataclasses import dataclass

import numpy as np

from dicode.games.craftax.levels.grid import distance_map, manhattan
from dicode.games.craftax.levels.names import MAP_SIZE, VITALS, Block, Floor, Item
from dicode.games.craftax.levels.schema import STATE_FIELDS

_CENTER = (MAP_SIZE // 2, MAP_SIZE // 2)


@dataclass(frozen=True)
class _Wild:
    """One open floor: its blocks and the chance of each ore in a cell of rock."""

    ground: Block
    sea: Block
    rock: Block
    growth: Block
    ores: tuple[tuple[Block, float], ...]
    light: int
    rock_share: float


_B = Block
_WILD: dict[Floor, _Wild] = {
    Floor.OVERWORLD: _Wild(
        _B.GRASS, _B.WATER, _B.STONE, _B.TREE, ((_B.COAL, 0.03), (_B.IRON, 0.02), (_B.DIAMOND, 0.004)), 255, 0.4
    ),
    Floor.GNOMISH_MINES: _Wild(
        _B.PATH,
        _B.WATER,
        _B.STONE,
        _B.STALAGMITE,
        ((_B.COAL, 0.04), (_B.IRON, 0.02), (_B.DIAMOND, 0.005), (_B.SAPPHIRE, 0.004), (_B.RUBY, 0.004)),
        0,
        0.5,
    ),
    Floor.TROLL_MINES: _Wild(
        _B.PATH,
        _B.WATER,
        _B.STONE,
        _B.STALAGMITE,
        ((_B.COAL, 0.04), (_B.IRON, 0.03), (_B.DIAMOND, 0.01), (_B.SAPPHIRE, 0.01), (_B.RUBY, 0.01)),
        0,
        0.5,
    ),
    Floor.FIRE_REALM: _Wild(
        _B.FIRE_GRASS, _B.LAVA, _B.STONE, _B.FIRE_TREE, ((_B.COAL, 0.05), (_B.RUBY, 0.025)), 255, 0.3
    ),
    Floor.ICE_REALM: _Wild(
        _B.ICE_GRASS, _B.WATER, _B.STONE, _B.ICE_SHRUB, ((_B.DIAMOND, 0.005), (_B.SAPPHIRE, 0.02)), 0, 0.4
    ),
    Floor.GRAVEYARD: _Wild(_B.PATH, _B.PATH, _B.WALL, _B.GRAVE, ((_B.WALL_MOSS, 0.1),), 0, 0.2),
}
_FOUNTAIN = {Floor.DUNGEON: _B.FOUNTAIN, Floor.SEWERS: _B.WATER, Floor.VAULTS: _B.FOUNTAIN}
_ALTAR = {Floor.SEWERS: _B.ENCHANTMENT_TABLE_ICE, Floor.VAULTS: _B.ENCHANTMENT_TABLE_FIRE}


def blank_worlds(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """A pool of `count` synthetic worlds, [count, ...] by the schema's names."""
    worlds = [blank_world(np.random.default_rng([seed, index])) for index in range(count)]
    return {name: np.stack([world[name] for world in worlds]) for name in STATE_FIELDS}


def blank_world(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One synthetic world: the player in the middle of the overworld in the morning, no mobs."""
    world = {name: np.zeros(field.shape, field.dtype) for name, field in STATE_FIELDS.items()}
    for floor in Floor:
        blocks, light = _wild(rng, _WILD[floor]) if floor in _WILD else _dungeon(rng, floor)
        if floor == Floor.GRAVEYARD:
            blocks[_CENTER] = Block.NECROMANCER
        world["blocks"][floor], world["light"][floor] = blocks, light
        _ladders(rng, world, floor)
    world["player_position"][...] = _CENTER
    world["player_direction"][...] = 3
    for name in VITALS:
        world[f"player_{name}"][...] = 9
    for name in ("strength", "dexterity", "intelligence"):
        world[f"player_{name}"][...] = 1
    for name in STATE_FIELDS:
        if name.endswith((".health", "_projectile_directions")):
            world[name][...] = 1
    world["monsters_killed"][0] = 10
    world["potion_mapping"][...] = rng.permutation(6)
    world["boss_timesteps_to_spawn_this_round"][...] = 7
    world["light_level"][...] = 1 - abs(np.cos(np.pi * 0.3)) ** 3
    world["state_rng"][...] = rng.integers(2**32, size=2, dtype=np.uint32)
    return world


def _noise(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise in [0, 1]: random values on a coarse grid, interpolated."""
    coarse = rng.random((cells + 1, cells + 1))
    at = np.linspace(0, cells, MAP_SIZE, endpoint=False)
    low, part = at.astype(int), at % 1
    part = part * part * (3 - 2 * part)
    rows = coarse[low] * (1 - part)[:, None] + coarse[low + 1] * part[:, None]
    smooth: np.ndarray = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return smooth


def _wild(rng: np.random.Generator, kind: _Wild) -> tuple[np.ndarray, np.ndarray]:
    near = np.clip(1 - manhattan(_CENTER) / 9, 0, 1)
    height, wet = _noise(rng, 5) - near, _noise(rng, 5) - near
    blocks = np.full((MAP_SIZE, MAP_SIZE), kind.ground, dtype=np.uint8)
    blocks[wet > 0.72] = kind.sea
    if kind.sea == Block.WATER and kind.ground == Block.GRASS:
        blocks[(wet > 0.66) & (wet <= 0.72)] = Block.SAND
    rock = height > np.quantile(height, 1 - kind.rock_share)
    blocks[rock] = kind.rock
    tunnels = rock & (np.abs(_noise(rng, 12) - 0.5) < 0.06)
    blocks[tunnels] = Block.PATH if kind.ground == Block.GRASS else kind.ground
    draw = rng.random(blocks.shape)
    for ore, chance in kind.ores:
        blocks[(blocks == kind.rock) & (draw < chance)] = ore
        draw = np.where(draw < chance, 1.0, draw - chance)
    trees = (blocks == kind.ground) & (_noise(rng, 10) > 0.55) & (rng.random(blocks.shape) > 0.8)
    blocks[trees] = kind.growth
    if kind.ground == Block.GRASS:
        rough = (height > 0.5) & rock & (rng.random(blocks.shape) < 0.02)
        blocks[rough] = Block.LAVA
    blocks[_CENTER] = kind.ground
    return blocks, np.full(blocks.shape, kind.light, dtype=np.uint8)


def _dungeon(rng: np.random.Generator, floor: Floor) -> tuple[np.ndarray, np.ndarray]:
    open_cells = np.zeros((MAP_SIZE, MAP_SIZE), dtype=bool)
    corners = [(16 * row + 2, 16 * column + 2) for row in range(3) for column in range(3)]
    rng.shuffle(corners)
    specials: list[tuple[tuple[int, int], Block]] = []
    previous: tuple[int, int] | None = None
    for number, (row, column) in enumerate(corners[:8]):
        height, width = rng.integers(6, 11, size=2)
        open_cells[row : row + height, column : column + width] = True
        middle = (row + int(height) // 2, column + int(width) // 2)
        if previous is not None:
            top, bottom = sorted((previous[0], middle[0]))
            left, right = sorted((previous[1], middle[1]))
            open_cells[previous[0], left : right + 1] = True
            open_cells[top : bottom + 1, middle[1]] = True
        previous = middle
        specials.append(((row + 1, column + 1), Block.CHEST))
        if number % 2:
            specials.append(((row + 1, column + 3), _FOUNTAIN[floor]))
    blocks = np.full(open_cells.shape, Block.DARKNESS, dtype=np.uint8)
    padded = np.pad(open_cells, 1)
    beside = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    blocks[beside] = np.where(rng.random(int(beside.sum())) < 0.1, Block.WALL_MOSS, Block.WALL)
    blocks[open_cells] = Block.PATH
    for cell, block in specials:
        blocks[cell] = block
    if floor in _ALTAR:
        blocks[corners[0][0] + 3, corners[0][1] + 3] = _ALTAR[floor]
    return blocks, np.full(blocks.shape, 255, dtype=np.uint8)


def _ladders(rng: np.random.Generator, world: dict[str, np.ndarray], floor: Floor) -> None:
    blocks, items = world["blocks"][floor], world["items"][floor]
    ground = blocks == (Block.PATH if floor == Floor.OVERWORLD else _ground(floor))
    cells = np.argwhere(ground if ground.any() else blocks == Block.GRASS)
    if floor not in _WILD:
        start = (int(cells[0][0]), int(cells[0][1]))
        cells = np.argwhere((distance_map(ground, start) >= 0) & ground)
    down, up = cells[rng.choice(len(cells), size=2, replace=False)]
    world["down_ladders"][floor], world["up_ladders"][floor] = down, up
    if floor != Floor.GRAVEYARD:
        items[tuple(down)] = Item.LADDER_DOWN
        if floor != Floor.OVERWORLD:
            items[tuple(up)] = Item.LADDER_UP


def _ground(floor: Floor) -> Block:
    return _WILD[floor].ground if floor in _WILD else Block.PATH
