"""The cached transformer equals a plain one that looks at its whole past, in the rollout and in the update."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, RecurrentConfig
from dicode.agent.spec import Category, ObservationSpec, PlainObservation
from dicode.errors import ConfigError

SPEC = ObservationSpec((2, 1), (Category(9, 0),), 3, 4, 2)
M, W, T, E, ROLLOUTS = 12, 8, 16, 3, 3
AGENT = make_agent(SPEC, GtrxlConfig(width=16, layers=2, heads=2, qkv=8, head_hidden=8, memory=M, window=W))
STEPS = T * ROLLOUTS


def story() -> tuple[PlainObservation, jax.Array, np.ndarray]:
    """Observations, conditioning, and ends: often, never, and exactly at rollouts' and windows' borders."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 10, (STEPS, E, 2, 1, 1)).astype(np.uint8)
    done = np.zeros((STEPS, E), bool)
    done[[3, 4, 20, 35], 0] = True
    done[[7, 15, 31], 2] = True
    scalars = rng.normal(size=(STEPS, E, 3)).astype(np.float32)
    return PlainObservation(jnp.array(cells), jnp.array(scalars)), jnp.array(rng.normal(size=(E, 2))), done


@pytest.fixture(scope="module")
def params():
    """Random parameters, biases and gates included, so that no term is zero by its initial value."""
    params = jax.jit(AGENT.init)(jax.random.key(0))
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    noisy = [leaf + 0.3 * jax.random.normal(k, leaf.shape) for leaf, k in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(tree, noisy)


unroll = jax.jit(AGENT.unroll)


@partial(jax.jit, static_argnames="agent")
def play(params, memory, observations, goal, done, agent=AGENT):
    cache = agent.begin(params, memory)

    def step(cache, now):
        output, cache = agent.act(params, cache, now[0], goal)
        return agent.forget(cache, now[1]), output

    cache, outputs = jax.lax.scan(step, cache, (observations, done))
    return agent.end(memory, cache, outputs.record), outputs


def cut(tree, rollout: int):
    return jax.tree.map(lambda x: x[rollout * T : (rollout + 1) * T], tree)


def dense(p, x):
    return x @ p["kernel"] + p.get("bias", 0.0)


def norm(p, x):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-6) * p["scale"] + p["bias"]


def gate(p, x, y):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    yr, yz, yh = np.split(dense(p["y"], y), 3, -1)
    xr, xz = np.split(dense(p["x"], x), 2, -1)
    z = sigmoid(yz + xz - p["bias"])
    return (1 - z) * x + z * np.tanh(yh + dense(p["h"], sigmoid(yr + xr) * x))


def wave(age: int, width: int) -> np.ndarray:
    frequency = 10_000.0 ** (-np.arange(0, width, 2) / width)
    return np.concatenate([np.sin(age * frequency), np.cos(age * frequency)])


def gelu(x):
    return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))


def plain_layer(p, x, done, released):
    """One layer over a whole sequence [S, D] of one environment, one query and one head at a time."""
    q, kv = (dense(p[n], norm(p["norm_attention"], x)) for n in ("query", "key_value"))
    r = np.stack([dense(p["position"], wave(age, x.shape[1])) for age in range(M + 1)])
    start, out = 0, np.zeros((len(x), 8))
    for i in range(len(x)):
        seen = range(max(start, i - M), i + 1)
        for h in range(2):
            part = slice(4 * h, 4 * h + 4)
            u, v = p["content_bias"][h], p["position_bias"][h]
            logits = [((q[i, part] + u) @ kv[j, part] + (q[i, part] + v) @ r[i - j, part]) / 2 for j in seen]
            weights = np.exp(logits - np.max(logits))
            out[i, part] = (weights / weights.sum()) @ np.stack([kv[j, 8:][part] for j in seen])
        if done[i]:
            start = i + 1
    x = gate(p["gate_attention"], x, np.maximum(dense(p["out"], out), 0))
    feed = dense(p["feed_0"], norm(p["norm_feed"], x))
    feed = dense(p["feed_1"], gelu(feed) if released else np.maximum(feed, 0))
    if released:
        return gate(p["gate_feed"], feed, np.maximum(x, 0))
    return gate(p["gate_feed"], x, np.maximum(feed, 0))


def plain_values(params, observations, goal, done, released=False) -> tuple[np.ndarray, np.ndarray]:
    """Logits [S, E, A] and values [S, E] by full context, in float64 NumPy."""
    p = jax.tree.map(lambda x: np.asarray(x, np.float64), params)
    inputs = np.asarray(SPEC.expand(observations), np.float64)
    kernel = np.concatenate([p["encoder"]["kernel"][n] for n in ("cells", "scalars", "conditioning")])
    logits, values = [], []
    for e in range(E):
        row = np.concatenate([inputs[:, e], np.tile(np.asarray(goal[e]), (len(inputs), 1))], -1)
        x = row @ kernel + p["encoder"]["bias"]
        for index in range(2):
            x = plain_layer(p[f"stack_{index}"], x, done[:, e], released)
        heads = []
        for name in ("actor", "critic"):
            y = x
            for layer in range(2):
                y = np.maximum(dense(p["heads"][f"{name}_{layer}"], y), 0)
            heads.append(dense(p["heads"][f"{name}_out"], y))
        logits.append(heads[0])
        values.append(heads[1][:, 0])
    return np.stack(logits, 1), np.stack(values, 1)


