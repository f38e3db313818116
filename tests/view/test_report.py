"""The report's pictures are drawn from the first cycle on, and the lineage tree is tidy."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import hostile
import numpy as np
import pytest
from matplotlib.image import imread
from view_examples import run

from dicode import games
from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.evaluation.results import Evaluation
from dicode.games.craftax.display import DISPLAY
from dicode.view import lineage_tree, palette, report, style, words
from dicode.view.pages.data import RunData, read
from dicode.view.pages.levels import index


def data_of(cycles: int, fresh: int = 5, **more) -> RunData:
    snapshot, rows = run(cycles, fresh) if cycles else (Snapshot().with_levels([target_record()]), [])
    return RunData("demo", snapshot, tuple(rows), **more)


def measured(env_steps: float, *returns: float) -> Evaluation:
    each = np.array(returns)
    return Evaluation("target", len(each), 9, "c", env_steps, each, each, each, {"EAT_COW": 0.25}, max_return=226.0)


@pytest.mark.parametrize("cycles", [0, 1, 9])
def test_every_picture_is_drawn_at_any_time_with_a_pdf_and_a_caption(tmp_path, cycles):
    files = report.write(data_of(cycles), DISPLAY, tmp_path / "report")
    names = ("learning_curve", "achievements", "levels", "lineage")
    wanted = {f"{name}.{kind}" for name in names for kind in ("png", "pdf", "txt")} | {"lineage.svg"}
    assert {file.name for file in files} == wanted
    for file in files:
        if file.suffix == ".png":
            image = imread(file)
            assert image.shape[0] > 150
            assert image.shape[1] == round(7.2 * 150)
            assert image.std() > 0.01
        elif file.suffix == ".txt":
            assert "run demo" in file.read_text()
            assert file.read_text().endswith(".\n")
    assert (tmp_path / "report/lineage.pdf").read_bytes().startswith(b"%PDF")
    assert not list((tmp_path / "report").glob(".*"))


def test_a_report_of_rows_with_odd_fields_is_drawn_without_them(tmp_path):
    folder = hostile.write(tmp_path, 20)
    assert report.write(read(folder), DISPLAY, tmp_path / "report")


def texts_of(path: Path) -> str:
    """The words in an SVG figure whose letters stay letters."""
    return " ".join(re.findall(r"<!-- (.*?) -->", path.read_text()))


def test_the_lineage_says_of_each_level_what_it_asks_for_and_names_the_axis(tmp_path):
    data = data_of(5)
    report.write(data, DISPLAY, tmp_path)
    said = texts_of(tmp_path / "lineage.svg")
    assert "Lineage of levels, run demo" in said
    assert "recorded in cycle" in said
    for one in index(data, DISPLAY).lines.values():
        assert words.clip(one.goal, 42) in said


def test_the_curve_s_caption_names_the_random_policy_where_it_was_measured(tmp_path):
    data = data_of(5, evaluations=(measured(300_000, 2.0, 4.0),), baseline=(measured(300_000, 1.0, 1.5),))
    report.write(data, DISPLAY, tmp_path)
    assert "uniformly random actions in 2 worlds" in (tmp_path / "learning_curve.txt").read_text()
    report.write(data_of(5), DISPLAY, tmp_path)
    assert "No random policy was measured" in (tmp_path / "learning_curve.txt").read_text()


def test_the_curve_of_an_own_target_is_none_of_the_game_s(tmp_path):
    report.learning_curve(data_of(5, settings={"target": "library:cow"}), DISPLAY, tmp_path / "curve")
    said = (tmp_path / "curve.txt").read_text()
    assert "on the target library:cow over environment steps" in said
    assert "unmodified game" not in said
    assert "226" not in said


def test_a_curve_below_nothing_is_seen(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(style, "finish", lambda made, path, caption: seen.extend(made.axes[0].get_ylim()) or [])
    data = data_of(5)
    rows = tuple({**row, "target_return": -0.9 + 0.1 * row["cycle"]} for row in data.rows)
    report.learning_curve(replace(data, rows=rows), DISPLAY, tmp_path / "curve")
    assert seen[0] < -0.9 < -0.5 < seen[1]


def test_a_run_s_name_is_text_and_no_formula(tmp_path):
    data = replace(data_of(2), name="$\\frac{a$")
    assert report.write(data, DISPLAY, tmp_path)
    assert "$" in texts_of(tmp_path / "lineage.svg")


@pytest.mark.fast
def test_labels_at_the_ends_of_lines_do_not_collide():
    made = style.figure(style.PAGE, 3.0)
    axes = made.subplots()
    axes.set_ylim(0, 100)
    style.name_lines(axes, [(1.0, value, f"line {value}", "#000000") for value in (10.0, 10.5, 11.0, 90.0)])
    made.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.fast
def test_a_large_archive_is_cut_to_whole_lineages():
    known = index(data_of(40, fresh=12), DISPLAY).lines
    kept = lineage_tree.chosen(known)
    assert 40 < len(kept) <= lineage_tree.MAX_ROWS < len(known)
    assert all(known[level].parent in kept or known[level].parent is None for level in kept)


@pytest.mark.fast
def test_achievement_rates_are_binned_and_sorted_by_the_latest():
    rows = run(400, fresh=0)[1]
    table, names, steps = report._rates(rows)
    assert table.shape == (len(names), 160)
    assert len(steps) == 160
    assert steps[-1] == rows[-1]["env_steps"]
    assert list(table[:, -1]) == sorted(table[:, -1], reverse=True)


@pytest.mark.fast
def test_goals_in_words():
    assert words.goal_words({"achievements": ["EAT_COW"], "minimum": {"inventory.iron": 3.0}}) == "eat cow, iron 3"
    assert words.goal_words({"achievements": ["X"] * 67}) == "67 achievements"
    assert words.goal_words({}) == "a goal of its own"
    xland = games.load_host("xland").read_goal
    told = {"kind": "together", "things": ["red ball", "blue key"], "side": None, "at": None}
    assert words.goal_words(xland(told).to_json()) == "together red ball, blue key"
    told = {"kind": "place", "things": ["red ball"], "side": None, "at": [2, 3]}
    assert words.goal_words(xland(told).to_json()) == "place red ball 2, 3"
    assert words.goal_words({"kind": "near\x1b[2J", "things": [{"a": "<b>"}]}) == "near [2j {'a': '<b>'}"
    assert words.clip("abcdef", 4) == "abc…"


@pytest.mark.fast
def test_labels_are_spread_in_their_order():
    placed = palette.spread([5.0, 1.0, 1.1, 1.2], 1.0)
    assert placed[1] < placed[2] < placed[3] < placed[0]
    gaps = sorted(placed)
    assert all(b - a > 0.99 for a, b in pairwise(gaps))
