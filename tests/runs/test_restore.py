"""A run goes on from what is whole, says what is not, and never from less than it believes; nothing here compiles."""

import json
import shutil
from dataclasses import replace

import jax.numpy as jnp
import pytest
import yaml
from run_examples import CYCLES, WORDS, made, said, spoil

from dicode import config
from dicode.cli import main
from dicode.commands import launch
from dicode.curriculum.archive import Archive
from dicode.dreaming.journal import Journal
from dicode.errors import RunError
from dicode.runs import checkpoint, directory, lengthened, restore
from dicode.runs.directory import RunDirectory
from dicode.training.trainer import Trainer

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def nothing_compiles(monkeypatch):
    monkeypatch.setattr(Trainer, "compile", lambda *_: pytest.fail("something was compiled first"))


def test_a_damaged_newest_checkpoint_takes_the_archive_back_to_the_whole_one(tmp_path, caplog):
    run, shorter = made(tmp_path / "a"), made(tmp_path / "b", CYCLES - 1)
    spoil(run.checkpoints, CYCLES - 1)
    with Archive(run.archive_file) as archive:
        assert restore.rewind_to_checkpoint(run, archive) == CYCLES - 2
        with Archive(shorter.archive_file, read_only=True) as expected:
            assert archive.digest() == expected.digest()
    assert "the checkpoint of cycle 4 is damaged" in caplog.text
    assert "cycle 4 is trained again" in caplog.text
    assert checkpoint.cycles(run.checkpoints) == [CYCLES - 2]


def test_a_lost_newest_checkpoint_is_told_of(tmp_path, caplog):
    run = made(tmp_path)
    shutil.rmtree(run.checkpoints / "000004")
    with Archive(run.archive_file) as archive:
        assert restore.rewind_to_checkpoint(run, archive) == 3
    assert "the checkpoint of cycle 4 is gone" in caplog.text


@pytest.mark.parametrize("command", ["eval", "resume"])
def test_without_a_checkpoint_it_is_said_that_cycles_are_finished(tmp_path, capsys, command):
    run = made(tmp_path)
    shutil.rmtree(run.checkpoints)
    text = said(capsys, command, str(run.path))
    assert "5 cycles of" in text
    assert "are finished, but their checkpoints are gone from" in text
    with Archive(run.archive_file) as archive:
        assert archive.committed_cycle() == 4


@pytest.mark.parametrize("name", ["lengthened.jsonl", "withdrawn.jsonl"])
@pytest.mark.parametrize("command", [["eval"], ["resume", "total_steps=1e6"], ["replay"]])
def test_a_note_that_cannot_be_read_is_told_of_first(tmp_path, capsys, name, command):
    run = made(tmp_path)
    (run.path / name).write_text("[1]\n")
    config_before = run.config_file.read_text()
    assert f"line 1 of {run.path / name} holds no named values" in said(capsys, command[0], str(run.path), *command[1:])
    assert run.config_file.read_text() == config_before


@pytest.mark.parametrize("command", ["eval", "resume"])
def test_only_damaged_checkpoints_are_no_start_from_scratch(tmp_path, capsys, command):
    run = made(tmp_path)
    for cycle in (3, 4):
        spoil(run.checkpoints, cycle)
    text = said(capsys, command, str(run.path))
    assert "the checkpoint of cycle 4 is damaged" in text
    assert "copy a checkpoint back" in text


@pytest.mark.parametrize("command", [["eval"], ["resume"], ["levels"], ["replay"]])
@pytest.mark.parametrize("how", ["emptied", "missing"])
def test_a_lost_archive_is_never_replaced(tmp_path, capsys, command, how):
    run = made(tmp_path)
    run.archive_file.unlink()
    if how == "emptied":
        run.archive_file.touch()
    text = said(capsys, *command, str(run.path))
    assert "archive.sqlite" in text
    assert "every level, score and finished cycle" in text
    assert run.archive_file.exists() == (how == "emptied")
    assert checkpoint.cycles(run.checkpoints) == [3, 4]


def test_another_runs_archive_does_not_cost_the_checkpoints(tmp_path, capsys):
    run, other = made(tmp_path / "a"), made(tmp_path / "b", 1)
    shutil.copy(other.archive_file, run.archive_file)
    assert "they are not of one run" in said(capsys, "resume", str(run.path))
    assert checkpoint.cycles(run.checkpoints) == [3, 4]


