"""Rules that make a goal impossible are read: what can be carried, what serves, what grows, and what harms whom."""

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.checks import check
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Block, Goal, Item, Mob, Rules
from dicode.types import Rejected

pytestmark = pytest.mark.fast
A = Achievement


def verdict(worlds, goal, rules=None, build=lambda world: None, limit=None):
    some = {name: array[:2] for name, array in worlds.items()}
    goal = goal if isinstance(goal, Goal) else Goal.all_of(goal)
    built = build_pool(HOST, {"GOAL": goal, "RULES": rules or Rules(), "build": build}, some, 0)
    return check(built.pool, built.goal, built.rules, (), limit)


def rich(world):
    """Everything at hand, on open ground without a ladder."""
    world.fill(Block.GRASS, rows=(0, 47), columns=(0, 47))
    world.items[0] = Item.NONE
    for block in (Block.TREE, Block.STONE, Block.COAL, Block.IRON, Block.CRAFTING_TABLE, Block.FURNACE):
        world.scatter(block, 12, distance=(1, 9))
    world.player.inventory.set(pickaxe=2)


def bare(world):
    """Nothing but grass."""
    world.fill(Block.GRASS, rows=(0, 47), columns=(0, 47))
    world.items[0] = Item.NONE


def armed(world):
    rich(world)
    world.player.inventory.set(bow=1, arrows=5)
    world.player.fireball = True


def stony(world):
    bare(world)
    world.player.inventory.set(stone=3)


def zombie(world):
    bare(world)
    world.spawn(Mob.ZOMBIE)


def archer(world):
    zombie(world)
    world.player.inventory.set(bow=1, arrows=5)


def flaming(world):
    zombie(world)
    world.player.inventory.sword = 2
    world.player.sword_enchantment = "fire"


def fed(world):
    bare(world)
    world.player.inventory.wood = 60


HARDY = Rules(mob_defence={"zombie": {"physical": 1}})
IMPOSSIBLE = [
    (Goal.hold("arrows", 20), Rules(inventory_limit=5), rich, "the rules let 5 be carried"),
    (Goal.hold("torches", 20), Rules(inventory_limit=5), rich, "the rules let 5 be carried"),
    (Goal.hold("wood", 8), Rules(inventory_limit=5), rich, "the rules let 5 be carried"),
    (A.MAKE_WOOD_SWORD, Rules(inventory_limit=5, recipe_cost={"wood_sword": {"wood": 8}}), rich, "8 wood at once"),
    (A.PLACE_TABLE, Rules(inventory_limit=5, place_cost={"table": 8}), rich, "8 wood at once"),
    (Goal.place("table", 1), Rules(inventory_limit=5, place_cost={"table": 8}), rich, "8 wood at once"),
    (A.MAKE_WOOD_SWORD, Rules(station_reach=0), rich, "station_reach=0"),
    (A.PLACE_FURNACE, Rules(station_reach=0, furnace_needs_table=1), rich, "station_reach=0"),
    (A.PLACE_FURNACE, Rules(furnace_needs_table=1), stony, "PLACE_FURNACE needs a CRAFTING_TABLE"),
    (Goal.place("furnace", 1), Rules(furnace_needs_table=1), stony, "PLACE_FURNACE needs a CRAFTING_TABLE"),
    (A.FIRE_BOW, Rules(max_player_projectiles=0), armed, "max_player_projectiles is 0"),
    (A.CAST_FIREBALL, Rules(max_player_projectiles=0), armed, "max_player_projectiles is 0"),
    (Goal.at_least("health", 12), Rules(floor_experience=0), rich, "the most is 9"),
    (Goal.at_least("health", 12), None, bare, "the most is 9"),
    (Goal.at_least("health", 12), Rules(level_up_cost=9), rich, "the most is 9"),
    (A.CAST_FIREBALL, Rules(floor_experience=0, fireball_mana=12), armed, "12 mana, the most is 9"),
    (A.DEFEAT_ZOMBIE, HARDY, zombie, "nothing that the player does harms a ZOMBIE"),
    (A.DEFEAT_ZOMBIE, HARDY, archer, "nothing that the player does harms a ZOMBIE"),
    (A.DEFEAT_ZOMBIE, Rules(sword_damage=0, max_player_projectiles=0), archer, "nothing that the player does harms"),
    (A.DEFEAT_ZOMBIE, Rules(sword_damage=0), zombie, "nothing that the player does harms"),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "rules", "build", "reason"), IMPOSSIBLE)
def test_a_goal_that_the_rules_make_impossible_is_rejected_with_the_rule(goal, rules, build, reason, blanks):
    found = verdict(blanks, goal, rules, build)
    assert isinstance(found, Rejected)
    assert reason in found.reason
    assert found.hint


def experienced(world):
    bare(world)
    world.player.xp = 3


POSSIBLE = [
    (Goal.hold("arrows", 5), Rules(inventory_limit=5), rich),
    (A.MAKE_WOOD_SWORD, Rules(inventory_limit=8, recipe_cost={"wood_sword": {"wood": 8}}), rich),
    (A.PLACE_TABLE, Rules(inventory_limit=5, place_cost={"table": 50}), fed),
    (Goal.collect("wood", 9), Rules(inventory_limit=2), rich),
    (A.PLACE_FURNACE, Rules(furnace_needs_table=1), rich),
    (A.MAKE_WOOD_SWORD, Rules(station_reach=0, recipe_needs_table=0), rich),
    (A.FIRE_BOW, Rules(max_player_projectiles=1), armed),
    (Goal.at_least("health", 12), None, experienced),
    (Goal.at_least("health", 12), Rules(level_up_cost=0), bare),
    (Goal.at_least("health", 9.5), None, lambda world: world.clear(3)),
    (A.DEFEAT_ZOMBIE, HARDY, flaming),
    (A.DEFEAT_ZOMBIE, Rules(sword_damage=0), archer),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "rules", "build"), POSSIBLE)
def test_what_the_rules_leave_possible_is_accepted(goal, rules, build, blanks):
    found = verdict(blanks, goal, rules, build)
    assert not isinstance(found, Rejected), found


def test_water_is_bridged_with_whatever_can_be_placed(blanks):
    def island(world):
        bare(world)
        world.fill(Block.WATER, (8, 12), (8, 12))
        world.place(Block.GRASS, (10, 10))
        world.player.position = (10, 10)
        world.place(Block.TREE, (10, 15))

    goal = Goal.hold("wood", 1)
    assert isinstance(verdict(blanks, goal, None, island), Rejected)
    for rules in (Rules(place_cost={"stone": 0}), Rules(place_cost={"table": 0}), Rules(place_cost={"furnace": 0})):
        assert not isinstance(verdict(blanks, goal, rules, island), Rejected)
    bound = Rules(place_cost={"furnace": 0}, furnace_needs_table=1)
    assert isinstance(verdict(blanks, goal, bound, island), Rejected)
