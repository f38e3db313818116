"""How many steps parts of a goal take at the very least; the bounds that an episode limit is held against."""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.holdings import INFINITE, Holdings
from dicode.games.craftax.levels.names import Block, Floor, Mob
from dicode.games.craftax.levels.schema import WorldArrays
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
    counts = holdings.touched.get(Floor.OVERWORLD)
    grass = counts is not None and counts[Block.GRASS] > 0
    return growing or (grass and holdings.have.get("sapling", 0) > 0)


def waking(holdings: Holdings) -> float:
    """Fewest steps until the player can wake up: below the most energy, asleep for one step, and hit; INFINITE for never.

    Who may gain dexterity may have a higher most at once.
    """
    world, amounts = holdings.world, holdings.amounts
    dexterity = int(world["player_dexterity"])
    grows = holdings.highest("dexterity") > dexterity
    if grows or world["player_energy"] < amounts.most("energy", dexterity):
        return 2
    tires = amounts.number("fatigue_awake") * (1.0 - amounts.number("dexterity_needs") * (dexterity - 1))
    if tires <= 0 or amounts.number("energy_loss") <= 0:
        return INFINITE
    return max(0.0, (amounts.number("fatigue_limit") - float(world["player_fatigue"])) // tires) + 3