@pytest.mark.parametrize("kind", ["archive.sqlite", "checkpoints", "metrics.jsonl"])
@pytest.mark.parametrize("marked", [True, False])
def test_what_another_run_of_as_many_cycles_made_is_refused(tmp_path, capsys, kind, marked):
    """Two runs of one seed: their cycles, steps and seed agree. What was made without a number is believed."""
    run, other = made(tmp_path / "a"), made(tmp_path / "b")
    for each in (run, other) if marked else (other,):
        mark(each)
    shutil.copytree(run.path, run.path.with_name("kept"))
    theirs, ours = other.path / kind, run.path / kind
    shutil.copytree(theirs, ours, dirs_exist_ok=True) if theirs.is_dir() else shutil.copy(theirs, ours)
    if not marked and kind == "archive.sqlite":
        assert main(["resume", str(run.path)]) == 0
        return
    text = said(capsys, "resume", str(run.path))
    assert ("has rows of another run" if kind == "metrics.jsonl" else "they are not of one run") in text
    assert main(["resume", str(run.path.with_name("kept"))]) == 0
    if kind != "metrics.jsonl":
        assert "they are not of one run" in said(capsys, "eval", str(run.path))


def mark(run: RunDirectory) -> None:
    """Let the run's rows and checkpoints bear the number of its archive."""
    with Archive(run.archive_file, read_only=True) as archive:
        number = archive.run
    for cycle in checkpoint.cycles(run.checkpoints):
        meta = {"env_steps": 4096 * (cycle + 1), "run": number}
        checkpoint.save(run.checkpoints, cycle, {"weights": jnp.arange(6.0)}, meta, CYCLES)
    rows = [json.loads(row) | {"run": number} for row in run.metrics_file.read_text().splitlines()]
    run.metrics_file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_finished_run_says_so_and_how_to_go_further(tmp_path, capsys):
    run = made(tmp_path)
    for words in ([], ["total_steps=20480"]):
        assert main(["resume", str(run.path), *words]) == 0
        text = capsys.readouterr().out
        assert f"{run.path} is finished at 20,480 steps" in text
        assert f"`dicode resume {run.path} total_steps=40960 schedule=restart`" in text
        assert "total_steps=40960" in text
        assert "evaluation" not in text


def test_a_finished_run_says_which_of_its_rows_are_lost(tmp_path, capsys):
    run = made(tmp_path)
    rows = run.metrics_file.read_text().splitlines(keepends=True)
    for kept, says in (([], "lacks 5 of 5 finished cycles (from cycle 0 on)"), (rows[:2], "lacks 3 of 5")):
        run.metrics_file.write_text("".join(kept))
        assert main(["resume", str(run.path)]) == 0
        text = capsys.readouterr().out
        assert f"; {run.metrics_file} {says}" in text
        assert text.endswith("so copy it back from where it is whole\n")


def test_a_finished_run_says_that_it_owes_its_last_evaluation(tmp_path, capsys):
    run = made(tmp_path, **{"evaluation.every_steps": "1", "evaluation.heldout_worlds": "8"})
    assert main(["resume", str(run.path)]) == 0
    text = capsys.readouterr().out
    assert f"dicode eval {run.path}`" in text
    assert "suite=heldout worlds=8 steps=512" in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("seed: 1\nrun: [\n", "line 3"),
        ("seed: 1\n\tx: 2\n", "line 2"),
        ("", "no settings"),
        ("- 1\n- 2\n", "no settings"),
        ("seed: many\n", "ends before distributed"),
        ("seed: 1\nseed: \xff\n", "line 2"),
    ],
)
@pytest.mark.parametrize("command", ["eval", "resume", "replay"])
def test_a_damaged_configuration_is_named_with_its_line(tmp_path, capsys, content, says, command):
    run = made(tmp_path, 1)
    run.config_file.write_bytes(content.encode("latin-1"))
    text = said(capsys, command, str(run.path))
    assert f"{run.config_file} is damaged (" in text
    assert says in text


