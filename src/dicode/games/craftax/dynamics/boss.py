"""The necromancer: waves of monsters rise from the graves, between two of them it can be wounded."""

import jax

from dicode.games.craftax.dynamics.few import any_of
from dicode.games.craftax.dynamics.scene import MELEE, RANGED, Scene
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.rules import RuleTable


def is_vulnerable(scene: Scene) -> jax.Array:
    """Whether no monster lives on the floor and no wave is rising."""
    mask = scene.mobs.mask
    return ~any_of(mask[MELEE]) & ~any_of(mask[RANGED]) & (scene.game.boss_timesteps_to_spawn_this_round <= 0)


def wave_is_rising(scene: Scene) -> jax.Array:
    """Whether monsters of the present wave still appear."""
    return scene.fighting_boss & (scene.game.boss_timesteps_to_spawn_this_round >= 1)


@jax.named_scope("game.boss")
def boss_time(scene: Scene, rules: RuleTable) -> Scene:
    """Count the wave down, and note a victory."""
    game = scene.game
    waiting = game.boss_timesteps_to_spawn_this_round - scene.fighting_boss
    scene = scene.replace(game=game.replace(boss_timesteps_to_spawn_this_round=waiting))
    return scene.earn({Achievement.DEFEAT_NECROMANCER: game.boss_progress >= rules.boss_waves})
