"""What the agent sees: the 9 x 11 window as eight bytes a cell, and 51 scalars.

One `Observation` takes 996 bytes; `expand` turns it into the package's 8268 floats, equal bit for bit.
`spec` says which byte selects which of those floats, so that an agent can look rows of a dense layer
up without knowing a single block.

Bytes of a cell, by index:

| byte | meaning | features of the package's cell |
|---|---|---|
| 0 | block, 0 to 36; 37 in the dark | 0 to 36 |
| 1 | item, 0 to 4; 5 in the dark | 37 to 41 |
| 2 | lit, 0 or 1 | 82 |
| 3 to 7 | melee, passive, ranged mobs, mobs' projectiles, player's projectiles: bit t for type t | 42 to 81 |

The package writes mobs one after the other into a window with wrapping indices: a mob off the window's
top or left edge, or an empty mob slot, writes a zero at the wrapped cell and so hides an earlier mob of
the same class and type there. This is kept, because agents trained elsewhere saw it too.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.accelerator import on_accelerator
from dicode.agent.spec import Bits, Category, ObservationSpec
from dicode.games.craftax.dynamics.few import Slots, any_of, apart, by_slot, chained, together
from dicode.games.craftax.levels.names import MAP_SIZE, Action, Block, Item
from dicode.games.craftax.levels.schema import MAX_MOBS, MAX_PROJECTILES
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import LIT, GameState, Mobs

ROWS, COLUMNS = 9, 11
DARK_BLOCK = len(Block)
DARK_ITEM = len(Item)
MOB_TYPES = 8
MOB_BYTES = 5
CELL_BYTES = 3 + MOB_BYTES
NUM_SCALARS = 51
_SLOTS = (MAX_MOBS["melee_mobs"], MAX_MOBS["passive_mobs"], MAX_MOBS["ranged_mobs"], MAX_PROJECTILES, MAX_PROJECTILES)
"""Mob slots of each of a cell's mob bytes."""
_UNSEEN = np.uint16(8 * ROWS * COLUMNS)


@struct.dataclass
class Observation:
    """The window and the player: cells uint8[..., 9, 11, 8], scalars float32[..., 51]."""

    cells: jax.Array
    scalars: jax.Array


@struct.dataclass
class Packed:
    """The same in 430 bytes, as it is kept on an accelerator, where its cells are spread out in what reads them."""

    words: jax.Array
    """uint16[..., 113]: of every cell its block, from bit 6 on item, from bit 9 on whether it is lit; then of every mob
    slot, by class, 8 x cell + type where it is in view, else `_UNSEEN`."""
    scalars: jax.Array

    @property
    def cells(self) -> jax.Array:
        """uint8[..., 9, 11, 8]: the window's bytes."""
        terrain, marks = jnp.split(self.words, [ROWS * COLUMNS], axis=-1)
        terrain = terrain.reshape(*terrain.shape[:-1], ROWS, COLUMNS)
        lit = terrain >> 9
        bytes_ = [terrain & 63, (terrain >> 6) & 7, lit]
        here = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS)
        start = 0
        for slots in _SLOTS:
            byte = jnp.zeros_like(terrain)
            for slot in range(start, start + slots):
                mark = marks[..., slot, None, None]
                byte = byte | jnp.where(here == mark >> 3, jnp.uint16(1) << (mark & 7), jnp.uint16(0))
            bytes_.append(byte * lit)
            start += slots
        return jnp.stack(bytes_, axis=-1).astype(jnp.uint8)


def spec(conditioning: int = 0) -> ObservationSpec:
    """The layout of an observation, with `conditioning` floats beside it that say what a level asks for."""
    mobs = len(Block) + len(Item)
    return ObservationSpec(
        cells=(ROWS, COLUMNS),
        channels=(
            Category(size=len(Block), offset=0),
            Category(size=len(Item), offset=len(Block)),
            Bits(size=1, offset=mobs + MOB_BYTES * MOB_TYPES),
            *(Bits(size=MOB_TYPES, offset=mobs + MOB_TYPES * index) for index in range(MOB_BYTES)),
        ),
        scalars=NUM_SCALARS,
        num_actions=len(Action),
        conditioning=conditioning,
        max_set_bits=sum(MAX_MOBS.values()) + 2 * MAX_PROJECTILES,
    )


