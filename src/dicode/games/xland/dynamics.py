"""One step: the package's own functions for actions, productions and goals, called on the player's surroundings.

Nothing acts further than two cells from the player: an action reaches the cell in front, a production the cells
around that one. So the package's functions get the 5 x 5 cells around the player instead of the whole grid, which
they would copy for every action and every kind of production.
"""

import jax
import jax.numpy as jnp

from dicode.games.device import StepResult
from dicode.games.xland import package
from dicode.games.xland.levels.goal import ACHIEVEMENTS, MAX_DEPTH
from dicode.games.xland.levels.names import SIZE, Tile
from dicode.games.xland.levels.schema import STARTS
from dicode.games.xland.state import Events, GameState, RuleTable

PATCH = 5
_REACH = PATCH // 2
_PLACE, _STAND = 5, 6
"""The package's goals that name a cell of the grid."""
LOST = 0.9
"""What is left out of the reward of 1 where a goal is met in the last step; in between it grows evenly."""


def step(key: jax.Array | None, state: GameState, action: jax.Array, rules: RuleTable) -> StepResult:
    """One step of one environment; `key` is not needed, nothing here is random."""
    corner = jnp.clip(state.position - _REACH, 0, SIZE - PATCH)
    before = jax.lax.dynamic_slice(state.grid, (corner[0], corner[1], 0), (PATCH, PATCH, 2))
    player = package.AgentState(state.position - corner, state.direction, state.pocket)
    acted, moved, place = package.take_action(before, player, action)
    made, after = package.check_rule(state.productions, acted, moved, action, place)
    grid = jax.lax.dynamic_update_slice(state.grid, made, (corner[0], corner[1], 0))
    position, count = after.position + corner, state.step + 1
    solved = _met(state, made, after, action, place, grid, position)
    changed = jnp.any(made != acted) | jnp.any(after.pocket != moved.pocket)
    total = state.made + changed
    result = state.replace(
        grid=grid,
        position=position,
        direction=after.direction,
        pocket=after.pocket,
        step=count,
        made=total,
        solved=solved,
        achievements=state.achievements | _achieved(state, before, player, acted, moved, action, place, total, solved),
    )
    reward = jnp.where(solved, 1.0 - LOST * count / jnp.maximum(state.limit, 1), 0.0)
    over = solved | (count >= state.limit)
    result = result.replace(trial=state.trial + over)
    done = over & result.is_last
    happened = Events(made=changed.astype(jnp.int32))
    result = _begun_anew(result, over & ~done)
    return StepResult(result, reward.astype(jnp.float32), done, happened, occupation=action.astype(jnp.int32))


def _begun_anew(state: GameState, anew: jax.Array) -> GameState:
    """The start of the next trial where one begins; `solved` stays, so that the agent learns how the last one ended."""
    begun = {name: getattr(state, f"start_{name}") for name in STARTS}
    begun |= {"step": 0, "made": 0}
    return state.replace(**{name: jnp.where(anew, start, getattr(state, name)) for name, start in begun.items()})


def _met(
    state: GameState,
    patch: jax.Array,
    player: package.AgentState,
    action: jax.Array,
    place: jax.Array,
    grid: jax.Array,
    position: jax.Array,
) -> jax.Array:
    """Whether the package's goal is met; those that name a cell look at the whole grid."""
    kind = state.goal[0]
    whole = player.replace(position=position)
    local = state.goal.at[0].set(jnp.where((kind == _PLACE) | (kind == _STAND), 0, kind))
    met = package.check_goal(local, patch, player, action, place)
    lies = package.TileOnPositionGoal.decode(state.goal)(grid, whole, action, place)
    stands = package.AgentOnPositionGoal.decode(state.goal)(grid, whole, action, place)
    reached: jax.Array = met | ((kind == _PLACE) & lies) | ((kind == _STAND) & stands)
    return reached


def _achieved(
    state: GameState,
    before: jax.Array,
    player: package.AgentState,
    acted: jax.Array,
    moved: package.AgentState,
    action: jax.Array,
    place: jax.Array,
    made: jax.Array,
    solved: jax.Array,
) -> jax.Array:
    """bool[A]: what this step achieves, in the order of `ACHIEVEMENTS`."""
    held, holds = player.pocket[0] != Tile.EMPTY, moved.pocket[0] != Tile.EMPTY
    was, now = before[place[0], place[1], 0], acted[place[0], place[1], 0]
    skills = [
        holds & ~held,
        held & ~holds,
        (was == Tile.DOOR_CLOSED) & (now == Tile.DOOR_OPEN),
        (was == Tile.DOOR_LOCKED) & (now == Tile.DOOR_OPEN),
        *(made >= count for count in (1, 2, 3)),
        *(solved & (state.depth == depth) for depth in range(MAX_DEPTH + 1)),
    ]
    assert len(skills) == len(ACHIEVEMENTS)
    return jnp.stack(skills)


def package_step(key: jax.Array, state: GameState, action: jax.Array, rules: RuleTable) -> StepResult:
    """The same by the package's environment, on whole grids; it counts no productions and knows no achievements."""
    environment = package.XLandMiniGrid()
    player = package.AgentState(state.position, state.direction, state.pocket)
    held = package.State(
        key=key,
        step_num=state.step,
        grid=state.grid,
        agent=player,
        goal_encoding=state.goal,
        rule_encoding=state.productions,
        carry=package.EnvCarry(),
    )
    params = package.XLandEnvParams(height=SIZE, width=SIZE, view_size=PATCH, max_steps=state.limit)
    first = package.TimeStep(
        state=held,
        step_type=package.StepType.MID,
        reward=jnp.asarray(0.0),
        discount=jnp.asarray(1.0),
        observation=jnp.zeros((PATCH, PATCH, 2), jnp.uint8),
    )
    after = environment.step(params, first, action)
    agent, solved = after.state.agent, after.discount == 0.0
    result = state.replace(
        grid=after.state.grid,
        position=agent.position,
        direction=agent.direction,
        pocket=agent.pocket,
        step=after.state.step_num,
        solved=solved,
    )
    return StepResult(result, after.reward.astype(jnp.float32), after.last(), Events(made=jnp.int32(0)))
