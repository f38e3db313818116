"""The runs of `experiment=laptop/trend` side by side, from the table that is kept of them (docs/results/trend.csv).

    python benchmarks/trend.py                                          # what a step on a level is worth, and each difference
    python benchmarks/trend.py --picture docs/pictures/trend.png        # and each run's end, with an interval a method

A row is an evaluation of one run: method, seed, steps in all and on the target, return, and with the last one the
success on the graded suite. Intervals are 95 % bootstrap intervals over seeds, p that of an exact exchange of signs.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import numpy as np
from ladder import against
from matplotlib.axes import Axes

from dicode.evaluation import statistics
from dicode.view import palette, style

TABLE = Path(__file__).resolve().parent.parent / "docs" / "results" / "trend.csv"
BASE = "ppo"


@dataclass
class Runs:
    """All runs of one method, by seed."""

    curves: dict[int, list[tuple[int, int, float]]] = field(default_factory=dict)
    """(steps, steps on the target, return) of each evaluation."""
    suite: dict[int, float] = field(default_factory=dict)
    """Success on the graded suite after the last step, %."""

    @property
    def returns(self) -> dict[int, float]:
        """Return after the last step."""
        return {seed: max(reached)[2] for seed, reached in self.curves.items()}


QUANTITIES: dict[str, Callable[[Runs], dict[int, float]]] = {
    "success on the graded suite, %": lambda runs: runs.suite,
    "return on the game": lambda runs: runs.returns,
}


def read(table: Path) -> dict[str, Runs]:
    """Every method's runs. A row that says another number of things than the header is a ValueError."""
    found: dict[str, Runs] = {}
    with table.open(newline="") as file:
        for method, seed, steps, on_target, score, suite in list(csv.reader(file))[1:]:
            runs = found.setdefault(method, Runs())
            runs.curves.setdefault(int(seed), []).append((int(steps), int(on_target), float(score)))
            if suite:  # of the last evaluation
                runs.suite[int(seed)] = float(suite)
    return found


def worth(runs: Runs, ppo: Runs) -> statistics.Estimate | None:
    """What a step on a level is worth after the last one; None where all steps are on the target.

    `full` is PPO's return then, `half` its return at the evaluation nearest to as many steps as the method gave the
    target; seeds are redrawn whole.
    """

    def row(seed: int) -> tuple[float, float, float]:
        _, on_target, score = max(runs.curves[seed])
        half = min(ppo.curves[seed], key=lambda point: abs(point[0] - on_target))[2]
        return score, half, max(ppo.curves[seed])[2]

    seeds = sorted(set(runs.curves) & set(ppo.curves))
    if all(steps == on_target for steps, on_target, _ in runs.curves[seeds[0]]):
        return None
    rows = np.array([row(seed) for seed in seeds])
    return statistics.bootstrap(
        lambda drawn: statistics.worth(*(drawn[..., [n]] for n in range(3))), rows, rng=np.random.default_rng(0)
    )


def _by_mean(found: dict[str, Runs], of: Callable[[Runs], dict[int, float]]) -> list[str]:
    return sorted(found, key=lambda name: sum(of(found[name]).values()) / len(of(found[name])))


def picture(found: dict[str, Runs], path: Path) -> None:
    """A panel a quantity: every run a dot, a line for the interval of each method's mean, the best of the suite first."""
    order = _by_mean(found, next(iter(QUANTITIES.values())))
    made = style.figure(style.PAGE, 0.34 * len(order) + 0.9)
    for axes, (quantity, of) in zip(made.subplots(1, len(QUANTITIES), sharey=True), QUANTITIES.items(), strict=True):
        for row, name in enumerate(order):
            _dots(axes, row, sorted(of(found[name]).values()), palette.color(0 if name == BASE else 1))
        style.dress(axes, "", quantity, grid="x")
        axes.set_yticks(range(len(order)), [f"{name} ({len(found[name].suite)})" for name in order])
        axes.set_ylim(-0.6, len(order) - 0.4)
    path.parent.mkdir(parents=True, exist_ok=True)
    style.save(made, path)


def _dots(axes: Axes, row: int, values: Sequence[float], shade: str) -> None:
    rows = np.array(values)[:, None]
    mean = statistics.bootstrap(lambda drawn: drawn.mean((-2, -1)), rows, rng=np.random.default_rng(0))
    axes.plot([mean.low, mean.high], [row, row], color=shade, linewidth=7, alpha=0.3, solid_capstyle="butt")
    axes.plot(values, [row] * len(values), "o", color=shade, markersize=4, alpha=0.6, markeredgewidth=0)
    axes.plot([mean.value], [row], "|", color=shade, markersize=13, markeredgewidth=2)


def main() -> int:
    """Print worth and differences, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    asked = parser.parse_args()
    found = read(asked.table)
    for name, runs in found.items():
        if (value := worth(runs, found[BASE])) is not None:
            print(f"{name:14} w {value.value:5.2f} [{value.low:.2f}, {value.high:.2f}]  ({len(runs.curves)} seeds)")
    for quantity, of in QUANTITIES.items():
        print(f"\n{quantity}")
        values = {name: of(found[name]) for name in _by_mean(found, of)}
        for place, base in enumerate(values):
            against(values, base, list(values)[place + 1 :])
    if asked.picture:
        picture(found, asked.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
