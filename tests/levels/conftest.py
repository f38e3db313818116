"""Synthetic worlds and a way to run a level's text, for tests without JAX."""

import sys
from unittest import mock

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_world, blank_worlds
from dicode.games.craftax.levels.world import World
from dicode.games.level_build import build_pool


@pytest.fixture
def world():
    """One synthetic world to edit, the player on the overworld."""
    return World(blank_world(np.random.default_rng(3)), np.random.default_rng(4))


@pytest.fixture(scope="session")
def blanks():
    """Sixteen synthetic worlds; not to be edited."""
    worlds = blank_worlds(16, seed=11)
    for array in worlds.values():
        array.setflags(write=False)
    return worlds


def run_text(source, worlds, seed=0):
    """Build a trusted level's text; hooks are defined but not traced, so JAX need not be imported."""
    stand_in = mock.MagicMock()
    namespace = {"__name__": "level"}
    with mock.patch.dict(sys.modules, {"jax": stand_in, "jax.numpy": stand_in.numpy}):
        exec(compile(source, "<level>", "exec"), namespace)
    return build_pool(HOST, namespace, worlds, seed)


@pytest.fixture
def run():
    """The function `run(source, worlds, seed) -> BuiltPool`."""
    return run_text
