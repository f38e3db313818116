"""Domain randomisation: new random levels in every cycle, none of them ever again."""

from collections.abc import Sequence

from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Settings
from dicode.types import Draft, Proposal, Trial


def make(settings: Settings) -> Method:
    """Every free slot holds a new level of the generator; scores are noted and never used."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        return generators.drafts(context, settings, settings.free_slots)

    def propose(context: Context) -> Proposal:
        return common.divide(settings, common.born_now(context)[: settings.free_slots])

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        return Assessment(judged, statuses)

    return Method("dr", settings, candidates, propose, assess, no_briefs, never_due)
