"""What a player could at best reach, gather and meet in one world: an optimistic bound.

Starting from where the player stands, what can be reached, mined, crafted and defeated is widened until
nothing new turns up; costs bind one by one, danger and time do not. So what is out of reach here is
impossible in the game; what is in reach may still be hard. Luck counts only where it is likely: a chest
is trusted for torches, arrows and potions and for the bow and the books, not for ores and tools.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.creatures import CREATURES, MOB_RECORDS
from dicode.games.craftax.levels.grid import SPAWN_BLOCKS, Position, bit, block_table, flood, from_bits, spread, to_bits
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Block, Floor, Item, Mob
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.techtree import PICKAXES, REQUIREMENTS, STATIONS, SWORDS

World = Mapping[str, np.ndarray]
INFINITE = float("inf")
_B = Block
ORES: dict[str, tuple[Block, ...]] = {
    item: row.blocks
    for row in REQUIREMENTS.values()
    for item in row.gives
    if row.blocks and item not in {"sapling", "drink", "bow"}
}
"""Material -> the blocks that give it."""
_SOFT = {_B.TREE, _B.FIRE_TREE, _B.CRAFTING_TABLE, _B.FURNACE, _B.CHEST}
_CHEST_LOOT = {"torches": "chest_torches", "arrows": "chest_arrows", "potions": "chest_potion"}
_WATER, _GRAVES = block_table({_B.WATER}), block_table({_B.GRAVE, _B.GRAVE2, _B.GRAVE3})
_SPAWN_GROUND, _CUTTABLE = block_table(SPAWN_BLOCKS), block_table(_SOFT)
_INVENTORY = tuple(name for name in STATE_FIELDS if name.startswith("inventory."))
_NUM_BLOCKS = len(Block)


@dataclass
class Holdings:
    """The bound for one world; `explore` fills it."""

    world: World
    amounts: Amounts
    entered: dict[Floor, int] = field(default_factory=dict)
    """Cells of arrival on each floor that can be reached, as bits."""
    stood: dict[Floor, int] = field(default_factory=dict)
    touched: dict[Floor, np.ndarray] = field(default_factory=dict)
    """Per floor, how many cells of each block can be faced."""
    pickaxe: int = 0
    sword: int = 0
    held: dict[str, int] = field(default_factory=dict)
    """What is held at the start; armour and potions as one sum each."""
    have: dict[str, float] = field(default_factory=dict)
    """Most of each item that could ever be held, what is held now included."""
    found: dict[str, float] = field(default_factory=dict)
    """Most of each material that could be gathered, what is held now excluded."""

    def blocks(self, *kinds: Block) -> int:
        """How many cells of these blocks can be faced on any floor."""
        return sum(int(counts[kind]) for counts in self.touched.values() for kind in kinds)

    def kills(self, mob: Mob) -> float:
        """Most of one kind of mob that can be defeated: those alive, infinite where the game brings more."""
        creature = CREATURES[mob]
        alive = 0
        for floor in self.entered:
            mask = self.world[f"{creature.record}.mask"][floor]
            alive += int((mask & (self.world[f"{creature.record}.type_id"][floor] == mob.type_id)).sum())
        return INFINITE if any(self.comes(floor, mob) for floor in self.entered) else alive

    def comes(self, floor: Floor, mob: Mob) -> bool:
        """Whether the game brings new ones of this kind to a floor and there is ground for them."""
        ground = _WATER if mob == Mob.DEEP_THING else _GRAVES if floor == Floor.GRAVEYARD else _SPAWN_GROUND
        return self.amounts.comes_to(floor, mob) and bool(ground[self.world["blocks"][floor]].any())

    def station(self, block: Block) -> bool:
        """Whether a crafting table or furnace is within reach or could be placed."""
        return self.blocks(block) > 0 or self.affords(self.amounts.spends(STATIONS[block]))

    def affords(self, spends: Mapping[str, int]) -> bool:
        """Whether each amount alone could be held."""
        return all(self.have.get(item, 0) >= count for item, count in spends.items() if item not in {"mana", "gem"})

    def can_craft(self, achievement: Achievement) -> bool:
        """Whether a recipe's stations and ingredients are within reach."""
        return all(map(self.station, self.amounts.near(achievement))) and self.affords(self.amounts.spends(achievement))

    def ladder_opens(self, floor: Floor) -> bool:
        """Whether enough monsters are or could be killed on a floor to open its ladder down."""
        killed = float(self.world["monsters_killed"][floor])
        for record in MOB_RECORDS[1:]:
            killed += int(self.world[f"{record}.mask"][floor].sum())
        monsters = [mob for mob in self.amounts.own_mobs(floor) if mob.mob_class > 0]
        return killed >= self.amounts.ladder_kills(floor) or any(self.comes(floor, mob) for mob in monsters)


