"""What no single setting of a run can say: those that must agree with each other, and those that leave no room."""

import re
from math import ceil
from typing import TYPE_CHECKING

from dicode import games
from dicode.agent.settings import GtrxlConfig
from dicode.errors import ConfigError, nearest
from dicode.learner.settings import MOST_UPDATES, PpoConfig
from dicode.methods.settings import target_envs

if TYPE_CHECKING:
    from dicode.config import Config

LEAST_EPISODE = 10
"""Steps of the shortest episode limit."""


def check(config: "Config") -> None:
    """Raise ConfigError where settings that are right one by one do not go together."""
    learner, agent = config.learner, config.agent
    if config.num_updates > MOST_UPDATES:
        most = (MOST_UPDATES // config.updates_per_cycle - 1) * config.steps_per_cycle
        raise ConfigError(
            f"total_steps={config.total_steps:g} takes {config.num_updates:,} updates, more than can be counted; "
            f"with these settings at most total_steps={most:.4g}"
        )
    if config.dreamer.probe_low >= config.dreamer.probe_high:
        raise ConfigError(
            f"dreamer.probe_low={config.dreamer.probe_low:g} must be below dreamer.probe_high={config.dreamer.probe_high:g}"
        )
    if config.num_envs % learner.minibatches:
        raise ConfigError(
            f"num_envs={config.num_envs} is not a multiple of learner.minibatches={learner.minibatches}; "
            f"the nearest that is: {max(1, round(config.num_envs / learner.minibatches)) * learner.minibatches}"
        )
    if isinstance(agent, GtrxlConfig):
        _check_transformer(agent, learner)
    steps = config.updates_per_cycle * learner.rollout_steps
    # Episodes count by their beginning. Statuses need several in every environment, regret scores need one.
    most, of = (steps // 2, "half of the ") if config.method.name == "dicode" else (steps, "the ")
    if config.episode_limit > most:
        enough = ceil(config.updates_per_cycle * config.episode_limit / most)
        lower = f"set episode_limit={most} or less, or " if most >= LEAST_EPISODE else ""
        raise ConfigError(
            f"episode_limit={config.episode_limit} exceeds {of}{steps} steps that an environment takes in a "
            f"cycle, so too few episodes would count; {lower}set updates_per_cycle={enough} or more"
        )
    _check_target(config)
    _check_room(config)
    if not re.fullmatch(r"[\w.-]+", config.name) or not config.name.strip("."):
        raise ConfigError(f"run={config.name!r} must be letters, digits, '.', '_' and '-' only, and not dots alone")


def _check_target(config: "Config") -> None:
    """The target is known, and what it or a level pays can teach."""
    if (
        config.target != games.GAME
        and not config.target.startswith(games.LIBRARY)
        and not config.target.endswith(".py")
    ):
        hint = nearest(config.target, (games.GAME, games.LIBRARY))
        if config.target in dict(games.load_host(config.game).library()):
            hint = f"; did you mean '{games.LIBRARY}{config.target}'?"
        raise ConfigError(f"target={config.target!r} is not known{hint} (game, library:NAME, or a level file, FILE.py)")
    pays = config.method.name != "ppo" or config.target != games.GAME
    grows = config.bonus == "dynamic" and config.target == games.GAME
    if config.reward == "goal" and config.bonus_value == 0 and pays and not grows:
        raise ConfigError("reward=goal with bonus_value=0 leaves a level nothing to pay; set a bonus_value above 0")
    if getattr(config.method, "generator", "") == "goals" and config.target != games.GAME:
        raise ConfigError("method.generator=goals draws goals for the game's own worlds, so it needs target=game")


def _check_room(config: "Config") -> None:
    """The target and every level slot get their environments."""
    if getattr(config.dreamer, "hooks", False) and not config.hook_slots and config.method.name == "dicode":
        raise ConfigError("dreamer.hooks=true with hook_slots=0 trains no level with hooks; set hook_slots=1 or more")
    slots = 1 if config.method.name == "ppo" else config.level_slots
    if 0 < config.pool_size < (worlds := slots * config.worlds_per_level):
        raise ConfigError(
            f"pool_size={config.pool_size} does not hold worlds_per_level={config.worlds_per_level} worlds of each of "
            f"{slots} levels; set pool_size={worlds} or more, or 0"
        )
    if config.method.name == "ppo" or config.level_slots == 1:
        return
    least, target = config.min_envs, config.target_share > 0
    if target != (config.target_share_final > 0) and config.target_share_final >= 0:
        raise ConfigError(
            f"target_share={config.target_share:g} and target_share_final={config.target_share_final:g}: "
            "the target holds a slot all the time or never, so both are above 0, or none"
        )
    share = max(config.target_share, config.target_share_final)
    others = config.num_envs - target_envs(config.num_envs, share, least)
    if others < least:
        raise ConfigError(
            f"target_share={share:g} leaves {others} of {config.num_envs} environments to levels; lower it, or train "
            "on the target alone with method=ppo"
        )
    if others < least * (config.level_slots - target):
        raise ConfigError(
            f"level_slots={config.level_slots} leaves fewer than {least} of {others} environments to each level; "
            f"at most level_slots={others // least + target} fit"
        )


def _check_transformer(agent: GtrxlConfig, learner: PpoConfig) -> None:
    if learner.rollout_steps % agent.window:
        raise ConfigError(
            f"learner.rollout_steps={learner.rollout_steps} is not a multiple of agent.window={agent.window}"
        )
    if agent.qkv % agent.heads:
        raise ConfigError(f"agent.qkv={agent.qkv} is not a multiple of agent.heads={agent.heads}")
