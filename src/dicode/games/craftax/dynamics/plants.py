"""Plants: saplings ripen on the overworld."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.few import by_slot
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
    age = by_slot(lambda grows, age: jnp.where(grows, age + 1, 0), game.growing_plants_mask, game.growing_plants_age)
    ripe = by_slot(lambda age: age >= rules.plant_ripening, age)
    row, column = by_slot(lambda place: [place[0], place[1]], game.growing_plants_positions)
    shown = by_slot(lambda ripe: jnp.full_like(ripe, Block.RIPE_PLANT, jnp.uint8), ripe)
    overworld = scene.blocks.replace(floor=jnp.int32(0))
    grown = overworld.write_all(row, column, shown, ripe)
    return scene.replace(blocks=grown.replace(floor=scene.blocks.floor), game=game.replace(growing_plants_age=age))
