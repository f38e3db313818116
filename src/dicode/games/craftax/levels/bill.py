"""What a whole goal takes, every needed act once or as often as the goal counts it.

Tools are the fewest that do: who makes a stone pickaxe at once has made a wood one, too. Placed stone is left out, as it
can be mined again.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product

from dicode.games.craftax.levels.holdings import INFINITE, ORES, Holdings
from dicode.games.craftax.levels.names import Achievement, Block
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.games.craftax.levels.rule_axes import MATERIALS
from dicode.games.craftax.levels.supplies import stock_up
from dicode.games.craftax.levels.techtree import PICKAXES, STATIONS, SWORDS

_A = Achievement
_ITEMS = ("sapling", "arrows", "torches", "potions", "books", *MATERIALS)
_SPENDING = frozenset(
    {
        _A.MAKE_IRON_ARMOUR,
        _A.MAKE_DIAMOND_ARMOUR,
        _A.PLACE_TABLE,
        _A.PLACE_FURNACE,
        _A.PLACE_PLANT,
        _A.PLACE_TORCH,
        _A.FIRE_BOW,
        _A.DRINK_POTION,
        _A.LEARN_FIREBALL,
        _A.LEARN_ICEBALL,
        _A.ENCHANT_SWORD,
        _A.ENCHANT_ARMOUR,
    }
)
"""What is done once where it is asked; tools, arrows and torches may be had by another act than their own."""
_PLACED = {
    "placed.table": _A.PLACE_TABLE,
    "placed.furnace": _A.PLACE_FURNACE,
    "placed.plant": _A.PLACE_PLANT,
    "placed.torch": _A.PLACE_TORCH,
}
_MADE = {"arrows": (_A.MAKE_ARROW, "chest_arrows"), "torches": (_A.MAKE_TORCH, "chest_torches")}
"""Items that are made, with the act and the rule of finding them in a chest."""
_SPELLS = ((_A.CAST_FIREBALL, _A.LEARN_FIREBALL), (_A.CAST_ICEBALL, _A.LEARN_ICEBALL))
_GEMS = {"ruby": Block.ENCHANTMENT_TABLE_FIRE, "sapphire": Block.ENCHANTMENT_TABLE_ICE}
_Acts = dict[Achievement, int]


def bill(holdings: Holdings, asked: list[Achievement], minimum: Mapping[str, float]) -> Iterator[Obstacle]:
    """What the whole goal takes, with the tools that leave least to be wished for, against what is within reach."""
    fewest: list[Obstacle] | None = None
    for pickaxes, swords in product(_pickaxes(holdings, asked, minimum), _swords(holdings, asked, minimum)):
        tools = [*(PICKAXES[tier - 1] for tier in pickaxes), *(SWORDS[tier - 1] for tier in swords)]
        acts = _asked(holdings, asked, minimum) | dict.fromkeys(tools, 1)
        total = _add_up(holdings, acts, asked, minimum)
        reach = max([*pickaxes, int(holdings.world["inventory.pickaxe"])])
        if any(_tier(holdings, item) > reach for item in ORES if total[item] > holdings.held[item]):
            continue
        short = [*_materials(holdings, acts, total), *_gems(holdings, acts, total)]
        if not short:
            return
        fewest = short if fewest is None or len(short) < len(fewest) else fewest
    yield from fewest or ()


def _asked(holdings: Holdings, asked: list[Achievement], minimum: Mapping[str, float]) -> _Acts:
    """How often each act must be done that the goal itself asks for, tools left out."""
    acts = {achievement: 1 for achievement in asked if achievement in _SPENDING}
    for name, placing in _PLACED.items():
        if minimum.get(name, 0) > 0:
            acts[placing] = math.ceil(minimum[name])
    for number, (cast, learn) in enumerate(_SPELLS):
        if cast in asked and not holdings.world["learned_spells"][number]:
            acts[learn] = 1
    return acts


def _top(tools: tuple[Achievement, ...], asked: list[Achievement], minimum: float) -> int:
    """The highest tier of a tool that a goal asks for: it earns those below, too."""
    return max([math.ceil(minimum), *(tools.index(achievement) + 1 for achievement in asked if achievement in tools)])


def _pickaxes(holdings: Holdings, asked: list[Achievement], minimum: Mapping[str, float]) -> Iterator[tuple[int, ...]]:
    """Tiers of pickaxes that could be made one after the other so that what the goal asks for is among them, fewest first."""
    held = int(holdings.world["inventory.pickaxe"])
    top = _top(PICKAXES, asked, minimum.get("inventory.pickaxe", 0))
    better = range(held + 1, len(PICKAXES) + 1)
    for count in range(len(better) + 1):
        for tiers in combinations(better, count):
            steps = zip((held, *tiers), tiers, strict=False)
            if max([held, *tiers]) >= top and all(_makes(holdings, *step) for step in steps):
                yield tiers


def _swords(holdings: Holdings, asked: list[Achievement], minimum: Mapping[str, float]) -> Iterable[tuple[int, ...]]:
    """Tiers of swords, each of which is what the goal asks for; none where it asks for no better one than is held."""
    top = _top(SWORDS, asked, minimum.get("inventory.sword", 0))
    return combinations(range(top, len(SWORDS) + 1), 1) if top > int(holdings.world["inventory.sword"]) else [()]


def _makes(holdings: Holdings, now: int, tier: int) -> bool:
    """Whether somebody with a pickaxe of tier `now` can hold what one of `tier` takes."""
    costs = holdings.amounts.spends(PICKAXES[tier - 1]).items()
    return all(cost <= holdings.held[item] or _tier(holdings, item) <= now for item, cost in costs)


def _tier(holdings: Holdings, item: str) -> int:
    return min(holdings.amounts.mining(block)[0] for block in ORES[item])


def _add_up(
    holdings: Holdings, acts: _Acts, asked: list[Achievement], minimum: Mapping[str, float]
) -> Mapping[str, float]:
    """Most items that are spent or held at the end; adds to `acts` what must be done before."""
    while True:
        total = {item: minimum.get(f"inventory.{item}", 0.0) for item in _ITEMS}
        for act, times in acts.items():
            for item, count in holdings.amounts.spends(act).items():
                if item in total:
                    total[item] += count * times
        first = {
            STATIONS[block]: 1 for act in acts for block in holdings.amounts.near(act) if not holdings.blocks(block)
        }
        first |= {act: _times(holdings, item, max(total[item], act in asked)) for item, (act, _) in _MADE.items()}
        more = {act: times for act, times in first.items() if times > acts.get(act, 0)}
        if not more:
            return total
        acts |= more


def _times(holdings: Holdings, item: str, count: float) -> int:
    """How often arrows or torches must be made so that there are `count`, beside those held and those in chests."""
    rule = _MADE[item][1]
    chance, most = holdings.amounts.number(rule), holdings.amounts.number(f"{rule}_most")
    there = holdings.held[item] + (holdings.blocks(Block.CHEST) * most if chance > 0 else 0)
    return math.ceil(max(0.0, count - there) / max(1, holdings.amounts.gives(item)))


def _materials(holdings: Holdings, acts: _Acts, total: Mapping[str, float]) -> Iterator[Obstacle]:
    for item, count in total.items():
        there = holdings.have.get(item, 0)
        if count <= there:
            continue
        names = ", ".join(act.name for act in sorted(acts) if holdings.amounts.spends(act).get(item))
        hint = f"put more {item} within reach or into the inventory, or a crafting table near the player"
        yield Obstacle(
            f"the goal takes {count:g} {item} in all ({names or 'held at the end'}), {there:g} within reach",
            hint if item in MATERIALS else stock_up(holdings, item, math.ceil(count)),
        )


def _gems(holdings: Holdings, acts: _Acts, total: Mapping[str, float]) -> Iterator[Obstacle]:
    """Each enchantment takes rubies at a table of fire, or sapphires at one of ice."""
    cost = holdings.amounts.number("enchant_gems")
    left = [holdings.have.get(gem, 0) - total[gem] for gem, table in _GEMS.items() if holdings.blocks(table)]
    enough = sum(gems // cost for gems in left if gems > 0) if cost else INFINITE
    wanted = sum(act in acts for act in (_A.ENCHANT_SWORD, _A.ENCHANT_ARMOUR))
    if wanted > enough:
        yield Obstacle(
            f"the goal takes {wanted} enchantments, gems within reach are enough for {enough:g}",
            f"world.player.inventory.ruby = {math.ceil(wanted * cost)} and world.place(Block.ENCHANTMENT_TABLE_FIRE, ...)",
        )
