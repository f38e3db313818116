"""Every random number of a step, drawn at once.

The package splits its key some forty times along the step, so that which number goes where depends on
the order of its code. All of it depends on the step's key alone. Here the same keys are derived in three
short chains and the numbers drawn in a few wide calls of Threefry-2x32 (Salmon et al., 2011), the
generator behind `jax.random`; the values equal those of `jax.random` bit for bit.

On a CPU a step draws for itself. On an accelerator, where the chains would be thousands of operations or dozens of
launches in each step, the draws of a whole rollout are made before its first step (`draw_ahead`).
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

Keys = tuple[jax.Array, jax.Array]
"""Two words of keys, uint32[...] each."""
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)

# Splits in the chain of the mobs' keys: one per group, four per melee mob, one per passive, three per ranged.
_MELEE = [1 + 4 * slot for slot in range(3)]
_PASSIVE = [14 + slot for slot in range(3)]
_RANGED = [18 + 3 * slot for slot in range(2)]
_SPARE = [13, 13, 13, 0, 0, 0, 17, 17]
_COUNTERS = np.array([0] * 27 + [0, 1, 2, 0, 1, 2, 0, 1], np.uint32)
_MOB_SPLITS = 24
_SPAWN_SPLITS = 6
# The package carries a melee mob's fourth subkey on, not the remaining key.
_TAKES_SUBKEY = np.isin(np.arange(_MOB_SPLITS), [at + 3 for at in _MELEE])
_CHEST_SPLITS = 14
CHEST_INTEGERS = (1, 4, 6, 7, 9, 11)
"""Which of a chest's draws are whole numbers; the others are uniform."""


class ChestDraws(struct.PyTreeNode):
    """The draws of a chest's contents."""

    unit: jax.Array
    """[14] in [0, 1)."""
    high: jax.Array
    """uint32[6]: with `low` the bits of the whole numbers, in the order of `CHEST_INTEGERS`."""
    low: jax.Array

    def integer(self, which: int, least: jax.Array, most: jax.Array) -> jax.Array:
        """int32: `jax.random.randint(key, (), least, most + 1)` of the key at `which`; `least` <= `most`."""
        place = CHEST_INTEGERS.index(which)
        span = (most - least + 1).astype(jnp.uint32)
        half = jnp.uint32(1 << 16) % span
        offset = (self.high[place] % span * (half * half % span) + self.low[place] % span) % span
        drawn: jax.Array = least + offset.astype(jnp.int32)
        return drawn


class Draws(struct.PyTreeNode):
    """Uniform numbers in [0, 1), directions as indices, and the keys that are passed on."""

    sapling: jax.Array
    book: jax.Array
    enchantment: jax.Array
    chest: jax.Array | ChestDraws
    """The chest's contents, or their key, uint32[2], where they are drawn only if a chest is opened."""
    spawning: jax.Array
    """[6]: chance and place of a passive, a melee and a ranged mob."""
    melee_direction: jax.Array
    """[3] in 0 to 3."""
    melee_axis: jax.Array
    melee_chase: jax.Array
    passive_direction: jax.Array
    """[3] in 0 to 7."""
    ranged_direction: jax.Array
    ranged_axis: jax.Array
    ranged_plan: jax.Array
    speed: jax.Array
    """[8] in the order passive, melee, ranged; the package has no such draw."""
    state_rng: jax.Array
    """uint32[2], kept in the state."""


@jax.named_scope("game.draws")
def draw(key: jax.Array) -> Draws:
    """All draws of the step with `key`, uint32[2]."""
    main = _chain(_pair(key), np.zeros(6, bool))[0]
    action, book, enchant, mobs, spawn, state_rng = (_at(main, i) for i in range(6))
    rest, sapling = _split(action)
    chest = _split(rest)[1]
    singles = [sapling, _split(book)[1], _split(enchant)[1]]

    spawn_keys = _chain(spawn, np.zeros(_SPAWN_SPLITS, bool))[0]
    mob_keys = _chain(mobs, _TAKES_SUBKEY)[0]
    melee, ranged = np.array(_MELEE), np.array(_RANGED)
    second = np.concatenate([melee + 1, melee + 2, ranged + 1, ranged + 2])
    whole_keys = _split(_at(mob_keys, np.concatenate([melee, _PASSIVE, ranged])))[1]
    spare_keys = _at(mob_keys, np.array(_SPARE))
    single = jnp.stack([key[0] for key in singles]), jnp.stack([key[1] for key in singles])
    groups = [single, spawn_keys, _at(mob_keys, second), whole_keys, spare_keys]
    keys = jnp.concatenate([key[0] for key in groups]), jnp.concatenate([key[1] for key in groups])
    drawn = _drawn(keys, _COUNTERS)
    unit, whole, spare = _unit(drawn[:19]), drawn[19:27].astype(jnp.int32), _unit(drawn[27:])
    return Draws(
        sapling=unit[0],
        book=unit[1],
        enchantment=unit[2],
        chest=jnp.stack(chest),
        spawning=unit[3:9],
        melee_axis=unit[9:12],
        melee_chase=unit[12:15],
        ranged_axis=unit[15:17],
        ranged_plan=unit[17:19],
        melee_direction=whole[0:3] & 3,
        passive_direction=whole[3:6] & 7,
        ranged_direction=whole[6:8] & 3,
        speed=spare,
        state_rng=jnp.stack(state_rng),
    )


