"""`dicode train --multirun`: one run for every combination, through whichever Hydra launcher is chosen.

A run that is there already is skipped when it is finished and resumed when it is not, so a broken sweep
is started again with the same words.
"""

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console

from dicode import config as configuration
from dicode.config import Config
from dicode.errors import DicodeError
from dicode.runs import directory, launch, restore

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
    console = Console()
    try:
        config = _named(configuration.from_hydra(node), swept)
        path = directory.path_of(config)
        if not path.exists():
            return launch.train(config, quiet=True)
        if restore.finished(directory.open_run(path), config) is None:
            console.print(f"{path} goes on", highlight=False, markup=False, soft_wrap=True)
        return launch.resume(str(path), quiet=True)
    except DicodeError as error:
        console.print(f"dicode: {error}", highlight=False, markup=False, soft_wrap=True)
        return 1


def _named(config: Config, swept: Collection[str]) -> Config:
    """A name that tells the combination apart, unless one is given."""
    from hydra.core.hydra_config import HydraConfig

    if config.run:
        return config
    chosen = [o for o in HydraConfig.get().overrides.task if o.split("=")[0] in swept]
    words = [re.sub(r"[^\w.-]", "", o.replace("=", "-")) for o in chosen]
    return replace(config, run="-".join([config.name, *words]))
