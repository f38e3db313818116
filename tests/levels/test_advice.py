"""Hints name what the author meant, in the author's own words."""

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.advice import Advice, advice
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.goal_hints import asked_in, goal_hint
from dicode.games.level_build import read_parts
from dicode.levels import Achievement, Block, Goal, LevelError, Mob, World

pytestmark = pytest.mark.fast


@pytest.fixture
def world(blank_pool):
    import numpy as np

    arrays = {name: np.array(array[0]) for name, array in blank_pool.items()}
    return World(arrays, np.random.default_rng(0), Amounts())


def mistake(world: World, line: str) -> Exception:
    """What a line of level code raises."""
    names = {"world": world, "Mob": Mob, "Goal": Goal, "Achievement": Achievement, "Block": Block}
    with pytest.raises(Exception) as raised:  # noqa: PT011 - a line of level code may raise anything
        exec(line, names)
    return raised.value


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("world.health = 3", "write world.player.health"),
        ("world.floor = 2", "write world.player.floor"),
        ("world.inventory.set(wood=3)", "write world.player.inventory"),
        ("world.player.inventory.set(health=3)", "write world.player.health"),
        ("world.player.inventory.health", "write world.player.health"),
        ("world.spawn_mob(Mob.COW)", "there is no spawn_mob; did you mean 'spawn'?"),
        (
            "world.player.inventory.set(plant=1)",
            "a plant stands on the map: write world.scatter(Block.PLANT, count=1, distance=(1, 3))",
        ),
        ("world.rules = 1", "set RULES = Rules(...) at the top of the file"),
        ("world.spawn(Mob.COWS)", "Mob has no COWS; did you mean 'COW'?"),
        ("world.scatter(Block.COW, 3)", "Block has no COW; write Mob.COW"),
        (
            "Block.LADDER_DOWN",
            "ladders are no blocks; write world.move_ladder_down(world.random_cell()) or world.open_ladder()",
        ),
        ("Goal.all_of(Achievement.COLECT_WOOD)", "Achievement has no COLECT_WOOD; did you mean 'COLLECT_WOOD'?"),
        ("Goal(Achievement.COLLECT_WOOD)", "a goal is made by Goal.all_of(...)"),
        ("type(world)()", "make none: build is given the world; edit that one in place and return nothing"),
        ("world.place(Block.TREE)", "call it as world.place(block, position, floor=None)"),
        ("world.torch()", "call it as world.torch(position, floor=None)"),
    ],
)
def test_a_mistake_is_answered_with_what_was_meant(world, line, hint):
    assert advice(mistake(world, line)).hint == hint


@pytest.mark.parametrize(
    ("name", "home"),
    [("time_of_day", "world.time_of_day"), ("wood", "world.player.inventory.wood"), ("light", "world.light")],
)
def test_what_is_set_on_the_player_but_lives_elsewhere_is_named(world, name, home):
    with pytest.raises(LevelError, match=f"player.{name} cannot be set; write {home}$"):
        setattr(world.player, name, 1)


def test_an_error_of_another_kind_gets_no_advice():
    assert advice(ZeroDivisionError("division by zero")) == Advice()
    assert advice(AttributeError("no names at all")) == Advice()


@pytest.mark.parametrize(
    ("value", "said", "hint"),
    [
        (Achievement.EAT_COW, "", "write GOAL = Goal.all_of(Achievement.EAT_COW)"),
        ([Achievement.EAT_COW, Goal.survive(300)], "", "Goal.all_of(Achievement.EAT_COW, Goal.at_least('survive', 300))"),
        ("collect wood", "", "write GOAL = Goal.all_of(Achievement.COLLECT_WOOD)"),
        (None, "Objective: defeat a zombie, then make an iron pickaxe.", "all_of(Achievement.DEFEAT_ZOMBIE, Achievement.MAKE_IRON_PICKAXE)"),
        (None, "Objective: be brave.", "with the Achievement or quantity that the Objective names"),
        (7, "", "with the Achievement or quantity that the Objective names"),
    ],
)  # fmt: skip
def test_the_hint_for_a_goal_is_made_of_the_level_s_own(value, said, hint):
    assert hint in goal_hint(value, said)


def test_no_hint_hands_out_a_goal_that_the_level_did_not_name():
    with pytest.raises(LevelError) as raised:
        read_parts(HOST, {"GOAL": 3, "__doc__": "Objective: find the way down."})
    assert "Achievement." not in str(raised.value)


def test_names_in_a_text_come_in_its_order():
    asked = asked_in("Place a table after you collected... no: COLLECT_SAPLING, eat the cow, PLACE_TABLE")
    assert asked == [Achievement.PLACE_TABLE, Achievement.COLLECT_SAPLING]


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("world.player.inventory.set(arrow=5, bow=1)", "world.player.inventory.set(arrows=5, bow=1)"),
        ("    world.player.time_of_day = 0.7  # night", "world.time_of_day = 0.7  # night"),
        ("world.player.wood = 5", "world.player.inventory.wood = 5"),
        ("world.health = 3", "world.player.health = 3"),
        ("world.spawn_mob(Mob.COW)", "world.spawn(Mob.COW)"),
        ("world.spawn(Mob.COWS, count=2)", "world.spawn(Mob.COW, count=2)"),
        ("world.player.inventory.set(health=3)", ""),
        ("world.place(Block.TREE)", ""),
        ("world.player.light = 3", ""),
        ("x = [Mob.COWS, Mob.COWS]", ""),
    ],
)
def test_the_whole_line_is_given_as_it_should_read_where_that_is_clear(world, line, right):
    error = mistake(world, line.strip())
    assert advice(error).corrected(line) == right
