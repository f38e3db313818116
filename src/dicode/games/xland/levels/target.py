"""Worlds of the target: a task of the game's own in a grid of its own."""

from collections.abc import MutableMapping

import numpy as np

from dicode.games.xland.levels.schema import remember_start
from dicode.games.xland.levels.tasks import random_task
from dicode.games.xland.levels.world import World


def draw(arrays: MutableMapping[str, np.ndarray], rng: np.random.Generator) -> None:
    """Make a world of the target out of any arrays of one."""
    for array in arrays.values():
        array[...] = 0
    world = World(arrays, rng)
    task = random_task(rng)
    world.set_up(task)
    arrays["trials"][...] = task.rules.trials
    remember_start(arrays)
