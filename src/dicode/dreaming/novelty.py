"""Is a dream new? Near duplicates of what the archive holds are turned down, with their twin's name.

Exact copies are turned down by their id, before anything runs them. Two levels are near duplicates when their code is
the same but for comments, names and layout; or when they ask for the same, under the same rules and
mechanics, in similar code, and their worlds look the same in numbers. Worlds differ by chance as well,
so the last test errs on the side of "new".
"""

from collections.abc import Iterable, Mapping

import numpy as np

from dicode.dreaming.similarity import exact, overlap, syntax
from dicode.games.craftax.levels.names import Block, Item
from dicode.types import Accepted, Code, LevelRecord, Rejected

SAME_CODE = 0.6
"""Overlap of code (constants left out) from which two levels may be twins."""
SAME_AMOUNT = 1.25
"""Two amounts are the same within this ratio."""
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
_TOLERANCE = {"near": 0.75, "around": 0.08, "mobs": 0.75, "light": 0.15, "vitals": 1.0, "kit": 0.5, "floor": 0.25}


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


def look_alike(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two pools' statistics agree within the tolerance of each kind of number."""
    far = float(np.log2(1 + FAR))
    for name in set(one) | set(other):
        kind = name.partition(".")[0]
        absent = far if kind == "near" else 0.0
        if abs(one.get(name, absent) - other.get(name, absent)) > _TOLERANCE[kind]:
            return False
    return True


def same_amounts(one: object, other: object) -> bool:
    """Whether two JSON values agree: the same keys and words, numbers within `SAME_AMOUNT`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(same_amounts(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_amounts, one, other))
    if _is_number(one) and _is_number(other):
        low, high = sorted((float(one), float(other)))  # type: ignore[arg-type]
        return low == high or (low * high > 0 and abs(high) <= SAME_AMOUNT * abs(low) and low > 0)
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def are_twins(source: str, verdict: Accepted, other_source: str, other: Accepted) -> bool:
    """Whether two accepted levels are near duplicates; see the module's docstring for the rule."""
    if exact(source) == exact(other_source):
        return True
    if not same_amounts(verdict.goal, other.goal) or not same_amounts(verdict.rules, other.rules):
        return False
    if sorted(verdict.hooks) != sorted(other.hooks) or not (verdict.statistics and other.statistics):
        return False
    if not look_alike(verdict.statistics, other.statistics):
        return False
    return overlap(dict(syntax(source).features), dict(syntax(other_source).features)) >= SAME_CODE


def known(level_id: str, archive: Iterable[LevelRecord]) -> Rejected | None:
    """The rejection of a level that the archive holds, letter by letter; None where it doesn't, or holds it as rejected."""
    for record in archive:
        if record.id == level_id and isinstance(record.verdict, Accepted):
            return Rejected(
                "novelty",
                f"this is level {record.id} itself ({_title(record.description)}), which the archive holds",
                f"write another level than {record.id}: another goal or amount, floor or start, equipment or rule",
                code=Code.KNOWN,
            )
    return None


def judge(source: str, verdict: Accepted, archive: Iterable[LevelRecord]) -> Rejected | None:
    """None where `source` is new beside the archive's accepted levels, else the rejection that names its twin.

    `verdict.statistics` should be filled (see `statistics`); without them only the code is compared.
    """
    for record in sorted(archive, key=lambda record: record.id):
        if not record.source or not isinstance(record.verdict, Accepted):
            continue
        if are_twins(source, verdict, record.source, record.verdict):
            return Rejected(
                "novelty",
                f"near duplicate of level {record.id} ({_title(record.description)})",
                f"make it differ from {record.id} in what counts: another goal or amount (by more than a quarter), "
                "another floor or start, other equipment, another distance to what is needed, or another rule",
                code=Code.TWIN,
            )
    return None


def _title(description: str) -> str:
    lines = description.strip().splitlines()
    return lines[0][:100] if lines else "no description"
