"""One group against the others: paired by seed, corrected for their number, refused where nothing can be paired."""

import csv
import json

import numpy as np
import pytest
from scipy import stats

from dicode.cli import main
from dicode.errors import RunError
from dicode.evaluation import figures, statistics
from dicode.evaluation.compare import compare
from dicode.evaluation.contrasts import contrasts
from dicode.evaluation.contrasts import markdown as plain_markdown
from tests.evaluation.made_runs import make_run

pytestmark = pytest.mark.fast


def contrasts_markdown(found) -> str:
    return plain_markdown(found, str)


def graded(folder, method: str, seed: int, rates: list[float]) -> None:
    """Give a made run a suite of one family."""
    success = {f"carpenter/{rung}": rate for rung, rate in enumerate(rates, start=1)}
    body = json.loads(next((folder / "evaluation").glob("*.json")).read_text())
    body |= {"protocol": "graded", "worlds": 2, "success": success, "env_steps": 1e6}
    body |= {name: [1.0] * (2 * len(rates)) for name in ("returns", "lengths", "floor")}
    (folder / "evaluation" / "graded.json").write_text(json.dumps(body))


def made(folder, seeds: int, **levels: float) -> list:
    """Runs whose suite is solved by `level` + a hardship of the seed's own."""
    found = []
    for method, level in levels.items():
        for seed in range(seeds):
            found.append(make_run(folder, method, seed))
            graded(found[-1], method, seed, [level + 0.1 * seed, level + 0.1 * seed + 0.02 * (seed % 2)])
    return found


def test_what_a_seed_does_to_both_groups_cancels(tmp_path):
    runs = made(tmp_path, 5, ppo=0.2, dicode=0.25)
    found = contrasts(compare(runs), "dicode")
    assert found.quantity == "graded"
    (only,) = found.each
    assert (only.other, only.pairs) == ("ppo", 5)
    assert only.mean.value == pytest.approx(0.05)
    assert (only.mean.low, only.mean.high) == pytest.approx((0.05, 0.05)), "the same difference in every seed"
    spread = compare(runs).groups[0].estimates["graded"]
    assert spread.high - spread.low > 0.1, "unpaired, the seeds hide it"
    assert only.p == pytest.approx(2 / 2**5), "five seeds can say no more"


def test_the_paired_interval_is_that_of_the_differences():
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(8, 1)), rng.normal(size=(8, 1))
    found = statistics.paired(statistics.mean, one, other, rng=np.random.default_rng(0), repeats=20000)
    theirs = stats.bootstrap(((one - other)[:, 0],), np.mean, method="percentile", n_resamples=20000, rng=1)
    assert found.value == pytest.approx((one - other).mean())
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.05)


