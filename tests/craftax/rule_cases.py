"""One case per rule: a small world, one action, and what can be seen of the rule in the state afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dicode.games.craftax.levels.names import MAP_SIZE, Action, Block, Item
from dicode.games.craftax.levels.rule_axes import AXES
from dicode.games.craftax.levels.schema import MAX_MOBS, STATE_FIELDS

World = dict[str, np.ndarray]
HERE = (24, 24)
AHEAD = (23, 24)
"""The cell that the player faces."""
GRAVES = "graves"


def world(
    *,
    blocks: dict[tuple[int, int], int] | str = "",
    mobs: tuple[tuple[str, int, tuple[int, int], float], ...] = (),
    shots: tuple[tuple[str, int, tuple[int, int], tuple[int, int]], ...] = (),
    **fields: Any,
) -> World:
    """A bare floor of paths around the player, who looks up; fields are set by name, `__` for a dot."""
    state = {name: np.zeros(spec.shape, spec.dtype) for name, spec in STATE_FIELDS.items()}
    state["blocks"][...] = Block.PATH
    state["light"][...] = 255
    state["player_position"][...] = HERE
    state["player_direction"][...] = Action.UP
    for name in ("health", "food", "drink", "energy", "mana"):
        state[f"player_{name}"][...] = 9
    for name in ("dexterity", "strength", "intelligence"):
        state[f"player_{name}"][...] = 1
    for record in (*MAX_MOBS, "mob_projectiles", "player_projectiles"):
        state[f"{record}.health"][...] = 1
    state["potion_mapping"][...] = np.arange(6)
    state["monsters_killed"][0] = 10
    state["light_level"][...] = 1
    state["boss_timesteps_to_spawn_this_round"][...] = 7
    for name, value in fields.items():
        state[name.replace("__", ".")][...] = value
    floor = int(state["player_level"])
    if blocks == GRAVES:
        state["blocks"][floor] = Block.GRAVE
        state["blocks"][floor][HERE] = Block.PATH
    elif isinstance(blocks, dict):
        for cell, block in blocks.items():
            state["blocks"][floor][cell] = block
    for kind, type_id, cell, health in mobs:
        record = f"{kind}_mobs"
        slot = int(state[f"{record}.mask"][floor].sum())
        state[f"{record}.mask"][floor, slot] = True
        state[f"{record}.position"][floor, slot] = cell
        state[f"{record}.health"][floor, slot] = health
        state[f"{record}.type_id"][floor, slot] = type_id
        state["mob_map"][floor][cell] = True
    for owner, type_id, cell, direction in shots:
        record = f"{owner}_projectile"
        state[f"{record}s.mask"][floor, 0] = True
        state[f"{record}s.position"][floor, 0] = cell
        state[f"{record}s.type_id"][floor, 0] = type_id
        state[f"{record}_directions"][floor, 0] = direction
    return state


Look = Callable[[World, Any], Any]
"""(state after the step, record with reward and done) -> what is compared."""


@dataclass(frozen=True)
class Case:
    """A rule's effect: what is seen without and with the change."""

    rule: str
    change: Any
    start: World
    action: int
    look: Look
    without: Any
    with_it: Any
    base: dict[str, Any] = field(default_factory=dict)
    """Rules that hold on both sides, to make chance certain."""


ANY = "anything else"
"""Stands for any value but the other side's."""


def see(name: str, *index: int) -> Look:
    """The value of one field."""
    return lambda state, _: float(state[name][index])


def count(record: str) -> Look:
    """How many mobs or projectiles live on the player's floor."""
    return lambda state, _: int(state[f"{record}.mask"][int(state["player_level"])].sum())


def gap(record: str) -> Look:
    """Distance of the record's first mob, in rows plus columns."""
    return lambda state, _: int(np.abs(state[f"{record}.position"][int(state["player_level"]), 0] - HERE).sum())


def far(record: str, least: float) -> Look:
    """Whether the record's first mob is farther away than `least`, as the crow flies."""
    return lambda state, _: bool(np.hypot(*(state[f"{record}.position"][int(state["player_level"]), 0] - HERE)) > least)


