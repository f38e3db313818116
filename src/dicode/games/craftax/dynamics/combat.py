"""Blows and wounds: damage done by the player to mobs, and by mobs to the player."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import Slots, any_marked, any_of, by_slot, slots_of, total
from dicode.games.craftax.dynamics.scene import CLASS_OF_SLOT, PASSIVE, Scene
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_SAME_CLASS = CLASS_OF_SLOT[:, None] == CLASS_OF_SLOT[None, :]
_EARLIER = _SAME_CLASS & (np.arange(8)[None, :] < np.arange(8)[:, None])
_FIRST = ~_EARLIER.any(axis=1)


def sword_damage(game: GameState, rules: RuleTable) -> Slots:
    """float32[3]: physical, fire and ice damage of a blow with what is in the player's hand."""
    blow = rules.sword_damage[game.inventory.sword]
    strength = 1 + rules.strength_damage * (game.player_strength - 1)
    intelligence = 1 + rules.intelligence_enchantment * (game.player_intelligence - 1)
    fire, ice = (blow * (game.sword_enchantment == kind) * rules.sword_enchantment * intelligence for kind in (1, 2))
    return slots_of(blow * strength, fire, ice)


@jax.named_scope("game.combat")
def strike(
    scene: Scene, row: jax.Array, column: jax.Array, damage: Slots, on: jax.Array | bool, eats: bool
) -> tuple[Scene, jax.Array]:
    """Hit, if `on`, the first mob of each class on a cell with `damage` (float32[3]); also returns whether any was hit.

    A mob without health dies when it is looked at, hit or not: a quirk of the package that only edited
    states can show. `eats`: killed passive mobs count as eaten.
    """
    mobs = scene.mobs

    def is_there(place: Slots, mask: jax.Array) -> jax.Array:
        is_hit: jax.Array = (place[0] == row) & (place[1] == column) & mask & on
        return is_hit

    def suffer(guard: Slots, health: jax.Array, mask: jax.Array, hit: jax.Array, first: jax.Array) -> list[jax.Array]:
        health = jnp.where(hit, health - total(by_slot(jnp.multiply, guard, damage)), health)
        alive = mask & ((health > 0) | ~jnp.asarray(on))
        return [health, alive, (hit | first) & mask & ~alive]

    there = by_slot(is_there, mobs.position, mobs.mask)
    hit = by_slot(lambda there, earlier: there & ~earlier, there, any_marked(there, _EARLIER))
    # Where no mob of a class is there, its first slot is looked at.
    first = by_slot(lambda number, taken: number & ~taken, jnp.asarray(_FIRST), any_marked(there, _SAME_CLASS))
    health, mask, died = by_slot(suffer, scene.guard, mobs.health, mobs.mask, hit, first)
    game, floor = scene.game, scene.game.player_level
    of_monster = any_of(died[PASSIVE.stop :])
    floors = jnp.arange(len(game.monsters_killed))
    killed = by_slot(
        lambda n, before: before + jnp.where(of_monster & (n == floor), 1, 0), floors, game.monsters_killed
    )
    scene = scene.replace(
        mobs=mobs.replace(health=health, mask=mask),
        mob_map=scene.mob_map.write(row, column, jnp.asarray(False), any_of(died)),
        slain=by_slot(jnp.add, scene.slain, died),
        eaten=by_slot(jnp.add, scene.eaten, died) if eats else scene.eaten,
        game=game.replace(monsters_killed=killed),
    )
    return scene, any_of(there)


def any_eaten(died: Slots) -> jax.Array:
    """Whether a passive mob is among the dead, int32[8]."""
    return any_of(by_slot(lambda times: times > 0, died[PASSIVE]))


@jax.named_scope("game.combat")
def defence(game: GameState, rules: RuleTable) -> Slots:
    """float32[3]: share of physical, fire and ice damage that armour and its enchantments keep off."""
    worn, enchantments = game.inventory.armour, game.armour_enchantments
    armour = total(by_slot(lambda level: level * rules.armour_defence, worn))
    fire, ice = (
        total(by_slot(lambda own, kind=kind: (own == kind) * rules.armour_enchantment, enchantments)) for kind in (1, 2)
    )
    return slots_of(armour, fire, ice)


def wound_of_player(scene: Scene, damage: Slots, defended: Slots, rules: RuleTable) -> jax.Array:
    """Health that `damage` (float32[3]) costs the player behind `defended` (float32[3])."""
    factor = 1 + scene.fighting_boss * rules.boss_damage
    return total(by_slot(lambda defended, damage: (1.0 - defended) * (damage * factor), defended, damage))
