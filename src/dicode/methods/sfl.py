"""Sampling for learnability: score many random levels without training, train on the most learnable.

Rutherford et al. (2024). Rounds repeat: ceil(N / slots) scoring cycles play N new levels without
gradient, then `scoring_every` cycles train on levels drawn evenly from the K most learnable of that batch,
which are the active set until the next round ends, and on a share of fresh random ones. Steps of scoring cycles count
as any other. The score `return_spread` is compared within the batch (`scores.near_the_batch`).
"""

from collections.abc import Sequence
from dataclasses import replace

from dicode.curriculum.replay import best_first, draw
from dicode.curriculum.scores import near_the_batch
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
            return generators.drafts(context, settings, round(settings.free_slots * settings.random_share))
        left = batch(settings) - phase * settings.free_slots
        return generators.drafts(context, settings, min(left, settings.free_slots))

    def propose(context: Context) -> Proposal:
        new = common.born_now(context)[: settings.free_slots]
        if context.cycle % period(settings) < scoring_cycles(settings):
            return _short(common.divide(settings, new, untrained=new), settings.scoring_limit)
        even = dict.fromkeys(context.snapshot.active(), 1.0)
        chosen = draw(even, settings.free_slots - len(new), context.streams, "replay", context.cycle)
        return common.divide(settings, [*chosen, *new])

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


def _short(proposal: Proposal, limit: int) -> Proposal:
    """The proposal with its levels' episodes cut at `limit` steps."""
    slots = (slot if slot.level == TARGET else replace(slot, episode_limit=limit) for slot in proposal.slots)
    return Proposal(tuple(slots))


def _most_learnable(context: Context, judged: Sequence[Trial], settings: Settings) -> list[str]:
    """The K best of this round's batch; levels without enough episodes are not among them."""
    first = context.cycle - scoring_cycles(settings) + 1
    earlier = [
        trials[-1] for level, trials in context.snapshot.trials.items() if context.snapshot.levels[level].born >= first
    ]
    batch_trials = [trial for trial in (*earlier, *judged) if trial.score is not None and trial.level != TARGET]
    scores = {trial.level: trial.score for trial in batch_trials if trial.score is not None}
    if settings.score == "return_spread":
        scores = near_the_batch(batch_trials)
    keep = settings.scoring_keep or max(batch(settings) // 4, 1)
    return best_first(scores, context.streams, context.cycle)[:keep]
