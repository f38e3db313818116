"""What the game pays for each achievement, once an episode."""

from dicode.games.craftax.levels.names import Achievement as _A

_INTERMEDIATE = {
    *range(_A.MAKE_DIAMOND_SWORD, _A.ENTER_SEWERS),
    *range(_A.DEFEAT_GNOME_WARRIOR, _A.DEFEAT_LIZARD),
    *range(_A.EAT_BAT, _A.LEARN_FIREBALL),
    *range(_A.COLLECT_RUBY, _A.ENCHANT_SWORD),
}
_VERY_ADVANCED = {_A.ENTER_FIRE_REALM, _A.ENTER_ICE_REALM, _A.ENTER_GRAVEYARD, *range(_A.DEFEAT_PIGMAN, _A.EAT_BAT)}


def _worth(achievement: _A) -> int:
    if achievement <= _A.PLACE_TORCH:
        return 1
    return 3 if achievement in _INTERMEDIATE else 8 if achievement in _VERY_ADVANCED else 5


WORTH: dict[_A, int] = {achievement: _worth(achievement) for achievement in _A}
"""By achievement: 1 (basic), 3 (intermediate), 5 (advanced) or 8 (very advanced)."""

MAX_RETURN = sum(WORTH.values())
"""The highest return of the unmodified game but for health: every achievement."""
