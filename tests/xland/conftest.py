"""What tests of XLand-MiniGrid share: worlds of the target, and levels built without a jail."""

import numpy as np
import pytest

from dicode import games
from dicode.games.level_build import BuiltPool, build_pool
from dicode.games.xland.levels import target
from dicode.games.xland.levels.schema import FIELDS

HOST = games.load_host("xland")


def target_worlds(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    worlds = []
    for index in range(count):
        arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
        target.draw(arrays, np.random.default_rng([seed, index]))
        worlds.append(arrays)
    return {name: np.stack([world[name] for world in worlds]) for name in FIELDS}


@pytest.fixture(scope="session")
def worlds() -> dict[str, np.ndarray]:
    """Four worlds of the target."""
    return target_worlds(4)


@pytest.fixture(scope="session")
def built(worlds):
    """source -> the trusted level on `worlds`, built in this process."""

    def build(source: str, seed: int = 0) -> BuiltPool:
        namespace: dict[str, object] = {"__name__": "level"}
        exec(compile(source, "<level>", "exec"), namespace)
        return build_pool(HOST, namespace, worlds, seed)

    return build
