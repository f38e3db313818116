"""The questions put to a foundation model: Markdown templates filled from facts and from a brief.

What never changes within a run comes first (the system message), then what is the same for a whole
round (the target), then what belongs to the parent, so that a provider's prefix cache is hit. Sizes
are bounded: examples and sources are left out or cut until a prompt fits `LIMITS`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from dicode.dreaming import evidence
from dicode.dreaming.calls import Message, estimate_tokens
from dicode.dreaming.evidence import BEGUN, MASTERED
from dicode.games.craftax import facts
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.techtree import REQUIREMENTS, prerequisites
from dicode.levels import Achievement, Floor
from dicode.levels import __all__ as _api_names
from dicode.types import TARGET, Brief, LevelRecord, ParentReport

LIMITS = {"design": 12_000, "code": 12_000, "level": 12_000, "compact": 3_000}
"""Tokens of a whole prompt at most, characters over four."""
MAX_PARENT = 6_000
"""Characters of a parent's source that are shown at most."""
TWISTS = (
    "Change where or when the player starts.",
    "Change what the player holds at the start.",
    "Change the terrain around the player: rooms, walls, water, a maze, scattered ore.",
    "Chain two achievements that belong together.",
    "Change the creatures: which, how many, how near.",
    "Ask for a quantity rather than for a single achievement.",
    "Change a rule of the game so that the lesson shows more clearly.",
    "Set the lesson in a place that is closer to the unmodified game.",
)


@dataclass(frozen=True)
class Focus:
    """What one dream of a round is nudged towards, so that dreams from one parent differ."""

    achievement: Achievement | None
    """Within the agent's reach; None in the open loop."""
    twist: str


def focus(brief: Brief, rng: np.random.Generator) -> Focus:
    """A random nudge: an achievement within reach (more often the less it is mastered) and a kind of change."""
    twist = TWISTS[int(rng.integers(len(TWISTS)))]
    near = within_reach(brief.target_success)
    if not near:
        return Focus(None, twist)
    weights = np.array([1.05 - brief.target_success.get(a.name, 0.0) for a in near])
    return Focus(near[int(rng.choice(len(near), p=weights / weights.sum()))], twist)


def leanings(nudges: Sequence[Focus], own: int) -> str:
    """What the other dreams of a round lean to, in a sentence; empty for a single dream."""
    told = dict.fromkeys(
        nudge.achievement.name for place, nudge in enumerate(nudges) if place != own and nudge.achievement is not None
    )
    listed = ", ".join(list(told)[:12])
    return f" The {len(nudges) - 1} other dreams of this round lean to {listed}; write another level." if told else ""


def within_reach(success: Mapping[str, float]) -> tuple[Achievement, ...]:
    """Achievements not mastered whose direct prerequisites are begun; in the game's order, empty without rates."""
    if not success:
        return ()

    def rate(achievement: Achievement) -> float:
        return success.get(achievement.name, 0.0)

    return tuple(
        a for a in Achievement if rate(a) < MASTERED and all(rate(before) >= BEGUN for before in prerequisites(a))
    )


