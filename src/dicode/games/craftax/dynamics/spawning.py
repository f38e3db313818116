"""Where mobs come from: each step may bring one passive, one melee and one ranged mob.

A mob appears on a random free cell of the right ground, not too near to the player and not too far.
The package draws that cell by weights over the whole floor; only cells within 13 of the player can
have a weight, so a window of 27 x 27 is looked at. The package adds the weights up in floating point,
here cells are counted; the two pick different neighbours in about one draw of 60 000.
"""

from functools import partial
from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np

from dicode.accelerator import on_accelerator
from dicode.games.craftax.dynamics.boss import wave_is_rising
from dicode.games.craftax.dynamics.draws import Draws
from dicode.games.craftax.dynamics.few import (
    Slots,
    any_of,
    apart,
    by_number,
    by_slot,
    first_free,
    pick,
    slots_of,
    total,
)
from dicode.games.craftax.dynamics.rare import some
from dicode.games.craftax.dynamics.scene import MELEE, PASSIVE, RANGED, Creatures, Scene
from dicode.games.craftax.levels.grid import SPAWN_BLOCKS
from dicode.games.craftax.levels.names import MAP_SIZE, Block
from dicode.games.craftax.rules import RuleTable

_REACH = 13
_SIZE = 2 * _REACH + 1
_SPAN = np.arange(_SIZE)
_GRAVES = (Block.GRAVE, Block.GRAVE2, Block.GRAVE3)
_DEEP_THING = 5
_CLASSES = (PASSIVE, MELEE, RANGED)


@jax.named_scope("game.spawning")
def spawn(scene: Scene, draws: Draws, rules: RuleTable) -> Scene:
    """Let new mobs appear on the player's floor."""
    game, floor = scene.game, scene.game.player_level
    limits = slots_of(*(limit[floor] for limit in (rules.max_passive, rules.max_melee, rules.max_ranged)))
    alive = slots_of(*(total(scene.mobs.mask[part]) for part in _CLASSES))
    kinds = _kinds(scene, rules)
    chance, place = draws.spawning[0::2], draws.spawning[1::2]
    wanted = by_slot(
        lambda unit, chance, alive, limit: (unit < chance) & (alive < limit),
        chance,
        _chances(scene, rules),
        alive,
        limits,
    )
    # The map of mobs also marks the first mob of a class without a free slot, which the next class then avoids.
    marked = slots_of(*(_next_slot(scene.mobs, part)[1] for part in _CLASSES))
    spans = jnp.stack([rules.passive_spawn_distance, rules.monster_spawn_distance, rules.boss_spawn_distance])
    swims = kinds[2] == _DEEP_THING
    arguments = floor, game.player_position, scene.fighting_boss, swims, wanted, place, marked
    nowhere = apart(jnp.zeros((3, 2), jnp.int32)), apart(jnp.zeros(3, bool))
    scene = scene.replace(blocks=scene.blocks.settled(), mob_map=scene.mob_map.settled())
    maps = scene.blocks.cells, scene.mob_map.cells
    cells, found = some(any_of(wanted), _cells, nowhere, maps, *arguments, spans, rules.spawn_limit)
    for number, part in enumerate(_CLASSES):
        scene = _appear(scene, part, found[number], cells[number], kinds[number] + 8 * number, rules)
    return scene


