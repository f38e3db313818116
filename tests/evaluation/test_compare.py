"""Comparisons: fair ones are summarised, unfair ones refused with what differs."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from dicode.commands import comparison
from dicode.errors import RunError
from dicode.evaluation import figures
from dicode.evaluation.compare import compare
from dicode.evaluation.contrasts import contrasts
from dicode.evaluation.results import load_run
from tests.evaluation.made_runs import make_run


@pytest.fixture
def runs(tmp_path):
    return [
        make_run(tmp_path, name, seed, level) for name, level in (("ppo", 5.0), ("dicode", 6.0)) for seed in range(4)
    ]


def test_groups_are_summarised_best_first(runs):
    comparison = compare(runs)
    assert [group.name for group in comparison.groups] == ["dicode", "ppo"]
    dicode = comparison.groups[0].estimates
    assert dicode["return"].value == pytest.approx(np.mean(comparison.groups[0].returns()))
    assert dicode["return"].low < dicode["return"].value < dicode["return"].high
    assert dicode["percent"].value == pytest.approx(100 * dicode["return"].value / 226)
    assert dicode["hours"].value == pytest.approx(1e6 / 4000 / 3600)
    assert comparison.improvement["dicode", "ppo"].value > 0.9
    assert comparison.improvement["ppo", "dicode"].value == pytest.approx(
        1 - comparison.improvement["dicode", "ppo"].value
    )
    assert comparison.curve_source == "evaluation"


def test_the_order_of_the_runs_changes_nothing(runs):
    one, other = compare(runs), compare(runs[::-1])
    assert [group.estimates["return"].value for group in one.groups] == pytest.approx(
        [group.estimates["return"].value for group in other.groups]
    )


def test_without_evaluations_along_the_way_curves_come_from_training(runs):
    for run in runs:
        (run / "evaluation" / "target-0.5.json").unlink()
    comparison = compare(runs)
    assert comparison.curve_source == "training"
    curve = comparison.groups[0].curve
    assert curve.steps[0] == 1e5
    assert curve.steps[-1] == 1e6
    assert np.all(curve.low <= curve.high)


def test_where_the_target_is_a_level_curves_are_of_its_goal(tmp_path):
    runs = [
        make_run(tmp_path, name, seed, target="abc", success={"target": rate + 0.1 * seed})
        for name, rate in (("ppo", 0.0), ("dicode", 0.4))
        for seed in range(2)
    ]
    comparison = compare(runs)
    assert "percent" not in comparison.groups[0].estimates  # the highest return is known of the game alone
    assert comparison.curve_source == "success"
    solved = {group.name: group.curve.mean[-1] for group in comparison.groups}
    assert solved == pytest.approx({"ppo": 5.0, "dicode": 45.0})


@pytest.mark.parametrize(("measuring", "fair"), [(0, False), (1e5, True)])
def test_steps_that_measured_dreams_were_paid_too(tmp_path, runs, measuring, fair):
    odd = make_run(tmp_path, "plr", 0, env_steps=0.9e6)
    rows = [json.loads(line) for line in (odd / "metrics.jsonl").read_text().splitlines()[:10]]
    rows[4]["probe"] = {"steps_so_far": measuring}
    (odd / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    if fair:
        assert len(compare([*runs, odd]).groups) == 3
    else:
        with pytest.raises(RunError, match="environment steps"):
            compare([*runs, odd])


@pytest.mark.parametrize(
    ("changes", "says", "allow"),
    [
        ({"config": {"total_steps": 2e6}}, "total_steps differs", "total_steps"),
        ({"env_steps": 2e6}, "environment steps", "steps"),
        ({"config": {"learner": {"lr": 1e-3, "gamma": 0.99}}}, "learner.lr differs: 0.0005, 0.001", "learner"),
        ({"config": {"agent": {"kind": "gtrxl"}}}, "agent.kind differs: lstm, gtrxl", "agent.kind"),
        ({"worlds": 64}, "evaluation's worlds differs: 32, 64", "protocol"),
        ({"engine": "package"}, "evaluation's engine differs: own, package", "protocol"),
        ({"key": 1}, "evaluation's seed differs", "protocol"),
        ({"max_return": 10.0}, "evaluation's max_return differs: 226.0, 10.0", "protocol"),
        ({"achievements": {"EAT_COW": 0.5}}, "not in all are COLLECT_WOOD, ENTER_DUNGEON, PLACE_TABLE", "protocol"),
        ({"num_envs": 16}, "evaluation's num_envs differs: the run's own, 16", "protocol"),
        ({"versions": {"craftax": "1.4.5"}}, "version of craftax differs: 1.6.1, 1.4.5", "versions"),
    ],
)
def test_unequal_conditions_are_refused_by_name_unless_allowed(runs, tmp_path, changes, says, allow):
    odd = make_run(tmp_path, "plr", 0, **changes)
    with pytest.raises(RunError, match=says):
        compare([*runs, odd])
    assert any(says in text for text in compare([*runs, odd], allow=[allow]).differences)
    assert len(compare([*runs, odd], allow=["all"]).groups) == 3


def test_of_several_evaluations_those_under_the_same_conditions_are_compared(runs):
    for run in runs:
        body = json.loads((run / "evaluation" / "target-1.0.json").read_text())
        for name, changes in (("package", {"engine": "package"}), ("envs", {"num_envs": 16}), ("few", {})):
            few = {"returns": [99.0] * 4, "lengths": [100.0] * 4, "floor": [0] * 4, "worlds": 4}
            other = body | few | changes
            (run / "evaluation" / f"a-{name}.json").write_text(json.dumps(other))
    assert compare(runs).groups[0].estimates["return"].high < 10
    for run in runs:
        (run / "evaluation" / "target-1.0.json").unlink()
    assert compare(runs).groups[0].estimates["return"].value == 99.0


def test_success_on_held_out_levels_is_compared_where_every_run_has_it(runs):
    for i, run in enumerate(runs):
        body = json.loads((run / "evaluation" / "target-1.0.json").read_text())
        body |= {"protocol": "heldout", "worlds": 16, "success": {"mine": 0.1 * i, "swim": 0.5}}
        (run / "evaluation" / "heldout.json").write_text(json.dumps(body))
    ppo = next(group for group in compare(runs).groups if group.name == "ppo")
    assert ppo.estimates["suite"].value == pytest.approx((0.15 + 0.5) / 2)
    (runs[0] / "evaluation" / "heldout.json").unlink()
    assert all("suite" not in group.estimates or group.name != "ppo" for group in compare(runs).groups)


def with_suite(run: Path, **changes) -> None:
    """The run's last evaluation, again as one of a suite of two levels."""
    body = json.loads((run / "evaluation" / "target-1.0.json").read_text())
    body |= {"protocol": "graded", "worlds": 16, "success": {"diver/1": 0.2, "diver/2": 0.5}}
    (run / "evaluation" / "graded.json").write_text(json.dumps(body | changes))


