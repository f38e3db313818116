"""XLand-MiniGrid's levels as the sandbox sees them: what their text imports and what becomes of it."""

import numpy as np

from dicode.errors import LevelError
from dicode.games.host import EditWorld, Levels
from dicode.games.xland import levels as face
from dicode.games.xland.levels.advice import advice
from dicode.games.xland.levels.checks import check
from dicode.games.xland.levels.goal import Goal, as_goal, chain_depth
from dicode.games.xland.levels.guarded import guard
from dicode.games.xland.levels.rules import Rules, productions_of
from dicode.games.xland.levels.schema import remember_start
from dicode.games.xland.levels.world import EDITS, World, set_task

_GENERATED = '''"""Objective: solve the tasks of fixed worlds.
Why: random tasks of the game's own.
"""
from dicode.games.xland.levels import Goal, World

WORLD_SEED = {seed}
WORLDS = {worlds}

GOAL = Goal.task()


def build(world: World) -> None:
    """Leave the generated world as it is."""
'''
_EDIT = """

# Small random edits, applied in order: kind, seed, number of cells.
EDITS = (
)
unedited_build = build


def build(world: World) -> None:
    \"\"\"Build the parent's world, then edit it.\"\"\"
    unedited_build(world)
    for kind, seed, cells in EDITS:
        world.edit(kind, seed, cells)
"""
_TABLE = "EDITS = (\n"


def _worlds(goal: Goal, rules: Rules) -> EditWorld:
    def begin(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> World:
        set_task(arrays, goal, rules)
        return World(guard(arrays), rng)

    return begin


def _finish(arrays: dict[str, np.ndarray]) -> None:
    """How long a chain of productions the task needs follows from the task; every trial begins as the world does."""
    remember_start(arrays)
    try:
        goal, rules = Goal.from_code(arrays["goal"].tolist()), productions_of(arrays["productions"])
    except LevelError:
        return  # the check says what is wrong with it
    arrays["depth"][...] = chain_depth(goal, rules)


def _generated(seed: int, worlds: int) -> str:
    return _GENERATED.format(seed=seed, worlds=worlds)


def goal_hint(given: object, said: str) -> str:
    """How a goal is written."""
    if isinstance(given, str):
        return f"GOAL is a call such as Goal.near({given!r}), Goal.hold({given!r}) or Goal.together({given!r}, ...)"
    return "write GOAL = Goal.near('blue ball'), Goal.hold(...), Goal.together(...), Goal.on(...), Goal.place(...) or Goal.reach(...)"


def edited_source(source: str, kind: str, seed: int, cells: int) -> str:
    """The text of a level with one more edit."""
    text = source if _TABLE in source else source.rstrip() + "\n" + _EDIT
    head, _, tail = text.partition(_TABLE)
    rows, _, rest = tail.partition(")\nunedited_build")
    return f'{head}{_TABLE}{rows}    ("{kind}", {seed}, {cells}),\n)\nunedited_build{rest}'


API = Levels(
    face="dicode.games.xland.levels",
    names=tuple(face.__all__),
    as_goal=as_goal,
    rules_type=Rules,
    worlds=_worlds,
    finish=_finish,
    check=check,
    advice=advice,
    generated=_generated,
    goal_hint=goal_hint,
    import_hints={"xminigrid": "dicode.games.xland.levels has the names of tiles and colours"},
    edit=edited_source,
    edit_kinds=EDITS,
)
