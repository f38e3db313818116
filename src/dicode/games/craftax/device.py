"""Craftax as devices see it: the data-driven step, and the package's own as another engine."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from dicode.counting import FOREVER
from dicode.games.craftax import dynamics, invariants, observation, package_step, worlds
from dicode.games.craftax.host import HOST
from dicode.games.craftax.quantities import quantities
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState, from_arrays
from dicode.games.craftax.types import no_events
from dicode.games.device import DeviceGame


def _rule_table(arrays: Mapping[str, np.ndarray]) -> RuleTable:
    return RuleTable(**{name: jnp.asarray(array) for name, array in arrays.items()})


def _endless(rules: RuleTable) -> RuleTable:
    return rules.replace(episode_length=jnp.full_like(rules.episode_length, FOREVER))


def _achievements(state: GameState) -> Bool[Array, "... A"]:
    return state.achievements


def _floor(state: GameState) -> Int[Array, "..."]:
    return state.player_level


def _is_over(state: GameState) -> Bool[Array, "..."]:
    return state.player_health <= 0


DEVICE = DeviceGame(
    host=HOST,
    observation=observation.SPEC,
    step=dynamics.step,
    draw=dynamics.draw_ahead,
    engines={"package": package_step.step},
    observe=observation.observe,
    from_arrays=from_arrays,
    rule_table=_rule_table,
    endless=_endless,
    no_events=no_events,
    quantities=quantities,
    achievements=_achievements,
    depth=_floor,
    is_over=_is_over,
    restore=invariants.restore,
    anchor="player_level",
    generate=worlds.generate,
)