def block(cell: tuple[int, int] = AHEAD) -> Look:
    """The block of a cell."""
    return lambda state, _: int(state["blocks"][int(state["player_level"])][cell])


def reward(_: World, result: Any) -> float:
    """The step's reward."""
    return round(float(result.reward), 4)


def done(_: World, result: Any) -> bool:
    """Whether the game is over."""
    return bool(result.done)


NOOP, DO, UP = Action.NOOP, Action.DO, Action.UP
COW, ZOMBIE, SKELETON = ("passive", 0), ("melee", 0), ("ranged", 0)
SPAWN_PASSIVE = {"spawn_chance": {"overworld.passive": 1}}
SPAWN_MELEE = {"spawn_chance": {"overworld.melee": 1}}
SPAWN_RANGED = {"spawn_chance": {"overworld.ranged": 1}}
CHASE = {"chase_chance": 1.0}
PLAN = {"ranged_hesitation": 0.0}
STILL = {"melee_speed": 0.0}
HURT = see("player_health")


def zombie(distance: int = 1, health: float = 5, type_id: int = 0, **fields: Any) -> World:
    """A melee mob above the player."""
    return world(mobs=(("melee", type_id, (24 - distance, 24), health),), **fields)


def skeleton(distance: int, **fields: Any) -> World:
    """A ranged mob to the player's left."""
    return world(mobs=((*SKELETON, (24, 24 - distance), 3),), **fields)


def shot_at_zombie(type_id: int, **fields: Any) -> World:
    """A projectile of the player one cell before a tough zombie."""
    return world(mobs=((*ZOMBIE, (20, 24), 20),), shots=(("player", type_id, (21, 24), (-1, 0)),), **fields)


def chest(**fields: Any) -> World:
    """A chest before the player."""
    return world(blocks={AHEAD: Block.CHEST}, **fields)


def at_table(**fields: Any) -> World:
    """A crafting table beside the player."""
    return world(blocks={(24, 25): Block.CRAFTING_TABLE}, **fields)


def boss_floor(**fields: Any) -> World:
    """The boss's floor, all graves."""
    return world(blocks=GRAVES, player_level=8, **fields)


ZOMBIE_HEALTH = see("melee_mobs.health", 0, 0)
ALL_IN_CHEST = dict.fromkeys(("chest_torches", "chest_ore", "chest_potion", "chest_arrows", "chest_tool"), 1.0)
ORES = ("coal", "iron", "diamond", "sapphire", "ruby")
ONLY_COAL = {"chest_ore": 1.0, "chest_ore_weight": {ore: 1.0 if ore == "coal" else 0.001 for ore in ORES}}


def potions(state: World, _: Any) -> int:
    """Potions of all colours."""
    return int(state["inventory.potions"].sum())


def tools(state: World, _: Any) -> int:
    """Levels of pickaxe and sword."""
    return int(state["inventory.pickaxe"] + state["inventory.sword"])


def ores(state: World, _: Any) -> int:
    """Pieces of ore."""
    return int(sum(state[f"inventory.{ore}"] for ore in ORES))


def _spawning() -> list[Case]:
    dungeon = world(player_level=1, monsters_killed=0)
    return [
        Case("passive_spawn", 10, world(), NOOP, count("passive_mobs"), 0, 1),
        Case("melee_spawn", 10, dungeon, NOOP, count("melee_mobs"), 0, 1),
        Case("ranged_spawn", 10, dungeon, NOOP, count("ranged_mobs"), 0, 1),
        Case("spawn_chance", {"overworld": {"passive": 1}}, world(), NOOP, count("passive_mobs"), 0, 1),
        Case("uncleared_spawn", 20, dungeon, NOOP, count("melee_mobs"), 0, 1),
        Case("passive_kind", {"overworld": 2}, world(), NOOP, see("passive_mobs.type_id", 0, 0), 0, 2),
        Case("melee_kind", {"overworld": 5}, world(), NOOP, see("melee_mobs.type_id", 0, 0), 0, 5),
        Case("ranged_kind", {"overworld": 4}, world(), NOOP, see("ranged_mobs.type_id", 0, 0), 0, 4),
        Case("max_passive", {"overworld": 0}, world(), NOOP, count("passive_mobs"), 1, 0, SPAWN_PASSIVE),
        Case("max_melee", {"overworld": 0}, world(), NOOP, count("melee_mobs"), 1, 0, SPAWN_MELEE),
        Case("max_ranged", {"overworld": 0}, world(), NOOP, count("ranged_mobs"), 1, 0, SPAWN_RANGED),
        Case("passive_spawn_distance", 13, world(), NOOP, far("passive_mobs", 13), False, True, SPAWN_PASSIVE),
        Case("monster_spawn_distance", 13, world(), NOOP, far("melee_mobs", 13), False, True, SPAWN_MELEE),
        Case("boss_spawn_distance", 1, boss_floor(), NOOP, far("melee_mobs", 1), True, False),
        Case("spawn_limit", 5, world(), NOOP, far("passive_mobs", 5), True, False, SPAWN_PASSIVE),
        Case("despawn_distance", 3, zombie(9), NOOP, count("melee_mobs"), 1, 0),
    ]


