"""Tasks as text: what a level holds that sets one of many tasks."""

import base64
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dicode.errors import LevelError
from dicode.games.xland.levels.goal import CODE_LENGTH as GOAL_BYTES
from dicode.games.xland.levels.goal import Goal, chain_depth
from dicode.games.xland.levels.names import MAX_RULES, Thing, from_code
from dicode.games.xland.levels.rules import CODE_LENGTH as RULE_BYTES
from dicode.games.xland.levels.rules import Rules, productions_of
from dicode.games.xland.levels.tasks import Task

MOST_THINGS = 20
_ROW = GOAL_BYTES + MAX_RULES * RULE_BYTES + 2 * MOST_THINGS
"""Bytes of one task: goal, productions, things, zeros after the last of each."""
_MOST = 4096
"""Tasks in one text."""
_WIDTH = 110


def packed(tasks: Sequence[Task]) -> str:
    """Lines of text that `unpacked` reads. Raises LevelError for more tasks or things than there is room for."""
    if len(tasks) > _MOST or any(len(task.things) > MOST_THINGS for task in tasks):
        raise LevelError(f"a text holds {_MOST} tasks of {MOST_THINGS} things at most")
    rows = np.zeros((len(tasks), _ROW), np.uint8)
    for row, task in zip(rows, tasks, strict=True):
        assert task.goal.code is not None, "a task has a goal of its own"
        row[:GOAL_BYTES] = task.goal.code
        row[GOAL_BYTES : _ROW - 2 * MOST_THINGS] = task.rules.codes.reshape(-1)
        things = [part for what in task.things for part in what.code]
        row[_ROW - 2 * MOST_THINGS :][: len(things)] = things
    text = base64.b64encode(zlib.compress(rows.tobytes(), 9)).decode()
    return "\n".join(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH))


@lru_cache(4)
def unpacked(text: str) -> np.ndarray:
    """uint8[tasks, bytes], a task a row for `task_of`. Raises LevelError for any text that `packed` did not make."""
    unpack = zlib.decompressobj()
    try:
        held = unpack.decompress(base64.b64decode("".join(text.split()), validate=True), _MOST * _ROW)
    except (ValueError, zlib.error):
        raise LevelError("the text holds no tasks; keep it as it was") from None
    if not held or len(held) % _ROW or not unpack.eof:
        raise LevelError(f"the text holds {len(held)} bytes, which are no 1 to {_MOST} tasks; keep it as it was")
    return np.frombuffer(held, np.uint8).reshape(-1, _ROW)


def task_of(row: np.ndarray) -> Task:
    """The task in a row. Raises LevelError for bytes that are none."""
    goal = Goal.from_code(row[:GOAL_BYTES].tolist())
    rules = Rules(*productions_of(row[GOAL_BYTES : _ROW - 2 * MOST_THINGS].reshape(MAX_RULES, RULE_BYTES)))
    return Task(
        goal, rules, things_of(row[_ROW - 2 * MOST_THINGS :].reshape(-1, 2)), chain_depth(goal, rules.productions)
    )


def things_of(codes: np.ndarray) -> tuple[Thing, ...]:
    """The objects that uint8[n, 2] encodes, padding left out. Raises LevelError for what is no object."""
    try:
        things = tuple(from_code(tile, colour) for tile, colour in codes.tolist() if tile or colour)
    except ValueError:
        raise LevelError("a task's things are no things") from None
    if not all(what.is_object for what in things):
        raise LevelError("a task's things cannot all be picked up")
    return things
