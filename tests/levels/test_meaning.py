"""Levels mean what they say: values of the wrong kind are refused, spellings of a goal are read, time is counted."""

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.advice import advice
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.checks import check
from dicode.games.craftax.levels.grid import distance_map
from dicode.games.craftax.levels.guarded import guard
from dicode.games.craftax.levels.techtree import REQUIREMENTS
from dicode.games.level_build import build_pool
from dicode.games.level_text import decode, parse_level
from dicode.levels import Achievement, Action, Block, Facing, Floor, Goal, Item, LevelError, Mob, Rules, World
from dicode.types import Code, Rejected

pytestmark = pytest.mark.fast


@pytest.fixture
def world(blank_pool):
    arrays = guard({name: np.array(array[0]) for name, array in blank_pool.items()})
    world = World(arrays, np.random.default_rng(0), Amounts())
    world.clear(8)
    return world


def test_what_numpy_draws_from_a_list_of_members_is_read_as_the_member(world):
    def draw(*members):
        drawn = world.rng.choice(list(members))
        assert isinstance(drawn, np.integer)
        return drawn

    world.spawn(draw(Mob.ZOMBIE, Mob.ZOMBIE), at=(20, 20))
    world.place(draw(Block.STONE, Block.STONE), (22, 22))
    world.player.facing = draw(Facing.UP, Facing.UP)
    assert [mob.mob for mob in world.mobs()] == [Mob.ZOMBIE]
    assert (world.blocks[Floor.OVERWORLD, 22, 22], world.player.facing) == (Block.STONE, Facing.UP)
    assert world.can_stand(draw(Mob.COW, Mob.COW), (21, 21))
    assert world.remove_mobs(draw(Mob.ZOMBIE, Mob.ZOMBIE)) == 1
    with pytest.raises(LevelError, match="no mob"):
        world.spawn(np.int64(99))
    with pytest.raises(LevelError, match="no mob 0"):
        world.spawn(0)


@pytest.mark.parametrize("value", [np.array([258, 1]), np.array([-1, 1]), [300, 1], np.array([1.0, 1e9])])
def test_a_number_that_an_array_cannot_hold_is_refused_and_not_wrapped(world, value):
    with pytest.raises(LevelError, match=r"blocks holds 0 to 255, and .* is written into it"):
        world.blocks[Floor.OVERWORLD, 20, 20:22] = value


