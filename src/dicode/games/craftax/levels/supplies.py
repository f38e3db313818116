"""What to write so that there is more of something: calls that are not refused themselves."""

import numpy as np

from dicode.games.craftax.levels.holdings import CHEST_LOOT, ORES, Holdings
from dicode.games.craftax.levels.names import Achievement, Floor
from dicode.games.craftax.levels.techtree import GETS, REQUIREMENTS

ARMOUR = {Achievement.MAKE_IRON_ARMOUR: 1, Achievement.MAKE_DIAMOND_ARMOUR: 2}
"""What a piece of armour is then worth."""
_MADE = {"arrows": Achievement.MAKE_ARROW, "torches": Achievement.MAKE_TORCH}
_MOST_CHESTS = 12
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


def source(holdings: Holdings, item: str, minimum: float) -> str:
    """What to write so that so much armour, so many arrows, torches, potions or books can be had: never what has them at once."""
    if item == "armour":
        return _armour(holdings, minimum)
    if item in _MADE and holdings.amounts.gives(item):
        short = minimum - holdings.have.get(item, 0)
        return _crafted(holdings, _MADE[item], int(np.ceil(short / holdings.amounts.gives(item))))
    return _looted(holdings, item, int(np.ceil(minimum)))


def _armour(holdings: Holdings, minimum: float) -> str:
    """What to write for armour: iron where that is enough, else diamonds."""
    worn = holdings.world["inventory.armour"]
    for achievement, level in ARMOUR.items():
        becomes = np.cumsum([level - piece for piece in worn if piece < level]) + worn.sum()
        if (becomes >= minimum).any():
            return _crafted(holdings, achievement, 1 + int(np.argmax(becomes >= minimum)))
    return "ask for at most 8"


def _crafted(holdings: Holdings, achievement: Achievement, times: int) -> str:
    """What to write so that a recipe can be followed so many times: its materials in hand and its stations near."""
    spends = holdings.amounts.spends(achievement).items()
    lines = [stock_up(holdings, item, max(cost * times, holdings.held[item])) for item, cost in spends]
    near = [block for block in holdings.amounts.near(achievement) if not holdings.blocks(block)]
    return "; ".join([*lines, *(f"world.scatter(Block.{block.name}, 1, distance=(1, 3))" for block in near)])


def _looted(holdings: Holdings, item: str, wanted: int) -> str:
    """What to write so that so much can be held once chests are open; what they can't hold is given."""
    rule, chests, floor, values = CHEST_LOOT.get(item, f"chest_{item}"), 1, "", holdings.amounts.values
    if item in CHEST_LOOT:
        most = int(values[f"{rule}_most"]) if values[rule] > 0 else 0
        chests = max(1, min(_MOST_CHESTS, -(-wanted // max(1, most))))
    else:
        most = int(values[rule].max())
        floor = f"world.player.floor = Floor.{Floor(int(values[rule].argmax())).name}; "
    if not most:
        return f"leave the rule {rule} above 0"
    many = f"for _ in range({chests}): " if chests > 1 else ""
    named = f'{item}["red"]' if item == "potions" else item
    given = wanted - most * chests
    line = f"world.player.inventory.{named} = {given}; " if given > holdings.held[item] else ""
    return f"{line}{floor}{many}world.chest(world.random_cell())"
