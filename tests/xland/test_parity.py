"""Our step and observation against the package's whole environment, on its own grids with tasks of the target."""

import numpy as np
import pytest

pytest.importorskip("xminigrid")

import jax
import jax.numpy as jnp

from dicode.games.xland import dynamics, observation, package
from dicode.games.xland.levels.names import SIZE
from dicode.games.xland.levels.schema import FIELDS
from dicode.games.xland.levels.tasks import random_task
from dicode.games.xland.state import RuleTable, from_arrays

ENVS, STEPS = 512, 200


def _tasks() -> package.RuleSet:
    """Goals, productions and things of random tasks, as the package takes them; things padded with nothing."""
    rng = np.random.default_rng(5)
    drawn = [random_task(rng) for _ in range(ENVS)]
    things = np.zeros((ENVS, max(len(task.things) for task in drawn), 2), np.uint8)
    for row, task in zip(things, drawn, strict=True):
        row[: len(task.things)] = [what.code for what in task.things]
    return package.RuleSet(
        goal=jnp.asarray(np.stack([task.goal.code for task in drawn])),
        rules=jnp.asarray(np.stack([task.rules.codes for task in drawn])),
        init_tiles=jnp.asarray(things),
    )


def _ours(first: package.TimeStep):
    state = first.state
    blank = {name: np.zeros((ENVS, *field.shape), field.dtype) for name, field in FIELDS.items()}
    blank |= {"grid": state.grid, "position": state.agent.position, "direction": state.agent.direction}
    blank |= {"pocket": state.agent.pocket, "goal": state.goal_encoding, "productions": state.rule_encoding}
    return from_arrays(blank | {"limit": np.full(ENVS, STEPS, np.int32)})


def test_100000_random_steps_are_those_of_the_package():
    environment = package.XLandMiniGrid()
    params = environment.default_params(height=SIZE, width=SIZE, grid_type="R4", max_steps=STEPS, ruleset=_tasks())
    rows = jax.tree.map(lambda leaf: 0, params)
    rules = RuleTable(jnp.full(ENVS, STEPS), jnp.ones(ENVS, bool))

    @jax.jit
    def play(key):
        reset_key, walk_key = jax.random.split(key)
        first = jax.vmap(environment.reset, in_axes=(rows, 0))(params, jax.random.split(reset_key, ENVS))
        first = first.replace(state=first.state.replace(key=None))

        def one(params, theirs, ours, rules, action):
            after, result = environment.step(params, theirs, action), dynamics.step(None, ours, action, rules)
            seen = observation.observe(result.state, rules).cells[: observation.VIEW, :, :2]
            same = {
                "observation": jnp.all(seen == after.observation),
                "grid": jnp.all(result.state.grid == after.state.grid),
                "pocket": jnp.all(result.state.pocket == after.state.agent.pocket),
                "reward": jnp.abs(result.reward - after.reward) < 1e-6,
                "end": result.done == after.last(),
            }
            return after, result.state, same, result.reward > 0

        def step(carry, key):
            # The package's moves are half turns; a walk that goes somewhere has more steps forward.
            action = jax.random.choice(key, jnp.array([0, 0, 0, 1, 2, 3, 4, 5]), (ENVS,))
            theirs, ours, same, solved = jax.vmap(one, in_axes=(rows, 0, 0, 0, 0))(params, *carry, rules, action)
            return (theirs, ours), ({name: jnp.sum(~equal) for name, equal in same.items()}, solved.sum())

        carry = (first, _ours(first))
        (_, ours), (wrong, solved) = jax.lax.scan(step, carry, jax.random.split(walk_key, STEPS))
        return jax.tree.map(jnp.sum, wrong), solved.sum(), ours.achievements.sum(axis=0)

    wrong, solved, achieved = jax.device_get(play(jax.random.key(0)))
    assert wrong == {"observation": 0, "grid": 0, "pocket": 0, "reward": 0, "end": 0}
    # The walk has seen what could differ.
    assert int(solved) > 20
    assert np.all(achieved[:3] > 20)
    assert achieved[4] > 20
    assert achieved[5] > 5
