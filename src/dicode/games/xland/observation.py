"""What the agent sees: the package's view of 5 x 5 cells, then goal and productions as further rows of cells.

Rows 0 to 4 are the view, the player in the middle of the lowest row, looking up. Row 5 holds the goal, each row from 6
on a production: its kind, then its things. So bytes of encodings are looked up like tiles, which costs an encoder far
less than hundreds of one-hot columns. The scalars say which way the player faces, as the package's wrapper does, and in an
episode of several trials that another one begins, and whether the last one was solved.
What is in hand is not shown, as in the package.

A thing in view that the goal or a production names is marked, in a byte of its own. It says nothing that isn't told; but that
two things are the same is hard to see for a small network to which each is bytes in a place of its own.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, UInt8

from dicode.agent.spec import Category, ObservationSpec
from dicode.games.xland import package
from dicode.games.xland.levels import goal as goal_kinds
from dicode.games.xland.levels import rules as rule_kinds
from dicode.games.xland.levels.names import MAX_RULES, SIZE, Action, Side
from dicode.games.xland.state import GameState, RuleTable

VIEW = 5
MARKS = 3
"""The goal's first thing, its second, what goes into a production; a thing has the first of them that fits."""
_FIRST, _SECOND = 16, 13
"""Values of a cell's bytes: tiles, kinds and rows; colours and columns."""

SPEC = ObservationSpec(
    cells=(VIEW + 1 + MAX_RULES, VIEW),
    channels=(Category(_FIRST, 0), Category(_SECOND, _FIRST), Category(MARKS + 1, _FIRST + _SECOND)),
    scalars=len(Side) + 2,
    num_actions=len(Action),
    conditioning=0,
)
assert SIZE <= _SECOND


@struct.dataclass
class Observation:
    """One observation; leading axes free."""

    cells: UInt8[Array, "... 15 5 3"]
    scalars: Float[Array, "... 6"]


def observe(state: GameState, rules: RuleTable) -> Observation:
    """What the player of one environment sees."""
    player = package.AgentState(state.position, state.direction, state.pocket)
    view = package.transparent_field_of_view(state.grid, player, VIEW, VIEW)
    told = jnp.concatenate([_row(state.goal)[None], jax.vmap(_row)(state.productions)])
    marks = jnp.where(rules.told, _marks(view, state.goal, state.productions), 0)
    cells = jnp.concatenate([view, jnp.where(rules.told, told, 0)])
    cells = jnp.concatenate([cells, jnp.pad(marks, ((0, len(told)), (0, 0)))[..., None]], axis=-1)
    facing = jax.nn.one_hot(state.direction, len(Side), dtype=jnp.float32)
    again = (state.step == 0) & (state.trial > 0)
    return Observation(cells.astype(jnp.uint8), jnp.concatenate([facing, jnp.stack([again, again & state.solved])]))


def _row(code: jax.Array) -> jax.Array:
    """A goal or a production, uint8[1 + 2 n], as a row of cells uint8[5, 2]: kind, things, nothing more."""
    things = code[1:].reshape(-1, 2)
    kind = jnp.stack([code[0], jnp.zeros_like(code[0])])
    row = jnp.concatenate([kind[None], things])
    return jnp.pad(row, ((0, VIEW - len(row)), (0, 0)))


def _marks(view: jax.Array, goal: jax.Array, productions: jax.Array) -> jax.Array:
    """uint8[5, 5]: the mark of each cell, 0 for none."""
    first = jnp.where(_among(goal[0], goal_kinds.OF_NO_THING), 0, goal[1:3])
    second = jnp.where(_among(goal[0], goal_kinds.OF_TWO_THINGS), goal[3:5], 0)
    joined = _among(productions[:, 0], rule_kinds.OF_TWO_THINGS)[:, None]
    inputs = jnp.concatenate([productions[:, 1:3], jnp.where(joined, productions[:, 3:5], 0)])
    mark = jnp.zeros(view.shape[:2], jnp.uint8)
    for number, things in ((3, inputs), (2, second[None]), (1, first[None])):
        found = jnp.any(jnp.all(view[:, :, None] == things, axis=-1), axis=-1)
        # No thing is made of zeros, which stand for none and for what lies outside of the grid.
        mark = jnp.where(found & (view[..., 0] > 0), jnp.uint8(number), mark)
    return mark


def _among(kind: jax.Array, kinds: tuple[int, ...]) -> jax.Array:
    """Whether each of the package's numbers is one of `kinds`."""
    return jnp.any(kind[..., None] == jnp.array(kinds, jnp.uint8), axis=-1)
