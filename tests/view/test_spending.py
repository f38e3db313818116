"""What a model cost is told in one line and on one page."""

from dataclasses import replace

import pytest
from view_examples import run

from dicode.curriculum.snapshot import DreamRecord, Snapshot
from dicode.games.craftax.display import DISPLAY
from dicode.types import Accepted, Code, Draft, LevelRecord, Origin, Rejected, Repair, Trial, level_id
from dicode.view import drafts, report, spending
from dicode.view.pages.data import RunData

pytestmark = pytest.mark.fast


def sums(calls: int, usd: float | None = 0.5, estimated: int = 0) -> dict:
    return {
        "calls": calls,
        "tokens_in": 1000 * calls,
        "tokens_cached": 600 * calls,
        "tokens_out": 100 * calls,
        "usd": usd,
        "unpriced": calls * (usd is None),
        "estimated": estimated,
    }


def row(cycle: int = 0, calls: int = 4, accepted: int = 2, levels=(), stopped=None, **more) -> dict:
    fm = {"total": sums(calls, **more), "accepted": accepted, "levels": list(levels), "stopped": stopped}
    return {"cycle": cycle, "env_steps": 1, "target_return": None, "fm": fm}


CAP = {"cycle": 3, "reason": "budget.tokens=5000 is spent (5100 tokens)", "dreams": 7}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (row(), "4 calls, 4000 + 400 tokens, $0.5000; 2,200 tokens and $0.2500 for each of 2 accepted levels"),
        (row(usd=None), "4 calls, 4000 + 400 tokens, price unknown; 2,200 tokens for each of 2 accepted levels"),
        (row(accepted=0, estimated=1), "4 calls, about 4000 + 400 tokens, $0.5000, no level accepted yet"),
        ({"cycle": 0}, ""),
    ],
)
def test_one_line(given, line):
    assert spending.line(given) == line


def test_a_cap_that_stopped_the_model_is_told():
    text = spending.stopped(row(stopped=CAP))
    for part in ("since the dreams of cycle 3", "budget.tokens=5000 is spent", "7 dreams were written by the grammar"):
        assert part in text
    assert spending.stopped(row()) == ""
    assert spending.stopped({"cycle": 1}) == ""


@pytest.mark.slow
def test_the_page_counts_drafts_and_names_each_accepted_level_with_its_cost(tmp_path):
    good = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "-")
    verdicts = {
        "one": (good, (Repair("s", "build", "r", "h"),)),
        "two": (good, ()),
        "bad": (Rejected("build", "no", code=Code.ERROR), ()),
    }
    records = []
    for text, (verdict, repairs) in verdicts.items():
        draft = Draft(text, text, Origin.FOUNDATION)
        records.append(LevelRecord(draft.id, text, text, draft.origin, (), "", 1, verdict, repairs=repairs))
    snapshot, rows = run(2)
    snapshot = snapshot.with_levels(records).with_outcomes(
        [DreamRecord(1, 0, 1, None, Rejected("lost", "late", code=Code.LOST))]
    )
    costs = [{"level": record.id, **sums(number)} for number, record in enumerate(records[:2], 7)]
    rows = [rows[0] | row(0, 4), rows[1] | row(1, 9, levels=costs, stopped=CAP)]
    report.write(RunData("r", snapshot, tuple(rows)), DISPLAY, tmp_path)
    text = (tmp_path / "dreaming.md").read_text()
    assert "3 drafts of the model: 2 accepted (1 after a repair); rejected by stage: build 1. Dreams lost: 1." in text
    assert f"| {records[0].id} | eat cow | 1 | 7 | 7000 | 4200 | 700 | $0.5000 |" in text
    assert f"| {records[1].id} | eat cow | 0 | 8 |" in text
    assert records[2].id not in text
    assert "**The model is stopped since the dreams of cycle 3" in text


def test_a_run_without_a_model_has_no_page(tmp_path):
    snapshot, rows = run(1)
    assert spending.page(snapshot, rows) == ""


def test_every_draft_has_a_line_with_author_attempts_verdict_what_was_measured_and_cost():
    good = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "-")
    probe = Trial("x", 2, 12, 5, 1.0, 40.0)
    hard = Rejected("probe", "the agent reached the goal in 0 of 10 episodes | and so on", code=Code.TOO_HARD)
    told = {
        "fair": (Origin.FOUNDATION, good, (Repair("s", "build", "r", "h"),), probe),
        "hard": (Origin.GRAMMAR, hard, (), Trial("y", 2, 10, 0, 1.0, 40.0)),
    }
    records = [
        LevelRecord(level_id(text), text, text, origin, (), "m", 2, verdict, repairs=repairs, probe=measured)
        for text, (origin, verdict, repairs, measured) in told.items()
    ]
    outcomes = [DreamRecord(2, 1, place, record.id, record.verdict) for place, record in enumerate(records)]
    outcomes.append(DreamRecord(2, 1, 2, None, Rejected("lost", "late", code=Code.LOST)))
    snapshot = Snapshot().with_levels(records).with_outcomes(reversed(outcomes))
    rows = [row(levels=[{"level": records[0].id, "model": "big-1", **sums(3, usd=0.25)}])]
    fair, turned_down, gone = drafts.lines(snapshot, rows)
    assert fair.cells() == (
        "1.0", records[0].id, "foundation big-1 m", "2", "accepted: eat cow", "42 % of 12", "-", "$0.2500"
    )  # fmt: skip
    assert turned_down.verdict.startswith("probe: the agent reached the goal in 0 of 10")
    assert (turned_down.measured, turned_down.cost) == ("0 % of 10", "-")
    assert (gone.level, gone.verdict) == ("-", "lost: late")
    page = drafts.page(snapshot, rows)
    assert page.count("\n|") == 5
    assert all(line.count("|") == 9 for line in page.splitlines() if line.startswith("|"))
    assert drafts.page(Snapshot(), []) == ""


def test_the_page_says_how_many_dreams_suited_the_agent_and_how_many_it_learned_on():
    yes = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "-")
    told = {  # first cycle, last cycle, measured before
        "learned": (5, 18, None),
        "flat": (10, 11, None),
        "hopeless": (0, 0, None),
        "fast": (18, 19, 8),
        "young": (2, 2, None),
    }
    records, trials = [], {}
    for text, (first, last, measured) in told.items():
        probe = Trial("x", 2, 20, measured, 1.0, 40.0) if measured else None
        records.append(LevelRecord(level_id(text), text, text, Origin.GRAMMAR, (), "m", 2, yes, probe=probe))
        episodes = 19 if text == "young" else 20
        trials[records[-1].id] = tuple(
            Trial(records[-1].id, cycle, episodes, solved, 1.0, 40.0) for cycle, solved in ((3, first), (4, last))
        )
    outcomes = [DreamRecord(2, 1, place, record.id, yes) for place, record in enumerate(records)]
    snapshot = replace(Snapshot().with_levels(records).with_outcomes(outcomes), trials=trials)
    found = drafts.band(snapshot)
    assert (found.trained, found.within, found.below, found.above, found.improved) == (4, 2, 1, 1, 2)
    assert "Of 4 dreams that trained, 2 (50 %)" in drafts.page(snapshot, [])
