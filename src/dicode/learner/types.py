"""The learner's records on the device, and what it asks of an environment.

E environments, T steps of a rollout, L level slots, A actions, C conditioning.
"""

from typing import Any, Protocol, runtime_checkable

import jax
from flax import struct
from jaxtyping import Array, Bool, Float, Int, UInt32

from dicode.agent.spec import Observed
from dicode.learner.settings import PpoConfig as PpoConfig


@runtime_checkable
class TimeStep(Protocol):
    """What the environment's step gives: the observation is that of the state to act in next (reset where done)."""

    observation: Observed
    reward: Float[Array, " E"]
    done: Bool[Array, " E"]
    """The episode ended, for whatever reason."""
    time_limit: Bool[Array, " E"]
    """It ended only because its steps ran out."""
    counted: Bool[Array, " E"]
    """It ended and belongs to the episodes that scores are taken over; implies done."""
    final_observation: Observed | None
    """Observation before the reset; only read, and only there, when time limits are bootstrapped."""


@runtime_checkable
class Batch(Protocol):
    """What the learner reads of a level batch (a dataclass pytree); all else is the environment's."""

    slot: Int[Array, " E"]
    conditioning: Float[Array, "L C"]
    train: Bool[Array, " L"]


PER_ENVIRONMENT = ("slot", "env_index", "first_world")
"""Fields of a batch that lead with the environments and are cut along the devices; others are on all."""


@runtime_checkable
class Environment(Protocol):
    """E environments side by side; E is the length of `batch.slot`."""

    def reset(self, key: jax.Array, batch: Any) -> Any:
        """Start all environments: -> state, every array of which leads with E."""

    def observe(self, state: Any) -> Any:
        """Observations [E] of a state."""

    def draw(self, keys: jax.Array, state: Any) -> Any:
        """What steps with keys [T] will draw, a pytree [T, ...]; the keys themselves where steps draw for themselves."""

    def step(self, key: Any, state: Any, action: jax.Array, batch: Any) -> tuple[Any, Any]:
        """One step of all, with a key or what `draw` made of it: -> (state, TimeStep)."""

    def stats(self, state: Any, batch: Any) -> Any:
        """Sums [L] over the episodes of each level since the reset."""

    def on(self, mesh: jax.sharding.Mesh, axis: str) -> Any:
        """This environment with its work cut along an axis of a mesh."""


@struct.dataclass
class Schedule:
    """A learning rate that goes linearly from one update to another, as data so that a resumed run can change it."""

    start_rate: Float[Array, ""]
    end_rate: Float[Array, ""]
    start_update: Int[Array, ""]
    end_update: Int[Array, ""]


@struct.dataclass
class LearnerState:
    """Everything that learning changes."""

    params: Any
    opt_state: Any
    update: Int[Array, ""]
    """Updates done."""
    schedule: Schedule


@struct.dataclass
class Scores:
    """Sums over counted episodes from which level scores follow, since `start`; leading axis L."""

    episodes: Float[Array, " L"]
    value: Float[Array, " L"]
    """Sum over episodes of the mean value of their steps."""
    positive_advantage: Float[Array, " L"]
    """Sum over episodes of the mean positive part of their advantages."""
    max_return: Float[Array, " L"]
    """Highest return of an episode that ended, counted or not; -inf without one."""


@struct.dataclass
class Running:
    """Sums over the steps so far of the episode that every environment is in."""

    steps: Float[Array, " E"]
    value: Float[Array, " E"]
    positive_advantage: Float[Array, " E"]


@struct.dataclass
class RolloutCarry:
    """What goes on from one rollout to the next."""

    env_state: Any
    observation: Any
    memory: Any
    """The agent's, leading axis E."""
    episode_return: Float[Array, " E"]
    running: Running
    scores: Scores


@struct.dataclass
class Trajectory:
    """One rollout, time-major: leading axes [T, E] unless said otherwise."""

    observation: Any
    action: Int[Array, "T E"]
    log_prob: Float[Array, "T E"]
    value: Float[Array, "T E"]
    reward: Float[Array, "T E"]
    done: Bool[Array, "T E"]
    advantage: Float[Array, "T E"]
    target: Float[Array, "T E"]
    """What the value should have been: advantage + value."""
    record: Any
    """The agent's, per step."""
    memory: Any
    """[E]: the agent's memory before the first step."""
    conditioning: Float[Array, "E C"]
    weight: Float[Array, " E"]
    """1 where the environment's steps give gradient, else 0."""


@struct.dataclass
class Statistics:
    """What is known of every level since `start`; leading axis L, kilobytes."""

    levels: Any
    """The environment's own sums (episodes, successes, ...)."""
    scores: Scores


Key = UInt32[Array, "2"]
Metrics = dict[str, Float[Array, ""]]
