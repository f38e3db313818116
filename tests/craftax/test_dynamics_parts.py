"""Parts of the step that can be held against the package without compiling it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS


def test_a_state_survives_the_way_to_the_package_and_back(blank_pool):
    from dicode.games.craftax.state import from_arrays, from_package, to_arrays, to_package

    state = from_arrays(blank_pool)
    again = to_arrays(from_package(to_package(state)))
    for name, field in STATE_FIELDS.items():
        assert again[name].dtype == field.dtype, name
        assert np.array_equal(again[name], blank_pool[name]), name


@pytest.mark.slow
def test_rounding_light_never_lights_or_darkens_a_cell():
    from dicode.games.craftax.state import LIT, decode_light, encode_light

    level = jnp.asarray(np.linspace(0, 1, 20_001), jnp.float32)
    stored = encode_light(level)
    assert np.array_equal(np.asarray(stored) >= LIT, np.asarray(level > 0.05))
    assert np.abs(np.asarray(decode_light(stored) - level)).max() <= 1 / 255
    assert np.array_equal(np.asarray(decode_light(stored) > 0.05), np.asarray(level > 0.05))


def test_a_chest_draws_what_its_key_gives_one_after_the_other():
    from dicode.games.craftax.dynamics.draws import CHEST_INTEGERS, draw_chest

    key = jax.random.PRNGKey(5)
    chest = jax.jit(draw_chest)(key)
    for number in range(14):
        key, subkey = jax.random.split(key)
        assert chest.unit[number] == jax.random.uniform(subkey)
        if number in CHEST_INTEGERS:
            drawn = chest.integer(number, jnp.int32(2), jnp.int32(9))
            assert drawn == jax.random.randint(subkey, (), 2, 10)


def test_the_draws_are_those_of_the_packages_splits():
    from dicode.games.craftax.dynamics.draws import draw

    key = jax.random.PRNGKey(3)
    draws = jax.jit(draw)(key)
    split = jax.jit(jax.random.split)
    subkeys = []
    for _ in range(6):
        key, subkey = split(key)
        subkeys.append(subkey)
    action, book, enchant, mobs, spawn, state_rng = subkeys
    assert np.array_equal(draws.state_rng, state_rng)
    action, sapling = split(action)
    assert draws.sapling == jax.random.uniform(sapling)
    assert np.array_equal(draws.chest, split(action)[1])
    assert draws.book == jax.random.uniform(split(book)[1])
    assert draws.enchantment == jax.random.uniform(split(enchant)[1])
    for number in range(6):
        spawn, subkey = split(spawn)
        assert draws.spawning[number] == jax.random.uniform(subkey)
    mobs, _ = split(mobs)
    for slot in range(3):
        mobs, direction = split(mobs)
        mobs, axis = split(mobs)
        mobs, chase = split(mobs)
        _, mobs = split(mobs)
        assert draws.melee_direction[slot] == jax.random.randint(direction, (), 0, 4)
        assert draws.melee_axis[slot] == jax.random.uniform(axis)
        assert draws.melee_chase[slot] == jax.random.uniform(chase)
    mobs, _ = split(mobs)
    for slot in range(3):
        mobs, direction = split(mobs)
        assert draws.passive_direction[slot] == jax.random.randint(direction, (), 0, 8)
    mobs, _ = split(mobs)
    for slot in range(2):
        mobs, direction = split(mobs)
        mobs, axis = split(mobs)
        mobs, plan = split(mobs)
        assert draws.ranged_direction[slot] == jax.random.randint(direction, (), 0, 4)
        assert draws.ranged_axis[slot] == jax.random.uniform(axis)
        assert draws.ranged_plan[slot] == jax.random.uniform(plan)


@pytest.mark.fast
def test_the_default_tables_are_the_packages():
    from dicode.games.craftax.package import constants

    ours = {name: rule.default for name, rule in RULES.items()}
    kinds = np.asarray(constants.FLOOR_MOB_MAPPING)
    assert np.array_equal(np.stack([ours[f"{c}_kind"] for c in ("passive", "melee", "ranged")], axis=1), kinds)
    assert np.array_equal(ours["spawn_chance"], np.asarray(constants.FLOOR_MOB_SPAWN_CHANCE))
    health = np.asarray(constants.MOB_TYPE_HEALTH_MAPPING)
    living = [0, 1, 2, *range(8, 24)]
    assert np.array_equal(ours["mob_health"][living], health[:8, :3].T.reshape(-1)[living])
    defence = np.asarray(constants.MOB_TYPE_DEFENSE_MAPPING)[:8, :3]
    assert np.array_equal(ours["mob_defence"], defence.swapaxes(0, 1).reshape(24, 3))
    damage = np.asarray(constants.MOB_TYPE_DAMAGE_MAPPING)
    assert np.array_equal(ours["melee_damage"], damage[:8, 1])
    assert np.array_equal(ours["mob_projectile_damage"], damage[:8, 3])
    assert np.array_equal(ours["player_projectile_damage"], damage[:8, 3])
    blocked = np.asarray(constants.MOB_TYPE_COLLISION_MAPPING)[:8, :3].swapaxes(0, 1).reshape(24, 3)
    assert np.array_equal(ours["mob_blocked_by"][living], blocked[living])
    assert np.array_equal(ours["shoots"], np.asarray(constants.RANGED_MOB_TYPE_TO_PROJECTILE_TYPE_MAPPING))
    assert np.array_equal(ours["achievement_reward"], np.asarray(constants.ACHIEVEMENT_REWARD_MAP))
    assert ours["ladder_kills"].tolist() == [constants.MONSTERS_KILLED_TO_CLEAR_LEVEL] * 9
    assert ours["boss_wave_steps"] == constants.BOSS_FIGHT_SPAWN_TURNS
    assert ours["boss_damage"] == constants.BOSS_FIGHT_EXTRA_DAMAGE


@pytest.mark.fast
def test_solid_blocks_and_floor_achievements_are_the_packages():
    from dicode.games.craftax.dynamics.movement import ENTER_FLOOR
    from dicode.games.craftax.dynamics.scene import is_solid
    from dicode.games.craftax.package import constants

    assert np.array_equal(is_solid(jnp.arange(37, dtype=jnp.uint8)), np.asarray(constants.SOLID_BLOCK_MAPPING))
    assert np.array_equal(ENTER_FLOOR, np.asarray(constants.LEVEL_ACHIEVEMENT_MAP))
    assert ENTER_FLOOR[8] == Achievement.ENTER_GRAVEYARD


@pytest.mark.slow
def test_the_device_table_has_the_values_by_name():
    from dicode.games.craftax.rules import default_rules, table

    rules = Rules(plant_ripening=50, monster_damage=2)
    changed, plain = table(rules.to_json()), default_rules()
    assert changed.plant_ripening == 50
    assert plain.plant_ripening == 600
    assert np.array_equal(changed.melee_damage, 2 * plain.melee_damage)
    for name, array in rules.arrays().items():
        assert np.array_equal(getattr(changed, name), array)
        assert getattr(changed, name).dtype == array.dtype
