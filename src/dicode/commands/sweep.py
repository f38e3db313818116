"""`dicode train --multirun`: one run for every combination, through whichever Hydra launcher is chosen.

Every combination is read and checked before the first run starts; the launcher is only told their numbers. A
run that is there already is skipped when it is finished and resumed when it is not, so a broken sweep is
started again with the same words.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dicode import config as configuration
from dicode import words
from dicode.commands import launch
from dicode.config import Config
from dicode.errors import ConfigError, DicodeError, RunError
from dicode.logs import quiet_packages
from dicode.received import places
from dicode.runs import checkpoint, directory, joining, restore, seed_files, target
from dicode.runs.directory import RunDirectory
from dicode.runs.level_files import read_file
from dicode.settings import to_tree
from dicode.terminal import PlainConsole
from dicode.words import Word

_NAMED = {"preset", "method", "arm", "seed", "run", "runs_dir", "experiment"}
"""Words that the default name of a run holds already, or that do not tell runs apart."""


def multirun(overrides: Sequence[str]) -> int:
    """One run for every combination, through Hydra's launcher; finished runs are skipped, broken ones resumed.

    Returns 0 when every run is finished and evaluated as asked, 1 if one is not or failed, 3 if a run's model never answered.
    """
    import hydra

    if any(o.startswith(joining.PREFIX) for o in overrides) or int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        raise ConfigError("each run of a sweep takes one process; start runs of several processes one by one")
    overrides = launch.with_preset(overrides)
    console = PlainConsole()
    of_hydra = [o for o in overrides if o.startswith("hydra")]
    configs = plan([o for o in overrides if o not in of_hydra], of_hydra)
    cases = f"+case={','.join(map(str, range(len(configs))))}"
    experiment = [o for o in overrides if o.startswith("experiment=") and "," not in o]
    folder = f"hydra.sweep.dir={_quoted(str(directory.path_of(configs[0]).parent / '.sweep'))}"
    before = sys.argv
    sys.argv = ["dicode", "--multirun", *experiment, folder, *of_hydra, "hydra.sweeper.params=null", cases]
    main = hydra.main(version_base="1.3", config_path="pkg://dicode.conf", config_name="config")
    console.print(
        f"{len(configs)} runs: {', '.join(str(directory.path_of(config)) for config in configs)}", soft_wrap=True
    )
    codes: list[int] = []
    try:
        main(lambda node: codes.append(one(configs[node.case], node.case + 1, len(configs))))()
    finally:
        sys.argv = before
    return max([_summary(configs, console), *codes])


def _summary(configs: Sequence[Config], console: PlainConsole) -> int:
    """Say what became of every run. Returns 0 when all are finished and evaluated as asked, 1 otherwise.

    The folders are asked, not the calls: a launcher may run them in other processes and on other machines.
    """
    unfinished = [why for config in configs if (why := _lacks(config))]
    console.print(f"{len(configs) - len(unfinished)} of {len(configs)} runs are finished", soft_wrap=True)
    for why in unfinished:
        console.print(f"  {why}", soft_wrap=True)
    return 1 if unfinished else 0


def _lacks(config: Config) -> str:
    """What the run of a sweep still lacks, with what helps; empty for one that is finished and evaluated as asked."""
    path = directory.path_of(config)
    try:
        run = directory.open_run(path) if path.exists() else None
        if run is not None:
            _require_same(run, config)
        if run is None or restore.finished(run, config) is None:
            return f"not finished: {path}; the same words start the sweep again"
        missing = restore.owed(run, config, restore.committed_cycle(run))
    except DicodeError as error:
        return f"not finished: {error}"
    return f"not evaluated as asked: {path}; {' and '.join(missing)}" if missing else ""


def plan(overrides: Sequence[str], of_hydra: Sequence[str] = ()) -> list[Config]:
    """The configurations of a sweep, in order; an experiment's file may name values, too.

    Raises ConfigError for one that can't work, for a word that none of them heeds, and for two runs of one name.
    """
    given = words.split(overrides, Config)
    words.check_choices(given, Config)
    groups = [str(word) for word in given if word.key in words.GROUPS and len(words.values(word, Config)) == 1]
    _check_experiments(given)
    given = [*words.split(_of_file([*groups, *of_hydra], given), Config), *given]
    swept = {word.key for word in given if len(words.values(word, Config)) > 1}
    configs, ignored, combinations = [], Counter[str](), words.combinations(given, Config)
    for chosen in combinations:
        config, idle = configuration.interpret(chosen)
        configs.append(_named(config, [word for word in chosen if word.key in swept - _NAMED]))
        for word, reason in idle.items():
            ignored[word.key] += 1
            if word.key in swept or ignored[word.key] == len(combinations):
                raise ConfigError(f"{word} would do nothing: {reason}")
    _check_names(configs)
    return configs


def _of_file(choices: Sequence[str], given: Sequence[Word]) -> list[str]:
    """The words of a sweep that an experiment's file names beside those that are given."""
    asked = words.hydra_tree(choices, Config, with_hydra=True)["hydra"]["sweeper"].get("params") or {}
    have = {word.key for word in given}
    return [f"{key}={value}" for key, value in asked.items() if key not in have]


