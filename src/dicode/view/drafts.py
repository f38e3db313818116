"""What became of every draft, a line each: author, attempts, verdict with its reason, what was measured, cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dicode.curriculum.scores import MIN_EPISODES
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.evidence import EASY, HARD
from dicode.types import Accepted, LevelRecord, Verdict
from dicode.view import words
from dicode.view.spending import money

HEAD = ("asked", "level", "author", "attempts", "verdict", "measured", "first trained", "cost")


@dataclass(frozen=True)
class DraftLine:
    """One draft in words; see `HEAD`."""

    asked: str
    """Cycle after which it was asked for, and its number in the round."""
    level: str
    author: str
    attempts: str
    verdict: str
    measured: str
    """How often the agent reached the goal before it trained there."""
    trained: str
    """How often it did in the first cycle that trained it."""
    cost: str

    def cells(self) -> tuple[str, ...]:
        """In the order of `HEAD`."""
        return self.asked, self.level, self.author, self.attempts, self.verdict, self.measured, self.trained, self.cost


def lines(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[DraftLine]:
    """Every dream that was answered or lost, in the order of its asking; `rows` are the metrics, which know the cost."""
    costs = {cost["level"]: cost for row in rows for cost in (row.get("fm") or {}).get("levels", ())}
    ordered = sorted(snapshot.outcomes, key=lambda outcome: (outcome.asked, outcome.index))
    return [
        _line(f"{o.asked}.{o.index}", o.verdict, snapshot.levels.get(o.level or ""), snapshot, costs) for o in ordered
    ]


def _line(
    asked: str, verdict: Verdict, record: LevelRecord | None, snapshot: Snapshot, costs: Mapping[str, Mapping[str, Any]]
) -> DraftLine:
    if record is None:
        return DraftLine(asked, "-", "-", "-", _verdict(verdict), "-", "-", "-")
    cost = costs.get(record.id, {})
    model = f" {words.printable(str(cost['model']))}" if cost.get("model") else ""
    author = f"{record.origin.value}{model} {record.move}".strip()
    first = next((trial for trial in snapshot.trials.get(record.id, ()) if trial.episodes), None)
    return DraftLine(
        asked=asked,
        level=record.id,
        author=author,
        attempts=str(1 + len(record.repairs)),
        verdict=_verdict(verdict),
        measured=_rate(record.probe),
        trained=_rate(first),
        cost=money(cost["usd"]) if "usd" in cost else "-",
    )


def _rate(trial: Any) -> str:
    return "-" if trial is None else f"{words.percent(trial.success_rate)} of {trial.episodes}"


def _verdict(verdict: Verdict) -> str:
    if isinstance(verdict, Accepted):
        return f"accepted: {words.goal_words(verdict.goal)}"
    return words.clip(f"{verdict.stage}: {verdict.reason}", 110)


@dataclass(frozen=True)
class Band:
    """How well the dreams that trained suited the agent."""

    trained: int
    """Dreams with enough episodes in a cycle; the first such cycle counts as their first."""
    below: int
    above: int
    improved: int
    """Solved in 20 points more of their episodes in their last cycle than when they were measured, or first trained."""

    @property
    def within(self) -> int:
        """Between 10 and 75 % in their first cycle."""
        return self.trained - self.below - self.above

    def sentence(self) -> str:
        """For people; empty where none trained."""
        if not self.trained:
            return ""
        share, better = words.percent(self.within / self.trained), words.percent(self.improved / self.trained)
        return (
            f"Of {self.trained} dreams that trained, {self.within} ({share}) were solved in {HARD:.0%} to {EASY:.0%} of the episodes of their "
            f"first cycle, {self.below} less often and {self.above} more often; {self.improved} ({better}) were solved in 20 points more at their end."
        )


def band(snapshot: Snapshot) -> Band:
    """Of the accepted dreams that trained for 20 episodes or more in a cycle: too hard, too easy, improved."""
    dreamed = {o.level for o in snapshot.outcomes if o.level and isinstance(o.verdict, Accepted)}
    seen = {level: [t for t in snapshot.trials.get(level, ()) if t.episodes >= MIN_EPISODES] for level in dreamed}
    seen = {level: trials for level, trials in seen.items() if trials}
    first = [trials[0].success_rate or 0.0 for trials in seen.values()]
    begun = [snapshot.levels[level].probe or trials[0] for level, trials in seen.items()]
    gains = [(t[-1].success_rate or 0.0) - (b.success_rate or 0.0) for t, b in zip(seen.values(), begun, strict=True)]
    return Band(len(seen), sum(r < HARD for r in first), sum(r > EASY for r in first), sum(g >= 0.2 for g in gains))


def page(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> str:
    """The table as Markdown; empty where nobody dreamed."""
    found = lines(snapshot, rows)
    if not found:
        return ""
    table = [HEAD, ["---"] * len(HEAD), *([cell.replace("|", "/") for cell in one.cells()] for one in found)]
    said = band(snapshot).sentence()
    told = f"{said}\n\n" if said else ""
    return f"# Drafts\n\n{told}" + "\n".join(f"| {' | '.join(cells)} |" for cells in table) + "\n"