WRONG_KINDS = {
    "place": (lambda w: w.place(Item.LADDER_DOWN, (20, 20)), "world.move_ladder_down"),
    "place, a torch": (lambda w: w.place(Item.TORCH, (20, 20)), "world.torch"),
    "place, a mob": (lambda w: w.place(Mob.COW, (20, 20)), "world.spawn(Mob.COW"),
    "fill": (lambda w: w.fill(Item.LADDER_UP, (1, 3), (1, 3)), "world.move_ladder_up"),
    "scatter": (lambda w: w.scatter(Achievement.COLLECT_IRON, 2), "write Block.IRON"),
    "scatter on": (lambda w: w.scatter(Block.TREE, 2, on=Floor.OVERWORLD), "is a floor, not a block"),
    "carve": (lambda w: w.carve([(3, 3)], block=Mob.COW), "not a block"),
    "room": (lambda w: w.room(3, 3, 5, 5, wall=Item.TORCH), "not a block"),
    "maze": (lambda w: w.maze((3, 9), (3, 9), wall=Floor.DUNGEON), "not a block"),
    "find": (lambda w: w.find(Mob.COW), "not a block"),
    "spawn": (lambda w: w.spawn(Block.TREE), "world.place(Block.TREE"),
    "spawn, an achievement": (lambda w: w.spawn(Achievement.DEFEAT_ZOMBIE), "write Mob.ZOMBIE"),
    "spawn, how many": (lambda w: w.spawn(Mob.COW, count=Block.GRASS), "must be a number"),
    "spawn, how healthy": (lambda w: w.spawn(Mob.COW, health=Block.GRASS), "must be a number"),
    "spawn, where": (lambda w: w.spawn(Mob.COW, distance=(Block.GRASS, Block.COAL)), "must be a number"),
    "a floor": (lambda w: w.find(Block.TREE, floor=Block.WATER), "is a block, not a floor"),
    "the player's floor": (lambda w: setattr(w.player, "floor", Block.WATER), "is a block, not a floor"),
    "facing": (lambda w: setattr(w.player, "facing", Floor.DUNGEON), "is a floor, not a facing"),
    "position": (lambda w: setattr(w.player, "position", (Block.TREE, 3)), "must be a number"),
    "half a position": (lambda w: setattr(w.player, "position", (24.5, 24)), "whole numbers"),
    "inventory": (lambda w: setattr(w.player.inventory, "wood", Block.WOOD), "must be a number"),
    "inventory.set": (lambda w: w.player.inventory.set(pickaxe=Block.IRON), "must be a number"),
    "armour": (lambda w: setattr(w.player.inventory, "armour", Item.TORCH), "must be a number"),
    "health": (lambda w: setattr(w.player, "health", Mob.COW), "must be a number"),
    "enchantment": (lambda w: setattr(w.player, "sword_enchantment", Block.OUT_OF_BOUNDS), "not an enchantment"),
    "kills": (lambda w: w.set_kills(Mob.ZOMBIE), "must be a number"),
    "time": (lambda w: setattr(w, "time", Mob.ZOMBIE), "must be a number"),
    "can_stand": (lambda w: w.can_stand(Block.WATER, (3, 3)), "is a block, not a mob"),
    "set": (lambda w: w.set("player_level", Block.WATER), "is a block, not a floor"),
    "set, a count": (lambda w: w.set("player_xp", Floor.DUNGEON), "must be a number"),
    "reach_floor": (lambda w: Goal.reach_floor(Block.GRASS), "is a block, not a floor"),
    "reach_floor, an achievement": (lambda w: Goal.reach_floor(Achievement.ENTER_DUNGEON), "write Floor.DUNGEON"),
    "survive": (lambda w: Goal.survive(Block.GRASS), "must be a number"),
    "defeat": (lambda w: Goal.defeat(Block.TREE), "is a block, not a mob"),
    "hold": (lambda w: Goal.hold(Block.IRON, 3), "did you mean 'iron'"),
    "hold, how many": (lambda w: Goal.hold("iron", Block.IRON), "must be a number"),
    "where": (lambda w: np.where(w.blocks[0] == Block.GRASS, Item.TORCH, w.blocks[0]), "is an item, not a block"),
    "select": (lambda w: np.select([w.blocks[0] == Block.GRASS], [Item.TORCH], w.blocks[0]), "not a block"),
    "copyto": (lambda w: np.copyto(w.blocks[0], Item.TORCH), "not a block"),
    "fill, an array": (lambda w: w.blocks[0].fill(Item.TORCH), "not a block"),
    "isin": (lambda w: np.isin(w.blocks, [Block.TREE, Item.TORCH]), "not a block"),
    "==": (lambda w: w.blocks[0] == Item.TORCH, "not a block"),
    "!=": (lambda w: w.blocks[0, 3, 3] != 0 and w.arrays["items"] != Block.GRASS, "is a block, not an item"),
    "rules": (lambda w: Rules(mob_health=Mob.ZOMBIE), "must be a number"),
    "rules, a kind": (lambda w: Rules(melee_kind=Mob.KNIGHT), "write 4"),
}


@pytest.mark.parametrize("what", WRONG_KINDS)
def test_a_member_of_another_enumeration_is_refused_by_its_type(what, world):
    before = {name: array.copy() for name, array in world.arrays.items()}
    ask, words = WRONG_KINDS[what]
    with pytest.raises(LevelError) as raised:
        ask(world)
    assert words in str(raised.value)
    assert all(np.array_equal(before[name], array) for name, array in world.arrays.items())


def test_what_means_the_same_is_taken(world):
    world.player.facing = Action.UP
    assert world.player.facing == Facing.UP
    world.place("tree", (20, 20))
    assert world.find(world.blocks[0][20, 20])
    assert Goal.reach_floor("dungeon") == Goal.reach_floor(Floor.DUNGEON) == Goal.reach_floor(1)
    world.set("player_level", Floor.DUNGEON)
    assert world.player.floor == Floor.DUNGEON
    world.player.floor = 0
    assert Goal.defeat("zombie", 2) == Goal.defeat(Mob.ZOMBIE, 2)
    world.player.position = np.array([24.0, 25.0])
    assert world.player.position == (24, 25)


