"""What is told of a step beside its outcome: what ended the game, and how the step was spent.

The names of both lie in `dicode.games.craftax.telling`.
"""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import any_of, by_slot, first
from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.state import GameState
from dicode.games.craftax.telling import ENDINGS, OCCUPATIONS

_NEEDS = np.array([ENDINGS.index(need) for need in ("hunger", "thirst", "exhaustion")], np.int32)
_FIRST_MONSTER = ENDINGS.index("zombie")
_MOVES = np.isin(np.arange(len(Action)), [Action.LEFT, Action.RIGHT, Action.UP, Action.DOWN])
_WALKS, _STOPPED, _SLEEPS, _RESTS, _WAITS, _USES, _ELSE = (
    OCCUPATIONS.index(name)
    for name in ("walking", "walking into things", "asleep", "resting", "waiting", "hands", "else")
)
_BY_ACTION = np.select(
    [np.arange(len(Action)) == Action.NOOP, np.arange(len(Action)) == Action.DO], [_WAITS, _USES], _ELSE
).astype(np.int32)


@jax.named_scope("game.telling")
def ending(scene: Scene, health_before_needs: jax.Array) -> jax.Array:
    """Place in `ENDINGS`, if the game is over now: wounds come before needs in a step, so they decide first."""
    game = scene.game
    lacking = jnp.stack([game.player_food <= 0, game.player_drink <= 0, game.player_energy <= 0])
    need = jnp.where(any_of(lacking), jnp.asarray(_NEEDS)[first(lacking)], 0)
    monster = jnp.where(scene.attacker > 0, scene.attacker - 8 + _FIRST_MONSTER, 0)
    return jnp.where(game.player_health > 0, 0, jnp.where(health_before_needs > 0, need, monster)).astype(jnp.int32)


@jax.named_scope("game.telling")
def occupation(before: GameState, action: jax.Array, after: GameState) -> jax.Array:
    """Place in `OCCUPATIONS` of one step; `action` is what was done, not what was asked of a sleeper."""
    moved = any_of(by_slot(jnp.not_equal, before.player_position, after.player_position))
    awake = jnp.where(jnp.asarray(_MOVES)[action], jnp.where(moved, _WALKS, _STOPPED), jnp.asarray(_BY_ACTION)[action])
    return jnp.where(before.is_sleeping, _SLEEPS, jnp.where(before.is_resting, _RESTS, awake)).astype(jnp.int32)
