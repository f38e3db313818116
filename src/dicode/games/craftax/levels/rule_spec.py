"""Every number of the game that a level can change: name, default, range, unit and one sentence.

This is the single table behind `Rules` in level code, the device's `RuleTable`, the prompts, the
reference and the error messages. A *value* replaces Craftax's number, a *multiplier* scales one or
several values (after any replacement; whole numbers are rounded, results are held in range).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dicode.games.craftax.levels import rule_defaults as craftax
from dicode.games.craftax.levels.rule_axes import AXES


@dataclass(frozen=True)
class Rule:
    """One number, or one table of numbers, of the game."""

    name: str
    group: str
    default: np.ndarray = field(compare=False)
    """float32 or int32; its shape is that of the axes."""
    low: float
    high: float
    unit: str
    sentence: str
    axes: tuple[str, ...] = ()
    scales: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For a multiplier: the values it scales, each with the labels of its last axis (none: all)."""

    @property
    def integer(self) -> bool:
        """Whether only whole numbers make sense."""
        return self.default.dtype.kind == "i"

    @property
    def is_multiplier(self) -> bool:
        """Whether it scales other rules instead of replacing a number."""
        return bool(self.scales)

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Labels per axis."""
        return tuple(AXES[axis] for axis in self.axes)

    @property
    def bounds(self) -> str:
        """The range in words, as error messages say it."""
        return f"{self.low:g} to {self.high:g}" + (", whole numbers" if self.integer else "")


class _Group:
    """Collects the rules of one group."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []

    def value(
        self, name: str, default: object, span: tuple[float, float], unit: str, sentence: str, *axes: str
    ) -> None:
        array = np.asarray(default)
        array = array.astype(np.int32 if array.dtype.kind in "ib" else np.float32)
        assert array.shape == tuple(len(AXES[axis]) for axis in axes), name
        self.rules.append(Rule(name, self.name, array, *span, unit, sentence, axes))

    def whole(
        self, name: str, default: object, span: tuple[float, float], unit: str, sentence: str, *axes: str
    ) -> None:
        self.value(name, np.asarray(default, np.int32), span, unit, sentence, *axes)

    def times(self, name: str, sentence: str, *targets: str) -> None:
        scales = tuple((target.partition("[")[0], _columns(target)) for target in targets)
        rule = Rule(name, self.name, np.asarray(1.0, np.float32), 0, 10, "times", sentence)
        self.rules.append(Rule(**{**rule.__dict__, "scales": scales}))


def _columns(target: str) -> tuple[str, ...]:
    inside = target.partition("[")[2].rstrip("]")
    return tuple(inside.split(",")) if inside else ()


CHANCE, SHARE, SWITCH = (0.0, 1.0), (0.0, 1.0), (0, 1)


# fmt: off
def _spawning() -> _Group:
    g = _Group("spawning")
    g.times("passive_spawn", "Scales how often cows, bats and snails appear.", "spawn_chance[passive]")
    g.times("melee_spawn", "Scales how often melee mobs appear.", "spawn_chance[melee,melee_at_night]")
    g.times("ranged_spawn", "Scales how often ranged mobs appear.", "spawn_chance[ranged]")
    g.value("spawn_chance", craftax.SPAWN_CHANCE, CHANCE, "per step",
            "Chance that a mob appears; at night `melee_at_night` x darkness squared is added.", "floor", "spawning")
    g.value("uncleared_spawn", 3.0, (0, 20), "times",
            "Monsters appear this much more often until the floor's ladder is open.")
    g.whole("passive_kind", craftax.FLOOR_KIND[:, 0], (0, 2), "type", "Which passive mob lives on a floor: "
            "0 cow, 1 bat, 2 snail.", "floor")
    g.whole("melee_kind", craftax.FLOOR_KIND[:, 1], (0, 7), "type", "Which melee mob lives on a floor: 0 zombie, "
            "1 gnome warrior, 2 orc soldier, 3 lizard, 4 knight, 5 troll, 6 pigman, 7 frost troll.", "floor")
    g.whole("ranged_kind", craftax.FLOOR_KIND[:, 2], (0, 7), "type", "Which ranged mob lives on a floor: 0 skeleton, "
            "1 gnome archer, 2 orc mage, 3 kobold, 4 knight archer, 5 deep thing, 6 and 7 elementals.", "floor")
    g.whole("max_passive", [3] * 9, (0, 3), "mobs", "Passive mobs at once on a floor.", "floor")
    g.whole("max_melee", [3] * 9, (0, 3), "mobs", "Melee mobs at once on a floor.", "floor")
    g.whole("max_ranged", [2] * 9, (0, 2), "mobs", "Ranged mobs at once on a floor.", "floor")
    g.value("passive_spawn_distance", 3.0, (0, 13), "cells", "Passive mobs appear farther away than this.")
    g.value("monster_spawn_distance", 9.0, (0, 13), "cells", "Monsters appear farther away than this.")
    g.value("boss_spawn_distance", 6.0, (1, 13), "cells", "In the boss fight monsters rise at most this far away.")
    g.value("spawn_limit", 14.0, (1, 14), "cells", "Mobs appear nearer than this.")
    g.whole("despawn_distance", 14, (1, 200), "cells", "Mobs at this distance (rows plus columns) or more vanish.")
    return g


