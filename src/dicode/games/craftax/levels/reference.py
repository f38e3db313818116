"""The reference of the level API, generated from docstrings and tables so that it cannot drift.

`reference()` is the page docs/level-api.md, `compact()` the same in a fraction of the size. Write the
page anew with `python -c "from dicode.games.craftax.levels.reference import write; write('docs/level-api.md')"`.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dicode.games.craftax import library
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.field_meanings import meaning
from dicode.games.craftax.levels.goal import QUANTITY_TABLE, Goal
from dicode.games.craftax.levels.names import Achievement, Block, Floor, Item
from dicode.games.craftax.levels.player import Inventory, Player
from dicode.games.craftax.levels.rule_spec import reference as rule_lines
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.techtree import REQUIREMENTS, depth, prerequisites
from dicode.games.craftax.levels.world import World
from dicode.games.level_text import parse_level
from dicode.types import Rejected

EXAMPLE = "zombie_duel"
HOOK_EXAMPLE = "mana_curse"


def reference() -> str:
    """The whole reference as Markdown."""
    return "\n\n".join(_sections()) + "\n"


def compact() -> str:
    """Calls with one sentence each, quantities by name: the level API in about a page."""
    lines = [f"- `{prefix}.{name}{_signature(member)}`: {_first(member)}" for prefix, name, member in _members()]
    names = ", ".join(quantity.name for quantity in QUANTITY_TABLE)
    return "\n".join([*lines, f"- quantities: {names}"]) + "\n"


def write(path: Path | str) -> None:
    """Write the reference to a file."""
    Path(path).write_text(reference(), encoding="utf-8")


def _sections() -> Iterator[str]:
    yield "# The level API"
    yield (
        "Generated from the code; do not edit. A level is one Python file: a docstring with `Objective:` and `Why:`, "
        "a `GOAL`, optionally `RULES`, and a function `build(world)` that edits one freshly generated nine-floor "
        "world in place. It imports `dicode.levels`, `numpy` and, for hooks, `jax` and `jax.numpy`."
    )
    yield f"```python\n{library.source(EXAMPLE).strip()}\n```"
    yield (
        "In a run with `method.frontier` above 0 a level may begin where the agent was: with "
        '`START = Frontier("0123456789ab")` on a line of its own, the id of a state that the run keeps, `build` edits that '
        "state instead of a fresh world."
    )
    yield "## Goal\n\n" + _doc(Goal)
    yield "\n".join(_entries("Goal", Goal, _GOAL_CALLS))
    yield "Quantities that a goal can put a minimum on:"
    yield "\n".join(["| quantity | largest minimum | meaning |", "|---|---|---|", *map(_quantity_row, QUANTITY_TABLE)])
    yield "## World\n\n" + _doc(World)
    yield "\n".join(_entries("world", World))
    yield "## Player\n\n" + _doc(Player)
    yield "\n".join(_entries("world.player", Player))
    yield "### Inventory\n\n" + _doc(Inventory)
    yield "\n".join(_entries("world.player.inventory", Inventory))
    yield "## Rules\n\n" + _RULES
    yield "\n".join(_spaced(rule_lines()))
    yield "## Hooks\n\n" + _HOOKS
    yield f"```python\n{library.source(HOOK_EXAMPLE).strip()}\n```"
    yield "Fields of the state:"
    yield "\n".join(["| field | shape | type | range | meaning |", "|---|---|---|---|---|", *_field_rows()])
    yield "## What each achievement takes"
    yield "\n".join(
        ["| achievement | worth | depth | act | usually before |", "|---|---|---|---|---|", *_achievement_rows()]
    )
    yield "## Names"
    yield f"Blocks: {', '.join(block.name for block in Block if block > Block.OUT_OF_BOUNDS)}."
    yield f"Items: {', '.join(item.name for item in Item)}."
    yield f"Floors: {', '.join(f'{floor.value} {floor.name}' for floor in Floor)}."
    yield "Mobs, with the floors that they come to by themselves:"
    yield "\n".join(f"- {mob.name}: {', '.join(f.name for f in row.floors)}" for mob, row in CREATURES.items())
    yield "## The library"
    yield "\n".join(["| level | objective |", "|---|---|", *_library_rows()])


_GOAL_CALLS = ("all_of", "at_least", "survive", "reach_floor", "hold", "defeat", "collect", "place")
_RULES = (
    "`Rules(name=value, ...)` changes the game's numbers in this level; what is not named stays as in Craftax. A "
    "*multiplier* scales numbers, everything else replaces one. A table takes one number for all its entries or a "
    'dict from label to number: `Rules(mob_health={"zombie": 2}, recipe_cost={"iron_pickaxe": {"iron": 0}})`.'
)
_HOOKS = (
    "A level may change the game itself with functions in JAX, written for one environment and without Python "
    "control flow on values: `transition(before, action, after, key) -> after` changes what a step has done, "
    "`success(state) -> bool` adds a condition to the goal, `bonus(before, action, after) -> float` shapes the "
    "reward. States are read-only records; `state.replace(name=value)` makes a changed one."
)


def _members() -> Iterator[tuple[str, str, object]]:
    for prefix, owner in (
        ("Goal", Goal),
        ("world", World),
        ("world.player", Player),
        ("world.player.inventory", Inventory),
    ):
        for name, member in _public(owner):
            if owner is not Goal or name in _GOAL_CALLS:
                yield prefix, name, member


def _public(owner: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(owner).items():
        plain = member.__func__ if isinstance(member, staticmethod | classmethod) else member
        if not name.startswith("_") and (inspect.isfunction(plain) or isinstance(plain, property)):
            yield name, plain


def _entries(prefix: str, owner: type, only: tuple[str, ...] = ()) -> Iterator[str]:
    for name, member in _public(owner):
        if not only or name in only:
            text = " ".join((inspect.getdoc(member) or "").split())
            yield f"- `{prefix}.{name}{_signature(member)}`: {text}"


def _signature(member: object) -> str:
    """Names and defaults of a function's parameters; nothing for an attribute."""
    if not inspect.isfunction(member):
        return ""
    function: Callable[..., object] = member
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        many, named = parameter.kind is parameter.VAR_POSITIONAL, parameter.kind is parameter.VAR_KEYWORD
        star = "*" * (many + 2 * named)
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(f"{star}{parameter.name}{default}")
    return f"({', '.join(shown)})"