@pytest.mark.parametrize(
    ("changes", "says", "allow"),
    [
        (
            {"worlds": 8, **{n: [1.0] * 16 for n in ("returns", "lengths", "floor")}},
            "graded evaluation's worlds",
            "protocol",
        ),
        ({"steps": 256}, "the graded evaluation's steps differs: ", "protocol"),
        ({"success": {"diver/1": 0.2, "diver/3": 0.5}}, "not in all are diver/2, diver/3", "protocol"),
        ({"env_steps": 1e5}, "not the last checkpoint was evaluated on the graded levels: ppo-0", "steps"),
        ({"versions": {"craftax": "1.4.5"}}, "version of craftax differs on the graded levels", "versions"),
    ],
)
def test_a_suite_played_under_other_conditions_is_refused_unless_allowed(runs, changes, says, allow):
    for run in runs:
        with_suite(run, **(changes if run.name == "ppo-0" else {}))
    with pytest.raises(RunError, match=says):
        compare(runs)
    comparison = compare(runs, allow=[allow])
    assert any(says in text for text in comparison.differences)
    assert contrasts(comparison, "ppo").quantity == ("return" if "success" in changes else "graded")


def test_a_group_that_mixes_two_variants_of_a_method_is_refused(tmp_path):
    methods = [{"method": {"name": "dicode", "open_loop": flag}} for flag in (False, True)]
    runs = [make_run(tmp_path, f"dicode{i}", i, config=config) for i, config in enumerate(methods)]
    with pytest.raises(RunError, match=r"dicode mixes runs with method\.open_loop = False, True"):
        compare(runs)
    assert {group.name for group in compare(runs, by="method.open_loop").groups} == {"False", "True"}


