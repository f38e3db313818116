"""What a player could at best reach, gather and meet in one world: an optimistic bound.

Starting from where the player stands, what can be reached, mined, crafted and defeated is widened until
nothing new turns up; costs bind one by one, danger and time do not. So what is out of reach here is
impossible in the game; what is in reach may still be hard. Luck counts only where it is likely: a chest
is trusted for torches, arrows and potions and for the bow and the books, not for ores and tools.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.attacks import blows, flies, shots, strongest
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.grid import (
    SOLID,
    SPAWN_BLOCKS,
    Position,
    beside,
    bit,
    block_table,
    flood,
    from_bits,
    manhattan,
    spread,
    to_bits,
)
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Block, Floor, Item, Mob
from dicode.games.craftax.levels.schema import STATE_FIELDS, WorldArrays
from dicode.games.craftax.levels.techtree import ENTER, PICKAXES, REQUIREMENTS, STATIONS, SWORDS

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
CHEST_LOOT = {"torches": "chest_torches", "arrows": "chest_arrows", "potions": "chest_potion"}
"""What any chest is trusted to hold, with the rule of the chance."""
_ALTARS = (_B.ENCHANTMENT_TABLE_FIRE, _B.ENCHANTMENT_TABLE_ICE)
_WATER, _GRAVES = block_table({_B.WATER}), block_table({_B.GRAVE, _B.GRAVE2, _B.GRAVE3})
_SPAWN_GROUND, _CUTTABLE = block_table(SPAWN_BLOCKS), block_table(_SOFT)
_INVENTORY = tuple(name for name in STATE_FIELDS if name.startswith("inventory."))
_NUM_BLOCKS = len(Block)


@dataclass
class Holdings:
    """The bound for one world; `explore` fills it."""

    world: WorldArrays
    amounts: Amounts
    limit: float = INFINITE
    """Steps that an episode may last."""
    entered: dict[Floor, int] = field(default_factory=dict)
    """Cells of arrival on each floor that can be reached, as bits."""
    arrival: dict[Floor, float] = field(default_factory=dict)
    """Fewest steps after which the player can be on a floor: straight ways, one kill a step."""
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

    def at_once(self, item: str) -> float:
        """Most of an item that could be in hand in one step: what the rules let be carried, or what is held at the start."""
        return min(self.have.get(item, 0), max(self.amounts.carried(item), self.held.get(item, 0)))

    def highest(self, attribute: str) -> int:
        """The most that an attribute could grow to by the experience that is there and that new floors bring."""
        amounts, now = self.amounts, int(self.world[f"player_{attribute}"])
        start, known = int(self.world["player_level"]), self.world["achievements"]
        fresh = sum(floor > start and not known[ENTER[floor]] for floor in self.entered if floor > 0)
        points = int(self.world["player_xp"]) + fresh * amounts.number("floor_experience")
        cost = amounts.number("level_up_cost")
        grown = now + points // cost if cost else INFINITE
        return max(now, int(min(grown, amounts.number("max_attribute"))))

    def blocks(self, *kinds: Block, floors: Container[Floor] = tuple(Floor)) -> int:
        """How many cells of these blocks can be faced on some floors, or any."""
        touched = [counts for floor, counts in self.touched.items() if floor in floors]
        return sum(int(counts[kind]) for counts in touched for kind in kinds)

    def grass(self, floor: Floor) -> bool:
        """Whether grass can be faced on a floor; a tree that is cut leaves some."""
        counts = self.touched.get(floor)
        if counts is None:
            return False
        cuts = self.pickaxe >= self.amounts.mining(_B.TREE)[0]
        return bool(counts[_B.GRASS] or (cuts and counts[_B.TREE]))

    def room(self, blocks: np.ndarray) -> bool:
        """Whether the player can face a cell of these blocks (bool[37]), or one that was dug or cut free."""
        for floor, stood in self.stood.items():
            here = self.world["blocks"][floor]
            if beside(stood) & (to_bits(blocks[here]) | stood & ~to_bits(self.amounts.walkable[here])):
                return True
        return False

    def harms(self, mob: Mob) -> bool:
        """Whether a blow of the player's, or an arrow or a spell if it need not be eaten, could take health from a kind of mob."""
        gems = self.amounts.number("enchant_gems")
        fire = bool(self.blocks(_B.ENCHANTMENT_TABLE_FIRE)) and self.at_once("ruby") >= gems
        ice = bool(self.blocks(_B.ENCHANTMENT_TABLE_ICE)) and self.at_once("sapphire") >= gems
        damages = blows(self.world, self.amounts, self.sword, (fire, ice))
        if mob.mob_class > 0:
            damages |= shots(self.world, self.amounts, self._armed(), (fire, ice))
        return bool((damages & (self.amounts.values["mob_defence"][mob] < 1)).any())

    def _armed(self) -> dict[str, float]:
        return {item: self.at_once(item) for item in ("bow", "arrows", "books")}

    def _shoots(self) -> bool:
        """Whether the player could send off a projectile."""
        return bool(flies(self.world, self.amounts, self._armed()).any())

    def kills(self, mob: Mob) -> float:
        """Most of one kind of mob that can be defeated; passive ones are eaten, which takes a blow."""
        return self.met(mob, mob.mob_class > 0 and self._shoots()) if self.harms(mob) else 0

    def wounds(self, mob: Mob) -> bool:
        """Whether one of this kind that does harm can be met."""
        return self.amounts.wounds(mob) and self.met(mob, mob.mob_class == 2) > 0

    def met(self, mob: Mob, from_afar: bool) -> float:
        """Most of one kind of mob that can be met: those alive, infinite where the game brings more.

        One is met where it can come to a cell that the player can face, or, `from_afar`, where a projectile can fly.
        """
        alive = sum(self._alive(floor, mob, from_afar) for floor in self.entered)
        return INFINITE if any(self.comes(floor, mob, from_afar) for floor in self.entered) else alive

    def living(self, mob: Mob) -> int:
        """How many of one kind live on the floors that can be entered, whether or not they can be met."""
        return sum(int(self._of_kind(floor, mob).sum()) for floor in self.entered)

    def healths(self, mob: Mob) -> list[float]:
        """The health of each of a kind that lives on a floor that can be entered, the weakest first."""
        health = self.world[f"{CREATURES[mob].record}.health"]
        return sorted(float(own) for floor in self.entered for own in health[floor][self._of_kind(floor, mob)])

    def strongest(self, mob: Mob) -> float:
        """A bound on the health that the player could take from a kind of mob by one act; any sword may be in a chest."""
        swords = slice(None) if self.blocks(_B.CHEST) else slice(int(self.world["inventory.sword"]), self.sword + 1)
        attributes = {name: self.highest(name) for name in ("strength", "dexterity", "intelligence")}
        magic = bool(self.world["sword_enchantment"] or self.world["bow_enchantment"] or self.blocks(*_ALTARS))
        return strongest(self.amounts, mob, swords, flies(self.world, self.amounts, self._armed()), magic, attributes)

    def _of_kind(self, floor: Floor, mob: Mob) -> np.ndarray:
        """bool[slots]: those of one kind that live on a floor and stay."""
        record = CREATURES[mob].record
        kind = self.world[f"{record}.type_id"][floor] == mob.type_id
        found: np.ndarray = kind & self.world[f"{record}.mask"][floor] & ~self._vanishing(record, floor)
        return found

    def _alive(self, floor: Floor, mob: Mob, from_afar: bool) -> int:
        """How many of one kind live on a floor and can be met."""
        cells = self.world[f"{CREATURES[mob].record}.position"][floor][self._of_kind(floor, mob)]
        near = self._meeting(floor, mob, from_afar) if len(cells) else 0
        return sum(bool(near & _cell(cell)) for cell in cells)

    def _meeting(self, floor: Floor, mob: Mob, from_afar: bool) -> int:
        """Cells, as bits, from which a kind of mob can come to where the player can meet it."""
        blocks, stood = self.world["blocks"][floor], self.stood.get(floor, self.entered[floor])
        faced = spread(stood) & _INSIDE
        if from_afar:
            faced |= spread(flood(stood, to_bits(~SOLID[blocks]))) & _INSIDE
        walks = to_bits(
            self.amounts.standable(mob)[blocks] | from_bits(stood & ~to_bits(self.amounts.walkable[blocks]))
        )
        return flood(faced & walks, walks)

    def _vanishing(self, record: str, floor: Floor) -> np.ndarray:
        """bool[slots]: mobs of the start floor so far away that they are gone before the player could be near."""
        positions = self.world[f"{record}.position"][floor]
        if floor != self.world["player_level"] or floor == Floor.GRAVEYARD:
            return np.zeros(len(positions), dtype=bool)
        steps = np.abs(positions - self.world["player_position"]).sum(axis=1)
        far: np.ndarray = steps >= self.amounts.number("despawn_distance") + 2
        return far

    def comes(self, floor: Floor, mob: Mob, from_afar: bool = False) -> bool:
        """Whether the game brings new ones of this kind to a floor, on ground from which they can come to the player."""
        if mob.mob_class > 0 and self.amounts.number("uncleared_spawn") == 0 and not self._can_clear(floor):
            return False
        ground = _WATER if mob == Mob.DEEP_THING else _GRAVES if floor == Floor.GRAVEYARD else _SPAWN_GROUND
        if not self.amounts.comes_to(floor, mob):
            return False
        cells = to_bits(ground[self.world["blocks"][floor]])
        if ground is _SPAWN_GROUND:
            # What is dug or bridged leaves a path.
            cells |= self.stood.get(floor, 0) & ~to_bits(self.amounts.walkable[self.world["blocks"][floor]])
        return bool(cells & self._meeting(floor, mob, from_afar))

    def rounds(self, stock: float) -> float:
        """How often stone can be placed of a stock, if what was placed is mined again where the player can."""
        cost = self.amounts.spends(Achievement.PLACE_STONE)["stone"]
        tier, pieces = self.amounts.mining(_B.STONE)
        loss = cost - (pieces if self.pickaxe >= tier else 0)
        if stock < cost or (cost and self.amounts.carried("stone") < cost > self.held.get("stone", 0)):
            return 0
        return INFINITE if loss <= 0 or not cost else (stock - cost) // loss + 1

    def station(self, block: Block) -> bool:
        """Whether a crafting table or furnace is within reach, or could be placed, and serves anyone beside it."""
        there = self.blocks(block) > 0 or (self.can_craft(STATIONS[block]) and self.room(~SOLID))
        return there and self.amounts.number("station_reach") >= 1

    def affords(self, spends: Mapping[str, int]) -> bool:
        """Whether each amount alone could be held at once."""
        return all(self.at_once(item) >= count for item, count in spends.items() if item not in {"mana", "gem"})

    def can_craft(self, achievement: Achievement) -> bool:
        """Whether the stations and ingredients of a recipe, or of what is placed, are within reach."""
        return all(map(self.station, self.amounts.near(achievement))) and self.affords(self.amounts.spends(achievement))

    def ladder_opens(self, floor: Floor) -> bool:
        """Whether enough monsters are or could be killed on a floor to open its ladder down."""
        monsters = [mob for mob in self.amounts.own_mobs(floor) if mob.mob_class > 0 and self.harms(mob)]
        return self._can_clear(floor) or any(self.comes(floor, mob, self._shoots()) for mob in monsters)

    def _can_clear(self, floor: Floor) -> bool:
        """Whether those killed at the start, and those alive that can be killed, are enough to open the ladder down."""
        killed = float(self.world["monsters_killed"][floor])
        if killed >= self.amounts.ladder_kills(floor):
            return True
        shoots = self._shoots()
        monsters = [mob for mob in Mob if mob.mob_class > 0 and self.harms(mob)]
        killed += sum(self._alive(floor, mob, shoots) for mob in monsters)
        return killed >= self.amounts.ladder_kills(floor)

    def descent(self, floor: Floor) -> float:
        """Fewest steps to the floor below `floor`, which the player has entered: straight to the ladder, one kill a step."""
        kills = self.amounts.ladder_kills(floor) - int(self.world["monsters_killed"][floor])
        return self.arrival[floor] + max(self.walk_to(Item.LADDER_DOWN, floor), kills) + 1

    def walk_to(self, ladder: Item, floor: Floor) -> int:
        """Fewest steps from where the player comes to a floor to the nearest of such ladders; 0 where there is none."""
        starts = from_bits(self.entered[floor])
        ladders = np.argwhere(self.world["items"][floor] == ladder)
        return min((int(manhattan((int(row), int(column)))[starts].min()) for row, column in ladders), default=0)


