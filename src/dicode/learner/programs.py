"""The run's two programs, compiled ahead of time: `rollout` and `update`, and the small `start`.

    programs = compile_programs(agent, env, PpoConfig(), batch)          # compiles; minutes on a cold cache
    learner = programs.init(key, schedule.linear(2e-4, 2e-6, 0, num_updates))
    carry = programs.start(key, batch)                                   # once a cycle, and for evaluation
    for u in range(updates):
        carry, trajectory, stats = programs.rollout(learner.params, carry, batch, rollout_key)
        learner, metrics = programs.update(learner, trajectory, update_key)

`batch` is a level batch (its first value gives the shapes; any later one must have the same), keys are
raw uint32[2]. `carry` and `learner` are donated: use what comes back, never what went in, and copy what
must outlive the call. Calls return before the device is done; `distributed.fetch` waits. Evaluation and
video call the same `rollout` with other batches and drop or read the trajectory. `stats.levels` are the
environment's sums and `stats.scores` the learner's (`statistics.positive_value_loss`, `max_mc`), both
since `start`. An argument whose shape, dtype or structure has drifted is a `ShapeError` naming it.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dicode.agent.types import Agent
from dicode.errors import DicodeError
from dicode.learner import distributed, rollout, update
from dicode.learner.schedule import linear
from dicode.learner.types import (
    PER_ENVIRONMENT,
    Environment,
    LearnerState,
    Metrics,
    PpoConfig,
    RolloutCarry,
    Schedule,
    Statistics,
    Trajectory,
)

Progress = Callable[[str], None]
KeyData = Any
"""uint32 [2], of JAX or NumPy: the programs hold every argument against their shapes and name the one that differs (`ShapeError`)."""
_barriers = count()
"""Numbers for barriers' names, which are used once; equal in all processes, as they run the same program."""


class ShapeError(DicodeError):
    """An argument of a compiled program is not what the program was compiled for."""


@dataclass(frozen=True)
class Source:
    """A program before it is compiled: a function, and by name the shapes and shardings of what it takes."""

    name: str
    function: Callable[..., Any]
    arguments: dict[str, tuple[Any, Any]]
    out_shardings: Any
    donated: tuple[int, ...] = ()

    def lower(self) -> jax.stages.Lowered:
        """Traced and lowered for the devices of its shardings."""
        shapes, shardings = zip(*self.arguments.values(), strict=True)
        jitted = jax.jit(
            self.function, in_shardings=shardings, out_shardings=self.out_shardings, donate_argnums=self.donated
        )
        return jitted.lower(*shapes)


@dataclass(frozen=True)
class Program:
    """One compiled program: checks its arguments, places them, runs; never compiles."""

    name: str
    arguments: tuple[str, ...]
    shapes: tuple[Any, ...]
    shardings: tuple[Any, ...]
    out_shardings: Any
    donated: tuple[int, ...]
    compiled: Any
    seconds: float
    """What tracing, lowering and compiling took."""

    def __call__(self, *arguments: Any) -> Any:
        """Run; raises `ShapeError` where an argument has drifted."""
        for name, argument, shape in zip(self.arguments, arguments, self.shapes, strict=True):
            check_shapes(f"{self.name}: {name}", argument, shape)
        return self.compiled(*distributed.place(arguments, self.shardings))


