"""What a person sees while a run trains."""

import io
import logging
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from view_examples import run

from dicode.dreaming.dreamer import Progress as Round
from dicode.types import TARGET, Brief, Code, ParentReport, Proposal, Rejected, Slot
from dicode.view.live import (
    CYCLE_DONE,
    DreamLine,
    LevelLine,
    LiveView,
    Progress,
    dream_lines,
    duration,
    level_lines,
    plain_line,
    render,
    round_line,
    sparkline,
)

pytestmark = pytest.mark.fast

PROGRESS = Progress(
    run="demo",
    cycle=2,
    cycles=10,
    update=4,
    updates=16,
    env_steps=300_000,
    total_steps=1_000_000,
    steps_per_s=5000.0,
    seconds_left=140.0,
    target_return=3.25,
    returns=(1.0, 2.0, 3.25),
    levels=(LevelLine("eat cow", 0.5, "B", "new"), LevelLine("collect iron", None, "-", "new")),
    dreams=(DreamLine("from eat cow", "status B, 50 % solved", count=3),),
    known=12,
    active=7,
)


def drawn(progress: Progress, width: int = 100, rows: int = 12) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    console.print(render(progress, width, rows))
    return console.file.getvalue()


def test_the_picture_names_cycle_speed_return_levels_dreams_and_time_left():
    text = drawn(PROGRESS)
    for part in (
        "demo",
        "cycle 3",
        "5,000",
        "3.25",
        "▁",
        "7 of 12",
        "2 min",
        "eat cow",
        "50 %",
        "3 x from eat cow",
        "4 of 16",
    ):
        assert part in text, part


@pytest.mark.parametrize("width", [72, 80, 100, 200])
def test_the_picture_fits_its_terminal(width):
    many = replace(PROGRESS, levels=PROGRESS.levels * 40, dreams=(DreamLine("x" * 200, "y" * 200),) * 30)
    lines = drawn(many, width, rows=6).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) < 32
    assert "and 74 more" in drawn(many, width, rows=6)


def test_text_of_a_model_neither_styles_nor_steers_the_terminal():
    evil = replace(PROGRESS, dreams=(DreamLine("[red]boo[/red]", "\x1b[2Jgone\nnext"),), notes=("\x1b]0;title\x07",))
    text = drawn(evil)
    assert "[red]boo[/red]" in text
    assert "\x1b[2J" not in text
    assert "\x1b]" not in text


def plain(*shown: Progress) -> list[str]:
    """The lines on what is no terminal."""
    console = Console(file=io.StringIO(), width=40)
    with LiveView(console) as view:
        for progress in shown:
            view.show(progress)
    return console.file.getvalue().splitlines()


def test_without_a_terminal_every_cycle_is_one_line_of_its_own_numbers():
    done = [replace(PROGRESS, cycle=n, stage=CYCLE_DONE, env_steps=1000 * (n + 1)) for n in range(3)]
    cycles = [
        [replace(end, stage=stage, env_steps=7) for stage in ("building levels", "training", "writing")] + [end]
        for end in done
    ]
    first = [replace(PROGRESS, cycle=0, stage="compiling rollout"), *cycles[0]]
    lines = plain(*first, *cycles[1], *cycles[2])
    assert lines[:3] == ["compiling rollout", "building levels", "training"]
    assert lines[3:] == [plain_line(end) for end in done]


def test_a_counted_stage_says_how_far_it_is_and_how_long_it_takes(monkeypatch):
    ticks = iter(range(0, 1000, 4))
    monkeypatch.setattr("dicode.view.live.time.monotonic", lambda: float(next(ticks)))
    stage = replace(PROGRESS, stage="checking seed levels", stage_of=8)
    lines = plain(*(replace(stage, stage_done=n, stage_left=8.0 - n) for n in range(7)))
    assert lines == [f"checking seed levels: {n} of 8, {8 - n} s left" for n in (0, 3, 6)]
    assert "checking seed levels: 3 of 8" in drawn(replace(stage, stage_done=3))


