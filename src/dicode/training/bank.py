"""A bank of base worlds, kept in the user's cache: what the game's generator takes milliseconds for is read back.

World i of the bank is the same on every machine, in every run and after every loss of the cache: it follows from
its number alone. So a run draws numbers, and what it trains on follows from its seed as before.
"""

import hashlib
import logging
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dicode.cache import cache_dir
from dicode.games.host import HostGame
from dicode.streams import Streams

_log = logging.getLogger(__name__)

CHUNK = 16
"""Worlds that are made, kept and drawn together."""
_FORMAT = "1"
"""Changes where the same numbers would mean other worlds."""


_DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive of arrays can raise; NotImplementedError, for odd flags, is a RuntimeError."""


class Maker(Protocol):
    """A `DeviceGame`, or what makes one once a world is missing: reading worlds needs no JAX."""

    @property
    def host(self) -> HostGame:
        """The game's host side."""
        ...

    @property
    def generate(self) -> Callable[[Any, int, int], dict[str, np.ndarray]]:
        """As `DeviceGame.generate`."""
        ...


@dataclass(frozen=True)
class WorldBank:
    """`worlds` base worlds of a game, made when they are first asked for."""

    game: "Maker"
    worlds: int

    def draw(self, rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
        """`count` worlds as arrays [count, ...] by dotted name: whole chunks, none twice before all have been."""
        chunks = ceil(self.worlds / CHUNK)
        order = [rng.permutation(chunks) for _ in range(ceil(count / (CHUNK * chunks)))]
        parts = [self.chunk(int(number)) for number in np.concatenate(order)[: ceil(count / CHUNK)]]
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}

    def chunk(self, number: int) -> Mapping[str, np.ndarray]:
        """Worlds 16 `number` to 16 `number` + 15, from the cache where they are whole there."""
        path = self._folder() / f"{number}.npz"
        found = self._read(path)
        if found is None:
            found = self.game.generate(Streams(0).key("bank"), CHUNK, number * CHUNK)
            _write(path, found)
        return found

    def _folder(self) -> Path:
        """Where worlds of this game, of these versions of what makes them, are kept."""
        host = self.game.host
        made_by = [_FORMAT, *(f"{name} {version(name)}" for name in host.packages)]
        shapes = [f"{name} {np.dtype(field.dtype).str} {field.shape}" for name, field in host.fields.items()]
        digest = hashlib.sha256("\n".join([*made_by, *shapes]).encode()).hexdigest()
        return cache_dir("worlds", f"{host.name}-{digest[:16]}")

    def _read(self, path: Path) -> dict[str, np.ndarray] | None:
        """The chunk in a file; None where there is none, or one that is damaged or of another kind."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                found = {name: stored[name] for name in self.game.host.fields}
        except FileNotFoundError:
            return None
        except _DAMAGED as error:
            _log.warning("%s is made again: %s", path, error)
            return None
        fields = self.game.host.fields.items()
        whole = all(found[n].shape == (CHUNK, *f.shape) and found[n].dtype == f.dtype for n, f in fields)
        return found if whole else None


def _write(path: Path, worlds: Mapping[str, np.ndarray]) -> None:
    """Keep a chunk, whole or not at all; a cache that can't be written costs time, not the run."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(file, allow_pickle=False, **dict(worlds))
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s can't be kept: %s", path, error)
