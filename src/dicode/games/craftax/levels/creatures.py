"""The game's creatures: where each lives in Craftax and what defeating it earns.

Health, terrain and spawning follow a level's rules and are read from there (`dicode.games.craftax.levels.amounts`).
Source: the constants of the `craftax` package; a test compares every entry.
"""

from dataclasses import dataclass

from dicode.games.craftax.levels.names import Achievement, Floor, Mob
from dicode.games.craftax.levels.schema import MAX_MOBS


@dataclass(frozen=True)
class Creature:
    """One row of the table; `floors` are where the game itself lets it appear."""

    mob: Mob
    achievement: Achievement
    floors: tuple[Floor, ...]

    @property
    def record(self) -> str:
        """The record of the state that holds it: `passive_mobs`, `melee_mobs` or `ranged_mobs`."""
        return MOB_RECORDS[self.mob.mob_class]


MOB_RECORDS = ("passive_mobs", "melee_mobs", "ranged_mobs")
_A, _F = Achievement, Floor

CREATURES: dict[Mob, Creature] = {
    creature.mob: creature
    for creature in (
        Creature(Mob.COW, _A.EAT_COW, (_F.OVERWORLD,)),
        Creature(Mob.BAT, _A.EAT_BAT, (_F.GNOMISH_MINES, _F.TROLL_MINES, _F.FIRE_REALM)),
        Creature(Mob.SNAIL, _A.EAT_SNAIL, (_F.DUNGEON, _F.SEWERS, _F.VAULTS)),
        Creature(Mob.ZOMBIE, _A.DEFEAT_ZOMBIE, (_F.OVERWORLD,)),
        Creature(Mob.GNOME_WARRIOR, _A.DEFEAT_GNOME_WARRIOR, (_F.GNOMISH_MINES,)),
        Creature(Mob.ORC_SOLDIER, _A.DEFEAT_ORC_SOLIDER, (_F.DUNGEON,)),
        Creature(Mob.LIZARD, _A.DEFEAT_LIZARD, (_F.SEWERS,)),
        Creature(Mob.KNIGHT, _A.DEFEAT_KNIGHT, (_F.VAULTS,)),
        Creature(Mob.TROLL, _A.DEFEAT_TROLL, (_F.TROLL_MINES,)),
        Creature(Mob.PIGMAN, _A.DEFEAT_PIGMAN, (_F.FIRE_REALM,)),
        Creature(Mob.FROST_TROLL, _A.DEFEAT_FROST_TROLL, (_F.ICE_REALM,)),
        Creature(Mob.SKELETON, _A.DEFEAT_SKELETON, (_F.OVERWORLD,)),
        Creature(Mob.GNOME_ARCHER, _A.DEFEAT_GNOME_ARCHER, (_F.GNOMISH_MINES,)),
        Creature(Mob.ORC_MAGE, _A.DEFEAT_ORC_MAGE, (_F.DUNGEON,)),
        Creature(Mob.KOBOLD, _A.DEFEAT_KOBOLD, (_F.SEWERS,)),
        Creature(Mob.KNIGHT_ARCHER, _A.DEFEAT_ARCHER, (_F.VAULTS,)),
        Creature(Mob.DEEP_THING, _A.DEFEAT_DEEP_THING, (_F.TROLL_MINES,)),
        Creature(Mob.FIRE_ELEMENTAL, _A.DEFEAT_FIRE_ELEMENTAL, (_F.FIRE_REALM,)),
        Creature(Mob.ICE_ELEMENTAL, _A.DEFEAT_ICE_ELEMENTAL, (_F.ICE_REALM,)),
    )
}
"""One row a kind. On the graveyard the necromancer's waves bring melee and ranged mobs of floors 0 to 7 in turn."""


def slots(mob: Mob) -> int:
    """How many mobs of this one's class fit on a floor."""
    return MAX_MOBS[CREATURES[mob].record]
