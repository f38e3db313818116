"""What a foundation model is told of Craftax: the fixed half of every prompt, filled from the game's own tables."""

from functools import partial

from dicode.games import templates
from dicode.games.craftax import facts
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.techtree import REQUIREMENTS, prerequisites
from dicode.games.host import Prompts
from dicode.levels import Achievement, Floor

_TWISTS = (
    "Change where or when the player starts.",
    "Change what the player holds at the start.",
    "Change the terrain around the player: rooms, walls, water, a maze, scattered ore.",
    "Chain two achievements that belong together.",
    "Change the creatures: which, how many, how near.",
    "Ask for a quantity rather than for a single achievement.",
    "Change a rule of the game so that the lesson shows more clearly.",
    "Set the lesson in a place that is closer to the unmodified game.",
)
_CHANGES = (
    "Let there be water around, as in world.scatter(Block.WATER, count=5, distance=(4, 8)).",
    "Let there be animals around, as in world.spawn(Mob.COW, count=3, distance=(4, 9)).",
    "Let there be stones and trees around, as in world.scatter(Block.STONE, count=5, distance=(3, 8)).",
    "Let the player hold more that the goal does not ask for, as in world.player.inventory.set(torches=3, sapling=2).",
    "Let hunger and thirst be gentler, as in RULES = Rules(hunger=0.5, thirst=0.5).",
    "Let the player start hungry beside animals, as in world.player.food = 5 with world.spawn(Mob.COW, count=3, distance=(3, 7)).",
    "Let there be ore around that the goal does not ask for, as in world.scatter(Block.COAL, count=4, distance=(3, 8)).",
    "Let it be another hour of the day with trees around, as in world.time_of_day = 0.2 with world.scatter(Block.TREE, count=4, distance=(3, 8)).",
)
_template = partial(templates.template, "dicode.games.craftax")
_fill = partial(templates.fill, "dicode.games.craftax")


def system(kind: str, hooks: bool, goal_only: bool) -> str:
    """The system message of a kind of prompt; see `Prompts.system`."""
    hooks = hooks and not goal_only
    whole: str = {"design": _design, "code": _code, "level": _level, "compact": _compact, "sketch": _sketch}[kind](
        hooks, goal_only
    )
    return whole


def _design(hooks: bool, goal_only: bool) -> str:
    return _fill(
        "design_system",
        game=facts.game(),
        achievements=facts.achievements(),
        quantities=facts.quantities(),
        rules=facts.rules(fine=False),
        hooks=_hooks(hooks),
        goal_only=_goal_only(goal_only),
    )


def _code(hooks: bool, goal_only: bool) -> str:
    return _fill("code_system", **_programming(hooks, goal_only), achievement_names=_names())


def _level(hooks: bool, goal_only: bool) -> str:
    told = _programming(hooks, goal_only)
    return _fill("level_system", **told, game=facts.game(), achievements=facts.achievements())


def _compact(hooks: bool, goal_only: bool) -> str:
    return _fill(
        "compact_system",
        example=_example(goal_only),
        collect=" ".join(COLLECTABLES),
        place=" ".join(PLACEABLES),
        achievements=_names(),
        rules=facts.compact_rules(),
        api=facts.compact_api(),
        floors=" ".join(floor.name for floor in Floor),
        names=facts.compact_names(),
        goal_only=_goal_only(goal_only),
    )


def _sketch(hooks: bool, goal_only: bool) -> str:
    return _fill(
        "sketch_system",
        before=_template("sketch_before").strip(),
        after=_template("sketch_after").strip(),
        api=facts.compact_api(),
        rules=facts.compact_rules(),
        names=facts.compact_names(),
    )


def _names() -> str:
    return " ".join(achievement.name for achievement in Achievement)


def _programming(hooks: bool, goal_only: bool) -> dict[str, str]:
    """What both prompts that ask for code say about it; a goal-only level needs neither API nor rules."""
    shared = {
        "example": _example(goal_only),
        "names": facts.names(),
        "quantities": facts.quantities(),
        "hooks": _hooks(hooks),
        "goal_only": _goal_only(goal_only),
        "imports": ", with `jax` and `jax.numpy` for hooks" if hooks else "",
    }
    if goal_only:
        return shared | {"api": facts.api().split("World:")[0], "rules": "-", "axes": "-"}
    return shared | {"api": facts.api(), "rules": facts.rules(fine=False), "axes": facts.axes()}


def _example(goal_only: bool) -> str:
    whole = _template("example").strip()
    if not goal_only:
        return whole
    kept = whole.split("RULES =")[0].replace("Block, ", "").replace("Mob, Rules, World", "Rules").strip()
    return kept.replace("Achievement, Goal, Rules", "Achievement, Goal")


def _hooks(hooks: bool) -> str:
    return _fill("hooks", fields=facts.fields(), actions=facts.actions()) if hooks else ""


def _goal_only(goal_only: bool) -> str:
    return _template("goal_only") if goal_only else ""


def _prerequisites(name: str) -> tuple[str, ...]:
    return tuple(before.name for before in prerequisites(Achievement[name]))


def lesson(name: str) -> str:
    """What trains an achievement, and the start that it needs at least."""
    achievement = Achievement[name]
    recipe = facts.recipe(achievement)
    needs = f", which needs at least this in build(world):\n{recipe}\n" if recipe else "\n"
    return f"{REQUIREMENTS[achievement].act}. Its goal may be Goal.all_of(Achievement.{name}){needs}"


PROMPTS = Prompts(
    system,
    _template("example"),
    _TWISTS,
    _prerequisites,
    lesson,
    _CHANGES,
    (_template("sketch_before"), _template("sketch_after")),
)
