"""One whole run in this process: what it compiles, what it leaves behind, what may be published."""

import re
from pathlib import Path

import numpy as np
import pytest

from dicode.curriculum.archive import Archive
from dicode.types import TARGET, Origin

DIGEST = "c6875090daeb1d878700f9d8de0bbe122bff8cbf6c00d5da91b4dc8099393767"
"""Of `finished_run`'s archive, as `dicode levels RUN --digest` prints it.

Renew it where a change is meant to alter what a run does (the game's step, what is dreamed, the learner's numbers, the archive's
tables) or where JAX's version changes, and say so in `docs/log.md`; after a change that moves code about, another digest is a bug.
"""


def test_a_later_cycle_with_other_levels_compiles_nothing(finished_run):
    # The report of cycle 0 is drawn after its row is written and warms what pictures and evaluation need.
    last = finished_run.compiled[finished_run.compiled.index("cycle 1") :]
    assert [name for name in last if not name.startswith("cycle")] == []


def test_the_games_step_is_compiled_once_in_a_run_with_evaluation_and_pictures(finished_run):
    assert sum("rollout" in name for name in finished_run.compiled) == 1


# Long, and to be run pinned to one core: XLA sums in another order on more, and the last bits are part of the archive.
@pytest.mark.long
def test_a_fixed_run_ends_in_the_archive_that_it_always_ended_in(finished_run):
    with Archive(finished_run.path / "archive.sqlite", read_only=True) as archive:
        assert archive.digest() == DIGEST


def test_dreams_are_accepted_and_trained(finished_run):
    with Archive(finished_run.path / "archive.sqlite", read_only=True) as archive:
        snapshot = archive.snapshot()
    dreamed = [r for r in snapshot.accepted().values() if r.origin is Origin.GRAMMAR]
    assert len(dreamed) >= 2
    assert sum(bool(snapshot.trials.get(r.id)) for r in dreamed) >= 1
    assert snapshot.trials[TARGET][-1].episodes > 0


def test_the_target_keeps_its_share_of_the_environments(finished_run):
    assert len(finished_run.batches) == 3
    for batch in finished_run.batches:
        # The target asks for everything and pays no bonus: no other level does.
        is_target = batch.goal_achievements.all(axis=1) & (batch.bonus == 0)
        assert is_target[batch.slot].sum() == 2, "a quarter of 8 environments"
        assert len(np.unique(batch.slot[~is_target[batch.slot]])) in (1, 2)


def test_every_step_of_a_cycle_is_counted_once(finished_run):
    assert [row["env_steps"] for row in finished_run.rows] == [512, 1024, 1536]


def test_the_report_has_every_picture(finished_run):
    names = {p.name for p in (finished_run.path / "report").iterdir()}
    wanted = {"learning_curve.png", "achievements.png", "lineage.png", "levels.png", "target.gif", "newest.gif"}
    assert wanted <= names


def test_a_run_directory_names_no_path_of_the_machine(finished_run):
    absolute = re.compile(rb"(?:/home/|/Users/|/tmp/|" + str(finished_run.path.parent).encode() + rb")")
    for path in finished_run.path.rglob("*"):
        if path.is_file() and path.suffix not in (".png", ".gif"):
            found = absolute.search(path.read_bytes())
            assert not found, f"{path.relative_to(finished_run.path)} holds {found.group()!r}"


def test_evaluations_while_training_are_kept(finished_run):
    assert len(list((finished_run.path / "evaluation").glob("target-4x32-*.json"))) == 3


@pytest.mark.parametrize(("flag", "wanted"), [("--digest", r"^[0-9a-f]{64}$"), ("--json", r'"committed_cycle": 2')])
def test_levels_prints_for_scripts(finished_run, capsys, flag, wanted):
    from dicode.cli import main

    assert main(["levels", str(finished_run.path), flag]) == 0
    assert re.search(wanted, capsys.readouterr().out, re.MULTILINE)


def test_exported_levels_start_another_run(finished_run, tmp_path: Path, capsys):
    from dicode.cli import main
    from dicode.dreaming.library_dreamer import read_folder

    assert main(["levels", "export", str(finished_run.path), str(tmp_path / "out")]) == 0
    assert len(read_folder(tmp_path / "out", Origin.FILE)) >= 4