def test_masks_of_one_array_choose_what_is_written_into_another(world):
    items, bare = world.arrays["items"], world.blocks[0] == Block.GRASS
    assert bare.any()
    items[0] = np.where(bare, Item.TORCH, items[0])
    assert np.array_equal(items[0] == Item.TORCH, bare)
    world.blocks[0] = np.where(items[0] == Item.TORCH, Block.TREE, world.blocks[0])
    assert np.isin(world.blocks[0], [Block.TREE])[bare].all()
    dark = np.where(bare, Block.PATH, Block.STONE)
    assert set(np.unique(dark)) <= {Block.PATH, Block.STONE}


@pytest.mark.parametrize(
    ("goal", "same"),
    [
        (Goal.survive(20), Goal.all_of(Goal.survive(20))),
        (Achievement.EAT_COW, Goal.all_of(Achievement.EAT_COW)),
        ("EAT_COW", Goal.all_of(Achievement.EAT_COW)),
        ([Achievement.EAT_COW, Goal.survive(9)], Goal.all_of(Achievement.EAT_COW, Goal.survive(9))),
        ((Achievement.EAT_COW,), Goal.all_of(Achievement.EAT_COW)),
        ({Achievement.EAT_COW, "PLACE_TABLE"}, Goal.all_of(Achievement.EAT_COW, Achievement.PLACE_TABLE)),
        ([Goal.all_of(Achievement.EAT_COW), Goal.hold("wood", 2)], Goal.all_of("eat_cow", Goal.hold("wood", 2))),
    ],
)
def test_a_goal_is_read_however_it_is_spelt(goal, same, blank_pool):
    worlds = {name: array[:1] for name, array in blank_pool.items()}
    assert build_pool(HOST, {"GOAL": goal}, worlds, 0).goal == same


@pytest.mark.parametrize("goal", [3, None, [], "eat the cow", [Achievement.EAT_COW, 3], {"survive": 20}])
def test_what_is_no_goal_is_refused_with_how_to_write_one(goal, blank_pool):
    worlds = {name: array[:1] for name, array in blank_pool.items()}
    with pytest.raises(LevelError, match=r"GOAL is .*write GOAL = Goal.all_of\("):
        build_pool(HOST, {"GOAL": goal}, worlds, 0)


def verdict(worlds, goal, build=lambda world: None, rules=None, limit=None, hooks=()):
    some = {name: array[:2] for name, array in worlds.items()}
    built = build_pool(HOST, {"GOAL": goal, "RULES": rules or Rules(), "build": build}, some, 0)
    found = check(built.pool, built.goal, built.rules, hooks, limit)
    return found.code if isinstance(found, Rejected) else None


def sapling(world):
    world.player.inventory.sapling = 1


def half_grown(world):
    world.plant(world.random_cell(on=Block.GRASS), age=400)


def ripe(world):
    world.ripe_plant(world.random_cell(on=Block.GRASS))


def far_tree(world):
    world.fill(Block.GRASS, (0, 47), (0, 47))
    world.scatter(Block.TREE, 1, distance=(20, 30))


