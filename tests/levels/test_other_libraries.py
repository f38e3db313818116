"""What models write from other libraries and games is answered with how it is written here, and the line that is given runs."""

import re

import numpy as np
import pytest

from dicode import levels
from dicode.games.craftax.levels.advice import advice
from dicode.games.craftax.levels.amounts import Amounts
from dicode.levels import Achievement, Goal, LevelError, World

pytestmark = pytest.mark.fast


@pytest.fixture
def names(blank_pool):
    arrays = {name: np.array(array[0]) for name, array in blank_pool.items()}
    world = World(arrays, np.random.default_rng(0), Amounts())
    return {**{name: getattr(levels, name) for name in levels.__all__}, "world": world}


def said(names, line):
    """Everything that an author is told about a line: message, hint and the line as it should read."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - a line of level code may raise anything
        exec(line, names)
    found = advice(raised.value)
    return f"{raised.value}; {found.hint}", found.corrected(line)


WRITTEN = {
    "x = world.rng.randint(0, 5)": ("integers(low, high), high excluded", "x = world.rng.integers(0, 5)"),
    "x = world.rng.rand()": ("world.rng.random()", "x = world.rng.random()"),
    "x = world.rng.random_sample()": ("world.rng.random()", "x = world.rng.random()"),
    "x = world.rng.sample([1, 2, 3], 2)": ("choice(values, size=count, replace=False)", ""),
    "x = world.rng.dice()": ("world.rng.integers, .random", ""),
    "world.player.inventory['wood'] = 3": ("write world.player.inventory.wood", "world.player.inventory.wood = 3"),
    "x = world.player.inventory['sapling']": ("inventory.sapling", "x = world.player.inventory.sapling"),
    "world.player.inventory['woods'] = 3": ("write world.player.inventory.wood", "world.player.inventory.wood = 3"),
    "world.player.inventory[0] = 3": ("by its name", ""),
    "world.player.inventory.add('wood', 3)": ("world.player.inventory.wood += 3", ""),
    "world.player.inventory.update(wood=3)": ("inventory.set(wood=3", "world.player.inventory.set(wood=3)"),
    "world.player.inventory.armour = 'iron'": ("inventory.armour = 1", "world.player.inventory.armour = 1"),
    "world.player.inventory.armour = ['iron', 'none', 'none', 'none']": ("armour = [1, 0, 0, 0]", ""),
    "world.player.inventory.sword = 'iron'": ("3 iron", "world.player.inventory.sword = 3"),
    "world.player.inventory.set(pickaxe='wooden')": ("inventory.pickaxe = 1", "world.player.inventory.set(pickaxe=1)"),
    "world.player.inventory.wood = '3'": ("inventory.wood = 3", "world.player.inventory.wood = 3"),
    "world.player.inventory.wood = 'much'": ("a number from 0 to 99", ""),
    "world.player.facing = 'north'": ("did you mean 'UP'?", None),
    "x = Goal.survive(3) & Achievement.EAT_COW": ("Goal.all_of(a, b)", ""),
    "x = Goal.all_of(Goal.survive(3)) + Goal.hold('wood', 3)": ("Goal.all_of(a, b)", ""),
    "x = Goal.survive(3) | Goal.hold('wood', 3)": ("no 'or'", ""),
    "x = Goal.survive(3) and Goal.hold('wood', 3)": ("Goal.all_of(a, b)", ""),
    "x = Goal.collect('drink', 2)": ('Goal.at_least("drunk", 2), or Achievement.COLLECT_DRINK', ""),
    "x = Goal.collect('water')": ('Goal.at_least("drunk", 1)', ""),
    "x = Goal.collect(Block.TREE)": ('Goal.collect("wood", 1)', ""),
    "x = Goal.collect('cow', 2)": ("Goal.defeat(Mob.COW, 2)", ""),
    "x = Goal.collect('arrows', 2)": ('Goal.hold("arrows", 2)', ""),
    "x = Goal.hold('iron_sword')": ('Goal.hold("sword", 3)', ""),
    "x = Goal.hold('food', 2)": ('Goal.at_least("food", 2)', ""),
    "x = Goal.place('sapling')": ('Goal.place("plant", 1)', ""),
    "x = Goal.eat(Mob.COW)": ("did you mean 'defeat'?", "x = Goal.defeat(Mob.COW)"),
    "x = Goal.at_least('wood', 3)": ("'inventory.wood' (what is held) or 'collected.wood'", ""),
    "x = Goal.at_least('stone_collected', 3)": ("'collected.stone'", ""),
    "x = Goal.at_least('kill_zombies', 3)": ("'kills.zombie'", ""),
    "world.fill(Block.WATER, 10, 12)": ("world.place(block, (10, 12))", ""),
}


@pytest.mark.parametrize("wrong", WRITTEN)
def test_what_other_libraries_write_is_answered_with_what_is_written_here(names, wrong):
    words, right = WRITTEN[wrong]
    told, line = said(names, wrong)
    assert words in told
    assert right is None or line == right
    if line:
        exec(line, names)
    for call in re.findall(r"Goal\.\w+\([^()]*\)", told.split("; ", 1)[-1]):
        if not re.search(r"a, b|\.\.\.", call):
            eval(call, names)


def test_parts_of_a_goal_may_come_in_a_list():
    parts = [Achievement.EAT_COW, (Goal.survive(3), "collect_wood")]
    assert Goal.all_of(parts) == Goal.all_of(Achievement.EAT_COW, Goal.survive(3), Achievement.COLLECT_WOOD)
    with pytest.raises(LevelError, match="at least one"):
        Goal.all_of([])