def explore(world: World, amounts: Amounts, enough: Callable[[Holdings], bool]) -> Holdings:
    """Widen the bound until `enough` is true of it or nothing new turns up."""
    holdings = Holdings(world, amounts)
    floor = Floor(int(world["player_level"]))
    holdings.entered[floor] = _cell(world["player_position"])
    holdings.held = {name.partition(".")[2]: int(np.sum(world[name])) for name in _INVENTORY}
    holdings.have = dict(holdings.held)
    holdings.pickaxe, holdings.sword = int(world["inventory.pickaxe"]), int(world["inventory.sword"])
    while True:
        _settle(holdings, enough)
        if enough(holdings) or not _change_floor(holdings):
            return holdings


def _settle(holdings: Holdings, enough: Callable[[Holdings], bool]) -> None:
    """Gather and craft on the floors entered so far until that is enough or nothing changes."""
    previous: object = None
    while (
        not enough(holdings)
        and (ability := (holdings.pickaxe, holdings.sword, _bridges(holdings), len(holdings.entered))) != previous
    ):
        previous = ability
        for floor in holdings.entered:
            _walk(holdings, floor)
        _gather(holdings)
        for tier, achievement in enumerate(PICKAXES, start=1):
            if tier > holdings.pickaxe and holdings.can_craft(achievement):
                holdings.pickaxe = tier
        for tier, achievement in enumerate(SWORDS, start=1):
            if tier > holdings.sword and holdings.can_craft(achievement):
                holdings.sword = tier


def _walk(holdings: Holdings, floor: Floor) -> None:
    blocks = holdings.world["blocks"][floor]
    stood = flood(holdings.entered[floor], to_bits(_passable(holdings)[blocks]))
    if holdings.stood.get(floor) == stood:
        return
    holdings.stood[floor] = stood
    faced = from_bits(spread(stood) & _INSIDE)
    holdings.touched[floor] = np.bincount(blocks[faced], minlength=_NUM_BLOCKS)


def _passable(holdings: Holdings) -> np.ndarray:
    passable = holdings.amounts.walkable | _CUTTABLE
    for blocks in ORES.values():
        for block in blocks:
            passable[block] |= holdings.pickaxe >= holdings.amounts.mining(block)[0]
    if _bridges(holdings):
        passable[[Block.WATER, Block.LAVA]] = True
    return passable


def _bridges(holdings: Holdings) -> bool:
    have = holdings.have
    return have.get("stone", 0) >= 1 or have.get("wood", 0) >= holdings.amounts.spends(Achievement.PLACE_TABLE)["wood"]


def _gather(holdings: Holdings) -> None:
    found, amounts = holdings.found, holdings.amounts
    for item, blocks in ORES.items():
        found[item] = 0
        for block in blocks:
            tier, pieces = amounts.mining(block)
            found[item] += pieces * holdings.blocks(block) if holdings.pickaxe >= tier else 0
    grows = holdings.blocks(Block.GRASS) and amounts.number("sapling_chance") > 0
    found["sapling"] = INFINITE if grows else 0
    have = holdings.have = {item: count + found.get(item, 0) for item, count in holdings.held.items()}
    chests = holdings.blocks(Block.CHEST)
    for item, rule in _CHEST_LOOT.items():
        have[item] += chests * amounts.number(f"{rule}_most") * (amounts.number(rule) > 0)
    for floor in filter(lambda floor: _unopened(holdings, floor), holdings.entered):
        have["bow"] = max(have["bow"], int(amounts.values["chest_bow"][floor]))
        have["books"] += int(amounts.values["chest_books"][floor])
    for achievement, item in ((Achievement.MAKE_ARROW, "arrows"), (Achievement.MAKE_TORCH, "torches")):
        if holdings.can_craft(achievement):
            times = min((have[kind] // count for kind, count in amounts.spends(achievement).items()), default=99)
            have[item] += amounts.gives(item) * times


def _unopened(holdings: Holdings, floor: Floor) -> bool:
    counts = holdings.touched.get(floor)
    return counts is not None and bool(counts[Block.CHEST]) and not bool(holdings.world["chests_opened"][floor])


def _change_floor(holdings: Holdings) -> bool:
    """Enter the floors behind the ladders within reach; False where there is no new one."""
    world, before = holdings.world, dict(holdings.entered)
    for floor, stood in list(holdings.stood.items()):
        items = world["items"][floor]
        if floor < Floor.GRAVEYARD and stood & to_bits(items == Item.LADDER_DOWN) and holdings.ladder_opens(floor):
            below = Floor(floor + 1)
            holdings.entered[below] = holdings.entered.get(below, 0) | _cell(world["up_ladders"][below])
        if floor > 0 and stood & to_bits(items == Item.LADDER_UP):
            above = Floor(floor - 1)
            holdings.entered[above] = holdings.entered.get(above, 0) | _cell(world["down_ladders"][above])
    if holdings.entered == before:
        return False
    for floor in holdings.entered:
        if holdings.entered[floor] != before.get(floor):
            holdings.stood.pop(floor, None)
    return True


def _cell(position: np.ndarray) -> int:
    cell: Position = (int(position[0]), int(position[1]))
    return bit(cell)


_INSIDE = to_bits(np.ones((MAP_SIZE, MAP_SIZE), dtype=bool))
