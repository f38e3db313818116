"""Goals on the device: the vector of quantities, and whether a goal holds now.

The vector's order is `dicode.games.craftax.levels.goal.QUANTITIES`; a quantity without a rule here fails at import.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from dicode.environment.episode import Counters
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.goal import QUANTITIES, Goal
from dicode.games.craftax.levels.names import Achievement, Mob
from dicode.games.craftax.state import GameState

_Rule = Callable[[GameState, Counters], jax.Array]


def _survived(state: GameState, counters: Counters) -> jax.Array:
    # The step in which the player dies is not one that was survived.
    return counters.steps - (state.player_health <= 0)


def _vital(field: str) -> _Rule:
    return lambda state, counters: getattr(state, field)


def _held(item: str) -> _Rule:
    return lambda state, counters: getattr(state.inventory, item)


def _kills(mob: Mob) -> _Rule:
    return lambda state, counters: counters.kills[..., mob.mob_class, mob.type_id]


def _counted(record: str, index: int) -> _Rule:
    return lambda state, counters: getattr(counters, record)[..., index]


def _rules() -> dict[str, _Rule]:
    held = [name.removeprefix("inventory.") for name in QUANTITIES if name.startswith("inventory.")]
    return {
        "survive": _survived,
        "floor": lambda state, counters: state.player_level,
        "eaten": lambda state, counters: counters.eaten,
        "drunk": lambda state, counters: counters.drunk,
        "damage_taken": lambda state, counters: counters.damage_taken,
        **{vital: _vital(f"player_{vital}") for vital in ("health", "food", "drink", "energy", "mana")},
        **{f"kills.{mob.name.lower()}": _kills(mob) for mob in Mob},
        **{f"collected.{kind}": _counted("collected", index) for index, kind in enumerate(COLLECTABLES)},
        **{f"placed.{kind}": _counted("placed", index) for index, kind in enumerate(PLACEABLES)},
        **{f"inventory.{item}": _held(item) for item in held},
        "inventory.potions": lambda state, counters: state.inventory.potions.sum(axis=-1),
        "inventory.armour": lambda state, counters: state.inventory.armour.sum(axis=-1),
    }


_RULES = _rules()
_ORDERED = tuple(_RULES[name] for name in QUANTITIES)


def quantities(state: GameState, counters: Counters) -> Float[Array, "... Q"]:
    """Every quantity that a goal can ask for, in the order of `QUANTITIES`; leading axes are kept."""
    return jnp.stack([rule(state, counters).astype(jnp.float32) for rule in _ORDERED], axis=-1)


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


TARGET_GOAL = Goal.all_of(*Achievement)
"""The goal of the unmodified game: everything."""

CONDITIONINGS = {"full": len(Achievement) + len(QUANTITIES), "paper": len(Achievement)}
"""Length of the conditioning vector by kind."""


def conditioning(goal: Goal, kind: str = "full") -> np.ndarray:
    """What the agent is told of a goal, float32[C].

    `paper`: the 67 achievements multi-hot. `full`: these, then
    log2(1 + minimum) / 8 for every quantity, 0 where none is asked; 255 maps to 1.
    """
    asked, minimum = goal.to_arrays()
    parts = [asked.astype(np.float32)]
    if kind == "full":
        parts.append(np.log2(1.0 + minimum).astype(np.float32) / 8.0)
    return np.concatenate(parts)[: CONDITIONINGS[kind]]
