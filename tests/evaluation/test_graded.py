"""The graded suite says how far along each family of skills an agent gets."""

import pytest
from rich.console import Console

from dicode.commands.evaluate import graded_table
from dicode.evaluation.results import GRADED, discrepancy, furthest, rungs
from dicode.games import load_host

pytestmark = pytest.mark.fast
SUCCESS = {"carpenter/1": 0.9, "carpenter/2": 0.4, "carpenter/3": 0.5, "diver/1": 0.49, "diver/2": 0.0, "diver/3": 0.0}


def test_the_furthest_rung_is_the_hardest_one_solved_in_half_of_the_tries():
    assert rungs(SUCCESS)["diver"] == {1: 0.49, 2: 0.0, 3: 0.0}
    assert furthest(SUCCESS) == {"carpenter": 3, "diver": 0}


def test_the_table_has_every_rung_their_means_and_the_furthest():
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(graded_table(SUCCESS))
    last = console.export_text().splitlines()[-2]
    assert [cell.strip() for cell in last.strip("│ ").split("│")] == ["all", "70 %", "20 %", "25 %", "38.2 %", "1.50"]


def test_an_evaluation_of_the_suite_holds_every_world_of_every_level_under_its_name():
    body = {"protocol": GRADED, "worlds": 2, "returns": [0.0] * 12, "success": SUCCESS}
    assert discrepancy(body) is None
    assert "6 levels with 2 worlds each" in str(discrepancy(body | {"returns": [0.0] * 11}))
    assert "no family/rung" in str(discrepancy(body | {"returns": [0.0] * 2, "success": {"diver": 0.1}}))


def test_rungs_differ_in_what_is_given_and_never_in_what_is_asked():
    suite = load_host("craftax").graded()
    assert len(suite) == 40
    for family in {name.split("/")[0] for name, _ in suite}:
        texts = [source for name, source in suite if name.startswith(f"{family}/")]
        assert len(set(texts)) == 5
        assert len({text.split("GOAL")[1].splitlines()[0] for text in texts}) == 1
