"""Arguments on which checked hooks are tried: every action, the pool's states, and states that no pool holds.

A hook whose cost or end depends on what it is given is met here in a walled process, before the trainer meets it.
"""

from collections.abc import Iterator

import numpy as np

from dicode.games.host import Field, HostGame

ROUNDS = 16
"""Rounds at least; more for small groups, until every action has come."""
State = tuple[np.ndarray, ...]
Arguments = tuple[State, np.ndarray, State, np.ndarray]
"""(before, action, after, key), each with the leading axis `group`."""


def pool_states(game: HostGame, pool: bytes, group: int) -> State:
    """`group` states from their bytes, in the order of the game's fields."""
    state, start = [], 0
    for field in game.fields.values():
        shape = (group, *field.shape)
        state.append(np.frombuffer(pool, field.dtype, int(np.prod(shape)), start).reshape(shape))
        start += state[-1].nbytes
    return tuple(state)


def trials(game: HostGame, states: State) -> Iterator[Arguments]:
    """The initial states first, unchanged and with action 0; then mixtures, the same ones every time."""
    group, actions = len(states[0]), len(game.actions)
    yield states, np.zeros(group, np.int32), states, np.arange(2 * group, dtype=np.uint32).reshape(group, 2)
    rng = np.random.default_rng(0)
    for number in range(max(ROUNDS, -(-actions // group))):
        action = (number * group + np.arange(group)) % actions
        strange = tuple(_any(rng, field, group) for field in game.fields.values())
        known = tuple(np.roll(array, number, axis=0) for array in states)
        before, after = ((known, known), (known, strange), (strange, known), (strange, strange))[number % 4]
        key = rng.integers(0, 2**32, (group, 2), np.uint32)
        yield before, action.astype(np.int32), after, key


def _any(rng: np.random.Generator, field: Field, group: int) -> np.ndarray:
    """Values from the field's whole range, every other time from its two ends alone."""
    shape = (group, *field.shape)
    if field.dtype == bool:
        return rng.integers(0, 2, shape).astype(bool)
    if field.dtype.kind == "f":
        return rng.uniform(field.low, field.high, shape).astype(field.dtype)
    if rng.random() < 0.5:
        return rng.choice(np.array([field.low, field.high], field.dtype), shape)
    return rng.integers(int(field.low), int(field.high), shape, np.int64, endpoint=True).astype(field.dtype)
