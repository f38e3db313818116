"""Blows and wounds: damage done by the player to mobs, and by mobs to the player."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import any_of, total
from dicode.games.craftax.dynamics.scene import CLASS_OF_SLOT, PASSIVE, Scene
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_SAME_CLASS = CLASS_OF_SLOT[:, None] == CLASS_OF_SLOT[None, :]
_EARLIER = _SAME_CLASS & (np.arange(8)[None, :] < np.arange(8)[:, None])
_FIRST = ~_EARLIER.any(axis=1)
_MONSTER = CLASS_OF_SLOT > 0


def sword_damage(game: GameState, rules: RuleTable) -> jax.Array:
    """float32[3]: physical, fire and ice damage of a blow with what is in the player's hand."""
    blow = rules.sword_damage[game.inventory.sword]
    strength = 1 + rules.strength_damage * (game.player_strength - 1)
    intelligence = 1 + rules.intelligence_enchantment * (game.player_intelligence - 1)
    fire, ice = (blow * (game.sword_enchantment == kind) * rules.sword_enchantment * intelligence for kind in (1, 2))
    return jnp.stack([blow * strength, fire, ice])


@jax.named_scope("game.combat")
def strike(
    scene: Scene, row: jax.Array, column: jax.Array, damage: jax.Array, on: jax.Array | bool, eats: bool
) -> tuple[Scene, jax.Array]:
    """Hit, if `on`, the first mob of each class on a cell with `damage` (float32[3]); also returns whether any was hit.

    A mob without health dies when it is looked at, hit or not: a quirk of the package that only edited
    states can show. `eats`: killed passive mobs count as eaten.
    """
    mobs = scene.mobs
    there = (mobs.position[:, 0] == row) & (mobs.position[:, 1] == column) & mobs.mask & on
    hit = there & ~any_of(_EARLIER & there[None, :], 1)
    looked_at = hit | (_FIRST & ~any_of(_SAME_CLASS & there[None, :], 1))
    wound = total(scene.guard * damage, 1)
    health = jnp.where(hit, mobs.health - wound, mobs.health)
    mask = mobs.mask & ((health > 0) | ~jnp.asarray(on))
    died = looked_at & mobs.mask & ~mask
    game, floor = scene.game, scene.game.player_level
    killed = jnp.where(any_of(died & _MONSTER) & (jnp.arange(game.monsters_killed.shape[0]) == floor), 1, 0)
    scene = scene.replace(
        mobs=mobs.replace(health=health, mask=mask),
        mob_map=scene.mob_map.write(row, column, jnp.asarray(False), any_of(died)),
        slain=scene.slain + died,
        eaten=scene.eaten + died if eats else scene.eaten,
        game=game.replace(monsters_killed=game.monsters_killed + killed),
    )
    return scene, any_of(there)


def any_eaten(died: jax.Array) -> jax.Array:
    """Whether a passive mob is among the dead, int32[8]."""
    return any_of(died[PASSIVE] > 0)


@jax.named_scope("game.combat")
def defence(game: GameState, rules: RuleTable) -> jax.Array:
    """float32[3]: share of physical, fire and ice damage that armour and its enchantments keep off."""
    armour = total(game.inventory.armour * rules.armour_defence)
    fire, ice = (total((game.armour_enchantments == kind) * rules.armour_enchantment) for kind in (1, 2))
    return jnp.stack([armour, fire, ice])


def wound_of_player(scene: Scene, damage: jax.Array, defended: jax.Array, rules: RuleTable) -> jax.Array:
    """Health that `damage` (float32[3]) costs the player behind `defended` (float32[3])."""
    damage = damage * (1 + scene.fighting_boss * rules.boss_damage)
    return total((1.0 - defended) * damage)