def _mobs() -> _Group:
    g = _Group("mobs")
    g.times("monster_health", "Scales the health of melee and ranged mobs that appear.", "mob_health[melee,ranged]")
    g.times("monster_damage", "Scales all damage that mobs do.", "melee_damage", "mob_projectile_damage")
    g.times("monster_speed", "Scales how often melee and ranged mobs move.", "melee_speed", "ranged_speed")
    g.value("mob_health", craftax.MOB_HEALTH, (0.1, 1000), "health", "Health of a mob that appears.", "mob")
    g.value("mob_defence", craftax.MOB_DEFENCE, (0, 1), "share", "Share of damage a mob takes no harm from.",
            "mob", "damage")
    g.value("melee_damage", craftax.MELEE_DAMAGE, (0, 100), "health", "Damage of one blow.", "melee_mob", "damage")
    g.whole("melee_cooldown", 5, (0, 1000), "steps", "Steps between a melee mob's blows.")
    g.whole("ranged_cooldown", 4, (0, 1000), "steps", "Steps between a ranged mob's shots.")
    g.whole("chase_distance", 10, (0, 100), "cells", "Melee mobs nearer than this (rows plus columns) may chase.")
    g.value("chase_chance", 0.75, CHANCE, "per step", "Chance that a near melee mob steps towards the player.")
    g.whole("advance_distance", 6, (0, 100), "cells", "Ranged mobs this far away or farther approach.")
    g.whole("retreat_distance", 3, (0, 100), "cells", "Ranged mobs this near or nearer back off.")
    g.whole("shoot_nearest", 4, (0, 100), "cells", "Ranged mobs shoot from this distance on.")
    g.whole("shoot_farthest", 5, (0, 100), "cells", "Ranged mobs shoot up to this distance.")
    g.value("ranged_hesitation", 0.85, CHANCE, "per step", "Chance that a ranged mob wanders instead of its plan.")
    g.value("sleeping_damage", 2.5, (0, 20), "times", "Extra share of melee damage while the player sleeps.")
    g.value("passive_speed", 1.0, SHARE, "share", "Share of its steps in which a passive mob may move.")
    g.value("melee_speed", 1.0, SHARE, "share", "Share of its steps in which a melee mob may move.")
    g.value("ranged_speed", 1.0, SHARE, "share", "Share of its steps in which a ranged mob may move.")
    g.whole("mob_blocked_by", craftax.MOB_BLOCKED_BY, SWITCH, "0 or 1", "Which terrain a mob cannot enter.",
            "mob", "terrain")
    g.whole("shoots", craftax.SHOOTS, (0, 7), "type", "What a ranged mob shoots: 0 arrow, 1 dagger, 2 fireball, "
            "3 iceball, 4 heavy arrow, 5 slimeball, 6 great fireball, 7 great iceball.", "ranged_mob")
    g.value("mob_projectile_damage", craftax.PROJECTILE_DAMAGE, (0, 100), "health", "Damage of mobs' projectiles.",
            "projectile", "damage")
    g.whole("max_mob_projectiles", 3, (0, 3), "projectiles", "Mobs' projectiles at once on a floor.")
    g.whole("projectiles_break_stations", 1, SWITCH, "0 or 1",
            "Whether mobs' projectiles break tables and furnaces.")
    return g


