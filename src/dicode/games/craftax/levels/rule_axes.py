"""The names by which level code addresses the entries of a rule's table.

An axis is a tuple of labels, in the order of the table's entries; an empty label marks an entry that
exists for the sake of a rectangular table and cannot be addressed.
"""

from dicode.games.craftax.levels.counted import PLACEABLES
from dicode.games.craftax.levels.names import Achievement, Floor, Mob


def _creatures() -> tuple[str, ...]:
    names = {int(mob): mob.name.lower() for mob in Mob}
    return tuple(names.get(index, "") for index in range(24))


MATERIALS = ("wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby")
RESOURCES = ("tree", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "stalagmite")
RECIPES = (
    "wood_pickaxe",
    "stone_pickaxe",
    "iron_pickaxe",
    "diamond_pickaxe",
    "wood_sword",
    "stone_sword",
    "iron_sword",
    "diamond_sword",
    "iron_armour",
    "diamond_armour",
    "arrow",
    "torch",
)

AXES: dict[str, tuple[str, ...]] = {
    "floor": tuple(floor.name.lower() for floor in Floor),
    "mob": _creatures(),
    "passive_mob": _creatures()[:3],
    "melee_mob": _creatures()[8:16],
    "ranged_mob": _creatures()[16:],
    "spawning": ("passive", "melee", "ranged", "melee_at_night"),
    "terrain": ("ground", "water", "lava"),
    "damage": ("physical", "fire", "ice"),
    "projectile": (
        "arrow",
        "dagger",
        "fireball",
        "iceball",
        "heavy_arrow",
        "slimeball",
        "great_fireball",
        "great_iceball",
    ),
    "sword": ("none", "wood", "stone", "iron", "diamond"),
    "resource": RESOURCES,
    "material": MATERIALS,
    "recipe": RECIPES,
    "placeable": PLACEABLES,
    "ore": ("coal", "iron", "diamond", "sapphire", "ruby"),
    "tool_level": ("wood", "stone", "iron", "diamond"),
    "potion": ("healing", "poison", "mana", "mana_drain", "energy", "energy_drain"),
    "achievement": tuple(achievement.name.lower() for achievement in Achievement),
}
"""Every axis by name."""
