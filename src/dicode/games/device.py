"""What the environment and the trainer need of a game on a device: one record of functions on arrays.

A *state* is any pytree whose leaves are the arrays of `HostGame.fields`, a *rule table* any pytree of numbers;
leading axes stack environments, worlds or levels. Nobody above a game's folder knows more of them than this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float, Int, UInt32

from dicode.agent.spec import ObservationSpec, Observed
from dicode.games.host import HostGame

State = Any
RuleTable = Any
Events = Any
"""A pytree of numbers: what happened in one step; summed over an episode it says what happened in it."""


class StepResult(struct.PyTreeNode):
    """The outcome of one step of one environment."""

    state: State
    reward: Float[Array, ""]
    done: Bool[Array, ""]
    events: Events
    ending: Int[Array, ""] | int = 0
    """Place in `HostGame.endings` of what ended the game; read only where `done`."""
    occupation: Int[Array, ""] | int = 0
    """Place in `HostGame.occupations` of what the step was spent on."""


Draws = Any
"""A pytree of random numbers: what one step of one environment draws."""
GameStep = Callable[[UInt32[Array, "2"] | Draws, State, Int[Array, ""], RuleTable], StepResult]
"""(key, state, action, rules) -> StepResult, for one environment."""


def _as_key(key: UInt32[Array, "2"]) -> Draws:
    return key


def _as_table(arrays: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
    return {name: jnp.asarray(array) for name, array in arrays.items()}


@dataclass(frozen=True, eq=False)
class DeviceGame:
    """A game's device side. Every function is pure and may be jitted; "one" takes one environment, the others any leading axes."""

    host: HostGame
    observation: ObservationSpec
    """The layout of an observation, without conditioning."""
    step: GameStep
    """One."""
    observe: Callable[[State, RuleTable], Observed]
    """One."""
    from_arrays: Callable[[Mapping[str, np.ndarray]], State]
    """Host arrays by the names of `HostGame.fields`, any leading axes."""
    quantities: Callable[[State, Int[Array, "..."], Events], Float[Array, "... Q"]]
    """(state, steps of the episode, events of the episode) -> every quantity, in the order of `HostGame.quantities`."""
    achievements: Callable[[State], Bool[Array, "... A"]]
    """What is achieved, in the order of `HostGame.achievements`; A may be 0."""
    depth: Callable[[State], Int[Array, "..."]]
    """How deep into the game the state is (a floor, a room); zeros where a game has no such thing."""
    is_over: Callable[[State], Bool[Array, "..."]]
    """Whether the player is lost, for states that a `transition` hook has changed."""
    restore: Callable[[State, State | Mapping[str, jax.Array]], State]
    """The legal state nearest to what a `transition` hook made of a legal one."""
    anchor: str
    """A small integer field that every part of an observation depends on; see `LevelEnv._observe_at`."""
    generate: Callable[[UInt32[Array, "2"], int, int], dict[str, np.ndarray]]
    """(key, count, first) -> worlds first, first + 1, ... of the unmodified game; world i depends on (key, i) alone."""
    rule_table: Callable[[Mapping[str, np.ndarray]], RuleTable] = _as_table
    """What `HostGame.rule_arrays` gave, any leading axes."""
    endless: Callable[[RuleTable], RuleTable] = lambda rules: rules
    """The table without a time limit of the game's own: the environment counts the episode's steps itself."""
    no_events: Callable[..., Events] = lambda *lead: ()
    """(*lead) -> zeros with these leading axes."""
    draw: Callable[[UInt32[Array, "2"]], Draws] = _as_key
    """What `step` draws by a key, which `step` takes in the key's place; the key itself where nothing is drawn ahead. One."""
    engines: Mapping[str, GameStep] = field(default_factory=dict)
    """Other steps that mean the same game, by name, for evaluation: slower, but somebody else's."""