def _combat() -> _Group:
    g = _Group("combat")
    g.times("player_damage", "Scales all damage that the player does.", "sword_damage", "player_projectile_damage")
    g.value("sword_damage", [1.0, 2.0, 3.0, 5.0, 8.0], (0, 100), "health", "Damage of a blow by sword.", "sword")
    g.value("sword_enchantment", 0.5, (0, 10), "share", "Share of sword damage that an enchantment adds.")
    g.value("arrow_enchantment", 0.5, (0, 10), "share", "Share of arrow damage that an enchantment adds.")
    g.value("player_projectile_damage", craftax.PROJECTILE_DAMAGE, (0, 100), "health",
            "Damage of the player's projectiles: heavy_arrow from the bow, fireball, iceball.", "projectile", "damage")
    g.whole("max_player_projectiles", 3, (0, 3), "projectiles", "The player's projectiles at once on a floor.")
    g.whole("arrow_cost", 1, (0, 99), "arrows", "Arrows spent by a shot.")
    g.whole("fireball_mana", 2, (0, 50), "mana", "Mana spent by a fireball.")
    g.whole("iceball_mana", 2, (0, 50), "mana", "Mana spent by an iceball.")
    g.value("armour_defence", 0.1, (0, 0.125), "share", "Damage kept off per piece and level of armour.")
    g.value("armour_enchantment", 0.2, (0, 0.25), "share", "Fire or ice damage kept off per enchanted piece.")
    return g


def _attributes() -> _Group:
    g = _Group("attributes")
    g.whole("floor_experience", 1, (0, 100), "points", "Experience for reaching a floor for the first time.")
    g.whole("level_up_cost", 1, (0, 100), "points", "Experience that raising an attribute costs.")
    g.whole("max_attribute", 5, (1, 20), "points", "Highest value of an attribute.")
    g.value("strength_damage", 0.25, (0, 10), "share", "Sword damage added per point of strength above one.")
    g.value("intelligence_enchantment", 0.05, (0, 10), "share",
            "Sword enchantment damage added per point of intelligence above one.")
    g.value("dexterity_arrows", 0.2, (0, 10), "share", "Arrow damage added per point of dexterity above one.")
    g.value("intelligence_spells", 0.5, (0, 10), "share", "Spell damage added per point of intelligence above one.")
    g.value("dexterity_needs", 0.125, (0, 1), "share", "Hunger, thirst and fatigue less per dexterity above one.")
    g.value("intelligence_mana", 0.25, (0, 10), "share", "Mana recovery added per point of intelligence above one.")
    for vital, base, each, attribute in craftax.MAXIMA:
        g.whole(f"{vital}_base", base, (1, 40), "points", f"Highest {vital} before {attribute}.")
        g.whole(f"{vital}_per_{attribute}", each, (0, 10), "points", f"Highest {vital} per point of {attribute}.")
    return g


def _needs() -> _Group:
    g = _Group("needs")
    g.times("hunger", "Scales how fast hunger grows.", "hunger_awake", "hunger_asleep")
    g.times("thirst", "Scales how fast thirst grows.", "thirst_awake", "thirst_asleep")
    g.times("fatigue", "Scales how fast the player tires.", "fatigue_awake")
    g.times("health_recovery", "Scales how fast health recovers.", "recovery_awake", "recovery_asleep",
            "recovery_resting")
    g.times("starvation", "Scales how fast health is lost for want of food, drink or energy.", "starvation_awake",
            "starvation_asleep")
    g.times("energy_recovery", "Scales how fast sleep restores energy.", "energy_asleep")
    g.times("mana_recovery", "Scales how fast mana recovers.", "mana_awake", "mana_asleep")
    for name, default, sentence in craftax.RATES:
        g.value(name, default, (0, 100), "per step", sentence)
    for name, default, sentence in craftax.LIMITS:
        g.value(name, default, (0, 1000), "points", sentence)
    for name, default, unit, sentence in craftax.STEPS:
        g.whole(name, default, (0, 40), unit, sentence)
    g.whole("needs_in_boss_fight", 0, SWITCH, "0 or 1", "Whether needs cost anything on the boss's floor.")
    g.value("minimum_health", 0.0, (0, 9), "health", "Health never ends a step below this; above 0 nobody dies.")
    return g


