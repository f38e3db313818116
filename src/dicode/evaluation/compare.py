"""`dicode compare`: runs in groups, checked for fairness, summarised with intervals.

Runs of one group differ in nothing but their seed. Between groups the method, the dreamer and what
belongs to them may differ; budget, schedule, agent, environment, protocol and package versions must not,
unless the caller names what is allowed to.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dicode.errors import RunError, nearest
from dicode.evaluation import statistics
from dicode.evaluation.results import GRADED, HELDOUT, SUITES, TARGET, Evaluation, RunResult, furthest, load_run
from dicode.evaluation.statistics import Estimate
from dicode.received.files import check_tree
from dicode.received.text import line

_ALIASES = {"method": "method.name", "dreamer": "dreamer.name", "agent": "agent.kind"}
_PER_RUN = (
    "seed", "run", "runs_dir", "keep_checkpoints", "devices", "cpu_devices", "sandbox", "logging.", "evaluation.every_steps",
)  # fmt: skip
"""Settings in which runs of one group may differ."""
_PER_METHOD = (
    "arm", "method.", "dreamer.", "fm.", "budget.", "level_slots", "target_share", "seed_cycles", "worlds_per_level",
    "pool_size", "levels", "library_seeds", "lessons", "hook_slots", "hook_cycles", "bonus", "bonus_value", "updates_per_cycle",
)  # fmt: skip
"""Settings that belong to a method or are an ablation: groups may differ in them."""
_VALUES_SHOWN = 4
_LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Curve:
    """Mean over seeds with its 95 % band, at common numbers of steps."""

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Group:
    """Runs that differ only in their seed, and what they amount to."""

    name: str
    runs: tuple[RunResult, ...]
    estimates: Mapping[str, Estimate]
    """By name of the quantity: see `QUANTITIES`."""
    achievements: Mapping[str, Estimate]
    curve: Curve | None

    def finals(self, protocol: str = TARGET) -> list[Evaluation]:
        """The last evaluation of every run that has one."""
        return [final for run in self.runs if (final := run.final(protocol)) is not None]

    def returns(self) -> np.ndarray:
        """Mean return of every seed, [S]."""
        return np.array([final.returns.mean() for final in self.finals()])


@dataclass(frozen=True)
class Comparison:
    """The result: groups in the order of their mean return, best first."""

    by: str
    groups: tuple[Group, ...]
    improvement: Mapping[tuple[str, str], Estimate]
    """(one, other) -> probability that a run of one beats a run of other."""
    curve_source: str
    """`evaluation` (held-out worlds), `training` (episodes on the target), or `none`."""
    differences: tuple[str, ...] = field(default_factory=tuple)
    """Differences that were allowed, as sentences."""


QUANTITIES: Mapping[str, str] = {
    "return": "mean return",
    "return_iqm": "IQM of the return over seeds",
    "percent": "mean return, % of the game's highest possible",
    "cvar": "mean return of the worst tenth of the worlds",
    "p20": "20th percentile of the return over worlds",
    "length": "episode length",
    "floor": "deepest floor reached",
    "solved": "success rate on the target's goal",
    "suite": "success rate on held-out levels",
    "suite_iqm": "IQM of the success rate on held-out levels",
    "graded": "success rate on the graded suite",
    "graded_iqm": "IQM of the success rate on the graded suite",
    "rung": "furthest rung solved in half of the tries, mean over families",
    "steps_per_s": "steps per second",
    "hours": "hours of wall-clock",
}
"""Every summarised quantity with its sentence."""


def compare(run_dirs: Iterable[Path | str], by: str = "method", allow: Sequence[str] = ()) -> Comparison:
    """Group runs by a setting and summarise them.

    `by` is a dotted setting, or method, dreamer, agent. `allow` names what may differ: settings, `steps`,
    `protocol`, `versions`, or `all`. Raises `RunError` for no runs, a run without an evaluation on the target,
    an unknown `by` or `allow`, one seed twice in a group, or a difference that is not allowed, naming each.
    """
    runs = [_plain_run(path) for path in run_dirs]
    if not runs:
        raise RunError("no runs to compare; name at least one run's directory")
    runs = _alike(_alike(_alike(runs, TARGET), HELDOUT), GRADED)
    bare = [run.name for run in runs if run.final(TARGET) is None]
    if bare:
        raise RunError(f"{', '.join(bare)}: no evaluation on the target; run `dicode eval` first")
    key = _ALIASES.get(by, by)
    known = {name for run in runs for name in run.config}
    if key not in known:
        raise RunError(f"no setting is called {by!r}{nearest(by, [*known, *_ALIASES])}")
    _check_allowed(allow, known)
    grouped = _grouped(runs, key)
    found = [*_inside(grouped), *_between(runs, key)]
    refused = [text for name, text in found if not _allowed(name, allow)]
    if refused:
        raise RunError(
            "these runs can't be compared as they are: "
            + "; ".join(refused)
            + " (--allow NAME, or --allow all, if meant)"
        )
    source = _curve_source(runs)
    groups = [_group(name, members, source) for name, members in grouped.items()]
    groups.sort(key=lambda group: -group.estimates["return"].value)
    return Comparison(by, tuple(groups), _improvement(groups), source, tuple(text for _, text in found))


def _grouped(runs: Sequence[RunResult], key: str) -> dict[str, list[RunResult]]:
    """The runs by their value of a setting, shortened to a name; values that shorten to the same one are numbered."""
    found: dict[str, list[RunResult]] = {}
    for run in runs:
        found.setdefault(str(run.config.get(key)), []).append(run)
    names = {value: line(value, _LONGEST) for value in sorted(found)}
    alike = [value for value in names if list(names.values()).count(names[value]) > 1]
    names |= {value: f"{names[value]} ({number})" for number, value in enumerate(alike, 1)}
    return {names[value]: members for value, members in found.items()}


def _plain_run(path: Path | str) -> RunResult:
    """A run of plain files and folders only."""
    if Path(path).is_dir():
        check_tree(Path(path))
    return load_run(path)


def _alike(runs: Sequence[RunResult], protocol: str) -> list[RunResult]:
    """The runs with only those evaluations of `protocol` that all of them have under the same conditions.

    Of several common conditions the one with our engine, then with the runs' own environments, then with the most worlds
    and steps is kept; without any the runs are left as they are, and what differs is found later.
    """
    last = [
        {tuple(e.conditions.items()) for e in run.evaluations if e.protocol == protocol and e.env_steps >= _last(run)}
        for run in runs
    ]
    common = set.intersection(*last)
    if not common:
        return list(runs)

    def rank(conditions: tuple[tuple[str, object], ...]) -> tuple[bool, bool, str]:
        values = dict(conditions)
        size = f"{values['worlds']:>12} {values['steps']:>12} {values['seed']!s:>12} {values['num_envs']!s:>12}"
        return values["engine"] == "own", not isinstance(values["num_envs"], int), size

    best: dict[str, object] = dict(sorted(common, key=rank)[-1])
    return [
        replace(run, evaluations=tuple(e for e in run.evaluations if e.protocol != protocol or e.conditions == best))
        for run in runs
    ]


def _last(run: RunResult) -> float:
    return max((evaluation.env_steps for evaluation in run.evaluations), default=0.0)


_ALLOWED = ("steps", "protocol", "versions", "all")
"""What `allow` may name beside settings and families of settings."""


def _check_allowed(allow: Sequence[str], settings: Collection[str]) -> None:
    """Raise RunError for a name in `allow` that nothing has, which would allow nothing."""
    families = {name[:end] for name in settings for end, letter in enumerate(name) if letter == "."}
    known = {*settings, *families, *_ALLOWED}
    for name in allow:
        if name not in known:
            raise RunError(f"--allow {name} names no setting of these runs{nearest(name, known)}")


def _allowed(name: str, allow: Sequence[str]) -> bool:
    return any(entry == "all" or entry == name or name.startswith(f"{entry}.") for entry in allow)


def _among(name: str, families: Sequence[str]) -> bool:
    return any(name == family or (family.endswith(".") and name.startswith(family)) for family in families)


def _inside(grouped: Mapping[str, Sequence[RunResult]]) -> list[tuple[str, str]]:
    """Differences inside a group, each as (name, sentence)."""
    found = []
    for group, runs in grouped.items():
        seeds = [run.config.get("seed") for run in runs]
        twice = sorted({str(seed) for seed in seeds if seeds.count(seed) > 1})
        if twice:
            found.append(("seed", f"{group} has seed {', '.join(twice)} more than once"))
        found += [
            (name, f"{group} mixes runs with {name} = {_shown(_values(runs, name))}")
            for name in _settings(runs)
            if _among(name, _PER_METHOD) and len(_values(runs, name)) > 1
        ]
    return found


ALIKE = 1.04
"""What the steps of runs may differ by: a run ends with a whole cycle, and one that measures dreams takes some steps between cycles."""


def _between(runs: Sequence[RunResult], key: str) -> list[tuple[str, str]]:
    """Differences that would make any comparison unfair, each as (name, sentence)."""
    found = []
    for name in _settings(runs):
        if name == key or name == "preset" or _among(name, _PER_RUN) or _among(name, _PER_METHOD):
            continue
        values = _values(runs, name)
        if len(values) > 1:
            found.append((name, f"{name} differs: {_shown(values)}"))
    steps = sorted({run.total_steps for run in runs})
    if steps[-1] > ALIKE * steps[0]:
        found.append(("steps", f"the runs took from {steps[0]:g} to {steps[-1]:g} environment steps"))
    short = [run.name for run in runs if run.env_steps < 0.98 * _last(run)]
    if short:
        found.append(("steps", f"metrics.jsonl ends before the last checkpoint that was evaluated: {', '.join(short)}"))
    return found + [text for protocol in (TARGET, *SUITES) for text in _evaluated_apart(runs, protocol)]


def _evaluated_apart(runs: Sequence[RunResult], protocol: str) -> list[tuple[str, str]]:
    """Differences between the last evaluations under `protocol`, of the runs that have one."""
    found = []
    finals = [(run, final) for run in runs if (final := run.final(protocol)) is not None]
    which, under = (
        ("evaluation", "") if protocol == TARGET else (f"{protocol} evaluation", f" on the {protocol} levels")
    )
    for name in finals[0][1].conditions if finals else ():
        values = _distinct(final.conditions[name] for _, final in finals)
        if len(values) > 1:
            found.append(("protocol", f"the {which}'s {name} differs: {_shown(values)}"))
    counted = "levels" if protocol in SUITES else "achievements"
    odd = _not_in_all([final.success if protocol in SUITES else final.achievements for _, final in finals])
    if odd:
        found.append(("protocol", f"the {which}s are not of the same {counted}; not in all are {_shown(odd)}"))
    late = [run.name for run, final in finals if final.env_steps < 0.98 * run.env_steps]
    if late:
        found.append(("steps", f"not the last checkpoint was evaluated{under}: {', '.join(late)}"))
    packages = sorted({package for _, final in finals for package in final.versions})
    for package in packages:
        values = _distinct(final.versions.get(package, "unknown") for _, final in finals)
        if len(values) > 1:
            found.append(("versions", f"the version of {package} differs{under}: {_shown(values)}"))
    return found


def _not_in_all(rates: Sequence[Collection[str]]) -> list[str]:
    """Levels, or achievements, that some evaluations counted and others did not."""
    every = {name for names in rates for name in names}
    return sorted(name for name in every if not all(name in names for names in rates))


def _settings(runs: Sequence[RunResult]) -> list[str]:
    return sorted({name for run in runs for name in run.config})


def _values(runs: Sequence[RunResult], name: str) -> list[str]:
    return _distinct(run.config.get(name, "(not set)") for run in runs)


def _distinct(values: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(map(str, values)))


def _shown(values: Sequence[str]) -> str:
    more = f" and {len(values) - _VALUES_SHOWN} more" if len(values) > _VALUES_SHOWN else ""
    return ", ".join(line(value, _LONGEST) for value in values[:_VALUES_SHOWN]) + more


def rng_of(name: str) -> np.random.Generator:
    """The stream of a group's (or a contrast's) intervals."""
    # Intervals must not change with the order or the number of the groups: each group has its own stream.
    return np.random.default_rng(zlib.crc32(name.encode()))


def _group(name: str, runs: Sequence[RunResult], source: str) -> Group:
    rng = rng_of(name)
    finals = [final for run in runs if (final := run.final(TARGET)) is not None]
    rates = [[float(row["steps_per_s"]) for row in run.metrics if row.get("steps_per_s")] for run in runs]
    returns = np.array([final.returns.mean() for final in finals])
    samples: dict[str, tuple[statistics.Statistic, np.ndarray]] = {
        "return": (statistics.mean, returns),
        "return_iqm": (statistics.iqm, returns),
        "cvar": (statistics.mean, np.array([statistics.cvar(final.returns) for final in finals])),
        "p20": (statistics.mean, np.array([np.percentile(final.returns, 20) for final in finals])),
        "hours": (statistics.mean, np.array([run.hours for run in runs])),
    }
    if not any(final.target for final in finals):
        samples["percent"] = (statistics.mean, 100 * returns / finals[0].max_return)
    if all(final.lengths.size for final in finals):
        samples["length"] = (statistics.mean, np.array([final.lengths.mean() for final in finals]))
    if all(final.floor.size for final in finals):
        samples["floor"] = (statistics.mean, np.array([final.floor.mean() for final in finals]))
    if all(final.target and final.success for final in finals):
        samples["solved"] = (statistics.mean, np.array([final.success[TARGET] for final in finals]))
    if all(rates):
        samples["steps_per_s"] = (statistics.mean, np.array([np.median(rate) for rate in rates]))
    samples |= _suite(runs, HELDOUT, "suite") | _suite(runs, GRADED, "graded")
    estimates = {key: statistics.bootstrap(function, values, rng=rng) for key, (function, values) in samples.items()}
    return Group(name, tuple(runs), estimates, _achievements(finals, rng), _curve(runs, source, rng))


def _suite(runs: Sequence[RunResult], protocol: str, name: str) -> dict[str, tuple[statistics.Statistic, np.ndarray]]:
    """What a suite of levels says, nothing unless every run has played it, and on the same levels."""
    finals = [final for run in runs if (final := run.final(protocol)) is not None]
    found = [final.success for final in finals]
    if len(found) < len(runs) or not found[0] or _not_in_all(found):
        return {}
    table = np.array([[suite[level] for level in sorted(found[0])] for suite in found])
    samples: dict[str, tuple[statistics.Statistic, np.ndarray]] = {
        name: (statistics.mean, table),
        f"{name}_iqm": (statistics.iqm, table),
    }
    if protocol == GRADED:
        rungs = [[float(rung) for _, rung in sorted(furthest(suite).items())] for suite in found]
        samples["rung"] = (statistics.mean, np.array(rungs))
    return samples


def _achievements(finals: Sequence[Evaluation], rng: np.random.Generator) -> dict[str, Estimate]:
    """Success rates: over seeds by bootstrap, for a single run by Wilson's interval over its worlds."""
    names = [name for name in finals[0].achievements if all(name in final.achievements for final in finals)]
    if len(finals) == 1:
        worlds = finals[0].returns.size
        return {name: statistics.wilson(round(finals[0].achievements[name] * worlds), worlds) for name in names}
    rates = {name: np.array([final.achievements[name] for final in finals]) for name in names}
    return {name: statistics.bootstrap(statistics.mean, rate, rng=rng) for name, rate in rates.items()}


