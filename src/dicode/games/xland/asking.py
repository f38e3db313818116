"""What a foundation model is told of XLand-MiniGrid, filled from the game's own tables and docstrings."""

import inspect
from functools import cache, partial

from dicode.games import templates
from dicode.games.host import Prompts
from dicode.games.xland.levels.goal import ACHIEVEMENTS, Goal
from dicode.games.xland.levels.names import COLOURS, MAX_RULES, OBJECTS, SIZE, SMALLEST, Thing, Tile
from dicode.games.xland.levels.rules import Rule
from dicode.games.xland.levels.world import World
from dicode.types import Brief, RunFacts

_TWISTS = (
    "Make the chain of productions one longer, or one shorter.",
    "Add a production that spends what is needed, if one lets it.",
    "Add objects that differ from the needed one in colour or shape alone.",
    "Cut the grid into rooms, or take the walls away.",
    "Lock a door, or hide it, and let its key be found or made.",
    "Ask for another kind of goal about the same things.",
    "Use a production of another kind: together, near, hold.",
    "Let sides matter, in a production or in the goal.",
)
_CHANGES = (
    "Let things lie about that differ from the needed ones in colour or shape.",
    "Let there be two things more that nothing needs.",
    "Let the grid be a little larger or smaller.",
    "Let a wall be where there was none, or take one away.",
)
_TASKS = {
    "design": "You design training levels for an agent that learns to play XLand-MiniGrid by reinforcement learning.",
    "code": "You program training levels for an agent that plays XLand-MiniGrid, from descriptions.",
    "level": "You write training levels for an agent that learns to play XLand-MiniGrid by reinforcement learning.",
    "compact": "You write small training levels for an agent that learns to play XLand-MiniGrid.",
    "sketch": "You write small training levels for an agent that learns to play XLand-MiniGrid, each as a change to a sketch.",
}
_ANSWERS = {
    "design": (
        "Reason first between <reasoning> and </reasoning>: what can the agent do, where does it fail, which one thing should this "
        "level train? Then write the level's description between <description> and </description>, in at most 250 words and precise "
        "enough that a programmer who knows nothing else can write the level: objective, grid, things, productions, goal, and why it helps."
    ),
    "code": "Only the level file, in one ```python block.",
    "level": "Reason briefly, then give the level file in one ```python block.",
    "compact": "Only the level file, in one ```python block.",
    "sketch": "Only the level file, in one ```python block.",
}
_fill = partial(templates.fill, "dicode.games.xland")
_EXAMPLE = templates.template("dicode.games.xland", "example")


def system(kind: str, brief: Brief) -> str:
    """The system message of a kind of prompt; see `Prompts.system`. This game's levels have no use for hooks, so none are spoken of."""
    return _fill(
        "system",
        task=_TASKS[kind],
        example=_EXAMPLE.strip(),
        game=_game(brief.target is not None, _pays(brief.facts)),
        api=_api(brief.goal_only),
        answer=_ANSWERS[kind],
    )


def _pays(facts: RunFacts | None) -> str:
    """What the goal of a level does and pays."""
    ends = "One goal ends the episode" if facts is None or facts.after_goal == "end" else "One goal is asked for, once"
    share = "1 less 0.9 times the share of the episode's steps that it took"
    return f"{ends}; {f'the reward is {share}' if facts is None or facts.reward == 'game' else 'it alone pays'}."


@cache
def _game(own: bool, pays: str) -> str:
    others = [tile for tile in Tile if tile not in OBJECTS and tile not in (Tile.EMPTY, Tile.FLOOR)]
    return _fill(
        "game",
        smallest=str(SMALLEST),
        size=str(SIZE),
        view="5",
        objects=_shapes(OBJECTS),
        others=_shapes(tuple(others)),
        colours=", ".join(colour.name.lower() for colour in COLOURS),
        pays=pays,
        measured=_measured(own),
    )


def _measured(own: bool) -> str:
    """On what the agent is measured, its own target or the benchmark."""
    if own:
        return f"one level, the target of this run. What can be achieved on a level: {' '.join(ACHIEVEMENTS)}."
    return (
        "tasks of grids with 9 to 13 cells a side, one to four rooms, chains of 0 to 3 productions, productions and things that "
        f"mislead. What it can achieve there: {' '.join(ACHIEVEMENTS)}. Each depth is a quarter of the tasks."
    )


def _shapes(tiles: tuple[Tile, ...]) -> str:
    return ", ".join(str(Thing(tile, COLOURS[0])).split(" ", 1)[1] for tile in tiles)


@cache
def _api(goal_only: bool) -> str:
    makers = [*_entries(Goal, classmethod), *_entries(Rule, classmethod), *_entries(World, object)]
    alone = "\nIn this run a level may set a goal alone; a game of things on a grid has none that would do, so use Goal.task()."
    return _fill("api", api="\n".join(makers), most_rules=str(MAX_RULES), goal_only=alone if goal_only else "")


def _entries(owner: type, kind: type) -> list[str]:
    """The public makers of a class, or all its public methods, with the first paragraph of what is said of each."""
    found = []
    for name, member in vars(owner).items():
        plain = member.__func__ if isinstance(member, classmethod) else member
        hidden = name.startswith(("_", "from_", "to_")) or name in ("edit", "one_of", "set_up")
        if hidden or not inspect.isfunction(plain) or not isinstance(member, kind):
            continue
        parameters = list(inspect.signature(plain).parameters.values())[1:]
        call = ", ".join(str(each.replace(annotation=inspect.Parameter.empty)) for each in parameters)
        said = " ".join((inspect.getdoc(plain) or "").split("\n\n")[0].split())
        prefix = "world" if owner is World else owner.__name__
        found.append(f"- `{prefix}.{name}({call})`: {said}")
    return found


def _prerequisites(name: str) -> tuple[str, ...]:
    """Achievements that one needs directly."""
    index = ACHIEVEMENTS.index(name)
    chains = {
        "MAKE_TWO": ("MAKE_ONE",),
        "MAKE_THREE": ("MAKE_TWO",),
        "PUT_DOWN": ("PICK_UP",),
        "UNLOCK_DOOR": ("PICK_UP",),
    }
    if name.startswith("SOLVE_DEPTH_") and not name.endswith("0"):
        return (ACHIEVEMENTS[index - 1],)
    return chains.get(name, ())


def lesson(name: str, goal_only: bool) -> str:
    """What trains an achievement and how its goal is written, be it alone or not."""
    if name.startswith("SOLVE_DEPTH_"):
        depth = name.removeprefix("SOLVE_DEPTH_")
        return f"a chain of {depth} productions that ends in the goal's thing, as in Goal.near(...) or Goal.hold(...)\n"
    words = {
        "PICK_UP": "taking one thing among others; its goal may be Goal.hold(...)",
        "PUT_DOWN": "carrying a thing to another; its goal may be Goal.together(...)",
        "OPEN_DOOR": "a thing in another room; its goal may be Goal.near(...) after world.rooms(1, 2)",
        "UNLOCK_DOOR": "a thing behind a locked door with its key in reach; its goal may be Goal.near(...)",
    }
    return words.get(name, "productions in a chain; its goal may be Goal.near(...) of what is made last") + "\n"


PROMPTS = Prompts(system, _EXAMPLE, _TWISTS, _prerequisites, lesson, _CHANGES)