SPEC = spec()
"""The layout without conditioning."""


@jax.named_scope("env.observation")
def observe(state: GameState, rules: RuleTable) -> Observation | Packed:
    """The observation of one environment, packed on an accelerator; `jax.vmap` it for many.

    Reads 99 cells of three maps on the player's floor and the mobs there, nothing else of the maps.
    """
    scalars = _scalars(state, rules)
    return _packed(state, scalars) if on_accelerator() else Observation(_cells(state), scalars)


def expand(observation: Observation) -> jax.Array:
    """The package's symbolic observation, float32[..., 8268], of observations with any leading axes."""
    return SPEC.expand(observation)


def _cells(state: GameState) -> jax.Array:
    """uint8[9, 11, 8] of one state.

    A cell is two 32-bit words, the mobs' bits are scattered into them: XLA's CPU backend would fuse any
    chain of comparisons into the loop over single bytes, and repeat it for each of them.
    """
    window = _window(state)
    lit = (window >> 16) >= LIT
    terrain = jnp.where(lit, (window & 0xFFFF) | 1 << 16, jnp.uint32(DARK_BLOCK | DARK_ITEM << 8))
    words = jnp.stack([terrain, jnp.zeros_like(terrain)], axis=-1)
    cell, kind = _mobs(state)
    byte = 3 + np.repeat(np.arange(MOB_BYTES), _SLOTS)
    bit = jnp.left_shift(jnp.uint32(1), kind.astype(jnp.uint32)) << np.uint32(8 * (byte % 4))
    seen = (cell >= 0) & lit[cell]
    words = words.at[jnp.where(seen, cell, ROWS * COLUMNS), byte // 4].add(bit, mode="drop")
    return jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(ROWS, COLUMNS, CELL_BYTES)


def _packed(state: GameState, scalars: jax.Array) -> Packed:
    """The observation of one state with the cells packed."""
    window = _window(state)
    lit = (window >> 16) >= LIT
    terrain = jnp.where(lit, (window & 0xFF) | (window >> 8 & 0xFF) << 6 | 1 << 9, DARK_BLOCK | DARK_ITEM << 6)
    cell, kind = _mobs(state)
    marks = by_slot(lambda cell, kind: jnp.where(cell >= 0, 8 * cell + kind, _UNSEEN).astype(jnp.uint16), cell, kind)
    return Packed(jnp.concatenate([terrain.astype(jnp.uint16), together(marks)]), scalars)


def _window(state: GameState) -> jax.Array:
    """uint32[99]: block, item and light as bytes 0, 1 and 2; zero, so dark, outside of the map."""
    rows = state.player_position[0] - ROWS // 2 + jnp.arange(ROWS)[:, None]
    columns = state.player_position[1] - COLUMNS // 2 + jnp.arange(COLUMNS)[None, :]
    inside = (rows >= 0) & (rows < MAP_SIZE) & (columns >= 0) & (columns < MAP_SIZE)
    row, column = jnp.clip(rows, 0, MAP_SIZE - 1), jnp.clip(columns, 0, MAP_SIZE - 1)
    place = (state.player_level * MAP_SIZE + row) * MAP_SIZE + column

    def look(plane: jax.Array) -> jax.Array:
        return plane.reshape(-1).at[place].get(mode="promise_in_bounds").astype(jnp.uint32)

    cells = look(state.blocks) | look(state.items) << 8 | look(state.light) << 16
    return jnp.where(inside, cells, jnp.uint32(0)).reshape(-1)


def _mobs(state: GameState) -> tuple[Slots, Slots]:
    """Of every mob slot: cell (-1 where none is drawn), and type."""
    classes = (
        state.melee_mobs,
        state.passive_mobs,
        state.ranged_mobs,
        state.mob_projectiles,
        state.player_projectiles,
    )
    cells, kinds = zip(*(_drawn(mobs, state.player_level, state.player_position) for mobs in classes), strict=True)
    return chained(*cells), chained(*kinds)


def _drawn(mobs: Mobs, floor: jax.Array, player: jax.Array) -> tuple[Slots, Slots]:
    """Cell (-1 for none) and type of each slot, after the package's order of writing and wrapping."""

    def in_window(at: Slots, mask: jax.Array) -> list[jax.Array]:
        row, column = at[0] - player[0] + ROWS // 2, at[1] - player[1] + COLUMNS // 2
        shown = (row >= 0) & (row < ROWS) & (column >= 0) & (column < COLUMNS) & mask
        writes = (row >= -ROWS) & (row < ROWS) & (column >= -COLUMNS) & (column < COLUMNS)
        wrapped = jnp.where(row < 0, row + ROWS, row) * COLUMNS + jnp.where(column < 0, column + COLUMNS, column)
        return [shown, jnp.where(writes, wrapped, -1)]

    kind = apart(mobs.type_id[floor])
    shown, place = by_slot(in_window, mobs.position[floor], mobs.mask[floor])
    # A later slot that writes the same bit has the last word; if it is shown, it draws the bit itself.
    hidden = _overwritten(place, kind)
    return by_slot(lambda shown, hidden, at: jnp.where(shown & ~hidden, at, -1), shown, hidden, place), kind


def _overwritten(place: Slots, kind: Slots) -> Slots:
    """bool[n]: whether a later slot is at the same place and of the same kind."""
    slot = np.arange(len(kind))
    if on_accelerator():
        same = [tuple((place[i] == place[j]) & (kind[i] == kind[j]) for j in slot[i + 1 :]) for i in slot]
        return tuple(any_of(later) if later else jnp.asarray(False) for later in same)
    later = slot[None, :] > slot[:, None]
    return ((place[None, :] == place[:, None]) & (kind[None, :] == kind[:, None]) & later).any(1)


def _scalars(state: GameState, rules: RuleTable) -> jax.Array:
    """float32[51] in the package's order: inventory, potions, vitals, facing, armour, specials."""
    held = state.inventory
    counted = [
        held.wood,
        held.stone,
        held.coal,
        held.iron,
        held.diamond,
        held.sapphire,
        held.ruby,
        held.sapling,
        held.torches,
        held.arrows,
    ]
    gear = [
        held.books / 2.0,
        held.pickaxe / 4.0,
        held.sword / 4.0,
        state.sword_enchantment,
        state.bow_enchantment,
        held.bow,
    ]
    vitals = [
        state.player_health,
        state.player_food,
        state.player_drink,
        state.player_energy,
        state.player_mana,
        state.player_xp,
        state.player_dexterity,
        state.player_strength,
        state.player_intelligence,
    ]
    return jnp.concatenate(
        [
            jnp.sqrt(_vector(counted)) / 10.0,
            _vector(gear),
            jnp.sqrt(held.potions.astype(jnp.float32)) / 10.0,
            _vector(vitals) / 10.0,
            (state.player_direction - 1 == jnp.arange(4)).astype(jnp.float32),
            held.armour.astype(jnp.float32) / 2.0,
            state.armour_enchantments.astype(jnp.float32),
            _specials(state, rules),
        ]
    )


def _specials(state: GameState, rules: RuleTable) -> jax.Array:
    """float32[8]: light, sleeping, resting, two spells, floor, ladder open, boss vulnerable."""
    floor = state.player_level
    ladder_open = state.monsters_killed[floor] >= rules.ladder_kills[floor]
    alone = ~any_of(state.melee_mobs.mask[floor]) & ~any_of(state.ranged_mobs.mask[floor])
    return _vector(
        [
            state.light_level,
            state.is_sleeping,
            state.is_resting,
            state.learned_spells[0],
            state.learned_spells[1],
            floor / 10.0,
            ladder_open,
            alone & (state.boss_timesteps_to_spawn_this_round <= 0),
        ]
    )


def _vector(values: list[jax.Array]) -> jax.Array:
    return jnp.stack([jnp.asarray(value).astype(jnp.float32) for value in values])
