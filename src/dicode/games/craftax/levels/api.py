"""Craftax's levels as the sandbox sees them: the record of what their text imports and what becomes of it."""

from collections.abc import Mapping

import numpy as np

from dicode import levels as face
from dicode.games.craftax import edits
from dicode.games.craftax.levels.advice import advice
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.checks import check
from dicode.games.craftax.levels.goal import Goal, as_goal
from dicode.games.craftax.levels.goal_hints import goal_hint
from dicode.games.craftax.levels.guarded import guard
from dicode.games.craftax.levels.kinds import nearest
from dicode.games.craftax.levels.placement import rebuild_mob_map
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.techtree import implied
from dicode.games.craftax.levels.world import World
from dicode.games.host import EditWorld, Levels

_GENERATED = '''"""Objective: everything that the game offers, in a fixed world.
Why: a random level of the game's own generator.
"""
from dicode.levels import Achievement, Goal, World

WORLD_SEED = {seed}
WORLDS = {worlds}

GOAL = Goal.all_of(*Achievement)


def build(world: World) -> None:
    """Leave the generated world as it is."""
'''
_IMPORT_HINTS: Mapping[str, str] = {
    "craftax": "dicode.levels has the names of blocks, items, mobs and achievements",
    "enum": "Block, Item, Mob and Achievement come from dicode.levels",
    "heapq": "use world.distance_map, or keep a sorted list",
}


def _worlds(goal: Goal, rules: Rules) -> EditWorld:
    amounts = Amounts(rules)
    return lambda arrays, rng: World(guard(arrays), rng, amounts)


def _finish(arrays: dict[str, np.ndarray]) -> None:
    """The mob map says where the mobs are, and what a start implies is achieved."""
    rebuild_mob_map(arrays)
    arrays["achievements"] |= implied(arrays)


def _generated(seed: int, worlds: int) -> str:
    return _GENERATED.format(seed=seed, worlds=worlds)


API = Levels(
    face="dicode.levels",
    names=tuple(face.__all__),
    as_goal=as_goal,
    rules_type=Rules,
    worlds=_worlds,
    finish=_finish,
    check=check,
    generated=_generated,
    goal_wrapper="Goal.all_of",
    goal_hint=goal_hint,
    advice=advice,
    import_hints=_IMPORT_HINTS,
    nearest=nearest,
    edit=edits.edited_source,
    edit_kinds=edits.KINDS,
)