def test_warnings_pass_through_the_live_view(monkeypatch):
    """A logged line stands above the picture, once, and the picture is not drawn twice because of it."""
    from dicode.logs import _Stderr

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    console = Console(file=terminal, force_terminal=True, width=80, color_system=None)
    handler = _Stderr()
    record = logging.LogRecord("dicode", logging.WARNING, "", 0, "the disk is nearly full", None, None)
    with LiveView(console) as view:
        view.show(PROGRESS)
        view._live.refresh()
        handler.emit(record)
    text = terminal.getvalue()
    assert text.count("the disk is nearly full") == 1
    before, after = text.split("the disk is nearly full")
    erased = before.count("\x1b[2K")
    assert erased == before.count("\n") + 1 > 1, "the picture is erased line by line before the warning is written"
    assert "demo" in after
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    handler.emit(record)
    assert sys.stderr.getvalue() == "the disk is nearly full\n"


def test_the_plain_line_holds_the_numbers():
    line = plain_line(PROGRESS)
    for part in (
        "cycle 3/10",
        "300,000 steps",
        "5,000 steps/s",
        "return 3.25",
        "7 of 12 levels active",
        "dreaming 3",
        "2 min left",
    ):
        assert part in line, part
    assert "return -" in plain_line(replace(PROGRESS, target_return=None, levels=(), dreams=()))


def test_levels_come_as_target_new_ones_then_by_success_rate():
    snapshot, _ = run(6)
    trained = [level for level in snapshot.accepted() if snapshot.trials.get(level)][:3]
    fresh = next(level for level in snapshot.accepted() if not snapshot.trials.get(level))
    slots = tuple(Slot(level, 8, level != trained[0]) for level in (*trained, fresh, TARGET))
    lines = level_lines(snapshot, Proposal(slots))
    assert lines[0].text == "the target"
    assert lines[1].note == "new"
    rates = [line.rate for line in lines[2:]]
    assert rates == sorted(rates, reverse=True)
    assert sum("scored only" in line.note for line in lines) == 1


def test_dreams_tell_where_they_come_from_and_why_they_failed():
    snapshot, _ = run(4)
    parent = snapshot.levels["seed0"]
    briefs = [Brief(3, i, ParentReport(parent, snapshot.trials["seed0"]), {"EAT_COW": 0.1}, 1.0) for i in range(3)]
    bad = replace(parent, verdict=Rejected("verify", "solved at reset", code=Code.SOLVED))
    lines = dream_lines([*briefs, Brief(3, 3, None, {}, None)], [parent, bad])
    assert [line.state for line in lines] == ["accepted", "rejected", "dreaming", "dreaming"]
    assert lines[1].why == "solved at reset"
    assert lines[2].count == 3
    assert "solved" in lines[2].why
    assert lines[3].text == "a new level"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.4, "3 s"), (89, "89 s"), (720, "12 min"), (11100, "3 h 05 min"), (187200, "2 d 4 h")]
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text


def test_sparklines():
    assert sparkline([]) == ""
    assert sparkline([5.0]) == "▁"
    assert sparkline([0.0, 1.0]) == "▁█"
    assert len(sparkline(range(100), 24)) == 24


def test_the_round_under_way_is_told_as_it_is_now():
    assert round_line(None) == ""
    assert round_line(Round(4, 6)) == "dreams of cycle 4: 6 of 6 under way"
    going = Round(4, 6, accepted=3, rejected=1)
    assert round_line(going) == "dreams of cycle 4: 2 of 6 under way, 3 accepted, 1 rejected"
    assert round_line(Round(4, 2, accepted=1, lost=1)) == "dreams of cycle 4: all 2 answered, 1 accepted, 1 lost"
    shown = replace(PROGRESS, round=round_line(going))
    assert "2 of 6 under way" in drawn(shown)
    assert "2 of 6 under way" in plain_line(shown)
