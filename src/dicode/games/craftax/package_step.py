"""The craftax package's own step behind this project's interface: slow, and the same game by definition.

For `dicode eval engine=package` and for whoever wants to hold the two side by side. It knows no rules
but the package's and reports no events.
"""

import jax

from dicode.games.craftax import package
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState, from_package, to_package
from dicode.games.craftax.types import no_events
from dicode.games.device import StepResult


def step(key: jax.Array, state: GameState, action: jax.Array, rules: RuleTable) -> StepResult:
    """One step of the unmodified game; `rules` is not looked at."""
    after, reward = package.craftax_step(key, to_package(state), action, package.ENV_PARAMS, package.STATIC_PARAMS)
    done = package.is_game_over(after, package.ENV_PARAMS, package.STATIC_PARAMS)
    return StepResult(state=from_package(after), reward=reward, done=done, events=no_events())
