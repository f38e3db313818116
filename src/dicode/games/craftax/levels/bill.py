"""What a whole goal takes in materials, every needed craft once."""

from collections.abc import Iterator, Mapping

from dicode.games.craftax.levels.holdings import Holdings
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.games.craftax.levels.rule_axes import MATERIALS
from dicode.games.craftax.levels.techtree import GETS, PICKAXES, REQUIREMENTS, STATIONS, SWORDS


def bill(holdings: Holdings, asked: list[Achievement], minimum: Mapping[str, float]) -> Iterator[Obstacle]:
    """Materials that the whole goal takes, every needed craft once, against what is within reach."""
    acts = {achievement for achievement in asked if achievement in _SPENDING}
    tools = {
        "pickaxe": (PICKAXES, int(holdings.world["inventory.pickaxe"])),
        "sword": (SWORDS, int(holdings.world["inventory.sword"])),
    }
    for kind, (crafts, held) in tools.items():
        tier = int(minimum.get(f"inventory.{kind}", 0))
        if tier > held:
            acts.add(crafts[tier - 1])
    kept = {item: minimum.get(f"inventory.{item}", 0.0) for item in MATERIALS}
    while True:
        total = dict(kept)
        for achievement in acts:
            for item, count in holdings.amounts.spends(achievement).items():
                total[item] = total.get(item, 0) + count
        more = _needed_first(holdings, acts, total) - acts
        if not more:
            break
        acts |= more
    for item in MATERIALS:
        if total[item] > holdings.have.get(item, 0):
            names = ", ".join(
                achievement.name for achievement in sorted(acts) if holdings.amounts.spends(achievement).get(item)
            )
            yield Obstacle(
                f"the goal takes {total[item]:g} {item} in all ({names or 'held at the end'}), "
                f"{holdings.have.get(item, 0):g} within reach",
                f"put more {item} within reach or into the inventory, or a crafting table near the player",
            )


_SPENDING = frozenset(
    {
        *PICKAXES,
        *SWORDS,
        Achievement.MAKE_IRON_ARMOUR,
        Achievement.MAKE_DIAMOND_ARMOUR,
        Achievement.PLACE_TABLE,
        Achievement.PLACE_FURNACE,
    }
)


def _needed_first(holdings: Holdings, acts: set[Achievement], total: Mapping[str, float]) -> set[Achievement]:
    """Crafts and placements without which `acts` and `total` cannot be."""
    needed = {
        STATIONS[station] for act in acts for station in holdings.amounts.near(act) if not holdings.blocks(station)
    }
    held = int(holdings.world["inventory.pickaxe"])
    for item in MATERIALS:
        if total.get(item, 0) > int(holdings.world[f"inventory.{item}"]):
            tier = min(holdings.amounts.mining(block)[0] for block in REQUIREMENTS[GETS[item]].blocks)
            if tier > held:
                needed.add(PICKAXES[tier - 1])
    return needed
