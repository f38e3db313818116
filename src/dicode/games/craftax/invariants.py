"""What stays true whatever a level's `transition` hook returns: ranges, enums, no NaN, no free reward.

`restore` is applied to the hook's result before anybody else sees it. It costs a few elementwise
operations for each array and knows the game only through `dicode.games.craftax.levels.schema`.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from dicode.games.craftax.levels.schema import MAX_MOBS, STATE_FIELDS
from dicode.games.craftax.state import GameState, from_arrays
from dicode.games.legal import legal

UNTOUCHABLE = ("achievements", "timestep", "state_rng", "potion_mapping")
"""Fields that a hook may read but not change: achievements pay reward, the rest belongs to the episode."""


def restore(before: GameState, after: GameState | Mapping[str, jax.Array]) -> GameState:
    """The legal state nearest to `after`, the result of a `transition` hook that was given `before`.

    `before` is the legal state that the game's own step produced. Arrays may have any leading axes,
    the same in both. Floats that are not finite are put back to `before`; every value is clipped to
    the schema's range and cast to its dtype; `UNTOUCHABLE` fields are put back; the mob map is made
    to agree with the mobs.
    """
    arrays = legal(STATE_FIELDS, UNTOUCHABLE, before, after)
    arrays["mob_map"] = mob_map(arrays)
    return from_arrays(arrays)


def mob_map(arrays: Mapping[str, jax.Array]) -> jax.Array:
    """Where mobs stand, bool[..., floors, 48, 48], from the positions and masks of the three classes."""
    shape = STATE_FIELDS["mob_map"].shape
    lead = arrays["player_level"].shape
    occupied = jnp.zeros((*lead, *shape), dtype=bool)
    floors, rows, columns = (jnp.arange(size) for size in shape)
    for record in MAX_MOBS:
        place, mask = arrays[f"{record}.position"], arrays[f"{record}.mask"]
        for slot in range(MAX_MOBS[record]):
            here_row = rows == place[..., slot, 0, None]
            here_column = columns == place[..., slot, 1, None]
            occupied |= mask[..., slot, None, None] & here_row[..., :, None] & here_column[..., None, :]
    del floors
    return occupied