def _first(member: object) -> str:
    return re.split(r"(?<=[.!?]) ", " ".join((inspect.getdoc(member) or "").split()))[0]


def _doc(owner: type) -> str:
    return (inspect.getdoc(owner) or "").strip()


def _quantity_row(quantity: object) -> str:
    name, high, sentence = (getattr(quantity, field) for field in ("name", "high", "sentence"))
    return f"| `{name}` | {high:g} | {sentence} |"


def _spaced(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"\n{line}\n" if line.startswith("#") else line


def _field_rows() -> Iterator[str]:
    for name, field in STATE_FIELDS.items():
        shape = " x ".join(map(str, field.shape)) or "number"
        yield f"| `{name}` | {shape} | {field.dtype} | {field.low:g} to {field.high:g} | {meaning(name)} |"


def _achievement_rows() -> Iterator[str]:
    for achievement in sorted(Achievement, key=lambda each: (depth(each), each)):
        row = REQUIREMENTS[achievement]
        spent = ", ".join(f"{count} {item}" for item, count in row.spends.items())
        act = row.act if not spent or spent in row.act else f"{row.act} (takes {spent})"
        before = ", ".join(sorted(parent.name for parent in prerequisites(achievement)))
        yield f"| {achievement.name} | {row.worth} | {depth(achievement)} | {act} | {before} |"


def _library_rows() -> Iterator[str]:
    for name, source in library.load():
        level = parse_level(source)
        if not isinstance(level, Rejected):
            yield f"| `{name}`{' (seed)' if name in library.SEEDS else ''} | {level.objective} |"
