"""Craftax as devices see it: the data-driven step, and the package's own as another engine."""

from collections.abc import Mapping
from typing import Any

import jax
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


def _restore(before: GameState, after: Any) -> GameState:
    return invariants.restore(before, after)


def _generate(key: jax.Array, count: int, first: int = 0) -> dict[str, np.ndarray]:
    return worlds.generate(key, count, first)


DEVICE = DeviceGame(
    host=HOST,
    observation=observation.SPEC,
    step=dynamics.step,
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
    restore=_restore,
    anchor="player_level",
    generate=_generate,
)