@pytest.mark.slow
def test_a_configuration_that_was_cut_off_is_not_filled_up_with_defaults(tmp_path):
    run = made(tmp_path, 1, **{"learner.lr": "0.5"})
    whole = run.config_file.read_text()
    assert run.config().learner.lr == 0.5
    for line in range(1, whole.count("\n")):
        run.config_file.write_text("".join(whole.splitlines(keepends=True)[:line]))
        tree = yaml.safe_load(run.config_file.read_text())
        if "distributed" not in tree:
            with pytest.raises(RunError, match=r"config\.yaml"):
                run.config()


def test_a_wrong_value_in_the_configuration_is_said_of_the_file(tmp_path):
    run = made(tmp_path, 1)
    run.config_file.write_text(run.config_file.read_text().replace("num_envs: 16", "num_envs: -3"))
    with pytest.raises(RunError, match=r"config\.yaml: .*num_envs is -3"):
        run.config()


@pytest.mark.parametrize("command", ["eval", "resume"])
def test_a_run_of_another_user_is_refused_in_one_sentence(stranger, capsys, command):
    run = made(stranger.folder)
    with stranger():
        text = said(capsys, command, str(run.path))
    assert "Permission denied; it belongs to root; copy the run to a folder of yours" in text


def test_a_run_that_cannot_even_be_read_is_refused_in_one_sentence(stranger, capsys):
    run = made(stranger.folder, 1)
    run.path.chmod(0o700)
    commands = ("eval", "resume", "levels", "compare", "replay")
    for command in commands:  # nobody may read what is imported only now
        said(capsys, command, str(stranger.folder / "none"))
    with stranger():
        for command in commands:
            assert "Permission denied" in said(capsys, command, str(run.path))


@pytest.mark.slow
def test_a_folder_that_is_full_is_refused_before_anything_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    text = said(capsys, "train", *WORDS, f"runs_dir={tmp_path}", "run=demo")
    assert "need about 22 MB, and 0 MB are free" in text or "are free at" in text
    assert not list(tmp_path.iterdir())


def test_the_start_is_copied_and_outlives_its_source(tmp_path):
    source = made(tmp_path / "a")
    words = [*WORDS, f"runs_dir={tmp_path}", "run=warm", f"from={source.path}"]
    settings = config.load(words)
    run = directory.create(settings, launch._start(settings))
    assert checkpoint.newest_whole(run.start) == (4, [])
    shutil.rmtree(source.path)
    restore.check_start(run.config(), run, -1)
    spoil(run.start, 4)
    with pytest.raises(
        RunError, match=r"begins with the parameters of 'demo', but the checkpoint of cycle 4 is damaged"
    ):
        restore.check_start(run.config(), run, -1)
    shutil.rmtree(run.start)
    with pytest.raises(RunError, match=r"they are not in .*start"):
        restore.check_start(run.config(), run, -1)
    restore.check_start(run.config(), run, 0)


def test_a_damaged_newest_checkpoint_of_the_source_is_passed_over_and_told_of(tmp_path, caplog):
    source = made(tmp_path / "a")
    spoil(source.checkpoints, 4)
    settings = config.load([*WORDS, f"runs_dir={tmp_path}", "run=warm", f"from={source.path}"])
    run = directory.create(settings, launch._start(settings))
    assert checkpoint.cycles(run.start) == [3]
    assert "starting from cycle 3" in caplog.text


def test_more_devices_than_there_are_are_refused(tmp_path, capsys):
    text = said(capsys, "train", *WORDS, "devices=4", f"runs_dir={tmp_path}", "run=demo")
    assert "devices=4, but this process has 1 (cpu); use devices=1, or 0 for all" in text
    assert not list(tmp_path.iterdir())
    run = made(tmp_path, 1)
    run.write_config(replace(run.config(), devices=4))
    assert "devices=4, but this process has 1" in said(capsys, "resume", str(run.path))


@pytest.mark.slow
def test_a_million_environments_are_refused_with_the_numbers(tmp_path, capsys):
    text = said(capsys, "train", *WORDS, "num_envs=1000000", f"runs_dir={tmp_path}", "run=demo")
    assert "this run needs about" in text
    assert "of memory free; lower num_envs=1000000 (about " in text
    assert not list(tmp_path.iterdir())


