"""The questions put to a foundation model: Markdown templates filled from a brief, after what the game says of itself.

What never changes within a run comes first (the system message), then what is the same for a whole
round (the target), then what belongs to the parent, so that a provider's prefix cache is hit. Sizes
are bounded: examples and sources are left out or cut until a prompt fits `LIMITS`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dicode.dreaming import evidence
from dicode.dreaming.calls import Message, estimate_tokens
from dicode.dreaming.evidence import BEGUN, MASTERED
from dicode.errors import ConfigError
from dicode.games import templates
from dicode.games.host import HostGame, Prompts
from dicode.types import TARGET, Brief, Draft, LevelRecord, ParentReport

LIMITS = {"design": 12_000, "code": 12_000, "level": 12_000, "compact": 3_000, "sketch": 3_000}
"""Tokens of a whole prompt at most, characters over four."""
MAX_PARENT = 6_000
"""Characters of a parent's source that are shown at most."""
fill = partial(templates.fill, "dicode.dreaming")


def of(game: HostGame) -> Prompts:
    """What a model is told of the game. Raises ConfigError for a game of which none is told."""
    prompts = game.dreams().prompts
    if prompts is None:
        raise ConfigError(f"game={game.name} has nothing to tell a foundation model; use dreamer=grammar")
    return prompts()


@dataclass(frozen=True)
class Focus:
    """What one dream of a round is nudged towards, so that dreams from one parent differ."""

    achievement: str | None
    """Within the agent's reach; None in the open loop."""
    twist: str


def focus(game: HostGame, brief: Brief, rng: np.random.Generator) -> Focus:
    """A random nudge: an achievement within reach (more often the less it is mastered) and a kind of change."""
    told = of(game)
    twists = _followed(game, brief, told.alone if brief.goal_only and told.alone else told.twists)
    twist = twists[int(rng.integers(len(twists)))]
    near = _near(game, brief)
    if not near:
        return Focus(None, twist)
    weights = np.array([1.05 - brief.target_success.get(name, 0.0) for name in near])
    return Focus(near[int(rng.choice(len(near), p=weights / weights.sum()))], twist)


def _followed(game: HostGame, brief: Brief, nudges: Sequence[str]) -> list[str]:
    """Those kinds of change that need no rules where levels of this run have none."""
    theirs = brief.facts is None or brief.facts.level_rules == "own"
    return [nudge for nudge in nudges if theirs or nudge not in of(game).ruled]


def leanings(nudges: Sequence[Focus], own: int) -> str:
    """What the other dreams of a round lean to, in a sentence; empty for a single dream."""
    told = dict.fromkeys(
        nudge.achievement for place, nudge in enumerate(nudges) if place != own and nudge.achievement is not None
    )
    listed = ", ".join(list(told)[:12])
    return f" The {len(nudges) - 1} other dreams of this round lean to {listed}; write another level." if told else ""


def within_reach(game: HostGame, success: Mapping[str, float]) -> tuple[str, ...]:
    """Achievements not mastered whose direct prerequisites are begun; in the game's order, empty without rates."""
    needs = of(game).prerequisites
    return tuple(
        name
        for name in (game.achievements if success else ())
        if success.get(name, 0.0) < MASTERED and all(success.get(before, 0.0) >= BEGUN for before in needs(name))
    )


def _near(game: HostGame, brief: Brief) -> tuple[str, ...]:
    """What is within reach, and on the way to the target where that is a level."""
    near = within_reach(game, brief.target_success)
    way = game.dreams().way(brief.target.source) if brief.target else frozenset()
    return tuple(name for name in near if name in way) or near


