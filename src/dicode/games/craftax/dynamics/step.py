"""The step as a whole: one mechanic after the other, in the package's order."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics import achievements, telling
from dicode.games.craftax.dynamics.attributes import level_up
from dicode.games.craftax.dynamics.boss import boss_time
from dicode.games.craftax.dynamics.combat import defence
from dicode.games.craftax.dynamics.crafting import CRAFTS, craft, near_stations
from dicode.games.craftax.dynamics.draws import Draws, draw
from dicode.games.craftax.dynamics.few import Slots, together
from dicode.games.craftax.dynamics.interaction import interact
from dicode.games.craftax.dynamics.light import sky_light
from dicode.games.craftax.dynamics.magic import drink_potion, enchant, read_book
from dicode.games.craftax.dynamics.mobs import move_mobs
from dicode.games.craftax.dynamics.movement import change_floor, move_player
from dicode.games.craftax.dynamics.placing import PLACES, place
from dicode.games.craftax.dynamics.plants import grow
from dicode.games.craftax.dynamics.projectiles import LAUNCHES, fly_at_player, fly_from_player, shoot_and_cast
from dicode.games.craftax.dynamics.rare import cut, rare
from dicode.games.craftax.dynamics.scene import Scene, enter, leave, target
from dicode.games.craftax.dynamics.spawning import spawn
from dicode.games.craftax.dynamics.survival import hold_in_range, live
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState
from dicode.games.craftax.types import Events
from dicode.games.device import StepResult

_STUDIES = np.arange(len(Action)) >= Action.DRINK_POTION_RED
"""bool[43]: which actions are about potions, books, enchanting and attributes (and torches, which does no harm)."""


@jax.named_scope("game.step")
def step(key: jax.Array | Draws, state: GameState, action: jax.Array, rules: RuleTable) -> StepResult:
    """One step of one environment; `jax.vmap` it for many.

    Args:
        key: raw key, uint32[2], or what `draw_ahead` made of it.
        state: the state before the step.
        action: the action, a value of `dicode.games.craftax.levels.names.Action`; ignored while asleep or resting.
        rules: the level's constants.

    Returns:
        The state after the step, reward, whether the game is over, and what happened.
    """
    draws = key if isinstance(key, Draws) else draw(key)
    action = jnp.where(state.is_sleeping | state.is_resting, Action.NOOP, action)

    game, floor = change_floor(state, action, rules)
    scene = enter(game, rules)
    scene, counts = _act(scene, action, draws, rules)
    scene = grow(scene, rules)
    scene = move_player(scene, action, rules)
    defended = defence(scene.game, rules)
    scene = move_mobs(scene, draws, defended, rules)
    scene = fly_at_player(scene, defended, rules)
    scene = fly_from_player(scene, rules)
    killed, counted = achievements.kills(scene), achievements.counted_kills(scene)
    # Nobody asks any more who was slain, and by what.
    scene = scene.replace(
        guard=(), slain=(), eaten=(), blocks=scene.blocks.gathered(), mob_map=scene.mob_map.gathered()
    )
    scene, killed, counted, counts = cut((scene, killed, counted, counts))
    scene = spawn(scene, draws, rules)
    health = scene.game.player_health
    scene = live(scene, action, rules)
    scene = scene.replace(game=hold_in_range(scene.game, rules))

    reached = state.achievements | achievements.reached(scene, counted, floor)
    after = leave(scene).replace(
        achievements=reached,
        timestep=state.timestep + 1,
        light_level=sky_light(state.timestep + 1, rules),
        state_rng=draws.state_rng,
    )
    over = (after.player_health <= 0) | (after.boss_progress >= rules.boss_waves)
    told = {name: together(count) for name, count in counts.items()}
    events = Events(kills=killed, damage_taken=scene.damage_taken, **told)
    return StepResult(
        state=after,
        reward=achievements.reward(state, after, rules),
        done=over | (after.timestep >= rules.episode_length),
        events=events,
        ending=telling.ending(scene, health),
        occupation=telling.occupation(state, action, after),
    )


def _act(scene: Scene, action: jax.Array, draws: Draws, rules: RuleTable) -> tuple[Scene, dict[str, Slots]]:
    """What the player does beside moving; also returns the events that are counted."""
    row, column = target(scene.game)
    block = scene.blocks.read(row, column)
    crafts = jnp.asarray(CRAFTS)[action]
    places = jnp.asarray(PLACES)[action]
    near = rare(
        crafts | places,
        near_stations,
        (jnp.asarray(False), jnp.asarray(False)),
        scene.blocks,
        scene.game.player_position,
        rules,
    )
    scene = rare(crafts, craft, scene, action, near, rules)
    counts = {
        "collected": jnp.zeros(len(COLLECTABLES), jnp.int32),
        "eaten": jnp.zeros((), jnp.int32),
        "drunk": jnp.zeros((), jnp.int32),
    }
    scene, counts = rare(action == Action.DO, interact, (scene, counts), row, column, block, draws, rules)
    placed = jnp.zeros(len(PLACEABLES), jnp.int32)
    scene, placed = rare(places, place, (scene, placed), action, row, column, block, near, rules)
    scene = rare(jnp.asarray(LAUNCHES)[action], shoot_and_cast, scene, action, rules)
    scene = rare(jnp.asarray(_STUDIES)[action], _study, scene, action, block, draws, rules)
    return boss_time(scene, rules), {**counts, "placed": placed}


@jax.named_scope("game.magic")
def _study(
    needed: jax.Array, scene: Scene, action: jax.Array, block: jax.Array, draws: Draws, rules: RuleTable
) -> Scene:
    scene = drink_potion(scene, action, rules)
    scene = read_book(scene, action, draws)
    scene = enchant(scene, action, block, draws, rules)
    return level_up(scene, action, rules)