def _mobs() -> list[Case]:
    arrow = world(shots=(("mob", 0, (24, 23), (0, 1)),))
    at_station = world(blocks={(24, 21): Block.CRAFTING_TABLE}, shots=(("mob", 0, (24, 20), (0, 1)),))
    crowded = world(mobs=((*SKELETON, (24, 22), 3),), ranged_mobs__attack_cooldown=9)
    cows = world(mobs=((*COW, (30, 30), 3), (*COW, (32, 34), 3), (*COW, (34, 28), 3)))

    def herd(state: World, _: Any) -> int:
        return int((state["passive_mobs.position"][0] != [(30, 30), (32, 34), (34, 28)]).sum())

    return [
        Case("monster_health", 2, world(), NOOP, ZOMBIE_HEALTH, 5, 10, SPAWN_MELEE),
        Case("monster_damage", 2, zombie(), NOOP, HURT, 7, 5),
        Case("monster_speed", 0, zombie(5), NOOP, gap("melee_mobs"), 4, 5, CHASE),
        Case("mob_health", {"zombie": 1}, world(), NOOP, ZOMBIE_HEALTH, 5, 1, SPAWN_MELEE),
        Case("mob_defence", {"zombie": {"physical": 0.5}}, zombie(), DO, ZOMBIE_HEALTH, 4, 4.5),
        Case("melee_damage", {"zombie.physical": 4}, zombie(), NOOP, HURT, 7, 5),
        Case("melee_cooldown", 9, zombie(), NOOP, see("melee_mobs.attack_cooldown", 0, 0), 5, 9),
        Case("ranged_cooldown", 9, skeleton(4), NOOP, see("ranged_mobs.attack_cooldown", 0, 0), 4, 9),
        Case("chase_distance", 0, zombie(5), NOOP, gap("melee_mobs"), 4, ANY, CHASE),
        Case("chase_chance", 0, zombie(5), NOOP, gap("melee_mobs"), 4, ANY),
        Case("advance_distance", 100, skeleton(8), NOOP, gap("ranged_mobs"), 7, ANY, PLAN),
        Case("retreat_distance", 0, crowded, NOOP, see("ranged_mobs.position", 0, 0, 1), 21, ANY, PLAN),
        Case("shoot_nearest", 5, skeleton(4), NOOP, count("mob_projectiles"), 1, 0),
        Case("shoot_farthest", 4, skeleton(5), NOOP, count("mob_projectiles"), 1, 0),
        Case("ranged_hesitation", 0, skeleton(8), NOOP, gap("ranged_mobs"), ANY, 7),
        Case("sleeping_damage", 0, zombie(is_sleeping=True), NOOP, HURT, 2, 7),
        Case("passive_speed", 0, cows, NOOP, herd, ANY, 0),
        Case("melee_speed", 0, zombie(5), NOOP, gap("melee_mobs"), 4, 5, CHASE),
        Case("ranged_speed", 0, skeleton(8), NOOP, gap("ranged_mobs"), 7, 8, PLAN),
        Case("mob_blocked_by", {"zombie": {"ground": 1}}, zombie(5), NOOP, gap("melee_mobs"), 4, 5, CHASE),
        Case("shoots", {"skeleton": 5}, skeleton(4), NOOP, see("mob_projectiles.type_id", 0, 0), 0, 5),
        Case("mob_projectile_damage", {"arrow": {"physical": 5}}, arrow, NOOP, HURT, 7, 4),
        Case("max_mob_projectiles", 0, skeleton(4), NOOP, count("mob_projectiles"), 1, 0),
        Case("projectiles_break_stations", 0, at_station, NOOP, block((24, 21)), Block.PATH, Block.CRAFTING_TABLE),
    ]