def design(brief: Brief, nudge: Focus, others: str = "") -> tuple[Message, ...]:
    """First of two stages: reasoning and a description. `others` says what the round's other dreams lean to."""
    system = fill(
        "design_system",
        game=facts.game(),
        achievements=facts.achievements(),
        quantities=facts.quantities(),
        rules=facts.rules(fine=False),
        hooks=_hooks(brief),
        goal_only=_goal_only(brief),
    )
    task = fill(
        "design_task",
        target=_target(brief),
        parent=_examples(brief, _room("design", system) // 3, sources=False) + _parent(brief),
        relation=evidence.relation(brief).value,
        leaning=_leaning(nudge) + others,
    )
    return _conversation(system, task)


def code(brief: Brief, description: str) -> tuple[Message, ...]:
    """Second of two stages: the level file for a description."""
    system = fill("code_system", **_programming(brief), achievement_names=" ".join(a.name for a in Achievement))
    parent = _parent(brief, rates=False)
    room = _room("code", system) - estimate_tokens(parent + description)
    return _conversation(
        system, fill("code_task", examples=_examples(brief, room), parent=parent, description=description)
    )


def level(brief: Brief, nudge: Focus, others: str = "") -> tuple[Message, ...]:
    """Both stages at once, for models that can read much."""
    system = fill("level_system", **_programming(brief), game=facts.game(), achievements=facts.achievements())
    target, parent = _target(brief), _parent(brief)
    room = _room("level", system) - estimate_tokens(target + parent)
    task = fill(
        "level_task",
        target=target,
        examples=_examples(brief, room),
        parent=parent,
        relation=evidence.relation(brief).value,
        leaning=_leaning(nudge) + others,
    )
    return _conversation(system, task)


def compact(brief: Brief, nudge: Focus) -> tuple[Message, ...]:
    """Both stages at once, for small models on slow machines."""
    system = fill(
        "compact_system",
        example=_example(brief),
        collect=" ".join(COLLECTABLES),
        place=" ".join(PLACEABLES),
        achievements=" ".join(a.name for a in Achievement),
        rules=facts.compact_rules(),
        api=facts.compact_api(),
        floors=" ".join(floor.name for floor in Floor),
        names=facts.compact_names(),
        goal_only=_goal_only(brief),
    )
    target = _compact_target(brief)
    task = fill(
        "compact_task",
        target=target,
        parent=_compact_parent(brief, _room("compact", system) - estimate_tokens(target)),
        relation=evidence.relation(brief).value,
        leaning=_compact_leaning(nudge),
    )
    return _conversation(system, task)


@cache
def template(name: str) -> str:
    """The text of `prompts/NAME.md`."""
    return resources.files("dicode.dreaming").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def fill(name: str, **values: str) -> str:
    """A template with every placeholder replaced; raises KeyError for one without a value, ValueError for a spare value."""
    text = template(name)
    used = set(re.findall(r"\{\{(\w+)\}\}", text))
    if set(values) - used:
        raise ValueError(f"prompts/{name}.md has no placeholder for {', '.join(sorted(set(values) - used))}")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], text).rstrip() + "\n"


def api_names() -> tuple[str, ...]:
    """Names that level code can import from `dicode.levels`."""
    return tuple(_api_names)


def _conversation(system: str, task: str) -> tuple[Message, ...]:
    return (Message("system", system.rstrip()), Message("user", task.rstrip()))


def _programming(brief: Brief) -> dict[str, str]:
    """What both prompts that ask for code say about it; a goal-only level needs neither API nor rules."""
    shared = {
        "example": _example(brief),
        "names": facts.names(),
        "quantities": facts.quantities(),
        "hooks": _hooks(brief),
        "goal_only": _goal_only(brief),
        "imports": ", with `jax` and `jax.numpy` for hooks" if _hooks(brief) else "",
    }
    if brief.goal_only:
        return shared | {"api": facts.api().split("World:")[0], "rules": "-", "axes": "-"}
    return shared | {"api": facts.api(), "rules": facts.rules(fine=False), "axes": facts.axes()}


def _example(brief: Brief) -> str:
    whole = template("example").strip()
    if not brief.goal_only:
        return whole
    kept = whole.split("RULES =")[0].replace("Block, ", "").replace("Mob, Rules, World", "Rules").strip()
    return kept.replace("Achievement, Goal, Rules", "Achievement, Goal")


def _hooks(brief: Brief) -> str:
    if not brief.allow_hooks or brief.goal_only:
        return ""
    return fill("hooks", fields=facts.fields(), actions=facts.actions())


def _goal_only(brief: Brief) -> str:
    return template("goal_only") if brief.goal_only else ""


def _room(kind: str, system: str) -> int:
    """Tokens left for the task's variable parts."""
    return LIMITS[kind] - estimate_tokens(system) - 400


def rates(success: Mapping[str, float]) -> str:
    """Success rates, best first, those never reached by name alone."""
    some = sorted((a for a in Achievement if success.get(a.name, 0.0) > 0), key=lambda a: -success[a.name])
    never = [a.name for a in Achievement if success.get(a.name, 0.0) <= 0]
    lines = ", ".join(f"{a.name} {evidence.percent(success[a.name])}" for a in some) or "none yet"
    return lines + (f"; never: {' '.join(never)}" if never else "")


def _target(brief: Brief) -> str:
    """The agent on the unmodified game; nothing in the open loop."""
    if not brief.target_success:
        return ""
    mean = f"Mean return {brief.target_return:.1f}. " if brief.target_return is not None else ""
    told = "\n".join(line for line in (evidence.trend(brief), evidence.run_facts(brief.facts)) if line)
    near = ", ".join(a.name for a in within_reach(brief.target_success)) or "none"
    return (
        f"# The agent on the unmodified game\n{mean}Share of episodes that reach each achievement: "
        f"{rates(brief.target_success)}.\nWithin reach (not mastered, what they need is begun): {near}.\n"
        f"{told}\n\n"
    )


