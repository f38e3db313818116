"""A hundred near misses, family by family: the hint names what was meant, and the line that it gives runs.

What the hint changes is taken from the API itself; the table says which answers are right for which slip.
"""

import re

import numpy as np
import pytest

from dicode.games.craftax.levels.advice import advice
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.kinds import nearest
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.hook_state import from_values
from dicode.levels import (
    Achievement,
    Action,
    Block,
    Enchantment,
    Facing,
    Floor,
    Goal,
    Item,
    LevelError,
    Mob,
    Rules,
    World,
)

pytestmark = pytest.mark.fast
NAMES = {
    "Achievement": Achievement,
    "Action": Action,
    "Block": Block,
    "Enchantment": Enchantment,
    "Facing": Facing,
    "Floor": Floor,
    "Goal": Goal,
    "Item": Item,
    "Mob": Mob,
    "Rules": Rules,
}


@pytest.fixture
def names(blank_pool):
    arrays = {name: np.array(array[0]) for name, array in blank_pool.items()}
    state = from_values(STATE_FIELDS, [arrays[name] for name in STATE_FIELDS], nearest)
    world = World(arrays, np.random.default_rng(0), Amounts())
    world.clear(6)
    return {**NAMES, "world": world, "after": state, "cell": world.random_cell(distance=(2, 3))}


def said(names, line):
    """Everything that an author is told about a line: message, hint and the line as it should read."""
    try:
        exec(line, names)
    except Exception as error:  # noqa: BLE001 - a line of level code may raise anything
        found = advice(error)
        return f"{error}; {found.hint}", found.corrected(line)
    raise AssertionError(f"{line} works")


MEMBERS = {
    "Block.TABLE": "Block.CRAFTING_TABLE",
    "Block.WORKBENCH": "Block.CRAFTING_TABLE",
    "Block.CRAFTING": "Block.CRAFTING_TABLE",
    "Block.CRAFTINGTABLE": "Block.CRAFTING_TABLE",
    "Block.TREES": "Block.TREE",
    "Block.OAK_TREE": "Block.TREE",
    "Block.GRAS": "Block.GRASS",
    "Block.GRASS_BLOCK": "Block.GRASS",
    "Block.STONE_BLOCK": "Block.STONE",
    "Block.IRON_ORE": "Block.IRON",
    "Block.DIAMONDS": "Block.DIAMOND",
    "Block.COAL_ORE": "Block.COAL",
    "Block.ICE_BUSH": None,
    "Block.TALL_GRASS": "Block.GRASS",
    "Block.PLANKS": "Block.WOOD",
    "Block.MOSSY_WALL": "Block.WALL_MOSS",
    "Mob.WIZARD": "Mob.ORC_MAGE",
    "Achievement.COLLECT_BOW": "Achievement.FIND_BOW",
    "Achievement.SLEEP": "Achievement.WAKE_UP",
    "Block.WALLS": "Block.WALL",
    "Block.STONE_WALL": None,
    "Block.OVEN": "Block.FURNACE",
    "Block.DIRT": "Block.PATH",
    "Block.ZOMBIE": "Mob.ZOMBIE",
    "Mob.ZOMBY": "Mob.ZOMBIE",
    "Mob.COWS": "Mob.COW",
    "Mob.ORC_SOLIDER": "Mob.ORC_SOLDIER",
    "Mob.FIRE_ELEMENTALS": "Mob.FIRE_ELEMENTAL",
    "Mob.SKELETON_ARCHER": "Mob.SKELETON",
    "Mob.PIG": None,
    "Mob.SPIDER": None,
    "Mob.ARCHER": "Mob.KNIGHT_ARCHER",
    "Floor.OVERGROUND": "Floor.OVERWORLD",
    "Floor.DUNGEONS": "Floor.DUNGEON",
    "Floor.MINES": "Floor.GNOMISH_MINES",
    "Floor.VAULT": "Floor.VAULTS",
    "Floor.ICE": "Floor.ICE_REALM",
    "Achievement.COLECT_WOOD": "Achievement.COLLECT_WOOD",
    "Achievement.DEFEAT_ORC_SOLDIER": "Achievement.DEFEAT_ORC_SOLIDER",
    "Achievement.MAKE_PICKAXE_WOOD": None,
    "Achievement.EAT_COWS": "Achievement.EAT_COW",
    "Achievement.PLACE_TORCHES": "Achievement.PLACE_TORCH",
    "Achievement.ENTER_VAULTS": "Achievement.ENTER_VAULT",
    "Achievement.COW": "Mob.COW",
    "Facing.NORTH": "Facing.UP",
    "Achievement.DEFEAT_KNIGHT_ARCHER": "Achievement.DEFEAT_ARCHER",
    "Mob.ICE_TROLL": "Mob.FROST_TROLL",
    "Achievement.MAKE_TABLE": "Achievement.PLACE_TABLE",
    "Achievement.MINE_IRON": "Achievement.COLLECT_IRON",
    "Achievement.COLLECT_WATER": "Achievement.COLLECT_DRINK",
    "Achievement.KILL_COW": "Achievement.EAT_COW",
    "Achievement.CRAFT_WOOD_PICKAXE": "Achievement.MAKE_WOOD_PICKAXE",
    "Achievement.REACH_DUNGEON": "Achievement.ENTER_DUNGEON",
}
UNSURE = {
    "Block.ENCHANTMENT_TABLE": "ENCHANTMENT_TABLE_FIRE, ENCHANTMENT_TABLE_ICE",
    "Block.ENCHANTING_TABLE": "ENCHANTMENT_TABLE_FIRE, ENCHANTMENT_TABLE_ICE",
    "Block.WOOD_TABLE": "CRAFTING_TABLE",
    "Block.ICE_TREE": "FIRE_TREE",
    "Achievement.DEFEAT_ICE_TROLL": "DEFEAT_ICE_ELEMENTAL",
    "Mob.FIRE_TROLL": "FIRE_ELEMENTAL",
    "Mob.NECROMANCER": "Achievement.DEFEAT_NECROMANCER",
}


