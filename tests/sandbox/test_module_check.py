"""Which compiled hooks are accepted: a golden list of what `jax` lowers to, and what is refused."""

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.sandbox import module_check
from dicode.sandbox.module_check import Bounds, check_module
from dicode.sandbox.module_error import ModuleError

BOUNDS = Bounds(module=2**20, operations=20_000, flops=2e7, tensor=2**22)
GROUP = 4
X, N, KEY = jnp.arange(6.0), jnp.int32(3), jnp.zeros(2, jnp.uint32)


def exported(function, group=GROUP):
    shapes = [jax.ShapeDtypeStruct((group, *a.shape), a.dtype) for a in (X, N, KEY)]
    return jax.export.export(jax.jit(jax.vmap(function)), platforms=["cpu"])(*shapes)


def checked(function, bounds=BOUNDS):
    return check_module(exported(function).mlir_module_serialized, GROUP, bounds)


ACCEPTED = {
    "jax.random.split": lambda x, n, k: jax.random.split(k),
    "jax.random.fold_in": lambda x, n, k: jax.random.fold_in(k, n),
    "jax.random.bits": lambda x, n, k: jax.random.bits(k, (3,)),
    "jax.random.uniform": lambda x, n, k: jax.random.uniform(k, (3,)),
    "jax.random.normal": lambda x, n, k: jax.random.normal(k, (3,)),
    "jax.random.truncated_normal": lambda x, n, k: jax.random.truncated_normal(k, -1.0, 1.0),
    "jax.random.randint": lambda x, n, k: jax.random.randint(k, (3,), 0, 48),
    "jax.random.bernoulli": lambda x, n, k: jax.random.bernoulli(k, 0.3),
    "jax.random.categorical": lambda x, n, k: jax.random.categorical(k, x),
    "jax.random.choice": lambda x, n, k: jax.random.choice(k, x),
    "jax.random.choice without replacement": lambda x, n, k: jax.random.choice(k, x, (3,), replace=False),
    "jax.random.choice by weight": lambda x, n, k: jax.random.choice(k, 6, p=x / x.sum()),
    "jax.random.permutation": lambda x, n, k: jax.random.permutation(k, x),
    "jax.random.exponential": lambda x, n, k: jax.random.exponential(k),
    "jax.random.gumbel": lambda x, n, k: jax.random.gumbel(k, (3,)),
    "jax.random.key": lambda x, n, k: jax.random.uniform(jax.random.key(3)) + x,
    "argsort": lambda x, n, k: jnp.argsort(x),
    "sort": lambda x, n, k: jnp.sort(x)[::-1],
    "searchsorted": lambda x, n, k: jnp.searchsorted(x, 2.5),
    "median and quantile": lambda x, n, k: jnp.median(x) + jnp.quantile(x, 0.3),
    "top_k": lambda x, n, k: jax.lax.top_k(x, 2),
    "scan": lambda x, n, k: jax.lax.scan(lambda c, v: (c + v, c * v), 0.0, x),
    "scan backwards": lambda x, n, k: jax.lax.scan(lambda c, v: (c + v, None), 0.0, x, reverse=True),
    "nested scans": lambda x, n, k: jax.lax.scan(
        lambda c, v: (jax.lax.scan(lambda d, w: (d * w, None), c, x)[0], v), 0.0, x
    ),
    "fori_loop": lambda x, n, k: jax.lax.fori_loop(0, 7, lambda i, c: c + i * x.sum(), 0.0),
    "fori_loop from 3": lambda x, n, k: jax.lax.fori_loop(3, 11, lambda i, c: c + x[i % 6], 0.0),
    "jax.lax.map": lambda x, n, k: jax.lax.map(lambda v: v * 2, x),
    "associative_scan": lambda x, n, k: jax.lax.associative_scan(jnp.add, x),
    "cond": lambda x, n, k: jax.lax.cond(n > 2, lambda v: v * 2, lambda v: v, x),
    "switch": lambda x, n, k: jax.lax.switch(n, [lambda v: v, lambda v: v * 2, lambda v: v + 1], x),
    "select": lambda x, n, k: jnp.select([x > 3, x > 1], [x, -x], 0.0),
    "cumsum and cummax": lambda x, n, k: jnp.cumsum(x) + jax.lax.cummax(x),
    "at set, add, get": lambda x, n, k: x.at[n].set(3.0).at[n + 1].add(1.0)[n],
    "dynamic slices": lambda x, n, k: jax.lax.dynamic_slice(x, (n,), (2,)),
    "take and where": lambda x, n, k: jnp.where(x > 2, jnp.take(x, n), 0.0),
    "argmax and any": lambda x, n, k: (jnp.argmax(x), jnp.any(x > 3), jnp.all(x > 3)),
    "nonzero of fixed size": lambda x, n, k: jnp.nonzero(x > 2, size=3),
    "matrix product": lambda x, n, k: jnp.outer(x, x) @ x,
    "convolution": lambda x, n, k: jnp.convolve(x, jnp.ones(3)),
    "2d convolution": lambda x, n, k: jax.scipy.signal.convolve2d(jnp.outer(x, x), jnp.ones((3, 3)), mode="same"),
    "reduce_window": lambda x, n, k: jax.lax.reduce_window(x, 0.0, jax.lax.add, (3,), (1,), "SAME"),
    "roll, flip, pad": lambda x, n, k: jnp.pad(jnp.roll(jnp.flip(x), 2), 1),
    "norm, mean, std": lambda x, n, k: jnp.linalg.norm(x) + x.mean() + x.std(),
    "erf, exp, log, tanh": lambda x, n, k: jax.scipy.special.erf(x) + jnp.exp(x) + jnp.log1p(x) + jnp.tanh(x),
    "softmax, sigmoid, relu": lambda x, n, k: jax.nn.softmax(x) + jax.nn.sigmoid(x) + jax.nn.relu(x),
    "bits": lambda x, n, k: (n << 2) ^ (n >> 1) | jax.lax.population_count(n),
    "integer division": lambda x, n, k: n // 3 + n % 5 + jnp.float32(n) ** 2,
    "nan_to_num": lambda x, n, k: jnp.nan_to_num(x / 0.0),
    "interp": lambda x, n, k: jnp.interp(0.3, x, x),
    "unique of fixed size": lambda x, n, k: jnp.unique(x, size=3),
    "distance map by relaxation": lambda x, n, k: jax.lax.fori_loop(
        0, 20, lambda i, d: jnp.minimum(d, jnp.roll(d, 1) + 1), x
    ),
}

