"""Where skill is lost between the target and dreamed levels: arms that differ by one change a rung, and what each is worth.

    python benchmarks/ladder.py run --seeds 100 101       # goes on where it was broken off
    python benchmarks/ladder.py worth --output DIR        # table and CSV of the runs that are finished
    python benchmarks/ladder.py against --arms full       # differences in return from that arm, seed by seed

Every arm lies over `experiment=laptop/ladder`; levels of controls are in `benchmarks/levels`. `full` and `half` are PPO
on the target with all environments and with half of them; all others give the target that half and levels the rest. The worth of a level's step is
(R - R_half) / (R_full - R_half), with a 95 % bootstrap interval over seeds (`dicode.evaluation.statistics.worth`).
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import numpy as np

from dicode import config
from dicode.commands import sweep
from dicode.evaluation import statistics
from dicode.evaluation.results import TARGET, load_run

EXPERIMENT = "experiment=laptop/ladder"
STARTS = (
    "method=dicode",
    "method.stay=draw",
    "level_slots=9",
    "dreamer.arenas=false",
    "level_rules=game",
    "level_length=run",
    "agent.conditioning=none",
    "after_goal=go_on",
    "bonus_value=0",
)
"""Prepared starts, and nothing else: the whole game pays, for as long as on the target, and no goal is told."""


def _without(words: Sequence[str], *names: str) -> tuple[str, ...]:
    return tuple(word for word in words if word.partition("=")[0] not in names)


ENDS = _without(STARTS, "after_goal", "bonus_value")
TOLD = _without(ENDS, "agent.conditioning")
SHORT = _without(TOLD, "level_length")
ARENAS = _without(SHORT, "dreamer.arenas")
RULES = _without(ARENAS, "level_rules")
LEVELS = Path(__file__).resolve().parent / "levels"
GAME = (
    "method=dicode",
    "method.stay=draw",
    "level_slots=5",
    "dreamer=none",
    "level_length=run",
    "after_goal=go_on",
    f"levels={LEVELS / 'game'}",
)
"""Four levels that are the game itself, and no dreams: what the way through levels costs by itself."""
GOALS = (*_without(GAME, "levels"), f"levels={LEVELS / 'goals'}")
"""Four levels that are the game with one achievement as their goal."""
DREAMED = ("arm=goals_of_the_game", "target_share=0.5")
RANDOM = (
    "arm=goals",
    "level_slots=5",
    "level_length=run",
    "after_goal=go_on",
    "bonus_value=1",
    "agent.conditioning=none",
)
"""As the dreamed goals, but five of all achievements drawn anew each cycle, whatever the agent can do."""
STAY = (*_without(RULES, "method.stay", "level_slots"), "method.stay=learning", "level_slots=5")
ARMS: dict[str, tuple[str, ...]] = {
    "full": ("method=ppo",),
    "half": ("method=ppo", "num_envs=32"),
    "game": (*GAME, "agent.conditioning=none", "bonus_value=0"),
    "goals_told": (*GOALS, "bonus_value=0"),
    "goals_paid": (*GOALS, "agent.conditioning=none"),
    "goals_end": _without(GOALS, "after_goal"),
    "goals_dreamed": DREAMED,
    "goals_open_loop": (*DREAMED, "method.open_loop=true"),
    "goals_random": RANDOM,
    "starts": STARTS,
    "ends": ENDS,
    "told": TOLD,
    "short": SHORT,
    "arenas": ARENAS,
    "rules": RULES,
    "on": (*RULES, "after_goal=go_on"),
    "on_long": (*RULES, "after_goal=go_on", "level_length=run"),
    "stay": STAY,
    "stay_on_long": (*STAY, "after_goal=go_on", "level_length=run"),
    "steps": (*STAY, "dreamer.steps=any"),
    "steps_on_long": (*STAY, "dreamer.steps=any", "after_goal=go_on", "level_length=run"),
}
"""`starts` to `rules`: each undoes one difference more from a level as it is dreamed; then ways back."""


def configuration(arm: str, seed: int, steps: float, folder: str) -> config.Config:
    """One run. `half` has half of the environments, and so half of the steps for as many updates."""
    total = steps / 2 if arm == "half" else steps
    words = [EXPERIMENT, *ARMS[arm], f"seed={seed}", f"total_steps={total:.0f}", f"runs_dir={folder}"]
    return config.load([*words, f"run={arm}-{seed}"])


def run(arms: Sequence[str], seeds: Sequence[int], steps: float, folder: str) -> int:
    """Every run that is not finished, seed by seed. Returns 1 if one failed."""
    # Every arm is checked before the first one trains.
    planned = [configuration(arm, seed, steps, folder) for seed in seeds for arm in arms]
    return max((sweep.one(each) for each in planned), default=0)


def returns(folder: Path, seeds: Sequence[int]) -> dict[str, dict[int, float]]:
    """Mean return on the target's held-out worlds by arm and seed, of the finished runs with one of the `seeds`; of all if there are none."""
    found: dict[str, dict[int, float]] = {}
    for path in sorted(folder.glob("*-*")):
        arm, _, seed = path.name.rpartition("-")
        final = load_run(path).final(TARGET) if (path / "config.yaml").exists() else None
        if final is not None and (not seeds or int(seed) in seeds):
            found.setdefault(arm, {})[int(seed)] = float(final.returns.mean())
    return found


