"""What the checks call impossible is, and what they advise instead is not refused itself."""

import re

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.checks import check
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Block, Floor, Goal, Item, Mob, Rules
from dicode.types import Code, Rejected

pytestmark = pytest.mark.fast


def verdict(worlds, goal, build, rules=None, limit=None):
    some = {name: array[:2] for name, array in worlds.items()}
    built = build_pool(HOST, {"GOAL": Goal.all_of(goal), "RULES": rules or Rules(), "build": build}, some, 0)
    return check(built.pool, built.goal, built.rules, (), limit)


def meadow(world):
    """Nothing but grass."""
    world.fill(Block.GRASS, rows=(0, 47), columns=(0, 47))
    world.items[0] = Item.NONE
    world.player.position = (24, 24)


def quarry(blocks, held=0, pickaxe=1):
    def build(world):
        meadow(world)
        world.scatter(Block.STONE, blocks, distance=(2, 6))
        world.player.inventory.set(pickaxe=pickaxe, stone=held)

    return build


COLLECTED = Goal.collect("stone", 12)
STONES = [
    (COLLECTED, quarry(5), None, True),
    (COLLECTED, quarry(6, held=3), None, True),
    (COLLECTED, quarry(5, pickaxe=0), None, False),
    (COLLECTED, quarry(5), Rules(place_cost={"stone": 2}), False),
    (Goal.collect("stone", 9), quarry(5), Rules(place_cost={"stone": 2}), True),
    (COLLECTED, quarry(5), Rules(tool_level={"stone": 2, "stalagmite": 1}), False),
    (Goal.hold("stone", 12), quarry(5), None, False),
    (Goal.hold("stone", 12), quarry(5), Rules(mining_yield={"stone": 2}), True),
    (Goal.place("stone", 12), quarry(5), None, True),
    (Goal.place("stone", 12), quarry(5), Rules(mining_yield={"stone": 0}), False),
]


@pytest.mark.parametrize(("goal", "build", "rules", "can_be"), STONES)
def test_a_placed_stone_is_mined_again_and_counts_each_time(goal, build, rules, can_be, blanks):
    found = verdict(blanks, goal, build, rules)
    assert isinstance(found, Rejected) is not can_be, found


def test_the_way_to_a_ladder_is_that_to_the_ladder_and_not_to_where_one_arrives(blanks):
    def near(world):
        meadow(world)
        world.items[0][24, 26] = Item.LADDER_DOWN
        world.arrays["down_ladders"][0] = (2, 2)

    def far(world):
        meadow(world)
        world.items[0][2, 2] = Item.LADDER_DOWN
        world.arrays["down_ladders"][0] = (24, 26)

    assert not isinstance(verdict(blanks, Achievement.ENTER_DUNGEON, near, limit=20), Rejected)
    assert verdict(blanks, Achievement.ENTER_DUNGEON, far, limit=20).code is Code.TOO_SHORT
    assert verdict(blanks, Achievement.ENTER_DUNGEON, meadow, limit=20).code is Code.OUT_OF_REACH


ADVISED = [
    (Goal.place("table", 60), None),
    (Goal.place("table", 3), Rules(inventory_limit=2)),
    (Goal.collect("wood", 70), None),
    (Goal.collect("wood", 70), Rules(mining_yield={"tree": 5})),
    (Goal.hold("wood", 60), None),
    (Goal.place("torch", 120), None),
    (Goal.hold("arrows", 40), None),
    (Goal.hold("arrows", 3), Rules(arrow_yield=0)),
    (Goal.hold("torches", 2), None),
    (Goal.hold("bow", 1), None),
    (Goal.hold("potions", 2), None),
    (Goal.hold("potions", 50), None),
    (Goal.hold("books", 1), None),
    (Goal.hold("books", 1.5), None),
    (Goal.hold("armour", 2), None),
    (Goal.hold("armour", 5), None),
    (Goal.hold("armour", 8), Rules(inventory_limit=9)),
    (Achievement.PLACE_TABLE, Rules(place_cost={"table": 90})),
]


