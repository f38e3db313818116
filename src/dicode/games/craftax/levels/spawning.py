"""Putting creatures into a world and taking them out, within the game's slots."""

from dataclasses import dataclass

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.creatures import CREATURES, MOB_RECORDS, slots
from dicode.games.craftax.levels.grid import Position, bit, flood, from_bits, manhattan, to_bits
from dicode.games.craftax.levels.kinds import as_amount, as_member
from dicode.games.craftax.levels.names import Block, Floor, Mob
from dicode.games.craftax.levels.placement import in_the_way, occupied, rebuild_mob_map
from dicode.games.craftax.levels.player import Arrays, nearest_true

CLASSES = ("passive", "melee", "ranged")


@dataclass(frozen=True)
class LivingMob:
    """One living mob of a world."""

    mob: Mob
    position: Position
    health: float


def native(amounts: Amounts, floor: Floor, mob_class: str) -> Mob:
    """The kind of mob of a class that lives on `floor`, whether or not new ones come; LevelError for the graveyard."""
    kinds = amounts.kinds(floor)
    if not kinds:
        raise LevelError(f"{floor.name} has no {mob_class} mob of its own; name one, for example Mob.ZOMBIE")
    return kinds[CLASSES.index(mob_class)]


def as_mob(mob: object, amounts: Amounts, floor: Floor) -> Mob:
    """A Mob from itself, its name, or a class: `"passive"`, `"melee"`, `"ranged"` mean the floor's own."""
    if isinstance(mob, str) and mob.lower() in CLASSES:
        return native(amounts, floor, mob.lower())
    return as_member(mob, Mob, numbers=False)


def mobs_on(arrays: Arrays, floor: Floor) -> list[LivingMob]:
    """All living mobs of a floor."""
    found = []
    for mob_class, record in enumerate(MOB_RECORDS):
        for index in np.flatnonzero(arrays[f"{record}.mask"][floor]):
            kind = Mob(8 * mob_class + int(arrays[f"{record}.type_id"][floor, index]))
            row, column = arrays[f"{record}.position"][floor, index]
            found.append(LivingMob(kind, (int(row), int(column)), float(arrays[f"{record}.health"][floor, index])))
    return found


def legal_cells(
    arrays: Arrays, amounts: Amounts, floor: Floor, mob: Mob, origin: Position, reachable: bool
) -> np.ndarray:
    """bool[48, 48]: free cells where `mob` can be; if asked, only those from which it can walk to `origin`.

    Mobs that cannot walk on ground at all (deep things) are exempt from the latter. On the player's floor
    (but the graveyard) only cells so near that a mob does not vanish at the first step.
    """
    blocks = arrays["blocks"][floor]
    standable = amounts.standable(mob)
    cells: np.ndarray = standable[blocks] & ~occupied(arrays, floor) & (blocks != Block.DARKNESS)
    if reachable and standable[Block.PATH]:
        cells &= from_bits(flood(bit(origin), to_bits(standable[blocks])))
    if floor == arrays["player_level"] and floor != Floor.GRAVEYARD:
        row, column = arrays["player_position"]
        cells &= manhattan((int(row), int(column))) < amounts.number("despawn_distance")
    return cells


def ground(amounts: Amounts, mob: Mob) -> Block | None:
    """What a kind of mob stands on that can't be on open ground; None for any other."""
    stands = amounts.standable(mob)
    return None if stands[Block.PATH] else next((kind for kind in (Block.WATER, Block.LAVA) if stands[kind]), None)


def check_room(arrays: Arrays, floor: Floor, mob: Mob, count: int) -> None:
    """LevelError unless `count` more of `mob`'s class fit on the floor."""
    record = CREATURES[mob].record
    living = int(arrays[f"{record}.mask"][floor].sum())
    free = slots(mob) - living
    if count > free:
        kind = CLASSES[mob.mob_class]
        raise LevelError(
            f"{count} {mob.name} do not fit on {floor.name}: a floor holds {slots(mob)} {kind} mobs and has {living}; "
            f"{free} more would fit (world.remove_mobs() makes room)"
        )


def health(amounts: Amounts, mob: Mob, value: object) -> float:
    """The health of a new mob, its kind's where `value` is None; LevelError unless it is above 0, at most 1000."""
    if value is None:
        return amounts.health(mob)
    number = as_amount(value, "health")
    if not isinstance(number, (int, float, np.number)) or not 0 < float(number) <= 1000:
        raise LevelError(f"health of a {mob.name} is {value!r}; it must be a number above 0, at most 1000")
    return float(number)


def add(arrays: Arrays, amounts: Amounts, floor: Floor, mob: Mob, cell: Position, health: float) -> None:
    """Put one mob on a legal cell; LevelError otherwise."""
    standable = amounts.standable(mob)[arrays["blocks"][floor]]
    legal = standable & ~occupied(arrays, floor)
    if not legal[cell]:
        there, hint = Block(int(arrays["blocks"][floor][cell])).name, ""
        if standable[cell]:
            what, hint = in_the_way(arrays, floor, cell)
            there = f"{what} is there"
        nearest = nearest_true(legal, cell, f"cell for a {mob.name}")
        raise LevelError(f"no {mob.name} can be at {cell} ({there}); {nearest}", hint=hint)
    record = CREATURES[mob].record
    index = int(np.argmin(arrays[f"{record}.mask"][floor]))
    arrays[f"{record}.mask"][floor, index] = True
    arrays[f"{record}.position"][floor, index] = cell
    arrays[f"{record}.health"][floor, index] = health
    arrays[f"{record}.type_id"][floor, index] = mob.type_id
    arrays[f"{record}.attack_cooldown"][floor, index] = 0
    arrays["mob_map"][floor][cell] = True


def remove(arrays: Arrays, floor: Floor, mob: Mob | None) -> int:
    """Take away all mobs of a floor, or those of one kind; returns how many."""
    gone = 0
    for mob_class, record in enumerate(MOB_RECORDS):
        mask = arrays[f"{record}.mask"][floor]
        chosen = mask.copy()
        if mob is not None:
            chosen &= (mob_class == mob.mob_class) & (arrays[f"{record}.type_id"][floor] == mob.type_id)
        gone += int(chosen.sum())
        mask[chosen] = False
    rebuild_mob_map(arrays)
    return gone
