"""What a foundation model is told of Craftax: the fixed half of every prompt, filled from the game's own tables."""

import re
from functools import partial

from dicode.games import templates
from dicode.games.craftax import facts
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.techtree import REQUIREMENTS, prerequisites
from dicode.games.host import Prompts
from dicode.levels import Achievement, Floor
from dicode.types import Brief, RunFacts

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


def system(kind: str, brief: Brief) -> str:
    """The system message of a kind of prompt; see `Prompts.system`."""
    fills = {"design": _design, "code": _code, "level": _level, "compact": _compact, "sketch": _sketch}
    return fills[kind](brief)


def _design(brief: Brief) -> str:
    return _fill(
        "design_system",
        measured=_measured(brief),
        measure="the sum of its achievements" if brief.target is None else "how often it reaches the goal",
        aim="game" if brief.target is None else "target",
        pays=_pays(brief.facts),
        game=facts.game(),
        achievements=facts.achievements(),
        quantities=facts.quantities(),
        rules=_rules(brief, facts.rules(fine=False)),
        hooks=_hooks(brief),
        goal_only=_limits(brief),
    )


def _code(brief: Brief) -> str:
    return _fill("code_system", **_programming(brief), achievement_names=_names())


def _level(brief: Brief) -> str:
    told = _programming(brief)
    return _fill(
        "level_system", **told, measured=_measured(brief), game=facts.game(), achievements=facts.achievements()
    )


def _compact(brief: Brief) -> str:
    return _fill(
        "compact_system",
        example=_example(brief),
        parts=", ".join(["GOAL", *_parts(brief)]),
        collect=" ".join(COLLECTABLES),
        place=" ".join(PLACEABLES),
        achievements=_names(),
        more="".join(_parts(brief).values()),
        names=facts.compact_names(),
        goal_only=_limits(brief),
    )


def _parts(brief: Brief) -> dict[str, str]:
    """What a small model is told of the parts of a level beside its goal, by their names in the file."""
    rules = _rules(brief, facts.compact_rules())
    parts = {"RULES": _fill("compact_rules", rules=rules) + "\n"} if rules != "-" else {}
    build = {"api": facts.compact_api(), "floors": " ".join(floor.name for floor in Floor)}
    parts |= {"build(world)": _fill("compact_build", number=str(2 + len(parts)), **build)}
    return {} if brief.goal_only else parts


def _sketch(brief: Brief) -> str:
    return _fill(
        "sketch_system",
        before=_template("sketch_before").strip(),
        after=_template("sketch_after").strip(),
        api=facts.compact_api(),
        rules=_rules(brief, facts.compact_rules()),
        names=facts.compact_names(),
    )


def _names() -> str:
    return " ".join(achievement.name for achievement in Achievement)


def _measured(brief: Brief) -> str:
    return "the unmodified game" if brief.target is None else "one level, the target of this run"


def _pays(run: RunFacts | None) -> str:
    """What a level pays and when its episodes end."""
    whole = run is None or run.reward == "game"
    told = "All achievements pay their worth on every level, and" if whole else "Achievements pay nothing on a level;"
    extra = " extra" if whole else ""
    ends = "ends the episode" if run is None or run.after_goal == "end" else "does not end the episode"
    return f"{told} reaching the goal pays{extra} and {ends}."


def _own_rules(brief: Brief) -> bool:
    return brief.facts is None or brief.facts.level_rules == "own"


def _rules(brief: Brief, whole: str) -> str:
    """Which rules levels may set: those of `whole`, or only the length of their episodes, or none."""
    if _own_rules(brief):
        return whole
    length = brief.facts is not None and brief.facts.level_length == "own"
    return facts.rule_line(RULES["episode_length"]) if length else "-"


def _programming(brief: Brief) -> dict[str, str]:
    """What both prompts that ask for code say about it; a goal-only level needs neither API nor rules."""
    hooks = _hooks(brief)
    shared = {
        "example": _example(brief),
        "names": facts.names(),
        "quantities": facts.quantities(),
        "hooks": hooks,
        "goal_only": _limits(brief),
        "imports": ", with `jax` and `jax.numpy` for hooks" if hooks else "",
    }
    if brief.goal_only:
        return shared | {"api": facts.api().split("World:")[0], "rules": "-", "axes": "-"}
    axes = facts.axes() if _own_rules(brief) else "-"
    return shared | {"api": facts.api(), "rules": _rules(brief, facts.rules(fine=False)), "axes": axes}


def _example(brief: Brief) -> str:
    whole = _template("example").strip()
    if brief.goal_only:
        kept = whole.split("RULES =")[0].replace("Block, ", "").replace("Mob, Rules, World", "Rules").strip()
        return kept.replace("Achievement, Goal, Rules", "Achievement, Goal")
    return whole if _own_rules(brief) else re.sub(r"^RULES = .*\n", "", whole, flags=re.M).replace("Rules, ", "")


def _hooks(brief: Brief) -> str:
    told = brief.allow_hooks and not brief.goal_only
    return _fill("hooks", fields=facts.fields(), actions=facts.actions()) if told else ""


def _limits(brief: Brief) -> str:
    """What levels of this run can't have."""
    if brief.goal_only:
        return _template("goal_only")
    if _own_rules(brief):
        return ""
    length = _rules(brief, "") != "-"
    return _fill("game_rules", left=", but for the length of an episode" if length else "", rest="other " * length)


def _prerequisites(name: str) -> tuple[str, ...]:
    return tuple(before.name for before in prerequisites(Achievement[name]))


def lesson(name: str, goal_only: bool) -> str:
    """What trains an achievement, and the start that it needs at least, where a level may prepare one."""
    achievement = Achievement[name]
    recipe = "" if goal_only else facts.recipe(achievement)
    needs = f", which needs at least this in build(world):\n{recipe}\n" if recipe else "\n"
    return f"{REQUIREMENTS[achievement].act}. Its goal may be Goal.all_of(Achievement.{name}){needs}"


PROMPTS = Prompts(
    system,
    _template("example"),
    _TWISTS,
    _prerequisites,
    lesson,
    _CHANGES,
    alone=("Chain two achievements that belong together.", "Ask for a quantity rather than for a single achievement."),
    ruled=("Change a rule of the game so that the lesson shows more clearly.", *(c for c in _CHANGES if "RULES" in c)),
    varied=(_template("sketch_before"), _template("sketch_after")),
)