def test_cached_equals_full_context_across_episode_ends_and_the_rings_wrap(params):
    observations, goal, done = story()
    logits, values = plain_values(params, observations, goal, done)
    memory = AGENT.initial_memory(E)
    for n in range(ROLLOUTS):
        before = memory
        memory, outputs = play(params, memory, cut(observations, n), goal, cut(jnp.array(done), n))
        np.testing.assert_allclose(outputs.logits, cut(logits, n), atol=2e-5)
        np.testing.assert_allclose(outputs.value, cut(values, n), atol=2e-5)
        again = unroll(params, before, cut(observations, n), goal, outputs.record, cut(jnp.array(done), n))
        np.testing.assert_allclose(again[0], cut(logits, n), atol=2e-5)
        np.testing.assert_allclose(again[1], cut(values, n), atol=2e-5)


def test_the_released_codes_feed_forward_and_second_gate(params):
    sizes = {"width": 16, "layers": 2, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": M, "window": W}
    agent = make_agent(SPEC, GtrxlConfig(**sizes, feed_activation="gelu", gate_order="feed", init="lecun"))
    observations, goal, done = story()
    seen, ends = cut(observations, 0), cut(jnp.array(done), 0)
    logits, values = plain_values(params, seen, goal, done[:T], released=True)
    record = play(params, agent.initial_memory(E), seen, goal, ends, agent)[1].record
    found = jax.jit(agent.unroll)(params, agent.initial_memory(E), seen, goal, record, ends)
    np.testing.assert_allclose(found[0], logits, atol=2e-5)
    np.testing.assert_allclose(found[1], values, atol=2e-5)
    ours = plain_values(params, seen, goal, done[:T])[1]
    assert np.abs(ours - values).max() > 0.01


def test_after_an_update_the_rollout_and_the_update_see_the_same_memory(params):
    observations, goal, done = story()
    memory, _ = play(params, AGENT.initial_memory(E), cut(observations, 0), goal, cut(jnp.array(done), 0))
    changed = jax.tree.map(lambda x: x * 1.1, params)
    _, outputs = play(changed, memory, cut(observations, 1), goal, cut(jnp.array(done), 1))
    logits, values = unroll(changed, memory, cut(observations, 1), goal, outputs.record, cut(jnp.array(done), 1))
    np.testing.assert_allclose(outputs.logits, logits, atol=2e-5)
    np.testing.assert_allclose(outputs.value, values, atol=2e-5)


def test_nothing_leaks_from_one_episode_into_the_next(params):
    observations, goal, _ = story()
    end = 5
    done = jnp.zeros((T, E), bool).at[end].set(True)
    first = cut(observations, 0)
    other = first.replace(scalars=first.scalars.at[: end + 1].add(1.0))
    memory = AGENT.initial_memory(E)
    outputs = [play(params, memory, o, goal, done)[1] for o in (first, other)]
    assert not np.allclose(outputs[0].value[end], outputs[1].value[end])
    np.testing.assert_array_equal(outputs[0].value[end + 1 :], outputs[1].value[end + 1 :])

    def later(scalars):
        seen = first.replace(scalars=scalars)
        return unroll(params, memory, seen, goal, outputs[0].record, done)[1][end + 1 :].sum()

    gradient = jax.grad(later)(first.scalars)
    assert float(jnp.abs(gradient[: end + 1]).max()) == 0.0
    assert float(jnp.abs(gradient[end + 1 :]).max()) > 0.0


def test_gradients_stop_at_a_windows_border_but_the_memory_is_read(params):
    observations, goal, _ = story()
    done = jnp.zeros((T, E), bool)
    first, memory = cut(observations, 0), AGENT.initial_memory(E)
    _, outputs = play(params, memory, first, goal, done)

    def second_window(scalars, record):
        seen = first.replace(scalars=scalars)
        return unroll(params, memory, seen, goal, record, done)[1][W:].sum()

    gradient = jax.grad(second_window)(first.scalars, outputs.record)
    assert float(jnp.abs(gradient[:W]).max()) == 0.0
    read = jax.grad(second_window, argnums=1)(first.scalars, outputs.record)
    assert float(jnp.abs(read).max()) == 0.0, "the stored inputs get no gradient"
    changed = second_window(first.scalars, outputs.record.at[:W, ..., 0].add(0.5))
    assert abs(float(changed - second_window(first.scalars, outputs.record))) > 1e-3


def test_bfloat16_stays_near_float32(params):
    options = {"width": 16, "layers": 2, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": M, "window": W}
    half = make_agent(SPEC, GtrxlConfig(dtype="bfloat16", stored_dtype="bfloat16", **options))
    observations, goal, done = story()
    memory = half.initial_memory(E)
    assert memory.inputs.dtype == jnp.bfloat16
    first = jax.tree.map(lambda x: x[0], observations)
    output, _ = jax.jit(lambda p: half.act(p, half.begin(p, memory), first, goal))(params)
    exact = play(params, AGENT.initial_memory(E), cut(observations, 0), goal, cut(jnp.array(done), 0))[1]
    assert output.value.dtype == jnp.float32
    np.testing.assert_allclose(output.value, exact.value[0], atol=0.3)


@pytest.mark.fast
def test_impossible_sizes_are_refused_by_name():
    with pytest.raises(ConfigError, match=r"agent.qkv is 10, which 4 heads do not divide"):
        make_agent(SPEC, GtrxlConfig(qkv=10, heads=4))
    with pytest.raises(ConfigError, match="did you mean 'lstm'"):
        make_agent(SPEC, RecurrentConfig(kind="lsm"))
    with pytest.raises(ConfigError, match="allowed range is 8 to 4096"):
        make_agent(SPEC, RecurrentConfig(width=3))