@pytest.mark.parametrize("wrong", UNSURE)
def test_no_line_is_corrected_into_one_of_two_things_that_may_be_meant(names, wrong):
    told, line = said(names, f"x = {wrong}")
    assert UNSURE[wrong] in told
    assert line == ""


@pytest.mark.parametrize("wrong", MEMBERS)
def test_members_of_enumerations(names, wrong):
    told, line = said(names, f"x = {wrong}")
    meant = MEMBERS[wrong]
    if meant is None:
        exec(line or "pass", names)
        return
    assert meant.partition(".")[2] in told, told
    assert line == f"x = {meant}", told
    exec(line, names)


BARE = {
    "Goal.all_of(EAT_COW)": "Goal.all_of(Achievement.EAT_COW)",
    "Goal.all_of(Make_Wood_Sword)": "Goal.all_of(Achievement.MAKE_WOOD_SWORD)",
    "world.spawn(ZOMBIE, count=1)": "world.spawn(Mob.ZOMBIE, count=1)",
    "world.scatter(TREE, count=2)": "world.scatter(Block.TREE, count=2)",
    "world.player.floor = DUNGEON": "world.player.floor = Floor.DUNGEON",
    "world.scatter(TORCH, count=2)": "",
    "world.scatter(STONY, count=2)": "",
}


@pytest.mark.parametrize("wrong", BARE)
def test_members_without_their_enumeration(names, wrong):
    told, line = said(names, wrong)
    assert line == BARE[wrong], told
    if line:
        assert "write " in told
        exec(line, names)