REFUSED = {
    "while on data": (lambda x, n, k: jax.lax.while_loop(lambda c: c < x[1], lambda c: c + 1, 0.0), "depends on data"),
    "while on a counter against data": (lambda x, n, k: jax.lax.while_loop(lambda c: c < n, lambda c: c + 1, 0), "depends on data"),
    "while True": (lambda x, n, k: jax.lax.while_loop(lambda c: True, lambda c: c + 1, n), "depends on data"),
    "a counter that stands still": (lambda x, n, k: jax.lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0], c[1] + x[0]), (0, 0.0)), "depends"),
    "a counter that goes down": (lambda x, n, k: jax.lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0] - 1, c[1] + x[0]), (0, 0.0)), "depends"),
    "a counter that doubles": (lambda x, n, k: jax.lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0] * 2, c[1] + x[0]), (0, 0.0)), "depends"),
    "a counter that starts at data": (lambda x, n, k: jax.lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0] + 1, c[1] + x[0]), (n, 0.0)), "depends"),
    "a bound that moves": (lambda x, n, k: jax.lax.while_loop(lambda c: c[0] < c[1], lambda c: (c[0] + 1, c[1] + 1), (0, 9)), "depends"),
    "fori_loop to data": (lambda x, n, k: jax.lax.fori_loop(0, n, lambda i, c: c + i, 0), "depends on data"),
    "a random gamma": (lambda x, n, k: jax.random.gamma(k, 1.0), "depends on data"),
    "too many turns": (lambda x, n, k: jax.lax.fori_loop(0, 5000, lambda i, c: c + i * x[0], 0.0), "operations a step"),
    "two million turns": (lambda x, n, k: jax.lax.fori_loop(0, 2_000_000, lambda i, c: c + i * x[0], 0.0), "2000000 turns"),
    "turns in turns": (
        lambda x, n, k: jax.lax.fori_loop(0, 99, lambda i, c: jax.lax.fori_loop(0, 99, lambda j, d: d + x[0], c), 0.0),
        "operations a step",
    ),
    "a great array": (lambda x, n, k: (jnp.zeros((2000, 2000)) + x[0]).sum(), "too large"),
    "a costly product": (lambda x, n, k: ((jnp.ones((600, 600)) * x[0]) @ (jnp.ones((600, 600)) * x[1])).sum(), "operations a step"),
    "a linear solver": (lambda x, n, k: jnp.linalg.inv(jnp.outer(x, x)), "custom_call"),
    "a Fourier transform": (lambda x, n, k: jnp.fft.fft(x).real, "complex"),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_plain_array_code_is_accepted(name):
    module, flops = checked(ACCEPTED[name])
    assert 0 < flops < 1e6
    assert len(module) < BOUNDS.module


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_end_or_costs_too_much_is_refused(name):
    function, said = REFUSED[name]
    with pytest.raises(ModuleError, match=said):
        checked(function)


