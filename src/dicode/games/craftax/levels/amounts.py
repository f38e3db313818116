"""A level's rules as level code and checks need them: costs, terrain, spawning, ladders, limits.

Everything is read from the table of rules, so a level that changes a recipe, lets zombies swim or opens
ladders at once is built and judged by its own rules.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from dicode.games.craftax.levels.grid import LIQUID_BLOCKS, SOLID_BLOCKS, block_table
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, Achievement, Block, Floor, Mob
from dicode.games.craftax.levels.rule_axes import AXES, MATERIALS, RECIPES
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.techtree import REQUIREMENTS

_WATER = block_table({Block.WATER})
_LAVA = block_table({Block.LAVA})
_GROUND = ~block_table(SOLID_BLOCKS | LIQUID_BLOCKS | {Block.INVALID, Block.OUT_OF_BOUNDS})
_PLACES = {
    Achievement.PLACE_STONE: ("stone", "stone"),
    Achievement.PLACE_TABLE: ("table", "wood"),
    Achievement.PLACE_FURNACE: ("furnace", "stone"),
    Achievement.PLACE_PLANT: ("plant", "sapling"),
    Achievement.PLACE_TORCH: ("torch", "torches"),
}
_MANA = {
    Achievement.CAST_FIREBALL: "fireball_mana",
    Achievement.CAST_ICEBALL: "iceball_mana",
    Achievement.ENCHANT_SWORD: "enchant_mana",
    Achievement.ENCHANT_ARMOUR: "enchant_mana",
}
_RECIPE = {Achievement[f"MAKE_{name.upper()}"]: row for row, name in enumerate(RECIPES)}
_COUNTED = frozenset({*MATERIALS, "sapling", "arrows", "torches", "potions", "books"})
_COLOURS = len(AXES["potion"])
"""Potions are limited colour by colour."""
_KINDS = ("passive_kind", "melee_kind", "ranged_kind")
_CAPS = ("max_passive", "max_melee", "max_ranged")
_RESOURCE = {
    Block.TREE: "tree",
    Block.FIRE_TREE: "tree",
    Block.ICE_SHRUB: "tree",
    Block.STONE: "stone",
    Block.COAL: "coal",
    Block.IRON: "iron",
    Block.DIAMOND: "diamond",
    Block.SAPPHIRE: "sapphire",
    Block.RUBY: "ruby",
    Block.STALAGMITE: "stalagmite",
}


class Amounts:
    """One level's rules, read for people and checks; `Amounts()` is the unmodified game."""

    def __init__(self, rules: Rules | None = None) -> None:
        """Resolve every number once."""
        self.values: dict[str, np.ndarray] = (rules or Rules()).arrays()
        self._spends: dict[Achievement, Mapping[str, int]] = {}

    def number(self, name: str) -> float:
        """A single value of the table of rules."""
        return float(self.values[name])

    def recipe(self, achievement: Achievement) -> int | None:
        """Row of the recipe that earns `achievement`, None if it is not crafted."""
        return _RECIPE.get(achievement)

    def spends(self, achievement: Achievement) -> Mapping[str, int]:
        """What the act of `achievement` uses up: items, `mana`, `gem`."""
        if achievement not in self._spends:
            self._spends[achievement] = self._cost(achievement)
        return self._spends[achievement]

    def _cost(self, achievement: Achievement) -> Mapping[str, int]:
        row = self.recipe(achievement)
        if row is not None:
            costs = self.values["recipe_cost"][row]
            return {material: int(cost) for material, cost in zip(MATERIALS, costs, strict=True) if cost}
        if achievement in _PLACES:
            kind, item = _PLACES[achievement]
            return {item: int(self.values["place_cost"][AXES["placeable"].index(kind)])}
        spends = dict(REQUIREMENTS[achievement].spends)
        if achievement in _MANA:
            spends["mana"] = int(self.values[_MANA[achievement]])
        if "gem" in spends:
            spends["gem"] = int(self.values["enchant_gems"])
        if achievement == Achievement.FIRE_BOW:
            spends["arrows"] = int(self.values["arrow_cost"])
        return spends

    def near(self, achievement: Achievement) -> tuple[Block, ...]:
        """The stations that a recipe, or placing something, needs."""
        row = self.recipe(achievement)
        if row is None:
            bench = achievement == Achievement.PLACE_FURNACE and self.number("furnace_needs_table") > 0
            return (Block.CRAFTING_TABLE,) if bench else REQUIREMENTS[achievement].near
        table, furnace = self.values["recipe_needs_table"][row], self.values["recipe_needs_furnace"][row]
        return (Block.CRAFTING_TABLE,) * int(table) + (Block.FURNACE,) * int(furnace)

    def carried(self, item: str) -> float:
        """Most of an item that can be carried from one step to the next; tools and armour have no such limit."""
        if item not in _COUNTED:
            return float("inf")
        return self.number("inventory_limit") * (_COLOURS if item == "potions" else 1)

    def gives(self, item: str) -> int:
        """How many of an item one act of crafting makes."""
        return int(self.values[{"arrows": "arrow_yield", "torches": "torch_yield"}[item]])

    def mining(self, block: Block) -> tuple[int, int]:
        """(pickaxe tier needed, pieces gained) of a block that can be mined."""
        return self._mining[block]

    @cached_property
    def _mining(self) -> dict[Block, tuple[int, int]]:
        tiers, pieces = self.values["tool_level"], self.values["mining_yield"]
        columns = {block: AXES["resource"].index(name) for block, name in _RESOURCE.items()}
        return {block: (int(tiers[column]), int(pieces[column])) for block, column in columns.items()}

    @cached_property
    def walkable(self) -> np.ndarray:
        """bool[37]: blocks that the player can stand on."""
        return _terrain(self.values["player_blocked_by"])

    def standable(self, mob: Mob) -> np.ndarray:
        """bool[37]: blocks on which `mob` can be."""
        return _terrain(self.values["mob_blocked_by"][mob])

    def health(self, mob: Mob) -> float:
        """Health with which `mob` appears."""
        return float(self.values["mob_health"][mob])

    def wounds(self, mob: Mob) -> bool:
        """Whether `mob` could take health from the player."""
        name = ("", "melee_damage", "mob_projectile_damage")[mob.mob_class]
        return bool(name) and bool((self.values[name] > 0).any())

    def comes_to(self, floor: Floor, mob: Mob) -> bool:
        """Whether the game lets new ones of this kind appear on a floor; waves of the boss fight included."""
        chances, kinds = self.values["spawn_chance"][floor], self.values[_KINDS[mob.mob_class]]
        at_night = mob.mob_class == 1 and chances[3] > 0 and self.nights
        if not (chances[mob.mob_class] > 0 or at_night) or not self.values[_CAPS[mob.mob_class]][floor]:
            return False
        nearest = self.number("passive_spawn_distance" if mob.mob_class == 0 else "monster_spawn_distance")
        if floor == Floor.GRAVEYARD:
            # Each wave brings the monsters of another floor.
            return mob.mob_class > 0 and self.number("boss_spawn") > 0 and mob.type_id in kinds[: Floor.GRAVEYARD]
        return bool(kinds[floor] == mob.type_id and nearest < self.number("spawn_limit"))

    def kinds(self, floor: Floor) -> list[Mob]:
        """The kinds of mobs that live on a floor, one a class, whether or not new ones come (none for the graveyard)."""
        numbers = [int(self.values[name][floor]) for name in _KINDS if floor != Floor.GRAVEYARD]
        return [Mob(8 * mob_class + number) for mob_class, number in enumerate(numbers)]

    def own_mobs(self, floor: Floor) -> list[Mob]:
        """The mobs that the game brings to a floor by itself, one a class at most (none for the graveyard)."""
        return [mob for mob in self.kinds(floor) if self.comes_to(floor, mob)]

    @property
    def nights(self) -> bool:
        """Whether it gets dark at all."""
        return self.number("night_darkness") > 0

    def ladder_kills(self, floor: Floor) -> int:
        """Monsters to defeat before the floor's ladder down opens."""
        return int(self.values["ladder_kills"][floor])

    def most(self, vital: str, attribute: int) -> int:
        """The highest `health`, `food`, `drink`, `energy` or `mana` at an attribute's value."""
        return int(self.values[f"{vital}_base"] + self.values[f"{vital}_per_{ATTRIBUTE_OF[vital]}"] * attribute)


def _terrain(blocked: np.ndarray) -> np.ndarray:
    ground, water, lava = (bool(value) for value in blocked)
    return (_GROUND & (not ground)) | (_WATER & (not water)) | (_LAVA & (not lava))


DEFAULT = Amounts()
"""The unmodified game."""
