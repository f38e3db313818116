"""XLand-MiniGrid as devices see it: the package's functions on the player's surroundings, or its whole environment."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from dicode.counting import FOREVER
from dicode.games.device import DeviceGame
from dicode.games.legal import legal
from dicode.games.xland import dynamics, observation
from dicode.games.xland.host import HOST
from dicode.games.xland.levels import target
from dicode.games.xland.levels.names import WALKABLE
from dicode.games.xland.levels.schema import FIELDS
from dicode.games.xland.state import Events, GameState, RuleTable, from_arrays, from_values, no_events

_KEPT = tuple(name for name in FIELDS if name not in ("position", "direction"))
"""Fields that a `transition` hook cannot change: they are the task, or what the package's functions rely on."""


def _rule_table(arrays: Mapping[str, np.ndarray]) -> RuleTable:
    return RuleTable(**{name: jnp.asarray(array) for name, array in arrays.items()})


def _endless(rules: RuleTable) -> RuleTable:
    return rules.replace(episode_length=jnp.full_like(rules.episode_length, FOREVER))


def _quantities(state: GameState, steps: Int[Array, "..."], events: Events) -> Float[Array, "... Q"]:
    # What counts is the last trial: there the agent has found out what can be found out.
    return (state.solved & state.is_last).astype(jnp.float32)[..., None]


def _achievements(state: GameState) -> Bool[Array, "... A"]:
    return state.achievements


def _made(state: GameState) -> Int[Array, "..."]:
    return state.made


def _is_over(state: GameState) -> Bool[Array, "..."]:
    return jnp.zeros(state.solved.shape, bool)


def _restore(before: GameState, after: Any) -> GameState:
    """Where a hook puts the player counts if one can stand there; everything else stays as the step left it."""
    new = from_values(legal(FIELDS, _KEPT, before, after))
    row, column = new.position[..., 0], new.position[..., 1]
    tiles = before.grid[..., 0].reshape(*row.shape, -1)
    there = jnp.take_along_axis(tiles, (row * before.grid.shape[-2] + column)[..., None], axis=-1)
    walkable = jnp.isin(there, jnp.array([int(tile) for tile in WALKABLE]))
    return new.replace(position=jnp.where(walkable, new.position, before.position))


def _generate(key: jax.Array, count: int, first: int = 0) -> dict[str, np.ndarray]:
    """Worlds of the target's training tasks, made on the host: number i follows from (key, i)."""
    seed = [int(part) for part in np.asarray(key, np.uint32)]
    worlds = []
    for index in range(first, first + count):
        arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
        target.draw(arrays, np.random.default_rng([*seed, index]))
        worlds.append(arrays)
    return {name: np.stack([world[name] for world in worlds]) for name in FIELDS}


DEVICE = DeviceGame(
    host=HOST,
    observation=observation.SPEC,
    step=dynamics.step,
    engines={"package": dynamics.package_step},
    observe=observation.observe,
    from_arrays=from_arrays,
    rule_table=_rule_table,
    endless=_endless,
    no_events=no_events,
    quantities=_quantities,
    achievements=_achievements,
    depth=_made,
    is_over=_is_over,
    restore=_restore,
    anchor="direction",
    generate=_generate,
)
