"""The compiled programs: nothing compiles twice, drift is named, a resumed learner goes on as if never stopped."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cue import CueEnv, agent_of

from dicode.errors import ConfigError
from dicode.learner import distributed, schedule
from dicode.learner.compilation import count_compilations
from dicode.learner.programs import ShapeError, Source, _compile_all, compile_programs
from dicode.learner.types import PpoConfig

ENV = CueEnv(8, delay=3, limit=3)
CONFIG = PpoConfig(rollout_steps=8, epochs=2, minibatches=4, bootstrap_time_limit=True)
SIZES = {"width": 8, "layers": 1, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": 6, "window": 4}
LINE = schedule.linear(1e-2, 0.0, 0, 10)


def key(n: int) -> np.ndarray:
    return np.array([7, n], np.uint32)


@pytest.fixture(scope="module", params=["lstm", "gru", "gtrxl"])
def programs(request):
    return compile_programs(agent_of(request.param, SIZES), ENV, CONFIG, ENV.batch())


def train(programs, learner, updates: range, batch=None):
    batch = batch or ENV.batch()
    carry = programs.start(key(99), batch)
    for n in updates:
        carry, trajectory, stats = programs.rollout(learner.params, carry, batch, key(n))
        learner, metrics = programs.update(learner, trajectory, key(100 + n))
    return learner, trajectory, stats, metrics


def test_a_second_cycle_with_another_batch_compiles_nothing(programs):
    learner = programs.init(key(0), LINE)
    learner, *_ = train(programs, learner, range(1))
    other = ENV.batch(train=(False, True))
    with count_compilations() as compiled:
        train(programs, learner, range(1, 3), other)
    assert compiled.programs == 0
    with count_compilations() as compiled:
        jax.jit(lambda x: x * 3.14159)(jnp.ones(3))
    assert compiled.programs > 0, "the counter counts"


def test_a_resumed_learner_goes_on_bit_for_bit(programs):
    through, *_ = train(programs, programs.init(key(0), LINE), range(2))
    through, *_ = train(programs, through, range(2, 4))
    first, *_ = train(programs, programs.init(key(0), LINE), range(2))
    saved = distributed.fetch(first)
    again, *_ = train(programs, programs.place_learner(saved), range(2, 4))
    assert int(again.update) == 4
    jax.tree.map(np.testing.assert_array_equal, distributed.fetch(again), distributed.fetch(through))


def test_statistics_are_since_the_start_and_metrics_are_finite(programs):
    _, trajectory, stats, metrics = train(programs, programs.init(key(0), LINE), range(3))
    assert float(stats.scores.episodes.sum()) == int(stats.levels.episodes.sum()) > 3 * 8
    assert all(np.isfinite(float(v)) for v in metrics.values())
    assert float(metrics["learning_rate"]) == pytest.approx(8e-3)
    stored = sum(x.nbytes for x in jax.tree.leaves(trajectory.observation))
    assert stored == 64 * (2 * 2 * 5 + 3 * 4)


def test_drift_is_an_error_that_names_the_argument():
    programs = compile_programs(agent_of("lstm", SIZES), ENV, CONFIG, ENV.batch())
    batch = ENV.batch()
    with pytest.raises(ShapeError, match=r"start: batch.conditioning is float32\[2, 3\]; .* float32\[2, 2\]"):
        programs.start(key(0), batch.replace(conditioning=jnp.zeros((2, 3))))
    with pytest.raises(ShapeError, match=r"start: key is float32\[2\]"):
        programs.start(np.zeros(2, np.float32), batch)
    other = compile_programs(agent_of("lstm", SIZES | {"layers": 2}), ENV, CONFIG, batch)
    with pytest.raises(ShapeError, match="another structure"):
        programs.place_learner(other.init(key(0), LINE))


@pytest.mark.fast
@pytest.mark.fast
def test_programs_are_compiled_side_by_side_and_come_in_their_order():
    all_at_once, told = threading.Barrier(3, timeout=10), []

    class Waiting(Source):
        def lower(self):
            return self

        def compile(self):
            all_at_once.wait()  # breaks where one waits for another
            return self.name.upper()

    def source(name):
        return Waiting(name, function=print, arguments={"x": (1, 2)}, out_shardings=None)

    made = _compile_all(told.append, [source(name) for name in ("start", "rollout", "update")])
    assert [(p.name, p.compiled) for p in made] == [("start", "START"), ("rollout", "ROLLOUT"), ("update", "UPDATE")]
    assert [told[0], told[-1][:15]] == ["compiling start", "compiled update"]


def test_environments_that_do_not_divide_are_refused_before_compiling():
    agent = agent_of("lstm", SIZES)
    with pytest.raises(ConfigError, match="6 environments do not divide into 4 minibatches"):
        compile_programs(agent, ENV, CONFIG, CueEnv(6).batch())
    with pytest.raises(ConfigError, match="do not divide among 3 devices"):
        compile_programs(agent, ENV, CONFIG, ENV.batch(), devices=jax.devices() * 3)


def test_a_bootstrapped_time_limit_is_worth_the_value_of_the_state_before_the_reset():
    agent = agent_of("lstm", SIZES)
    programs = compile_programs(agent, ENV, CONFIG, ENV.batch())
    learner = programs.init(key(0), LINE)
    carry = programs.start(key(1), ENV.batch())
    carry, t, _ = programs.rollout(learner.params, carry, ENV.batch(), key(2))
    assert bool(t.done[1:-1].any())
    at, env = (int(i[0]) for i in np.nonzero(np.array(t.done[1:-1])))
    at += 1
    start = at - 2
    cache = agent.begin(learner.params, agent.initial_memory(1))
    for n in range(start, at + 1):
        seen = jax.tree.map(lambda x, n=n: x[n, env : env + 1], t.observation)
        _, cache = agent.act(learner.params, cache, seen, t.conditioning[env : env + 1])
    state = programs.start(key(1), ENV.batch()).env_state
    limit = state.replace(step=jnp.full_like(state.step, 3), cue=jnp.full_like(state.cue, 1))
    final = jax.tree.map(lambda x: x[:1], ENV.observe(limit))
    value = agent.act(learner.params, cache, final, t.conditioning[env : env + 1])[0].value[0]
    expected = t.reward[at, env] + CONFIG.gamma * value - t.value[at, env]
    assert float(t.advantage[at, env]) == pytest.approx(float(expected), abs=1e-5)
