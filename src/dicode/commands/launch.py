"""Starting, resuming and replaying runs: checks everything, puts the parts together, runs the loop."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicode import cards, lines, words
from dicode import config as configuration
from dicode.cache import enable_compile_cache
from dicode.commands import ending, purpose
from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.dreaming.journal import FILE as JOURNAL
from dicode.dreaming.prices import FILE as PRICES
from dicode.errors import ConfigError, RunError, missing_extra, nearest
from dicode.machine import default_preset
from dicode.runs import checkpoint, directory, joining, lengthened, origin, processes, restore, seed_files, target
from dicode.runs.directory import RunDirectory
from dicode.runs.processes import ALONE, Alone, Follower, Leader
from dicode.settings import to_tree
from dicode.terminal import PlainConsole

if TYPE_CHECKING:
    from dicode.dreaming.dreamer import Dreamer
    from dicode.dreaming.library_dreamer import Volume
    from dicode.runs.loop import Parts

_log = logging.getLogger(__name__)

SILENT = 3
"""Exit code of a run that ended although its model never answered."""
Leading = Alone | Leader
"""Whoever runs the loop."""


def with_preset(overrides: Sequence[str]) -> list[str]:
    """The overrides with what follows from this machine: its preset where none is named, by them or by an experiment's
    file, and for `preset=gpu` as many environments as the card's memory holds.
    """
    if any(o.startswith("experiment=") for o in overrides):
        return list(overrides)
    chosen = [o for o in overrides if o.startswith("preset=")] or [f"preset={default_preset()}"]
    if [*dict.fromkeys(chosen)] == ["preset=gpu"] and not any(o.startswith("num_envs=") for o in overrides):
        chosen.append(f"num_envs={cards.environments(cards.card_memory())}")
    return [*chosen, *(o for o in overrides if not o.startswith("preset="))]


def start(overrides: Sequence[str], quiet: bool = False) -> int:
    """Start a new run from its words, in one process or as one of several."""
    config, section = configuration.load(with_preset(overrides)), joining.asked(overrides)
    with joining.join(section) as group:
        if isinstance(group, Follower):
            return _follow(group, config)
        group.agree(config)
        return train(config, quiet, group)


def train(config: Config, quiet: bool = False, group: Leading = ALONE) -> int:
    """Start a new run, leading `group`. Raises DicodeError before anything is written if it can't work."""
    _check_extras(config)
    directory.require_free(config)
    measured = target.read(config)
    seeds = _seeds(config, Path(config.levels) if config.levels else None, measured)
    start = _start(config)
    dreamer = choose_dreamer(config)
    _fits(config)
    purpose.require(replace(config, dreamer=replace(config.dreamer, name=dreamer)))
    given = [Path(config.levels)] if config.levels else []
    given += [Path(config.target)] if config.target.endswith(".py") else []
    foreign = any(map(origin.foreign_levels, given))
    run = directory.create(replace(config, dreamer=replace(config.dreamer, name=dreamer)), start, target=measured)
    if not foreign:
        origin.seal_seeds(run.seeds)
        origin.seal_seeds(run.target_file.parent)
    with run.lock(), ending.told(run, config), ExitStack() as undo:
        undo.callback(shutil.rmtree, run.path, ignore_errors=True)
        with _assembled(run, run.config(), quiet, seeds, group, foreign) as parts:
            undo.pop_all()  # from here on there is something to resume
            return _loop(parts)


def resume(path: str, overrides: Sequence[str] = (), quiet: bool = False) -> int:
    """Continue a run from its last commit, or beyond its end with `total_steps=`; `distributed.` words as for `start`.

    Of several processes only process 0 needs the run's directory.
    """
    changes = _resume_changes([o for o in overrides if not o.startswith(joining.PREFIX)])
    with joining.join(joining.asked(overrides)) as group:
        if isinstance(group, Follower):
            return _follow(group, None)
        run = directory.open_run(path, writing=True)
        run.require_writable()
        with run.lock():
            known = origin.standing(run)
            before = run.config()
            restore.check_config(run, before)
            restore.check_notes(run)
            asked = configuration.check(_longer(before, changes))
            config = origin.admit(run, asked, known)
            if over := restore.finished(run, config):
                PlainConsole().print(over, soft_wrap=True)
                return 0
            _fits(config, run.path)
            if config.num_updates > before.num_updates:
                _note_length(run, before, config)
            if changes:
                run.write_config(asked, sealed=known.settings)
            group.agree(config)
            seeds = _seeds(config, seed_files.of(run, config), target.of(run, config))
            with ending.told(run, config), _assembled(run, config, quiet, seeds, group, known.foreign) as parts:
                return _loop(parts)