CALLS = {
    "world.spawn_mob(Mob.COW)": "world.spawn(Mob.COW)",
    "world.add_mob(Mob.COW)": "world.spawn(Mob.COW)",
    "world.spawns(Mob.COW)": "world.spawn(Mob.COW)",
    "world.set_block(Block.TREE, cell)": "world.place(Block.TREE, cell)",
    "world.put(Block.TREE, cell)": "world.place(Block.TREE, cell)",
    "world.place_block(Block.TREE, cell)": "world.place(Block.TREE, cell)",
    "world.add_torch(cell)": "world.torch(cell)",
    "world.place_torch(cell)": "world.torch(cell)",
    "world.create_room(3, 3, 5, 5)": "world.room(3, 3, 5, 5)",
    "world.make_maze((3, 9), (3, 9))": "world.maze((3, 9), (3, 9))",
    "world.dig([cell])": "world.carve([cell])",
    "world.random_position()": "world.random_cell()",
    "world.randomcell()": "world.random_cell()",
    "world.remove_mob()": "world.remove_mobs()",
    "world.clear_mobs()": "world.remove_mobs()",
    "world.scater(Block.TREE, 2)": "world.scatter(Block.TREE, 2)",
    "world.open_ladders()": "world.open_ladder()",
    "world.find_nearest(Block.TREE)": "world.nearest(Block.TREE)",
    "world.is_reachable(cell, cell)": "world.reachable(cell, cell)",
    "world.get_player().health = 5": None,
    "world.set_health(5)": None,
    "world.teleport(cell)": None,
    "world.weather = 1": None,
    "world.wood = 3": "world.player.inventory.wood = 3",
    "world.health = 3": "world.player.health = 3",
    "world.position = cell": "world.player.position = cell",
    "world.player.time_of_day = 0.7": "world.time_of_day = 0.7",
    "world.player.helth = 5": "world.player.health = 5",
    "world.player.hp = 5": "world.player.health = 5",
    "world.player.pos = cell": "world.player.position = cell",
    "world.player.wood = 5": "world.player.inventory.wood = 5",
    "world.player.inventory.arrow = 5": "world.player.inventory.arrows = 5",
    "world.player.inventory.torch = 5": "world.player.inventory.torches = 5",
    "world.player.inventory.armor = 1": "world.player.inventory.armour = 1",
    "world.player.inventory.set(pick_axe=1)": "world.player.inventory.set(pickaxe=1)",
    "world.player.inventory.set(saplings=1)": "world.player.inventory.set(sapling=1)",
    "world.player.inventory.health = 3": None,
    "world.blocks = 3": None,
    "world.player = 3": None,
    "world.spawn = 3": None,
    "world.time = 0.7": None,
    "world.place_chest(cell)": "world.chest(cell)",
    "world.spawn_chest(cell)": "world.chest(cell)",
    "world.place_sapling(cell)": "world.plant(cell)",
    "world.place_ladder(cell)": "",
    "world.place_ladder_down(cell)": "world.move_ladder_down(cell)",
    "world.place_mob(Mob.COW)": "world.spawn(Mob.COW)",
    "floor = world.player_floor": "floor = world.player.floor",
    "position = world.player_pos": "position = world.player.position",
    "world.set_player_position(cell)": "",
    "world.spawn_player(cell)": "",
    "pick = world.random.choice(3)": "pick = world.rng.choice(3)",
    "row = world.player_position[0]": "row = world.player.position[0]",
    "rows = world.height": "",
    "size = world.map_size": "",
    "world.spawn_melee(1)": "",
    "world.place_enchantment_table(cell)": "",
    "world.mob_health = 3": "",
    "world.player.inventory.add_wood(3)": "",
    "world.player.inventory.food = 3": "",
    "world.player.inventory.iron_armor = 3": "",
    "world.player.inventory.sword_enchantment = 1": "",
    "world.player.enchant_sword('fire')": "",
    "world.player.armor = 2": "world.player.inventory.armour = 2",
    "world.player.potion = 3": "world.player.inventory.potions = 3",
    "world.player.potoins = 3": "world.player.inventory.potions = 3",
    "world.player.torch = 3": "world.player.inventory.torches = 3",
    "world.player.iron_sword = 1": "",
    "world.spawn_mobs(Mob.ZOMBIE, count=1)": "world.spawn(Mob.ZOMBIE, count=1)",
    "world.remove(Block.TREE)": "",
    "world.place(Block.TORCH, cell)": "world.torch(cell)",
    "world.place(Block.NONE, cell)": "",
    "x = Block.TORCH": "",
    "world.open(cell)": "",
}


