"""The step's working record: the game, and the mobs of the player's floor in one row.

A step changes mobs and projectiles on the player's floor alone, so it works on those and writes them
back at the end. Mobs stand in the order passive (3), melee (3), ranged (2); a mob's `kind` is that of
`dicode.games.craftax.levels.names.Mob`: 8 x class + type.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.games.craftax.dynamics.few import Slots, apart, by_slot, chained, together
from dicode.games.craftax.dynamics.layer import Layer
from dicode.games.craftax.levels.grid import SOLID_BLOCKS
from dicode.games.craftax.levels.names import MAP_SIZE, NUM_FLOORS, Achievement, Block
from dicode.games.craftax.levels.schema import MAX_MOBS
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState, Mobs

CLASSES = tuple(MAX_MOBS)
"""Records of the state in the order of mob classes."""
SLOTS = tuple(MAX_MOBS.values())
CLASS_OF_SLOT = np.repeat(np.arange(3), SLOTS)
"""[8]: the class of each mob."""
PASSIVE, MELEE, RANGED = (slice(start, start + slots) for start, slots in zip((0, 3, 6), SLOTS, strict=True))

_SOLID = sum(1 << block for block in SOLID_BLOCKS)
_SOLID_WORDS = np.uint32(_SOLID & 0xFFFFFFFF), np.uint32(_SOLID >> 32)
"""One bit a block."""

_EARNED = tuple(
    int(Achievement[name])
    for name in [
        "MAKE_IRON_ARMOUR",
        "MAKE_DIAMOND_ARMOUR",
        "COLLECT_DRINK",
        "EAT_PLANT",
        "OPEN_CHEST",
        "DAMAGE_NECROMANCER",
        "DEFEAT_NECROMANCER",
        "PLACE_STONE",
        "PLACE_TABLE",
        "PLACE_FURNACE",
        "PLACE_PLANT",
        "PLACE_TORCH",
        "FIRE_BOW",
        "CAST_FIREBALL",
        "CAST_ICEBALL",
        "DRINK_POTION",
        "LEARN_FIREBALL",
        "LEARN_ICEBALL",
        "ENCHANT_SWORD",
        "ENCHANT_ARMOUR",
        "WAKE_UP",
    ]
)
"""Achievements that are marked when they happen; the others are read off the inventory, kills and floor."""


class Creatures(struct.PyTreeNode):
    """The mobs of one floor."""

    position: Slots
    """int32[8, 2]."""
    health: Slots
    mask: Slots
    cooldown: Slots
    kind: Slots


class Shots(struct.PyTreeNode):
    """The projectiles of one floor, of the mobs or of the player."""

    position: Slots
    """int32[3, 2]."""
    direction: Slots
    mask: Slots
    type_id: Slots


class Scene(struct.PyTreeNode):
    """A step under way; `game`'s maps and mobs are behind the other fields."""

    game: GameState
    blocks: Layer
    mob_map: Layer
    mobs: Creatures
    guard: Slots
    """float32[8, 3]: share of damage (physical, fire, ice) that reaches each mob."""
    mob_shots: Shots
    player_shots: Shots
    slain: Slots
    """int32[8]: deaths of each mob in this step."""
    eaten: Slots
    """int32[8]: of those, the ones that the player ate."""
    earned: Mapping[int, jax.Array]
    """Achievements reached in this step, by number."""
    damage_taken: jax.Array
    attacker: jax.Array
    """int32: kind of the mob that wounded the player last in this step, 0 for none."""

    @property
    def fighting_boss(self) -> jax.Array:
        """Whether the player stands on the boss's floor."""
        return self.game.player_level == NUM_FLOORS - 1

    def earn(self, reached: Mapping[int, jax.Array]) -> "Scene":
        """Mark achievements as reached where the flags are true."""
        merged = {int(number): self.earned[int(number)] | flag for number, flag in reached.items()}
        return self.replace(earned={**self.earned, **merged})


@jax.named_scope("game.scene")
def enter(game: GameState, rules: RuleTable) -> Scene:
    """The scene on the player's floor."""
    floor = game.player_level

    def here(name: str) -> Slots:
        return chained(*(apart(getattr(getattr(game, record), name)[floor]) for record in CLASSES))

    kind = by_slot(jnp.add, here("type_id"), jnp.asarray(8 * CLASS_OF_SLOT))
    return Scene(
        game=game,
        blocks=Layer(game.blocks, floor),
        mob_map=Layer(game.mob_map, floor),
        mobs=Creatures(here("position"), here("health"), here("mask"), here("attack_cooldown"), kind),
        guard=by_slot(lambda kind: by_slot(lambda share: 1.0 - share, rules.mob_defence[kind]), kind),
        mob_shots=_shots(game.mob_projectiles, game.mob_projectile_directions, floor),
        player_shots=_shots(game.player_projectiles, game.player_projectile_directions, floor),
        slain=apart(jnp.zeros(8, jnp.int32)),
        eaten=apart(jnp.zeros(8, jnp.int32)),
        earned={number: jnp.asarray(False) for number in _EARNED},
        damage_taken=jnp.zeros((), jnp.float32),
        attacker=jnp.zeros((), jnp.int32),
    )


