"""Achievements and reward."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.few import Slots, by_slot, together, total
from dicode.games.craftax.dynamics.movement import ENTER_FLOOR
from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import NUM_ACHIEVEMENTS, Achievement, Mob
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_DEFEAT = {mob: f"DEFEAT_{mob.name}" for mob in Mob if mob.mob_class > 0} | {
    Mob.COW: "EAT_COW",
    Mob.BAT: "EAT_BAT",
    Mob.SNAIL: "EAT_SNAIL",
    Mob.ORC_SOLDIER: "DEFEAT_ORC_SOLIDER",
    Mob.KNIGHT_ARCHER: "DEFEAT_ARCHER",
}
_HELD = ("wood", "stone", "coal", "iron", "diamond", "ruby", "sapphire", "sapling")
_LEVELS = ("WOOD", "STONE", "IRON", "DIAMOND")


@jax.named_scope("game.achievements")
def kills(scene: Scene) -> jax.Array:
    """int32[3, 8]: mobs killed in this step by class and type."""
    return _by_kind(scene, scene.slain).reshape(3, 8)


@jax.named_scope("game.achievements")
def reached(scene: Scene, held_before_spawning: jax.Array, floor: jax.Array) -> jax.Array:
    """bool[67]: what was achieved in this step; `held_before_spawning` is int32[24], kills that count by kind."""
    held = scene.game.inventory
    flags = dict(scene.earned)
    for mob, name in _DEFEAT.items():
        flags[Achievement[name]] = held_before_spawning[mob] > 0
    for number in range(1, floor.shape[0]):
        flags[int(ENTER_FLOOR[number])] = floor[number]
    for name in _HELD:
        flags[Achievement[f"COLLECT_{name.upper()}"]] = getattr(held, name) > 0
    flags |= {Achievement.FIND_BOW: held.bow > 0, Achievement.MAKE_ARROW: held.arrows > 0}
    flags |= {Achievement.MAKE_TORCH: held.torches > 0}
    for level, name in enumerate(_LEVELS, start=1):
        flags[Achievement[f"MAKE_{name}_PICKAXE"]] = held.pickaxe >= level
        flags[Achievement[f"MAKE_{name}_SWORD"]] = held.sword >= level
    return jnp.stack([flags[number] for number in range(NUM_ACHIEVEMENTS)])


@jax.named_scope("game.achievements")
def counted_kills(scene: Scene) -> jax.Array:
    """int32[24]: kills that count as an achievement: monsters, and passive mobs if eaten."""
    counted = by_slot(lambda kind, *died: jnp.where(kind < 8, *died), scene.mobs.kind, scene.eaten, scene.slain)
    return _by_kind(scene, counted)


@jax.named_scope("game.achievements")
def reward(before: GameState, after: GameState, rules: RuleTable) -> jax.Array:
    """Worth of the new achievements, and a share of the change in health."""
    new = after.achievements & ~before.achievements
    return (new * rules.achievement_reward).sum() + (after.player_health - before.player_health) * rules.health_reward


def _by_kind(scene: Scene, died: Slots) -> jax.Array:
    return total(jnp.where(together(scene.mobs.kind)[:, None] == jnp.arange(24), together(died)[:, None], 0))
