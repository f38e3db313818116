"""The narrow observation, expanded, is the package's observation bit for bit, quirks included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.games.craftax import observation, package
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.rules import default_rules
from dicode.games.craftax.state import LIT, from_arrays, to_package

NUM_STATES = 64
MOBS = ("melee_mobs", "passive_mobs", "ranged_mobs", "mob_projectiles", "player_projectiles")


def random_arrays(seed: int) -> dict[str, np.ndarray]:
    """States anywhere in their ranges, mobs crowded around the window's edges, light around its threshold."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, field in STATE_FIELDS.items():
        shape, high = (NUM_STATES, *field.shape), min(field.high, 100)
        if field.dtype == bool:
            arrays[name] = rng.random(shape) < 0.5
        elif field.dtype == np.float32:
            arrays[name] = rng.uniform(max(field.low, -5), high, shape).astype(np.float32)
        else:
            arrays[name] = rng.integers(int(field.low), int(high) + 1, shape).astype(field.dtype)
    dim = rng.integers(LIT - 3, LIT + 4, arrays["light"].shape)
    arrays["light"] = np.where(rng.random(dim.shape) < 0.3, dim, 200).astype(np.uint8)
    for mobs in MOBS:
        near = arrays["player_position"][:, None, None] + rng.integers(-8, 9, arrays[f"{mobs}.position"].shape)
        arrays[f"{mobs}.position"] = np.clip(near, 0, 47).astype(np.int32)
        arrays[f"{mobs}.type_id"] = (arrays[f"{mobs}.type_id"] % 2 * 7).astype(np.int32)
        arrays[f"{mobs}.mask"] = rng.random(arrays[f"{mobs}.mask"].shape) < 0.7
    arrays["monsters_killed"] %= 16
    return arrays


@pytest.fixture(scope="module")
def ours():
    look = jax.jit(jax.vmap(observation.observe, in_axes=(0, None)))
    return lambda state, rules=default_rules(): look(state, rules)  # noqa: B008


@pytest.fixture(scope="module")
def theirs():
    return jax.jit(jax.vmap(lambda state: package.render_craftax_symbolic(to_package(state))))


@pytest.mark.parametrize("seed", range(8))
def test_random_states_look_like_the_packages_bit_for_bit(ours, theirs, seed):
    state = from_arrays(random_arrays(seed))
    dense = np.asarray(observation.expand(ours(state)))
    assert dense.shape == (NUM_STATES, 8268)
    assert np.array_equal(dense.view(np.uint32), np.asarray(theirs(state)).view(np.uint32))


def test_a_mob_off_the_windows_edge_hides_an_earlier_one_of_its_kind(ours, theirs):
    arrays = random_arrays(0)
    arrays["player_position"][:] = 20
    arrays["player_level"][:] = 0
    arrays["light"][:] = 255
    for mobs in MOBS:
        arrays[f"{mobs}.mask"][:] = False
    arrays["melee_mobs.mask"][:, 0, :2] = True
    arrays["melee_mobs.type_id"][:] = 0
    arrays["melee_mobs.position"][:, 0, 0] = (23, 22)
    arrays["melee_mobs.position"][0, 0, 1] = (23 - 9, 22)
    arrays["melee_mobs.position"][1, 0, 1] = (23, 22 - 11)
    arrays["melee_mobs.position"][2, 0, 1] = (23, 22 + 11)
    arrays["melee_mobs.position"][:, 0, 2] = 47
    state = from_arrays(arrays)
    cells = np.asarray(ours(state).cells)
    assert cells[:3, 4 + 3, 5 + 2, 3].tolist() == [0, 0, 1]
    assert np.array_equal(observation.expand(ours(state)), theirs(state))


def test_the_spec_describes_every_float_of_the_package_and_bounds_the_mob_bits(ours):
    assert observation.SPEC.dense_size == 8268
    seen = ours(from_arrays(random_arrays(1)))
    assert seen.cells.shape[1:] == (9, 11, 8)
    assert seen.cells.dtype == np.uint8
    assert seen.scalars.shape[1:] == (51,)
    per_state = sum(leaf[0].nbytes for leaf in map(np.asarray, jax.tree.leaves(seen)))
    bits = np.unpackbits(np.asarray(seen.cells)[..., 3:], axis=-1).sum(axis=(1, 2, 3))
    assert per_state == 996
    assert bits.max() <= observation.SPEC.max_set_bits == 14


def test_the_ladder_scalar_follows_the_rule(ours):
    state = from_arrays(random_arrays(2))
    state = state.replace(player_level=jnp.full(NUM_STATES, 2), monsters_killed=jnp.full((NUM_STATES, 9), 5))
    rules = default_rules()
    eased = rules.replace(ladder_kills=rules.ladder_kills.at[2].set(5))
    assert [float(ours(state, r).scalars[0, -2]) for r in (rules, eased)] == [0.0, 1.0]
