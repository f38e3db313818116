"""What a run goes on with: its last whole cycle, and the learner of it, fresh, or with another run's parameters."""

import logging
from collections.abc import Iterable
from dataclasses import fields
from dataclasses import replace as replace_field
from functools import partial
from typing import TYPE_CHECKING, Any

from dicode import lines
from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.dreaming.journal import Journal
from dicode.errors import RunError
from dicode.evaluation.results import TARGET, load_run
from dicode.runs import checkpoint, lengthened, metrics, withdrawn
from dicode.runs.directory import RunDirectory
from dicode.types import LevelRecord

if TYPE_CHECKING:  # most of what stands here is asked before JAX is worth importing
    from dicode.learner.types import LearnerState
    from dicode.training.trainer import Trainer

_log = logging.getLogger(__name__)


def last_whole(run: RunDirectory, committed: int) -> tuple[int, list[str]]:
    """The last finished cycle with a whole checkpoint, -1 before the first, and what is wrong with those after it.

    Raises RunError when cycles are finished and no checkpoint of them can be used, when it is of another version, or
    when the checkpoints are not of the archive that says how many are finished.
    """
    have = checkpoint.cycles(run.checkpoints)
    if have and have[-1] > committed + 1:
        raise _of_two(run, f"ends with cycle {committed} and {run.checkpoints} with cycle {have[-1]}")
    cycle, wrong = checkpoint.newest_whole(run.checkpoints, committed)
    if cycle is not None:
        made = checkpoint.meta(run.checkpoints, cycle)  # one of another version is refused here
        if _differ(_number(run), made["run"]):
            raise _of_two(run, f"and {run.checkpoints} were made by two")
        return cycle, wrong or _gone(cycle, committed)
    if committed < 0:
        return -1, []
    why = "; ".join(wrong) or f"their checkpoints are gone from {run.checkpoints}"
    raise RunError(
        f"{committed + 1} cycles of {run.path} are finished, but {why}; copy a checkpoint back, or start a new run"
    )


def _number(run: RunDirectory) -> int | None:
    with Archive(run.archive_file, read_only=True) as archive:
        return archive.run


def _differ(number: int | None, other: object) -> bool:
    """Whether what bears `other` is of another run than the archive with `number`; what was made without is not known."""
    return number is not None and other is not None and number != other


def _of_two(run: RunDirectory, what: str) -> RunError:
    return RunError(
        f"{run.archive_file} {what}: they are not of one run; copy back the archive that belongs to the checkpoints"
    )


def _gone(cycle: int, committed: int) -> list[str]:
    return [f"the checkpoint of cycle {committed} is gone"] if cycle < committed else []


def committed_cycle(run: RunDirectory) -> int:
    """The last finished cycle, -1 before the first. Raises RunError if the archive can't say."""
    with Archive(run.archive_file, read_only=True) as archive:
        return archive.committed_cycle()


def newest_cycle(run: RunDirectory) -> int:
    """The last finished cycle with a whole checkpoint; later ones that are damaged are told of.

    Raises RunError if there is none.
    """
    committed = committed_cycle(run)
    try:
        cycle, wrong = last_whole(run, committed)
    except RunError:
        if committed_cycle(run) == committed:
            raise
        return newest_cycle(run)  # training went on between the two looks
    if cycle < 0:
        raise RunError(f"{run.path} has no finished cycle yet; train it first")
    if wrong:
        _log.warning("%s; the agent is that of cycle %d", "; ".join(wrong), cycle)
    return cycle


def rewind_to_checkpoint(run: RunDirectory, archive: Archive) -> int:
    """Discard whatever lies above the last cycle that has both commit and whole checkpoint; returns that cycle, -1 for none.

    What is discarded is trained again, to the same result. Raises RunError when nothing is left to go on from.
    """
    archive.discard_above_committed()
    committed = archive.committed_cycle()
    cycle, wrong = last_whole(run, committed)
    if cycle < committed:
        after = f"cycle {committed} is" if cycle + 1 == committed else f"cycles {cycle + 1} to {committed} are"
        _log.warning("%s; going on from cycle %d, %s trained again", "; ".join(wrong), cycle, after)
        archive.rewind(cycle)
    checkpoint.discard_above(run.checkpoints, cycle)
    return cycle


def check_config(run: RunDirectory, config: Config) -> None:
    """Raise RunError where the run's checkpoint was made with another seed or other steps a cycle than its settings say,
    or its metrics by another run.
    """
    cycle, _ = last_whole(run, committed_cycle(run))
    number = _number(run)
    if any(_differ(number, row.get("run")) for row in lines.read(run.metrics_file)):
        raise RunError(f"{run.metrics_file} has rows of another run; copy the run's own back, or move it away")
    if cycle < 0:
        return
    made, steps = checkpoint.meta(run.checkpoints, cycle), (cycle + 1) * config.steps_per_cycle
    for name, had, has in (("seed", made["seed"], config.seed), ("steps so far", made["env_steps"], steps)):
        if had != has:
            raise RunError(
                f"{run.config_file} was changed: its settings give {name} {has:,}, and the checkpoint of cycle {cycle} has "
                f"{had:,}; put them back as they were, or start a new run"
            )


def check_notes(run: RunDirectory) -> None:
    """Raise RunError, before anything compiles, for a note of what befell the run that can't be read."""
    lengthened.stretches(run.lengthened_file, run.config().num_updates)
    withdrawn.levels(run.withdrawn_file, 0)