def _combat() -> list[Case]:
    fiery = {"inventory__sword": 1, "sword_enchantment": 1}
    archer = world(inventory__bow=1, inventory__arrows=2)
    mage = world(learned_spells=True)
    armoured = {"inventory__armour": 2}
    pigman = zombie(type_id=6, armour_enchantments=1)
    return [
        Case("player_damage", 2, zombie(), DO, ZOMBIE_HEALTH, 4, 3),
        Case("sword_damage", {"none": 3}, zombie(), DO, ZOMBIE_HEALTH, 4, 2),
        Case("sword_enchantment", 1, zombie(**fiery), DO, ZOMBIE_HEALTH, 2, 1),
        Case("arrow_enchantment", 2, shot_at_zombie(4, bow_enchantment=1), NOOP, ZOMBIE_HEALTH, 12.5, 5, STILL),
        Case("player_projectile_damage", {"heavy_arrow.physical": 1}, shot_at_zombie(4), NOOP, ZOMBIE_HEALTH, 15, 19, STILL),
        Case("max_player_projectiles", 0, archer, Action.SHOOT_ARROW, count("player_projectiles"), 1, 0),
        Case("arrow_cost", 0, archer, Action.SHOOT_ARROW, see("inventory.arrows"), 1, 2),
        Case("fireball_mana", 0, mage, Action.CAST_FIREBALL, see("player_mana"), 7, 9),
        Case("iceball_mana", 5, mage, Action.CAST_ICEBALL, see("player_mana"), 7, 4),
        Case("armour_defence", 0, zombie(**armoured), NOOP, HURT, 8.6, 7),
        Case("armour_enchantment", 0, pigman, NOOP, HURT, 5, 1),
    ]  # fmt: skip


def _attributes() -> list[Case]:
    strength = Action.LEVEL_UP_STRENGTH
    fiery = {"inventory__sword": 1, "sword_enchantment": 1, "player_intelligence": 2}
    cases = [
        Case("floor_experience", 5, world(player_level=1), NOOP, see("player_xp"), 1, 5),
        Case("level_up_cost", 3, world(player_xp=3), strength, see("player_xp"), 2, 0),
        Case("max_attribute", 1, world(player_xp=1), strength, see("player_strength"), 2, 1),
        Case("strength_damage", 1, zombie(player_strength=2), DO, ZOMBIE_HEALTH, 3.75, 3),
        Case("intelligence_enchantment", 1, zombie(**fiery), DO, ZOMBIE_HEALTH, 1.95, 1),
        Case("dexterity_arrows", 1, shot_at_zombie(4, player_dexterity=2), NOOP, ZOMBIE_HEALTH, 14, 10, STILL),
        Case("intelligence_spells", 1, shot_at_zombie(2, player_intelligence=2), NOOP, ZOMBIE_HEALTH, 15.5, 14, STILL),
        Case("dexterity_needs", 1, world(player_dexterity=2), NOOP, see("player_hunger"), 0.875, 0),
        Case("intelligence_mana", 1, world(player_intelligence=2), NOOP, see("player_recover_mana"), 1.25, 2),
    ]
    maxima = {"health": ("strength", 1), "food": ("dexterity", 2), "drink": ("dexterity", 2)}
    maxima |= {"energy": ("dexterity", 2), "mana": ("intelligence", 3)}
    for vital, (attribute, each) in maxima.items():
        look = see(f"player_{vital}")
        cases.append(Case(f"{vital}_base", 1, world(), NOOP, look, 9, 1 + each))
        cases.append(Case(f"{vital}_per_{attribute}", 0, world(), NOOP, look, 9, 9 - each))
    return cases


