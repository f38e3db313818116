"""What a `transition` hook returns is made legal before anybody sees it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.games.craftax.invariants import UNTOUCHABLE, restore
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.state import from_arrays
from dicode.games.hook_state import to_values

restored = jax.jit(restore)


@pytest.fixture(scope="module")
def state():
    return from_arrays(blank_worlds(2))


def named(state) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in zip(STATE_FIELDS, to_values(STATE_FIELDS, state), strict=True)}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_back_lies_within_the_schema(state, seed):
    rng = np.random.default_rng(seed)
    wild = {
        name: jnp.asarray(rng.normal(size=v.shape) * 10.0 ** rng.integers(0, 9)) for name, v in named(state).items()
    }
    for name in list(wild)[::5]:
        wild[name] = jnp.full_like(wild[name], [jnp.nan, jnp.inf, -jnp.inf][seed])
    for name, value in named(restored(state, wild)).items():
        field = STATE_FIELDS[name]
        raw = value.view(np.uint8) if value.dtype == bool else value
        assert value.dtype == field.dtype, name
        assert raw.min() >= field.low, name
        assert raw.max() <= field.high, name


def test_a_legal_state_comes_back_as_it_was(state):
    before, after = named(state), named(restored(state, state))
    for name in STATE_FIELDS:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_what_is_not_a_number_is_put_back(state):
    after = {**named(state), "player_health": jnp.array([jnp.nan, 4.0])}
    assert named(restored(state, after))["player_health"].tolist() == [float(state.player_health[0]), 4.0]


@pytest.mark.parametrize("name", UNTOUCHABLE)
def test_a_hook_cannot_change(name, state):
    changed = {**named(state)}
    changed[name] = 1 - changed[name].astype(np.int32) if changed[name].dtype != bool else ~changed[name]
    np.testing.assert_array_equal(named(restored(state, changed))[name], named(state)[name])


def test_the_mob_map_follows_the_mobs(state):
    arrays = named(state)
    position, mask = arrays["melee_mobs.position"].copy(), np.zeros_like(arrays["melee_mobs.mask"])
    position[:, 2, 0], mask[:, 2, 0] = [5, 7], True
    changed = {**arrays, "melee_mobs.position": position, "melee_mobs.mask": mask}
    for record in ("passive_mobs", "ranged_mobs"):
        changed[f"{record}.mask"] = np.zeros_like(arrays[f"{record}.mask"])
    found = named(restored(state, changed))["mob_map"]
    assert np.argwhere(found[0]).tolist() == [[2, 5, 7]]