def _curve_source(runs: Sequence[RunResult]) -> str:
    measured = [[e for e in run.evaluations if e.protocol == TARGET] for run in runs]
    if all(len(found) >= 2 for found in measured):
        return "success" if all(e.target and e.success for found in measured for e in found) else "evaluation"
    return "training" if any(len(_points(run, "training")[0]) >= 2 for run in runs) else "none"


def _points(run: RunResult, source: str) -> tuple[list[float], list[float]]:
    if source == "success":
        found = [(e.env_steps, 100 * e.success[TARGET]) for e in run.evaluations if e.protocol == TARGET]
    elif source == "evaluation":
        found = [(e.env_steps, float(e.returns.mean())) for e in run.evaluations if e.protocol == TARGET]
    else:
        found = [
            (row["env_steps"], row["target_return"]) for row in run.metrics if row.get("target_return") is not None
        ]
    return [steps for steps, _ in found], [value for _, value in found]


def _curve(runs: Sequence[RunResult], source: str, rng: np.random.Generator, points: int = 200) -> Curve | None:
    """The group's curve over the steps that all its runs cover; None without two points in each."""
    curves = [_points(run, source) for run in runs] if source != "none" else []
    if not curves or any(len(steps) < 2 for steps, _ in curves):
        return None
    first, last = max(steps[0] for steps, _ in curves), min(steps[-1] for steps, _ in curves)
    if first >= last:
        return None
    grid = np.linspace(first, last, points)
    middle, low, high = statistics.bands(np.stack([np.interp(grid, *curve) for curve in curves]), rng)
    return Curve(grid, middle, low, high)


def _improvement(groups: Sequence[Group]) -> dict[tuple[str, str], Estimate]:
    return {
        (one.name, other.name): statistics.bootstrap(
            statistics.probability_of_improvement, one.returns(), other.returns(), rng=rng_of(one.name + other.name)
        )
        for one in groups
        for other in groups
        if one is not other
    }
