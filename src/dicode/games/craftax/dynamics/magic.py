"""Potions, books and enchanting."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.chests import weighted
from dicode.games.craftax.dynamics.draws import Draws
from dicode.games.craftax.dynamics.few import any_of, by_slot, slots_of, total
from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import Achievement, Action, Block
from dicode.games.craftax.rules import RuleTable

_FIRE, _ICE = 1, 2


def drink_potion(scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """Drink a potion of one of six colours; what a colour does differs from world to world."""
    game, held = scene.game, scene.game.inventory
    colour = action - Action.DRINK_POTION_RED
    drunk = by_slot(lambda kind, stock: (kind == colour) & (stock > 0), jnp.arange(6), held.potions)
    effect = total(by_slot(lambda drinks, does: jnp.where(drinks, does, 0), drunk, game.potion_mapping))
    drinks = any_of(drunk)
    amounts = by_slot(lambda kind, by: jnp.where((kind == effect) & drinks, by, 0), jnp.arange(6), rules.potion_effect)
    game = game.replace(
        inventory=held.replace(potions=by_slot(jnp.subtract, held.potions, drunk)),
        player_health=game.player_health + (amounts[0] + amounts[1]),
        player_mana=game.player_mana + (amounts[2] + amounts[3]),
        player_energy=game.player_energy + (amounts[4] + amounts[5]),
    )
    return scene.replace(game=game).earn({Achievement.DRINK_POTION: drinks})


def read_book(scene: Scene, action: jax.Array, draws: Draws) -> Scene:
    """Learn a spell that is not yet known, by chance if there are two; a third book teaches nothing new."""
    game, held = scene.game, scene.game.inventory
    reads = (action == Action.READ_BOOK) & (held.books > 0)
    knows_fire, knows_ice = game.learned_spells[0], game.learned_spells[1]
    ice = jnp.where(knows_fire == knows_ice, ~knows_fire & (draws.book < 0.5), knows_fire)
    fire_read, ice_read = reads & ~ice, reads & ice
    game = game.replace(
        inventory=held.replace(books=held.books - reads),
        learned_spells=by_slot(jnp.logical_or, game.learned_spells, slots_of(fire_read, ice_read)),
    )
    return scene.replace(game=game).earn({Achievement.LEARN_FIREBALL: fire_read, Achievement.LEARN_ICEBALL: ice_read})


def enchant(scene: Scene, action: jax.Array, block: jax.Array, draws: Draws, rules: RuleTable) -> Scene:
    """Enchant sword, bow or a piece of armour at a table of fire (for a ruby) or of ice (for a sapphire)."""
    game, held = scene.game, scene.game.inventory
    fire_table = block == Block.ENCHANTMENT_TABLE_FIRE
    at_table = fire_table | (block == Block.ENCHANTMENT_TABLE_ICE)
    element = jnp.where(fire_table, _FIRE, _ICE)
    gems = jnp.where(fire_table, held.ruby, held.sapphire)
    able = at_table & (game.player_mana >= rules.enchant_mana) & (gems >= rules.enchant_gems)
    sword = able & (action == Action.ENCHANT_SWORD) & (held.sword > 0)
    bow = able & (action == Action.ENCHANT_BOW) & (held.bow > 0)
    armour = able & (action == Action.ENCHANT_ARMOUR) & (total(held.armour) > 0)

    worn = game.armour_enchantments
    plain, other = by_slot(lambda own: [own == 0, (own != 0) & (own != element)], worn)
    any_plain = any_of(plain)
    weights = by_slot(lambda plain, other: jnp.where(any_plain, plain, other).astype(jnp.float32), plain, other)
    piece = weighted(draws.enchantment, weights)
    done = sword | bow | armour
    paid = jnp.where(done, rules.enchant_gems, 0)
    game = game.replace(
        sword_enchantment=jnp.where(sword, element, game.sword_enchantment),
        bow_enchantment=jnp.where(bow, element, game.bow_enchantment),
        armour_enchantments=by_slot(
            lambda number, own: jnp.where(armour & (number == piece), element, own), jnp.arange(4), worn
        ),
        inventory=held.replace(
            ruby=held.ruby - jnp.where(fire_table, paid, 0), sapphire=held.sapphire - jnp.where(fire_table, 0, paid)
        ),
        player_mana=game.player_mana - jnp.where(done, rules.enchant_mana, 0),
    )
    return scene.replace(game=game).earn({Achievement.ENCHANT_SWORD: sword, Achievement.ENCHANT_ARMOUR: armour})
