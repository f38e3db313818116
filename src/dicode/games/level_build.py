"""Running a level's `build` over a pool of base worlds: the core of the worker that executes level text.

This module executes no text itself: it takes a namespace in which the level has been executed already.
"""

from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import CodeType, FunctionType
from typing import Any, TypeGuard

import numpy as np

from dicode.errors import LevelError
from dicode.games import start
from dicode.games.host import Field, Goal, HostGame, Levels, Rules, WorldArrays
from dicode.games.level_text import HOOKS, READ, describe

Pool = dict[str, np.ndarray]
"""Dotted array name -> array with a leading axis P."""
_SPELLED_ALIKE = 0.8


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


def build_pool(game: HostGame, namespace: Mapping[str, object], worlds: WorldArrays, seed: int) -> BuiltPool:
    """Build every world of `worlds` ([P, ...] by name; left as they are) and read goal and rules.

    World i draws from a generator seeded by (seed, i), so a pool depends on nothing else. Raises
    LevelError for what the level asks in vain (with the number of the world as a note) and whatever
    else the level's own code raises.
    """
    levels = game.levels()
    start.require(game, namespace, worlds)
    goal, rules, hooks = read_parts(game, namespace)
    edit = levels.worlds(goal, rules)
    build = namespace.get("build")
    if build is not None and not callable(build):
        raise LevelError(f"build is {type(build).__name__}; it must be a function `def build(world: World) -> None`")
    built = []
    count = game.num_worlds(worlds)
    for index in range(count):
        arrays = {name: np.array(worlds[name][index]) for name in game.fields}
        world = edit(arrays, np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, index]))
        if build is not None:
            try:
                _require_run(build(world))
            except Exception as error:
                error.add_note(f"in world {index} of {count}")
                raise
        built.append(finish(game, arrays, levels))
    pool = {name: np.stack([arrays[name] for arrays in built]) for name in game.fields}
    warnings = () if build is not None else ("the level has no build(world): it trains on unedited worlds",)
    return BuiltPool(goal, rules, pool, hooks, describe(str(namespace.get("__doc__") or "")), warnings)


def _require_run(returned: object) -> None:
    """Raise LevelError where `build` returned instead of running its body."""
    if isinstance(returned, (Awaitable, Iterator)):
        what = "async" if isinstance(returned, Awaitable) else "yield"
        raise LevelError(
            f"build has {what}, so its body does not run: write def build(world: World) -> None without it"
        )


def read_parts(game: HostGame, namespace: Mapping[str, object]) -> tuple[Goal, Rules, tuple[str, ...]]:
    """(goal, rules, hooks) of an executed level; LevelError where a part is missing or of another type."""
    levels = game.levels()
    hooks = tuple(name for name in HOOKS if callable(namespace.get(name)))
    for name, kind in (("RULES", levels.rules_type), ("START", start.Frontier)):
        _require_name(namespace, name, kind)
    _require_hook_names(namespace, hooks)
    given = namespace.get("GOAL", game.no_goal if "success" in hooks else None)
    said = str(namespace.get("__doc__") or "")
    goal = levels.as_goal(given)
    if goal is None:
        got = "missing" if given is None else f"{type(given).__name__}"
        raise LevelError(f"GOAL is {got}; {levels.goal_hint(given, said)}")
    if goal.is_empty and "success" not in hooks:
        raise LevelError("GOAL asks for nothing; ask for an achievement or a quantity, or define success(state)")
    rules: Any = namespace.get("RULES")
    if rules is None:
        return goal, levels.rules_type(), hooks
    if not isinstance(rules, levels.rules_type):
        raise LevelError(f"RULES is {type(rules).__name__}; write RULES = Rules(...)")
    return goal, rules, hooks


def _require_name(namespace: Mapping[str, object], name: str, kind: type) -> None:
    """Raise LevelError where a level assigns a `kind` to another name than the one by which alone it is read."""
    other = next((each for each, value in namespace.items() if isinstance(value, kind)), "")
    if name not in namespace and other:
        raise LevelError(
            f"{other} is {kind.__name__}(...), which is read by the name {name} alone",
            hint=f"write {name} = {kind.__name__}(...)",
        )


def _require_hook_names(namespace: Mapping[str, object], hooks: Sequence[str]) -> None:
    """Raise LevelError for a function that nobody calls and that looks like a hook under another name."""
    own = {name: value for name, value in namespace.items() if _is_own(value, namespace)}
    used = {read for function in own.values() for read in _names_in(function.__code__)}
    for name, function in own.items():
        code = function.__code__
        parameters = code.co_varnames[: code.co_argcount]
        if name in READ or name in used or _is_kept(function, namespace):
            continue
        for hook, needs in HOOKS.items():
            alike = len(parameters) == len(needs) and get_close_matches(name.lower(), [hook], cutoff=_SPELLED_ALIKE)
            if hook not in hooks and (parameters == needs or alike):
                raise LevelError(
                    f"{name}({', '.join(parameters)}) is a function that nobody calls; did you mean the hook {hook!r}?",
                    hint=f"write def {hook}({', '.join(needs)}); if it is no hook, take it out",
                )


def _is_own(value: object, namespace: Mapping[str, object]) -> TypeGuard[FunctionType]:
    """Whether it is a function that the level's text defines."""
    return isinstance(value, FunctionType) and value.__globals__ is namespace


def _is_kept(function: FunctionType, namespace: Mapping[str, object]) -> bool:
    """Whether a level holds a function in another way than by its name alone: in a table, or by a second name."""
    by_name = sum(value is function for value in namespace.values())
    tables = [value for value in namespace.values() if isinstance(value, (list, tuple, dict))]
    return by_name > 1 or any(function is part for table in tables for part in _parts(table))


def _parts(table: list[object] | tuple[object, ...] | dict[object, object]) -> Iterable[object]:
    return table.values() if isinstance(table, dict) else table


def _names_in(code: CodeType) -> Iterator[str]:
    """The names that a function reads, and those that functions inside of it read."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def finish(game: HostGame, arrays: Mapping[str, object], levels: Levels) -> Pool:
    """One edited world in the fields' names, dtypes and order, with what follows from the rest put in place.

    Raises LevelError for arrays that are missing, unknown, of another shape, or whose values the
    field's dtype cannot hold.
    """
    unknown = set(arrays) - set(game.fields)
    if unknown:
        raise LevelError(f"world.arrays has unknown entries {sorted(unknown)}; edit the arrays in place, add none")
    done = {name: _fitted(name, field, arrays.get(name)) for name, field in game.fields.items()}
    levels.finish(done)
    return done


def _fitted(name: str, field: Field, value: object) -> np.ndarray:
    if value is None:
        raise LevelError(f"world.arrays has lost {name!r}; edit the arrays in place")
    array = np.array(value)  # a copy of its own: the world's is read-only
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


def schema_fault(fields: Mapping[str, Field], pool: WorldArrays) -> str:
    """What makes a pool differ from a game's fields: names, dtypes, shapes, ranges; empty where nothing does."""
    if set(pool) != set(fields):
        return f"the pool's arrays are not the schema's: {sorted(set(pool) ^ set(fields))[:5]}"
    count = len(next(iter(pool.values())))
    for name, field in fields.items():
        array = pool[name]
        if array.dtype != field.dtype or array.shape != (count, *field.shape):
            return f"{name} is {array.dtype}{array.shape}; it must be {field.dtype}{(count, *field.shape)}"
        if array.size and not (array.min() >= field.low and array.max() <= field.high):
            return f"{name} holds {array.min()} to {array.max()}; allowed is {field.low:g} to {field.high:g}"
    return ""
