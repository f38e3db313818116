"""How many steps parts of a goal take at the very least; the bounds that an episode limit is held against."""

import math
from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.holdings import INFINITE, Holdings
from dicode.games.craftax.levels.names import Block, Floor, Mob
from dicode.games.craftax.levels.schema import MAX_PLANTS, MAX_PROJECTILES, WorldArrays
from dicode.games.craftax.levels.techtree import GETS, REQUIREMENTS

MEALS = (Mob.COW, Mob.BAT, Mob.SNAIL)
"""Mobs that are eaten where others are defeated."""


def fewest_acts(minimum: Mapping[str, float], world: WorldArrays, amounts: Amounts) -> int:
    """Fewest steps in which all quantities of a goal can be brought to their minimum: one act a step."""
    acts = sum(_gathering(kind, minimum, world, amounts) for kind in COLLECTABLES)
    kills = {name.partition(".")[2]: int(np.ceil(n)) for name, n in minimum.items() if name.startswith("kills.")}
    eaten = sum(kills.pop(mob.name.lower(), 0) for mob in MEALS)
    alone = sum(int(np.ceil(n)) for name, n in minimum.items() if name == "drunk" or name.startswith("placed."))
    return acts + alone + sum(kills.values()) + max(eaten, int(np.ceil(minimum.get("eaten", 0))))


def _gathering(kind: str, minimum: Mapping[str, float], world: WorldArrays, amounts: Amounts) -> int:
    """Fewest steps that take up one kind of material, held at the start or not."""
    short = minimum.get(f"inventory.{kind}", 0.0) - float(world[f"inventory.{kind}"])
    yields = [amounts.mining(block)[1] for block in REQUIREMENTS[GETS[kind]].blocks if kind != "sapling"]
    return int(np.ceil(max(minimum.get(f"collected.{kind}", 0.0), short, 0.0) / max([*yields, 1])))


def ripening(holdings: Holdings) -> float:
    """Steps until the first plant within reach can be ripe."""
    if holdings.blocks(Block.RIPE_PLANT):
        return 0
    whole = holdings.amounts.number("plant_ripening")
    growing = holdings.world["growing_plants_mask"]
    if not holdings.blocks(Block.PLANT) or not growing.any():
        return whole
    return max(0.0, whole - float(holdings.world["growing_plants_age"][growing].max()))


def can_eat_plant(holdings: Holdings) -> bool:
    """Whether a plant within reach is ripe, or could be, given time."""
    if holdings.blocks(Block.RIPE_PLANT):
        return True
    if Floor.OVERWORLD not in holdings.entered:
        return False
    growing = bool(np.any(holdings.world["growing_plants_mask"])) and holdings.blocks(Block.PLANT) > 0
    return growing or (holdings.grass(Floor.OVERWORLD) and holdings.have.get("sapling", 0) > 0)


def eats_plants(holdings: Holdings) -> bool:
    """Whether a plant can be eaten before the episode ends."""
    return can_eat_plant(holdings) and ripening(holdings) + 1 <= holdings.limit


def meals(holdings: Holdings, steps: float) -> float:
    """Most meals within so many steps. A plant is one meal each time that it is ripe."""
    eaten = sum(holdings.kills(mob) for mob in MEALS)
    if not eats_plants(holdings):
        return eaten
    whole = holdings.amounts.number("plant_ripening")
    world, growing = holdings.world, holdings.world["growing_plants_mask"]
    ripe, places = holdings.blocks(Block.RIPE_PLANT), world["growing_plants_positions"][growing]
    # Two plants at one place, which may be planted on two floors, are ripe again at once.
    doubled = len(np.unique(places, axis=0)) < len(places)
    if steps > whole and (
        steps == INFINITE or doubled or any(holdings.grass(floor) for floor in holdings.entered if floor > 0)
    ):
        return INFINITE
    if steps > whole:
        return eaten + ripe + MAX_PLANTS * (1 + steps // whole)
    rows, columns = places.T
    green = world["blocks"][Floor.OVERWORLD, rows, columns] == Block.PLANT
    return eaten + ripe + int((green & (whole - world["growing_plants_age"][growing] + 1 <= steps)).sum())


def fight(holdings: Holdings, mob: Mob, count: float) -> float:
    """Fewest steps in which so many of a kind can be defeated: each act takes the most health from one of the weakest.

    What is in flight at the start hits without an act.
    """
    comes = any(holdings.comes(floor, mob, from_afar=True) for floor in holdings.entered)
    new = holdings.amounts.health(mob) if comes else INFINITE
    weakest = [min(health, new) for health in holdings.healths(mob)][: math.ceil(count)]
    weakest += [new] * (math.ceil(count) - len(weakest))
    most = holdings.strongest(mob)
    if INFINITE in weakest or most <= 0:
        return 0
    return sum(max(1, math.ceil(health / most - 1e-3)) for health in weakest) - MAX_PROJECTILES


def boss_fight(holdings: Holdings, blows: float) -> float:
    """Fewest steps until the necromancer has taken so many blows: none while a wave rises, one between two waves."""
    first = float(holdings.world["boss_timesteps_to_spawn_this_round"]) + 1
    on_the_way = max(0.0, holdings.arrival.get(Floor.GRAVEYARD, 0.0) - 1)
    return on_the_way + max(1.0, first) + (blows - 1) * max(1.0, holdings.amounts.number("boss_wave_steps"))
