"""Checks that are cheap enough to repeat in the trainer, on the bytes that the verifier sent.

The verifier's answer has no headers to parse: arrays lie one after the other in the order
and with the dtypes of the game's fields, so a wrong length is the only way to be malformed, and a wrong value is
found by minimum and maximum.
"""

import numpy as np

from dicode.games.host import HostGame


class InvariantError(Exception):
    """The verifier's answer breaks a rule that it should have enforced."""


def unpack_pool(game: HostGame, data: bytes, worlds: int, expected_hash: str) -> dict[str, np.ndarray]:
    """The pool in `data`: read-only arrays [worlds, ...] by name, ranges and hash checked."""
    if len(data) != worlds * game.state_bytes:
        raise InvariantError(f"a pool of {worlds} worlds has {worlds * game.state_bytes} bytes, not {len(data)}")
    pool, start = {}, 0
    for name, field in game.fields.items():
        count = worlds * int(np.prod(field.shape))
        raw = np.uint8 if field.dtype == bool else field.dtype
        values = np.frombuffer(data, dtype=raw, count=count, offset=start)
        if not (values.min() >= field.low and values.max() <= field.high):
            raise InvariantError(f"{name} leaves {field.low:g} to {field.high:g}")
        pool[name] = values.view(field.dtype).reshape(worlds, *field.shape)
        start += count * field.dtype.itemsize
    if game.pool_hash(pool) != expected_hash:
        raise InvariantError("the pool's hash is not the one announced")
    return pool
