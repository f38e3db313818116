"""Looking up table rows equals a dense layer on the one-hot observation, values and gradients."""

import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.accelerator import written_for
from dicode.agent.cells import CellEncoder
from dicode.agent.encoder import Encoder, from_dense, to_dense
from dicode.agent.lookup import set_bits, sum_rows
from dicode.agent.spec import Bits, Category, ObservationSpec, PlainObservation
from dicode.errors import ConfigError

SPEC = ObservationSpec(
    cells=(3, 2),
    channels=(Category(10, 0), Category(3, 10), Bits(1, 29), Bits(8, 13), Bits(8, 21)),
    scalars=4,
    num_actions=5,
    conditioning=6,
    max_set_bits=5,
)
UNBOUNDED = ObservationSpec(SPEC.cells, SPEC.channels, SPEC.scalars, SPEC.num_actions, SPEC.conditioning)


def observations(count: int, seed: int = 0) -> PlainObservation:
    rng = np.random.default_rng(seed)
    cells = np.zeros((count, 3, 2, 5), np.uint8)
    cells[..., 0] = rng.integers(0, 11, (count, 3, 2))
    cells[..., 1] = rng.integers(0, 4, (count, 3, 2))
    cells[..., 2] = rng.integers(0, 2, (count, 3, 2))
    for n in range(count):
        for _ in range(n % 6):
            cells[n, rng.integers(3), rng.integers(2), 3 + rng.integers(2)] |= 1 << rng.integers(8)
    return PlainObservation(jnp.array(cells), jnp.array(rng.normal(size=(count, 4)), jnp.float32))


def dense_by_hand(observation: PlainObservation, n: int) -> np.ndarray:
    """The one-hot observation of sample n, written channel by channel."""
    out = []
    for cell in np.array(observation.cells[n]).reshape(-1, 5):
        block = [float(cell[0] == j) for j in range(10)]
        item = [float(cell[1] == j) for j in range(3)]
        bits = [float(cell[k] >> j & 1) for k in (3, 4) for j in range(8)]
        out += block + item + bits + [float(cell[2])]
    return np.array(out + list(np.array(observation.scalars[n])), np.float32)


@pytest.mark.slow
def test_expanding_gives_the_one_hot_channels_of_every_cell():
    observation = observations(7)
    expanded = SPEC.expand(observation)
    assert expanded.shape == (7, SPEC.dense_size)
    for n in range(7):
        np.testing.assert_array_equal(expanded[n], dense_by_hand(observation, n))


@pytest.mark.parametrize("lookup", ["rows", "onehot"])
@pytest.mark.parametrize("spec", [SPEC, UNBOUNDED], ids=["bounded", "unbounded"])
def test_look_up_equals_dense_in_values_and_gradients(spec, lookup):
    observation, goal = observations(12), jax.random.normal(jax.random.key(1), (12, 6))
    encoder = Encoder(spec, 8, lookup)
    params = jax.jit(encoder.init)(jax.random.key(0), observation, goal)["params"]

    def by_look_up(params):
        return encoder.apply({"params": params}, observation, goal)

    def by_dense(params):
        kernel, bias = to_dense(params)
        return jnp.concatenate([spec.expand(observation), goal], axis=-1) @ kernel + bias

    np.testing.assert_allclose(by_look_up(params), by_dense(params), atol=1e-5)
    weights = jax.random.normal(jax.random.key(2), (12, 8))
    gradients = [jax.jit(jax.grad(lambda p, f=f: jnp.sum(f(p) * weights)))(params) for f in (by_look_up, by_dense)]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), *gradients)


def test_whole_rollouts_are_multiplied_on_an_accelerator_as_bytes_with_the_same_values_and_gradients():
    seen = jax.tree.map(lambda x: x.reshape(3, 4, *x.shape[1:]), observations(12))
    goal, encoder = jax.random.normal(jax.random.key(1), (4, 6)), Encoder(SPEC, 8, "onehot")
    params = jax.jit(encoder.init)(jax.random.key(0), seen, goal)["params"]
    weights = jax.random.normal(jax.random.key(2), (3, 4, 8))

    def total(params):
        return jnp.sum(encoder.apply({"params": params}, seen, goal) * weights)

    found = []
    for accelerator in (False, True):
        with written_for(accelerator=accelerator):
            traced = jax.make_jaxpr(jax.grad(total))(params)
            assert (re.search(r"i8\[\d+,3,4\]", str(traced)) is not None) is accelerator
            found.append(jax.jit(jax.value_and_grad(lambda p: total(p)))(params))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), *found)


@pytest.mark.parametrize("lookup", ["rows", "onehot"])
@pytest.mark.parametrize("spec", [SPEC, UNBOUNDED], ids=["bounded", "unbounded"])
def test_cells_embedded_by_look_up_equal_their_channels_times_the_table(spec, lookup):
    observation, goal = observations(12), jax.random.normal(jax.random.key(1), (12, 6))
    encoder = CellEncoder(spec, 8, 3, lookup)
    params = jax.jit(encoder.init)(jax.random.key(0), observation, goal)["params"]

    def by_look_up(params):
        return encoder.apply({"params": params}, observation, goal)

    dense = jnp.stack([jnp.array(dense_by_hand(observation, n)) for n in range(12)])

    def by_hand(params):
        channels, scalars = dense[:, :-4].reshape(12, 6, 30), dense[:, -4:]
        cells = (channels @ params["table"]).reshape(12, -1)
        return jnp.concatenate([cells, scalars, goal], axis=-1) @ params["kernel"] + params["bias"]

    np.testing.assert_allclose(by_look_up(params), by_hand(params), atol=1e-5)
    weights = jax.random.normal(jax.random.key(2), (12, 8))
    gradients = [jax.jit(jax.grad(lambda p, f=f: jnp.sum(f(p) * weights)))(params) for f in (by_look_up, by_hand)]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), *gradients)