def _check_experiments(given: Sequence[Word]) -> None:
    """Raise ConfigError for one of several experiments whose file names values: they would be left out."""
    chosen = words.last(given, "experiment")
    several = words.values(chosen, Config) if chosen else []
    for name in several if len(several) > 1 else ():
        if left := _of_file([f"experiment={name}"], given):
            keys = ", ".join(word.partition("=")[0] for word in left)
            raise ConfigError(f"experiment={name} names values of its own, of {keys}; start it alone, or give those")


def _check_names(configs: Collection[Config]) -> None:
    count = Counter(directory.path_of(config) for config in configs)
    path, times = count.most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{times} runs of this sweep would all be called {path}; leave run= out, or sweep it too")


def one(config: Config, number: int = 1, of: int = 1) -> int:
    """One run of a sweep, new or continued, number `number` of `of`. Returns 0 when it is finished, 1 if it failed."""
    quiet_packages()  # a launcher may have brought us to a process of its own
    console = PlainConsole()
    try:
        path = directory.path_of(config)
        console.print(f"run {number} of {of}", soft_wrap=True)
        if not path.exists():
            return launch.train(config, quiet=True)
        run = directory.open_run(path)
        longer = _require_same(run, config)
        if restore.finished(run, config) is None:
            console.print(f"{path} goes on", soft_wrap=True)
        return launch.resume(str(path), longer, quiet=True)
    except DicodeError as error:
        console.print(f"dicode: {error}", soft_wrap=True)
        return 1


def _require_same(run: RunDirectory, config: Config) -> list[str]:
    """The words that make a run as long as `config` says. Raises RunError if it was made with other settings."""
    theirs, ours = _settings(run.config()), _settings(config)
    if config.dreamer.name == "auto" or config.method.name != "dicode":
        del ours["dreamer.name"]  # chosen when the run was made
    different = [f"{name}={theirs.get(name)}, not {ours[name]}" for name in ours if theirs.get(name) != ours[name]]
    different += _other_beginnings(run, config)
    if different:
        raise RunError(
            f"{run.path} was made with other settings ({'; '.join(different[:3])}); name new runs with run=, "
            "or put them elsewhere with runs_dir="
        )
    if run.config().num_cycles > config.num_cycles:
        steps = f"total_steps={run.config().total_steps:g}, not {config.total_steps:g}"
        raise RunError(f"{run.path} is longer than this ({steps}), and a run only grows; name new runs with run=")
    return [f"total_steps={config.total_steps:.0f}"] if config.total_steps > run.config().total_steps else []


def _other_beginnings(run: RunDirectory, config: Config) -> Iterator[str]:
    """Where a run began with other level files, parameters or another target than `config` names.

    Texts and parameters decide; where one of the two is gone, their names.
    """
    own = run.config()
    for word, *named, same in (
        ("levels", own.levels, config.levels, _same_levels(run, config)),
        ("from", own.warm_start, config.warm_start, _same_start(run, config)),
        ("target", own.target, config.target, _same_target(run, config)),
    ):
        theirs, ours = (places.named(name).name if name else "none" for name in named)
        if not (theirs == ours if same is None else same):
            yield f"{word}={theirs}, not {ours}" if theirs != ours else f"{word}={theirs} held something else then"


def _same_levels(run: RunDirectory, config: Config) -> bool | None:
    if not (config.levels and Path(config.levels).is_dir() and run.seeds.is_dir()):
        return None
    return seed_files.ids(run.seeds) == seed_files.ids(Path(config.levels), read_file)


def _same_start(run: RunDirectory, config: Config) -> bool | None:
    if not (config.warm_start and (copied := checkpoint.cycles(run.start))):
        return None
    source = RunDirectory(Path(config.warm_start)).checkpoints
    if copied[-1] not in checkpoint.cycles(source):  # that run may have gone on since
        return None
    ours, theirs = (checkpoint.meta(folder, copied[-1])["files"] for folder in (source, run.start))
    return bool(ours == theirs)


def _same_target(run: RunDirectory, config: Config) -> bool | None:
    if not (run.target_file.is_file() and Path(config.target).is_file()):
        return None
    return target.of(run, run.config()) == target.read(config)


def _settings(config: Config) -> dict[str, object]:
    """What makes a run what it is, by dotted name: not its place, its length, what it begins with, nor who is told of it."""
    tree = to_tree(config)
    flat = {f"{name}.{key}": v for name, part in tree.items() if isinstance(part, dict) for key, v in part.items()}
    flat |= {name: value for name, value in tree.items() if not isinstance(value, dict)}
    elsewhere = ("run", "runs_dir", "levels", "warm_start", "target", "total_steps", "schedule", "devices", "cpu_devices",
                 "keep_checkpoints")  # fmt: skip
    return {
        name: value
        for name, value in flat.items()
        if name not in elsewhere and not name.startswith(("logging.", "distributed.", "evaluation."))
    }


def _named(config: Config, chosen: Sequence[Word]) -> Config:
    """A name that tells the combination apart, unless one is given."""
    if config.run:
        return config
    parts = [re.sub(r"[^\w.-]", "", str(word).replace("=", "-")) for word in chosen]
    return replace(config, run="-".join([config.name, *parts]))


def _quoted(text: str) -> str:
    """Any text as a value in Hydra's grammar, in which OmegaConf finds no interpolation."""
    plain = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", plain)
    return "'" + re.sub(r"(\\*)$", r"\1\1", escaped) + "'"