_CALL = (
    r"world\.player\.inventory\.\w+(?:\[\S+\])? = \d+|world\.scatter\([^()]*\([^()]*\)\)|world\.player\.floor = [\w.]+"
    r"|(?:for _ in range\(\d+\): )?world\.chest\(world\.random_cell\(\)\)"
)


@pytest.mark.parametrize(("goal", "rules"), ADVISED)
def test_what_a_hint_says_is_taken(goal, rules, blanks):
    found = verdict(blanks, goal, meadow, rules)
    calls = re.findall(_CALL, found.hint)
    assert calls, found.hint

    def as_told(world):
        meadow(world)
        for line in calls:
            exec(line, {"world": world, "Block": Block, "Mob": Mob, "Floor": Floor})

    again = verdict(blanks, goal, as_told, rules)
    assert not isinstance(again, Rejected) or "less" in found.hint, again


def test_the_shortest_episode_is_advised_a_goal_that_may_be_asked(blanks):
    found = verdict(blanks, Goal.survive(9), meadow, Rules(episode_length=1))
    assert "Goal.survive(1)" in found.hint


def zombies(count=2, health=None, also=lambda world: None, **held):
    def build(world):
        meadow(world)
        world.player.inventory.set(**held)
        world.spawn(Mob.ZOMBIE, count=count, health=health)
        also(world)

    return build


def armed(world):
    world.player.strength = 5
    world.player.sword_enchantment = "fire"


def gardener(world):
    meadow(world)
    world.player.inventory.set(sapling=9)


def by_a_field(world):
    """A gardener with grass at the same places of two floors."""
    gardener(world)
    world.items[0][24, 26] = Item.LADDER_DOWN
    world.fill(Block.GRASS, (20, 30), (20, 30), floor=Floor.DUNGEON)
    world.move_ladder_up((24, 26), floor=Floor.DUNGEON)


def test_a_necromancer_of_another_floor_is_not_the_boss(blanks):
    def build(world):
        graves = world.blocks[Floor.GRAVEYARD]
        graves[graves == Block.NECROMANCER] = Block.PATH
        world.player.floor = Floor.ICE_REALM
        world.clear(3)
        world.open_ladder()
        world.move_ladder_down(world.random_cell(distance=(1, 1)))
        world.scatter(Block.NECROMANCER, 1, distance=(2, 2))

    found = verdict(blanks, Achievement.DAMAGE_NECROMANCER, build)
    assert isinstance(found, Rejected)
    assert "needs NECROMANCER" in found.reason
    assert not isinstance(verdict(blanks, Achievement.ENTER_GRAVEYARD, build), Rejected)


QUIET = {"spawn_chance": 0}
BARREN = {"passive_spawn": 0, "sapling_chance": 0}
ZOMBIE = Goal.defeat(Mob.ZOMBIE)
TOUGH = {"melee_spawn": 0, "episode_length": 100}
AMOUNTS = [
    (Goal.at_least("damage_taken", 1000), zombies(), {}, 256, False),
    (Goal.at_least("damage_taken", 1000), zombies(), {"minimum_health": 1}, 256, True),
    (Goal.at_least("damage_taken", 1000), zombies(), {"monster_damage": 10, "melee_damage": 100}, 256, True),
    (Goal.at_least("damage_taken", 20), zombies(), QUIET, 256, True),
    (Goal.at_least("damage_taken", 90), zombies(), QUIET, 256, False),
    (Goal.at_least("damage_taken", 90), zombies(), QUIET, 2000, True),
    (Goal.at_least("damage_taken", 90), zombies(potions=2), QUIET, 256, True),
    (ZOMBIE, zombies(1, 1000), TOUGH, None, False),
    (ZOMBIE, zombies(1, 1000, sword=4), TOUGH, None, False),
    (ZOMBIE, zombies(1, 1000, armed, sword=4), TOUGH, None, True),
    (ZOMBIE, zombies(1, 700, sword=4), TOUGH, None, True),
    (ZOMBIE, zombies(1, 1000), {"melee_spawn": 0, "player_damage": 10}, 130, True),
    (ZOMBIE, zombies(1, 1000), {"episode_length": 100}, None, True),
    (ZOMBIE, lambda world: (zombies(1, 1000)(world), world.spawn(Mob.ZOMBIE)), TOUGH, None, True),
    (Goal.defeat(Mob.ZOMBIE, 2), lambda world: (zombies(1, 1000)(world), world.spawn(Mob.ZOMBIE)), TOUGH, None, False),
    (ZOMBIE, zombies(1, 300, bow=1, arrows=99), TOUGH, None, True),
    (Goal.at_least("eaten", 200), gardener, {**BARREN, "episode_length": 650}, None, False),
    (Goal.at_least("eaten", 9), gardener, {**BARREN, "episode_length": 650}, None, True),
    (Goal.at_least("eaten", 200), gardener, {**BARREN, "plant_ripening": 20}, 650, True),
    (Goal.at_least("eaten", 200), by_a_field, {**BARREN, "episode_length": 650}, None, True),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "build", "rules", "limit", "can_be"), AMOUNTS)
