"""`dicode train --multirun`: one run for every combination, through whichever Hydra launcher is chosen.

A run that is there already is skipped when it is finished and resumed when it is not, so a broken sweep
is started again with the same words.
"""

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

from dicode import config as configuration
from dicode.config import Config
from dicode.errors import DicodeError, RunError
from dicode.runs import directory, launch, restore
from dicode.runs.directory import RunDirectory
from dicode.terminal import PlainConsole

_NAMED = {"preset", "method", "seed", "run", "runs_dir", "experiment"}
"""Words that the default name of a run holds already, or that do not tell runs apart."""


def run(overrides: Sequence[str]) -> int:
    """Run the sweep. Returns 0 when every run is finished, 1 if one failed."""
    import hydra

    overrides = [re.sub(r"^from=", "warm_start=", o) for o in overrides]
    configuration.register()
    configuration.check_overrides(overrides)
    swept = {key for key, _, value in (o.partition("=") for o in overrides) if "," in value or "(" in value} - _NAMED
    before, sys.argv = sys.argv, ["dicode", "--multirun", *overrides]
    main = hydra.main(version_base="1.3", config_path="pkg://dicode.conf", config_name="config")
    results: list[int] = []
    try:
        main(lambda node: results.append(one(node, swept)))()
    finally:
        sys.argv = before
    return max(results, default=0)


def one(node: Any, swept: Collection[str]) -> int:
    """One run of a sweep over the settings `swept`, new or continued. Returns 0 when it is finished, 1 if it failed."""
    console = PlainConsole()
    try:
        config = _named(configuration.from_hydra(node), swept)
        path = directory.path_of(config)
        if not path.exists():
            return launch.train(config, quiet=True)
        run = directory.open_run(path)
        longer = _require_same(run, config)
        if restore.finished(run, config) is None:
            console.print(f"{path} goes on", highlight=False, markup=False, soft_wrap=True)
        return launch.resume(str(path), longer, quiet=True)
    except DicodeError as error:
        console.print(f"dicode: {error}", highlight=False, markup=False, soft_wrap=True)
        return 1


def _require_same(run: RunDirectory, config: Config) -> list[str]:
    """The words that make a run as long as `config` says. Raises RunError if it was made with other settings."""
    theirs, ours = _settings(run.config()), _settings(config)
    if config.dreamer.name == "auto" or config.method.name != "dicode":
        del ours["dreamer.name"]  # chosen when the run was made
    different = [f"{name}={theirs[name]}, not {ours[name]}" for name in ours if theirs[name] != ours[name]]
    if different:
        raise RunError(
            f"{run.path} was made with other settings ({'; '.join(different[:3])}); name new runs with run=, "
            "or put them elsewhere with runs_dir="
        )
    return [f"total_steps={config.total_steps:.0f}"] if config.total_steps > run.config().total_steps else []


def _settings(config: Config) -> dict[str, object]:
    """What makes a run what it is, by dotted name: not its place, its length, nor who is told of it."""
    tree = asdict(config)
    flat = {f"{name}.{key}": v for name, part in tree.items() if isinstance(part, dict) for key, v in part.items()}
    flat |= {name: value for name, value in tree.items() if not isinstance(value, dict)}
    elsewhere = ("run", "runs_dir", "levels", "warm_start", "total_steps", "schedule", "devices", "keep_checkpoints")
    return {
        name: value
        for name, value in flat.items()
        if name not in elsewhere and not name.startswith(("logging.", "distributed.", "evaluation."))
    }


def _named(config: Config, swept: Collection[str]) -> Config:
    """A name that tells the combination apart, unless one is given."""
    from hydra.core.hydra_config import HydraConfig

    if config.run:
        return config
    chosen = [o for o in HydraConfig.get().overrides.task if o.split("=")[0] in swept]
    words = [re.sub(r"[^\w.-]", "", o.replace("=", "-")) for o in chosen]
    return replace(config, run="-".join([config.name, *words]))
