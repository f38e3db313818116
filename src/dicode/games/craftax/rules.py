"""The game's constants on the device: one pytree that the step reads.

The fields are the values of `dicode.games.craftax.levels.rule_spec`, in its order; any leading axes stack levels or
environments. The step takes one entry per environment.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import struct

from dicode.games.craftax.levels.rule_spec import VALUES
from dicode.games.craftax.levels.rules import Rules

if TYPE_CHECKING:

    class RuleTable:
        """Every constant of the step; fields are named by `dicode.games.craftax.levels.rule_spec.VALUES`."""

        def __init__(self, **fields: Any) -> None: ...

        def __getattr__(self, name: str) -> jax.Array: ...

        def replace(self, **changes: Any) -> "RuleTable":
            """A copy with some fields changed."""
            ...
else:
    RuleTable = struct.dataclass(
        type(
            "RuleTable",
            (),
            {
                "__module__": __name__,
                "__doc__": "Every constant of the step; fields are named by `dicode.games.craftax.levels.rule_spec.VALUES`.",
                "__annotations__": {rule.name: jax.Array for rule in VALUES},
            },
        )
    )


def default_rules() -> RuleTable:
    """The unmodified game."""
    return table({})


def table(rules_json: Mapping[str, object]) -> RuleTable:
    """The table for what `Rules.to_json()` wrote; an empty mapping is the unmodified game.

    Raises:
        LevelError: an unknown rule, or a value out of its range.
    """
    arrays = Rules.from_json(rules_json).arrays()
    return RuleTable(**{name: jnp.asarray(array) for name, array in arrays.items()})