def _needs() -> list[Case]:
    asleep, starving = {"is_sleeping": True, "player_energy": 5}, {"player_food": 0}
    resting = world(is_resting=True, player_health=5)
    tired, hungry = world(player_fatigue=0, **asleep), see("player_hunger")
    thirst, fatigue, recover, mana = (see(f"player_{n}") for n in ("thirst", "fatigue", "recover", "recover_mana"))
    weak = world(player_health=5)
    health, energy = see("player_health"), see("player_energy")
    faster = [
        ("hunger", world(), hungry, 1), ("thirst", world(), thirst, 1), ("fatigue", world(), fatigue, 1),
        ("health_recovery", world(), recover, 1), ("starvation", world(**starving), recover, -1),
        ("energy_recovery", tired, fatigue, -1), ("mana_recovery", world(), mana, 1),
    ]  # fmt: skip
    rates = [
        ("hunger_awake", world(), hungry, 1), ("hunger_asleep", tired, hungry, 0.5), ("thirst_awake", world(), thirst, 1),
        ("thirst_asleep", tired, thirst, 0.5), ("fatigue_awake", world(), fatigue, 1),
        ("recovery_awake", world(), recover, 1), ("recovery_asleep", tired, recover, 2),
        ("recovery_resting", resting, recover, 1), ("mana_awake", world(), mana, 1), ("mana_asleep", tired, mana, 2),
    ]  # fmt: skip
    limits = [
        ("hunger_limit", world(), see("player_food"), 9, 8), ("thirst_limit", world(), see("player_drink"), 9, 8),
        ("fatigue_limit", world(), energy, 9, 8), ("energy_limit", tired, energy, 5, 6),
        ("recovery_limit", weak, health, 5, 6), ("starvation_limit", world(**starving), health, 9, 8),
        ("mana_limit", world(player_mana=5), see("player_mana"), 5, 6),
    ]  # fmt: skip
    steps = [
        ("food_loss", "hunger_limit", world(), see("player_food"), 8, 6),
        ("drink_loss", "thirst_limit", world(), see("player_drink"), 8, 6),
        ("energy_loss", "fatigue_limit", world(), energy, 8, 6),
        ("energy_gain", "energy_limit", tired, energy, 6, 8),
        ("health_gain", "recovery_limit", weak, health, 6, 8),
        ("health_loss", "starvation_limit", world(**starving), health, 8, 6),
        ("mana_gain", "mana_limit", world(player_mana=5), see("player_mana"), 6, 8),
    ]
    boss = world(player_level=8, player_hunger=30)
    return [
        *(Case(name, 2, start, NOOP, look, value, 2 * value) for name, start, look, value in faster),
        *(Case(name, 3, start, NOOP, look, value, 3) for name, start, look, value in rates),
        Case("starvation_awake", 3, world(**starving), NOOP, recover, -1, -3),
        Case("starvation_asleep", 3, world(**starving, **asleep), NOOP, recover, -0.5, -3),
        Case("energy_asleep", 3, tired, NOOP, fatigue, -1, -3),
        *(Case(name, 0, start, NOOP, look, old, new) for name, start, look, old, new in limits),
        *(Case(name, 3, start, NOOP, look, old, new, {limit: 0}) for name, limit, start, look, old, new in steps),
        Case("needs_in_boss_fight", 1, boss, NOOP, see("player_food"), 9, 8),
        Case("minimum_health", 3, zombie(player_health=1), NOOP, HURT, 0, 3),
    ]