@pytest.mark.parametrize("wrong", CALLS)
def test_calls_and_attributes(names, wrong):
    told, line = said(names, wrong)
    assert line == (CALLS[wrong] or ""), told
    if line:
        exec(line, names)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("iron_pickaxe", "world.player.inventory.pickaxe = 3"),
        ("wooden_sword", "world.player.inventory.sword = 1"),
        ("diamond_armor", "world.player.inventory.armour = 2"),
        ("diamond_armour", "world.player.inventory.armour = 2"),
        ("red_potion", 'world.player.inventory.potions["red"] = 1'),
        ("potion_cyan", 'world.player.inventory.potions["cyan"] = 1'),
    ],
)
def test_what_is_held_is_named_by_its_kind_and_not_by_its_material(names, name, right):
    for wrong in (f"world.player.inventory.set({name}=1)", f"world.player.{name} = 1"):
        told, line = said(names, wrong)
        assert f"write {right}" in told
        assert line == ""
    exec(right, names)


PUT = {
    "world.place_water(cell)": "world.place(Block.WATER, position)",
    "world.spawn_zombie(cell)": "world.spawn(Mob.ZOMBIE, count=1)",
    "world.spawn_cows(2)": "world.spawn(Mob.COW, count=1)",
    "world.place_table(cell)": "world.place(Block.CRAFTING_TABLE, position)",
    "world.add_trees(3)": "world.place(Block.TREE, position)",
    "world.place_ladder(cell)": "move_ladder_down",
    "world.remove(Block.TREE)": "world.carve([position])",
    "world.remove_block(cell)": "world.carve([position])",
    "world.place(Block.NONE, cell)": "world.carve([position])",
    "Goal.eat('plant')": "Goal.all_of(Achievement.EAT_PLANT)",
    "Goal.reach((3, 4))": "No goal asks for a cell",
    "world.set_player_position(cell)": "world.player.position",
}


@pytest.mark.parametrize("wrong", PUT)
def test_a_call_that_names_what_is_put_is_answered_with_the_call_that_puts_it(names, wrong):
    told, line = said(names, wrong)
    assert PUT[wrong] in told
    assert line == ""


@pytest.mark.parametrize(
    ("item", "block"),
    [("crafting_table", "CRAFTING_TABLE"), ("table", "CRAFTING_TABLE"), ("furnace", "FURNACE"), ("cow", None)],
)
def test_a_block_that_is_taken_for_something_to_hold(names, item, block):
    told, line = said(names, f"world.player.inventory.set({item}=1)")
    assert line == ""
    put = re.search(r"world\.scatter\(.*\)", told)
    assert (put is not None) == (block is not None), told
    if put:
        assert f"Block.{block}," in put[0]
        exec(put[0], names)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Goal.kill(Mob.COW)", "Goal.defeat(Mob.COW)"),
        ("Goal.have('iron', 2)", "Goal.hold('iron', 2)"),
        ("Goal.holds('iron', 2)", "Goal.hold('iron', 2)"),
        ("Goal.mine('iron', 2)", "Goal.collect('iron', 2)"),
        ("Goal.enter(Floor.DUNGEON)", "Goal.reach_floor(Floor.DUNGEON)"),
        ("Goal.reach((3, 4))", ""),
        ("Goal.eat('cow')", "Goal.defeat('cow')"),
        ("Goal.eat('plant')", ""),
        ("Goal.achieve(Achievement.EAT_COW)", "Goal.all_of(Achievement.EAT_COW)"),
        ("Goal.survives(20)", "Goal.survive(20)"),
        ("Goal.atleast('food', 3)", "Goal.at_least('food', 3)"),
        ("Goal.dance()", ""),
        ("Goal.collect_wood(3)", ""),
        ("Goal.kill_zombies(3)", ""),
    ],
)
def test_makers_of_goals(names, wrong, right):
    _, line = said(names, wrong)
    assert line == right
    if line:
        exec(line, names)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Goal.collect_wood(3)", 'Goal.collect("wood", 1)'),
        ("Goal.kill_zombies(3)", "Goal.defeat(Mob.ZOMBIE, 1)"),
        ("Goal.hold('iron_armor', 2)", 'Goal.hold("armour", 1)'),
        ("Goal.hold('wooden_sword', 1)", 'Goal.hold("sword", 1)'),
        ("Goal.at_least('inventory.iron_sword', 1)", 'Goal.hold("sword", 3)'),
        ("Goal.at_least('inventory.water', 2)", 'Goal.at_least("drink", 2)'),
        ("Goal.at_least('collected.water', 2)", 'Goal.at_least("drunk", 2)'),
    ],
)
def test_a_goal_for_a_kind_by_another_name(names, wrong, right):
    told, _ = said(names, wrong)
    assert right in told
    assert "did you mean" not in told
    eval(right, names)