def test_a_host_callback_is_refused_by_name():
    def shout(x, n, k):
        return jax.pure_callback(
            lambda v: np.asarray(v), jax.ShapeDtypeStruct((6,), "float32"), x, vmap_method="sequential"
        )

    shapes = [jax.ShapeDtypeStruct((GROUP, *a.shape), a.dtype) for a in (X, N, KEY)]
    text = jax.jit(jax.vmap(shout)).lower(*shapes).compiler_ir("stablehlo")
    with pytest.raises(ModuleError, match=r"sdy.mesh|custom_call"):
        module_check._walk_module(text, GROUP, BOUNDS)


def test_a_module_is_written_anew_without_its_source_locations():
    original = exported(lambda x, n, k: jnp.sort(x) * 2)
    module, _ = check_module(original.mlir_module_serialized, GROUP, BOUNDS)
    assert b"test_module_check" in original.mlir_module_serialized
    assert b"test_module_check" not in module


def test_what_was_written_anew_computes_the_same():
    import dataclasses

    original = exported(lambda x, n, k: jax.random.permutation(k, x) + jnp.argsort(-x) * n)
    module, _ = check_module(original.mlir_module_serialized, GROUP, BOUNDS)
    again = dataclasses.replace(original, mlir_module_serialized=module)
    values = (
        np.random.default_rng(0).random((GROUP, 6), np.float32),
        np.arange(4, dtype=np.int32),
        np.arange(8, dtype=np.uint32).reshape(4, 2),
    )
    np.testing.assert_array_equal(jax.jit(again.call)(*values), jax.jit(original.call)(*values))


@pytest.mark.parametrize("data", [b"", b"ML\xefR", b"ML\xefR" + bytes(1000), bytes(1000)])
def test_bytes_that_are_no_module_are_refused(data):
    with pytest.raises(ModuleError):
        check_module(data, GROUP, BOUNDS)


TEXTS = {
    "stablehlo.custom_call": "%0 = stablehlo.custom_call @cu(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n return %0 : tensor<4xf32>",
    "stablehlo.create_token": "%t = stablehlo.create_token : !stablehlo.token\n return %arg0 : tensor<4xf32>",
    "stablehlo.all_reduce": (
        '%0 = "stablehlo.all_reduce"(%arg0) ({^bb0(%a: tensor<f32>, %b: tensor<f32>): stablehlo.return %a : tensor<f32>})'
        " {replica_groups = dense<0> : tensor<1x1xi64>} : (tensor<4xf32>) -> tensor<4xf32>\n return %0 : tensor<4xf32>"
    ),
    "call themselves": "%0 = call @main(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n return %0 : tensor<4xf32>",
    "stablehlo.rng_bit_generator": (
        "%s = stablehlo.constant dense<0> : tensor<2xui64>\n"
        "%0, %1 = stablehlo.rng_bit_generator %s, algorithm = DEFAULT : (tensor<2xui64>) -> (tensor<2xui64>, tensor<4xui32>)\n"
        " return %arg0 : tensor<4xf32>"
    ),
    "uses x.y": (
        '%0 = stablehlo.composite "x.y" %arg0 {decomposition = @main} : (tensor<4xf32>) -> tensor<4xf32>\n return %0 : tensor<4xf32>'
    ),
    "annotation mhlo.sharding": '%0 = stablehlo.abs %arg0 {mhlo.sharding = "{replicated}"} : tensor<4xf32>\n return %0 : tensor<4xf32>',
    "stable=False": (
        '%0 = "stablehlo.sort"(%arg0) ({^bb0(%a: tensor<f32>, %b: tensor<f32>):'
        " %t = stablehlo.compare NE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1> stablehlo.return %t : tensor<i1>})"
        " {dimension = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>\n return %0 : tensor<4xf32>"
    ),
    "which is not allowed": "%0 = stablehlo.convert %arg0 : (tensor<4xf32>) -> tensor<4xf8E4M3FN>\n return %arg0 : tensor<4xf32>",
}  # fmt: skip


@pytest.mark.parametrize("what", TEXTS)
def test_a_module_written_by_hand_is_refused_for(what):
    from jaxlib.mlir import ir

    context = jax.jit(lambda x: x).lower(X).compiler_ir("stablehlo").context  # knows every dialect
    with context:
        module = ir.Module.parse(f"func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {{\n {TEXTS[what]}\n}}")
        with pytest.raises(ModuleError, match=what):
            module_check._walk_module(module, GROUP, BOUNDS)
