"""Projectiles: shooting, casting, and flight."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.combat import strike, wound_of_player
from dicode.games.craftax.dynamics.few import all_of, first, first_free, total
from dicode.games.craftax.dynamics.rare import Slot, each
from dicode.games.craftax.dynamics.scene import RANGED, Scene, Shots, inside, is_solid, occupied, offset
from dicode.games.craftax.levels.names import Achievement, Action, Block
from dicode.games.craftax.rules import RuleTable

_ARROW, _FIREBALL, _ICEBALL, _HEAVY_ARROW = 0, 2, 3, 4
LAUNCHES = np.isin(np.arange(len(Action)), [Action.SHOOT_ARROW, Action.CAST_FIREBALL, Action.CAST_ICEBALL])
"""bool[43]: which actions send off a projectile."""


def launch(shots: Shots, on: jax.Array, position: jax.Array, direction: jax.Array, type_id: jax.Array | int) -> Shots:
    """A new projectile, if `on`, in the first free slot."""
    slot = (jnp.arange(shots.mask.shape[0]) == first_free(shots.mask)) & on
    return Shots(
        position=jnp.where(slot[:, None], position, shots.position),
        direction=jnp.where(slot[:, None], direction, shots.direction),
        mask=shots.mask | slot,
        type_id=jnp.where(slot, type_id, shots.type_id),
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
    direction = jnp.stack(offset(game.player_direction))
    mana = jnp.where(fire, rules.fireball_mana, jnp.where(ice, rules.iceball_mana, 0))
    return scene.replace(
        player_shots=launch(scene.player_shots, arrow | fire | ice, game.player_position, direction, type_id),
        game=game.replace(
            inventory=held.replace(arrows=held.arrows - jnp.where(arrow, rules.arrow_cost, 0)),
            player_mana=game.player_mana - mana,
        ),
    ).earn({Achievement.FIRE_BOW: arrow, Achievement.CAST_FIREBALL: fire, Achievement.CAST_ICEBALL: ice})


@jax.named_scope("game.projectiles")
def fly_at_player(scene: Scene, defended: jax.Array, rules: RuleTable) -> Scene:
    """Move the mobs' projectiles; they end in walls, mobs and the player, and break stations.

    Free slots drift on like projectiles, without effect.
    """
    shots = scene.mob_shots
    damage = rules.mob_projectile_damage[shots.type_id]
    ahead, shooters = shots.position + shots.direction, _shooters(scene, rules)

    def fly(scene: Scene, slot: Slot) -> tuple[Scene, jax.Array]:
        game, row, column = scene.game, ahead[slot, 0], ahead[slot, 1]
        block, mask = scene.blocks.read(row, column), shots.mask[slot]
        here = all_of(shots.position[slot] == game.player_position)
        hits = mask & (here | all_of(ahead[slot] == game.player_position))
        blocked = is_solid(block) | occupied(scene, row, column)
        station = (block == Block.FURNACE) | (block == Block.CRAFTING_TABLE)
        breaks = station & mask & (rules.projectiles_break_stations > 0)
        wound = wound_of_player(scene, damage[slot], defended, rules) * hits
        game = game.replace(
            player_health=game.player_health - wound,
            is_sleeping=game.is_sleeping & ~hits,
            is_resting=game.is_resting & ~hits,
        )
        blocks = scene.blocks.write(row, column, Block.PATH, breaks)
        attacker = jnp.where(wound > 0, shooters[slot], scene.attacker)
        scene = scene.replace(game=game, blocks=blocks, damage_taken=scene.damage_taken + wound, attacker=attacker)
        return scene, mask & inside(row, column) & ~blocked & ~hits

    scene, alive = each(shots.mask.shape[0], fly, scene)
    return scene.replace(mob_shots=shots.replace(position=ahead, mask=alive))


def _shooters(scene: Scene, rules: RuleTable) -> jax.Array:
    """int32[3]: kind of the mob that each projectile may be of; a projectile itself knows its type alone."""
    kinds = scene.mobs.kind[RANGED]
    fits = rules.shoots[kinds - 16] == scene.mob_shots.type_id[:, None]
    return kinds[first(fits, 1)]


@jax.named_scope("game.projectiles")
def fly_from_player(scene: Scene, rules: RuleTable) -> Scene:
    """Move the player's projectiles; each hits what is on its cell, else what is on the next one."""
    shots = scene.player_shots
    damage = _player_shot_damage(scene, rules)
    ahead = shots.position + shots.direction

    def fly(scene: Scene, slot: Slot) -> tuple[Scene, jax.Array]:
        row, column = ahead[slot, 0], ahead[slot, 1]
        scene, hit = strike(scene, shots.position[slot, 0], shots.position[slot, 1], damage[slot], True, eats=False)
        scene, hit_next = strike(scene, row, column, damage[slot] * ~hit, True, eats=False)
        free = inside(row, column) & ~is_solid(scene.blocks.read(row, column))
        return scene, shots.mask[slot] & free & ~hit & ~hit_next

    scene, alive = each(shots.mask.shape[0], fly, scene)
    return scene.replace(player_shots=shots.replace(position=ahead, mask=alive))


def _player_shot_damage(scene: Scene, rules: RuleTable) -> jax.Array:
    """float32[3, 3]: damage (physical, fire, ice) of each of the player's projectiles; zero of free slots."""
    game, shots = scene.game, scene.player_shots
    damage = rules.player_projectile_damage[shots.type_id] * shots.mask[:, None]
    arrow = (shots.type_id == _ARROW) | (shots.type_id == _HEAVY_ARROW)
    spell = (shots.type_id == _FIREBALL) | (shots.type_id == _ICEBALL)
    enchanted = arrow[:, None] & (jnp.arange(3) == game.bow_enchantment) & (jnp.arange(3) > 0)
    damage = damage + jnp.where(enchanted, damage[:, :1] * rules.arrow_enchantment, 0.0)
    dexterity = 1 + rules.dexterity_arrows * (game.player_dexterity - 1)
    intelligence = 1 + rules.intelligence_spells * (game.player_intelligence - 1)
    return damage * jnp.where(arrow, dexterity, jnp.where(spell, intelligence, 1.0))[:, None]