def _gathering() -> list[Case]:
    tree, hungry = world(blocks={AHEAD: Block.TREE}), {"player_food": 0}
    cow = world(mobs=((*COW, AHEAD, 1),), **hungry)
    stone = world(blocks={AHEAD: Block.STONE})
    ripe = world(blocks={AHEAD: Block.RIPE_PLANT}, **hungry)
    grass, water = world(blocks={AHEAD: Block.GRASS}), world(blocks={AHEAD: Block.WATER}, player_drink=0)
    garden = world(blocks={(20, 20): Block.PLANT})
    garden["growing_plants_positions"][0], garden["growing_plants_mask"][0] = (20, 20), True
    grown = (block((20, 20)), Block.PLANT, Block.RIPE_PLANT)
    return [
        Case("gathering", 3, tree, DO, see("inventory.wood"), 1, 3),
        Case("food_value", 0.5, cow, DO, see("player_food"), 6, 3),
        Case("tool_level", {"stone": 0}, stone, DO, see("inventory.stone"), 0, 1),
        Case("mining_yield", {"tree": 4}, tree, DO, see("inventory.wood"), 1, 4),
        Case("sapling_chance", 1, grass, DO, see("inventory.sapling"), 0, 1),
        Case("mob_food", {"cow": 2}, cow, DO, see("player_food"), 6, 2),
        Case("plant_food", 1, ripe, DO, see("player_food"), 4, 1),
        Case("water_drink", 3, water, DO, see("player_drink"), 1, 3),
        Case("plant_ripening", 1, garden, NOOP, *grown),
        Case("ripening_time", 0, garden, NOOP, *grown),
        Case("inventory_limit", 5, world(inventory__wood=9), NOOP, see("inventory.wood"), 9, 5),
    ]


def _crafting() -> list[Case]:
    wood, iron = {"inventory__wood": 1}, {f"inventory__{n}": 9 for n in ("wood", "stone", "coal", "iron")}
    make, pickaxe, held = Action.MAKE_WOOD_PICKAXE, see("inventory.pickaxe"), see("inventory.wood")
    distant = world(blocks={(24, 26): Block.CRAFTING_TABLE}, **wood)
    furnace = world(inventory__stone=5)
    return [
        Case("crafting_cost", 0, at_table(**wood), make, held, 0, 1),
        Case("recipe_cost", {"wood_pickaxe": {"wood": 0}}, at_table(**wood), make, held, 0, 1),
        Case("recipe_needs_table", {"wood_pickaxe": 0}, world(**wood), make, pickaxe, 0, 1),
        Case("recipe_needs_furnace", {"iron_pickaxe": 0}, at_table(**iron), Action.MAKE_IRON_PICKAXE, pickaxe, 0, 3),
        Case("arrow_yield", 5, at_table(**iron), Action.MAKE_ARROW, see("inventory.arrows"), 2, 5),
        Case("torch_yield", 1, at_table(**iron), Action.MAKE_TORCH, see("inventory.torches"), 4, 1),
        Case("station_reach", 2, distant, make, pickaxe, 0, 1),
        Case("place_cost", {"table": 1}, world(inventory__wood=2), Action.PLACE_TABLE, held, 0, 1),
        Case("furnace_needs_table", 1, furnace, Action.PLACE_FURNACE, block(), Block.FURNACE, Block.PATH),
    ]


