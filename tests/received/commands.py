"""Every command that reads a run, as a person would type it."""

import io
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from dicode import cli

READERS = ("levels", "levels --json", "levels --digest", "compare", "adopt")
WRITERS = ("eval", "resume", "replay", "train from=")
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def words(command: str, run: Path) -> list[str]:
    path, beside = str(run), run.parent
    fresh = f"run=new{len(list(beside.iterdir()))}"
    return {
        "levels": ["levels", path],
        "levels --json": ["levels", path, "--json"],
        "levels --digest": ["levels", path, "--digest"],
        "levels export": ["levels", "export", path, str(beside / "exported")],
        "compare": ["compare", path, "-o", str(beside / "comparison")],
        "adopt": ["adopt", path],
        "eval": ["eval", path],
        "resume": ["resume", path, "total_steps=1e9"],
        "replay": ["replay", path, fresh],
        "train from=": ["train", "preset=smoke", "method=ppo", f"from={path}", f"runs_dir={beside}", fresh],
    }[command]


def say(command: str, run: Path) -> tuple[int, str]:
    """(exit code, all that was printed). A traceback is the test's failure."""
    out = io.StringIO()
    os.environ["COLUMNS"] = "200"
    with redirect_stdout(out), redirect_stderr(out):
        code = cli.main(words(command, run))
    return code, out.getvalue()
