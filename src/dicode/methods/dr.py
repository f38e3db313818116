"""Domain randomisation: new random levels in every cycle, none of them ever again."""

from collections.abc import Sequence
from dataclasses import dataclass

from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Generated, Room, Scored
from dicode.settings import option
from dicode.types import Draft, Proposal, Trial


@dataclass(frozen=True)
class DrSettings(Generated, Scored):
    """Domain randomisation's settings."""

    name: str = option("dr", "method", choices=("dr",))


def make(room: Room, settings: DrSettings) -> Method:
    """Every free slot holds a new level of the generator; scores are noted and never used."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        return generators.drafts(context, settings.generator, room, room.free_slots)

    def propose(context: Context) -> Proposal:
        return common.divide(room, common.born_now(context)[: room.free_slots])

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        return Assessment(judged, statuses)

    return Method("dr", room, candidates, propose, assess, no_briefs, never_due)