def explore(
    world: WorldArrays, amounts: Amounts, enough: Callable[[Holdings], bool], limit: float = INFINITE
) -> Holdings:
    """Widen the bound until `enough` is true of it or nothing new turns up within `limit` steps."""
    holdings = Holdings(world, amounts, limit)
    floor = Floor(int(world["player_level"]))
    holdings.arrival[floor] = 0
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
    faced = from_bits(beside(stood) & _INSIDE) & _in_time(holdings, floor)
    holdings.touched[floor] = np.bincount(blocks[faced], minlength=_NUM_BLOCKS)


def _in_time(holdings: Holdings, floor: Floor) -> np.ndarray:
    """bool[48, 48]: cells that can be faced and acted on before the episode ends, by straight ways."""
    left = holdings.limit - holdings.arrival[floor]
    if left >= 2 * MAP_SIZE:
        return np.ones((MAP_SIZE, MAP_SIZE), dtype=bool)
    starts = np.argwhere(from_bits(holdings.entered[floor]))
    steps: np.ndarray = np.min([manhattan((int(row), int(column))) for row, column in starts], axis=0)
    return steps <= left


def _passable(holdings: Holdings) -> np.ndarray:
    passable: np.ndarray = holdings.amounts.walkable | _CUTTABLE
    for blocks in ORES.values():
        for block in blocks:
            passable[block] |= holdings.pickaxe >= holdings.amounts.mining(block)[0]
    if _bridges(holdings):
        passable[[Block.WATER, Block.LAVA]] = True
    return passable


