"""Sampling for learnability: score many random levels without training, train on the most learnable.

Rutherford et al. (2024). Rounds repeat: ceil(N / slots) scoring cycles play N new levels without
gradient, then `scoring_every` cycles train on levels drawn evenly from the K most learnable of that batch,
which are the active set until the next round ends. Steps of scoring cycles count as any other.
"""

from collections.abc import Sequence

from dicode.curriculum.replay import best_first, draw
from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Settings
from dicode.types import TARGET, Draft, Proposal, Trial


def make(settings: Settings) -> Method:
    """SFL with N, K and the length of a training phase from `settings`."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        phase = context.cycle % period(settings)
        if phase >= scoring_cycles(settings):
            return ()
        left = batch(settings) - phase * settings.free_slots
        return generators.drafts(context, settings, min(left, settings.free_slots))

    def propose(context: Context) -> Proposal:
        if context.cycle % period(settings) < scoring_cycles(settings):
            new = common.born_now(context)[: settings.free_slots]
            return common.divide(settings, new, untrained=new)
        even = dict.fromkeys(context.snapshot.active(), 1.0)
        return common.divide(settings, draw(even, settings.free_slots, context.streams, "replay", context.cycle))

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        if context.cycle % period(settings) != scoring_cycles(settings) - 1:
            return Assessment(judged, statuses)
        chosen = _most_learnable(context, judged, settings)
        active = context.snapshot.active()
        activated = tuple(level for level in chosen if level not in active)
        deactivated = tuple(sorted(level for level in active if level not in chosen))
        return Assessment(judged, statuses, activated, deactivated)

    return Method("sfl", settings, candidates, propose, assess, no_briefs, never_due)


def batch(settings: Settings) -> int:
    """Levels scored in a round."""
    return settings.scoring_batch or settings.free_slots


def scoring_cycles(settings: Settings) -> int:
    """Cycles that a scoring round takes."""
    return -(-batch(settings) // settings.free_slots)


def period(settings: Settings) -> int:
    """Cycles of a round: scoring, then training."""
    return scoring_cycles(settings) + settings.scoring_every


def _most_learnable(context: Context, judged: Sequence[Trial], settings: Settings) -> list[str]:
    """The K best of this round's batch; levels without enough episodes are not among them."""
    first = context.cycle - scoring_cycles(settings) + 1
    earlier = [
        trials[-1] for level, trials in context.snapshot.trials.items() if context.snapshot.levels[level].born >= first
    ]
    scores = {
        trial.level: trial.score for trial in (*earlier, *judged) if trial.score is not None and trial.level != TARGET
    }
    keep = settings.scoring_keep or max(batch(settings) // 4, 1)
    return best_first(scores, context.streams, context.cycle)[:keep]