def _cells(
    maps: tuple[jax.Array, jax.Array],
    index: jax.Array,
    floor: jax.Array,
    player: Slots,
    boss: jax.Array,
    swims: jax.Array,
    wanted: Slots,
    unit: jax.Array,
    marked: Slots,
    spans: jax.Array,
    limit: jax.Array,
) -> tuple[Slots, Slots]:
    """Where a mob of each class appears, int32[3, 2], and whether it is wanted and there is room, bool[3]."""
    corner = by_slot(lambda at: jnp.clip(at - _REACH, 0, MAP_SIZE - _SIZE), player)
    start = (index, floor, corner[0], corner[1])
    blocks, taken = (jax.lax.dynamic_slice(cells, start, (1, 1, _SIZE, _SIZE))[0, 0] for cells in maps)
    places = _places(blocks, taken, by_slot(jnp.subtract, corner, player), boss, swims, spans, limit)
    if on_accelerator():
        rows = (places.astype(jnp.uint32) << _SPAN.astype(np.uint32)).sum(axis=2, dtype=jnp.uint32)
        return _cells_of_rows(rows, corner, wanted, unit, marked)
    cells, found = [], []
    for number in range(3):
        cell, free = _choose(places[number], unit[number])
        position = corner + jnp.stack([cell // _SIZE, cell % _SIZE])
        found.append(wanted[number] & free)
        cells.append(position)
        avoid = jnp.where(found[-1], position, marked[number])
        places = places & ~_is_cell(avoid - corner)
    return jnp.stack(cells), jnp.stack(found)


def _cells_of_rows(
    rows: jax.Array, corner: Slots, wanted: Slots, unit: jax.Array, marked: Slots
) -> tuple[Slots, Slots]:
    """The same from places as one word a row, uint32[3, 27]: single numbers, which need no reductions."""
    cells, found = [], []
    words = [[rows[number, row] for row in range(_SIZE)] for number in range(3)]
    for number in range(3):
        *cell, free = _choose_bit(words[number], unit[number])
        found.append(wanted[number] & free)
        cells.append(tuple(corner[axis] + cell[axis] for axis in range(2)))
        avoid = [
            jnp.where(found[-1], *both) - start for *both, start in zip(cells[-1], marked[number], corner, strict=True)
        ]
        inside = (avoid[1] >= 0) & (avoid[1] < _SIZE)
        kept = ~jnp.where(inside, jnp.uint32(1) << jnp.clip(avoid[1], 0, _SIZE - 1).astype(jnp.uint32), 0)
        words = [[jnp.where(avoid[0] == row, word & kept, word) for row, word in enumerate(of)] for of in words]
    return tuple(cells), tuple(found)


def _choose_bit(words: list[jax.Array], unit: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Row and column of the cell that a uniform number picks among the set bits, and whether there is any."""
    up_to = list(accumulate(jax.lax.population_count(word).astype(jnp.int32) for word in words))
    rank = jnp.clip(jnp.ceil(up_to[-1] * (1 - unit)).astype(jnp.int32), 1, up_to[-1])
    row = jnp.minimum(sum((below < rank).astype(jnp.int32) for below in up_to), _SIZE - 1)
    word, before = words[0], jnp.int32(0)
    for number in range(1, _SIZE):
        word, before = (
            jnp.where(row == number, words[number], word),
            jnp.where(row == number, up_to[number - 1], before),
        )
    column = jnp.int32(0)
    for bit in range(_SIZE):
        below = jax.lax.population_count(word & np.uint32((1 << (bit + 1)) - 1)).astype(jnp.int32)
        column = column + (below < rank - before)
    return row, jnp.minimum(column, _SIZE - 1), up_to[-1] > 0


def _chances(scene: Scene, rules: RuleTable) -> Slots:
    """float32[3]: chance that a mob of each class appears in this step."""
    game, floor = scene.game, scene.game.player_level
    chance = rules.spawn_chance[floor]
    unrest = jnp.where(pick(game.monsters_killed, floor) < rules.ladder_kills[floor], rules.uncleared_spawn, 1.0)
    unrest = unrest * jnp.where(scene.fighting_boss, wave_is_rising(scene) * rules.boss_spawn, 1.0)
    passive = jnp.where(scene.fighting_boss, 0.0, chance[0])
    melee = chance[1] + chance[3] * jnp.square(1 - game.light_level)
    return slots_of(passive, melee * unrest, chance[2] * unrest)


def _kinds(scene: Scene, rules: RuleTable) -> Slots:
    """int32[3]: the type of each class that lives here; in the boss fight each wave brings another floor's."""
    floor = scene.game.player_level
    home = jnp.where(scene.fighting_boss, scene.game.boss_progress, floor)
    return slots_of(rules.passive_kind[floor], rules.melee_kind[home], rules.ranged_kind[home])


def _places(
    blocks: jax.Array,
    taken: jax.Array,
    gap: Slots,
    boss: jax.Array,
    swims: jax.Array,
    spans: Slots,
    limit: jax.Array,
) -> jax.Array:
    """bool[3, 27, 27]: where in the window a mob of each class may appear; `gap` is from the player to its corner."""
    rows, columns = gap[0] + _SPAN, gap[1] + _SPAN
    distance = (rows**2)[:, None] + (columns**2)[None, :]
    free = ~taken & (distance < limit**2)
    ground, graves, water = _any_of(blocks, SPAWN_BLOCKS), _any_of(blocks, _GRAVES), blocks == Block.WATER
    near, far, boss_far = spans[0] ** 2, spans[1] ** 2, spans[2] ** 2
    in_ring = jnp.where(boss, distance <= boss_far, distance > far)
    melee = jnp.where(boss, graves, ground)
    ranged = jnp.where(boss, graves, jnp.where(swims, water, ground))
    places: jax.Array = jnp.stack([ground & (distance > near), melee & in_ring, ranged & in_ring]) & free
    return places


def _choose(places: jax.Array, unit: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The cell (27 x row + column) that a uniform number picks among bool[27, 27], and whether there is any."""
    per_row = places.sum(axis=1, dtype=jnp.int32)
    up_to = jnp.where(_SPAN[None, :] <= _SPAN[:, None], per_row[None, :], 0).sum(axis=1)
    total = up_to[-1]
    rank = jnp.clip(jnp.ceil(total * (1 - unit)).astype(jnp.int32), 1, total)
    row = jnp.minimum((up_to < rank).sum(), _SIZE - 1)
    rank = rank - (up_to[row] - per_row[row])
    line = places[row]
    up_to = jnp.where(_SPAN[None, :] <= _SPAN[:, None], line[None, :], False).sum(axis=1)
    column = jnp.minimum((up_to < rank).sum(), _SIZE - 1)
    return row * _SIZE + column, total > 0


def _next_slot(mobs: Creatures, part: slice) -> tuple[jax.Array, Slots]:
    """The first free slot of a class (its first if none is), and the cell of the mob there, far outside if it is free."""
    slot = part.start + first_free(mobs.mask[part])
    alive = pick(mobs.mask, slot)
    return slot, by_slot(lambda at: jnp.where(alive, at, -2 * MAP_SIZE), pick(mobs.position, slot))


def _appear(scene: Scene, part: slice, on: jax.Array, position: Slots, kind: jax.Array, rules: RuleTable) -> Scene:
    """Put a new mob into the class's first free slot; the slot's type is set whether or not one appears."""
    mobs = scene.mobs
    slot, marked = _next_slot(mobs, part)
    place = by_number(partial(jnp.where, on), position, marked)
    most = rules.mob_health[kind]

    def taken(number: jax.Array, at: Slots, health: jax.Array, mask: jax.Array, old: jax.Array) -> list[Slots]:
        here = number == slot
        new = here & on
        at = by_number(partial(jnp.where, new), position, at)
        return [at, jnp.where(new, most, health), mask | new, jnp.where(here, kind, old)]

    slots = jnp.arange(len(mobs.mask))
    at, health, mask, kinds = by_slot(taken, slots, mobs.position, mobs.health, mobs.mask, mobs.kind)
    return scene.replace(
        mobs=mobs.replace(position=at, health=health, mask=mask, kind=kinds),
        mob_map=scene.mob_map.write(place[0], place[1], True, place[0] > -MAP_SIZE),
    )


def _is_cell(position: jax.Array) -> jax.Array:
    """bool[27, 27]: the cell at (row, column) of the window."""
    return (position[0] == _SPAN)[:, None] & (position[1] == _SPAN)[None, :]


def _any_of(blocks: jax.Array, kinds: tuple[Block, ...]) -> jax.Array:
    flags = blocks == kinds[0]
    for kind in kinds[1:]:
        flags = flags | (blocks == kind)
    return flags