@pytest.mark.parametrize("seeds", [6, 14])
def test_the_exchange_test_is_scipys(seeds):
    rng = np.random.default_rng(4)
    one, other = rng.normal(0.7, size=(seeds, 1)), rng.normal(size=(seeds, 1))
    p = statistics.exchange_test(one, other, np.random.default_rng(0))
    theirs = stats.permutation_test(
        (one[:, 0], other[:, 0]), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert p == pytest.approx(theirs.pvalue, abs=1e-9 if seeds == 6 else 0.03)


def test_differences_that_cancel_leave_nothing_to_be_sure_of():
    one = np.array([0.4, 0.4, 0.4, 0.2, 0.2, 0.2])
    assert statistics.exchange_test(one, one[::-1], np.random.default_rng(0)) == 1.0, "rounding made it 0.72"


def test_holm_by_hand():
    assert statistics.holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert statistics.holm(np.array([0.5, 0.9])) == pytest.approx([1.0, 1.0])


def test_more_contrasts_make_each_harder_to_believe(tmp_path):
    runs = made(tmp_path, 5, ppo=0.2, dicode=0.25, dr=0.25, plr=0.1)
    found = {c.other: c.p for c in contrasts(compare(runs), "dicode").each}
    assert found["ppo"] == pytest.approx(3 * 2 / 2**5)
    assert found["dr"] == 1.0


def test_two_pairs_have_a_difference_and_no_interval(tmp_path):
    (only,) = contrasts(compare(made(tmp_path, 2, ppo=0.2, dicode=0.3)), "dicode").each
    assert only.iqm.low == only.iqm.value == only.iqm.high
    assert only.p == 0.5


def test_only_seeds_that_both_have_are_paired(tmp_path):
    runs = made(tmp_path, 4, ppo=0.2, dicode=0.3)
    assert contrasts(compare(runs[1:]), "dicode").each[0].pairs == 3
    with pytest.raises(RunError, match="dicode and ppo have no seed in common"):
        contrasts(compare([*runs[:2], *runs[6:]]), "dicode")


def test_what_is_contrasted_can_be_chosen_down_to_the_levels(tmp_path):
    runs = made(tmp_path, 4, ppo=0.2, dicode=0.25)
    comparison = compare(runs)
    assert contrasts(comparison, "dicode", "return").quantity == "return"
    one = contrasts(comparison, "dicode", "graded", "carpenter/2")
    steady = contrasts(comparison, "dicode", "graded", "carpenter/1")
    assert one.each[0].mean.value == pytest.approx(0.05)
    assert one.levels == "carpenter/2"
    assert "on the graded suite (carpenter/2), in points" in contrasts_markdown(one)
    assert steady.each[0].iqm.value == pytest.approx(0.05)
    for on, levels, wrong in (
        ("suite", "*", "not all of these runs were measured on 'suite'; all were on graded, return"),
        ("gradde", "*", "did you mean 'graded'"),
        ("graded", "carpentr/1", "no level is called 'carpentr/1'; did you mean 'carpenter/1'"),
        ("return", "carpenter/*", "the target, which has no levels"),
    ):
        with pytest.raises(RunError, match=wrong):
            contrasts(comparison, "dicode", on, levels)


def test_a_measure_without_a_group_is_refused(capsys):
    assert main(["compare", "runs/a", "--on", "graded"]) == 2
    assert "name the group" in capsys.readouterr().err


def test_a_group_that_is_none_is_named_and_so_is_the_nearest(tmp_path):
    runs = made(tmp_path, 1, ppo=0.2, dicode=0.3)
    with pytest.raises(RunError, match="no group is called 'dicod'; did you mean 'dicode'"):
        contrasts(compare(runs), "dicod")
    with pytest.raises(RunError, match="ppo is the only group"):
        contrasts(compare(runs[:1]), "ppo")


def test_runs_that_share_a_seed_are_not_paired_by_it(tmp_path):
    runs = made(tmp_path, 2, ppo=0.2, dicode=0.3) + made(tmp_path / "again", 1, dicode=0.9)
    with pytest.raises(RunError, match="dicode has more runs than seeds"):
        contrasts(compare(runs, allow=["seed"]), "ppo")


def test_a_seed_that_is_no_number_is_a_seed(tmp_path):
    runs = [make_run(tmp_path, method, 0, config={"seed": [1, 2]}) for method in ("ppo", "dicode")]
    assert contrasts(compare(runs), "ppo").each[0].pairs == 1


@pytest.mark.slow
def test_without_a_suite_the_targets_return_is_contrasted_and_written(tmp_path):
    runs = [
        make_run(tmp_path, name, seed, level) for name, level in (("ppo", 5.0), ("dicode", 6.0)) for seed in range(4)
    ]
    comparison = compare(runs)
    found = contrasts(comparison, "dicode")
    assert found.quantity == "return"
    table = figures.markdown(comparison, found)
    assert "| dicode against | pairs |" in table
    figures.write(comparison, tmp_path / "out", found)
    rows = list(csv.DictReader((tmp_path / "out" / "contrasts.csv").open()))
    assert [row["statistic"] for row in rows] == ["mean", "iqm"]
    assert float(rows[0]["difference"]) == pytest.approx(found.each[0].mean.value)
