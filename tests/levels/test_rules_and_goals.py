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
    (A.MAKE_TORCH, Rules(inventory_limit=5, recipe_cost={"torch": {"wood": 8}}), rich, "8 wood at once"),
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


QUIET = Rules(melee_spawn=0, ranged_spawn=0)


def shut(wall):
    """A zombie in a room of its own, three cells from the player."""

    def build(world):
        bare(world)
        world.player.position = (24, 24)
        world.fill(wall, (26, 28), (23, 25))
        world.carve([(27, 24)])
        world.spawn(Mob.ZOMBIE, at=(27, 24))

    return build


def with_pickaxe(world):
    shut(Block.STONE)(world)
    world.player.inventory.pickaxe = 1


def with_stone(world):
    shut(Block.WATER)(world)
    world.player.inventory.stone = 1


def with_arrows(world):
    shut(Block.WATER)(world)
    world.player.inventory.set(bow=1, arrows=3)


def pit(world):
    """A player in a pit, and all ground on which monsters appear outside of it."""
    bare(world)
    world.player.position = (24, 24)
    world.fill(Block.WALL, (20, 28), (20, 28))
    world.fill(Block.SAND, (23, 25), (23, 25))


def dug(world):
    pit(world)
    world.player.inventory.pickaxe = 1
    world.place(Block.STONE, (23, 24))


SHUT = [
    (A.DEFEAT_ZOMBIE, QUIET, shut(Block.WALL), False),
    (Goal.defeat(Mob.ZOMBIE, 1), QUIET, shut(Block.WATER), False),
    (Goal.at_least("damage_taken", 3), QUIET, shut(Block.WALL), False),
    (A.DEFEAT_ZOMBIE, QUIET, shut(Block.TREE), True),
    (A.DEFEAT_ZOMBIE, QUIET, with_pickaxe, True),
    (A.DEFEAT_ZOMBIE, QUIET, with_stone, True),
    (A.DEFEAT_ZOMBIE, QUIET, with_arrows, True),
    (A.DEFEAT_ZOMBIE, Rules(mob_blocked_by={"zombie": {"water": 0}}, melee_spawn=0), shut(Block.WATER), True),
    (A.DEFEAT_ZOMBIE, None, shut(Block.WALL), True),
    (A.DEFEAT_ZOMBIE, None, pit, False),
    (A.DEFEAT_SKELETON, None, pit, False),
    (A.EAT_COW, None, pit, False),
    (A.DEFEAT_ZOMBIE, None, dug, True),
]


@pytest.mark.parametrize(("goal", "rules", "build", "met"), SHUT)
def test_a_mob_counts_where_it_can_come_to_the_player_or_a_shot_to_it(goal, rules, build, met, blanks):
    found = verdict(blanks, goal, rules, build)
    assert isinstance(found, Rejected) is not met, found


def test_who_is_shut_off_is_answered_with_a_way(blanks):
    assert "world.corridor(world.player.position" in verdict(blanks, A.DEFEAT_ZOMBIE, QUIET, shut(Block.WALL)).hint


def test_a_swimmer_is_met_at_the_shore_and_a_ladder_counts_whom_the_player_can_meet(blanks):
    def pond(world):
        bare(world)
        world.items[1] = Item.NONE
        world.fill(Block.WATER, (10, 40), (26, 30))
        world.spawn(Mob.DEEP_THING, at=(24, 28))

    assert not isinstance(verdict(blanks, A.DEFEAT_DEEP_THING, QUIET, pond), Rejected)

    def dungeon(world):
        world.player.floor = 1
        world.set_kills(7)
        world.fill(Block.PATH, (1, 46), (1, 46))
        world.player.position = (10, 10)
        world.move_ladder_down((10, 14))
        world.fill(Block.WALL, (12, 14), (9, 11))
        world.carve([(13, 10)])
        world.spawn(Mob.ORC_SOLDIER, at=(13, 10))

    def opened(world):
        dungeon(world)
        world.carve([(12, 10)])

    assert isinstance(verdict(blanks, A.ENTER_GNOMISH_MINES, QUIET, dungeon), Rejected)
    assert not isinstance(verdict(blanks, A.ENTER_GNOMISH_MINES, QUIET, opened), Rejected)
