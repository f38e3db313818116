"""The technology tree agrees with the table of rules and with itself."""

import numpy as np
import pytest

from dicode.games.craftax.levels.amounts import DEFAULT
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.grid import WALKABLE
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.techtree import (
    REQUIREMENTS,
    WORTH,
    ancestors,
    children,
    depth,
    implied,
    prerequisites,
    requirements,
)
from dicode.levels import Achievement, Block, Floor, Mob

pytestmark = pytest.mark.fast


def test_every_achievement_has_one_row_and_the_worths_sum_to_226():
    assert tuple(REQUIREMENTS) == tuple(Achievement)
    assert sum(WORTH.values()) == 226
    assert [WORTH[a] for a in Achievement] == RULES["achievement_reward"].default.tolist()


@pytest.mark.parametrize("achievement", list(Achievement), ids=lambda a: a.name)
def test_costs_stations_and_tools_are_those_of_the_rules(achievement):
    row = requirements(achievement)
    assert dict(DEFAULT.spends(achievement)) == dict(row.spends)
    assert set(DEFAULT.near(achievement)) == set(row.near)
    for block in row.blocks:
        if row.gives and row.gives.keys() <= {"wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby"}:
            assert DEFAULT.mining(block) == (row.pickaxe, 1)
    for item in row.gives.keys() & {"arrows", "torches"}:
        assert DEFAULT.gives(item) == row.gives[item]


def test_creatures_live_where_the_rules_let_them_appear():
    for mob in Mob:
        homes = tuple(floor for floor in Floor if floor != Floor.GRAVEYARD and DEFAULT.comes_to(floor, mob))
        assert homes == CREATURES[mob].floors, mob.name
    assert (DEFAULT.walkable == WALKABLE).all()


def test_prerequisites_never_circle_and_depth_grows_along_them():
    for achievement in Achievement:
        assert achievement not in ancestors(achievement)
        assert all(depth(parent) < depth(achievement) for parent in prerequisites(achievement))
        assert all(achievement in prerequisites(child) for child in children(achievement))


def test_the_known_chain_to_diamonds():
    assert prerequisites(Achievement.COLLECT_DIAMOND) == {Achievement.MAKE_IRON_PICKAXE}
    assert {Achievement.PLACE_FURNACE, Achievement.COLLECT_IRON, Achievement.PLACE_TABLE} <= prerequisites(
        Achievement.MAKE_IRON_PICKAXE
    )
    assert requirements(Achievement.COLLECT_IRON).blocks == (Block.IRON,)


def test_what_is_held_and_the_floor_imply_achievements():
    start = {name: np.array(array[0]) for name, array in blank_worlds(1).items()}
    assert not implied(start).any()
    start["inventory.pickaxe"][...] = 2
    start["inventory.torches"][...] = 1
    start["inventory.armour"][...] = 1
    start["player_level"][...] = 2
    assert {a for a in Achievement if implied(start)[a]} == {
        Achievement.MAKE_WOOD_PICKAXE,
        Achievement.MAKE_STONE_PICKAXE,
        Achievement.MAKE_TORCH,
        Achievement.ENTER_DUNGEON,
        Achievement.ENTER_GNOMISH_MINES,
    }
    blank = {name: np.array(array[0]) for name, array in blank_worlds(1).items()}
    both = {name: np.stack([blank[name], array, blank[name]]) for name, array in start.items()}
    assert np.array_equal(implied(both), [implied(blank), implied(start), implied(blank)])