def test_no_episode_holds_more_damage_blows_and_meals_than_fit(goal, build, rules, limit, can_be, blanks):
    found = verdict(blanks, goal, build, Rules(**rules), limit)
    assert isinstance(found, Rejected) is not can_be, found


BOSS = [
    (Achievement.DAMAGE_NECROMANCER, None, 7, False),
    (Achievement.DAMAGE_NECROMANCER, None, 8, True),
    (Achievement.DEFEAT_NECROMANCER, None, 56, False),
    (Achievement.DEFEAT_NECROMANCER, None, 57, True),
    (Achievement.DEFEAT_NECROMANCER, Rules(boss_waves=2), 15, True),
    (Achievement.DEFEAT_NECROMANCER, Rules(boss_wave_steps=0), 15, True),
]


def smith(armour=0, **held):
    def build(world):
        meadow(world)
        world.player.inventory.set(armour=armour, wood=9, **held)
        world.scatter(Block.CRAFTING_TABLE, 1)
        world.scatter(Block.FURNACE, 1)

    return build


ORE = {"iron": 30, "coal": 30}
ARMOUR = [
    (Achievement.MAKE_IRON_ARMOUR, smith(1, **ORE), False),
    (Achievement.MAKE_IRON_ARMOUR, smith([1, 2, 0, 1], **ORE), True),
    (Achievement.MAKE_DIAMOND_ARMOUR, smith(2, diamond=9), False),
    (Achievement.MAKE_DIAMOND_ARMOUR, smith([2, 2, 2, 1], diamond=9), True),
    (Goal.hold("armour", 4), smith(**ORE), True),
    (Goal.hold("armour", 5), smith(**ORE), False),
    (Goal.hold("armour", 5), smith(1, diamond=3), True),
    (Goal.hold("armour", 6), smith(1, diamond=3), False),
    (Goal.hold("armour", 5), smith(diamond=3, **ORE), True),
    (Goal.hold("armour", 6), smith(diamond=3, **ORE), False),
    (Goal.hold("armour", 8), smith(diamond=12), True),
    (Goal.hold("armour", 7), smith(diamond=11), False),
]


@pytest.mark.parametrize(("goal", "build", "can_be"), ARMOUR)
def test_a_piece_of_armour_is_made_where_it_is_better_and_counts_once(goal, build, can_be, blanks):
    found = verdict(blanks, goal, build)
    assert isinstance(found, Rejected) is not can_be, found


@pytest.mark.parametrize(("goal", "rules", "limit", "can_be"), BOSS)
def test_a_boss_is_wounded_once_between_two_waves(goal, rules, limit, can_be, blanks):
    def graveyard(world):
        world.player.floor = Floor.GRAVEYARD
        world.clear(3)
        row, column = world.player.position
        world.place(Block.NECROMANCER, (row, column + 1 if column < 40 else column - 1))

    found = verdict(blanks, goal, graveyard, rules, limit)
    assert isinstance(found, Rejected) is not can_be, found
    assert can_be or found.code is Code.TOO_SHORT