EAT = Goal.all_of(Achievement.EAT_PLANT)
SLOW = [
    (Goal.survive(200), None, Rules(episode_length=100), None, Code.TOO_SHORT),
    (Goal.survive(200), None, None, 199, Code.TOO_SHORT),
    (Goal.survive(200), None, None, 200, None),
    (Goal.survive(200), None, Rules(episode_length=1000), 128, Code.TOO_SHORT),
    (EAT, sapling, None, 256, Code.TOO_SHORT),
    (EAT, sapling, None, 1000, None),
    (EAT, sapling, Rules(plant_ripening=50), 256, None),
    (EAT, sapling, Rules(ripening_time=0.2), 256, None),
    (EAT, sapling, Rules(ripening_time=4), 1000, Code.TOO_SHORT),
    (EAT, half_grown, None, 256, None),
    (EAT, half_grown, None, 150, Code.TOO_SHORT),
    (EAT, ripe, None, 20, None),
    (Goal.place("torch", 30), lambda w: w.player.inventory.set(torches=40), None, 20, Code.TOO_SHORT),
    (Goal.all_of(Goal.collect("wood", 60), Goal.place("table", 60)), None, None, 100, Code.TOO_SHORT),
    (Goal.at_least("eaten", 300), lambda w: w.spawn(Mob.COW), None, 256, Code.TOO_SHORT),
    (Goal.defeat(Mob.ZOMBIE, 60), None, None, 50, Code.TOO_SHORT),
    (Goal.hold("wood", 40), lambda w: w.scatter(Block.TREE, 60), None, 30, Code.TOO_SHORT),
    (Goal.hold("wood", 40), lambda w: (w.scatter(Block.TREE, 60), w.player.inventory.set(wood=20)), None, 30, None),
    (Goal.all_of(Achievement.COLLECT_WOOD), far_tree, None, 10, Code.OUT_OF_REACH),
    (Goal.all_of(Achievement.COLLECT_WOOD), far_tree, None, 60, None),
    (Goal.all_of(Achievement.WAKE_UP), None, None, 10, Code.TOO_SHORT),
    (Goal.all_of(Achievement.WAKE_UP), lambda w: setattr(w.player, "energy", 8), None, 10, None),
    (Goal.all_of(Achievement.WAKE_UP), None, Rules(fatigue=10), 10, None),
    (Goal.all_of(Achievement.WAKE_UP), None, None, 256, None),
    (Goal.at_least("drunk", 300), lambda w: w.scatter(Block.WATER, 2), None, 256, Code.TOO_SHORT),
    (Goal.all_of(Achievement.ENTER_DUNGEON), lambda w: w.move_ladder_down((w.player.position[0] - 8, w.player.position[1] + 8)), None, 10, Code.TOO_SHORT),
    (Goal.all_of(Achievement.ENTER_DUNGEON), lambda w: w.move_ladder_down((w.player.position[0], w.player.position[1] + 8)), None, 10, None),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "build", "rules", "limit", "code"), SLOW)
def test_a_goal_that_takes_longer_than_an_episode_is_rejected(goal, build, rules, limit, code, blank_pool):
    def shaped(world):
        world.clear(10)
        world.scatter(Block.TREE, 4)
        if build:
            build(world)

    goal = goal if isinstance(goal, Goal) else Goal.all_of(goal)
    assert verdict(blank_pool, goal, shaped, rules, limit) is code


def test_a_hook_may_ripen_plants_but_makes_no_episode_longer(blank_pool):
    assert verdict(blank_pool, EAT, sapling, limit=256, hooks=("transition",)) is None
    assert verdict(blank_pool, Goal.all_of(Goal.survive(300)), limit=256, hooks=("transition",)) is Code.TOO_SHORT


ZOMBIE = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
NO_ZOMBIES = [
    (Rules(melee_spawn=0), None, Code.OUT_OF_REACH),
    (Rules(melee_spawn=0), 256, Code.OUT_OF_REACH),
    (Rules(spawn_chance=0), None, Code.OUT_OF_REACH),
    (Rules(spawn_chance={"overworld": {"melee": 0, "melee_at_night": 0}}), 80, Code.OUT_OF_REACH),
    (Rules(max_melee=0), None, Code.OUT_OF_REACH),
    (Rules(melee_kind=1, max_melee={"graveyard": 0}), None, Code.OUT_OF_REACH),
    (Rules(monster_spawn_distance=13, spawn_limit=5), 256, Code.OUT_OF_REACH),
    (Rules(ranged_spawn=0), None, None),
    (Rules(passive_spawn=0), None, None),
    (Rules(), 256, None),
    (Rules(spawn_chance={"overworld": {"melee": 0}}), 256, None),
]


@pytest.mark.parametrize(("rules", "limit", "code"), NO_ZOMBIES)
def test_mobs_that_never_come_must_be_there(rules, limit, code, blank_pool):
    def put(world):
        world.spawn(Mob.ZOMBIE)

    assert verdict(blank_pool, ZOMBIE, rules=rules, limit=limit) is code
    if rules.value("max_melee")[0]:
        assert verdict(blank_pool, ZOMBIE, put, rules, limit) is None


FIGHT = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
HURT = Goal.all_of(Goal.at_least("damage_taken", 3))
HARMLESS = [
    (FIGHT, Rules(player_damage=0), Code.OUT_OF_REACH),
    (FIGHT, Rules(mob_defence={"zombie": 1}), Code.OUT_OF_REACH),
    (FIGHT, Rules(mob_defence={"cow": 1}), None),
    (FIGHT, Rules(sword_damage=0), None),
    (Goal.all_of(Achievement.EAT_COW), Rules(player_damage=0), Code.OUT_OF_REACH),
    (HURT, Rules(monster_damage=0), Code.OUT_OF_REACH),
    (HURT, Rules(), None),
]


