"""What Craftax's worlds look like in numbers: blocks near the player, equipment, skills, mobs, light."""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.creatures import CREATURES, MOB_RECORDS
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
_ATTRIBUTES = ["dexterity", "strength", "intelligence"]
TOLERANCE = {"near": 0.75, "around": 0.08, "mobs": 0.75, "light": 0.15, "vitals": 1.0, "kit": 0.5, "floor": 0.25}
TOLERANCE |= {"creatures": 0.75, "skills": 0.5}


def statistics(pool: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Means over a pool (arrays with a leading axis of worlds) of what its worlds look like.

    `near.x` is log2(1 + steps) from the player to the nearest `x`, `around.x` the share of the cells
    within `RADIUS`, `kit.x` what is held, `skills.x` attributes, spells known and enchantments, `creatures.x` how many
    there are on the start's floor, `creatures.health` log2(1 + health) of the strongest; zeros are left out of all but
    attributes and health.
    """
    worlds = int(pool["player_level"].shape[0])
    rows = [_one({name: array[world] for name, array in pool.items()}) for world in range(worlds)]
    names = sorted({name for row in rows for name in row})
    absent = {name: float(np.log2(1 + FAR)) if name.startswith("near.") else 0.0 for name in names}
    means = {name: float(np.mean([row.get(name, absent[name]) for row in rows])) for name in names}
    # A world without creatures says nothing of their strength.
    health = [row["creatures.health"] for row in rows if row["creatures.health"]]
    means["creatures.health"] = float(np.mean(health)) if health else 0.0
    return {name: round(mean, 4) for name, mean in means.items()}


def _one(world: Mapping[str, np.ndarray]) -> dict[str, float]:
    floor = int(world["player_level"])
    row, column = (int(value) for value in world["player_position"])
    numbers = {"floor": float(floor), "light.time": float(world["light_level"])}
    numbers |= {f"vitals.{name}": float(world[f"player_{name}"]) for name in _VITALS}
    kit = {name: float(world[f"inventory.{name}"]) for name in _COUNTED}
    kit |= {"armour": float(world["inventory.armour"].sum()), "potions": float(world["inventory.potions"].sum())}
    numbers |= {f"kit.{name}": value for name, value in kit.items() if value}
    for record in MOB_RECORDS:
        numbers[f"mobs.{record}"] = float(world[f"{record}.mask"][floor].sum())
    numbers |= _skills(world) | _creatures(world, floor)
    return numbers | _surroundings(world["blocks"][floor], world["items"][floor], row, column)


def _skills(world: Mapping[str, np.ndarray]) -> dict[str, float]:
    numbers = {f"skills.{name}": float(world[f"player_{name}"]) for name in _ATTRIBUTES}
    fireball, iceball = (float(known) for known in world["learned_spells"])
    others = {"fireball": fireball, "iceball": iceball}
    for kind in ("sword_enchantment", "bow_enchantment", "armour_enchantments"):
        others |= {
            f"{kind}.{element}": float((world[kind] == number).sum()) for number, element in ((1, "fire"), (2, "ice"))
        }
    return numbers | {f"skills.{name}": value for name, value in others.items() if value}


def _creatures(world: Mapping[str, np.ndarray], floor: int) -> dict[str, float]:
    there = {record: world[f"{record}.mask"][floor] for record in MOB_RECORDS}
    most = max(float(world[f"{record}.health"][floor].max(initial=0.0, where=mask)) for record, mask in there.items())
    counts = {
        mob.name: float((there[row.record] & (world[f"{row.record}.type_id"][floor] == mob.type_id)).sum())
        for mob, row in CREATURES.items()
    }
    numbers = {f"creatures.{name}": count for name, count in counts.items() if count}
    return numbers | {"creatures.health": float(np.log2(1 + most))}


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


LOOKS = Looks(statistics, TOLERANCE, {"near": float(np.log2(1 + FAR))}, frozenset({"creatures", "skills"}))
