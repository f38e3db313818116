"""The runs of `experiment=xland/compare` side by side, from the tables that are kept of them (docs/results/xland_*.csv).

    python benchmarks/second_world.py                                          # each arm, and how far DiCode is ahead, by steps
    python benchmarks/second_world.py --picture docs/pictures/xland_trend.png  # every run's end against its steps

Four budgets, each with seeds of its own, so a line joins runs that were ended and not one run as it went on. Success in
%: on tasks that nobody trained on (the mean over `tasks_of_depth_0` to `3`) and on unseen worlds of the target. Intervals
are 95 % bootstrap intervals over seeds (one seed has none that means anything), p that of an exact exchange of signs.
"""

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import numpy as np
from ladder import against
from matplotlib.axes import Axes

from dicode.evaluation import statistics
from dicode.view import palette, style

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "results"
TABLES = ("xland_compare.csv", "xland_fresh.csv", "xland_longer.csv", "xland_long.csv")
SUITES = tuple(f"tasks_of_depth_{depth}" for depth in range(4))
QUANTITIES = {"tasks that nobody trained on": SUITES, "the target": ("success",)}
METHOD = "dicode"
DRAWN = ("ppo", METHOD, "sfl")

Runs = dict[str, dict[int, dict[int, float]]]
"""Success in % by arm, budget in steps, and seed."""


def read(folder: Path, columns: tuple[str, ...]) -> Runs:
    """The mean of `columns` after the last step of every run. Raises KeyError where a table lacks one of them.

    A table's runs have one budget, of which those that measure their dreams train less.
    """
    found: Runs = {}
    for table in TABLES:
        with (folder / table).open(newline="") as file:
            rows = list(csv.DictReader(file))
        budget = max(int(row["env_steps"]) for row in rows)
        for row in rows:
            value = 100 * sum(float(row[column]) for column in columns) / len(columns)
            found.setdefault(row["arm"].removeprefix("brief_"), {}).setdefault(budget, {})[int(row["seed"])] = value
    return found


def _mean(seeds: Mapping[int, float]) -> statistics.Estimate:
    values = np.array([[value] for value in seeds.values()])
    return statistics.bootstrap(lambda rows: rows.mean((-2, -1)), values, rng=np.random.default_rng(0))


def tell(found: Runs) -> None:
    """Print every arm's mean by steps, and how far the method is ahead of each other arm at equal seeds."""
    for steps in sorted({steps for of_arm in found.values() for steps in of_arm}):
        print(f"\n{steps:,} steps")
        here = {arm: of_arm[steps] for arm, of_arm in found.items() if steps in of_arm}
        for arm, seeds in here.items():
            mean, each = _mean(seeds), ", ".join(f"{seed}: {value:.1f}" for seed, value in sorted(seeds.items()))
            interval = f" [{mean.low:.1f}, {mean.high:.1f}]" if len(seeds) > 1 else ""
            print(f"{arm:14} {mean.value:.1f}{interval}  ({each})")
        for arm in here:
            against(here, arm, [METHOD])


def picture(folder: Path, path: Path) -> None:
    """A panel a quantity: every run a dot over its steps, a line through the means of an arm."""
    made = style.figure(style.PAGE, 2.9)
    for axes, (quantity, columns) in zip(made.subplots(1, len(QUANTITIES)), QUANTITIES.items(), strict=True):
        found, ends = read(folder, columns), []
        for shade, arm in enumerate(DRAWN):
            ends.append(_curve(axes, arm, found[arm], palette.color(shade)))
        style.dress(axes, quantity, "steps, measured dreams included", "success, %")
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        style.name_lines(axes, ends)
    path.parent.mkdir(parents=True, exist_ok=True)
    style.save(made, path)


def _curve(axes: Axes, arm: str, runs: Mapping[int, Mapping[int, float]], shade: str) -> tuple[float, float, str, str]:
    """Draw one arm; its end, name and colour."""
    steps = sorted(runs)
    means = [_mean(runs[at]).value for at in steps]
    axes.plot(steps, means, color=shade, linewidth=1.6)
    for at in steps:
        axes.plot(
            [at] * len(runs[at]),
            list(runs[at].values()),
            "o",
            color=shade,
            markersize=3.5,
            alpha=0.5,
            markeredgewidth=0,
        )
    return steps[-1], means[-1], arm, shade


def main() -> int:
    """Print the arms, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the four tables are")
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    asked = parser.parse_args()
    for quantity, columns in QUANTITIES.items():
        print(f"\nsuccess on {quantity}, %")
        tell(read(asked.folder, columns))
    if asked.picture:
        picture(asked.folder, asked.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
