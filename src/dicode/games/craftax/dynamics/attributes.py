"""Experience: points from new floors raise dexterity, strength or intelligence."""

import jax

from dicode.games.craftax.dynamics.scene import Scene
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.rules import RuleTable

_ACTIONS = {
    "player_dexterity": Action.LEVEL_UP_DEXTERITY,
    "player_strength": Action.LEVEL_UP_STRENGTH,
    "player_intelligence": Action.LEVEL_UP_INTELLIGENCE,
}


@jax.named_scope("game.attributes")
def level_up(scene: Scene, action: jax.Array, rules: RuleTable) -> Scene:
    """Raise an attribute by one for experience."""
    game = scene.game
    able = game.player_xp >= rules.level_up_cost
    points = game.player_xp
    raised = {}
    for name, wanted in _ACTIONS.items():
        value = getattr(game, name)
        up = able & (action == wanted) & (value < rules.max_attribute)
        raised[name] = value + up
        points = points - up * rules.level_up_cost
    return scene.replace(game=game.replace(player_xp=points, **raised))
