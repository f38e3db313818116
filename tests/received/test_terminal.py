"""What a run holds reaches the terminal as text: it can't move the cursor, colour, link, reorder or hide."""

import errno
import io
import json
import logging
import re
import sqlite3
from pathlib import Path

import pytest
from commands import HARMFUL, say
from rich.table import Table
from rich.text import Text
from sent import make

from dicode.logs import PlainFormatter
from dicode.received.text import line, plain
from dicode.terminal import PlainConsole

pytestmark = pytest.mark.fast

HOSTILE = (
    "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x9b31m", "\x90q\x9c",
    "\u202egnp.exe", "\u2066a\u2069", "\u200bzero", "\U000e0041tag", "\ud800", "a\rb", "\x08\x08\x08", "\u2028", "\x00",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_spelled_out_where_a_terminal_would_act_on_it(text):
    shown = plain(f"before {text} after")
    assert not HARMFUL.search(shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    shown.encode()
    assert plain("Größe 日本 🙂 ok\n\tnext") == "Größe 日本 🙂 ok\n\tnext"


def test_a_line_is_one_and_short():
    assert line("a\nb\x1b" + "x" * 900, 20) == "a b\\x1bxxxxxxxxxxxx…"
    assert len(line("y" * 10**6)) == 500


@pytest.mark.parametrize(
    "text", [*HOSTILE[:-4], "[bold red]x[/]", "[link=http://evil.example]y[/link]", ":boom:", "[/]"]
)
def test_a_console_prints_strings_cells_titles_and_texts_as_they_are(text):
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, color_system=None, width=120)
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    table.add_row(Text(text))
    console.print(table)
    console.print(text, style="bold")
    console.print(Text(text))
    said = out.getvalue()
    assert not HARMFUL.search(said.replace("\x1b[1m", "").replace("\x1b[3m", "").replace("\x1b[0m", ""))
    assert plain(text, keep="") in said


def test_the_log_is_plain_too():
    record = logging.LogRecord("x", logging.WARNING, "", 0, "level %s", ("\x1b[2J",), None)
    assert PlainFormatter("%(message)s").format(record) == "level \\x1b[2J"


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "[bold]", "\x9b1m"])
def test_no_word_of_an_archive_acts_on_the_terminal(tmp_path, text):
    run = make(tmp_path)
    db = sqlite3.connect(run.archive_file)
    for field, word in (
        ("$.move", ""),
        ("$.description", ""),
        ("$.verdict.stage", "false"),
        ("$.verdict.pool_hash", "true"),
    ):
        where = f'%"accepted":{word}%'
        assert db.execute(
            "UPDATE levels SET body = json_set(body, ?, ?) WHERE body LIKE ?", (field, f"x{text}y", where)
        ).rowcount
    db.commit()
    db.close()
    for command in ("levels", "levels --json", "levels --digest", "adopt"):
        code, said = say(command, run.path)
        assert code in (0, 1), command
        assert not HARMFUL.search(said), command


@pytest.mark.slow
def test_no_name_of_a_run_acts_in_a_comparison(tmp_path):
    text = "=cmd() \x1b[2J [x](http://evil.example) $\\frac$ a|b \u202e <b> $"
    run = make(tmp_path)
    changed = run.config_file.read_text().replace("wandb_project: dicode", f"wandb_project: {json.dumps(text)}")
    run.config_file.write_text(changed)
    from dicode import cli

    out = tmp_path / "out"
    assert cli.main(["compare", str(run.path), "--by", "logging.wandb_project", "-o", str(out)]) == 0
    for file in [*out.glob("*.csv"), *out.glob("*.md")]:
        said = file.read_text()
        assert not HARMFUL.search(said)
        assert "\n=" not in said
    assert "[x](http" not in (out / "summary.md").read_text()


@pytest.mark.parametrize("name", ["\x1b[2J", "a\u202eb"])
def test_no_name_of_a_folder_acts_in_an_error(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "config.yaml").write_text("a: [\n")
    (tmp_path / name / "metrics.jsonl").write_text(f"{json.dumps({'env_steps': name})}\n{name}\n")
    for command in ("levels", "compare", "eval"):
        code, said = say(command, tmp_path / name)
        assert code == 2
        assert not HARMFUL.search(said)
    code, said = say("levels", tmp_path / "other")
    assert code == 2
    assert not HARMFUL.search(said)


def test_what_the_system_says_of_a_file_is_plain(tmp_path, monkeypatch, capsys):
    from dicode import cli

    def refuse(_):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "\x1b[2J"))

    monkeypatch.setattr(cli, "_run", refuse)
    assert cli.main(["levels", "runs/a"]) == 2
    said = capsys.readouterr().err
    assert "\\x1b[2J: Permission denied" in said
    assert not HARMFUL.search(said)


def test_only_the_plain_console_prints():
    """Whatever goes to a terminal goes through it, or through `plain` at the entry point."""
    source = Path(__file__).parents[2] / "src" / "dicode"
    makers = [p.name for p in sorted(source.rglob("*.py")) if re.search(r"(?<!Plain)\bConsole\(", p.read_text())]
    assert makers == []
