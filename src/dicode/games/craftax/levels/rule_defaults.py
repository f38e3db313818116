"""Craftax's own numbers, where a table needs more room than a line."""

import numpy as np

from dicode.games.craftax.levels.names import ATTRIBUTE_OF, Achievement
from dicode.games.craftax.levels.worth import WORTH

FLOOR_KIND = np.array([[0] * 3, [2] * 3, [1] * 3, [2, 3, 3], [2, 4, 4], [1, 5, 5], [1, 6, 6], [1, 7, 7], [0] * 3])
"""[floor, class]: which type of passive, melee and ranged mob lives there."""

SPAWN_CHANCE = np.tile(np.array([0.1, 0.06, 0.05, 0.0]), (9, 1))
SPAWN_CHANCE[0] = 0.1, 0.02, 0.05, 0.1
SPAWN_CHANCE[7, 0] = 0.0

# Classes of eight types each: passive, melee, ranged. Passive types above 2 do not exist.
MOB_HEALTH = np.array(
    [3, 4, 6, 8, 1, 1, 1, 1, 5, 7, 9, 11, 12, 20, 20, 24, 3, 5, 6, 8, 12, 4, 14, 16], dtype=np.float32
)

MOB_DEFENCE = np.zeros((24, 3))
MOB_DEFENCE[[8 + 4, 16 + 4], 0] = 0.5
MOB_DEFENCE[8 + 5, 0] = 0.2
MOB_DEFENCE[[8 + 6, 16 + 6]] = 0.9, 1.0, 0.0
MOB_DEFENCE[[8 + 7, 16 + 7]] = 0.9, 0.0, 1.0

MOB_BLOCKED_BY = np.tile(np.array([0, 1, 1]), (24, 1))
MOB_BLOCKED_BY[1] = 0  # bats fly
MOB_BLOCKED_BY[8 + 3] = 0, 0, 1  # lizards swim
MOB_BLOCKED_BY[16 + 5] = 1, 0, 1  # deep things live in water
MOB_BLOCKED_BY[[16 + 6, 16 + 7]] = 0  # elementals fly

MELEE_DAMAGE = np.array(
    [[2, 0, 0], [4, 0, 0], [3, 0, 0], [5, 0, 0], [6, 0, 0], [6, 1, 1], [3, 5, 0], [4, 0, 5]], dtype=np.float32
)
PROJECTILE_DAMAGE = np.array(
    [[2, 0, 0], [4, 0, 0], [0, 3, 0], [0, 0, 3], [5, 0, 0], [4, 3, 3], [3, 5, 0], [4, 0, 5]], dtype=np.float32
)
SHOOTS = np.array([0, 0, 2, 1, 4, 5, 6, 7])

RECIPE_COST = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
        [1, 0, 0, 0, 3, 0, 0],
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
        [1, 0, 0, 0, 2, 0, 0],
        [0, 0, 3, 3, 0, 0, 0],
        [0, 0, 0, 0, 3, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 0, 1, 0, 0, 0, 0],
    ]
)
"""[recipe, (wood, stone, coal, iron, diamond, sapphire, ruby)]."""
NEEDS_FURNACE = np.isin(np.arange(12), [2, 6, 8]).astype(np.int32)

MAXIMA = (
    ("health", 8, 1, ATTRIBUTE_OF["health"]),
    ("food", 7, 2, ATTRIBUTE_OF["food"]),
    ("drink", 7, 2, ATTRIBUTE_OF["drink"]),
    ("energy", 7, 2, ATTRIBUTE_OF["energy"]),
    ("mana", 6, 3, ATTRIBUTE_OF["mana"]),
)
"""Vital, highest value without and per point of the attribute."""

RATES = (
    ("hunger_awake", 1.0, "Hunger gained while awake."),
    ("hunger_asleep", 0.5, "Hunger gained while asleep."),
    ("thirst_awake", 1.0, "Thirst gained while awake."),
    ("thirst_asleep", 0.5, "Thirst gained while asleep."),
    ("fatigue_awake", 1.0, "Fatigue gained while awake."),
    ("energy_asleep", 1.0, "Fatigue lost while asleep."),
    ("recovery_awake", 1.0, "Progress towards more health while awake and provided for."),
    ("recovery_asleep", 2.0, "Progress towards more health while asleep and provided for."),
    ("recovery_resting", 1.0, "Progress towards more health while resting and provided for."),
    ("starvation_awake", 1.0, "Progress towards less health while awake and in want."),
    ("starvation_asleep", 0.5, "Progress towards less health while asleep and in want."),
    ("mana_awake", 1.0, "Progress towards more mana while awake."),
    ("mana_asleep", 2.0, "Progress towards more mana while asleep."),
)
LIMITS = (
    ("hunger_limit", 25.0, "Hunger above this costs food."),
    ("thirst_limit", 20.0, "Thirst above this costs drink."),
    ("fatigue_limit", 30.0, "Fatigue above this costs energy."),
    ("energy_limit", 10.0, "Rest (fatigue below zero) beyond this gives energy."),
    ("recovery_limit", 25.0, "Progress beyond this gives health."),
    ("starvation_limit", 15.0, "Want beyond this costs health."),
    ("mana_limit", 30.0, "Progress beyond this gives mana."),
)
STEPS = (
    ("food_loss", 1, "food", "Food lost at once."),
    ("drink_loss", 1, "drink", "Drink lost at once."),
    ("energy_loss", 1, "energy", "Energy lost at once."),
    ("energy_gain", 1, "energy", "Energy gained at once."),
    ("health_gain", 1, "health", "Health gained at once."),
    ("health_loss", 1, "health", "Health lost at once."),
    ("mana_gain", 1, "mana", "Mana gained at once."),
)

CHEST_RULES = (
    ("chest_torches", 0.6, "Chance of torches in a chest."),
    ("chest_ore", 0.6, "Chance of ore in a chest."),
    ("chest_potion", 0.5, "Chance of a potion in a chest."),
    ("chest_arrows", 0.25, "Chance of arrows in a chest."),
    ("chest_tool", 0.2, "Chance of a pickaxe or a sword in a chest."),
)
CHEST_CHANCES = tuple(name for name, _, _ in CHEST_RULES)
CHEST_AMOUNTS = (
    ("chest_torches_least", 4, "Fewest torches found."),
    ("chest_torches_most", 7, "Most torches found."),
    ("chest_potion_least", 1, "Fewest potions found."),
    ("chest_potion_most", 2, "Most potions found."),
    ("chest_arrows_least", 1, "Fewest arrows found."),
    ("chest_arrows_most", 4, "Most arrows found."),
)

ACHIEVEMENT_REWARD = np.array([WORTH[achievement] for achievement in Achievement], np.float32)
