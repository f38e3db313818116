"""What is counted: kinds of things collected and placed in an episode, and the numbers of a tool.

The order of kinds is that of the counters in the step's events and of the goal's quantities.
"""

COLLECTABLES: tuple[str, ...] = ("wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "sapling")
"""Kinds that can be gathered from the world with the action DO or found in a chest."""

PLACEABLES: tuple[str, ...] = ("stone", "table", "furnace", "plant", "torch")
"""Kinds that can be put into the world."""

_OF_TOOLS = ("none", "wood", "stone", "iron", "diamond")
TIERS = {"pickaxe": _OF_TOOLS, "sword": _OF_TOOLS, "armour": ("none", "iron", "diamond"), "bow": ("none", "bow")}
"""What the numbers of a tool are called, from 0 on."""


def tier(tool: str, material: str) -> int:
    """The number of a tool of that material, and 0 for what there is not: `tier("armour", "iron")` is 1."""
    names, material = TIERS.get(tool, ()), "wood" if material == "wooden" else material
    return names.index(material) if material in names else 0
