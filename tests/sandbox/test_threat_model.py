"""Every promise of the threat model names the tests that show it, and they exist."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast
TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "src" / "dicode" / "sandbox" / "README.md"


def surfaces() -> dict[str, list[list[str]]]:
    """The rows of each surface's table: promise, mechanism, tests."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE):
        title, _, text = part.partition("\n")
        if title.startswith("Surface"):
            rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
            found[title] = rows[2:]
    return found


def defined() -> set[str]:
    return {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }


def test_there_are_four_surfaces_and_each_promises_something():
    assert [title.split(": ")[1] for title in surfaces()] == ["level code", "hooks", "received files", "answers"]
    assert all(len(rows) >= 3 for rows in surfaces().values())


def test_every_promise_has_a_mechanism_and_tests_that_exist():
    known = defined()
    for title, rows in surfaces().items():
        for row in rows:
            assert len(row) == 3, f"{title}: {row}"
            assert row[1], f"{title}: {row}"
            names = re.findall(r"`(test_\w+)`", row[2])
            assert names, f"{title}: {row[0]}: {set(names) - known or 'no test'}"
            assert set(names) <= known, f"{title}: {row[0]}: {set(names) - known or 'no test'}"
