"""Builds an agent from its settings."""

from dicode.agent.gtrxl import gtrxl
from dicode.agent.recurrent import recurrent
from dicode.agent.settings import AgentConfig, GtrxlConfig
from dicode.agent.spec import ObservationSpec
from dicode.agent.types import Agent
from dicode.settings import check_ranges


def make_agent(spec: ObservationSpec, config: AgentConfig) -> Agent:
    """The agent of `config`. Raises `ConfigError` for sizes out of range, or that don't divide."""
    check_ranges(config, "agent.")
    return gtrxl(spec, config) if isinstance(config, GtrxlConfig) else recurrent(spec, config)
