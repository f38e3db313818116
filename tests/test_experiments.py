"""Every arm of the laptop's experiments is a configuration that can run, and says what it says it does."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

from dicode.commands import sweep

pytestmark = pytest.mark.fast
LADDER = Path(__file__).parents[1] / "benchmarks" / "ladder.py"


@pytest.mark.parametrize(("name", "runs"), [("goals", 12), ("trend", 10), ("own_target", 12)])
def test_an_experiment_plans_its_runs_under_names_of_their_own(name, runs):
    planned = sweep.plan([f"experiment=laptop/{name}"])
    assert len(planned) == runs
    assert len({config.name for config in planned}) == runs
    assert all(config.dreamer.name == "grammar" for config in planned)


def test_all_arms_of_the_goals_draw_on_the_grammar_and_have_the_same_budget():
    planned = sweep.plan(["experiment=laptop/goals"])
    assert {config.method.name for config in planned} == {"dr", "plr", "sfl", "dicode"}
    assert all(getattr(config.method, "generator", "grammar") == "grammar" for config in planned)
    assert len({(config.total_steps, config.level_slots, config.target_share) for config in planned}) == 1
    assert {config.evaluation.heldout_suite for config in planned} == {"graded"}


def test_a_target_of_ones_own_pays_its_goal_alone_to_every_method():
    planned = sweep.plan(["experiment=laptop/own_target"])
    assert {config.reward for config in planned} == {"goal"}
    assert all(config.bonus_value > 0 for config in planned)
    assert len({config.target for config in planned}) == 2


def test_the_ladders_rungs_differ_by_one_change_each(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    found = importlib.util.spec_from_file_location("ladder", LADDER)
    assert found is not None
    assert found.loader is not None
    ladder = importlib.util.module_from_spec(found)
    found.loader.exec_module(ladder)
    arms = {name: ladder.configuration(name, 0, 2**21, "runs/ladder") for name in ladder.ARMS}
    assert arms["half"].num_updates == arms["full"].num_updates
    assert arms["half"].num_envs == arms["starts"].num_envs * arms["starts"].target_share
    rungs = ["starts", "ends", "told", "short", "arenas", "rules"]
    for one, other in itertools.pairwise(rungs):
        changed = {
            name for name, value in sweep._settings(arms[one]).items() if value != sweep._settings(arms[other])[name]
        }
        assert len(changed) == (2 if other == "ends" else 1), (other, changed)
