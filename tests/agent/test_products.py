"""Layers in half precision: on a CPU products alone are narrow, on an accelerator everything is."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.accelerator import written_for
from dicode.agent import products
from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, RecurrentConfig, computing_in
from dicode.agent.spec import Bits, Category, ObservationSpec, PlainObservation

SPEC = ObservationSpec((2, 2), (Category(9, 0), Category(2, 9), Bits(8, 11)), 3, 4, 2, max_set_bits=4)
SIZES = {"width": 16, "layers": 1, "head_hidden": 16}
AGENTS = [
    RecurrentConfig(**SIZES),
    RecurrentConfig(**SIZES, encoder="structured"),
    GtrxlConfig(**SIZES, heads=2, qkv=8, memory=4, window=2),
]
T, E = 4, 3


def narrow(x):
    return x.astype(jnp.bfloat16).astype(jnp.float32)


def drawn(*shapes):
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("lead", [(5,), (2, 3), (2, 3, 4)], ids=str)
def test_a_product_and_its_gradients_are_those_of_the_rounded_operands(lead):
    inputs, kernel, weights = drawn((*lead, 6), (6, 7), (*lead, 7))
    value, pullback = jax.vjp(lambda x, k: products.product(x, k, "bfloat16"), inputs, kernel)
    by_inputs, by_kernel = pullback(weights)
    inputs, kernel, weights = narrow(inputs), narrow(kernel), narrow(weights)
    near = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(value, inputs @ kernel, **near)
    np.testing.assert_allclose(by_inputs, weights @ kernel.T, **near)
    np.testing.assert_allclose(by_kernel, jnp.einsum("...k,...n->kn", inputs, weights), **near)
    assert {value.dtype, by_inputs.dtype, by_kernel.dtype} == {jnp.dtype(jnp.float32)}


@pytest.mark.slow
def test_a_kernels_gradient_over_a_scan_is_that_of_the_rounded_operands():
    inputs, gradient = drawn((T, E, 6), (T, E, 7))
    expected = jnp.einsum("tek,ten->kn", narrow(inputs), narrow(gradient))
    np.testing.assert_allclose(products.outer(inputs, gradient, "bfloat16"), expected, rtol=1e-5, atol=1e-5)


SHARED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from dicode.agent import products
from dicode.cache import enable_compile_cache
enable_compile_cache()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
mesh = Mesh(jax.devices(), ("env",))
inputs, kernel, weights = (jax.random.normal(jax.random.key(n), s) for n, s in enumerate([(4, 6, 8), (8, 16), (4, 6, 16)]))
gradient = jax.jit(jax.grad(lambda k, x, w: (products.product(x, k, "bfloat16") * w).sum()))
alone = gradient(kernel, inputs, weights)
inputs, weights = (jax.device_put(x, NamedSharding(mesh, PartitionSpec(None, "env"))) for x in (inputs, weights))
kernel = jax.device_put(kernel, NamedSharding(mesh, PartitionSpec()))
program = gradient.lower(kernel, inputs, weights).compile()
np.testing.assert_allclose(program(kernel, inputs, weights), alone, rtol=1e-5, atol=1e-5)
assert "all-reduce" in program.as_text()
assert "all-gather" not in program.as_text(), "each device has the samples of all"
"""


@pytest.mark.slow
def test_each_device_turns_its_own_environments_for_a_kernels_gradient(tmp_path):
    two = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    kept = []
    for _ in range(2):
        run = [sys.executable, "-c", SHARED]
        done = subprocess.run(
            run, env=two | {"DICODE_CACHE": str(tmp_path)}, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        kept.append(sorted(path.name for path in tmp_path.rglob("*-cache")))
    assert kept[0]
    assert kept[0] == kept[1], "another process finds what the first has compiled"


@pytest.mark.slow
@pytest.mark.parametrize("accelerator", [False, True])
def test_what_lies_between_products_is_narrow_on_an_accelerator_alone(accelerator):
    with written_for(accelerator=accelerator):
        layer = products.dense(7, "bfloat16")
        params = layer.init(jax.random.key(0), jnp.zeros((1, 6)))
        out = jax.jit(layer.apply)(params, jnp.ones((2, 6)))
        kinds = {
            str(x.aval.dtype) for e in jax.make_jaxpr(layer.apply)(params, jnp.ones((2, 6))).eqns for x in e.outvars
        }
    assert out.dtype == (jnp.bfloat16 if accelerator else jnp.float32)
    assert params["params"]["kernel"].dtype == jnp.float32
    assert ("float32" in kinds) is not accelerator


@pytest.mark.parametrize("config", AGENTS, ids=lambda c: f"{c.kind}-{c.encoder}")
def test_agents_of_half_precision_play_and_learn_alike_and_near_the_exact_one(config):
    rng = np.random.default_rng(0)
    cells = jnp.array(rng.integers(0, 9, (T, E, 2, 2, 3)), jnp.uint8).at[..., 2].set(5)
    seen = PlainObservation(cells, jnp.array(rng.normal(size=(T, E, 3)), jnp.float32))
    goal, done = jnp.array(rng.normal(size=(E, 2)), jnp.float32), jnp.array(rng.random((T, E)) < 0.2)
    params = jax.jit(make_agent(SPEC, config).init)(jax.random.key(0))

    def values(precision):
        agent = make_agent(SPEC, computing_in(config, precision))
        memory = agent.initial_memory(E)

        def step(cache, now):
            output, cache = agent.act(params, cache, now[0], goal)
            return agent.forget(cache, now[1]), (output.value, output.record)

        @jax.jit
        def both():
            played, record = jax.lax.scan(step, agent.begin(params, memory), (seen, done))[1]
            learn = lambda p: agent.unroll(p, memory, seen, goal, record, done)[1]  # noqa: E731
            return played, learn(params), jax.grad(lambda p: learn(p).sum())(params)

        return both()

    played, learnt, gradient = values("bfloat16")
    np.testing.assert_allclose(played, learnt, atol=0.02)
    _, exact, exact_gradient = values("float32")
    np.testing.assert_allclose(learnt, exact, atol=0.1)
    assert float(jnp.abs(learnt - exact).max()) > 0, "nothing was rounded"
    flat, exact_flat = (jnp.concatenate([x.ravel() for x in jax.tree.leaves(g)]) for g in (gradient, exact_gradient))
    cosine = jnp.vdot(flat, exact_flat) / jnp.linalg.norm(flat) / jnp.linalg.norm(exact_flat)
    assert float(cosine) > 0.99
    assert {x.dtype for x in jax.tree.leaves(gradient)} == {jnp.dtype(jnp.float32)}
