"""Everything that a method can be told, as one frozen record; ranges are checked where configuration is read."""

from dataclasses import dataclass

from dicode.errors import ConfigError

MIN_ENVS = 2
"""Environments that a used slot gets at least, unless the settings say otherwise."""


@dataclass(frozen=True)
class Settings:
    """Settings of all methods; each reads what concerns it. Defaults are the published ones where there are any."""

    num_envs: int
    level_slots: int
    """Levels a cycle, the target included."""
    achievements: tuple[str, ...]
    """Names of the game's achievements, in its order."""
    target_share: float = 0.2
    """Share of the environments that play the target; 0: it gets no slot."""
    min_envs: int = MIN_ENVS
    """Environments that a level gets at least."""
    seed_cycles: int = 2
    score: str = "learnability"
    generator: str = "worlds"
    """Where dr, plr, accel and sfl get new levels: `worlds` (the game's own, by seed) or `grammar`."""
    worlds_per_level: int = 1
    """Worlds that make up one level of the generator `worlds`."""
    active_limit: int = 100
    active_threshold: float = 0.0
    temperature: float = 1.0
    staleness: float = 0.3
    replay_probability: float = 0.5
    buffer: int = 4000
    robust: bool = True
    """New levels of plr are scored without gradient."""
    replay_rule: str = "share"
    """`share`: slots are divided in every cycle; `coin`: a whole cycle replays or has new levels (plr, accel)."""
    minimum_fill: float = 0.0
    """Share of the buffer that must be full before anything is replayed (plr, accel)."""
    min_episodes: int = 20
    unscored: str = "retry"
    """A level with too few episodes: it is tried again (`retry`), or its score is 0 at once (`zero`)."""
    max_children: int = 5
    parents: str = "frontier"
    """`frontier`, `strict` (without its fallbacks below 50 %), `random`, or `any` (whatever was ever solved, by score)."""
    heir: str = "ever"
    """A child closes its parent that `ever` reached A, B or C, or that has such a status `now`."""
    counted_children: str = "accepted"
    """Children that count towards `max_children`: those `accepted`, or all that were `asked` for."""
    surplus: str = "wait"
    """Accepted levels beyond `keep`: they `wait` for a later cycle, or are never trained (`drop`)."""
    open_loop: bool = False
    edits: int = 20
    """Cells that one edit touches (accel)."""
    mutation: str = "noise"
    edit_probability: float = 0.8
    """Share of the slots that do not replay which accel gives to edited levels; the rest are new ones."""
    scoring_batch: int = 0
    """Levels that a scoring round rolls out (sfl); 0: as many as one cycle has slots."""
    scoring_every: int = 5
    """Training cycles between two scoring rounds (sfl)."""
    scoring_keep: int = 0
    """Levels that sfl trains on after a scoring round; 0: a quarter of the batch."""
    scoring_limit: int = 0
    """Steps of an episode at most in a scoring round (sfl); 0: as in training."""
    random_share: float = 0.0
    """Share of the slots that play fresh random levels in sfl's training cycles."""
    round: int = 12
    """Dreams asked for in a round."""
    keep: int = 10
    """New levels that enter a cycle at most (after the seed phase)."""
    every: int = 2
    """Cycles between two rounds of dreams."""
    lag: int = 2
    """Cycles between asking for dreams and taking them."""
    hooks: bool = False
    goal_only: bool = False
    hook_slots: int = 0
    """Slots whose levels may bring hooks; 0: such levels are not trained."""
    hook_envs: int = 0
    """Environments of one hook slot."""
    hook_cycles: int = 5
    """Cycles that a resident set of hooks is kept."""

    @property
    def has_target(self) -> bool:
        """Whether the target holds a slot."""
        return self.target_share > 0

    @property
    def free_slots(self) -> int:
        """Slots beside the target's."""
        return self.level_slots - self.has_target

    @property
    def target_envs(self) -> int:
        """Environments of the target while other levels train too."""
        return max(round(self.target_share * self.num_envs), self.min_envs) if self.has_target else 0


def check_room(settings: Settings) -> None:
    """`ConfigError` unless every slot can have its environments."""
    hooked, least = settings.hook_slots if settings.hook_envs else 0, settings.min_envs
    if settings.free_slots < max(hooked, 1):
        raise ConfigError(
            f"level_slots={settings.level_slots} leaves {settings.free_slots} slots for levels; "
            f"at least {max(hooked, 1) + settings.has_target} are needed"
        )
    if hooked and settings.hook_envs < least:
        raise ConfigError(f"hook_envs={settings.hook_envs}; a hook slot needs at least {least} environments")
    rest = settings.num_envs - settings.target_envs - hooked * settings.hook_envs
    plain = settings.free_slots - hooked
    if rest < least * plain:
        fit = max(rest // least, 0) + hooked + settings.has_target
        raise ConfigError(
            f"{settings.num_envs} environments with target_share={settings.target_share:g} leave {rest} for {plain} "
            f"levels; each needs {least}: use level_slots={fit} or fewer, or more environments"
        )
