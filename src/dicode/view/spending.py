"""What a foundation model has cost, in words and as the report's page `dreaming.md`.

All of it comes from the entry `fm` of the rows in `metrics.jsonl` (see `dicode.runs.dreams.spending`):
`total` of the whole run, `levels` with the calls that made each level of that cycle, and `stopped`
where a cap ended the model's part.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dicode.curriculum.snapshot import Snapshot
from dicode.types import Accepted, LevelRecord, Origin
from dicode.view import words

Sums = Mapping[str, Any]
"""`calls`, `tokens_in`, `tokens_out`, `tokens_cached`, `usd` (None: no price is known), `estimated`."""


def money(usd: float | None) -> str:
    """`$0.0123`, or that no price is known."""
    return "price unknown" if usd is None else f"${usd:.4f}"


def line(row: Mapping[str, Any]) -> str:
    """A run's spending in one line, per accepted level too; empty where no model is asked."""
    spent = row.get("fm")
    if not spent:
        return ""
    total, accepted = spent["total"], spent["accepted"]
    about = "about " if total["estimated"] else ""
    text = f"{total['calls']} calls, {about}{total['tokens_in']} + {total['tokens_out']} tokens, {money(total['usd'])}"
    if not accepted:
        return f"{text}, no level accepted yet"
    tokens = (total["tokens_in"] + total["tokens_out"]) / accepted
    each = "" if total["usd"] is None else f" and {money(total['usd'] / accepted)}"
    return f"{text}; {tokens:,.0f} tokens{each} for each of {accepted} accepted levels"


def stopped(row: Mapping[str, Any]) -> str:
    """That a cap has stopped the model, since when and what follows; empty where none has."""
    cap = (row.get("fm") or {}).get("stopped")
    if not cap:
        return ""
    return (
        f"the model is stopped since the dreams of cycle {cap['cycle']}: {cap['reason']}; "
        f"{cap['dreams']} dreams were written by the grammar instead"
    )


def silence(row: Mapping[str, Any]) -> str:
    """That the model has answered no dream so far, and why; empty where it has."""
    return (row.get("fm") or {}).get("silence") or ""


def page(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> str:
    """The report's page on dreaming as Markdown; empty where the run asks no model."""
    told = [row for row in rows if row.get("fm")]
    if not told:
        return ""
    drafts = [r for r in snapshot.levels.values() if r.origin is Origin.FOUNDATION]
    lost = sum(outcome.level is None for outcome in snapshot.outcomes)
    last = told[-1]
    parts = [f"# Dreaming, after cycle {last['cycle']}", line(last) + "."]
    parts += [f"**{text[0].upper()}{text[1:]}.**" for text in [silence(last), stopped(last)] if text]
    parts += [_counts(drafts, lost), _cycles(told), _levels(drafts, told)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(drafts: Sequence[LevelRecord], lost: int) -> str:
    accepted = [r for r in drafts if isinstance(r.verdict, Accepted)]
    stages: dict[str, int] = {}
    for record in drafts:
        if not isinstance(record.verdict, Accepted):
            stages[record.verdict.stage] = stages.get(record.verdict.stage, 0) + 1
    rejected = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items())) or "none"
    repaired = sum(bool(record.repairs) for record in accepted)
    return (
        f"{len(drafts)} drafts of the model: {len(accepted)} accepted ({repaired} after a repair); rejected by stage: "
        f"{rejected}. Dreams lost: {lost}."
    )


def _cycles(rows: Sequence[Mapping[str, Any]]) -> str:
    """What was spent by the end of each cycle, in which something was."""
    shown, before = [], -1
    for row in rows:
        if row["fm"]["total"]["calls"] != before:
            shown.append([str(row["cycle"]), *_sums(row["fm"]["total"]), str(row["fm"]["accepted"])])
            before = row["fm"]["total"]["calls"]
    return _table("Spent by the end of each cycle", ["cycle", *_SUMS, "accepted levels"], shown)


def _levels(drafts: Sequence[LevelRecord], rows: Sequence[Mapping[str, Any]]) -> str:
    """What each accepted level's own calls cost, failed attempts at it included."""
    costs = {sums["level"]: sums for row in rows for sums in row["fm"]["levels"]}
    shown = [
        [record.id, words.level_words(record).replace("|", "/"), str(len(record.repairs)), *_sums(costs[record.id])]
        for record in drafts
        if isinstance(record.verdict, Accepted) and record.id in costs
    ]
    return _table("Accepted levels", ["level", "goal", "repairs", *_SUMS], shown)


_SUMS = ["calls", "tokens read", "of them cached", "tokens written", "money"]


def _sums(sums: Sums) -> list[str]:
    return [*(str(sums[name]) for name in ("calls", "tokens_in", "tokens_cached", "tokens_out")), money(sums["usd"])]


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return f"## {title}\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
