"""The one place that imports `xminigrid`: what the game's step, goals and observation call."""

from dicode.errors import ConfigError

try:
    from xminigrid.core.actions import take_action
    from xminigrid.core.goals import AgentOnPositionGoal, TileOnPositionGoal, check_goal
    from xminigrid.core.observation import transparent_field_of_view
    from xminigrid.core.rules import check_rule
    from xminigrid.environment import Environment, EnvParams
    from xminigrid.envs.xland import XLandEnvParams, XLandMiniGrid
    from xminigrid.types import AgentState, EnvCarry, RuleSet, State, StepType, TimeStep
except ImportError as error:
    raise ConfigError(f"game=xland needs the package xminigrid: pip install 'dicode[xland]' ({error})") from error

__all__ = [
    "AgentOnPositionGoal",
    "AgentState",
    "EnvCarry",
    "EnvParams",
    "Environment",
    "RuleSet",
    "State",
    "StepType",
    "TileOnPositionGoal",
    "TimeStep",
    "XLandEnvParams",
    "XLandMiniGrid",
    "check_goal",
    "check_rule",
    "take_action",
    "transparent_field_of_view",
]