def _gathering() -> _Group:
    g = _Group("gathering")
    g.times("gathering", "Scales what mining yields.", "mining_yield")
    g.times("food_value", "Scales how much meals feed.", "mob_food", "plant_food")
    g.whole("tool_level", [0, 1, 1, 2, 3, 4, 4, 1], (0, 4), "level", "Pickaxe needed: 0 none, 1 wood, 2 stone, "
            "3 iron, 4 diamond.", "resource")
    g.whole("mining_yield", [1] * 8, (0, 20), "pieces", "Pieces gained by mining; trees give wood, stalagmites "
            "stone.", "resource")
    g.value("sapling_chance", 0.1, CHANCE, "per try", "Chance to find a sapling in grass.")
    g.whole("mob_food", [6, 6, 6], (0, 50), "food", "Food from a passive mob.", "passive_mob")
    g.whole("plant_food", 4, (0, 50), "food", "Food from a ripe plant.")
    g.whole("water_drink", 1, (0, 50), "drink", "Drink from a sip of water or a fountain.")
    g.whole("plant_ripening", 600, (1, 100_000), "steps", "Age at which a plant is ripe.")
    g.times("ripening_time", "Scales the age at which a plant is ripe.", "plant_ripening")
    g.whole("inventory_limit", 99, (1, 99), "pieces", "Most of one kind that can be carried.")
    return g


def _crafting() -> _Group:
    g = _Group("crafting")
    g.times("crafting_cost", "Scales what recipes cost.", "recipe_cost", "place_cost[table,furnace]")
    g.whole("recipe_cost", craftax.RECIPE_COST, (0, 99), "pieces", "What a recipe takes.", "recipe", "material")
    g.whole("recipe_needs_table", [1] * 12, SWITCH, "0 or 1", "Whether a table must be near.", "recipe")
    g.whole("recipe_needs_furnace", craftax.NEEDS_FURNACE, SWITCH, "0 or 1", "Whether a furnace must be near.",
            "recipe")
    g.whole("arrow_yield", 2, (0, 99), "arrows", "Arrows made at once.")
    g.whole("torch_yield", 4, (0, 99), "torches", "Torches made at once.")
    g.whole("station_reach", 1, (0, 2), "cells", "How far (also diagonally) a table or furnace serves.")
    g.whole("place_cost", [1, 2, 1, 1, 1], (0, 99), "pieces", "What placing takes: stone, wood for a table, stone for "
            "a furnace, saplings, torches.", "placeable")
    g.whole("furnace_needs_table", 0, SWITCH, "0 or 1", "Whether a table must be near to place a furnace.")
    return g


def _chests() -> _Group:
    g = _Group("chests")
    g.times("chest_luck", "Scales every chance of finding something in a chest.", *craftax.CHEST_CHANCES)
    for name, default, sentence in craftax.CHEST_RULES:
        g.value(name, default, CHANCE, "chance", sentence)
    for name, default, sentence in craftax.CHEST_AMOUNTS:
        g.whole(name, default, (0, 99), "pieces", sentence)
    g.value("chest_ore_weight", [0.3, 0.3, 0.15, 0.125, 0.125], (0.001, 1), "weight",
            "How likely each kind is, if there is ore.", "ore")
    g.whole("chest_ore_least", [1] * 5, (0, 99), "pieces", "Fewest pieces of ore found.", "ore")
    g.whole("chest_ore_most", [3, 2, 1, 1, 1], (0, 99), "pieces", "Most pieces of ore found.", "ore")
    g.value("chest_tool_weight", [0.4, 0.3, 0.2, 0.1], (0.001, 1), "weight",
            "How likely each level is, if there is a tool.", "tool_level")
    g.whole("chest_bow", [0, 1, 0, 0, 0, 0, 0, 0, 0], SWITCH, "0 or 1", "Whether a floor's first chest holds a bow.",
            "floor")
    g.whole("chest_books", [0, 0, 0, 1, 1, 0, 0, 0, 0], (0, 9), "books", "Books in a floor's first chest.", "floor")
    return g


