"""Plants: saplings ripen on the overworld."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import Block
from dicode.games.craftax.rules import RuleTable


@jax.named_scope("game.plants")
def grow(scene: Scene, rules: RuleTable) -> Scene:
    """Let every plant grow a step older, and show the ripe ones.

    Plants are remembered without their floor: one planted elsewhere ripens at the same place of the overworld.
    The package lets plants grow after the mobs have moved; nothing that mobs do can tell the difference.
    """
    game = scene.game
    age = jnp.where(game.growing_plants_mask, game.growing_plants_age + 1, 0)
    row, column = game.growing_plants_positions[:, 0], game.growing_plants_positions[:, 1]
    overworld = scene.blocks.replace(floor=jnp.int32(0))
    grown = overworld.write(row, column, Block.RIPE_PLANT, age >= rules.plant_ripening)
    return scene.replace(blocks=grown.replace(floor=scene.blocks.floor), game=game.replace(growing_plants_age=age))
