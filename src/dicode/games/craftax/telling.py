"""Words for what a step of Craftax tells: what ended a game, and what steps are spent on."""

from dicode.games.craftax.levels.names import Mob

ENDINGS = (
    "another cause",
    "hunger",
    "thirst",
    "exhaustion",
    *(mob.name.lower().replace("_", " ") for mob in Mob if mob.mob_class > 0),
)
"""What the player died of; monsters in the order of their kinds, each for its projectiles too."""

OCCUPATIONS = ("walking", "walking into things", "hands", "waiting", "asleep", "resting", "else")
"""What a step went to. `hands`: the action DO, whatever it met; `else`: crafting, placing, shooting, magic."""

SEES = "9 x 11 cells around the player (blocks, items, creatures, light), inventory, vitals, daylight, and the goal"
"""What the agent observes."""