def longer(run: RunDirectory, config: Config) -> str:
    """The command that makes a finished run twice as long, with a learning rate that is not at its end already."""
    again = " schedule=restart" if config.learner.lr_final < config.learner.lr else ""
    return f"dicode resume {run.path} total_steps={2 * config.num_cycles * config.steps_per_cycle}{again}"


def finished(run: RunDirectory, config: Config) -> str | None:
    """What to say of a run that has nothing left to do, None of one that has. Compiles nothing."""
    committed = committed_cycle(run)
    cycle, _ = last_whole(run, committed)
    if cycle < config.num_cycles - 1:
        return None
    steps = config.num_cycles * config.steps_per_cycle
    text = f"{run.path} is finished at {steps:,} steps; go further with `{longer(run, config)}`"
    if missing := owed(run, config, cycle):
        text += f"; its last evaluation was not made: {' and '.join(missing)}"
    what = metrics.lost(lines.read(run.metrics_file), committed)
    return f"{text}; {run.metrics_file} {what}, so copy it back from where it is whole" if what else text


def owed(run: RunDirectory, config: Config, cycle: int) -> list[str]:
    """Commands for the evaluations of the last cycle that `config` asks for and the run has not got."""
    asked, usual, wanted = config.evaluation, run.config().evaluation, []
    if asked.every_steps:
        own = {"worlds": usual.worlds, "steps": usual.steps}
        words = {name: value for name in own if (value := getattr(asked, name)) != own[name]}
        wanted.append((TARGET, asked.worlds, asked.steps, words))
    if asked.heldout_worlds:
        words = {"suite": asked.heldout_suite, "worlds": asked.heldout_worlds, "steps": asked.heldout_steps}
        wanted.append((*words.values(), words))
    last = [e for e in load_run(run.path).evaluations if e.cycle == cycle and e.engine == "own" and not e.num_envs]
    made = {(e.protocol, e.worlds, e.steps, e.seed) for e in last}
    seed = {} if asked.seed == usual.seed else {"seed": asked.seed}
    missing = [{**words, **seed} for *protocol, words in wanted if (*protocol, asked.seed) not in made]
    return [f"`{' '.join(['dicode eval', str(run.path), *(f'{k}={v}' for k, v in m.items())])}`" for m in missing]


def tell_of_lost_calls(journal: Journal, levels: Iterable[LevelRecord]) -> None:
    """Warn if a run's journal lacks calls that its levels came from: it is what replays, and what the budget counts."""
    wanted = {key for record in levels for key in record.requests}
    lost = wanted - {call.key for call in journal.calls()}
    if lost:
        _log.warning(
            "%s lacks %d of the %d calls that the run's levels came from: the run can't be replayed, and what they "
            "cost is not counted; copy the file back if there is one",
            *(journal.path, len(lost), len(wanted)),
        )


def check_start(config: Config, run: RunDirectory, cycle: int) -> None:
    """Raise RunError if a run that begins (`cycle` -1) with another one's parameters lacks its copy of them."""
    if cycle >= 0 or not config.warm_start:
        return
    found, wrong = checkpoint.newest_whole(run.start)
    if found is None:
        why = wrong[0] if wrong else f"they are not in {run.start}"
        raise RunError(
            f"{run.path} begins with the parameters of {config.warm_start!r}, but {why}; "
            f"start it again with from=runs/{config.warm_start}"
        )


def learner(config: Config, run: RunDirectory, cycle: int, trainer: "Trainer") -> "LearnerState":
    """The learner after `cycle` (-1: before the first, with the parameters that `from=` named). `trainer` must be compiled."""
    fresh = trainer.new_learner()
    if cycle >= 0:
        state = checkpoint.restore(run.checkpoints, cycle, fresh)
        known = lengthened.stretches(run.lengthened_file, config.num_updates)
        told = bool(known) and known[-1].updates == config.num_updates
        return trainer.place_learner(state if told else _with_schedule(config, state))
    check_start(config, run, cycle)
    if config.warm_start:
        other = checkpoint.restore(run.start, checkpoint.cycles(run.start)[-1], fresh)
        fresh = trainer.place_learner(fresh.replace(params=other.params))  # type: ignore[attr-defined]
    end = lengthened.first_end(run.lengthened_file, config.num_updates)
    return fresh if end == config.num_updates else trainer.stretched(fresh, end, restart=True)


def _with_schedule(config: Config, state: "LearnerState") -> "LearnerState":
    """The state with its learning rate stretched to the run's end, if that has moved and nobody noted when."""
    from dicode.learner import schedule

    if int(state.schedule.end_update) == config.num_updates:
        return state
    now = int(state.update)
    if now >= config.num_updates:
        return state
    start = config.learner.lr if config.schedule == "restart" else None
    rates = schedule.stretched(state.schedule, now, config.learner.lr_final, config.num_updates, start)
    return replace_field(state, schedule=rates)


def parameters(run: RunDirectory, config: Config, trainer: "Trainer", cycle: int) -> Any:
    """The agent's parameters after `cycle`; `trainer` need not be compiled."""
    import jax

    from dicode.learner import schedule, update
    from dicode.learner.types import PpoConfig

    learner = config.learner
    ppo = PpoConfig(**{f.name: getattr(learner, f.name) for f in fields(PpoConfig) if hasattr(learner, f.name)})
    rates = schedule.linear(1.0, 0.0, 0, 1)
    template = jax.eval_shape(partial(update.init, trainer.agent, ppo), jax.random.PRNGKey(0), rates)
    return checkpoint.restore(run.checkpoints, cycle, template).params
