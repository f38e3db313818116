"""Every arm of the laptop's experiments is a configuration that can run, and says what it says it does."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

from dicode.commands import sweep

pytestmark = pytest.mark.fast
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs"), [("goals", 24), ("trend", 10), ("own_target", 12)])
def test_an_experiment_plans_its_runs_under_names_of_their_own(name, runs):
    planned = sweep.plan([f"experiment=laptop/{name}"])
    assert len(planned) == runs
    assert len({config.name for config in planned}) == runs
    assert all(config.dreamer.name == "grammar" for config in planned)


@pytest.mark.slow
def test_one_command_runs_every_arm_of_the_goals_with_the_same_shapes_and_budget():
    planned = {config.arm: config for config in sweep.plan(["experiment=laptop/goals", "seed=0"])}
    assert {arm: (config.name, config.method.name) for arm, config in planned.items()} == {
        "goals": ("laptop-goals-0", "dr"),
        "dr": ("laptop-dr-0", "dr"),
        "plr": ("laptop-plr-0", "plr"),
        "sfl": ("laptop-sfl-0", "sfl"),
        "dicode": ("laptop-dicode-0", "dicode"),
        "open_loop": ("laptop-open_loop-0", "dicode"),
        "unprobed": ("laptop-unprobed-0", "dicode"),
        "frontier": ("laptop-frontier-0", "dicode"),
    }
    same = ("total_steps", "level_slots", "target_share", "worlds_per_level", "num_envs", "updates_per_cycle", "agent")
    assert len({tuple(getattr(config, name) for name in same) for config in planned.values()}) == 1
    assert {config.evaluation.heldout_suite for config in planned.values()} == {"graded"}
    assert {config.dreamer.name for config in planned.values()} == {"grammar"}


@pytest.mark.slow
def test_every_arm_of_the_second_world_has_the_same_shapes_budget_and_learner_and_levels_of_one_kind():
    planned = {config.arm: config for config in sweep.plan(["experiment=xland/compare", "seed=0"])}
    assert list(planned) == ["ppo", "dr", "plr", "sfl", "accel", "dicode", "open_loop"]
    same = ("total_steps", "level_slots", "target", "target_share", "worlds_per_level", "num_envs", "updates_per_cycle")
    assert (
        len({tuple(getattr(config, name) for name in (*same, "agent", "learner")) for config in planned.values()}) == 1
    )
    assert {arm: getattr(config.method, "generator", "") for arm, config in planned.items()} == dict.fromkeys(
        ("dr", "plr", "sfl", "accel"), "grammar"
    ) | dict.fromkeys(("ppo", "dicode", "open_loop"), "")
    assert planned["open_loop"].method.open_loop
    assert not planned["dicode"].method.open_loop


@pytest.mark.slow
def test_an_arm_of_the_goals_differs_from_the_whole_method_in_what_it_is_named_for():
    planned = {config.arm: sweep._settings(config) for config in sweep.plan(["experiment=laptop/goals", "seed=0"])}

    def beside(arm):
        whole = planned["dicode"]
        return {name: value for name, value in planned[arm].items() if name != "arm" and value != whole.get(name)}

    assert beside("open_loop") == {"method.open_loop": True}
    assert beside("unprobed") == {"dreamer.probe": 0}
    assert beside("frontier") == {"method.frontier": 16}
    generators = {arm: settings.get("method.generator") for arm, settings in planned.items()}
    assert generators == dict.fromkeys(("dr", "plr", "sfl"), "grammar") | {"goals": "goals"} | dict.fromkeys(
        ("dicode", "open_loop", "unprobed", "frontier")
    )


@pytest.mark.slow
def test_every_arm_trains_on_levels_within_the_pilots_steps():
    for config in sweep.plan(["experiment=laptop/goals", "seed=0"]):
        if config.method.name == "sfl":
            scoring = config.method.scoring_batch // (config.level_slots - 1)
            assert scoring + config.method.scoring_every < config.num_cycles


@pytest.mark.slow
def test_a_target_of_ones_own_pays_its_goal_alone_to_every_method():
    planned = sweep.plan(["experiment=laptop/own_target"])
    assert {config.reward for config in planned} == {"goal"}
    assert all(config.bonus_value > 0 for config in planned)
    assert len({config.target for config in planned}) == 2


def test_goals_of_the_game_are_its_own_worlds_with_a_goal_that_ends_nothing():
    (planned,) = sweep.plan(["experiment=laptop/ladder", "arm=goals_of_the_game", "seed=0"])
    assert (planned.method.name, planned.dreamer.name, planned.dreamer.goal_only) == ("dicode", "grammar", True)
    assert (planned.after_goal, planned.level_length, planned.agent.conditioning) == ("go_on", "run", "none")
    assert not planned.library_seeds


def _script(name, monkeypatch):
    """A script of benchmarks/, as it is when it was started."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    found = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, name, module)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def ladder(monkeypatch):
    return _script("ladder", monkeypatch)


@pytest.fixture
def trend(monkeypatch):
    return _script("trend", monkeypatch)