def _note_length(run: RunDirectory, before: Config, config: Config) -> None:
    """Note from which cycle on the run is as long as `config` says."""
    cycle, _ = restore.last_whole(run, restore.committed_cycle(run))
    if cycle + 1 >= before.num_cycles:
        purpose.tell_rate(config)
    restart = config.schedule == "restart"
    lengthened.note(run.lengthened_file, lengthened.Stretch(cycle + 1, before.num_updates, config.num_updates, restart))


def _longer(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with the changes. Raises ConfigError for a run that would be shorter."""
    if "total_steps" in changes:
        total = changes["total_steps"]
        longer = replace(config, total_steps=total, schedule=changes.get("schedule", "continue"))
        if longer.num_cycles < config.num_cycles:
            raise ConfigError(f"total_steps={total:g} is less than the run's {config.total_steps:g}; a run only grows")
        config = longer
    return replace(config, devices=changes.get("devices", config.devices))


def replay(path: str, overrides: Sequence[str] = ()) -> int:
    """Run the finished cycles of a run again from its journal, without a network; 0 if both archives have one digest."""
    from dicode.runs.sockets import forbid_sockets

    asked = _replay_name(overrides)
    run = directory.open_run(path)
    name = asked or f"{run.path.name}-replay"
    config = run.config()
    directory.require_free(replace(config, run=name, runs_dir=str(run.path.parent)))
    with Archive(run.archive_file, read_only=True) as archive:
        wanted, end = archive.digest(), archive.committed_cycle() + 1
    restore.check_start(config, run, -1)
    restore.check_notes(run)
    _fits(config, run.path)
    seeds = seed_files.of(run, config)
    if not end:
        raise RunError(f"{run.path} has no finished cycle yet, so there is nothing to replay")
    silent = replace(config.logging, wandb=False)
    config = replace(
        config, run=name, runs_dir=str(run.path.parent), levels=str(seeds) if seeds else None, logging=silent
    )
    known = origin.standing(run)
    config = origin.admit(run, replace(config, fm=replace(config.fm, journal="replay")), known)
    config = configuration.check(config)
    again = directory.create(
        config, run.start if config.warm_start else None, sealed=known.settings, target=target.of(run, config)
    )
    if not known.foreign:
        origin.seal_seeds(again.seeds)
        origin.seal_seeds(again.target_file.parent)
    _copy_notes(run, again)
    with forbid_sockets():
        drafts = _seeds(config, seed_files.of(again, config), target.of(again, config))
        again_config = again.config()
        whole = _assembled(again, again_config, True, drafts, ALONE, known.foreign)
        with again.lock(), ending.told(again, again_config), whole as parts:
            _loop(parts, end)
    with Archive(again.archive_file, read_only=True) as archive:
        found = archive.digest()
    same = found == wanted
    PlainConsole().print(
        f"replayed into {again.path}: digest {found[:16]} {'equals' if same else 'DIFFERS FROM'} {wanted[:16]}"
    )
    return 0 if same else 1


def _copy_notes(run: RunDirectory, again: RunDirectory) -> None:
    """Copy what a run noted of its calls and of what befell it."""
    for name in (JOURNAL, PRICES) if run.journal.is_dir() else ():
        lines.copy(run.journal / name, again.journal / name)
    lines.copy(run.withdrawn_file, again.withdrawn_file)
    lines.copy(run.lengthened_file, again.lengthened_file)


def _replay_name(overrides: Sequence[str]) -> str:
    """The name that `run=` gives, empty without. Raises ConfigError for any other word."""
    name = ""
    for word in words.pairs(overrides, "run=NAME"):
        if word.key != "run":
            raise ConfigError(f"replay takes run=NAME, not {str(word)!r}{nearest(word.key, ('run',))}")
        name = word.value
    return name


def choose_dreamer(config: Config) -> str:
    """The dreamer that `auto` means here: the foundation model if its key and name are there, else the grammar."""
    if config.method.name != "dicode":
        return "none"
    if config.dreamer.name not in ("auto", "foundation"):
        return config.dreamer.name
    from dicode.dreaming.providers import Endpoint, find_key

    try:
        find_key(Endpoint.from_config(config.fm))
    except ConfigError:
        if config.dreamer.name == "foundation":
            raise
        return "grammar"
    return "foundation"


def _resume_changes(overrides: Sequence[str]) -> dict[str, Any]:
    """What a resumed run may change, by name. Raises ConfigError for anything else, or a value that can't be."""
    allowed, changes = ("total_steps", "schedule", "devices"), dict[str, Any]()
    for word in words.pairs(overrides, "total_steps=2e6"):
        if word.key not in allowed:
            hint = nearest(word.key, allowed)
            raise ConfigError(
                f"resume takes total_steps=N, schedule=continue|restart and devices=N, not {str(word)!r}{hint}"
            )
        changes[word.key] = words.settings_of(Config)[word.key][0].value(word.value)
    if "schedule" in changes and "total_steps" not in changes:
        raise ConfigError("schedule= says how the learning rate goes on after total_steps=, which is not given")
    return changes


def _check_extras(config: Config) -> None:
    """Every optional package that the configuration needs is there, or one sentence."""
    from importlib.util import find_spec

    if config.logging.wandb and find_spec("wandb") is None:
        raise missing_extra("wandb")
    if config.logging.tensorboard and find_spec("tensorboardX") is None:
        raise missing_extra("tensorboard")


def _seeds(config: Config, folder: Path | None, measured: str = "") -> list["Volume"]:
    """The levels of the first cycle: those of a folder, or the library's seed set, and the grammar's first lessons.

    Where the run is `measured` on a level, those that may lead to it; all of them if none does.
    """
    from dicode import games
    from dicode.dreaming.library_dreamer import Volume, read_folder
    from dicode.types import Draft, Origin

    if config.method.name != "dicode":
        return []
    from dicode.curriculum.lineage import SEED
    from dicode.games.level_text import parse_level
    from dicode.streams import Streams

    host, volumes, given = games.load_host(config.game), list[Volume](), list[Volume]()
    dreams = host.dreams()
    if folder is not None:
        given = list(read_folder(folder, Origin.FILE))
    for name, source in host.seeds() if config.library_seeds and folder is None else []:
        text = parse_level(source)
        volumes.append(Volume(name, Draft(source, getattr(text, "description", name), Origin.LIBRARY, move=SEED)))
    if config.lessons and dreams.lessons is not None:
        first = dreams.lessons(config.lessons, Streams(config.seed).rng("lessons"))
        volumes += [Volume(draft.description, draft) for draft in first]
    return given + ([v for v in volumes if not measured or dreams.serves(v.draft.source, measured)] or volumes)


def _fits(config: Config, folder: Path | None = None) -> None:
    """Devices, slots, memory and disk suffice, or one sentence."""
    from dicode.learner.distributed import use_cpu_devices
    from dicode.methods import registry
    from dicode.runs.assemble import room_of
    from dicode.training.room import require

    use_cpu_devices(config.cpu_parts)
    registry.make(room_of(config), config.method, config.dreamer)
    require(config, folder=Path(config.runs_dir) if folder is None else folder)


def _start(config: Config) -> Path | None:
    """The checkpoints of the run whose parameters this one begins with; one is whole and of the same network."""
    if not config.warm_start:
        return None
    source = directory.open_run(config.warm_start)
    cycle, wrong = checkpoint.newest_whole(source.checkpoints)
    if cycle is None:
        raise RunError(f"{config.warm_start} has no checkpoint to start from{f': {wrong[0]}' if wrong else ''}")
    checkpoint.meta(source.checkpoints, cycle)
    if wrong:
        _log.warning("%s: %s; starting from cycle %d", config.warm_start, "; ".join(wrong), cycle)
    other = source.config()
    if other.game != config.game:
        raise ConfigError(
            f"{config.warm_start} plays game={other.game}, and its network fits no other; this run has {config.game}"
        )
    theirs, ours = to_tree(other.agent), to_tree(config.agent)
    different = [f"agent.{name}={theirs[name]}" for name in theirs if theirs[name] != ours.get(name)]
    if different:
        raise ConfigError(f"{config.warm_start} has another network; to start from it use {' '.join(different)}")
    return source.checkpoints


@contextmanager
def _assembled(
    run: RunDirectory, config: Config, quiet: bool, seeds: Sequence["Volume"], group: Leading, foreign: bool = False
) -> Iterator["Parts"]:
    """All parts of a run whose lock is held, shown in the terminal; what is checked before does not wait for JAX."""
    from dicode.commands.show import observer
    from dicode.runs.assemble import assemble

    with assemble(run, config, seeds, partial(observer, config, run, quiet), group.announce, foreign) as parts:
        yield parts


def _loop(parts: "Parts", end: int | None = None) -> int:
    """Run the loop, from the start or from the last commit; `end`: only so many cycles in all."""
    from dicode.runs.loop import Loop

    cycle = parts.archive.committed_cycle()
    Loop(parts, lambda trainer: restore.learner(parts.config, parts.run, cycle, trainer), end).run()
    return _silence(parts.dreams.dreamer)


def _silence(dreamer: "Dreamer") -> int:
    """0, or `SILENT` after a warning where a model was to dream and never answered."""
    said = dreamer.silence()
    if said:
        _log.warning("the run ended, but %s", said)
    return SILENT if said else 0


def _follow(group: Follower, config: Config | None) -> int:
    """Take part in a run that process 0 leads; `config`: what this process was told, if it was."""
    from dicode.training.trainer import Trainer

    agreed = group.agree(config)
    enable_compile_cache()
    processes.follow(Trainer(agreed), group)
    return 0
