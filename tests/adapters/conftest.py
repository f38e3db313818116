"""Two toy levels behind the adapters: the arrays of Craftax, and a step that compiles in a second."""

from dataclasses import replace

import pytest

CHOP, DIE = 1, 16


@pytest.fixture(scope="session")
def toy_game():
    """Craftax in which action 1 gives a piece of wood and pays 1, and action 16 ends the episode."""
    import jax.numpy as jnp

    from dicode.games.craftax.device import DEVICE
    from dicode.games.craftax.types import no_events
    from dicode.games.device import StepResult

    def step(key, state, action, rules):
        wood = state.inventory.wood + (action == CHOP)
        after = state.replace(
            inventory=state.inventory.replace(wood=wood), items=state.items.at[8, 0, 0].add(1), light_level=_luck(key)
        )
        return StepResult(after, (action == CHOP).astype(jnp.float32), action == DIE, no_events())

    return replace(DEVICE, step=step)


def _luck(key):
    """A number that the step's key alone decides, where the observation shows it."""
    import jax

    return jax.random.uniform(key)


@pytest.fixture(scope="session")
def toy_levels(blank_pool):
    """The unmodified game, and `wait`, which is solved by surviving three steps."""
    from dicode.environment.batch import Level
    from dicode.levels import Goal

    waiting = Level(blank_pool, goal=Goal.all_of(Goal.survive(3)), bonus=20.0, name="wait")
    return [Level(blank_pool, name="target"), waiting]
