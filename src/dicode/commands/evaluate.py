"""`dicode eval`: a run's newest checkpoint under the protocol, printed as a table."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import numpy as np
from rich.table import Table

from dicode import files, games
from dicode.cache import enable_compile_cache
from dicode.commands.level_file import read
from dicode.config import Config, EvaluationChoices
from dicode.dreaming.library_dreamer import read_folder, volume
from dicode.environment.batch import Level
from dicode.errors import ConfigError, RunError
from dicode.evaluation import heldout, statistics
from dicode.evaluation.heldout import Named, evaluate, play_levels
from dicode.evaluation.protocol import Protocol, target_worlds
from dicode.evaluation.results import GRADED, LEVELS, SOLVED, TARGET, furthest, rungs
from dicode.methods.generators import fixed_worlds
from dicode.runs import checkpoint, origin, restore
from dicode.runs import target as targets
from dicode.runs.directory import RunDirectory, open_run
from dicode.settings import to_tree
from dicode.terminal import PlainConsole
from dicode.training import room
from dicode.training.trainer import Trainer
from dicode.types import Origin

_log = logging.getLogger(__name__)


def protocol_of(run: RunDirectory, options: Mapping[str, Any]) -> tuple[Protocol, str]:
    """The protocol and the policy that `config.evaluation_options` read, the rest as the run's configuration says."""
    own, usual = run.config().evaluation, EvaluationChoices()
    chosen = {"worlds": own.worlds, "steps": own.steps, "seed": own.seed, **to_tree(usual), **options}
    policy, suite, levels = chosen.pop("policy"), chosen.pop("suite"), chosen.pop("levels")
    return Protocol(**chosen, name=LEVELS if levels else suite), policy


def named_levels(word: str, game: str) -> Named | None:
    """The levels that `levels=` names: a file, a folder of files or `library:NAME`; None for an empty word.

    Raises ConfigError or RunError for what is none, naming the nearest.
    """
    path = Path(word).expanduser()
    if not word:
        return None
    if word.startswith(games.LIBRARY):
        return Named(((word, games.library_level(game, word)),))
    if not path.exists() and word in dict(games.load_host(game).library()):
        raise ConfigError(f"there is no file or folder {word}; the library's level is levels={games.LIBRARY}{word}")
    found = (
        read_folder(path, Origin.FILE) if path.is_dir() else (volume(path.stem, read(str(path)), Origin.FILE, path),)
    )
    volumes = tuple((one.name, one.draft.source) for one in found)
    if seeds := [name for name, source in volumes if fixed_worlds(source)]:
        _log.warning(
            "%d levels name a WORLD_SEED (%s ...), which holds in the run that made them alone: they are played in other worlds",
            *(len(seeds), seeds[0]),
        )
    return Named(volumes, origin.foreign_levels(path))


def open_trainer(run: RunDirectory, protocol: Protocol, console: PlainConsole) -> Trainer:
    """The run's trainer, compiled for the shapes it trained with, so that the compile cache serves both.

    Where `protocol` asks for other environments, the shapes are theirs.
    """
    enable_compile_cache()
    config = room.on_this_machine(_with_environments(run.config(), protocol.num_envs))
    room.require(config, training=False)
    trainer = Trainer(config, engine=protocol.engine)
    batch, _ = trainer.evaluation_batch(Level(target_worlds(trainer.game, protocol, 0, 2)), protocol.steps)
    trainer.compile(batch, lambda text: console.print(text, style="dim"))
    return trainer


def _with_environments(config: Config, count: int) -> Config:
    """The configuration for an evaluation in `count` environments, 0 for the run's own."""
    if not count:
        return config
    # Nothing is learned, so that they need no minibatches; as many updates as before can be counted.
    learner = replace(config.learner, minibatches=1)
    total = max(config.total_steps * count / config.num_envs, 1.0)
    return replace(config, num_envs=count, pool_size=count, total_steps=total, learner=learner)


def newest_parameters(run: RunDirectory, trainer: Trainer) -> tuple[Any, dict[str, Any]]:
    """(parameters, {cycle, env_steps}) of the newest whole checkpoint. Raises RunError if there is none."""
    cycle = restore.newest_cycle(run)
    learner = restore.learner(run.config(), run, cycle, trainer)
    return learner.params, {"cycle": cycle, "env_steps": checkpoint.meta(run.checkpoints, cycle)["env_steps"]}


def command(path: str, options: Mapping[str, Any], watch: bool) -> int:
    """Evaluate once, or every new checkpoint until the run has reached its end."""
    run, console = open_run(path, writing=True), PlainConsole()
    protocol, policy = protocol_of(run, options)
    named = named_levels(options.get("levels", ""), run.config().game)
    files.require_writable(run.path, run.evaluation, run.evaluation / "random")
    while watch and restore.committed_cycle(run) < 0:
        time.sleep(5.0)
    restore.newest_cycle(run)
    restore.check_notes(run)
    target = targets.task(run)
    if named is None:
        heldout.require(protocol, games.load_host(run.config().game), target)
    else:
        heldout.refuse_hooks(named.levels)
    trainer = open_trainer(run, protocol, console)
    last = None
    while True:
        params, about = newest_parameters(run, trainer)
        if about["cycle"] != last:
            last = about["cycle"]
            play = partial(evaluate, target=target) if named is None else partial(_not_kept, named=named)
            show(console, run, _evaluated(run, trainer, params, protocol, policy, about, console, play))
        if not watch or not _goes_on(run, about["cycle"]):
            return 0
        time.sleep(5.0)


