"""What became of every draft, a line each: author, attempts, verdict with its reason, what was measured, cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dicode.curriculum.snapshot import Snapshot
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


def page(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> str:
    """The table as Markdown; empty where nobody dreamed."""
    found = lines(snapshot, rows)
    if not found:
        return ""
    table = [HEAD, ["---"] * len(HEAD), *([cell.replace("|", "/") for cell in one.cells()] for one in found)]
    return "# Drafts\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in table) + "\n"
