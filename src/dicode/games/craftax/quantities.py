"""The vector of quantities that Craftax's goals can ask for.

Its order is `dicode.games.craftax.levels.goal.QUANTITIES`; a quantity without a rule here fails at import.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.goal import QUANTITIES
from dicode.games.craftax.levels.names import Mob
from dicode.games.craftax.state import GameState
from dicode.games.craftax.types import Events

_Rule = Callable[[GameState, jax.Array, Events], jax.Array]


def _survived(state: GameState, steps: jax.Array, events: Events) -> jax.Array:
    # The step in which the player dies is not one that was survived.
    return steps - (state.player_health <= 0)


def _vital(field: str) -> _Rule:
    return lambda state, steps, events: getattr(state, field)


def _held(item: str) -> _Rule:
    return lambda state, steps, events: getattr(state.inventory, item)


def _kills(mob: Mob) -> _Rule:
    return lambda state, steps, events: events.kills[..., mob.mob_class, mob.type_id]


def _counted(record: str, index: int) -> _Rule:
    return lambda state, steps, events: getattr(events, record)[..., index]


def _rules() -> dict[str, _Rule]:
    held = [name.removeprefix("inventory.") for name in QUANTITIES if name.startswith("inventory.")]
    return {
        "survive": _survived,
        "floor": lambda state, steps, events: state.player_level,
        "eaten": lambda state, steps, events: events.eaten,
        "drunk": lambda state, steps, events: events.drunk,
        "damage_taken": lambda state, steps, events: events.damage_taken,
        **{vital: _vital(f"player_{vital}") for vital in ("health", "food", "drink", "energy", "mana")},
        **{f"kills.{mob.name.lower()}": _kills(mob) for mob in Mob},
        **{f"collected.{kind}": _counted("collected", index) for index, kind in enumerate(COLLECTABLES)},
        **{f"placed.{kind}": _counted("placed", index) for index, kind in enumerate(PLACEABLES)},
        **{f"inventory.{item}": _held(item) for item in held},
        "inventory.potions": lambda state, steps, events: state.inventory.potions.sum(axis=-1),
        "inventory.armour": lambda state, steps, events: state.inventory.armour.sum(axis=-1),
    }


_RULES = _rules()
_ORDERED = tuple(_RULES[name] for name in QUANTITIES)


def quantities(state: GameState, steps: Int[Array, "..."], events: Events) -> Float[Array, "... Q"]:
    """Every quantity that a goal can ask for, in the order of `QUANTITIES`; leading axes are kept.

    `steps` and `events` are those of the episode so far.
    """
    return jnp.stack([rule(state, steps, events).astype(jnp.float32) for rule in _ORDERED], axis=-1)
