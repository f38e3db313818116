"""Running a level's `build` over a pool of base worlds: the core of the worker that executes level text.

This module executes no text itself: it takes a namespace in which the level has been executed already.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dicode.games.craftax.levels.advice import goal_hint
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.errors import LevelError
from dicode.games.craftax.levels.goal import Goal, as_goal
from dicode.games.craftax.levels.parse import HOOKS, describe
from dicode.games.craftax.levels.placement import rebuild_mob_map
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.techtree import implied
from dicode.games.craftax.levels.world import World

Pool = dict[str, np.ndarray]
"""Dotted array name -> array with a leading axis P."""


@dataclass(frozen=True)
class BuiltPool:
    """What a level's NumPy part yields: data only."""

    goal: Goal
    rules: Rules
    pool: Pool
    hooks: tuple[str, ...] = ()
    """Which of `HOOKS` the level defines; another worker exports them."""
    description: str = ""
    """Objective and reason from the level's docstring."""
    warnings: tuple[str, ...] = ()


def build_pool(namespace: Mapping[str, object], worlds: Mapping[str, np.ndarray], seed: int) -> BuiltPool:
    """Build every world of `worlds` ([P, ...] by name; left as they are) and read goal and rules.

    World i draws from a generator seeded by (seed, i), so a pool depends on nothing else. Raises
    LevelError for what the level asks in vain (with the number of the world as a note) and whatever
    else the level's own code raises.
    """
    goal, rules, hooks = read_parts(namespace)
    amounts = Amounts(rules)
    build = namespace.get("build")
    if build is not None and not callable(build):
        raise LevelError(f"build is {type(build).__name__}; it must be a function `def build(world: World) -> None`")
    built = []
    count = len(next(iter(worlds.values())))
    for index in range(count):
        arrays = {name: np.array(worlds[name][index]) for name in STATE_FIELDS}
        world = World(arrays, np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, index]), amounts)
        if build is not None:
            try:
                build(world)
            except Exception as error:
                error.add_note(f"in world {index} of {count}")
                raise
        built.append(finish(arrays))
    pool = {name: np.stack([arrays[name] for arrays in built]) for name in STATE_FIELDS}
    warnings = () if build is not None else ("the level has no build(world): it trains on unedited worlds",)
    return BuiltPool(goal, rules, pool, hooks, describe(str(namespace.get("__doc__") or "")), warnings)


def read_parts(namespace: Mapping[str, object]) -> tuple[Goal, Rules, tuple[str, ...]]:
    """(goal, rules, hooks) of an executed level; LevelError where a part is missing or of another type."""
    hooks = tuple(name for name in HOOKS if callable(namespace.get(name)))
    given = namespace.get("GOAL", Goal() if "success" in hooks else None)
    said = str(namespace.get("__doc__") or "")
    goal = as_goal(given)
    if goal is None:
        got = "missing" if given is None else f"{type(given).__name__}"
        raise LevelError(f"GOAL is {got}; {goal_hint(given, said)}")
    if goal.is_empty and "success" not in hooks:
        raise LevelError("GOAL asks for nothing; ask for an achievement or a quantity, or define success(state)")
    rules = namespace.get("RULES")
    if rules is None:
        return goal, Rules(), hooks
    if not isinstance(rules, Rules):
        raise LevelError(f"RULES is {type(rules).__name__}; write RULES = Rules(...)")
    return goal, rules, hooks


def finish(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One edited world in the schema's names, dtypes and order; mob map rebuilt, implied achievements marked.

    Raises LevelError for arrays that are missing, unknown, of another shape, or whose values the
    schema's dtype cannot hold.
    """
    unknown = set(arrays) - set(STATE_FIELDS)
    if unknown:
        raise LevelError(f"world.arrays has unknown entries {sorted(unknown)}; edit the arrays in place, add none")
    done = {name: _fitted(name, arrays.get(name)) for name in STATE_FIELDS}
    rebuild_mob_map(done)
    done["achievements"] |= implied(done)
    return done


def _fitted(name: str, value: object) -> np.ndarray:
    field = STATE_FIELDS[name]
    if value is None:
        raise LevelError(f"world.arrays has lost {name!r}; edit the arrays in place")
    array = np.asarray(value)
    if array.shape != field.shape:
        raise LevelError(f"{name} has shape {array.shape}, it must be {field.shape}; edit the array in place")
    if array.dtype == field.dtype:
        return array
    if array.dtype.kind not in "biuf":
        raise LevelError(f"{name} has type {array.dtype}, it must hold {field.dtype} numbers")
    with np.errstate(all="ignore"):
        cast = array.astype(field.dtype)
    if not np.array_equal(cast, array):
        raise LevelError(f"{name} has type {array.dtype} with values that {field.dtype} cannot hold")
    return cast


def pool_hash(pool: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of a pool, in the schema's order."""
    digest = hashlib.sha256()
    for name in STATE_FIELDS:
        array = np.ascontiguousarray(pool[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
