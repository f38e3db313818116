"""A level as the grammar thinks of it: what is asked, how much help there is, and where it takes place.

A `Plan` is what the moves change and what the printer prints. Plans are values; two equal plans print
the same source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from dicode.levels import Achievement, Block, Floor, Mob


class Help(IntEnum):
    """How much of the way to the goal a level takes off the agent; the ladder of scaffolds."""

    GAME = 0
    """The target's own situation: nothing is changed but the goal."""
    BARE = 1
    """The right floor with what a player usually brings there; the world as generated."""
    TOOLS = 2
    """The tools in hand; what they work on is near, the materials have to be gathered."""
    NEAR = 3
    """Tools and most materials in hand, stations and targets a few steps away, fewer enemies."""
    HANDED = 4
    """Everything in hand and within reach: the goal's own act is all that is left."""


class Site(StrEnum):
    """What the ground around the player is like."""

    WILD = "wild"
    """As generated."""
    CLEARING = "clearing"
    """Open ground; the rest of the floor as generated."""
    ARENA = "arena"
    """A closed room: what is inside stays near."""


@dataclass(frozen=True)
class Near:
    """Blocks that stand within some steps of the player."""

    block: Block
    count: int
    low: int
    high: int


@dataclass(frozen=True)
class Crowd:
    """Creatures within some steps of the player."""

    mob: Mob
    count: int
    low: int
    high: int


@dataclass(frozen=True)
class Plan:
    """One level. Mappings are never changed in place; see `changed`."""

    achievements: tuple[Achievement, ...]
    minimum: Mapping[str, float] = field(default_factory=dict)
    """Quantities of the goal, as in `Goal.minimum`."""
    help: Help = Help.NEAR
    floor: Floor = Floor.OVERWORLD
    ladder: tuple[int, int] | None = None
    """Start this many steps from the floor's ladder down, near oftener than far."""
    yard: int = 0
    """Half of the worlds begin in a closed yard around the ladder, of at most this radius; 0: none does."""
    kills: int | None = None
    """Monsters already defeated on the start floor; eight open the ladder in the game."""
    kit: Mapping[str, int] = field(default_factory=dict)
    """Inventory at the start; `armour` and `potions` are one number for all pieces and colours."""
    player: Mapping[str, float | str | bool] = field(default_factory=dict)
    """Vitals, attributes, spells and enchantments at the start."""
    blocks: tuple[Near, ...] = ()
    mobs: tuple[Crowd, ...] = ()
    rules: Mapping[str, float] = field(default_factory=dict)
    time_of_day: float | None = None
    lit: bool = False
    """Whether the start floor is lit up."""
    site: Site = Site.WILD
    radius: int = 3
    """Size of the clearing or arena around the player."""
    boss_hits: int | None = None
    """Hits on the necromancer already landed, of the eight that it takes."""
    mechanic: str = ""
    """A key of `mechanics.MECHANICS`, or empty."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The mechanic's numbers."""
    guessed: bool = False
    """The level is somebody else's, and its help a guess."""
    patient: bool = False
    """Episodes are as long as the run allows, however much help there is."""
    moved: str = ""
    """The move that made it."""
    start: str = ""
    """The reached state that it starts from; empty for a fresh world."""

    @property
    def focus(self) -> Achievement | None:
        """The achievement that the level is about: the deepest one asked for."""
        from dicode.games.craftax.levels.techtree import depth

        return max(self.achievements, key=lambda a: (depth(a), a), default=None)

    def changed(self, **changes: object) -> "Plan":
        """A copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]