def _chests() -> list[Case]:
    torches, arrows, coal = (see(f"inventory.{n}") for n in ("torches", "arrows", "coal"))
    sure = {name: {name: 1.0} for name in ALL_IN_CHEST}
    found = {
        "chest_torches": torches,
        "chest_ore": ores,
        "chest_potion": potions,
        "chest_arrows": arrows,
        "chest_tool": tools,
    }
    rubies = {ore: 1.0 if ore == "ruby" else 0.001 for ore in ORES}
    diamond_tool = {level: 1.0 if level == "diamond" else 0.001 for level in AXES["tool_level"]}
    most = {f"{name}_most": 50 for name in ("chest_torches", "chest_potion", "chest_arrows")}
    return [
        Case("chest_luck", 0, chest(), DO, torches, ANY, 0, ALL_IN_CHEST),
        *(Case(name, 1.0, chest(), DO, look, 0, ANY, {name: 0.0}) for name, look in found.items()),
        Case("chest_torches_least", 50, chest(), DO, torches, ANY, 50, sure["chest_torches"] | most),
        Case("chest_torches_most", 4, chest(), DO, torches, ANY, 4, sure["chest_torches"]),
        Case("chest_potion_least", 50, chest(), DO, potions, ANY, 50, sure["chest_potion"] | most),
        Case("chest_potion_most", 99, chest(), DO, lambda s, _: potions(s, _) > 2, False, True, sure["chest_potion"]),
        Case("chest_arrows_least", 50, chest(), DO, arrows, ANY, 50, sure["chest_arrows"] | most),
        Case("chest_arrows_most", 99, chest(), DO, lambda s, _: arrows(s, _) > 4, False, True, sure["chest_arrows"]),
        Case("chest_ore_weight", rubies, chest(), DO, see("inventory.ruby"), 0, 1, sure["chest_ore"]),
        Case("chest_ore_least", {"coal": 9}, chest(), DO, coal, ANY, 9, ONLY_COAL | {"chest_ore_most": {"coal": 9}}),
        Case("chest_ore_most", {"coal": 99}, chest(), DO, coal, 3, ANY, ONLY_COAL | {"chest_ore_least": {"coal": 3}}),
        Case("chest_tool_weight", diamond_tool, chest(), DO, tools, ANY, 4, sure["chest_tool"]),
        Case("chest_bow", {"overworld": 1}, chest(), DO, see("inventory.bow"), 0, 1),
        Case("chest_books", {"overworld": 2}, chest(), DO, see("inventory.books"), 0, 2),
    ]  # fmt: skip


def _magic_and_world() -> list[Case]:
    ill = world(inventory__potions=1, player_health=1)
    smith = world(blocks={AHEAD: Block.ENCHANTMENT_TABLE_FIRE}, inventory__ruby=3, inventory__sword=1)
    ladder = world(player_level=1)
    ladder["items"][1][HERE] = Item.LADDER_DOWN
    lamp = world(inventory__torches=1, light=0)
    lake = world(blocks={AHEAD: Block.WATER})
    necromancer = world(player_level=8, blocks={AHEAD: Block.NECROMANCER}, boss_timesteps_to_spawn_this_round=0)
    noon = world(timestep=100)
    tree = world(blocks={AHEAD: Block.TREE})
    return [
        Case("potion_effect", {"healing": 2}, ill, Action.DRINK_POTION_RED, HURT, 9, 3),
        Case("enchant_mana", 1, smith, Action.ENCHANT_SWORD, see("player_mana"), 0, 8),
        Case("enchant_gems", 2, smith, Action.ENCHANT_SWORD, see("inventory.ruby"), 2, 1),
        Case("ladder_kills", {"dungeon": 0}, ladder, Action.DESCEND, see("player_level"), 1, 2),
        Case("day_length", 500, noon, NOOP, see("light_level"), ANY, ANY),
        Case("day_start", 0.5, noon, NOOP, see("light_level"), ANY, ANY),
        Case("night_darkness", 0, noon, NOOP, see("light_level"), ANY, 1),
        Case("torch_radius", 1, lamp, Action.PLACE_TORCH, see("light", 0, 23, 26), 153, 0),
        Case("torch_brightness", 0.2, lamp, Action.PLACE_TORCH, see("light", 0, 23, 24), 255, 51),
        Case("player_blocked_by", {"water": 0}, lake, UP, see("player_position", 0), 24, 23),
        Case("boss_waves", 1, world(boss_progress=1), NOOP, done, False, True),
        Case("boss_wave_steps", 20, necromancer, DO, see("boss_timesteps_to_spawn_this_round"), 6, 19),
        Case("boss_spawn", 0, boss_floor(), NOOP, count("melee_mobs"), 1, 0),
        Case("boss_damage", 0, zombie(player_level=8), NOOP, HURT, 6, 7),
        Case("episode_length", 1, world(), NOOP, done, False, True),
        Case("achievement_scale", 2, tree, DO, reward, 1, 2),
        Case("achievement_reward", {"collect_wood": 7}, tree, DO, reward, 1, 7),
        Case("health_reward", 1, zombie(), NOOP, reward, -0.2, -2),
    ]


CASES = (
    _spawning() + _mobs() + _combat() + _attributes() + _needs() + _gathering() + _crafting() + _chests()
    + _magic_and_world()
)  # fmt: skip
assert MAP_SIZE == 48
