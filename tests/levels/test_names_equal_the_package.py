"""Names, tables and terrain of the level API are the package's, member by member."""

import numpy as np
import pytest

from dicode.games.craftax.levels import names
from dicode.games.craftax.levels.amounts import DEFAULT
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.grid import SOLID, TORCH_BLOCKS, block_table
from dicode.games.craftax.levels.schema import MAX_MOBS, STATE_FIELDS
from dicode.games.craftax.levels.techtree import ENTER, WORTH


@pytest.fixture(scope="module")
def constants():
    from dicode.games.craftax.package import constants

    return constants


@pytest.mark.parametrize(("ours", "theirs"), [("Block", "BlockType"), ("Item", "ItemType"), ("Action", "Action")])
def test_members_have_the_same_names_and_values(constants, ours, theirs):
    package = {member.name: member.value for member in getattr(constants, theirs)}
    assert {member.name: int(member) for member in getattr(names, ours)} == package


def test_achievements_have_the_same_names_values_and_worths(constants):
    assert {a.name: int(a) for a in names.Achievement} == {a.name: a.value for a in constants.Achievement}
    assert [WORTH[a] for a in names.Achievement] == np.asarray(constants.ACHIEVEMENT_REWARD_MAP).tolist()


def test_solid_blocks_and_blocks_for_torches_are_the_same(constants):
    assert np.array_equal(SOLID, np.asarray(constants.SOLID_BLOCK_MAPPING))
    assert np.array_equal(block_table(TORCH_BLOCKS), np.asarray(constants.CAN_PLACE_ITEM_MAPPING))


def test_creatures_have_the_same_health_terrain_floors_and_achievement(constants):
    health = np.asarray(constants.MOB_TYPE_HEALTH_MAPPING)
    earned = np.asarray(constants.MOB_ACHIEVEMENT_MAP)
    blocked = np.asarray(constants.MOB_TYPE_COLLISION_MAPPING)
    living = np.asarray(constants.FLOOR_MOB_MAPPING)
    chances = np.asarray(constants.FLOOR_MOB_SPAWN_CHANCE)
    for mob, creature in CREATURES.items():
        kind, mob_class = mob.type_id, mob.mob_class
        assert DEFAULT.health(mob) == health[kind, mob_class]
        assert creature.achievement == earned[mob_class, kind]
        ground, water, lava = (not flag for flag in blocked[kind, mob_class])
        stands = DEFAULT.standable(mob)
        assert (stands[names.Block.PATH], stands[names.Block.WATER], stands[names.Block.LAVA]) == (ground, water, lava)
        floors = [f for f in names.Floor if f < 8 and living[f, mob_class] == kind and chances[f, mob_class] > 0]
        assert tuple(floors) == creature.floors


def test_entering_a_floor_earns_the_same_achievement(constants):
    assert [ENTER[floor] for floor in names.Floor if floor] == np.asarray(constants.LEVEL_ACHIEVEMENT_MAP)[1:].tolist()


def test_slots_and_map_size_are_the_same():
    from dicode.games.craftax.package import STATIC_PARAMS

    assert STATE_FIELDS["blocks"].shape == (STATIC_PARAMS.num_levels, *STATIC_PARAMS.map_size)
    assert {record: getattr(STATIC_PARAMS, f"max_{record}") for record in MAX_MOBS} == MAX_MOBS