@pytest.mark.parametrize(("goal", "rules", "code"), HARMLESS)
def test_a_fight_in_which_nobody_can_be_harmed_is_no_goal(goal, rules, code, blank_pool):
    def build(world):
        world.clear(6)
        world.spawn(Mob.ZOMBIE)
        world.spawn(Mob.COW)

    assert verdict(blank_pool, goal, build, rules) is code


WRITES = [
    (lambda w: w.blocks[0].__setitem__((5, 5), Item.TORCH), r"Item.TORCH is an item, not a block; write world.torch"),
    (lambda w: w.blocks[0, 5:7].__setitem__(slice(None), Mob.COW), "Mob.COW is a mob, not a block"),
    (lambda w: w.items[0].__setitem__((5, 5), Block.STONE), "Block.STONE is a block, not an item"),
    (lambda w: w.blocks[0].__setitem__((5, slice(0, 2)), [Block.PATH, Item.TORCH]), "Item.TORCH is an item"),
    (lambda w: w.arrays["inventory.wood"].__setitem__(..., Block.STONE), "inventory.wood is Block.STONE"),
    (lambda w: w.arrays["player_food"].__setitem__(..., 8.5), "player_food holds whole numbers"),
    (lambda w: w.blocks[0].__setitem__((5, 5), 2.7), "blocks holds whole numbers"),
    (lambda w: w.player.inventory.potions.__setitem__("red", 1.5), "inventory.potions holds whole numbers"),
    (lambda w: w.light_up(level=Block.STONE), "light is Block.STONE"),
]


@pytest.mark.parametrize(("write", "says"), WRITES)
def test_numpy_takes_no_member_by_its_number_and_no_fraction(write, says, blank_pool):
    with pytest.raises(LevelError, match=says):
        verdict(blank_pool, ZOMBIE, write)


def test_what_numpy_may_take_it_takes(blank_pool):
    def build(world):
        stone = world.blocks[0] == Block.STONE
        stone[5, 5] = True
        world.blocks[0][stone] = Block.PATH
        world.blocks[0, 6, 6] = np.where(stone[6, 6], Block.GRASS, Block.SAND)
        world.blocks[0, 7, 5:7] = [Block.PATH, 2.0]
        world.light[0] = np.full((48, 48), 200.0)
        world.arrays["player_food"][...] = 8.0
        halves = world.light[0].astype(float)
        halves[0] = 0.5
        assert (world.light[0] == 200).all()

    assert verdict(blank_pool, ZOMBIE, build) is None


@pytest.mark.parametrize("mob", list(Mob))
def test_no_kind_of_mob_can_be_met_where_nothing_spawns(mob, blank_pool):
    achievement = next(a for a, row in REQUIREMENTS.items() if row.mob is mob)
    floor = min(REQUIREMENTS[achievement].floors)

    def start(world):
        world.player.floor = floor

    rules = Rules(passive_spawn=0, melee_spawn=0, ranged_spawn=0)
    for goal in (Goal.all_of(achievement), Goal.all_of(Goal.defeat(mob, 1))):
        assert verdict(blank_pool, goal, start, rules) is Code.OUT_OF_REACH


def test_a_mob_too_far_away_to_stay_does_not_count(blank_pool):
    def far(world):
        world.player.position = (24, 24)
        world.spawn(Mob.ZOMBIE, at=(24, 25))
        world.arrays["melee_mobs.position"][0, 0] = (24, 45)
        world.blocks[0][24, 45] = Block.GRASS

    assert verdict(blank_pool, ZOMBIE, far, Rules(melee_spawn=0)) is Code.OUT_OF_REACH


@pytest.mark.parametrize(
    ("put", "what", "call"),
    [
        (lambda w, cell: setattr(w.player, "position", cell), "the player", "world.player.position"),
        (lambda w, cell: w.spawn(Mob.COW, at=cell), "a mob", "world.remove_mobs()"),
        (lambda w, cell: w.torch(cell), "a torch", "world.items"),
        (lambda w, cell: w.move_ladder_down(cell), "the ladder down", "world.move_ladder_down"),
    ],
)
def test_a_block_that_would_bury_something_says_what_and_how_to_make_room(world, put, what, call):
    put(world, (22, 22))
    with pytest.raises(LevelError, match=rf"COAL at \(22, 22\) would bury {what}; the nearest free cell") as raised:
        world.place(Block.COAL, (22, 22))
    assert call in advice(raised.value).hint
    there = rf"no COW can be at \(22, 22\) \({what} is there\); the nearest cell for a COW"
    with pytest.raises(LevelError, match=there) as raised:
        world.spawn(Mob.COW, at=(22, 22))
    assert call in advice(raised.value).hint


