"""What the agent sees: the package's view of 5 x 5 cells, then goal and productions as further rows of cells.

Rows 0 to 4 are the view, the player in the middle of the lowest row, looking up. Row 5 holds the goal, each row from 6
on a production: its kind, then its things. So bytes of encodings are looked up like tiles, which costs an encoder far
less than hundreds of one-hot columns. The scalars say which way the player faces, as the package's wrapper does, and in an
episode of several trials that another one begins, and whether the last one was solved.
What is in hand is not shown, as in the package.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, UInt8

from dicode.agent.spec import Category, ObservationSpec
from dicode.games.xland import package
from dicode.games.xland.levels.names import MAX_RULES, SIZE, Action, Side
from dicode.games.xland.state import GameState, RuleTable

VIEW = 5
_FIRST, _SECOND = 16, 13
"""Values of a cell's bytes: tiles, kinds and rows; colours and columns."""

SPEC = ObservationSpec(
    cells=(VIEW + 1 + MAX_RULES, VIEW),
    channels=(Category(_FIRST, 0), Category(_SECOND, _FIRST)),
    scalars=len(Side) + 2,
    num_actions=len(Action),
    conditioning=0,
)
assert SIZE <= _SECOND


@struct.dataclass
class Observation:
    """One observation; leading axes free."""

    cells: UInt8[Array, "... 15 5 2"]
    scalars: Float[Array, "... 6"]


def observe(state: GameState, rules: RuleTable) -> Observation:
    """What the player of one environment sees."""
    player = package.AgentState(state.position, state.direction, state.pocket)
    view = package.transparent_field_of_view(state.grid, player, VIEW, VIEW)
    told = jnp.concatenate([_row(state.goal)[None], jax.vmap(_row)(state.productions)])
    cells = jnp.concatenate([view, jnp.where(rules.told, told, 0)])
    facing = jax.nn.one_hot(state.direction, len(Side), dtype=jnp.float32)
    again = (state.step == 0) & (state.trial > 0)
    return Observation(cells.astype(jnp.uint8), jnp.concatenate([facing, jnp.stack([again, again & state.solved])]))


def _row(code: jax.Array) -> jax.Array:
    """A goal or a production, uint8[1 + 2 n], as a row of cells uint8[5, 2]: kind, things, nothing more."""
    things = code[1:].reshape(-1, 2)
    kind = jnp.stack([code[0], jnp.zeros_like(code[0])])
    row = jnp.concatenate([kind[None], things])
    return jnp.pad(row, ((0, VIEW - len(row)), (0, 0)))
