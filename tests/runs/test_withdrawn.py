"""A level whose hooks hung is trained no longer, and nothing that shows or exports a run says otherwise."""

import json
from types import SimpleNamespace

import pytest
from run_examples import made

from dicode.cli import main
from dicode.commands import ending
from dicode.runs import withdrawn
from dicode.view.pages import data, levels

pytestmark = pytest.mark.fast


@pytest.fixture
def hung(tmp_path):
    """A run, and a level of it that was active when it hung."""
    run = made(tmp_path)
    level = next(iter(withdrawn.snapshot_of(run).active()))
    withdrawn.mark(run.withdrawn_file, [level], 4, 600.0)
    return run, level


def test_no_table_no_json_and_no_folder_of_levels_has_it(hung, tmp_path, capsys):
    run, level = hung
    assert level not in withdrawn.snapshot_of(run).active()
    assert main(["levels", str(run.path), "--json"]) == 0
    active = {one["id"]: one["active"] for one in json.loads(capsys.readouterr().out)["levels"]}
    assert not active[level]
    assert any(active.values())
    assert main(["levels", "export", str(run.path), str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").glob("*.py"))) == len(withdrawn.snapshot_of(run).accepted())
    assert not (tmp_path / "out" / f"{level}.py").exists()


def test_the_pages_and_the_last_lines_of_a_run_say_so(hung):
    run, level = hung
    found = data.read(run.path)
    lines = levels.index(found, SimpleNamespace(floor_of=lambda record: None)).lines
    assert (lines[level].goal, lines[level].active) == ("withdrawn: its hooks hung", False)
    assert sum(one.active for one in lines.values()) == len(found.snapshot.active())
    snapshot = withdrawn.snapshot_of(run)
    counts = f"{len(snapshot.accepted())} accepted, "
    assert counts in ending._levels(snapshot, run.config())


def test_a_mark_that_cannot_be_read_leaves_the_rest_to_be_looked_at(hung):
    run, level = hung
    run.withdrawn_file.write_text('{"cycle": 4}\n')
    found = data.read(run.path)
    assert level in found.snapshot.active()
    assert any("withdrawn.jsonl can't be read" in note for note in found.notes)