def test_a_maze_has_a_wall_around_it_unless_it_shall_have_none(world):
    cells = world.maze((4, 14), (6, 16), wall=Block.WALL)
    walkable = world._amounts.walkable[world.blocks[0]]
    reached = {tuple(cell) for cell in np.argwhere(distance_map(walkable, cells[0]) >= 0)}
    assert reached == set(cells)
    assert cells[0] == (4, 6)
    world.maze((20, 30), (20, 30), wall=Block.WALL, border=False)
    assert world.blocks[0][19, 20] != Block.WALL
    world.maze((0, 10), (37, 47), wall=Block.WALL)  # at the map's corner there is no room for one


def test_cells_and_mobs_are_chosen_where_they_shall_be(world):
    world.fill(Block.SAND, (20, 22), (20, 28))
    for _ in range(20):
        assert world.blocks[0][world.random_cell(distance=(0, 12), on=Block.SAND)] == Block.SAND
    room = world.room(26, 26, 5, 5)
    world.carve([(28, 26)])
    (cell,) = world.spawn(Mob.COW, within=room)
    assert cell in room
    mask = np.zeros((48, 48), bool)
    mask[21, 24] = True
    assert world.spawn(Mob.ZOMBIE, within=mask) == [(21, 24)]
    with pytest.raises(LevelError, match="2 COW mobs do not fit"):
        world.spawn(Mob.COW, count=2, within=[(20, 25)])
    with pytest.raises(LevelError, match="not both"):
        world.spawn(Mob.COW, at=(20, 25), within=room)
    with pytest.raises(LevelError, match="distance 1 to 2"):
        world.spawn(Mob.COW, within=[(20, 28)], distance=(1, 2))


def test_the_clock_and_the_time_of_day_agree(world):
    world.time = 75
    seen = world.arrays["light_level"].item()
    world.time_of_day = 75 / 300
    assert world.time == 75
    assert world.arrays["light_level"].item() == pytest.approx(seen)
    with pytest.raises(LevelError, match="whole number of steps") as raised:
        world.time = 0.7
    assert advice(raised.value).hint == "for the part of the day write world.time_of_day = 0.7 (0 to below 1)"


def test_potions_go_by_colour(world):
    inventory = world.player.inventory
    inventory.potions["red"] = 2
    inventory.potions["yellow"] += 1
    assert list(world.arrays["inventory.potions"]) == [2, 0, 0, 0, 0, 1]
    assert inventory.potions["red"] == 2
    inventory.potions = {"blue": 3}
    assert list(world.arrays["inventory.potions"]) == [2, 0, 3, 0, 0, 1]
    with pytest.raises(LevelError, match="is Block"):
        inventory.potions["red"] = Block.TREE


TEXT = '"""Objective: größer.\nWhy: y.\n"""\nfrom dicode.levels import Goal\nGOAL = Goal.survive(20)\n'


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-32"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
    ],
)
def test_a_file_is_read_in_any_encoding_that_it_names(data):
    assert decode(data) == TEXT


def test_a_coding_line_counts_and_other_bytes_are_named():
    cookie = "# -*- coding: latin-1 -*-\n" + TEXT
    assert decode(cookie.encode("latin-1")) == cookie
    with pytest.raises(LevelError, match="line 1 is not utf-8: byte 0xf6; save the file as UTF-8"):
        decode(TEXT.encode("latin-1"))
    with pytest.raises(LevelError, match="encoding is unknown"):
        decode(b"# -*- coding: klingon -*-\n")
    level = parse_level("\ufeff" + TEXT.replace("\n", "\r\n"))
    assert level.source == TEXT


@pytest.mark.parametrize("codec", ["rot13", "base64", "bz2", "hex", "quopri", "uu", "zlib", "undefined", "punycode"])
def test_a_coding_line_that_names_no_encoding_of_text_is_a_sentence(codec):
    with pytest.raises(LevelError, match="UTF-8"):
        decode(f"# -*- coding: {codec} -*-\n{TEXT}\n\u00e9".encode())
