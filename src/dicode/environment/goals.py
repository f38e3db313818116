"""Goals on the device: whether one holds, and what an agent is told of it."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from dicode.games.host import Goal, HostGame

CONDITIONINGS = ("full", "normalised", "paper", "none")
"""What an agent can be told of a goal."""


def met(
    achieved: Bool[Array, "... A"],
    values: Float[Array, "... Q"],
    asked: Bool[Array, "... A"],
    minimum: Float[Array, "... Q"],
) -> Bool[Array, "..."]:
    """Whether every achievement asked for is had and every minimum above zero reached; never for an empty goal."""
    holds = jnp.all(achieved | ~asked, axis=-1) & jnp.all((values >= minimum) | (minimum <= 0), axis=-1)
    return holds & ~empty(asked, minimum)


def empty(asked: Bool[Array, "... A"], minimum: Float[Array, "... Q"]) -> Bool[Array, "..."]:
    """Whether a goal asks for nothing."""
    return ~(jnp.any(asked, axis=-1) | jnp.any(minimum > 0, axis=-1))


def conditioning_size(game: HostGame, kind: str) -> int:
    """Length C of the conditioning vector."""
    whole = len(game.achievements) + len(game.quantities)
    return {"none": 0, "paper": len(game.achievements), "full": whole, "normalised": whole}[kind]


def conditioning(game: HostGame, goal: Goal, kind: str = "full") -> np.ndarray:
    """What the agent is told of a goal, float32[C].

    `none`: nothing. `paper`: the achievements multi-hot. `full`: these, then log2(1 + minimum) / 8 for every quantity,
    0 where none is asked; 255 maps to 1. `normalised`: `full` over the root of how much is asked, so that the whole
    game's goal is no longer than a level's.
    """
    asked, minimum = goal.to_arrays()
    parts = [asked.astype(np.float32)]
    if kind in ("full", "normalised"):
        parts.append(np.log2(1.0 + minimum).astype(np.float32) / 8.0)
    told = np.concatenate(parts)[: conditioning_size(game, kind)]
    if kind == "normalised":
        told /= np.sqrt(max(int(np.count_nonzero(told)), 1))
    return told
