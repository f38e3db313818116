"""The action DO: hit, mine, drink, eat, open, all with one key."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.boss import is_vulnerable
from dicode.games.craftax.dynamics.chests import loot
from dicode.games.craftax.dynamics.combat import any_eaten, strike, sword_damage
from dicode.games.craftax.dynamics.draws import Draws
from dicode.games.craftax.dynamics.few import Slots, by_slot, first, pick, slots_of
from dicode.games.craftax.dynamics.rare import rare
from dicode.games.craftax.dynamics.scene import PASSIVE, Scene, inside
from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.names import Achievement, Block
from dicode.games.craftax.levels.rule_axes import RESOURCES
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_TREES = (Block.TREE, Block.FIRE_TREE, Block.ICE_SHRUB)
_RESOURCE_OF_BLOCK = np.full(len(Block), -1)
for _number, _name in enumerate(RESOURCES):
    _RESOURCE_OF_BLOCK[Block[_name.upper()]] = _number
_RESOURCE_OF_BLOCK[list(_TREES)] = 0
_GIVES = {"wood": (0,), "stone": (1, 7), "coal": (2,), "iron": (3,), "diamond": (4,), "sapphire": (5,), "ruby": (6,)}
"""Which resources give a material."""

_LEAVES = np.arange(len(Block))
_LEAVES[_RESOURCE_OF_BLOCK > 0] = Block.PATH
_LEAVES[[Block.FURNACE, Block.CRAFTING_TABLE, Block.CHEST]] = Block.PATH
_LEAVES[list(_TREES)] = Block.GRASS, Block.FIRE_GRASS, Block.ICE_GRASS
_LEAVES[Block.RIPE_PLANT] = Block.PLANT
"""What is left of a block."""


def max_food(game: GameState, rules: RuleTable) -> jax.Array:
    """The most food the player can hold."""
    return rules.food_base + rules.food_per_dexterity * game.player_dexterity


def max_drink(game: GameState, rules: RuleTable) -> jax.Array:
    """The most drink the player can hold."""
    return rules.drink_base + rules.drink_per_dexterity * game.player_dexterity


@jax.named_scope("game.interaction")
def interact(
    acting: jax.Array,
    before: tuple[Scene, dict[str, Slots]],
    row: jax.Array,
    column: jax.Array,
    block: jax.Array,
    draws: Draws,
    rules: RuleTable,
) -> tuple[Scene, dict[str, Slots]]:
    """Use the faced cell, if `acting`; also returns what was collected, and meals and drinks."""
    scene, hit = strike(before[0], row, column, sword_damage(before[0].game, rules), acting, eats=True)
    scene, meal = _eat_mob(scene, rules)
    using = acting & inside(row, column) & ~hit
    scene = _attack_boss(scene, acting, using, block, rules)

    game = scene.game
    resource = jnp.asarray(_RESOURCE_OF_BLOCK)[block]
    slot = jnp.maximum(resource, 0)
    mined = using & (resource >= 0) & (game.inventory.pickaxe >= rules.tool_level[slot])
    opened = using & (block == Block.CHEST)
    ate = using & (block == Block.RIPE_PLANT)
    drank = using & ((block == Block.WATER) | (block == Block.FOUNTAIN))

    old = game.inventory
    pieces = jnp.where(mined, rules.mining_yield[slot], 0)
    gains = {name: jnp.where(_one_of(slot, which), pieces, 0) for name, which in _GIVES.items()}
    gains["sapling"] = (using & (block == Block.GRASS) & (draws.sapling < rules.sapling_chance)).astype(jnp.int32)
    held = old.replace(**{name: getattr(old, name) + gain for name, gain in gains.items()})
    floor = game.player_level
    chest = jnp.stack([floor, ~game.chests_opened[floor]]).astype(jnp.int32)
    held = rare(opened, loot, held, draws.chest, chest, rules)

    left = jnp.asarray(_LEAVES)[block].astype(jnp.uint8)
    # Every block but those of a resource gives way without a tool.
    changes = using & ((resource < 0) | mined)
    # Unlike everything else, a chest counts as opened though a mob stood in the way.
    floors, seen_chest = jnp.arange(len(game.chests_opened)), acting & (block == Block.CHEST)
    opened_on = by_slot(lambda number, before: before | (seen_chest & (number == floor)), floors, game.chests_opened)
    plant = first(by_slot(lambda place: (place[0] == row) & (place[1] == column), game.growing_plants_positions))
    age = by_slot(
        lambda number, age: jnp.where(ate & (number == plant), 0, age),
        jnp.arange(len(game.growing_plants_age)),
        game.growing_plants_age,
    )
    food = jnp.minimum(max_food(game, rules), game.player_food + rules.plant_food)
    drink = jnp.minimum(max_drink(game, rules), game.player_drink + rules.water_drink)
    scene = scene.replace(
        blocks=scene.blocks.write(row, column, left, changes),
        game=game.replace(
            inventory=held,
            chests_opened=opened_on,
            player_food=jnp.where(ate, food, game.player_food),
            player_hunger=jnp.where(ate, 0.0, game.player_hunger),
            player_drink=jnp.where(drank, drink, game.player_drink),
            player_thirst=jnp.where(drank, 0.0, game.player_thirst),
            growing_plants_age=age,
        ),
    ).earn({Achievement.COLLECT_DRINK: drank, Achievement.EAT_PLANT: ate, Achievement.OPEN_CHEST: opened})
    collected = slots_of(*(getattr(held, name) - getattr(old, name) for name in COLLECTABLES))
    return scene, {
        "collected": collected,
        "eaten": meal.astype(jnp.int32) + ate,
        "drunk": drank.astype(jnp.int32),
    }


def _eat_mob(scene: Scene, rules: RuleTable) -> tuple[Scene, jax.Array]:
    """Feed the player with a passive mob that the blow killed."""
    game, meal = scene.game, any_eaten(scene.eaten)
    which = pick(scene.mobs.kind, first(scene.eaten[PASSIVE]))
    food = jnp.minimum(max_food(game, rules), game.player_food + rules.mob_food[jnp.clip(which, 0, 2)])
    game = game.replace(
        player_food=jnp.where(meal, food, game.player_food),
        player_hunger=jnp.where(meal, 0.0, game.player_hunger),
    )
    return scene.replace(game=game), meal


def _attack_boss(scene: Scene, acting: jax.Array, using: jax.Array, block: jax.Array, rules: RuleTable) -> Scene:
    """Wound the necromancer while no monster and no wave protects it; a mob in the way spoils the achievement only."""
    game = scene.game
    wounded = acting & (block == Block.NECROMANCER) & is_vulnerable(scene) & scene.fighting_boss
    waiting = game.boss_timesteps_to_spawn_this_round
    game = game.replace(
        boss_progress=game.boss_progress + wounded,
        boss_timesteps_to_spawn_this_round=jnp.where(wounded, rules.boss_wave_steps, waiting),
    )
    return scene.replace(game=game).earn({Achievement.DAMAGE_NECROMANCER: wounded & using})


def _one_of(value: jax.Array, choices: tuple[int, ...]) -> jax.Array:
    flag = value == choices[0]
    for choice in choices[1:]:
        flag = flag | (value == choice)
    return flag
