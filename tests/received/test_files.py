"""A run is plain files and folders: whatever else lies in one is refused, unread, and nothing around it changes."""

import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from commands import READERS, WRITERS, say
from sent import make
from surroundings import tree

from dicode.errors import RunError
from dicode.received import files

FILES = ("config.yaml", "archive.sqlite", "metrics.jsonl", "journal/calls.jsonl", "checkpoints/000002/arrays.bin")
NEW = ("evaluation/more.json", "seeds/level.py", ".lock", "report/target.png", "levels/0123456789ab.py")
FOLDERS = ("checkpoints", "journal", "evaluation")


def link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside.with_name("not-there"))


def pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def sock(path: Path, outside: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path, outside: Path) -> None:
    with suppress(PermissionError):
        os.mknod(path, 0o644 | 0o020000, os.makedev(1, 3))
    if not path.exists():
        pytest.skip("only root makes devices")


def spoil(run: Path, name: str, make_it) -> None:
    """Put something else in the place of a file of the run; what was there lies outside now."""
    path, outside = run / name, run.parent / "outside"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(outside)
    else:
        outside.write_text("precious\n")
    make_it(path, outside)


@pytest.mark.parametrize("make_it", [link, link_to_nothing, pipe, sock, device])
@pytest.mark.parametrize("name", [*FILES, *NEW])
def test_what_is_no_plain_file_is_refused_by_every_command(tmp_path, stopped, name, make_it):
    run = make(tmp_path)
    spoil(run.path, name, make_it)
    before = tree(tmp_path)
    for command in (*READERS, *WRITERS):
        code, said = say(command, run.path)
        assert code == 2, (command, said)
        assert "only plain files" in said, (command, said)
        assert said.count("\n") == 1, (command, said)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_a_link_is_refused_by_every_command(tmp_path, stopped, name):
    run = make(tmp_path)
    spoil(run.path, name, link)
    before = tree(tmp_path)
    for command in (*READERS, *WRITERS):
        code, said = say(command, run.path)
        assert code == 2, (command, said)
        assert "is a link" in said, (command, said)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", [*FILES, ".lock", "report/target.png"])
def test_a_file_with_a_second_name_elsewhere_is_not_written(tmp_path, stopped, name):
    run = make(tmp_path)
    path = run.path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (tmp_path / "elsewhere").hardlink_to(path)
    before = tree(tmp_path)
    for command in ("eval", "resume"):
        code, said = say(command, run.path)
        assert code == 2, (command, said)
        assert "2 names" in said, (command, said)
    assert tree(tmp_path) == before
    assert say("levels", run.path)[0] == 0


def test_the_run_itself_may_be_reached_through_a_link(tmp_path):
    run = make(tmp_path)
    (tmp_path / "short").symlink_to(run.path)
    assert say("levels", tmp_path / "short")[0] == 0


def test_links_that_another_package_keeps_in_its_own_folder_are_left_alone(tmp_path):
    run = make(tmp_path)
    (run.path / "wandb").mkdir()
    (run.path / "wandb" / "latest-run").symlink_to("run-1")
    assert say("levels", run.path)[0] == 0
    shutil.rmtree(run.path / "wandb")
    (run.path / "wandb").symlink_to(tmp_path)
    assert say("levels", run.path)[0] == 2


def test_a_run_of_too_many_or_too_deep_folders_is_refused(tmp_path, monkeypatch):
    run = make(tmp_path)
    Path(run.path, *["deeper"] * 20).mkdir(parents=True)
    assert "16 deep" in say("levels", run.path)[1]
    shutil.rmtree(run.path / "deeper")
    monkeypatch.setattr(files, "MAX_ENTRIES", 3)
    assert "more than 3 files" in say("compare", run.path)[1]


@pytest.mark.fast
def test_a_file_is_opened_through_no_link_whichever_part_of_its_path_it_is(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("x")
    (tmp_path / "aside").symlink_to("real")
    (tmp_path / "real" / "link").symlink_to("file")
    assert files.read(tmp_path, "real", "file", most=1) == b"x"
    for parts in (("aside", "file"), ("real", "link"), ("real",)):
        with pytest.raises(RunError):
            files.read(tmp_path, *parts, most=9)
    for part in ("..", ".", "", "a/b", "a\0b"):
        with pytest.raises(RunError, match="not the name"):
            files.read(tmp_path, part, "file", most=9)
    with pytest.raises(RunError, match="larger than 0 bytes"):
        files.read(tmp_path, "real", "file", most=0)


@pytest.mark.fast
def test_a_link_that_is_replaced_leaves_what_it_named(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").symlink_to(victim)
    files.replace(tmp_path / "run", "config.yaml", data=b"new")
    assert victim.read_text() == "precious"
    assert (tmp_path / "run" / "config.yaml").read_text() == "new"
    assert not (tmp_path / "run" / "config.yaml").is_symlink()


@pytest.mark.fast
def test_a_write_that_fails_leaves_neither_half_a_file_nor_a_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.replace(tmp_path, "f", data=b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_text() == "old"
