"""Warm sandboxes for the tests, one for each wall, and the list of mechanisms that a run exercised."""

from collections.abc import Iterator

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.sandbox import Limits, Sandbox, jail
from dicode.sandbox.jail import NAMESPACES

SECRET = "sk-a-key-that-no-level-may-see"
WALLS = {
    "full": jail.ALL_MECHANISMS,
    "seccomp": frozenset({"rlimits", "seccomp"}),
    "landlock": frozenset({"rlimits", "landlock"}),
    "namespaces": frozenset({"rlimits", "namespaces"}),
    "bubblewrap": frozenset({"rlimits", "bubblewrap"}),
    "none": frozenset(),
}
"""The whole wall, and each mechanism that bounds what a level can reach, alone."""
exercised: dict[str, tuple[str, ...]] = {}


class Walls:
    """Sandboxes by wall, started when first asked for; skips a test whose mechanism the machine lacks."""

    def __init__(self) -> None:
        self._running: dict[str, Sandbox] = {}

    def get(self, name: str) -> Sandbox:
        if name not in self._running:
            limits = Limits(cpu_s=1, cpu_per_world_s=0, wall_s=60.0, idle_s=3.0, memory=2**30)
            self._running[name] = Sandbox(HOST, wall="weak", limits=limits, use=WALLS[name])
            exercised[name] = self._running[name].mechanisms()
            self._running[name]._builder.starts = 1  # tests count replacements from here; bubblewrap takes two starts
        needed = {"namespaces": set(NAMESPACES), "none": set(), "full": set()}.get(name, {name})
        if not needed <= set(exercised[name]):
            pytest.skip(f"this machine offers no {name}")
        return self._running[name]

    def close(self) -> None:
        for sandbox in self._running.values():
            sandbox.close()


@pytest.fixture(scope="session")
def walls() -> Iterator[Walls]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DICODE_TEST_KEY", SECRET)
        found = Walls()
        yield found
        found.close()


@pytest.fixture(scope="session")
def sandbox(walls: Walls) -> Sandbox:
    return walls.get("full")


@pytest.fixture(scope="session")
def worlds() -> dict[str, np.ndarray]:
    return blank_worlds(2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, seen in exercised.items():
        terminalreporter.write_line(f"sandbox wall {name!r}: {', '.join(seen) or 'no mechanism'}")
