"""What Craftax's worlds look like in numbers: blocks near the player, equipment, mobs, light."""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.names import Block, Item
from dicode.games.host import Looks

RADIUS = 4
"""Cells around the player, each way, whose blocks are counted."""
FAR = 24
"""A block farther away than this counts as absent."""

_BLOCKS = tuple(Block)[2:36]
_COUNTED = [
    "wood",
    "stone",
    "coal",
    "iron",
    "diamond",
    "sapling",
    "pickaxe",
    "sword",
    "bow",
    "arrows",
    "torches",
    "ruby",
    "sapphire",
    "books",
]
_VITALS = ["health", "food", "drink", "energy", "mana", "xp"]
TOLERANCE = {"near": 0.75, "around": 0.08, "mobs": 0.75, "light": 0.15, "vitals": 1.0, "kit": 0.5, "floor": 0.25}


def statistics(pool: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Means over a pool (arrays with a leading axis of worlds) of what its worlds look like.

    `near.x` is log2(1 + steps) from the player to the nearest `x`, `around.x` the share of the cells
    within `RADIUS`, `kit.x` what is held; zeros are left out of `around` and `kit`.
    """
    worlds = int(pool["player_level"].shape[0])
    rows = [_one({name: array[world] for name, array in pool.items()}) for world in range(worlds)]
    names = sorted({name for row in rows for name in row})
    absent = {name: float(np.log2(1 + FAR)) if name.startswith("near.") else 0.0 for name in names}
    return {name: round(float(np.mean([row.get(name, absent[name]) for row in rows])), 4) for name in names}


def _one(world: Mapping[str, np.ndarray]) -> dict[str, float]:
    floor = int(world["player_level"])
    row, column = (int(value) for value in world["player_position"])
    numbers = {"floor": float(floor), "light.time": float(world["light_level"])}
    numbers |= {f"vitals.{name}": float(world[f"player_{name}"]) for name in _VITALS}
    kit = {name: float(world[f"inventory.{name}"]) for name in _COUNTED}
    kit |= {"armour": float(world["inventory.armour"].sum()), "potions": float(world["inventory.potions"].sum())}
    numbers |= {f"kit.{name}": value for name, value in kit.items() if value}
    for record in ("passive_mobs", "melee_mobs", "ranged_mobs"):
        numbers[f"mobs.{record}"] = float(world[f"{record}.mask"][floor].sum())
    return numbers | _surroundings(world["blocks"][floor], world["items"][floor], row, column)


def _surroundings(blocks: np.ndarray, items: np.ndarray, row: int, column: int) -> dict[str, float]:
    rows, columns = np.ogrid[: blocks.shape[0], : blocks.shape[1]]
    steps = np.abs(rows - row) + np.abs(columns - column)
    nearest = np.full(len(Block), FAR, dtype=np.int64)
    np.minimum.at(nearest, blocks.ravel(), np.minimum(steps, FAR).ravel())
    window = blocks[max(row - RADIUS, 0) : row + RADIUS + 1, max(column - RADIUS, 0) : column + RADIUS + 1]
    share = np.bincount(window.ravel(), minlength=len(Block)) / window.size
    numbers = {f"near.{b.name}": float(np.log2(1 + nearest[b])) for b in _BLOCKS if nearest[b] < FAR}
    numbers |= {f"around.{b.name}": float(share[b]) for b in _BLOCKS if share[b] > 0}
    for item in (Item.TORCH, Item.LADDER_DOWN, Item.LADDER_UP, Item.LADDER_DOWN_BLOCKED):
        lying = steps[items == item]
        if lying.size and lying.min() < FAR:
            numbers[f"near.{item.name}"] = float(np.log2(1 + lying.min()))
    return numbers


LOOKS = Looks(statistics, TOLERANCE, {"near": float(np.log2(1 + FAR))})
