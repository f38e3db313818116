"""What a run knows of each level: in a line for lists, whole for the level's own page."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dicode.curriculum.lineage import children, main_parent
from dicode.curriculum.scores import learnability
from dicode.curriculum.snapshot import DreamRecord
from dicode.dreaming.journal import Call
from dicode.games.display import Display as Game
from dicode.games.display import RuleLine
from dicode.received.text import line
from dicode.types import TARGET, Accepted, Brief, LevelRecord, Repair, Trial
from dicode.view import words
from dicode.view.pages.data import RunData, finite
from dicode.view.pages.text import block, is_id

_MOST_TRIALS = 2000
_MOST_DIFF = 3000
"""Lines of two sources together that are still compared; comparing takes time that grows with their product."""


@dataclass(frozen=True)
class LevelLine:
    """A level in a line."""

    id: str
    goal: str
    status: str
    """`A` to `D`, `-`, or `x` where it was rejected."""
    verdict: str
    """`accepted`, or the stage at which it was rejected."""
    author: str
    born: int
    floor: int | None
    active: bool
    rate: float | None
    """Success rate when last trained."""
    learnability: float | None
    episodes: int
    move: str
    hooks: tuple[str, ...]
    parent: str | None
    children: int
    reason: str = ""
    """Why it was rejected."""

    @property
    def accepted(self) -> bool:
        """Whether it passed the checks."""
        return self.status != "x"


@dataclass(frozen=True)
class Attempt:
    """One draft of a dream that failed, and what was said about it."""

    number: int
    stage: str
    reason: str
    hint: str
    source: str


@dataclass(frozen=True)
class Point:
    """A level in one cycle of training."""

    cycle: int
    episodes: int
    rate: float | None
    learnability: float | None
    return_mean: float
    length_mean: float


@dataclass(frozen=True)
class Reached:
    """How often an achievement was reached in a level's episodes when it was last trained."""

    name: str
    rate: float
    asked: bool
    """The goal asks for it."""


@dataclass(frozen=True)
class LevelPage:
    """Everything about one level."""

    line: LevelLine
    description: str
    source: str
    rules: Sequence[RuleLine]
    warnings: tuple[str, ...]
    points: tuple[Point, ...]
    reached: tuple[Reached, ...]
    length: float | None
    """Mean steps of an episode when last trained."""
    limit: float | None
    """Steps of an episode at most, where the settings say it."""
    endings: tuple[Reached, ...]
    """What ended the episodes that failed when last trained, as shares of all episodes, the most frequent first."""
    occupations: tuple[Reached, ...]
    """What the steps were spent on, as shares of all steps."""
    compile_s: float
    difference: tuple[str, ...] | None
    """Unified diff to the main parent; None without a parent that can be compared."""
    parent: LevelLine | None
    """The main parent."""
    parents: tuple[LevelLine, ...]
    children: tuple[LevelLine, ...]
    attempts: tuple[Attempt, ...]
    hint: str
    """What the last verdict, a rejection, hints at."""
    brief: Brief | None
    asked: tuple[int, int] | None
    """(cycle, index) of the brief."""
    named: LevelLine | None
    """The parent that the brief named."""
    calls: tuple[Call, ...]
    examples: tuple[LevelLine, ...]
    """Levels that the brief showed beside the parent."""


@dataclass(frozen=True)
class Levels:
    """All levels in a line each, and how they hang together; the target is not among them."""

    lines: Mapping[str, LevelLine]
    brood: Mapping[str | None, tuple[str, ...]]
    """Levels by main parent (None: those without one), by birth."""
    outcomes: Mapping[str, DreamRecord]
    """The dream of which each level came."""
    briefs: Mapping[tuple[int, int], Brief]
    """By (cycle, index)."""


def index(data: RunData, game: Game) -> Levels:
    """Every level of the run, in the archive's order."""
    levels = {level: record for level, record in data.snapshot.levels.items() if level != TARGET}
    accepted = children(levels)
    lines = {
        level: _line(record, data.snapshot.trials.get(level, ()), levels, len(accepted.get(level, ())), game)
        for level, record in levels.items()
    }
    for hung in data.snapshot.withdrawn & lines.keys():
        lines[hung] = replace(lines[hung], goal="withdrawn: its hooks hung", active=False)
    brood: dict[str | None, list[str]] = {}
    for one in sorted(lines.values(), key=lambda one: (one.born, not one.accepted, one.id)):
        brood.setdefault(one.parent, []).append(one.id)
    outcomes: dict[str, DreamRecord] = {}
    for outcome in data.snapshot.outcomes:
        if is_id(outcome.level):
            outcomes.setdefault(str(outcome.level), outcome)
    briefs = {(brief.cycle, brief.index): brief for brief in data.snapshot.briefs}
    return Levels(lines, {parent: tuple(ids) for parent, ids in brood.items()}, outcomes, briefs)


