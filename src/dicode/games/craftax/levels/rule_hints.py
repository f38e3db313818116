"""What to write for a rule that doesn't exist: the entry of a table that was meant, made from the tables themselves."""

import numpy as np

from dicode.games.craftax.levels.kinds import nearest
from dicode.games.craftax.levels.rule_axes import AXES
from dicode.games.craftax.levels.rule_spec import RULES, Rule

_SAME = {
    "hp": "health",
    "life": "health",
    "attack": "damage",
    "strength": "damage",
    "rate": "spawn",
    "chance": "spawn",
    "cost": "cost",
    "price": "cost",
    "amount": "yield",
    "drop": "yield",
    "drops": "yield",
    "points": "reward",
    "worth": "reward",
}
"""Words for what a rule changes, with ours."""
_MEANT = {
    "mob_damage": "monster_damage",
    "enemy_damage": "monster_damage",
    "enemy_health": "monster_health",
    "monster_spawn": "melee_spawn and ranged_spawn",
    "mob_spawn": "passive_spawn, melee_spawn or ranged_spawn",
    "spawn_spawn": "passive_spawn, melee_spawn or ranged_spawn",
    "sapling_drop": "sapling_chance",
    "sapling_yield": "sapling_chance",
    "sapling_spawn": "sapling_chance",
    "health_regen": "health_recovery",
    "mana_regen": "mana_recovery",
    "energy_regen": "energy_recovery",
    "food_decay": "hunger",
    "food_loss_rate": "hunger",
    "drink_decay": "thirst",
    "water_decay": "thirst",
    "energy_decay": "fatigue",
    "plant_growth": "plant_ripening",
    "ripening": "plant_ripening",
    "max_steps": "episode_length",
    "episode_steps": "episode_length",
    "time_limit": "episode_length",
    "max_episode_steps": "episode_length",
    "kills_needed": "ladder_kills",
    "kills_to_open_ladder": "ladder_kills",
    "player_health": "world.player.health in build(world)",
    "player_hp": "world.player.health in build(world)",
    "start_time": "world.time_of_day in build(world)",
    "time_of_day": "world.time_of_day in build(world)",
    "wood_yield": 'mining_yield={"tree": ...}',
}
"""Names of other games for rules that are called otherwise here."""
_MOB_CLASSES = ("passive_mob", "melee_mob", "ranged_mob")


def rule_hint(name: str, value: object) -> str:
    """`; write mob_health={"zombie": 2}` for `zombie_health=2`; else the rule whose name is closest, or nothing."""
    words = [_SAME.get(word, word) for word in name.lower().split("_") if word]
    meant = " or ".join(_written(rule, label, value) for rule, label in _entries(words))
    if meant:
        return f"; write {meant}"
    multiplier = _of_class(words)
    if multiplier:
        return f"; there is none for one kind alone, {multiplier} scales all of them"
    for spelling in (name.lower(), "_".join(words)):
        if spelling in _MEANT:
            return f"; write {_MEANT[spelling]}"
    return nearest(name, RULES)


def _entries(words: list[str]) -> list[tuple[Rule, str]]:
    """Tables that have a label among the words and are called what the other words say: the closest, all that are as close."""
    found = []
    for rule in RULES.values():
        for label in AXES[rule.axes[0]] if rule.axes else ():
            parts = label.split("_")
            rest = [word for word in words if word not in parts]
            if not label or not rest or not set(parts) <= set(words):
                continue
            own = set(rule.name.split("_"))
            if set(rest) <= own | set(rule.axes[0].split("_")):
                found.append((len(own - set(rest)), -len(parts), rule.name, rule, label))
    closest = min((entry[:2] for entry in found), default=None)
    return [
        (rule, label) for *close, _, rule, label in sorted(found, key=lambda entry: entry[:3]) if (*close,) == closest
    ]


def _of_class(words: list[str]) -> str:
    """The multiplier for the class of a creature that the words name: `cow_spawn` -> `passive_spawn`."""
    for axis in _MOB_CLASSES:
        for label in AXES[axis]:
            parts = label.split("_")
            if label and set(parts) <= set(words):
                rest = "_".join(word for word in words if word not in parts)
                for name in (f"{axis.removesuffix('_mob')}_{rest}", f"monster_{rest}"):
                    if name in RULES and (axis != "passive_mob" or not name.startswith("monster")):
                        return name
    return ""


def _written(rule: Rule, label: str, value: object) -> str:
    """The argument that sets one entry to `value`; of a table of tables, its first number that isn't zero in the game."""
    number = f"{value:g}" if isinstance(value, (int, float)) and rule.low <= value <= rule.high else "..."
    row = rule.default[AXES[rule.axes[0]].index(label)]
    if not row.ndim:
        return f'{rule.name}={{"{label}": {number if number != "..." else f"{float(row):g}"}}}'
    inner = AXES[rule.axes[1]]
    some = [int(index) for index in np.flatnonzero(row)] or [0]
    shown = ", ".join(f'"{inner[i]}": {number if len(some) == 1 and number != "..." else f"{row[i]:g}"}' for i in some)
    return f'{rule.name}={{"{label}": {{{shown}}}}}'