def _magic() -> _Group:
    g = _Group("magic")
    g.whole("potion_effect", [8, -3, 8, -3, 8, -3], (-50, 50), "points", "What a potion adds to health, mana or "
            "energy.", "potion")
    g.whole("enchant_mana", 9, (0, 50), "mana", "Mana spent by enchanting.")
    g.whole("enchant_gems", 1, (0, 99), "gems", "Rubies (fire) or sapphires (ice) spent by enchanting.")
    return g


def _world() -> _Group:
    g = _Group("world")
    g.whole("ladder_kills", [8] * 9, (0, 1000), "kills", "Monsters to defeat before a floor's ladder down opens "
            "(the overworld starts with 10).", "floor")
    g.value("day_length", 300.0, (2, 100_000), "steps", "Steps of a day and night.")
    g.value("day_start", 0.3, (0, 1), "days", "Time of day at step 0; it is darkest at 0 and 1.")
    g.value("night_darkness", 1.0, SHARE, "share", "How dark the darkest hour is.")
    g.value("torch_radius", 5.0, (0.5, 5), "cells", "How far a torch shines.")
    g.value("torch_brightness", 1.0, SHARE, "share", "Light that a torch adds on its own cell.")
    g.whole("player_blocked_by", [0, 1, 1], SWITCH, "0 or 1", "Which terrain the player cannot enter.", "terrain")
    g.whole("boss_waves", 8, (1, 8), "waves", "Blows against the necromancer that end the game.")
    g.whole("boss_wave_steps", 7, (0, 1000), "steps", "Steps for which a wave of the boss fight rises.")
    g.value("boss_spawn", 1000.0, (0, 1000), "times", "How much more often monsters rise during a wave.")
    g.value("boss_damage", 0.5, (0, 20), "share", "Extra share of damage done to the player in the boss fight.")
    g.whole("episode_length", 100_000, (1, 1_000_000), "steps", "Steps after which the game ends by itself.")
    return g


def _reward() -> _Group:
    g = _Group("reward")
    g.times("achievement_scale", "Scales the worth of all achievements.", "achievement_reward")
    g.value("achievement_reward", craftax.ACHIEVEMENT_REWARD, (-100, 100), "reward", "Worth of an achievement, paid "
            "once an episode.", "achievement")
    g.value("health_reward", 0.1, (-10, 10), "reward", "Reward per point of health gained, taken per point lost.")
    return g


# fmt: on
GROUPS: dict[str, tuple[Rule, ...]] = {
    group.name: tuple(group.rules)
    for group in (
        _spawning(),
        _mobs(),
        _combat(),
        _attributes(),
        _needs(),
        _gathering(),
        _crafting(),
        _chests(),
        _magic(),
        _world(),
        _reward(),
    )
}  # fmt: skip
"""The rules by group, in the order people should read them."""

RULES: dict[str, Rule] = {rule.name: rule for rules in GROUPS.values() for rule in rules}
"""Every rule by name."""

VALUES: tuple[Rule, ...] = tuple(rule for rule in RULES.values() if not rule.is_multiplier)
"""The numbers themselves: the fields of the device's table."""

MULTIPLIERS: tuple[Rule, ...] = tuple(rule for rule in RULES.values() if rule.is_multiplier)


def reference(groups: Sequence[str] = tuple(GROUPS)) -> Iterator[str]:
    """One line of Markdown per rule, with a heading per group: the text of prompts and of the reference."""
    for group in groups:
        yield f"### {group}"
        for rule in GROUPS[group]:
            default = f"{rule.default:g}" if rule.default.ndim == 0 else "a table by " + " and ".join(rule.axes)
            kind = "multiplier" if rule.is_multiplier else rule.unit
            yield f"- `{rule.name}` ({kind}; {rule.bounds}; default {default}): {rule.sentence}"
