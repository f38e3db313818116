"""Moving about: ladders between floors, and steps on a floor."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import by_number, slots_of
from dicode.games.craftax.dynamics.scene import Scene, can_enter, offset
from dicode.games.craftax.levels.names import NUM_FLOORS, Achievement, Action, Item
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

ENTER_FLOOR = np.array(
    [
        0,
        Achievement.ENTER_DUNGEON,
        Achievement.ENTER_GNOMISH_MINES,
        Achievement.ENTER_SEWERS,
        Achievement.ENTER_VAULT,
        Achievement.ENTER_TROLL_MINES,
        Achievement.ENTER_FIRE_REALM,
        Achievement.ENTER_ICE_REALM,
        Achievement.ENTER_GRAVEYARD,
    ]
)
"""Achievement of reaching each floor; the overworld has none."""


@jax.named_scope("game.floors")
def change_floor(game: GameState, action: jax.Array, rules: RuleTable) -> tuple[GameState, jax.Array]:
    """Take a ladder; also returns bool[9], the floor that counts as reached.

    Being on a floor counts as reaching it, whether or not a ladder was taken.
    """
    floor, position = game.player_level, game.player_position
    item = game.items[floor, position[0], position[1]]
    opened = game.monsters_killed[floor] >= rules.ladder_kills[floor]
    down = (action == Action.DESCEND) & (item == Item.LADDER_DOWN) & opened & (floor < NUM_FLOORS - 1)
    up = (action == Action.ASCEND) & (item == Item.LADDER_UP) & (floor > 0)
    below = game.up_ladders[jnp.minimum(floor + 1, NUM_FLOORS - 1)]
    above = game.down_ladders[jnp.maximum(floor - 1, 0)]
    floor = floor + down.astype(jnp.int32) - up
    position = by_number(
        lambda lower, upper, same: jnp.where(down, lower, jnp.where(up, upper, same)), below, above, position
    )
    known = game.achievements[jnp.asarray(ENTER_FLOOR)[floor]]
    game = game.replace(
        player_level=floor,
        player_position=position,
        player_xp=game.player_xp + jnp.where((floor != 0) & ~known, rules.floor_experience, 0),
    )
    return game, (jnp.arange(NUM_FLOORS) == floor) & (floor != 0)


@jax.named_scope("game.movement")
def move_player(scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """Turn, and step if the cell is free."""
    game = scene.game
    rows, columns = offset(action)
    row, column = game.player_position[0] + rows, game.player_position[1] + columns
    free = can_enter(scene, row, column, rules.player_blocked_by)
    turned = (action >= Action.LEFT) & (action <= Action.DOWN)
    return scene.replace(
        game=game.replace(
            player_position=by_number(partial(jnp.where, free), slots_of(row, column), game.player_position),
            player_direction=jnp.where(turned, action, game.player_direction),
        )
    )
