"""Dreams are measured before they are believed: the current agent plays what was accepted, without learning from it.

All levels of a round share one batch of the run's shapes and the compiled `rollout`. What the agent reaches
too rarely or too often is turned down with what was seen, and goes back to its author with a later round. It
happens where a round is taken, so parameters and batch follow from the last commit: a resumed run measures the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from dicode.config import Config, probe_rollouts
from dicode.dreaming import evidence
from dicode.dreaming.dreamer import Outcome
from dicode.environment.batch import LevelBatch
from dicode.learner.types import LearnerState
from dicode.training.builder import LevelBuilder, Playable
from dicode.training.trainer import Trainer
from dicode.training.trials import trials
from dicode.types import PROBED, Accepted, Brief, Code, Draft, Proposal, Rejected, Slot, Trial

EASIER = (
    "Keep the idea and make it clearly easier for this agent: give it what it did not get, start it nearer to what it "
    "did not reach, take away what ended its episodes, or ask for the part of the goal that it reached sometimes."
)
HARDER = (
    "Keep the idea and make it clearly harder for this agent: less in hand, longer ways, more of what stands between, "
    "or a goal that comes after this one."
)


class Log(Protocol):
    """A journal that may hold what was measured."""

    def probe(self, cycle: int, index: int, level: str) -> Trial | None:
        """What was measured of a dream's level."""
        ...

    def record_probe(self, cycle: int, index: int, level: str, trial: Trial) -> None:
        """Keep it for good."""
        ...


Answer = tuple[Brief, Outcome]


@dataclass(frozen=True)
class Measured:
    """A round after it was played."""

    answers: list[Answer]
    """Those out of the band are rejected."""
    trials: Mapping[str, Trial] = field(default_factory=dict)
    """By level."""
    playables: Mapping[str, Playable] = field(default_factory=dict)
    """Levels with the worlds of this cycle, which it need not build again."""
    steps: int = 0
    """Environment steps that it took."""

    def row(self) -> dict[str, int]:
        """The entry of the cycle's metrics."""
        codes = [o.verdict.code for _, o in self.answers if isinstance(o.verdict, Rejected)]
        hard, easy = codes.count(Code.TOO_HARD), codes.count(Code.TOO_EASY)
        in_band = len(self.trials) - hard - easy
        return {
            "levels": len(self.trials),
            "in_band": in_band,
            "too_hard": hard,
            "too_easy": easy,
            "episodes": sum(trial.episodes for trial in self.trials.values()),
            "steps": self.steps,
        }


@dataclass(frozen=True)
class Probe:
    """Measures rounds. `ready` compiles for a batch if that is due and gives the learner as it stands."""

    config: Config
    trainer: Trainer
    builder: LevelBuilder
    ready: Callable[[LevelBatch], LearnerState]
    log: Log | None
    bonus: float

    def measure(self, answers: list[Answer], cycle: int) -> Measured:
        """The round's answers with those rejected that the agent can't learn from now.

        Levels with hooks are not played: their mechanics would have to be compiled for a look at them.
        """
        drafts = {
            o.draft.id: ((b.cycle, b.index), o.draft)
            for b, o in reversed(answers)
            if o.draft is not None and isinstance(o.verdict, Accepted) and not o.verdict.hooks
        }
        known = {level: self._recorded(place, level) for level, (place, _) in drafts.items()}
        ordered = [draft for _, draft in reversed(drafts.values())]
        found, playables = dict[str, Trial](), dict[str, Playable]()
        if None in known.values():
            # All of them, as how a level is played depends on those beside it; what was kept before a kill still holds.
            found, playables = self._play(ordered, cycle)
        for level, trial in found.items():
            if self.log is not None and known[level] is None:
                self.log.record_probe(*drafts[level][0], level, trial)
        seen = found | {level: trial for level, trial in known.items() if trial is not None}
        low, high = self.config.dreamer.probe_low, self.config.dreamer.probe_high
        judged = [(brief, judge(outcome, seen, low, high)) for brief, outcome in answers]
        return Measured(judged, seen, playables, self._steps(len(ordered)))

    def _recorded(self, place: tuple[int, int], level: str) -> Trial | None:
        return None if self.log is None else self.log.probe(*place, level)

    def _groups(self, count: int) -> list[int]:
        """Levels of each batch: as many as the run's shapes hold."""
        most = min(self.config.level_slots, self.config.num_envs // self.config.min_envs)
        return [min(most, count - start) for start in range(0, count, most)]

    def _steps(self, count: int) -> int:
        """Environment steps that measuring so many levels takes; a replay, which plays nothing, counts the same."""
        rollouts = sum(probe_rollouts(self.config, levels) for levels in self._groups(count))
        return rollouts * self.config.steps_per_update

    def _play(self, drafts: Sequence[Draft], cycle: int) -> tuple[dict[str, Trial], dict[str, Playable]]:
        """How the agent fares on each draft: batches of as many levels as the run's shapes hold."""
        config, found, left = self.config, dict[str, Trial](), list(drafts)
        playables = {
            draft.id: self.builder.build(draft.source, draft.id, draft.origin, cycle, config.worlds_per_level)
            for draft in drafts
        }
        for part, count in enumerate(self._groups(len(drafts))):
            group, left = [draft.id for draft in left[:count]], left[count:]
            share, over = divmod(config.num_envs, len(group))
            slots = [Slot(level, share + (i < over), train=False) for i, level in enumerate(group)]
            rollouts = probe_rollouts(config, len(group))
            length = rollouts * config.learner.rollout_steps
            batch = self.trainer.batch(Proposal(tuple(slots)), playables, self.bonus, steps=length)
            learner = self.ready(batch)
            stats = self.trainer.probe(learner.params, batch, rollouts, cycle, part)
            found |= {trial.level: trial for trial in trials(self.trainer.game.host, stats, slots, cycle)}
        return found, playables


def judge(outcome: Outcome, seen: Mapping[str, Trial], low: float, high: float) -> Outcome:
    """The outcome, rejected where the agent reached the goal too rarely or too often to learn from it."""
    trial = seen.get(outcome.draft.id) if outcome.draft is not None else None
    rate = trial.success_rate if trial is not None else None
    if not isinstance(outcome.verdict, Accepted) or trial is None or rate is None or low <= rate <= high:
        return outcome
    hard = rate < low
    said = (
        f"the agent reached the goal in {trial.successes} of {trial.episodes} episodes when it was measured, so the level "
        f"is too {'hard' if hard else 'easy'} for it now (between {evidence.percent(low)} and {evidence.percent(high)} teach)"
    )
    how = (
        f"{evidence.reached(trial)}{evidence.failing(trial)}"
        if hard
        else f"; episodes last {trial.length_mean:.0f} steps"
    )
    code, hint = (Code.TOO_HARD, EASIER) if hard else (Code.TOO_EASY, HARDER)
    return replace(outcome, verdict=Rejected(PROBED, said + how, hint, code=code))