def draw_ahead(key: jax.Array) -> Draws:
    """The same with what a chest holds drawn as well, whether or not one will be opened."""
    draws = draw(key)
    return draws.replace(chest=draw_chest(draws.chest))


@jax.named_scope("game.draws")
def draw_chest(key: jax.Array | ChestDraws) -> ChestDraws:
    """What the chest with `key` draws, if it is not drawn yet."""
    if isinstance(key, ChestDraws):
        return key
    keys = _chain(_pair(key), np.zeros(_CHEST_SPLITS, bool))[0]
    high, low = (_bits(child) for child in _split(_at(keys, np.array(CHEST_INTEGERS))))
    return ChestDraws(_unit(_bits(keys)), high, low)


def _bits(keys: Keys) -> jax.Array:
    """uint32[...]: 32 random bits of each key."""
    return _bits_at(keys, np.uint32(0))


def _bits_at(keys: Keys, counter: jax.Array | np.ndarray | np.uint32) -> jax.Array:
    first, second = _threefry(keys, counter)
    return first ^ second


def _drawn(keys: Keys, counters: np.ndarray) -> jax.Array:
    """uint32[n]: bits of n keys with their counters.

    A loop of two rounds: the compiler would otherwise fuse the generator into everything that reads a draw.
    """
    padding = len(counters) % 2
    halves = jnp.pad(keys[0], (0, padding)).reshape(2, -1), jnp.pad(keys[1], (0, padding)).reshape(2, -1)
    blocks = halves, jnp.asarray(np.pad(counters, (0, padding)).reshape(2, -1))
    words: jax.Array = jax.lax.map(lambda block: _bits_at(*block), blocks).reshape(-1)[: len(counters)]
    return words


def _unit(random_bits: jax.Array) -> jax.Array:
    """Bits as a float in [0, 1): they fill the mantissa of a number in [1, 2)."""
    mantissa = (random_bits >> 9) | np.uint32(0x3F800000)
    return jax.lax.bitcast_convert_type(mantissa, jnp.float32) - 1.0


def _pair(key: jax.Array) -> Keys:
    return key[..., 0], key[..., 1]


def _at(keys: Keys, index: int | np.ndarray) -> Keys:
    return keys[0][index], keys[1][index]


def _split(keys: Keys) -> tuple[Keys, Keys]:
    """Both results of `jax.random.split`."""
    return _threefry(keys, np.uint32(0)), _threefry(keys, np.uint32(1))


def _chain(head: Keys, takes_subkey: np.ndarray) -> tuple[Keys, Keys]:
    """Subkeys, and the last key, of a chain of splits; where `takes_subkey`, bool[T], is set it goes on with those."""

    def split(key: Keys, swap: jax.Array) -> tuple[Keys, Keys]:
        rest, subkey = _split(key)
        return (jnp.where(swap, subkey[0], rest[0]), jnp.where(swap, subkey[1], rest[1])), subkey

    last, subkeys = jax.lax.scan(split, head, jnp.asarray(takes_subkey))
    return subkeys, last


def _threefry(keys: Keys, counter: jax.Array | np.ndarray | np.uint32) -> Keys:
    """Threefry-2x32 with 20 rounds of the block (0, counter) under each key."""
    first, second = keys
    schedule = (first, second, first ^ second ^ _PARITY)
    left, right = first, second + counter
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            left = left + right
            right = (right << distance | right >> (32 - distance)) ^ left
        left = left + schedule[(group + 1) % 3]
        right = right + schedule[(group + 2) % 3] + np.uint32(group + 1)
    return left, right
