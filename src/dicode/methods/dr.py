"""Domain randomisation: random levels, drawn anew in every cycle.

With `generator=goals` a level is the game's own world with one random goal, so what is trained is PPO on the target,
conditioned on random goals: the control that has the goals of a curriculum and nothing else of it.
"""

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
    generator: str = option(
        "worlds",
        "where levels come from; goals: the game's own worlds, each level with one random goal",
        choices=("worlds", "grammar", "goals"),
    )


def make(room: Room, settings: DrSettings) -> Method:
    """Every free slot holds a level of the generator; scores are noted and never used.

    Raises ConfigError for goals of a game whose goals can't be set apart from its levels.
    """
    generators.require(settings.generator, room.game)

    def candidates(context: Context) -> tuple[Draft, ...]:
        return generators.drafts(context, settings.generator, room, room.free_slots)

    def propose(context: Context) -> Proposal:
        # Few goals are different texts: one that is drawn again is the level that it was, and not new.
        drawn = dict.fromkeys(draft.id for draft in candidates(context))
        accepted = context.snapshot.accepted()
        return common.divide(room, sorted(level for level in drawn if level in accepted))

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        return Assessment(judged, statuses)

    return Method("dr", room, candidates, propose, assess, no_briefs, never_due)
