"""What to write so that there is more of something: calls that are not refused themselves."""

import numpy as np

from dicode.games.craftax.levels.holdings import ORES, Holdings
from dicode.games.craftax.levels.techtree import GETS, REQUIREMENTS

_ROOM = ((40, 6), (150, 12))
"""(blocks, distance): how many blocks may be asked for up to which distance from the player."""


def supply(holdings: Holdings, item: str, short: float) -> str:
    """The call that puts so much more of a material around the player, as far as there is room."""
    block = REQUIREMENTS[GETS[item]].blocks[0]
    pieces = holdings.amounts.mining(block)[1]
    if not pieces:
        return f"leave the rule mining_yield of {block.name.lower()} above 0"
    blocks = max(1, int(np.ceil(short / pieces)))
    room = next((most for many, most in _ROOM if blocks <= many), 0)
    if not room:
        return f"ask for {short - _ROOM[-1][0] * pieces:g} less and world.scatter(Block.{block.name}, {_ROOM[-1][0]}, distance=(2, {_ROOM[-1][1]}))"
    return f"world.scatter(Block.{block.name}, {blocks}, distance=(2, {room}))"


def stock_up(holdings: Holdings, item: str, count: int) -> str:
    """How so much of an item gets into hand: given at the start as far as it can be carried, the rest within reach."""
    given = int(min(count, holdings.amounts.carried(item)))
    line = f"world.player.inventory.{item} = {given}"
    if given == count:
        return line
    rest = supply(holdings, item, count - given) if item in ORES else f"what makes {count - given} more within reach"
    return f"{line} and {rest}, or ask for less"
