"""The tiers by marker: what `-m fast` leaves out."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

TESTS = """
import pytest

@pytest.mark.fast
def test_quick():
    pass

@pytest.mark.fast
@pytest.mark.slow
def test_too_slow_for_it():
    pass

def test_that_compiles():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("fast", ["test_quick"]),
        ("fast or slow", ["test_quick", "test_too_slow_for_it"]),
        ("not fast", ["test_that_compiles"]),
    ],
)
def test_a_tier_is_what_its_name_says(tmp_path, asked, found):
    folder = Path(__file__).parent
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure\n")
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-m",
        asked,
        "-c",
        folder.parent / "pyproject.toml",
    ]
    done = subprocess.run(
        [*command, "--rootdir", tmp_path, tmp_path], cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert [line.split("::")[1] for line in done.stdout.splitlines() if "::" in line] == found
