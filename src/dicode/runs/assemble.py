"""The composition root: what a run is made of, put together from its configuration, typed and closed in the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import cast

from dicode import games
from dicode.agent.settings import described
from dicode.cache import enable_compile_cache
from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.dreaming.assembly import make_foundation_dreamer
from dicode.dreaming.dreamer import Dreamer
from dicode.dreaming.library_dreamer import LibraryDreamer, Volume
from dicode.dreaming.similarity import most_similar
from dicode.methods import registry
from dicode.methods.settings import Room
from dicode.runs import frontier, restore, seed_files, target
from dicode.runs.dashboards import Dashboard, open_dashboards
from dicode.runs.directory import RunDirectory
from dicode.runs.dreams import DreamRounds
from dicode.runs.loop import Observer, Parts
from dicode.runs.metrics import JsonLines, Sink
from dicode.sandbox import Sandbox
from dicode.sandbox.sandbox import Policy
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.sizes import hook_envs, hook_group
from dicode.training.trainer import Announce, Trainer
from dicode.types import Origin

Shown = Callable[[Trainer, LevelBuilder, Sequence[Dashboard]], AbstractContextManager[Observer]]
"""Makes whoever shows the run, of the parts that it draws with."""


@contextmanager
def assemble(
    run: RunDirectory,
    config: Config,
    seeds: Sequence[Volume],
    shown: Shown,
    announce: Announce | None = None,
    foreign: bool = False,
) -> Iterator[Parts]:
    """All parts of a run whose lock is held, closed in the end.

    `announce`: as for `Trainer`. `foreign`: the run's code gets the full wall or is refused, and no seal.
    """
    enable_compile_cache()
    with ExitStack() as stack:
        # First what a mistake in the settings breaks, then what takes time to start.
        dreamer = dreamer_of(config, run.journal, run, stack)
        sandbox = sandbox_of(config, foreign, stack)
        method = registry.make(room_of(config), config.method, config.dreamer, dreamer.similar or most_similar)
        archive = stack.enter_context(Archive(run.archive_file, existing=True))
        archive.sealing = not foreign
        restore.check_start(config, run, restore.rewind_to_checkpoint(run, archive))
        if dreamer.journal is not None:
            restore.tell_of_lost_calls(dreamer.journal, archive.snapshot().levels.values())
        trainer = Trainer(config, announce=announce)
        builder = builder_of(config, run, trainer, sandbox)
        measured = target.record(run, config, archive, builder)
        dreams = DreamRounds(dreamer, builder.checker, config.dreamer.deadline_s)
        stack.callback(dreams.close)
        dashboards = open_dashboards(config, run)
        sinks: list[Sink] = [JsonLines(run.metrics_file, archive.committed_cycle()), *dashboards]
        for sink in sinks:
            stack.callback(sink.close)
        observer = stack.enter_context(shown(trainer, builder, dashboards))
        yield Parts(config, run, archive, trainer, builder, method, dreams, sinks, observer, measured, seeds)


def sandbox_of(config: Config, foreign: bool, stack: ExitStack) -> Sandbox:
    """The wall that the run's levels need, as one whose code is `foreign` or as its own; closed by `stack`."""
    wall = cast(Policy, config.sandbox)
    game = games.load_host(config.game)
    sandbox = stack.enter_context(Sandbox(game, wall=wall, hook_group=hook_group(config), foreign=foreign))
    if foreign or config.dreamer.name == "foundation":
        sandbox.require(Origin.FOUNDATION)
    return sandbox


def builder_of(config: Config, run: RunDirectory, trainer: Trainer, sandbox: Sandbox) -> LevelBuilder:
    """What turns the run's levels into worlds."""
    streams, worlds = Streams(config.seed), config.worlds_per_level
    reached = partial(frontier.read, run.path, trainer.game.host)
    return LevelBuilder(trainer.game, sandbox, streams, worlds, config.episode_limit, config.world_bank, reached)


def dreamer_of(config: Config, journal: Path, run: RunDirectory, stack: ExitStack) -> Dreamer:
    """The configured dreamer, with its journal in a folder and the level files of a run; closed by `stack`."""
    streams, game = Streams(config.seed), games.load_host(config.game)
    grammar = game.dreams().grammar(streams, config.dreamer, config.episode_limit)
    if config.dreamer.name == "foundation":
        return make_foundation_dreamer(config, journal, streams, fallback=grammar, stack=stack)
    if config.dreamer.name == "library":
        return LibraryDreamer(game, seed_files.of(run, config))
    return grammar


def room_of(config: Config) -> Room:
    """What the run's method has to give out."""
    return Room(
        num_envs=config.num_envs,
        level_slots=config.level_slots,
        game=games.load_host(config.game),
        target_share=config.target_share,
        seed_cycles=config.seed_cycles,
        worlds_per_level=config.worlds_per_level,
        min_envs=config.min_envs,
        hook_slots=config.hook_slots if config.dreamer.hooks else 0,
        hook_envs=hook_envs(config),
        hook_cycles=config.hook_cycles,
        target_share_final=config.target_share_final,
        share_cycles=config.target_share_steps / config.steps_per_cycle,
        cycle_steps=config.updates_per_cycle * config.learner.rollout_steps,
        episode_limit=config.episode_limit,
        bonus=config.bonus_value,
        sees=games.load_host(config.game).sees,
        agent=described(config.agent),
        reward=config.reward,
        after_goal=config.after_goal,
        level_rules=config.level_rules,
        level_length=config.level_length,
    )