def _source(level_record: LevelRecord, limit: int = MAX_PARENT) -> str:
    if not level_record.source or level_record.id == TARGET:
        return ""
    text = level_record.source.strip()
    cut = text if len(text) <= limit else text[:limit].rsplit("\n", 1)[0] + "\n# (the rest is left out)"
    return f"```python\n{cut}\n```\n"


def _parent(brief: Brief, rates: bool = True) -> str:
    """The parent: source, trials, and success rates on it."""
    report = brief.parent
    if report is None:
        return ""
    head = f"# The parent level\n{_what(report.level)}\n{_source(report.level)}"
    if not rates:
        return f"{head}\n"
    return f"{head}{_trials(report)}{evidence.family(brief)}\n"


def _what(record: LevelRecord) -> str:
    return "The unmodified game." if record.id == TARGET else f"{record.description.strip()[:1500]}"


def _trials(report: ParentReport) -> str:
    """How the agent did on the parent, latest trial last."""
    shown = [t for t in report.trials if t.episodes][-4:]
    if not shown:
        return "The agent has not finished an episode on it yet.\n"
    lines = [
        f"- cycle {t.cycle}: {evidence.percent(t.success_rate or 0.0)} of {t.episodes} episodes reached the goal, mean return "
        f"{t.return_mean:.1f}, mean length {t.length_mean:.0f}"
        for t in shown
    ]
    reached = {name: rate for name, rate in shown[-1].achievements.items() if rate > 0}
    best = sorted(reached, key=lambda name: -reached[name])[:30]
    seen = ", ".join(f"{name} {evidence.percent(reached[name])}" for name in best) or "none"
    failed = evidence.failing(shown[-1]).removeprefix("; ").capitalize()
    how = f" {failed}." if failed else ""
    return "The agent on it:\n" + "\n".join(lines) + f"\nAchievements there, latest cycle: {seen}.{how}\n"


def _leaning(nudge: Focus) -> str:
    if nudge.achievement is None:
        return f" {nudge.twist}"
    return f" If it fits, let it train {nudge.achievement.name}. {nudge.twist}"


def _compact_leaning(nudge: Focus) -> str:
    if nudge.achievement is None:
        return f" {nudge.twist}"
    recipe = facts.recipe(nudge.achievement)
    needs = f", which needs at least this in build(world):\n{recipe}\n" if recipe else "\n"
    return (
        f" It should train {nudge.achievement.name}: {REQUIREMENTS[nudge.achievement].act}. Its goal may be "
        f"Goal.all_of(Achievement.{nudge.achievement.name}){needs}{nudge.twist}"
    )


def _examples(brief: Brief, room: int, sources: bool = True) -> str:
    """Similar levels as far as `room` tokens go; without `sources` a line each."""
    shown: list[str] = []
    for record in brief.examples:
        how = evidence.fared(record, brief.trials[record.id]) if brief.trials.get(record.id) else ""
        how = f" Agents: {how}." if how else ""
        text = f"{_what(record)}{how}\n{_source(record)}" if sources else f"- {_what(record)[:300]}{how}"
        room -= estimate_tokens(text) + 2
        if room < 0:
            break
        shown.append(text)
    if not shown:
        return ""
    head = "# Levels of the archive, for their form" if sources else "# Similar levels that exist already"
    return f"{head}\n" + "\n".join(shown) + "\n\n"


def _compact_target(brief: Brief) -> str:
    if not brief.target_success:
        return ""
    good = [a.name for a in Achievement if brief.target_success.get(a.name, 0.0) >= MASTERED][:8]
    near = [a.name for a in within_reach(brief.target_success)][:8]
    return f"The agent can do {', '.join(good) or 'little yet'}; next come {', '.join(near) or 'harder things'}.\n"


def _compact_parent(brief: Brief, room: int) -> str:
    report = brief.parent
    if report is None:
        return ""
    rate = evidence.parent_rate(report)
    how = "" if rate is None else f" The agent reaches its goal in {evidence.percent(rate)} of the episodes."
    source = _source(report.level, limit=max(0, 4 * room - 400)) if room > 150 else ""
    return f"The parent level: {_what(report.level)[:300]}{how}\n{source}"
