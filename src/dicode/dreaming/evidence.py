"""What a run knows of its levels, for whoever writes the next one: the same for models and for the grammar.

Words and numbers come from trials alone, under the names that the game gives its achievements and endings,
so nothing here belongs to one game.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from dicode.curriculum.scores import pooled
from dicode.types import (
    STATUS_FLOORS,
    TARGET,
    Accepted,
    Brief,
    LevelRecord,
    ParentReport,
    RunFacts,
    Status,
    Trial,
)

MASTERED, BEGUN = STATUS_FLOORS[Status.A], STATUS_FLOORS[Status.C]
HARD, EASY = 0.1, 0.75
"""Success rates below and above which a level teaches little."""
FEW = 5
"""Episodes below which nothing is said of a level."""
MOST_LINES = 10
"""Relatives that a prompt shows at most: the latest."""
MOST_WORDS = 260
"""Characters of a line about one level."""


class Relation(Enum):
    """How a new level should lie to its parent: what the success on the parent and on its children says together."""

    FREE = ""
    """No parent."""
    UNSEEN = " that grows out of the parent, on which the agent has not been seen yet"
    BEYOND = " that goes one step beyond the parent, which the agent has mastered"
    BETWEEN = (
        " that lies between the two: harder than the parent, which the agent has mastered, and clearly easier than its "
        "children, which are all too hard"
    )
    AMONG = " that is harder than the parent's children that are too easy and easier than those that are too hard"
    FARTHER = " that goes clearly beyond the parent's children, which are all too easy"
    BESIDE = " that is about as hard as the parent's children between 10 and 75 %, and about something else than they"
    VARIED = " that grows out of the parent, which the agent is learning: a variation, or a small step on"
    LEVEL = (
        " that is a variation of the parent, which the agent is learning, and no harder than it: its children are all "
        "too hard"
    )
    EASIER = " that is an easier step towards the parent, at which the agent mostly fails"
    CLOSER = (
        " that lies between the parent, at which the agent mostly fails, and the levels around it that are too easy"
    )
    AFRESH = (
        " that is much easier than the parent and its children, at all of which the agent fails: another, nearer goal "
        "or far more help"
    )


def seen(brief: Brief, level: LevelRecord) -> tuple[Trial, ...]:
    """How the agent fared on a level that a brief shows: in training, else when it was measured."""
    return brief.trials.get(level.id) or ((level.probe,) if level.probe else ())


def standing(trials: Sequence[Trial]) -> float | None:
    """Success rate in a level's latest episodes that are enough to say something; None where there are too few."""
    whole = pooled([trial for trial in trials if trial.episodes], FEW)
    return None if whole is None else whole.success_rate


def parent_rate(report: ParentReport) -> float | None:
    """The latest success rate on a parent, None where no episode was counted."""
    counted = [trial.success_rate for trial in report.trials if trial.success_rate is not None]
    return counted[-1] if counted else None


def relation(brief: Brief) -> Relation:
    """What the evidence says of the way from the parent to the next level."""
    if brief.parent is None:
        return Relation.FREE
    rate, parent = parent_rate(brief.parent), brief.parent.level.id
    if rate is None:
        return Relation.UNSEEN
    kids = _standings(brief, (kin for kin in brief.relatives if parent in kin.parents))
    hard, easy = [r for r in kids if r < HARD], [r for r in kids if r > EASY]
    fair = len(kids) - len(hard) - len(easy)
    if rate >= MASTERED:
        if fair:
            return Relation.BESIDE
        if hard and easy:
            return Relation.AMONG
        return Relation.BETWEEN if hard else Relation.FARTHER if easy else Relation.BEYOND
    if rate >= BEGUN:
        return Relation.LEVEL if kids and len(hard) == len(kids) else Relation.VARIED
    around = _standings(brief, _kin(brief))
    if any(r > EASY for r in around):
        return Relation.CLOSER
    return Relation.AFRESH if kids and len(hard) == len(kids) else Relation.EASIER


def _kin(brief: Brief) -> list[LevelRecord]:
    """The parent's children and siblings among what a brief shows."""
    if brief.parent is None:
        return []
    family = {brief.parent.level.id, *brief.parent.level.parents} - {TARGET}
    return [level for level in brief.relatives if family & set(level.parents)]


def _standings(brief: Brief, levels: Iterable[LevelRecord]) -> list[float]:
    found = (standing(seen(brief, level)) for level in levels)
    return [rate for rate in found if rate is not None]


def percent(rate: float) -> str:
    """A rate for people; what is not nothing is not called 0 %."""
    return f"{100 * rate:.0f} %" if rate >= 0.005 or rate == 0 else "<1 %"


def shares(table: Mapping[str, float], most: int) -> str:
    """The largest entries of a table of rates, largest first."""
    best = sorted(table, key=lambda name: (-table[name], name))[:most]
    return ", ".join(f"{name} {percent(table[name])}" for name in best if table[name] >= 0.005)