def test_two_tables_that_may_be_meant_are_both_named(names):
    told, _ = said(names, "Rules(fireball_damage=2)")
    assert 'mob_projectile_damage={"fireball": ' in told
    assert ' or player_projectile_damage={"fireball": ' in told


def test_a_field_of_one_record_of_the_state_is_told_with_it(names):
    told, _ = said(names, "after.wood")
    assert "write state.inventory.wood" in told


def test_goals_without_an_or_are_told_what_to_write(names):
    told, line = said(names, "Goal.any_of(Achievement.EAT_COW, Achievement.EAT_BAT)")
    assert line == ""
    assert "Goal.all_of" in told
    assert "def success(state)" in told


RULE = re.compile(r"; write (\w+=.*)$")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("zombie_health=2", 'mob_health={"zombie": 2}'),
        ("cow_health=2", 'mob_health={"cow": 2}'),
        ("orc_soldier_hp=2", 'mob_health={"orc_soldier": 2}'),
        ("zombie_damage=3", 'melee_damage={"zombie": {"physical": 3}}'),
        ("cow_food=2", 'mob_food={"cow": 2}'),
        ("tree_yield=2", 'mining_yield={"tree": 2}'),
        ("iron_drop=2", 'mining_yield={"iron": 2}'),
        ("dungeon_ladder_kills=2", 'ladder_kills={"dungeon": 2}'),
        ("eat_cow_reward=2", 'achievement_reward={"eat_cow": 2}'),
        ("iron_sword_damage=2", 'sword_damage={"iron": 2}'),
        ("table_cost=3", 'place_cost={"table": 3}'),
        ("iron_pickaxe_cost=2", 'recipe_cost={"iron_pickaxe": {"wood": 1, "stone": 1, "coal": 1, "iron": 1}}'),
    ],
)  # fmt: skip
def test_rules_for_one_entry_of_a_table(names, wrong, right):
    told, _ = said(names, f"Rules({wrong})")
    assert RULE.search(told.removesuffix("; "))[1] == right
    made = eval(f"Rules({right})", names)
    assert made != Rules() or "iron_pickaxe" in right, "the hint's rule changes what was meant"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("zombie_spawn", "melee_spawn"),
        ("cow_spawn", "passive_spawn"),
        ("skeleton_speed", "ranged_speed"),
        ("day_lenght", "day_length"),
        ("mob_damage", "monster_damage"),
        ("sapling_yield", "sapling_chance"),
        ("max_steps", "episode_length"),
        ("health_regen", "health_recovery"),
        ("kills_needed", "ladder_kills"),
        ("passive_spawn_rate", "passive_spawn"),
        ("player_health", "world.player.health"),
        ("spawn_rate", "melee_spawn"),
        ("gravity", ""),
        ("weather", ""),
        ("chest_loot", ""),
    ],
)
def test_names_of_rules(names, wrong, right):
    told, _ = said(names, f"Rules({wrong}=0.5)")
    assert right in told
    assert right or told.rstrip("; ").endswith(f"{wrong!r}")
    if right in RULES:
        Rules(**{right: RULES[right].high})


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("after.map", "blocks"),
        ("after.item_map", "items"),
        ("after.light_map", "light"),
        ("after.player_heath", "player_health"),
        ("after.health", "player_health"),
        ("after.player_hp", "player_health"),
        ("after.melee_mob", "melee_mobs"),
        ("after.inventory.arrow", "arrows"),
        ("after.replace(map=1)", "blocks"),
        ("after.time", "timestep"),
        ("after.level", "player_level"),
        ("after.facing", "player_direction"),
    ],
)
def test_fields_of_a_hooks_state(names, wrong, right):
    told, _ = said(names, wrong)
    assert f"did you mean {right!r}?" in told
    owner = names["after"].inventory if "inventory" in wrong else names["after"]
    assert getattr(owner, right) is not None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("inventory.woods", "inventory.wood"),
        ("kills.zombies", "kills.zombie"),
        ("survived", "survive"),
        ("placed.crafting_table", "placed.table"),
        ("collected.irons", "collected.iron"),
    ],
)
def test_quantities(names, wrong, right):
    told, _ = said(names, f"Goal.at_least({wrong!r}, 1)")
    assert f"did you mean {right!r}?" in told
    Goal.at_least(right, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("world.player.inventory.potions['healing'] = 1", "red, green, blue, pink, cyan, yellow"),
        ("world.player.inventory.potions['rd'] = 1", "did you mean 'red'?"),
        ("world.player.inventory.armour['helmet'] = 1", "four pieces"),
        ("world.blocks[0][48, 0]", "rows and columns are 0 to 47"),
        ("world.blocks[9]", "floors are 0 to 8"),
        ("world.player.inventory.potions[6]", "0 to 5"),
        ("world.blocks['overworld']", "world.blocks[floor][row, column]"),
        ("world.find(Block.RUBY)[99]", "only the cells"),
        ("world.player.position.row", "position[0]"),
    ],
)
def test_indices(names, line, words):
    told, _ = said(names, line)
    assert words in told