def design(game: HostGame, brief: Brief, nudge: Focus, others: str = "") -> tuple[Message, ...]:
    """First of two stages: reasoning and a description. `others` says what the round's other dreams lean to."""
    system = _system(game, "design", brief)
    task = fill(
        "design_task",
        target=_target(game, brief),
        parent=_examples(brief, _room("design", system) // 3, sources=False) + _starts(game, brief) + _parent(brief),
        relation=evidence.relation(brief).value,
        leaning=_leaning(nudge) + others,
    )
    return _conversation(system, task)


def code(game: HostGame, brief: Brief, description: str) -> tuple[Message, ...]:
    """Second of two stages: the level file for a description."""
    system = _system(game, "code", brief)
    parent = _starts(game, brief) + _parent(brief, rates=False)
    room = _room("code", system) - estimate_tokens(parent + description)
    return _conversation(
        system, fill("code_task", examples=_examples(brief, room), parent=parent, description=description)
    )


def level(game: HostGame, brief: Brief, nudge: Focus, others: str = "") -> tuple[Message, ...]:
    """Both stages at once, for models that can read much."""
    system = _system(game, "level", brief)
    target, parent = _target(game, brief), _starts(game, brief) + _parent(brief)
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


def compact(game: HostGame, brief: Brief, nudge: Focus) -> tuple[Message, ...]:
    """Both stages at once, for small models on slow machines."""
    system = _system(game, "compact", brief)
    target = _compact_target(game, brief) + _starts(game, brief, 3)
    task = fill(
        "compact_task",
        target=target,
        parent=_compact_parent(brief, _room("compact", system) - estimate_tokens(target)),
        relation=evidence.relation(brief).value,
        leaning=_compact_leaning(game, brief, nudge),
    )
    return _conversation(system, task)


def sketch(game: HostGame, brief: Brief, drawn: Draft, rng: np.random.Generator) -> tuple[Message, ...]:
    """A level that fits the brief, to be varied: for small models, which vary well what they could not invent."""
    changes = _followed(game, brief, of(game).changes)
    task = fill(
        "sketch_task",
        target=_compact_target(game, brief),
        sketch=_shown(_WHY.sub("", drawn.source, count=1), MAX_PARENT // 2),
        change=changes[int(rng.integers(len(changes)))],
        build="" if "def build(" in drawn.source else " It has no build(world) yet: write one for the change.",
    )
    return _conversation(_system(game, "sketch", brief), task)


_WHY = re.compile(r'^Why:.*?(?=^[A-Z]\w+:|^""")', re.MULTILINE | re.DOTALL)
"""Why the grammar wrote a level, in its docstring: the author of another one gives its own reason."""


def _system(game: HostGame, kind: str, brief: Brief) -> str:
    return of(game).system(kind, brief)


def _conversation(system: str, task: str) -> tuple[Message, ...]:
    return (Message("system", system.rstrip()), Message("user", task.rstrip()))


def _room(kind: str, system: str) -> int:
    """Tokens left for the task's variable parts."""
    return LIMITS[kind] - estimate_tokens(system) - 400


def rates(game: HostGame, success: Mapping[str, float]) -> str:
    """Success rates, best first, those never reached by name alone."""
    some = sorted((name for name in game.achievements if success.get(name, 0.0) > 0), key=lambda name: -success[name])
    never = [name for name in game.achievements if success.get(name, 0.0) <= 0]
    lines = ", ".join(f"{name} {evidence.percent(success[name])}" for name in some) or "none yet"
    return lines + (f"; never: {' '.join(never)}" if never else "")


def _target(game: HostGame, brief: Brief) -> str:
    """The agent on the unmodified game; nothing in the open loop."""
    if not brief.target_success:
        return _own_target(brief)
    mean = f"Mean return {brief.target_return:.1f}. " if brief.target_return is not None else ""
    told = "\n".join(line for line in (evidence.trend(brief), evidence.run_facts(brief.facts)) if line)
    near = ", ".join(_near(game, brief)) or "none"
    head = _own_target(brief) or "# The agent on the unmodified game\n"
    return (
        f"{head}{mean}Share of episodes that reach each achievement: "
        f"{rates(game, brief.target_success)}.\nWithin reach (not mastered, what they need is begun): {near}.\n"
        f"{told}\n\n"
    )


def _own_target(brief: Brief) -> str:
    """A target that is a level: its text, and how often it is solved; nothing where it is the game."""
    if brief.target is None:
        return ""
    rate = brief.target.success_rate
    solved = "" if rate is None else f"It reaches the goal in {evidence.percent(rate)} of the episodes. "
    return (
        f"# The target\nThe agent is measured on this level alone, so every level must be a step towards it:\n"
        f"{brief.target.description.strip()[:1500]}\n{_shown(brief.target.source, MAX_PARENT // 2)}{solved}"
    )


def _starts(game: HostGame, brief: Brief, most: int = 12) -> str:
    """States that a level may start from, and how it says so; nothing where there are none, or goals alone are asked for."""
    if not brief.starts or brief.goal_only:
        return ""
    lines = [
        f'- "{state.id}": {", ".join(state.achievements)} (seen {state.seen} times in cycle {state.cycle})'
        for state in brief.starts[:most]
    ]
    return (
        "# States that the agent has reached on the target, rarest first\n"
        f"A level may begin in one of them, so that its goal is what comes next there: add Frontier to what is imported from {game.levels().face} "
        'and write START = Frontier("the id") on a line of its own. build(world), which may be left out, then edits that state.\n'
        + "\n".join(lines)
        + "\n\n"
    )


def _source(level_record: LevelRecord, limit: int = MAX_PARENT) -> str:
    if not level_record.source or level_record.id == TARGET:
        return ""
    return _shown(level_record.source, limit)


def _shown(source: str, limit: int) -> str:
    text = source.strip()
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
    return record.description.strip()[:1500]


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
    return f" If it fits, let it train {nudge.achievement}. {nudge.twist}"


def _compact_leaning(game: HostGame, brief: Brief, nudge: Focus) -> str:
    if nudge.achievement is None:
        return f" {nudge.twist}"
    return f" It should train {nudge.achievement}: {of(game).lesson(nudge.achievement, brief.goal_only)}{nudge.twist}"


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


def _compact_target(game: HostGame, brief: Brief) -> str:
    if not brief.target_success:
        return ""
    good = [name for name in game.achievements if brief.target_success.get(name, 0.0) >= MASTERED][:8]
    near = _near(game, brief)[:8]
    aim = f"Its target, to which every level leads: {brief.target.description.strip()[:300]}\n" if brief.target else ""
    return f"{aim}The agent can do {', '.join(good) or 'little yet'}; next come {', '.join(near) or 'harder things'}.\n"


def _compact_parent(brief: Brief, room: int) -> str:
    report = brief.parent
    if report is None:
        return ""
    rate = evidence.parent_rate(report)
    how = "" if rate is None else f" The agent reaches its goal in {evidence.percent(rate)} of the episodes."
    source = _source(report.level, limit=max(0, 4 * room - 400)) if room > 150 else ""
    return f"The parent level: {_what(report.level)[:300]}{how}\n{source}"