@pytest.mark.fast
def test_values_that_differ_in_their_ends_alone_are_two(tmp_path):
    runs = []
    for number, end in enumerate("ab"):
        config = {"dreamer": {"name": "library", "folder": "levels_" * 12 + end}}
        runs.append(make_run(tmp_path, "dicode", number, config=config))
    with pytest.raises(RunError, match=r"dicode mixes runs with dreamer\.folder"):
        compare(runs)
    groups = compare(runs, by="dreamer.folder").groups
    assert len({group.name for group in groups}) == 2
    assert [len(group.runs) for group in groups] == [1, 1]


def test_one_seed_twice_in_a_group_is_refused(tmp_path):
    one, other = make_run(tmp_path / "a", "ppo", 3), make_run(tmp_path / "b", "ppo", 3)
    with pytest.raises(RunError, match="seed 3 more than once"):
        compare([one, other])


def test_an_earlier_checkpoints_evaluation_is_not_taken_for_the_last(tmp_path):
    run = make_run(tmp_path, "ppo", 0)
    (run / "evaluation" / "target-1.0.json").unlink()
    with pytest.raises(RunError, match="not the last checkpoint"):
        compare([run])


@pytest.mark.fast
@pytest.mark.parametrize("kept", [0, 4])
def test_runs_that_lost_their_metrics_are_not_taken_for_short_ones(runs, kept):
    for run in runs:
        rows = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
        (run / "metrics.jsonl").write_text("".join(rows[:kept]))
    with pytest.raises(RunError, match=r"metrics\.jsonl ends before the last checkpoint that was evaluated: ppo-0"):
        compare(runs)


def test_what_is_missing_or_broken_is_named(tmp_path):
    run = make_run(tmp_path, "ppo", 0)
    with pytest.raises(RunError, match="no runs"):
        compare([])
    with pytest.raises(RunError, match=r"no config\.yaml"):
        compare([tmp_path])
    with pytest.raises(RunError, match=r"did you mean 'method\.name'"):
        compare([run], by="method.nam")
    (run / "evaluation" / "target-1.0.json").write_text('{"protocol": "target"}')
    with pytest.raises(RunError, match="worlds, steps, checkpoint"):
        load_run(run)
    for file in (run / "evaluation").iterdir():
        file.unlink()
    with pytest.raises(RunError, match="ppo-0: no evaluation"):
        compare([run])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"returns": [1.0] * 40}, "says 32 worlds and holds returns of 40"),
        ({"lengths": [1.0] * 40}, "lengths of 40"),
        ({"policy": "random"}, "is the random policy's, not the agent's"),
        ({"achievements": {"EAT_COW": 1.25}}, r"rate of 1\.25 for EAT_COW"),
        ({"target": "a1", "success": {"b": 0.5}}, "success rate of 'b', and was played on the target"),
        (
            {"protocol": "heldout", "success": {"a": 0.5, "b": 0.5}},
            "2 levels with 32 worlds each and holds returns of 32",
        ),
    ],
)
def test_an_evaluation_that_is_not_what_it_passes_for_is_refused(tmp_path, changes, says):
    run = make_run(tmp_path, "ppo", 0, **changes)
    with pytest.raises(RunError, match=says):
        load_run(run)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("config.yaml", b"seed: 1\nrun: [\n", r"config\.yaml is damaged \(line 3"),
        ("config.yaml", b"", "holds no settings"),
        ("config.yaml", b"seed: 1\n\xff\n", "line 2 holds bytes"),
        ("metrics.jsonl", b'{"cycle": 0, "env_steps": 1}\n{"cycle": 1, "e{"cycle": 2}\n{}\n', "line 2 of .*metrics"),
        ("evaluation/target-1.0.json", b'{"protocol": "tar', r"target-1\.0\.json is damaged"),
        ("evaluation/target-1.0.json", b"[]", r"target-1\.0\.json is damaged"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, file, content, says):
    run = make_run(tmp_path, "ppo", 0)
    (run / file).write_bytes(content)
    with pytest.raises(RunError, match=says):
        load_run(run)