def test_metrics_that_were_lost_are_told_of(tmp_path, caplog):
    from dicode.runs.metrics import JsonLines

    run = made(tmp_path)
    run.metrics_file.unlink()
    JsonLines(run.metrics_file, 4).close()
    assert "lacks 5 of 5 finished cycles (from cycle 0 on)" in caplog.text


def test_a_lost_journal_is_told_of(tmp_path, caplog):
    run = made(tmp_path)
    with Archive(run.archive_file, read_only=True) as archive:
        levels = archive.snapshot().levels.values()
    restore.tell_of_lost_calls(Journal(run.journal), levels)
    assert "calls.jsonl lacks 1 of the 1 calls" in caplog.text


@pytest.mark.parametrize("command", ["eval", "resume"])
def test_a_checkpoint_of_another_version_is_refused_before_compiling(tmp_path, capsys, command):
    run = made(tmp_path)
    for cycle in (3, 4):
        path = run.checkpoints / f"{cycle:06d}" / "meta.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99, "dicode": "9.9"}))
    assert "format 99, written by dicode 9.9" in said(capsys, command, str(run.path))


def test_what_this_machine_refuses_is_not_written_into_the_run(tmp_path, capsys):
    run = made(tmp_path, 1)
    before = run.config_file.read_bytes()
    assert "devices=64, but this process has" in said(
        capsys, "resume", str(run.path), "devices=64", "total_steps=409600"
    )
    assert run.config_file.read_bytes() == before


def test_another_game_s_parameters_are_refused_before_compiling(tmp_path, capsys):
    source = made(tmp_path, 1)
    words = ("train", "preset=smoke", "game=xland", f"from={source.path}", f"runs_dir={tmp_path}", "run=more")
    assert "plays game=craftax" in said(capsys, *words)
    assert not (tmp_path / "more").exists()


def test_a_run_that_trains_is_not_made_longer_under_its_trainer(tmp_path, capsys):
    run = made(tmp_path, 1)
    before = run.config_file.read_bytes()
    with run.lock():
        assert "another process is training" in said(capsys, "resume", str(run.path), "total_steps=409600")
    assert run.config_file.read_bytes() == before


@pytest.mark.parametrize(("line", "says"), [("num_envs: 32", "steps so far 40,960"), ("seed: 5", "seed 5")])
def test_settings_that_were_changed_by_hand_are_refused_where_the_checkpoint_says_otherwise(
    tmp_path, capsys, line, says
):
    """The run went on, and its steps or its chance were counted wrong from there."""
    run = made(tmp_path)
    name = line.partition(":")[0]
    kept = [line if old.startswith(f"{name}:") else old for old in run.config_file.read_text().split("\n")]
    run.config_file.write_text("\n".join(kept))
    before = run.config_file.read_bytes()
    text = said(capsys, "resume", str(run.path), "total_steps=80000")
    assert f"its settings give {says}" in text
    assert run.config_file.read_bytes() == before
    assert not run.lengthened_file.exists()


def test_more_steps_than_can_be_counted_change_nothing(tmp_path, capsys):
    """The configuration was written before it was seen to be impossible, and the run was lost."""
    run = made(tmp_path)
    before = run.config_file.read_bytes()
    assert "more than can be counted" in said(capsys, "resume", str(run.path), "total_steps=1e13")
    assert run.config_file.read_bytes() == before
    assert not run.lengthened_file.exists()


def test_a_run_is_made_longer_once_that_is_noted_and_a_note_alone_changes_nothing(tmp_path, capsys, monkeypatch):
    """The configuration was written first: whoever was killed before the note had a run that no replay could follow."""
    run, full = made(tmp_path), RunError("the disk is full")
    updates, asked = run.config().num_updates, ["resume", str(run.path), "total_steps=40960"]

    def refuse(*_, **__):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(launch.lengthened, "note", refuse)
        assert "the disk is full" in said(capsys, *asked)
    assert run.config().num_updates == updates
    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "write_config", refuse)
        assert "the disk is full" in said(capsys, *asked)
    assert lengthened.stretches(run.lengthened_file, updates) == ()
    (noted,) = lengthened.stretches(run.lengthened_file, 2 * updates)
    assert (noted.cycle, noted.before, noted.updates) == (CYCLES, updates, 2 * updates)