@dataclass(frozen=True)
class Programs:
    """A run's compiled programs; see the module's text for their use."""

    agent: Agent
    config: PpoConfig
    num_envs: int
    mesh: jax.sharding.Mesh
    start_program: Program
    rollout_program: Program
    update_program: Program
    compilations: int = 3
    """Programs compiled for the whole run."""

    @property
    def steps_per_update(self) -> int:
        """Environment steps between two updates."""
        return self.num_envs * self.config.rollout_steps

    @property
    def compile_seconds(self) -> dict[str, float]:
        """Seconds of compilation by program."""
        return {p.name: p.seconds for p in (self.start_program, self.rollout_program, self.update_program)}

    def with_env(self, env: Environment, progress: Progress = lambda message: None) -> "Programs":
        """The same programs, `rollout` alone compiled anew for an environment of the same shapes (other hooks)."""
        old = self.rollout_program
        roll = partial(rollout.rollout, self.agent, env.on(self.mesh, distributed.AXIS), self.config)
        places = zip(old.shapes, old.shardings, strict=True)
        arguments = dict(zip(old.arguments, places, strict=True))
        new = _compile(progress, Source(old.name, roll, arguments, old.out_shardings, old.donated))
        return replace(self, rollout_program=new, compilations=self.compilations + 1)

    def init(self, key: KeyData, schedule: Schedule) -> LearnerState:
        """A learner that has learnt nothing, on all devices."""
        learner = jax.block_until_ready(jax.jit(partial(update.init, self.agent, self.config))(key, schedule))
        distributed.wait_for_all(f"init {next(_barriers)}")
        return self.place_learner(learner)

    def place_learner(self, learner: LearnerState) -> LearnerState:
        """A learner from a checkpoint (host arrays), on all devices; raises `ShapeError` if it is another network's."""
        check_shapes("learner", learner, self.update_program.shapes[0])
        placed: LearnerState = distributed.place(learner, self.update_program.shardings[0])
        return placed

    def place_batch(self, batch: Any) -> Any:
        """A batch on all devices; do it once a cycle, else every call copies it to devices that lack it."""
        check_shapes("batch", batch, self.start_program.shapes[1])
        return distributed.place(batch, self.start_program.shardings[1])

    def start(self, key: KeyData, batch: Any) -> RolloutCarry:
        """Environments, memory and statistics afresh."""
        carry: RolloutCarry = self.start_program(key, batch)
        return carry

    def rollout(
        self, params: Any, carry: RolloutCarry, batch: Any, key: KeyData
    ) -> tuple[RolloutCarry, Trajectory, Statistics]:
        """T steps of every environment; donates `carry`."""
        collected: tuple[RolloutCarry, Trajectory, Statistics] = self.rollout_program(params, carry, batch, key)
        return collected

    def update(self, learner: LearnerState, trajectory: Trajectory, key: KeyData) -> tuple[LearnerState, Metrics]:
        """Learn from one rollout; donates `learner`."""
        learned: tuple[LearnerState, Metrics] = self.update_program(learner, trajectory, key)
        return learned


def compile_programs(
    agent: Agent,
    env: Environment,
    config: PpoConfig,
    batch: Any,
    *,
    devices: Sequence[jax.Device] | None = None,
    progress: Progress = lambda message: None,
) -> Programs:
    """Compile `start`, `rollout` and `update` for the shapes of `batch` and the given devices (default: all).

    `progress` is told in one line what is compiled now. Raises `ConfigError` where environments,
    minibatches and devices do not divide.
    """
    num_envs = batch.slot.shape[0]
    mesh = distributed.make_mesh(num_envs, update.num_strata(num_envs, config), devices)
    start, roll, learn = _compile_all(progress, sources(agent, env, config, batch, mesh))
    return Programs(agent, config, num_envs, mesh, start, roll, learn)


def sources(
    agent: Agent, env: Environment, config: PpoConfig, batch: Any, mesh: jax.sharding.Mesh
) -> tuple[Source, Source, Source]:
    """The run's three programs before they are compiled: `start`, `rollout`, `update`."""
    env = env.on(mesh, distributed.AXIS)
    start, roll = partial(rollout.start, agent, env), partial(rollout.rollout, agent, env, config)
    values = _values(agent, config, start, roll, batch, mesh)

    def source(name: str, function: Callable[..., Any], arguments: str, out: Any, donate: tuple[int, ...]) -> Source:
        return Source(name, function, {n: values[n] for n in arguments.split()}, out, donate)

    place = {name: sharding for name, (_, sharding) in values.items()}
    rolled = place["carry"], place["trajectory"], place["statistics"]
    learnt = place["learner"], distributed.replicated(mesh)
    learn = partial(update.update, agent, config)
    return (
        source("start", start, "key batch", place["carry"], ()),
        source("rollout", roll, "params carry batch key", rolled, (1,)),
        source("update", learn, "learner trajectory key", learnt, (0,)),
    )