def _bridges(holdings: Holdings) -> bool:
    """Whether something could be placed on water and lava; what was placed is mined, and leaves a path."""
    return any(map(holdings.can_craft, (Achievement.PLACE_STONE, *STATIONS.values())))


def _gather(holdings: Holdings) -> None:
    found, amounts = holdings.found, holdings.amounts
    for item, blocks in ORES.items():
        found[item] = 0
        for block in blocks:
            tier, pieces = amounts.mining(block)
            found[item] += pieces * holdings.blocks(block) if holdings.pickaxe >= tier else 0
    grows = any(map(holdings.grass, holdings.entered)) and amounts.number("sapling_chance") > 0
    found["sapling"] = INFINITE if grows else 0
    have = holdings.have = {item: count + found.get(item, 0) for item, count in holdings.held.items()}
    _quarry(holdings)
    chests = holdings.blocks(Block.CHEST)
    for item, rule in CHEST_LOOT.items():
        have[item] += chests * amounts.number(f"{rule}_most") * (amounts.number(rule) > 0)
    for floor in filter(lambda floor: _unopened(holdings, floor), holdings.entered):
        have["bow"] = max(have["bow"], int(amounts.values["chest_bow"][floor]))
        have["books"] += int(amounts.values["chest_books"][floor])
    for achievement, item in ((Achievement.MAKE_ARROW, "arrows"), (Achievement.MAKE_TORCH, "torches")):
        if holdings.can_craft(achievement):
            times = min((have[kind] // count for kind, count in amounts.spends(achievement).items()), default=99)
            have[item] += amounts.gives(item) * times


def _quarry(holdings: Holdings) -> None:
    """Stone that is placed and mined again: each time it counts as gathered, and where it yields more than it cost there is no end."""
    tier, pieces = holdings.amounts.mining(Block.STONE)
    again = holdings.rounds(holdings.have["stone"])
    if again and pieces and holdings.pickaxe >= tier:
        holdings.found["stone"] += pieces * again
        if pieces > holdings.amounts.spends(Achievement.PLACE_STONE)["stone"]:
            holdings.have["stone"] = INFINITE


def _unopened(holdings: Holdings, floor: Floor) -> bool:
    counts = holdings.touched.get(floor)
    return counts is not None and bool(counts[Block.CHEST]) and not bool(holdings.world["chests_opened"][floor])


def _change_floor(holdings: Holdings) -> bool:
    """Enter the floors behind the ladders within reach; False where there is no new one."""
    world, before = holdings.world, dict(holdings.entered)
    for floor, stood in list(holdings.stood.items()):
        items = world["items"][floor]
        if floor < Floor.GRAVEYARD and stood & to_bits(items == Item.LADDER_DOWN) and holdings.ladder_opens(floor):
            _arrive(holdings, Floor(floor + 1), "up_ladders", holdings.descent(floor))
        if floor > 0 and stood & to_bits(items == Item.LADDER_UP):
            steps = holdings.arrival[floor] + holdings.walk_to(Item.LADDER_UP, floor) + 1
            _arrive(holdings, Floor(floor - 1), "down_ladders", steps)
    if holdings.entered == before:
        return False
    for floor in holdings.entered:
        if holdings.entered[floor] != before.get(floor):
            holdings.stood.pop(floor, None)
    return True


def _arrive(holdings: Holdings, floor: Floor, ladders: str, steps: float) -> None:
    """Note that a floor can be entered by a ladder, unless the episode ends before."""
    if steps <= holdings.limit:
        holdings.entered[floor] = holdings.entered.get(floor, 0) | _cell(holdings.world[ladders][floor])
        holdings.arrival[floor] = min(steps, holdings.arrival.get(floor, steps))


def _cell(position: np.ndarray) -> int:
    cell: Position = (int(position[0]), int(position[1]))
    return bit(cell)


_INSIDE = to_bits(np.ones((MAP_SIZE, MAP_SIZE), dtype=bool))
