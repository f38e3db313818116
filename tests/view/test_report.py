"""The report's pictures are drawn from the first cycle on, and the lineage tree is tidy."""

from itertools import pairwise

import pytest
from matplotlib.image import imread
from view_examples import run

from dicode.curriculum.lineage import main_parent
from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.view import lineage_tree, palette, report, words


@pytest.mark.parametrize("cycles", [0, 1, 9])
def test_every_picture_is_drawn_at_any_time(tmp_path, cycles):
    snapshot, rows = run(cycles) if cycles else (Snapshot().with_levels([target_record()]), [])
    files = report.write(snapshot, rows, tmp_path / "report")
    assert [file.name for file in files] == ["learning_curve.png", "achievements.png", "levels.png", "lineage.png"]
    for file in files:
        image = imread(file)
        assert image.shape[0] > 150 and image.shape[1] > 300 and image.std() > 0.01
    assert not list((tmp_path / "report").glob(".*"))


@pytest.mark.fast
@pytest.mark.parametrize("seed", range(5))
def test_no_two_levels_share_a_place_and_children_stand_right_of_their_parents(seed):
    levels = run(24, seed=seed)[0].accepted()
    nodes = lineage_tree.layout(levels)
    assert set(nodes) == set(levels)
    assert len({(node.column, node.row) for node in nodes.values()}) == len(nodes)
    for record in levels.values():
        parent = main_parent(record, levels)
        assert parent is None or nodes[parent].column < nodes[record.id].column


@pytest.mark.fast
def test_subtrees_do_not_overlap_and_parents_stand_amid_their_children():
    levels = run(20)[0].accepted()
    nodes = lineage_tree.layout(levels)
    spans = {}
    for record in sorted(levels.values(), key=lambda level: -level.born):
        children = [c for c in levels.values() if main_parent(c, levels) == record.id]
        rows = [nodes[c.id].row for c in children]
        assert not rows or min(rows) <= nodes[record.id].row <= max(rows)
        below = [spans[c.id] for c in children]
        spans[record.id] = (
            min([nodes[record.id].row, *(s[0] for s in below)]),
            max([nodes[record.id].row, *(s[1] for s in below)]),
        )
        ordered = sorted(below)
        assert all(one[1] < other[0] for one, other in pairwise(ordered))


@pytest.mark.fast
def test_a_large_archive_is_cut_to_whole_lineages():
    snapshot = run(40, fresh=12)[0]
    kept = lineage_tree.chosen(snapshot, 100)
    assert 60 < len(kept) <= 100 < len(snapshot.accepted())
    assert all(
        parent is None or parent in kept for parent in (main_parent(r, snapshot.accepted()) for r in kept.values())
    )


@pytest.mark.fast
def test_achievement_rates_are_binned_and_sorted_by_the_latest():
    rows = run(400, fresh=0)[1]
    table, names, steps = report._rates(rows)
    assert table.shape == (len(names), 160) and len(steps) == 160 and steps[-1] == rows[-1]["env_steps"]
    assert list(table[:, -1]) == sorted(table[:, -1], reverse=True)


@pytest.mark.fast
def test_goals_in_words():
    assert words.goal_words({"achievements": ["EAT_COW"], "minimum": {"inventory.iron": 3.0}}) == "eat cow, iron 3"
    assert words.goal_words({"achievements": ["X"] * 67}) == "67 achievements"
    assert words.goal_words({}) == "a goal of its own"
    assert words.clip("abcdef", 4) == "abc…"


@pytest.mark.fast
def test_labels_are_spread_in_their_order():
    placed = palette.spread([5.0, 1.0, 1.1, 1.2], 1.0)
    assert placed[1] < placed[2] < placed[3] < placed[0]
    gaps = sorted(placed)
    assert all(b - a > 0.99 for a, b in pairwise(gaps))
