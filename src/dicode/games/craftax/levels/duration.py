"""How many steps parts of a goal take at the very least; the bounds that an episode limit is held against."""

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.holdings import Holdings
from dicode.games.craftax.levels.names import Block
from dicode.games.craftax.levels.techtree import GETS, REQUIREMENTS


def acts_for(name: str, least: float, amounts: Amounts) -> int:
    """Fewest steps spent on one quantity; different quantities take different steps."""
    family, _, kind = name.partition(".")
    if family == "collected":
        yields = [amounts.mining(block)[1] for block in REQUIREMENTS[GETS[kind]].blocks if kind != "sapling"]
        return int(np.ceil(least / max([*yields, 1])))
    return int(np.ceil(least)) if family in ("placed", "drunk") else 0


def ripening(holdings: Holdings) -> float:
    """Steps until the first plant within reach can be ripe."""
    if holdings.blocks(Block.RIPE_PLANT):
        return 0
    whole = holdings.amounts.number("plant_ripening")
    growing = holdings.world["growing_plants_mask"]
    if not holdings.blocks(Block.PLANT) or not growing.any():
        return whole
    return max(0.0, whole - float(holdings.world["growing_plants_age"][growing].max()))