def _line(
    record: LevelRecord, trials: Sequence[Trial], levels: Mapping[str, LevelRecord], brood: int, game: Game
) -> LevelLine:
    verdict = record.verdict
    accepted = isinstance(verdict, Accepted)
    last = next((trial for trial in reversed(trials) if trial.episodes), None)
    return LevelLine(
        id=record.id,
        goal=words.goal_words(verdict.goal, 80) if isinstance(verdict, Accepted) else line(_title(record), 80),
        status=record.status.value if accepted else "x",
        verdict="accepted" if isinstance(verdict, Accepted) else line(verdict.stage, 20),
        author=record.origin.value,
        born=record.born,
        floor=game.floor_of(record),
        active=record.active,
        rate=last.success_rate if last else None,
        learnability=learnability(last) if last else None,
        episodes=sum(trial.episodes for trial in trials),
        move=line(record.move, 40),
        hooks=tuple(line(hook, 20) for hook in verdict.hooks[:8]) if isinstance(verdict, Accepted) else (),
        parent=main_parent(record, levels),
        children=brood,
        reason="" if isinstance(verdict, Accepted) else line(verdict.reason, 300),
    )


def _title(record: LevelRecord) -> str:
    return record.description.strip() or "without a description"


def page(data: RunData, levels: Levels, level: str, game: Game) -> LevelPage:
    """The page of `level`, one of `levels`."""
    known = levels.lines
    record, trials = data.snapshot.levels[level], data.snapshot.trials.get(level, ())
    verdict = record.verdict
    outcome = levels.outcomes.get(level)
    brief = levels.briefs.get((outcome.asked, outcome.index)) if outcome else None
    parent = known[level].parent
    return LevelPage(
        line=known[level],
        description=block(record.description),
        source=block(record.source),
        rules=game.rules(verdict.rules) if isinstance(verdict, Accepted) else (),
        warnings=tuple(map(line, verdict.warnings)) if isinstance(verdict, Accepted) else (),
        points=tuple(map(_point, trials[-_MOST_TRIALS:])),
        reached=_reached(record, trials, game),
        length=next((trial.length_mean for trial in reversed(trials) if trial.episodes), None),
        limit=_limit(data.settings.get("episode_limit"), record),
        endings=_shares(trials, lambda trial: trial.endings),
        occupations=_shares(trials, lambda trial: trial.occupations),
        compile_s=sum(trial.compile_s for trial in trials),
        difference=_difference(data.snapshot.levels, record, parent),
        parent=known[parent] if parent else None,
        parents=tuple(known[parent] for parent in dict.fromkeys(record.parents) if parent in known),
        children=tuple(known[child] for child in levels.brood.get(level, ())),
        attempts=_attempts(record.repairs),
        hint="" if isinstance(verdict, Accepted) else block(verdict.hint),
        brief=brief,
        asked=(outcome.asked, outcome.index) if outcome else None,
        named=known.get(brief.parent.level.id) if brief and brief.parent else None,
        calls=tuple(data.calls[key] for key in record.requests if key in data.calls),
        examples=_examples(brief, known),
    )


def _limit(usual: Any, record: LevelRecord) -> float | None:
    """Steps of an episode at most: the run's, or fewer by the level's own rule."""
    own: Any = record.verdict.rules.get("episode_length") if isinstance(record.verdict, Accepted) else None
    return min((float(steps) for steps in (usual, own) if finite(steps)), default=None)


def _point(trial: Trial) -> Point:
    played = trial.episodes > 0
    return Point(
        trial.cycle,
        trial.episodes,
        trial.success_rate,
        learnability(trial) if played else None,
        trial.return_mean,
        trial.length_mean,
    )


def _reached(record: LevelRecord, trials: Sequence[Trial], game: Game) -> tuple[Reached, ...]:
    last = next((trial for trial in reversed(trials) if trial.episodes), None)
    if last is None:
        return ()
    goal: Mapping[str, object] = record.verdict.goal if isinstance(record.verdict, Accepted) else {}
    names = goal.get("achievements", ())
    asked = {str(name) for name in names} if isinstance(names, Sequence) else set()
    rates = {name: rate for name, rate in last.achievements.items() if isinstance(rate, int | float) and 0 <= rate <= 1}
    found = [Reached(line(game.plain(name), 60), rate, name in asked) for name, rate in rates.items()]
    found += [Reached(line(game.plain(name), 60), 0.0, True) for name in asked - rates.keys()]
    return tuple(sorted(found, key=lambda one: (not one.asked, -one.rate, one.name))[:100])


def _shares(trials: Sequence[Trial], of: Callable[[Trial], Mapping[str, float]]) -> tuple[Reached, ...]:
    """Shares of the last trial with an episode, the largest first; what is no share is left out."""
    last = next((trial for trial in reversed(trials) if trial.episodes), None)
    named = of(last) if last else {}
    found = [
        Reached(line(name, 60), share, False)
        for name, share in named.items()
        if isinstance(share, int | float) and 0 < share <= 1
    ]
    return tuple(sorted(found, key=lambda one: (-one.rate, one.name))[:20])


def _difference(levels: Mapping[str, LevelRecord], record: LevelRecord, parent: str | None) -> tuple[str, ...] | None:
    if parent is None or not levels[parent].source:
        return None
    old, new = block(levels[parent].source).split("\n"), block(record.source).split("\n")
    if len(old) + len(new) > _MOST_DIFF:
        return None
    found: Iterable[str] = difflib.unified_diff(old, new, n=3, lineterm="")
    return tuple(found)[2:]


def _attempts(repairs: Sequence[Repair]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(number, line(one.stage, 20), block(one.reason), block(one.hint), block(one.source))
        for number, one in enumerate(repairs[:20], 1)
    )


def _examples(brief: Brief | None, known: Mapping[str, LevelLine]) -> tuple[LevelLine, ...]:
    shown = brief.examples if brief else ()
    return tuple(known[record.id] for record in shown if record.id in known)
