"""Base worlds: reproducible, one by one the package's, legal."""

import jax.numpy as jnp
import numpy as np
import pytest

from dicode.accelerator import written_for
from dicode.games.craftax import package, worlds
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.state import from_package, to_arrays

KEY = jnp.array([8, 0], jnp.uint32)


def test_asking_for_more_worlds_keeps_the_first_ones(worlds8):
    more = worlds.generate(KEY, 20)
    assert all(np.array_equal(more[name][:8], worlds8[name]) for name in STATE_FIELDS)
    tail = worlds.generate(KEY, 2, first=18)
    assert np.array_equal(tail["blocks"], more["blocks"][18:])


def test_worlds_are_legal_and_differ(worlds8):
    for name, field in STATE_FIELDS.items():
        assert worlds8[name].shape == (8, *field.shape), name
        assert worlds8[name].dtype == field.dtype, name
        assert worlds8[name].min() >= field.low, name
        assert worlds8[name].max() <= field.high, name
    assert len({world.tobytes() for world in worlds8["blocks"]}) == 8
    assert not worlds8["achievements"].any()
    assert np.all(worlds8["player_level"] == 0)


def test_no_worlds_cannot_be_asked_for():
    with pytest.raises(ValueError, match="count is 0"):
        worlds.generate(KEY, 0)


@pytest.mark.long
def test_worlds_made_side_by_side_are_those_made_one_after_another(worlds8):
    with written_for(accelerator=True):
        made = worlds.generate(KEY, worlds.SIDE_BY_SIDE + 1)
    assert {len(array) for array in made.values()} == {worlds.SIDE_BY_SIDE + 1}
    after = worlds.generate(KEY, 1, worlds.SIDE_BY_SIDE)
    for name, array in made.items():
        assert np.array_equal(array[:8], worlds8[name]), name
        assert np.array_equal(array[-1:], after[name]), name


@pytest.mark.long
def test_a_world_is_the_one_that_the_package_makes_from_its_key(worlds8):
    made = package.generate_world(worlds.world_key(KEY, 5), package.ENV_PARAMS, package.STATIC_PARAMS)
    single = to_arrays(from_package(made))
    for name in STATE_FIELDS:
        if name != "light":
            assert np.array_equal(single[name], worlds8[name][5]), name
    assert np.max(np.abs(single["light"].astype(int) - worlds8["light"][5])) <= 1