def goal_of(record: LevelRecord) -> str:
    """What a level asks for, in the names of its game."""
    if record.id == TARGET:
        return "the unmodified game"
    if not isinstance(record.verdict, Accepted):
        return record.description.strip().split("\n")[0][:100]
    goal = record.verdict.goal
    return ", ".join([*_asked(goal), *(f"{name} >= {least:g}" for name, least in _minimum(goal).items())]) or "a hook"


def _asked(goal: Mapping[str, object]) -> list[str]:
    found = goal.get("achievements", ())
    return [str(name) for name in found] if isinstance(found, list | tuple) else []


def _minimum(goal: Mapping[str, object]) -> dict[str, float]:
    found = goal.get("minimum", {})
    return {str(name): float(least) for name, least in found.items()} if isinstance(found, Mapping) else {}


def fared(record: LevelRecord, trials: Sequence[Trial]) -> str:
    """How the agent fared on a level over the cycles, what it did instead, and how it failed."""
    seen = [trial for trial in trials if trial.episodes]
    if not seen:
        return "no episode has ended on it yet"
    last, shown = seen[-1], seen[-4:]
    rates = " ".join(percent(trial.success_rate or 0.0) for trial in shown)
    cycles = f"cycle {last.cycle}" if len(shown) == 1 else f"cycles {shown[0].cycle} to {last.cycle}"
    said = f"{rates} in {cycles} ({last.episodes} episodes), status {record.status.value}"
    return f"{said}{instead(record, last)}{failing(last)}"


def instead(record: LevelRecord, trial: Trial) -> str:
    """How far the agent came where it did not come to the end: parts of the goal first, zeros included."""
    asked = _asked(record.verdict.goal) if isinstance(record.verdict, Accepted) else []
    parts = [f"{name} {percent(trial.achievements.get(name, 0.0))}" for name in asked if len(asked) > 1]
    others = {name: rate for name, rate in trial.achievements.items() if name not in asked}
    most = shares(others, max(4 - len(parts), 2))
    told = ", ".join([*parts, *([most] if most else [])])
    return f"; agents reached {told}" if told else "; agents reached nothing"


def reached(trial: Trial) -> str:
    """What the agents reached, most often first."""
    return f"; agents reached {shares(trial.achievements, 8) or 'nothing'}"


def failing(trial: Trial) -> str:
    """How episodes without the goal ended; empty where all reached it, or nothing is known."""
    told = shares(trial.endings, 4)
    return f"; failed by {told}" if told else ""


def lines(brief: Brief, levels: Iterable[LevelRecord]) -> list[str]:
    """One bounded line a level, the latest ones."""
    latest = list(levels)[-MOST_LINES:]
    return [f"- {goal_of(level)}: {fared(level, seen(brief, level))}"[:MOST_WORDS] + "." for level in latest]


def family(brief: Brief) -> str:
    """What was tried from the parent, and beside it, a line each; empty where nothing was."""
    if brief.parent is None:
        return ""
    parent = brief.parent.level.id
    kids = lines(brief, (kin for kin in brief.relatives if parent in kin.parents))
    siblings = lines(brief, (kin for kin in _kin(brief) if parent not in kin.parents))
    told = ["Its children, which were tried before:", *kids] if kids else []
    told += ["Its siblings:", *siblings] if siblings else []
    return "\n".join(told) + "\n" if told else ""


def trend(brief: Brief) -> str:
    """The agent on the target over the last cycles: return, how episodes end, where their steps go."""
    seen = [trial for trial in brief.trials.get(TARGET, ()) if trial.episodes][-6:]
    if not seen:
        return ""
    last = seen[-1]
    over = f"Mean return over the cycles up to {last.cycle}: {' '.join(f'{t.return_mean:.1f}' for t in seen)}. "
    ends = shares(last.endings, 6)
    spent = shares(last.occupations, 5)
    died = f"Its episodes there last {last.length_mean:.0f} steps and end by {ends}. " if ends else ""
    return f"{over if len(seen) > 1 else ''}{died}{f'Its steps go to {spent}. ' if spent else ''}".strip()


def run_facts(facts: RunFacts | None) -> str:
    """What holds for every level of the run, in two sentences; empty where it is not known."""
    if facts is None:
        return ""
    odd = " A level pays nothing but its goal." if facts.reward == "goal" else ""
    odd += " An episode goes on after the goal, which pays once." if facts.after_goal == "go_on" else ""
    odd += " Levels play by the game's own rules, whatever theirs say." if facts.level_rules == "game" else ""
    hooks = f" Free slots for levels with hooks: {facts.hook_slots}." if facts.hook_slots else ""
    return (
        f"An episode lasts {facts.episode_limit} steps at most, and a level gets {facts.episodes} of that length in a "
        f"cycle, more if they are shorter; reaching the goal pays {facts.bonus:g}. The agent ({facts.agent}) sees "
        f"{facts.sees}.{odd}{hooks}"
    )
