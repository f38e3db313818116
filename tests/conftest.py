"""What all tests share: a CPU, the compile cache, and the few programs that hold the game's step.

The cache is set by environment variables, so that tests without JAX do not pay for importing it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
import pytest
from jaxtyping import install_import_hook

from dicode.cache import cache_dir
from dicode.machine import use_threads
from tests import annotations

use_threads()

# Before any of them is imported, and by the name of `annotations.checked`.
install_import_hook(annotations.checked_modules(), "tests.annotations.checked")

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_dir("xla")))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")

NUM_ENVS = 8
SLOW_FOLDERS = ("runs", "dreaming", "view", "xland", "craftax", "games")
"""The ones that take longest, longest first: what is begun last on several cores should be short."""


def pytest_configure(config: pytest.Config) -> None:
    """`-m fast` means what is fast and not `slow`: one slow test among a file's many needs one line, at the test."""
    if config.option.markexpr == "fast":
        config.option.markexpr = "fast and not slow"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first; within a folder the order stays."""
    order = {folder: place for place, folder in enumerate(SLOW_FOLDERS)}
    items.sort(key=lambda item: order.get(item.path.parent.name, len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With `-n 2` a folder's tests stay on one core, so that what they share is compiled once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.split("::")[0].rpartition("/")[0]

    config.option.loadscopereorder = False
    return ByFolder(config, log)


class Stranger:
    """Calling it makes this process, for a while, a user who may read `folder` and write nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def __call__(self) -> Iterator[None]:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield Stranger(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def blank_pool() -> dict[str, np.ndarray]:
    """Four synthetic worlds, made without compiling anything."""
    from dicode.games.craftax.levels.blank import blank_worlds

    return blank_worlds(4)


@pytest.fixture(scope="session")
def worlds8() -> dict[str, np.ndarray]:
    """Eight worlds of the unmodified game; compiles the world generator."""
    import jax.numpy as jnp

    from dicode.games.craftax import worlds

    return worlds.generate(jnp.array([8, 0], jnp.uint32), 8)


@pytest.fixture(scope="session")
def sizes8():
    """The shapes of the shared environment: 8 environments, 4 level slots, 16 worlds."""
    from dicode.environment.batch import Sizes

    return Sizes(NUM_ENVS, level_slots=4, pool_size=16)


@pytest.fixture(scope="session")
def env8(worlds8, sizes8):
    """`(reset, step)` of a LevelEnv with the shapes of `sizes8`, compiled: the plain suite's one such step.

    `reset(key, batch) -> EnvState`; `step(key, state, action, batch) -> (EnvState, TimeStep)`.
    """
    import jax
    import jax.numpy as jnp

    from dicode.environment.batch import Level, build
    from dicode.environment.env import LevelEnv
    from dicode.games.craftax.device import DEVICE

    env = LevelEnv(DEVICE, bootstrap_time_limit=True)
    batch = build(DEVICE, [Level(worlds8)], [NUM_ENVS], sizes8, episode_limit=100)
    key, action = jnp.zeros(2, jnp.uint32), jnp.zeros(NUM_ENVS, jnp.int32)
    reset = jax.jit(env.reset).lower(key, batch).compile()
    state = jax.eval_shape(env.reset, key, batch)
    step = jax.jit(env.step).lower(key, state, action, batch).compile()
    return reset, step