def test_a_single_run_gets_wilson_intervals_for_its_achievements(tmp_path):
    group = compare([make_run(tmp_path, "ppo", 0)]).groups[0]
    rate = group.achievements["COLLECT_WOOD"]
    assert rate.low < rate.value < rate.high
    assert group.estimates["return"].low == group.estimates["return"].high


def test_tables_and_figures_hold_the_numbers(runs, tmp_path):
    comparison = compare(runs)
    files = figures.write(comparison, tmp_path / "out")
    assert {file.name for file in files} >= {
        *(f"{name}.{kind}" for name in ("curves", "intervals", "profiles", "achievements") for kind in ("png", "pdf")),
        *(f"{name}.csv" for name in ("summary", "runs", "achievements", "improvement", "curves")),
        "summary.md",
    }
    assert all(file.stat().st_size > 5000 for file in files if file.suffix in (".png", ".pdf"))
    with open(tmp_path / "out" / "runs.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 * 32
    mean = np.mean([float(row["return"]) for row in rows if row["group"] == "dicode"])
    assert mean == pytest.approx(comparison.groups[0].estimates["return"].value)
    assert "| method | dicode (4) | ppo (4) |" in (tmp_path / "out" / "summary.md").read_text()


def test_intervals_have_a_panel_for_each_measure_with_room_for_its_words(tmp_path, monkeypatch):
    made = [make_run(tmp_path, method, seed) for method in ("dicode", "ppo") for seed in (0, 1)]
    for run in made:
        add_grades(run)
    drawn = []
    monkeypatch.setattr(figures.style, "save", lambda figure, path, kinds: drawn.append(figure) or [])
    figures._intervals(compare(made), tmp_path)
    panels = drawn[0].axes
    words = [axes.get_xlabel() for axes in panels]
    assert words[-1].replace("\n", " ") == "success rate on the graded suite, %"
    assert any(word.replace("\n", " ") == "mean return of the worst tenth of the worlds" for word in words)
    assert all(len(line) <= 28 for word in words for line in word.split("\n"))
    at = [line.get_xdata()[0] for line in panels[-1].lines if len(line.get_xdata()) == 1]
    assert at == pytest.approx([100 * np.mean(list(GRADES.values()))] * 2), "in percent, as it says"


def rewrite(run: Path, **changes) -> None:
    """Every row of a run's metrics with other values; a function is given the row."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()[:-1]]
    rows = [row | {name: new(row) if callable(new) else new for name, new in changes.items()} for row in rows]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(("more", "fair"), [(1.01, True), (1.05, False)])
def test_budgets_may_differ_by_a_last_cycle_and_not_by_more(runs, tmp_path, more, fair):
    odd = make_run(tmp_path, "plr", 0, env_steps=more * 1e6)
    if fair:
        assert len(compare([*runs, odd]).groups) == 3
    else:
        with pytest.raises(RunError, match=r"from 1e\+06 to 1.05e\+06 environment steps"):
            compare([*runs, odd])


def test_the_worst_tenth_of_the_worlds_is_their_mean_alone_and_the_20th_percentile_one_of_them(tmp_path):
    runs = [make_run(tmp_path, "ppo", seed, returns=[*[1.0] * 2, *[3.0] * 6, *[9.0] * 24]) for seed in range(2)]
    estimates = compare(runs).groups[0].estimates
    assert estimates["cvar"].value == pytest.approx(2.0)
    assert estimates["p20"].value == pytest.approx(3.0)


def test_the_speed_of_a_run_is_that_of_its_middle_cycle(tmp_path):
    run = make_run(tmp_path, "ppo", 0)
    rewrite(run, steps_per_s=lambda row: 100.0 if row["cycle"] < 4 else 5000.0 if row["cycle"] < 9 else 90000.0)
    assert compare([run]).groups[0].estimates["steps_per_s"].value == pytest.approx(5000.0)


def test_a_curve_covers_the_steps_that_all_its_runs_cover(tmp_path):
    runs = [make_run(tmp_path, "ppo", seed) for seed in range(2)]
    for run in runs:
        (run / "evaluation" / "target-0.5.json").unlink()
    rewrite(runs[0], env_steps=lambda row: row["env_steps"] + 5000.0)
    curve = compare(runs).groups[0].curve
    assert curve is not None
    assert (curve.steps[0], curve.steps[-1]) == (105000.0, 1e6)


def test_the_deepest_floor_is_a_mean_over_worlds(tmp_path):
    run = make_run(tmp_path, "ppo", 0, floor=[0] * 24 + [4] * 8)
    assert compare([run]).groups[0].estimates["floor"].value == pytest.approx(1.0)


def test_groups_may_differ_inside_in_the_setting_that_makes_them(runs):
    for run in runs:
        config = json.loads((run / "config.yaml").read_text())
        (run / "config.yaml").write_text(json.dumps(config | {"level_slots": config["seed"] % 2}))
    with pytest.raises(RunError, match="mixes runs with level_slots"):
        compare(runs[:4])
    assert {group.name for group in compare(runs[:4], by="level_slots").groups} == {"0", "1"}


GRADES = {"carpenter/1": 0.9, "carpenter/2": 0.5, "diver/1": 0.4}


def add_grades(run: Path) -> None:
    """An evaluation on three graded levels beside the run's own."""
    body = json.loads(next((run / "evaluation").glob("*.json")).read_text())
    body |= {"protocol": "graded", "worlds": 2, "success": GRADES}
    body |= {name: [1.0] * 6 for name in ("returns", "lengths", "floor")}
    (run / "evaluation" / "graded.json").write_text(json.dumps(body))


def test_a_comparison_tells_mean_and_furthest_rung(runs):
    for run in runs:
        add_grades(run)
    estimates = compare(runs).groups[0].estimates
    assert estimates["graded"].value == pytest.approx(np.mean(list(GRADES.values())))
    assert estimates["rung"].value == pytest.approx(1.0)


@pytest.mark.fast
@pytest.mark.parametrize("output", ["", "/proc/nothing", "{run}"])
def test_an_output_that_can_not_be_is_told_instead_of_the_table(tmp_path, capsys, output):
    run = make_run(tmp_path, "ppo", 0)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RunError, match=r"output|another place"):
        comparison.command([str(run)], "method", output.format(run=run), [])
    assert capsys.readouterr().out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.fast
def test_a_difference_that_no_run_can_have_is_not_allowed_in_silence(runs):
    with pytest.raises(RunError, match=r"--allow sed names no setting of these runs; did you mean 'seed'"):
        compare(runs, allow=["sed"])
    assert compare(runs, allow=["seed", "learner", "learner.lr", "steps", "protocol", "versions", "all"])


def test_a_run_that_was_made_longer_differs_from_one_that_was_as_long_from_the_start(runs):
    """Their configurations are one: the learning rate fell to another end until then."""
    note = {"cycle": 5, "before": 100, "updates": 200, "restart": False}
    path = runs[0] / "lengthened.jsonl"
    path.write_text(json.dumps(note | {"cycle": 10}) + "\n")
    assert compare(runs).groups, "that cycle was not trained yet"
    path.write_text(json.dumps(note) + "\n")
    with pytest.raises(RunError, match=r"lengthened differs: .*from cycle 5 on to update 200"):
        compare(runs)
    assert compare(runs, allow=["lengthened"]).groups
    for run in runs[1:]:
        (run / "lengthened.jsonl").write_text(path.read_text())
    assert compare(runs).groups