@pytest.mark.slow
def test_the_pursuit_begins_with_lessons_and_nothing_written_by_hand():
    (planned,) = sweep.plan(["experiment=laptop/trend", "method=dicode", "arm=pursuit", "seed=0"])
    assert not planned.library_seeds
    assert planned.lessons == 13
    assert (planned.method.name, planned.method.parents, planned.dreamer.pursue) == ("dicode", "wanted", "target")
    assert planned.method.rehearse == 4


def test_arms_of_the_ladder_are_compared_at_equal_seeds(ladder, capsys):
    found = {"full": {1: 6.0, 2: 5.0, 3: 7.0}, "goals_dreamed": {2: 6.0, 3: 8.5, 9: 1.0}, "stay": {8: 2.0}}
    assert ladder.against(found, "full") == 0
    assert capsys.readouterr().out == "goals_dreamed  - full: +1.25 [1.00, 1.50]  p 0.500  (2: +1.00, 3: +1.50)\n"
    assert ladder.against({"full": {1: 6.0}, "half": {1: 5.5}}, "full") == 0
    assert capsys.readouterr().out == "half           - full: -0.50  (1: -0.50)\n"
    found["half"] = {1: 3.0, 2: 4.0}
    assert ladder.worth(found, None) == 0
    assert "goals_dreamed  return  5.17  w  0.67" in capsys.readouterr().out


@pytest.mark.slow
def test_the_ladders_rungs_differ_by_one_change_each(ladder):
    arms = {name: ladder.configuration(name, 0, 2**21, "runs/ladder") for name in ladder.ARMS}
    assert arms["half"].num_updates == arms["full"].num_updates
    assert arms["half"].num_envs == arms["starts"].num_envs * arms["starts"].target_share
    rungs = ["starts", "ends", "told", "short", "arenas", "rules"]
    for one, other in itertools.pairwise(rungs):
        changed = {
            name for name, value in sweep._settings(arms[one]).items() if value != sweep._settings(arms[other])[name]
        }
        assert len(changed) == (2 if other == "ends" else 1), (other, changed)


TREND = """method,seed,env_steps,steps_on_the_target,return_on_128_held_out_worlds,success_on_the_graded_suite
ppo,0,100,100,4.0,
ppo,0,200,200,6.0,30.0
ppo,1,100,100,5.0,
ppo,1,200,200,7.0,32.0
dreams,0,200,100,7.0,40.0
dreams,1,200,100,8.0,41.0
"""


def test_the_trend_says_what_a_level_s_step_is_worth_and_each_difference_once(trend, tmp_path, monkeypatch, capsys):
    table = tmp_path / "trend.csv"
    table.write_text(TREND)
    monkeypatch.setattr(
        sys, "argv", ["trend.py", "--table", str(table), "--picture", str(tmp_path / "new" / "trend.png")]
    )
    assert trend.main() == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        "dreams         w  1.50 [1.50, 1.50]  (2 seeds)",  # (7 - 4) / (6 - 4), (8 - 5) / (7 - 5)
        "success on the graded suite, %",
        "dreams         - ppo: +9.50 [9.00, 10.00]  p 0.500  (0: +10.00, 1: +9.00)",
        "return on the game",
        "dreams         - ppo: +1.00 [1.00, 1.00]  p 0.500  (0: +1.00, 1: +1.00)",
    ]
    assert (tmp_path / "new" / "trend.png").stat().st_size > 5000


def test_the_kept_table_has_a_suite_for_every_run_and_equal_ends(trend):
    found = trend.read(trend.TABLE)
    for name, runs in found.items():
        assert set(runs.curves) == set(runs.suite), name
        assert {max(reached)[0] > 2.8e7 for reached in runs.curves.values()} == {True}, name


def test_the_second_world_is_told_by_budget_with_each_arm_against_dicode(monkeypatch, tmp_path, capsys):
    script = _script("second_world", monkeypatch)
    head = "arm,seed,env_steps,success," + ",".join(script.SUITES)
    rows = ["ppo,0,200,0.5,0.2,0.2,0.1,0.1", "sfl,0,200,0.5,0.4,0.2,0.1,0.1", "brief_dicode,0,160,0.25,0.4,0.4,0.2,0.2"]
    for number, table in enumerate(script.TABLES):
        mine = [row.replace("200", f"{200 + number}") for row in rows]
        (tmp_path / table).write_text("\n".join([head, *mine]) + "\n")
    picture = tmp_path / "new" / "xland.png"
    monkeypatch.setattr(sys, "argv", ["second_world.py", "--folder", str(tmp_path), "--picture", str(picture)])
    assert script.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(" steps")] == [f"{200 + number} steps" for number in range(4)] * 2
    assert lines.count("ppo            15.0  (0: 15.0)") == 4
    assert lines.count("dicode         - ppo: +15.00  (0: +15.00)") == 4
    assert lines.count("dicode         - ppo: -25.00  (0: -25.00)") == 4
    assert picture.stat().st_size > 5000


def test_the_kept_tables_of_the_second_world_have_dicode_beside_ppo_at_every_budget(monkeypatch):
    script = _script("second_world", monkeypatch)
    for columns in script.QUANTITIES.values():
        found = script.read(script.FOLDER, columns)
        assert len(found["ppo"]) == len(script.TABLES)
        for budget, seeds in found["dicode"].items():
            assert set(seeds) == set(found["ppo"][budget])