def against(found: dict[str, dict[int, float]], base: str, arms: Sequence[str] = tuple(ARMS)) -> int:
    """Print how far each arm is ahead of `base` at equal seeds, with a 95 % bootstrap interval and the p of an exact exchange of signs."""
    for arm in (name for name in arms if name in found and name != base):
        seeds = sorted(set(found[arm]) & set(found.get(base, {})))
        if seeds:
            one, other = (np.array([[found[name][seed]] for seed in seeds]) for name in (arm, base))
            p = statistics.exchange_test(one, other, np.random.default_rng(0))
            ahead = ", ".join(f"{seed}: {value:+.2f}" for seed, value in zip(seeds, (one - other)[:, 0], strict=True))
            mean = statistics.bootstrap(lambda rows: rows.mean((-2, -1)), one - other, rng=np.random.default_rng(0))
            interval = f" [{mean.low:.2f}, {mean.high:.2f}]  p {p:.3f}" if len(seeds) > 1 else ""
            print(f"{arm:14} - {base}: {mean.value:+.2f}{interval}  ({ahead})")
    return 0


def worth(found: dict[str, dict[int, float]], output: Path | None) -> int:
    """Print the table; write `ladder.csv` into `output`. Returns 1 while `full` or `half` has no finished run."""
    if not {"full", "half"} <= set(found):
        print("no finished run of full and half among these runs and seeds yet")
        return 1
    rows = []
    full, half = (np.array(list(found[name].values())) for name in ("full", "half"))
    for arm in (name for name in ARMS if name in found):
        scores, rng = np.array(list(found[arm].values())), np.random.default_rng(0)
        value = statistics.bootstrap(statistics.worth, scores, half, full, rng=rng)
        rows.append((arm, len(scores), scores.mean(), value.value, value.low, value.high))
        seeds = ", ".join(f"{seed}: {score:.2f}" for seed, score in found[arm].items())
        print(
            f"{arm:14} return {scores.mean():5.2f}  w {value.value:5.2f} [{value.low:.2f}, {value.high:.2f}]  ({seeds})"
        )
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        with (output / "ladder.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("arm", "runs", "return", "worth", "low", "high"))
            writer.writerows([(arm, count, *(round(x, 4) for x in numbers)) for arm, count, *numbers in rows])
    return 0


def main() -> int:
    """Run arms, or compute what they are worth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("run", "worth", "against"))
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, help="0, 1 and 2 to run, all that there are to compare")
    parser.add_argument("--steps", type=float, default=2**21)
    parser.add_argument("--folder", default="runs/ladder")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    if asked.task == "run":
        return run(asked.arms, asked.seeds or (0, 1, 2), asked.steps, asked.folder)
    found = returns(Path(asked.folder), asked.seeds or ())
    return worth(found, asked.output) if asked.task == "worth" else max(against(found, base) for base in asked.arms)


if __name__ == "__main__":
    sys.exit(main())