def _values(
    agent: Agent,
    config: PpoConfig,
    start: Callable[..., Any],
    roll: Callable[..., Any],
    batch: Any,
    mesh: jax.sharding.Mesh,
) -> dict[str, tuple[Any, Any]]:
    """Shapes and shardings of all that goes into a program or comes out, by name."""
    everywhere = distributed.replicated(mesh)
    everywhere_of = partial(jax.tree.map, lambda _: everywhere)
    key = jax.ShapeDtypeStruct((2,), jnp.uint32)
    batch = jax.eval_shape(lambda: jax.tree.map(jnp.asarray, batch))
    by_env = {name: distributed.along(mesh, 0) for name in PER_ENVIRONMENT if hasattr(batch, name)}
    schedule = jax.eval_shape(lambda: linear(1.0, 0.0, 0, 1))
    learner = jax.eval_shape(partial(update.init, agent, config), key, schedule)
    carry = jax.eval_shape(start, key, batch)
    _, trajectory, stats = jax.eval_shape(roll, learner.params, carry, batch, key)
    return {
        "key": (key, everywhere),
        "batch": (batch, distributed.fields(by_env, everywhere, batch)),
        "carry": (carry, _carry_sharding(mesh, carry)),
        "trajectory": (trajectory, _trajectory_sharding(mesh, trajectory)),
        "statistics": (stats, everywhere_of(stats)),
        "learner": (learner, everywhere_of(learner)),
        "params": (learner.params, everywhere_of(learner.params)),
    }


def _compile_all(progress: Progress, programs: Sequence[Source]) -> list[Program]:
    """Compile programs side by side, each from when it is lowered on; one after another where several processes have to agree."""
    if jax.process_count() > 1:
        return [_compile(progress, source) for source in programs]
    with ThreadPoolExecutor(len(programs)) as pool:
        return [job() for job in [_begin(progress, source, pool) for source in programs]]


def _compile(progress: Progress, source: Source) -> Program:
    with ThreadPoolExecutor(1) as pool:
        return _begin(progress, source, pool)()


def _begin(progress: Progress, source: Source, pool: ThreadPoolExecutor) -> Callable[[], Program]:
    """Lower a program here and compile it in the pool; the job waits for it.

    Lowered by the calling thread, as JAX's settings in force (`with jax.default_device(...)`) are a thread's own.
    """
    progress(f"compiling {source.name}")
    began = time.perf_counter()
    lowered = source.lower()

    def compiled() -> tuple[Any, float]:
        return lowered.compile(), time.perf_counter() - began

    pending = pool.submit(compiled)

    def job() -> Program:
        program, seconds = pending.result()
        distributed.wait_for_all(f"compiled {source.name} {next(_barriers)}")
        progress(f"compiled {source.name} in {seconds:.1f} s")
        shapes, shardings = zip(*source.arguments.values(), strict=True)
        names = tuple(source.arguments)
        return Program(source.name, names, shapes, shardings, source.out_shardings, source.donated, program, seconds)

    return job


def _carry_sharding(mesh: jax.sharding.Mesh, carry: RolloutCarry) -> RolloutCarry:
    scores = jax.tree.map(lambda _: distributed.replicated(mesh), carry.scores)
    placed: RolloutCarry = distributed.fields({"scores": scores}, distributed.along(mesh, 0), carry)
    return placed


def _trajectory_sharding(mesh: jax.sharding.Mesh, trajectory: Trajectory) -> Trajectory:
    first = {
        name: jax.tree.map(lambda _: distributed.along(mesh, 0), getattr(trajectory, name))
        for name in ("memory", "conditioning", "weight")
    }
    placed: Trajectory = distributed.fields(first, distributed.along(mesh, 1), trajectory)
    return placed


def check_shapes(name: str, value: Any, expected: Any) -> None:
    """Raise `ShapeError`, naming the array, where structure, shape or dtype differ."""
    found, wanted = jax.tree_util.tree_flatten_with_path(value)[0], jax.tree_util.tree_flatten_with_path(expected)[0]
    if str(jax.tree.structure(value)) != str(jax.tree.structure(expected)):
        paths = [{jax.tree_util.keystr(path) for path, _ in leaves} for leaves in (found, wanted)]
        odd = sorted(paths[0] ^ paths[1]) or [f"a {type(value).__name__} of another form"]
        raise ShapeError(f"{name} has another structure than the program was compiled for: {', '.join(odd[:5])}")
    for (path, leaf), (_, want) in zip(found, wanted, strict=True):
        # Only what has no dtype of its own (a Python number) is converted: converting a device array waits for it.
        dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
        if np.shape(leaf) != want.shape or dtype != want.dtype:
            raise ShapeError(
                f"{name}{jax.tree_util.keystr(path)} is {dtype}{list(np.shape(leaf))}; "
                f"the program was compiled for {want.dtype}{list(want.shape)}"
            )
