"""Run directories: made at once, held by one, free of this machine's paths."""

import _socket
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dicode import config, lines
from dicode.errors import RunError
from dicode.evaluation.results import load_run
from dicode.runs import directory, metrics
from dicode.runs.sockets import forbid_sockets

pytestmark = pytest.mark.fast


def made(folder, **changes: str) -> directory.RunDirectory:
    words = [f"{name}={value}" for name, value in changes.items()]
    return directory.create(config.load(["preset=smoke", f"runs_dir={folder}", "run=demo", *words]))


def test_the_configuration_comes_back_without_folders(tmp_path):
    run = made(tmp_path, seed="5")
    assert run.config().seed == 5
    assert run.config().name == "demo"
    assert str(tmp_path) not in run.config_file.read_text()


def test_an_unwritable_place_is_one_sentence_and_nothing_else(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file; name a folder"):
        made(tmp_path / "file")


def test_the_nearest_run_is_named(tmp_path):
    made(tmp_path)
    with pytest.raises(RunError, match="did you mean 'demo'"):
        directory.open_run(tmp_path / "dmeo")


@pytest.mark.parametrize("word", [".", "../demo", "report/.."])
def test_a_run_has_its_name_wherever_one_stands(tmp_path, monkeypatch, word):
    run = made(tmp_path)
    run.report.mkdir()
    monkeypatch.chdir(run.path)
    assert directory.open_run(word).path.name == load_run(word).name == "demo"
    begun = directory.create(config.load(["preset=smoke", "run=more", f"runs_dir={tmp_path}", f"from={word}"]))
    assert begun.config().warm_start == "demo"


HOLD = """
import pathlib, sys
from dicode.runs.directory import RunDirectory
with RunDirectory(pathlib.Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_trainer_is_refused(tmp_path):
    run = made(tmp_path)
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="another process"), run.lock():
            pass
        holder.stdin.close()
    with run.lock():
        pass


def test_metrics_above_the_commit_are_cut_and_a_torn_line_is_ignored(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"cycle": 0, "env_steps": 1}\n{"cycle": 1, "env_steps": 2}\n{"cycle": 2, "env')
    sink = metrics.JsonLines(path, committed=0)
    sink.write({"cycle": 1, "env_steps": 9})
    sink.close()
    assert [row["env_steps"] for row in lines.read(path)] == [1, 9]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: socket.socket(socket.AF_INET),
        lambda: socket.socket(socket.AF_INET6),
        lambda: _socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: socket.socket(socket.AF_UNIX).connect("/nowhere"),
        lambda: socket.socket(socket.AF_UNIX).bind("/nowhere/socket"),
    ],
)
def test_a_replay_can_open_no_socket_in_any_thread(ask):
    with forbid_sockets(), ThreadPoolExecutor(1) as pool, pytest.raises(RunError, match="no socket"):
        pool.submit(ask).result()
    socket.socket().close()


def test_a_replay_can_still_hand_a_descriptor_to_a_worker():
    with forbid_sockets():
        ours, theirs = socket.socketpair()
        with ours, theirs, open(os.devnull) as file:
            socket.send_fds(ours, [b"x"], [file.fileno()])
            data, handles, _, _ = socket.recv_fds(theirs, 8, 1)
        os.close(handles[0])
    assert data == b"x"


@pytest.mark.parametrize(
    ("extra", "word"), [("tensorboard", "logging.tensorboard=true"), ("wandb", "logging.wandb=true")]
)
def test_a_missing_extra_is_one_sentence_with_the_command(extra, word, tmp_path, monkeypatch, capsys):
    import importlib.util

    from dicode.cli import main

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["train", "preset=smoke", "dreamer=grammar", word, f"runs_dir={tmp_path}"]) == 2
    assert f"uv sync --extra {extra}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
