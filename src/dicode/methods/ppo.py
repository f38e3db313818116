"""PPO on the target alone: the baseline without a curriculum."""

from collections.abc import Sequence
from dataclasses import dataclass

from dicode.curriculum.snapshot import Assessment
from dicode.methods import common
from dicode.methods.protocol import Context, Method, never_due, no_briefs, no_candidates
from dicode.methods.settings import Room, Scored
from dicode.settings import option
from dicode.types import Proposal, Trial


@dataclass(frozen=True)
class PpoSettings(Scored):
    """The settings of PPO on the target alone; what the network learns by is `learner`'s."""

    name: str = option("ppo", "method", choices=("ppo",))


def make(room: Room, settings: PpoSettings) -> Method:
    """Every environment plays the target in every cycle."""

    def propose(context: Context) -> Proposal:
        return common.divide(room, ())

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        judged, statuses = common.judge(context, trials, settings)
        return Assessment(judged, statuses)

    return Method("ppo", room, no_candidates, propose, assess, no_briefs, never_due)
