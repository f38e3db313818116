"""The learner that a run goes on with: fresh, from its last commit, or from another run's parameters."""

from dataclasses import replace as replace_field

from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.errors import RunError
from dicode.learner import schedule
from dicode.learner.types import LearnerState
from dicode.runs import checkpoint
from dicode.runs.directory import RunDirectory
from dicode.training.trainer import Trainer


def rewind_to_checkpoint(run: RunDirectory, archive: Archive) -> int:
    """Discard whatever lies above the last cycle that has both commit and checkpoint; returns that cycle, -1 for none.

    Raises RunError when the archive has cycles but every checkpoint is gone.
    """
    archive.discard_above_committed()
    committed = archive.committed_cycle()
    checkpoint.discard_above(run.checkpoints, committed)
    whole = checkpoint.cycles(run.checkpoints)
    if committed >= 0 and not whole:
        raise RunError(
            f"{run.path} has {committed + 1} committed cycles but no checkpoint; copy one back or start anew"
        )
    if whole and whole[-1] < committed:
        archive.rewind(whole[-1])
    return whole[-1] if whole else -1


def learner(config: Config, run: RunDirectory, cycle: int, trainer: Trainer, warm: RunDirectory | None) -> LearnerState:
    """The learner after `cycle` (-1: before the first, from `warm`'s parameters if given). `trainer` must be compiled."""
    fresh = trainer.new_learner()
    if cycle >= 0:
        state = checkpoint.restore(run.checkpoints, cycle, fresh)
        return trainer.place_learner(_with_schedule(config, state))
    if warm is not None:
        newest = checkpoint.cycles(warm.checkpoints)[-1]
        other = checkpoint.restore(warm.checkpoints, newest, fresh)
        return trainer.place_learner(fresh.replace(params=other.params))  # type: ignore[attr-defined]
    return fresh


def _with_schedule(config: Config, state: LearnerState) -> LearnerState:
    """The state with its learning rate stretched to the run's end, if that has moved since the checkpoint."""
    if int(state.schedule.end_update) == config.num_updates:
        return state
    now = int(state.update)
    if now >= config.num_updates:
        return state
    rate = config.learner.lr if config.schedule == "restart" else float(schedule.rate(state.schedule, state.update))
    return replace_field(state, schedule=schedule.linear(rate, config.learner.lr_final, now, config.num_updates))