def _goes_on(run: RunDirectory, cycle: int) -> bool:
    """Whether a later checkpoint than that of `cycle` is there, or may come yet."""
    last = run.config().num_cycles - 1
    if cycle >= last:
        return False
    if restore.committed_cycle(run) < last or restore.newest_cycle(run) != cycle:
        return True
    try:
        with run.lock():  # the last checkpoint is damaged, and nobody makes it anew
            return False
    except RunError:
        return True


def _evaluated(
    run: RunDirectory,
    trainer: Trainer,
    params: Any,
    protocol: Protocol,
    policy: str,
    about: Mapping[str, Any],
    console: PlainConsole,
    play: Callable[..., dict[str, Any]],
) -> dict[str, Any]:
    folder = run.evaluation
    if policy == "random":
        # With every parameter zero all logits are equal: the uniform policy, through the same program.
        params, folder = jax.tree.map(np.zeros_like, params), run.evaluation / "random"
        about = {**about, "policy": "random"}
    with console.status("evaluating") as status:

        def progress(done: int, of: int) -> None:
            status.update(f"evaluating: {done} of {of}")

        return play(trainer, params, protocol, folder=folder, about=about, progress=progress)


def _not_kept(trainer: Trainer, params: Any, protocol: Protocol, *, folder: Path, **told: Any) -> dict[str, Any]:
    """Levels that somebody named, played in a folder of its own that is gone afterwards."""
    with TemporaryDirectory() as gone:
        return play_levels(trainer, params, protocol, folder=Path(gone), **told)


def show(console: PlainConsole, run: RunDirectory, result: Mapping[str, Any]) -> None:
    """The numbers, for people."""
    returns = np.asarray(result["returns"], float)
    spread = 1.96 * returns.std(ddof=1) / np.sqrt(len(returns)) if len(returns) > 1 else 0.0
    table = Table(
        title=f"{run.path.name} after {result['env_steps']:.3g} steps, {result['protocol']}", show_header=False
    )
    best = result["max_return"]
    # The highest return is known of the game itself alone: a suite's levels and a target of one's own pay otherwise.
    of_the_game = result["protocol"] == TARGET and not result.get("target")
    share = f", {100.0 * returns.mean() / best:.2f} % of {best}" if of_the_game else ""
    table.add_row("mean return", f"{returns.mean():.2f} ± {spread:.2f} (95 %){share}")
    table.add_row("worst tenth (CVaR)", f"{statistics.cvar(returns):.2f}")
    table.add_row(
        "episode length", f"{np.mean(result['lengths']):.0f} steps, {result['finished']} of {len(returns)} ended"
    )
    table.add_row("deepest floor", f"mean {np.mean(result['floor']):.2f}, at most {max(result['floor'])}")
    console.print(table)
    rates = {name: rate for name, rate in result["achievements"].items() if rate > 0}
    listed = Table("achievement", "success", "95 % interval")
    for name, rate in sorted(rates.items(), key=lambda item: -item[1]):
        interval = statistics.wilson(round(rate * len(returns)), len(returns))
        listed.add_row(name.lower(), f"{100 * rate:.1f} %", f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %")
    if rates:
        console.print(listed)
    if result["protocol"] == GRADED:
        console.print(graded_table(result["success"]))
        return
    for name, rate in result.get("success", {}).items():
        tries = len(returns) // len(result["success"])
        interval = statistics.wilson(round(rate * tries), tries)
        console.print(f"  {name:28} {100 * rate:5.1f} %  ({100 * interval.low:.1f} to {100 * interval.high:.1f})")


def graded_table(success: Mapping[str, float]) -> Table:
    """Success by family and rung, the mean of each, and the furthest rung solved in half of the tries."""
    families, reached = rungs(success), furthest(success)
    numbers = sorted({rung for rates in families.values() for rung in rates})
    table = Table("family", *(f"rung {rung}" for rung in numbers), "mean", f"furthest at {SOLVED:.0%}")
    for family, rates in families.items():
        cells = [f"{100 * rates[rung]:.0f} %" if rung in rates else "-" for rung in numbers]
        table.add_row(family, *cells, f"{100 * np.mean(list(rates.values())):.1f} %", str(reached[family]))
    means = [np.mean([rates[rung] for rates in families.values() if rung in rates]) for rung in numbers]
    whole = f"{100 * np.mean(list(success.values())):.1f} %"
    table.add_row("all", *(f"{100 * mean:.0f} %" for mean in means), whole, f"{np.mean(list(reached.values())):.2f}")
    return table