@pytest.mark.fast
def test_the_converter_goes_both_ways_and_refuses_another_game():
    kernel = jnp.arange((SPEC.dense_size + 6) * 2.0).reshape(-1, 2)
    back, bias = to_dense(from_dense(kernel, jnp.ones(2), SPEC))
    np.testing.assert_array_equal(back, kernel)
    np.testing.assert_array_equal(bias, jnp.ones(2))
    with pytest.raises(ConfigError, match="rows; this observation needs"):
        from_dense(kernel[1:], jnp.ones(2), SPEC)


@pytest.mark.slow
def test_set_bits_finds_every_bit_in_order():
    rng = np.random.default_rng(0)
    groups = np.zeros((40, 9, 2), np.uint8)
    for n in range(40):
        for _ in range(n % 8):
            groups[n, rng.integers(9), rng.integers(2)] |= 1 << rng.integers(8)
    found = np.array(set_bits(jnp.array(groups), 7))
    for n in range(40):
        bits = np.flatnonzero(np.unpackbits(groups[n].reshape(-1), bitorder="little"))
        assert list(found[n]) == [*bits, *[144] * (7 - len(bits))]


@pytest.mark.slow
def test_an_absent_row_adds_nothing_and_gets_no_gradient():
    table = jnp.arange(6.0).reshape(3, 2)
    index = jnp.array([[0, 3], [2, 2]])
    for lookup in ("rows", "onehot"):
        np.testing.assert_array_equal(sum_rows(table, index, lookup), [[0, 1], [8, 10]])
        gradient = jax.grad(lambda t, way=lookup: sum_rows(t, index, way).sum())(table)
        np.testing.assert_array_equal(gradient, [[1, 1], [0, 0], [2, 2]])


SHARED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from dicode.accelerator import written_for
from dicode.agent.cells import CellEncoder
from dicode.agent.encoder import Encoder
from dicode.agent.lookup import set_bits, sum_rows
from dicode.agent.spec import Category, ObservationSpec, PlainObservation

def dense(table, groups, weights):
    return (sum_rows(table, set_bits(groups, 5), "rows") * weights).sum()

spec = ObservationSpec((1, 3), (Category(9, 0), Category(4, 9)), 1, 4, 0)
structured, plain = CellEncoder(spec, 8, 8, "rows"), Encoder(spec, 8, "onehot")

def cells(table, groups, weights):
    kernel = jnp.ones((25, 8)).at[::2].set(-1)
    params = {"params": {"table": table[:13], "kernel": kernel, "bias": jnp.zeros(8)}}
    seen = PlainObservation(groups[..., None, :, :], weights[..., :1])
    return (structured.apply(params, seen, jnp.zeros((1, 0))) * weights).sum()

def multiplied(table, groups, weights):
    kernel = {"cells": table[:39], "scalars": table[39:], "conditioning": table[:0]}
    seen = PlainObservation(groups[..., None, :, :], weights[..., :1])
    with written_for(accelerator=True):
        answer = plain.apply({"params": {"kernel": kernel, "bias": jnp.zeros(8)}}, seen, jnp.zeros((6, 0)))
    return (answer * weights).sum()

mesh = Mesh(jax.devices(), ("env",))
groups = (jax.random.bits(jax.random.key(0), (4, 6, 3, 2), jnp.uint8) & 9).at[0, 3].set(255)
table, weights = (jax.random.normal(jax.random.key(n), s) for n, s in enumerate([(40, 8), (4, 6, 8)], 1))
own = [table, groups, weights]
groups, weights = (jax.device_put(x, NamedSharding(mesh, PartitionSpec(None, "env"))) for x in (groups, weights))
table = jax.device_put(table, NamedSharding(mesh, PartitionSpec()))
for loss in (dense, cells, multiplied):
    alone = jax.jit(jax.value_and_grad(loss))(*own)
    program = jax.jit(jax.value_and_grad(loss)).lower(table, groups, weights).compile()
    for here, there in zip(alone, program(table, groups, weights)):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5)
    assert np.abs(alone[1]).sum() > 0
    assert "all-gather" not in program.as_text(), f"{loss.__name__}: each device has the samples of all"
    assert program.as_text().count("all-reduce(") <= 2, "gradients are summed once, not column by column"
"""


@pytest.mark.slow
def test_each_device_looks_up_the_rows_of_its_own_environments():
    two = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", SHARED], env=two, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.fast
def test_channels_that_overlap_are_refused():
    with pytest.raises(ConfigError, match="is needed once"):
        ObservationSpec((1, 1), (Category(3, 0), Category(3, 2)), 0, 2, 0)
