"""Light: of torches, in bytes, and of the sky."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.accelerator import on_accelerator
from dicode.games.craftax.dynamics.few import Slots
from dicode.games.craftax.levels.names import MAP_SIZE, Item
from dicode.games.craftax.rules import RuleTable

_REACH = 4
_SPAN = np.arange(-_REACH, _REACH + 1)
_DISTANCE = np.sqrt(_SPAN[:, None] ** 2 + _SPAN[None, :] ** 2).astype(np.float32)
_WIDE = np.arange(-2 * _REACH, 2 * _REACH + 1)


@jax.named_scope("game.light")
def torch_light(
    lit: jax.Array, light: jax.Array, items: jax.Array, floor: jax.Array, position: Slots, rules: RuleTable
) -> tuple[jax.Array, jax.Array]:
    """The light map after a torch is put on `position`, if `lit`, and the light of the torches around it.

    The new torch is not yet in `items`.
    Every torch adds its light, up to 1. The sum over the torches around a cell is rounded as a whole, so
    that errors of single torches don't add up.
    """
    shine = jnp.clip(1 - _DISTANCE / rules.torch_radius, 0.0, 1.0) * rules.torch_brightness
    rows, columns = position[0] + _WIDE[:, None], position[1] + _WIDE[None, :]
    on_map = (rows >= 0) & (rows < MAP_SIZE) & (columns >= 0) & (columns < MAP_SIZE)
    torches = on_map & (items[floor, rows.clip(0, MAP_SIZE - 1), columns.clip(0, MAP_SIZE - 1)] == Item.TORCH)
    before = _light_of(torches.astype(jnp.float32), shine)
    added = jnp.rint(255.0 * (before + shine)) - jnp.rint(255.0 * before)
    rows, columns = position[0] + _SPAN[:, None], position[1] + _SPAN[None, :]
    on_map = (rows >= 0) & (rows < MAP_SIZE) & (columns >= 0) & (columns < MAP_SIZE)
    old = light[floor, rows.clip(0, MAP_SIZE - 1), columns.clip(0, MAP_SIZE - 1)]
    new = jnp.minimum(old.astype(jnp.float32) + added, 255.0).astype(light.dtype)
    light = light.at[floor, jnp.where(lit & on_map, rows, MAP_SIZE), columns].set(new, mode="drop")
    return light, before.sum()


def _light_of(torches: jax.Array, shine: jax.Array) -> jax.Array:
    """float32[9, 9]: light from torches, float32[17, 17], of which each shines as far as `shine` reaches."""
    if not on_accelerator():
        return jax.scipy.signal.convolve2d(torches, shine, mode="valid")
    # A convolution with another kernel for each environment is five launches; written out, it is part of one.
    size = _SPAN.size
    light = jnp.zeros((size, size), jnp.float32)
    for row in range(size):
        for column in range(size):
            light = light + torches[row : row + size, column : column + size] * shine[row, column]
    return light


@jax.named_scope("game.light")
def sky_light(timestep: jax.Array, rules: RuleTable) -> jax.Array:
    """Brightness of the overworld's sky at a step of the game, 0 to 1."""
    progress = (timestep / rules.day_length) % 1 + rules.day_start
    day = 1 - jnp.abs(jnp.cos(jnp.pi * progress)) ** 3
    # Equal to 1 - darkness x |cos|^3, in a form that is exact for a darkness of one.
    return day + (1 - rules.night_darkness) * (1 - day)