@jax.named_scope("game.scene")
def leave(scene: Scene) -> GameState:
    """The game with what the scene changed."""
    game, floor = scene.game, scene.game.player_level
    here = jnp.arange(NUM_FLOORS) == floor
    start, records = 0, {}
    for number, (record, slots) in enumerate(MAX_MOBS.items()):
        part = slice(start, start + slots)
        old: Mobs = getattr(game, record)
        health = _place(here, scene.mobs.health[part], old.health)
        mask = _place(here, scene.mobs.mask[part], old.mask)
        records[record] = Mobs(
            position=_place(here, scene.mobs.position[part], old.position),
            health=health,
            # The package removes mobs without health on every floor whenever it resolves an attack.
            mask=mask & (health > 0),
            attack_cooldown=_place(here, scene.mobs.cooldown[part], old.attack_cooldown),
            type_id=_place(
                here, by_slot(lambda kind, first=8 * number: kind - first, scene.mobs.kind[part]), old.type_id
            ),
        )
        start += slots
    for record, shots in (("mob_projectiles", scene.mob_shots), ("player_projectiles", scene.player_shots)):
        old = getattr(game, record)
        records[record] = old.replace(
            position=_place(here, shots.position, old.position),
            mask=_place(here, shots.mask, old.mask),
            type_id=_place(here, shots.type_id, old.type_id),
        )
    whole: GameState = jax.tree.map(together, game, is_leaf=lambda x: isinstance(x, tuple))
    return whole.replace(
        blocks=scene.blocks.settled().cells,
        mob_map=scene.mob_map.settled().cells,
        mob_projectile_directions=_place(here, scene.mob_shots.direction, game.mob_projectile_directions),
        player_projectile_directions=_place(here, scene.player_shots.direction, game.player_projectile_directions),
        **records,
    )


def offset(direction: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(rows, columns) of one step to the left (1), right (2), up (3) or down (4); (0, 0) otherwise."""
    rows = (direction == 4).astype(jnp.int32) - (direction == 3)
    columns = (direction == 2).astype(jnp.int32) - (direction == 1)
    return rows, columns


def target(game: GameState) -> tuple[jax.Array, jax.Array]:
    """(row, column) of the cell that the player faces; it may lie outside."""
    rows, columns = offset(game.player_direction)
    return game.player_position[0] + rows, game.player_position[1] + columns


def inside(row: jax.Array, column: jax.Array) -> jax.Array:
    """Whether a cell lies on the map."""
    return (row >= 0) & (row < MAP_SIZE) & (column >= 0) & (column < MAP_SIZE)


def is_solid(block: jax.Array) -> jax.Array:
    """Whether a block cannot be walked through."""
    code = block.astype(jnp.uint32)
    word = jnp.where(code < 32, _SOLID_WORDS[0], _SOLID_WORDS[1])
    return ((word >> (code & 31)) & 1).astype(bool)


def occupied(scene: Scene, row: jax.Array, column: jax.Array) -> jax.Array:
    """Whether a mob (by the map of mobs) or the player is on a cell."""
    player = scene.game.player_position
    return scene.mob_map.read(row, column) | ((player[0] == row) & (player[1] == column))


def can_enter(scene: Scene, row: jax.Array, column: jax.Array, blocked_by: jax.Array) -> jax.Array:
    """Whether a creature that cannot enter the terrain `blocked_by` (ground, water, lava) may step on a cell."""
    block = scene.blocks.read(row, column)
    solid, water, lava = is_solid(block), block == Block.WATER, block == Block.LAVA
    ground = ~(solid | water | lava)
    stopped = (blocked_by[0] > 0) & ground | (blocked_by[1] > 0) & water | (blocked_by[2] > 0) & lava
    return inside(row, column) & ~occupied(scene, row, column) & ~solid & ~stopped


def _shots(mobs: Mobs, directions: jax.Array, floor: jax.Array) -> Shots:
    return Shots(*(apart(x[floor]) for x in (mobs.position, directions, mobs.mask, mobs.type_id)))


def _place(here: jax.Array, new: Slots, old: jax.Array) -> jax.Array:
    """`old` [9, ...] with `new` on the floor marked in `here` [9]."""
    new = together(new)
    return jnp.where(here.reshape(-1, *[1] * new.ndim), new, old)
