"""What keeps things out of hand: materials, tools, stations, recipes, and room to place something."""

from collections.abc import Iterator

import numpy as np

from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.grid import SOLID, TORCH_BLOCKS, block_table
from dicode.games.craftax.levels.holdings import Holdings
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.games.craftax.levels.supplies import ARMOUR, supply
from dicode.games.craftax.levels.techtree import GETS, PICKAXES, REQUIREMENTS, STATIONS, SWORDS

_A = Achievement
_TIER = ("no", "a wood", "a stone", "an iron", "a diamond")
_TORCH_GROUND = block_table(TORCH_BLOCKS)


def material(holdings: Holdings, item: str, count: float, there: float) -> Iterator[Obstacle]:
    """What keeps so much of a material out of reach, of which there is so much."""
    if there >= count:
        return
    row = REQUIREMENTS[GETS[item]]
    names = " or ".join(block.name for block in row.blocks)
    if item == "sapling":
        yield Obstacle("no sapling can be found: no grass within reach", "start on the overworld, or place Block.GRASS")
        return
    tier = min(holdings.amounts.mining(block)[0] for block in row.blocks)
    if holdings.blocks(*row.blocks) and holdings.pickaxe < tier:
        yield Obstacle(
            f"{item} takes {_TIER[tier]} pickaxe, and at most {_TIER[holdings.pickaxe]} pickaxe can be made",
            f"world.player.inventory.pickaxe = {tier}, or put what {_TIER[tier]} pickaxe takes within reach",
        )
    else:
        yield Obstacle(
            f"{count:g} {item} asked, {there:g} within reach on {floors(holdings)}",
            f"{supply(holdings, item, count - there)} ({names} give {item})",
        )


def craft(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    """What keeps a recipe from being followed: its stations and its ingredients."""
    yield from stations(holdings, achievement)
    for item, count in holdings.amounts.spends(achievement).items():
        yield from cost(holdings, achievement, item, count)


def made(holdings: Holdings, achievement: Achievement, item: str) -> Iterator[Obstacle]:
    """What keeps arrows or torches out of hand."""
    if holdings.have[item] > 0:
        return
    yield from craft(holdings, achievement)
    if holdings.amounts.gives(item) < 1:
        rule = f"{item.removesuffix('s').removesuffix('e')}_yield"
        yield Obstacle(f"{achievement.name} makes no {item} under these rules", f"leave the rule {rule} above 0")


def has_tool(holdings: Holdings, achievement: Achievement) -> bool:
    """Whether a pickaxe or sword of that tier or a better one, which earns it as well, could be made."""
    for tools, best in ((PICKAXES, holdings.pickaxe), (SWORDS, holdings.sword)):
        if achievement in tools:
            return best > tools.index(achievement)
    return False


def stations(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    """Stations that an act needs and that nobody can be near."""
    for station in holdings.amounts.near(achievement):
        if holdings.station(station):
            continue
        if holdings.amounts.number("station_reach") < 1:
            yield Obstacle(
                f"{achievement.name} needs a {station.name} near, and with the rule station_reach=0 none ever is",
                "leave the rule station_reach at 1",
            )
            return
        yield Obstacle(
            f"{achievement.name} needs a {station.name}: none within reach and nothing to place one with",
            f"world.place(Block.{station.name}, ...) beside the player, or give {_list(holdings, STATIONS[station])}",
        )


def cost(holdings: Holdings, achievement: Achievement, item: str, count: int) -> Iterator[Obstacle]:
    """What keeps one ingredient of an act from being in hand when it is spent."""
    there = holdings.have.get(item, 0)
    if there >= count > holdings.at_once(item):
        yield Obstacle(
            f"{achievement.name} takes {count} {item} at once, and the rules let {holdings.amounts.carried(item):g} be carried",
            f"lower its cost, or Rules(inventory_limit={count})",
        )
    elif item in COLLECTABLES:
        yield from material(holdings, item, count, there)
    elif there < count:
        yield Obstacle(
            f"{achievement.name} needs {count} {item}, {there:g} within reach",
            f"world.player.inventory.{item} = {count}",
        )


def room(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    """What keeps something from being placed: saplings need grass, torches ground, all else a cell that is not solid."""
    if achievement == _A.PLACE_PLANT:
        if not any(map(holdings.grass, holdings.entered)):
            yield Obstacle("plants need grass, none within reach", "start on the overworld, or place Block.GRASS")
    elif not holdings.room(_TORCH_GROUND if achievement == _A.PLACE_TORCH else ~SOLID):
        what = "grass, sand or path" if achievement == _A.PLACE_TORCH else "a free cell"
        yield Obstacle(f"{achievement.name} needs {what} ahead of the player, none can be faced", "world.clear(2)")


def bare(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    """What keeps armour from being made: no piece that is worse already."""
    level = ARMOUR.get(achievement, 0)
    if level and (holdings.world["inventory.armour"] >= level).all():
        yield Obstacle(
            f"{achievement.name} takes a piece of armour below {level}, and all four are {level} or better at the start",
            f"world.player.inventory.armour = {level - 1}",
        )


def armour(holdings: Holdings) -> float:
    """The most armour that could be worn: 1 an iron piece, 2 a diamond piece, which may be made of an iron one."""
    worn = holdings.world["inventory.armour"]
    iron, diamond = (
        _armour_made(holdings, achievement) + np.sum(worn == level) for achievement, level in ARMOUR.items()
    )
    diamond = min(4.0, diamond)
    return float(2 * diamond + min(4.0 - diamond, iron))


def _armour_made(holdings: Holdings, achievement: Achievement) -> float:
    """How many of the four pieces the materials within reach are enough for."""
    if not holdings.can_craft(achievement):
        return 0
    spends = holdings.amounts.spends(achievement)
    return min([4.0, *(holdings.have[item] // count for item, count in spends.items())])


def floors(holdings: Holdings) -> str:
    """The floors that can be entered, by their names."""
    return ", ".join(floor.name for floor in sorted(holdings.entered))


def _list(holdings: Holdings, achievement: Achievement) -> str:
    return ", ".join(f"{count} {item}" for item, count in holdings.amounts.spends(achievement).items())
