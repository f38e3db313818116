"""A goal is held against all that it spends together, by the cheapest way there; what is placed needs a place."""

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.checks import check
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Block, Goal, Item, Rules
from dicode.types import Rejected

pytestmark = pytest.mark.fast
A = Achievement


def verdict(worlds, parts, build, rules):
    some = {name: array[:2] for name, array in worlds.items()}
    build_in = {"GOAL": Goal.all_of(parts), "RULES": Rules(spawn_chance=0, **rules), "build": build}
    built = build_pool(HOST, build_in, some, 0)
    return check(built.pool, built.goal, built.rules, (), 256)


def on(ground, *blocks, **held):
    """A player on ground of one kind, with such blocks two cells away and such things in hand."""

    def build(world):
        world.fill(ground, rows=(0, 47), columns=(0, 47))
        world.items[0] = Item.NONE
        world.player.position = (24, 24)
        for column, block in enumerate(blocks):
            world.place(block, (22, 20 + 2 * column))
        world.player.inventory.set(**held)

    return build


def shut_in(**held):
    """A player in a cell that is just as large as he is."""

    def build(world):
        on(Block.GRASS, **held)(world)
        for row, column in ((23, 24), (25, 24), (24, 23), (24, 25)):
            world.place(Block.WALL, (row, column))

    return build


def knowing(*spells, **held):
    """A player who knows such spells."""

    def build(world):
        on(Block.GRASS, **held)(world)
        for spell in spells:
            setattr(world.player, spell, True)

    return build


def meadow(*blocks, **held):
    return on(Block.GRASS, *blocks, **held)


TABLE, FURNACE = Block.CRAFTING_TABLE, Block.FURNACE
BOTH_SPELLS = [A.CAST_FIREBALL, A.CAST_ICEBALL]
ALTARS = (Block.ENCHANTMENT_TABLE_FIRE, Block.ENCHANTMENT_TABLE_ICE)
IMPOSSIBLE = [
    ([A.LEARN_FIREBALL, A.LEARN_ICEBALL], meadow(books=1), {}, "2 books in all"),
    (A.LEARN_FIREBALL, knowing("fireball", books=1), {}, "known at the start"),
    (A.LEARN_ICEBALL, knowing("fireball", "iceball", books=9), {}, "known at the start"),
    (BOTH_SPELLS, meadow(books=1), {}, "2 books in all"),
    ([A.ENCHANT_SWORD, A.ENCHANT_ARMOUR], meadow(*ALTARS, sword=1, armour=1, ruby=1), {"enchant_mana": 0}, "2 enchantments"),
    ([A.MAKE_ARROW, A.MAKE_TORCH], meadow(TABLE, wood=1, stone=1, coal=1), {}, "2 wood in all"),
    ([A.FIRE_BOW, Goal.hold("arrows", 5)], meadow(bow=1, arrows=5), {}, "6 arrows in all"),
    ([A.DRINK_POTION, Goal.hold("potions", 1)], meadow(potions=[1, 0, 0, 0, 0, 0]), {}, "2 potions in all"),
    ([A.PLACE_TORCH, Goal.hold("torches", 1)], meadow(torches=1), {}, "2 torches in all"),
    ([Goal.place("torch", 3), Goal.hold("torches", 1)], meadow(torches=3), {}, "4 torches in all"),
    ([Goal.place("table", 2), Goal.hold("wood", 5)], meadow(wood=5), {}, "9 wood in all"),
    ([Goal.hold("arrows", 4), Goal.hold("wood", 1)], meadow(TABLE, wood=2, stone=2), {}, "3 wood in all"),
    (A.MAKE_ARROW, meadow(TABLE, wood=2, stone=2), {"arrow_yield": 0}, "arrow_yield"),
    (A.MAKE_TORCH, meadow(TABLE, wood=2, coal=2), {"torch_yield": 0}, "torch_yield"),
    (A.PLACE_TABLE, shut_in(wood=9), {}, "a free cell ahead"),
    (A.PLACE_STONE, shut_in(stone=9), {}, "a free cell ahead"),
    (Goal.place("stone", 2), shut_in(stone=9), {}, "a free cell ahead"),
    (A.PLACE_TORCH, shut_in(torches=9), {}, "grass, sand or path ahead"),
    (A.PLACE_PLANT, shut_in(sapling=1), {}, "plants need grass"),
    (A.COLLECT_SAPLING, shut_in(), {}, "no grass within reach"),
    (A.MAKE_WOOD_PICKAXE, shut_in(wood=9), {}, "needs a CRAFTING_TABLE"),
    (A.PLACE_TORCH, on(Block.GRAVEL, torches=3), {}, "grass, sand or path ahead"),
    (Goal.place("torch", 1), on(Block.GRAVEL, torches=3), {}, "grass, sand or path ahead"),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "build", "rules", "reason"), IMPOSSIBLE)
