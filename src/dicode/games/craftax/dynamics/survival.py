"""Staying alive: sleep, rest, hunger, thirst, fatigue, health and mana."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.few import by_number
from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, Achievement, Action
from dicode.games.craftax.levels.rule_axes import MATERIALS
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_COUNTED = (*MATERIALS, "sapling", "arrows", "torches", "potions", "books")


def maximum(game: GameState, rules: RuleTable, vital: str) -> jax.Array:
    """The highest value of `health`, `food`, `drink`, `energy` or `mana` with the player's attributes."""
    attribute = ATTRIBUTE_OF[vital]
    base, per_point = getattr(rules, f"{vital}_base"), getattr(rules, f"{vital}_per_{attribute}")
    most: jax.Array = base + per_point * getattr(game, f"player_{attribute}")
    return most


@jax.named_scope("game.survival")
def live(scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """One step of needs and recovery."""
    scene = _sleep_and_rest(scene, action, rules)
    game, pressing = scene.game, ~scene.fighting_boss | (rules.needs_in_boss_fight > 0)
    tempo = 1.0 - rules.dexterity_needs * (game.player_dexterity - 1)
    game = _hunger(game, tempo, pressing, rules)
    game = _fatigue(game, tempo, pressing, rules)
    game = _health(game, pressing, rules)
    return scene.replace(game=_mana(game, rules))


@jax.named_scope("game.survival")
def hold_in_range(game: GameState, rules: RuleTable) -> GameState:
    """Cut what is carried and the vitals to what the player can hold."""
    held = game.inventory
    within = {
        name: by_number(lambda own: jnp.minimum(own, rules.inventory_limit), getattr(held, name)) for name in _COUNTED
    }
    held = held.replace(**within)
    vitals = {
        f"player_{vital}": jnp.clip(getattr(game, f"player_{vital}"), 0, maximum(game, rules, vital))
        for vital in ("food", "drink", "energy", "mana")
    }
    health = jnp.minimum(jnp.maximum(game.player_health, rules.minimum_health), maximum(game, rules, "health"))
    return game.replace(inventory=held, player_health=health, **vitals)


def _sleep_and_rest(scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """Fall asleep or sit down, and get up when there is no more to gain."""
    game = scene.game
    rested = game.player_energy >= maximum(game, rules, "energy")
    sleeping = game.is_sleeping | ((action == Action.SLEEP) & ~rested)
    woken = rested & sleeping
    healthy = game.player_health >= maximum(game, rules, "health")
    resting = game.is_resting | ((action == Action.REST) & ~healthy)
    disturbed = healthy | (game.player_food <= 0) | (game.player_drink <= 0)
    game = game.replace(is_sleeping=sleeping & ~woken, is_resting=resting & ~disturbed)
    return scene.replace(game=game).earn({Achievement.WAKE_UP: woken})


def _hunger(game: GameState, tempo: jax.Array, pressing: jax.Array, rules: RuleTable) -> GameState:
    asleep = game.is_sleeping
    hunger = game.player_hunger + jnp.where(asleep, rules.hunger_asleep, rules.hunger_awake) * tempo
    thirst = game.player_thirst + jnp.where(asleep, rules.thirst_asleep, rules.thirst_awake) * tempo
    hungry, thirsty = hunger > rules.hunger_limit, thirst > rules.thirst_limit
    food = jnp.maximum(game.player_food - jnp.where(pressing, rules.food_loss, 0), 0)
    drink = jnp.maximum(game.player_drink - jnp.where(pressing, rules.drink_loss, 0), 0)
    return game.replace(
        player_hunger=jnp.where(hungry, 0.0, hunger),
        player_thirst=jnp.where(thirsty, 0.0, thirst),
        player_food=jnp.where(hungry, food, game.player_food),
        player_drink=jnp.where(thirsty, drink, game.player_drink),
    )


def _fatigue(game: GameState, tempo: jax.Array, pressing: jax.Array, rules: RuleTable) -> GameState:
    sleep = jnp.minimum(game.player_fatigue - rules.energy_asleep, 0)
    fatigue = jnp.where(game.is_sleeping, sleep, game.player_fatigue + rules.fatigue_awake * tempo)
    tired, refreshed = fatigue > rules.fatigue_limit, fatigue < -rules.energy_limit
    less = jnp.maximum(game.player_energy - jnp.where(pressing, rules.energy_loss, 0), 0)
    more = jnp.minimum(game.player_energy + rules.energy_gain, maximum(game, rules, "energy"))
    energy = jnp.where(refreshed, more, jnp.where(tired, less, game.player_energy))
    return game.replace(player_fatigue=jnp.where(tired | refreshed, 0.0, fatigue), player_energy=energy)


def _health(game: GameState, pressing: jax.Array, rules: RuleTable) -> GameState:
    asleep = game.is_sleeping
    provided = (game.player_food > 0) & (game.player_drink > 0) & ((game.player_energy > 0) | asleep)
    awake = jnp.where(game.is_resting, rules.recovery_resting, rules.recovery_awake)
    gain = jnp.where(asleep, rules.recovery_asleep, awake)
    loss = jnp.where(asleep, rules.starvation_asleep, rules.starvation_awake) * pressing
    progress = game.player_recover + jnp.where(provided, gain, -loss)
    better, worse = progress > rules.recovery_limit, progress < -rules.starvation_limit
    healed = jnp.minimum(game.player_health + rules.health_gain, maximum(game, rules, "health"))
    health = jnp.where(better, healed, game.player_health)
    # With default limits only one of the two can be; the package lets want decide.
    health = jnp.where(worse & ~better, game.player_health - rules.health_loss, health)
    return game.replace(player_recover=jnp.where(better | worse, 0.0, progress), player_health=health)


def _mana(game: GameState, rules: RuleTable) -> GameState:
    factor = 1 + rules.intelligence_mana * (game.player_intelligence - 1)
    gain = jnp.where(game.is_sleeping, rules.mana_asleep, rules.mana_awake)
    progress = (game.player_recover_mana + gain) * factor
    ready = progress > rules.mana_limit
    return game.replace(
        player_recover_mana=jnp.where(ready, 0.0, progress),
        player_mana=game.player_mana + jnp.where(ready, rules.mana_gain, 0),
    )
