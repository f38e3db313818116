"""What the environment counts per episode beside kills: kinds of things collected and placed.

The order is that of the counters in the step's events and of the goal's quantities.
"""

COLLECTABLES: tuple[str, ...] = ("wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "sapling")
"""Kinds that can be gathered from the world with the action DO or found in a chest."""

PLACEABLES: tuple[str, ...] = ("stone", "table", "furnace", "plant", "torch")
"""Kinds that can be put into the world."""