def test_what_a_goal_spends_twice_must_be_there_twice_and_what_is_placed_needs_a_place(
    goal, build, rules, reason, blanks
):
    found = verdict(blanks, goal, build, rules)
    assert isinstance(found, Rejected)
    assert reason in found.reason or reason in found.hint
    assert found.hint


POSSIBLE = [
    ([A.MAKE_WOOD_PICKAXE, A.MAKE_STONE_PICKAXE], meadow(TABLE, wood=1, stone=1), {}),
    ([A.MAKE_WOOD_SWORD, A.MAKE_STONE_SWORD, A.MAKE_IRON_SWORD], meadow(TABLE, FURNACE, wood=1, stone=1, coal=1, iron=1), {}),
    (A.MAKE_IRON_PICKAXE, meadow(TABLE, FURNACE, Block.IRON, Block.STONE, wood=2, stone=1, coal=1), {}),
    ([A.MAKE_DIAMOND_PICKAXE, A.COLLECT_IRON], meadow(TABLE, Block.IRON, wood=1, diamond=3), {}),
    (A.MAKE_WOOD_PICKAXE, meadow(TABLE, wood=1, stone=1), {"recipe_cost": {"wood_pickaxe": {"wood": 9}}}),
    (A.MAKE_WOOD_SWORD, meadow(TABLE, wood=1, stone=1), {"recipe_cost": {"wood_sword": {"wood": 9}}}),
    ([A.MAKE_ARROW, A.MAKE_TORCH], meadow(Block.CHEST), {}),
    (A.FIND_BOW, meadow(Block.CHEST), {"chest_bow": {"overworld": 1}}),
    ([A.FIRE_BOW, Goal.hold("arrows", 5)], meadow(Block.CHEST, bow=1, arrows=5), {}),
    ([A.PLACE_STONE, Goal.hold("stone", 1)], meadow(stone=1, pickaxe=1), {}),
    ([*BOTH_SPELLS, A.LEARN_FIREBALL], meadow(books=2), {}),
    (A.LEARN_FIREBALL, knowing("fireball", "iceball", books=1), {}),
    (A.LEARN_FIREBALL, knowing("fireball", books=2), {}),
    ([A.ENCHANT_SWORD, A.ENCHANT_ARMOUR], meadow(*ALTARS, sword=1, armour=1, ruby=1, sapphire=1), {"enchant_mana": 0}),
    (A.COLLECT_SAPLING, on(Block.SAND, Block.TREE), {}),
    (A.PLACE_PLANT, on(Block.SAND, Block.TREE, sapling=1), {}),
    (A.PLACE_TORCH, on(Block.GRAVEL, Block.STONE, torches=1, pickaxe=1), {}),
    (A.PLACE_STONE, on(Block.GRAVEL, stone=1), {}),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "build", "rules"), POSSIBLE)
def test_the_cheapest_way_counts(goal, build, rules, blanks):
    found = verdict(blanks, goal, build, rules)
    assert not isinstance(found, Rejected), found