def test_there_are_a_hundred_of_them():
    assert len(MEMBERS) + len(CALLS) + 60 > 100
    assert len({*MEMBERS, *CALLS}) == len(MEMBERS) + len(CALLS)


@pytest.mark.parametrize("line", [*MEMBERS, *CALLS])
def test_whatever_a_hint_tells_to_write_is_of_the_api(names, line):
    told, _ = said(names, line if "(" in line or "=" in line else f"x = {line}")
    for place in re.findall(r"world\.(?:player\.)?(?:inventory\.)?\w+", told.split("; ", 1)[1]):
        owner: object = names["world"]
        for part in place.removeprefix("world.").split("."):
            owner = getattr(owner, part)
    for kind, member in re.findall(r"\b(Block|Mob|Item|Floor|Achievement)\.([A-Z_]+)", told.split("; ", 1)[1]):
        assert member in NAMES[kind].__members__


def test_an_error_of_the_levels_own_class_is_not_asked_for_hints():
    class Trap(LevelError):
        @property
        def hint(self):
            raise RuntimeError

        @hint.setter
        def hint(self, value):
            pass

    assert advice(Trap("no")).hint == ""


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("world.scatter(Block.TREE, count=2, distance=(6, 4))", "world.scatter(Block.TREE, count=2, distance=(4, 6))"),
        ("world.spawn(Mob.COW, distance=( 5,2 ))", "world.spawn(Mob.COW, distance=(2, 5))"),
        ("world.scatter(Block.TREE, count=2, distance=(-1, 4))", ""),
        ("world.random_cell(distance=(far, 2))", ""),
    ],
)
def test_a_distance_the_wrong_way_round_is_turned(names, line, right):
    names["far"] = 6
    told, found = said(names, line)
    assert "0 <= least <= most" in told
    assert found == right
    if right:
        exec(right, names)
