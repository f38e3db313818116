"""What methods are told: what there is to give out, and the settings that several of them share.

A method's own settings are a record beside its code, made of these.
"""

from dataclasses import dataclass, replace
from typing import Any

from dicode.errors import ConfigError
from dicode.games.host import HostGame
from dicode.settings import option
from dicode.types import RunFacts

MIN_ENVS = 2
"""Environments that a used slot gets at least, unless the run says otherwise."""

SCORES = ("learnability", "achievement_learnability", "positive_value_loss", "max_mc", "return_spread")
"""Names of the level scores; `curriculum.scores` has one for each."""


def score_option(default: str) -> Any:
    """The setting `score` of a method whose score is by default this one."""
    return option(default, "priority of a level", choices=SCORES)


@dataclass(frozen=True)
class Scored:
    """Settings of whoever scores levels: all methods."""

    score: str = score_option("learnability")
    score_updates: int = option(
        0,
        "updates at a cycle's end whose episodes are scored; 0: all. At least two episode limits are taken",
        0,
        100_000,
    )
    min_episodes: int = option(20, "episodes that a status needs; fewer leave a level unscored", 1, 100_000)
    unscored: str = option("retry", "a level with too few episodes: tried again, or score 0", choices=("retry", "zero"))


@dataclass(frozen=True)
class Generated:
    """Settings of whoever trains on random levels."""

    generator: str = option("worlds", "where new levels come from", choices=("worlds", "grammar"))


@dataclass(frozen=True)
class Replayed:
    """Settings of whoever replays levels by their score."""

    temperature: float = option(1.0, "of the replay distribution over ranks", 1e-3, 1e3)
    staleness: float = option(0.3, "weight of staleness in the replay distribution", 0, 1)


@dataclass(frozen=True)
class Room:
    """What a method has to give out: environments and slots; every value follows from the run's settings."""

    num_envs: int
    level_slots: int
    """Levels a cycle, the target included."""
    game: HostGame
    target_share: float
    """Share of the environments that play the target; 0: it gets no slot."""
    seed_cycles: int
    """Cycles at the start that train the seed levels."""
    worlds_per_level: int
    """Worlds that make up one level of the generator `worlds`."""
    min_envs: int = MIN_ENVS
    """Environments that a level gets at least."""
    hook_slots: int = 0
    """Slots whose levels may bring hooks; 0: such levels are not trained."""
    hook_envs: int = 0
    """Environments of one hook slot."""
    hook_cycles: int = 1
    """Cycles that a resident set of hooks is kept."""
    target_share_final: float = -1.0
    """The share after `share_cycles`, reached linearly; negative: it stays as it is."""
    share_cycles: float = 1.0
    """Cycles in which the share moves there."""
    cycle_steps: int = 0
    """Steps of an environment in a cycle; 0: unknown, and briefs say nothing of the run."""
    episode_limit: int = 0
    """Steps of an episode at most."""
    bonus: float = 0.0
    """What reaching a level's goal pays, unless the run makes it dynamic."""
    sees: str = ""
    """What the agent observes, in words."""
    agent: str = ""
    """Kind and size of the agent, in words."""
    reward: str = "game"
    after_goal: str = "end"
    level_rules: str = "own"
    level_length: str = "own"
    """What the run makes of levels' rewards, goals, rules and lengths; see `Config`."""

    def at(self, cycle: int) -> "Room":
        """The room of a cycle, with the share that the target has then."""
        if self.target_share_final < 0:
            return self
        way = min(cycle / self.share_cycles, 1.0)
        return replace(self, target_share=self.target_share + way * (self.target_share_final - self.target_share))

    @property
    def has_target(self) -> bool:
        """Whether the target holds a slot."""
        return self.target_share > 0

    @property
    def free_slots(self) -> int:
        """Slots beside the target's."""
        return self.level_slots - self.has_target

    @property
    def steps_a_slot(self) -> float:
        """Environment steps that a level in a slot of its own gets in a cycle when every slot is taken."""
        return max((self.num_envs - self.target_envs) * self.cycle_steps / max(self.free_slots, 1), 1.0)

    @property
    def target_envs(self) -> int:
        """Environments of the target while other levels train too."""
        return target_envs(self.num_envs, self.target_share, self.min_envs)


def facts_of(room: Room, held: int = 0) -> RunFacts | None:
    """What briefs say of the run while `held` levels hold hook slots; None where it is not known."""
    if not room.cycle_steps:
        return None
    envs = room.num_envs - room.target_envs - room.hook_slots * room.hook_envs
    share = max(envs // max(room.free_slots - room.hook_slots, 1), room.min_envs)
    return RunFacts(
        episode_limit=room.episode_limit,
        episodes=share * max(room.cycle_steps // max(room.episode_limit, 1), 1),
        bonus=room.bonus,
        hook_slots=max(room.hook_slots - held, 0) if room.hook_envs else 0,
        sees=room.sees,
        agent=room.agent,
        reward=room.reward,
        after_goal=room.after_goal,
        level_rules=room.level_rules,
        level_length=room.level_length,
    )


def target_envs(num_envs: int, target_share: float, min_envs: int = MIN_ENVS) -> int:
    """Environments of the target while other levels train too: its share, and no fewer than any level gets."""
    return max(round(target_share * num_envs), min_envs) if target_share > 0 else 0


def check_room(room: Room) -> None:
    """`ConfigError` unless every slot can have its environments."""
    hooked, least = room.hook_slots if room.hook_envs else 0, room.min_envs
    if room.free_slots < max(hooked, 1):
        raise ConfigError(
            f"level_slots={room.level_slots} leaves {room.free_slots} slots for levels; "
            f"at least {max(hooked, 1) + room.has_target} are needed"
        )
    if hooked and room.hook_envs < least:
        raise ConfigError(f"hook_envs={room.hook_envs}; a hook slot needs at least {least} environments")
    rest = room.num_envs - room.target_envs - hooked * room.hook_envs
    plain = room.free_slots - hooked
    if rest < least * plain:
        fit = max(rest // least, 0) + hooked + room.has_target
        raise ConfigError(
            f"{room.num_envs} environments with target_share={room.target_share:g} leave {rest} for {plain} "
            f"levels; each needs {least}: use level_slots={fit} or fewer, or more environments"
        )
