"""Projectiles: shooting, casting, and flight."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.combat import strike, wound_of_player
from dicode.games.craftax.dynamics.few import (
    Slots,
    all_of,
    by_number,
    by_slot,
    first,
    first_free,
    pick,
    slots_of,
    total,
)
from dicode.games.craftax.dynamics.rare import each
from dicode.games.craftax.dynamics.scene import RANGED, Scene, Shots, inside, is_solid, occupied, offset
from dicode.games.craftax.levels.names import Achievement, Action, Block
from dicode.games.craftax.rules import RuleTable

_ARROW, _FIREBALL, _ICEBALL, _HEAVY_ARROW = 0, 2, 3, 4
LAUNCHES = np.isin(np.arange(len(Action)), [Action.SHOOT_ARROW, Action.CAST_FIREBALL, Action.CAST_ICEBALL])
"""bool[43]: which actions send off a projectile."""


def launch(shots: Shots, on: jax.Array, position: Slots, direction: Slots, type_id: jax.Array | int) -> Shots:
    """A new projectile, if `on`, in the first free slot."""
    free = first_free(shots.mask)

    def taken(number: jax.Array, *old: Slots) -> list[Slots]:
        new = (number == free) & on
        place, way = (by_number(partial(jnp.where, new), x, y) for x, y in ((position, old[0]), (direction, old[1])))
        return [place, way, old[2] | new, jnp.where(new, type_id, old[3])]

    return Shots(
        *by_slot(taken, jnp.arange(len(shots.mask)), shots.position, shots.direction, shots.mask, shots.type_id)
    )


@jax.named_scope("game.projectiles")
def shoot_and_cast(needed: jax.Array, scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """Loose an arrow, or throw a learned spell, in the direction that the player faces."""
    game, held = scene.game, scene.game.inventory
    room = needed & (total(scene.player_shots.mask) < rules.max_player_projectiles)
    arrow = (action == Action.SHOOT_ARROW) & room & (held.bow >= 1) & (held.arrows >= jnp.maximum(rules.arrow_cost, 0))
    fire = (action == Action.CAST_FIREBALL) & room & (game.player_mana >= rules.fireball_mana) & game.learned_spells[0]
    ice = (action == Action.CAST_ICEBALL) & room & (game.player_mana >= rules.iceball_mana) & game.learned_spells[1]
    type_id = jnp.where(arrow, _HEAVY_ARROW, jnp.where(fire, _FIREBALL, _ICEBALL))
    direction = slots_of(*offset(game.player_direction))
    mana = jnp.where(fire, rules.fireball_mana, jnp.where(ice, rules.iceball_mana, 0))
    return scene.replace(
        player_shots=launch(scene.player_shots, arrow | fire | ice, game.player_position, direction, type_id),
        game=game.replace(
            inventory=held.replace(arrows=held.arrows - jnp.where(arrow, rules.arrow_cost, 0)),
            player_mana=game.player_mana - mana,
        ),
    ).earn({Achievement.FIRE_BOW: arrow, Achievement.CAST_FIREBALL: fire, Achievement.CAST_ICEBALL: ice})


@jax.named_scope("game.projectiles")
def fly_at_player(scene: Scene, defended: Slots, rules: RuleTable) -> Scene:
    """Move the mobs' projectiles; they end in walls, mobs and the player, and break stations.

    Free slots drift on like projectiles, without effect.
    """
    shots = scene.mob_shots
    damage = by_slot(lambda type_id: rules.mob_projectile_damage[type_id], shots.type_id)
    ahead, shooters = by_number(jnp.add, shots.position, shots.direction), _shooters(scene, rules)

    def fly(
        scene: Scene, at: Slots, to: Slots, mask: jax.Array, damage: Slots, shooter: jax.Array
    ) -> tuple[Scene, jax.Array]:
        game, row, column = scene.game, to[0], to[1]
        block = scene.blocks.read(row, column)
        here, next_to = (all_of(by_slot(jnp.equal, place, game.player_position)) for place in (at, to))
        hits = mask & (here | next_to)
        blocked = is_solid(block) | occupied(scene, row, column)
        station = (block == Block.FURNACE) | (block == Block.CRAFTING_TABLE)
        breaks = station & mask & (rules.projectiles_break_stations > 0)
        wound = wound_of_player(scene, damage, defended, rules) * hits
        game = game.replace(
            player_health=game.player_health - wound,
            is_sleeping=game.is_sleeping & ~hits,
            is_resting=game.is_resting & ~hits,
        )
        blocks = scene.blocks.write(row, column, Block.PATH, breaks)
        attacker = jnp.where(wound > 0, shooter, scene.attacker)
        scene = scene.replace(game=game, blocks=blocks, damage_taken=scene.damage_taken + wound, attacker=attacker)
        return scene, mask & inside(row, column) & ~blocked & ~hits

    scene, alive = each(fly, scene, shots.position, ahead, shots.mask, damage, shooters)
    return scene.replace(mob_shots=shots.replace(position=ahead, mask=alive))


def _shooters(scene: Scene, rules: RuleTable) -> Slots:
    """int32[3]: kind of the mob that each projectile may be of; a projectile itself knows its type alone."""
    kinds = scene.mobs.kind[RANGED]
    shot = by_slot(lambda kind: rules.shoots[kind - 16], kinds)

    def shooter(type_id: jax.Array) -> jax.Array:
        found: jax.Array = pick(kinds, first(by_slot(lambda own: own == type_id, shot)))
        return found

    return by_slot(shooter, scene.mob_shots.type_id)


@jax.named_scope("game.projectiles")
def fly_from_player(scene: Scene, rules: RuleTable) -> Scene:
    """Move the player's projectiles; each hits what is on its cell, else what is on the next one."""
    shots = scene.player_shots
    damage = _player_shot_damage(scene, rules)
    ahead = by_number(jnp.add, shots.position, shots.direction)

    def fly(scene: Scene, at: Slots, to: Slots, mask: jax.Array, damage: Slots) -> tuple[Scene, jax.Array]:
        row, column = to[0], to[1]
        scene, hit = strike(scene, at[0], at[1], damage, True, eats=False)
        scene, hit_next = strike(scene, row, column, by_slot(lambda d: d * ~hit, damage), True, eats=False)
        free = inside(row, column) & ~is_solid(scene.blocks.read(row, column))
        return scene, mask & free & ~hit & ~hit_next

    scene, alive = each(fly, scene, shots.position, ahead, shots.mask, damage)
    return scene.replace(player_shots=shots.replace(position=ahead, mask=alive))


def _player_shot_damage(scene: Scene, rules: RuleTable) -> Slots:
    """float32[3, 3]: damage (physical, fire, ice) of each of the player's projectiles; zero of free slots."""
    game, shots = scene.game, scene.player_shots
    dexterity = 1 + rules.dexterity_arrows * (game.player_dexterity - 1)
    intelligence = 1 + rules.intelligence_spells * (game.player_intelligence - 1)

    def of_shot(type_id: jax.Array, mask: jax.Array) -> Slots:
        damage = by_slot(lambda d: d * mask, rules.player_projectile_damage[type_id])
        arrow = (type_id == _ARROW) | (type_id == _HEAVY_ARROW)
        spell = (type_id == _FIREBALL) | (type_id == _ICEBALL)
        factor = jnp.where(arrow, dexterity, jnp.where(spell, intelligence, 1.0))

        def of_kind(kind: jax.Array, own: jax.Array) -> jax.Array:
            enchanted = arrow & (kind == game.bow_enchantment) & (kind > 0)
            return (own + jnp.where(enchanted, damage[0] * rules.arrow_enchantment, 0.0)) * factor

        return by_slot(of_kind, jnp.arange(3), damage)

    return by_slot(of_shot, shots.type_id, shots.mask)
