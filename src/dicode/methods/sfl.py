"""Sampling for learnability: score many random levels without training, train on the most learnable.

Rutherford et al. (2024). Rounds repeat: ceil(N / slots) scoring cycles play N new levels without
gradient, then `scoring_every` cycles train on levels drawn evenly from the K most learnable of that batch,
which are the active set until the next round ends, and on a share of fresh random ones. Steps of scoring cycles count
as any other. The score `return_spread` is compared within the batch (`scores.near_the_batch`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dicode.curriculum.replay import best_first, draw
from dicode.curriculum.scores import near_the_batch
from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Generated, Room, Scored, score_option
from dicode.settings import option
from dicode.types import TARGET, Draft, Proposal, Trial


@dataclass(frozen=True)
class SflSettings(Generated, Scored):
    """Sampling for learnability's settings.

    The goal of a whole world is never met, so learnability is taken over achievements; with `generator=grammar` levels
    have goals, and `score=learnability` is the published score.
    """

    name: str = option("sfl", "method", choices=("sfl",))
    score: str = score_option("achievement_learnability")
    scoring_batch: int = option(0, "levels that a scoring round rolls out; 0: as many as there are slots", 0, 1_000_000)
    scoring_every: int = option(5, "cycles between scoring rounds", 1, 1000)
    scoring_keep: int = option(0, "levels trained after a scoring round; 0: a quarter of the batch", 0, 1_000_000)
    scoring_limit: int = option(0, "steps of an episode in a scoring round; 0: as in training", 0, 1_000_000)
    random_share: float = option(0.0, "share of the slots that train on fresh random levels", 0, 1)


def make(room: Room, settings: SflSettings) -> Method:
    """SFL with N, K and the length of a training phase from `settings`."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        phase = context.cycle % period(room, settings)
        if phase >= scoring_cycles(room, settings):
            return generators.drafts(context, settings.generator, room, round(room.free_slots * settings.random_share))
        left = batch(room, settings) - phase * room.free_slots
        return generators.drafts(context, settings.generator, room, min(left, room.free_slots))

    def propose(context: Context) -> Proposal:
        new = common.born_now(context)[: room.free_slots]
        if context.cycle % period(room, settings) < scoring_cycles(room, settings):
            return _short(common.divide(room, new, untrained=new), settings.scoring_limit)
        even = dict.fromkeys(context.snapshot.active(), 1.0)
        chosen = draw(even, room.free_slots - len(new), context.streams, "replay", context.cycle)
        return common.divide(room, [*chosen, *new])

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        if context.cycle % period(room, settings) != scoring_cycles(room, settings) - 1:
            return Assessment(judged, statuses)
        chosen = _most_learnable(context, judged, room, settings)
        active = context.snapshot.active()
        activated = tuple(level for level in chosen if level not in active)
        deactivated = tuple(sorted(level for level in active if level not in chosen))
        return Assessment(judged, statuses, activated, deactivated)

    return Method("sfl", room, candidates, propose, assess, no_briefs, never_due)


def batch(room: Room, settings: SflSettings) -> int:
    """Levels scored in a round."""
    return settings.scoring_batch or room.free_slots


def scoring_cycles(room: Room, settings: SflSettings) -> int:
    """Cycles that a scoring round takes."""
    return -(-batch(room, settings) // room.free_slots)


def period(room: Room, settings: SflSettings) -> int:
    """Cycles of a round: scoring, then training."""
    return scoring_cycles(room, settings) + settings.scoring_every


def _short(proposal: Proposal, limit: int) -> Proposal:
    """The proposal with its levels' episodes cut at `limit` steps."""
    slots = (slot if slot.level == TARGET else replace(slot, episode_limit=limit) for slot in proposal.slots)
    return Proposal(tuple(slots))


def _most_learnable(context: Context, judged: Sequence[Trial], room: Room, settings: SflSettings) -> list[str]:
    """The K best of this round's batch; levels without enough episodes are not among them."""
    first = context.cycle - scoring_cycles(room, settings) + 1
    earlier = [
        trials[-1] for level, trials in context.snapshot.trials.items() if context.snapshot.levels[level].born >= first
    ]
    batch_trials = [trial for trial in (*earlier, *judged) if trial.score is not None and trial.level != TARGET]
    scores = {trial.level: trial.score for trial in batch_trials if trial.score is not None}
    if settings.score == "return_spread":
        scores = near_the_batch(batch_trials)
    keep = settings.scoring_keep or max(batch(room, settings) // 4, 1)
    return best_first(scores, context.streams, context.cycle)[:keep]
