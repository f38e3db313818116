"""Every gate's matrix has the gain it is meant to have, although the gates of a cell lie side by side in one kernel."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.agent.initialisers import side_by_side, trunk
from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, RecurrentConfig
from dicode.agent.spec import Category, ObservationSpec

pytestmark = pytest.mark.fast
SPEC = ObservationSpec((2, 1), (Category(9, 0),), 3, 4, 2)
SIZES = {"width": 12, "layers": 2, "head_hidden": 8}


def kernels(kind: str, **options) -> dict[str, np.ndarray]:
    if kind == "gtrxl":
        config = GtrxlConfig(**SIZES, heads=2, qkv=8, memory=4, window=4, **options)
    else:
        config = RecurrentConfig(kind, **SIZES)
    params = jax.jit(make_agent(SPEC, config).init)(jax.random.key(0))
    return {jax.tree_util.keystr(path): np.asarray(x) for path, x in jax.tree_util.tree_flatten_with_path(params)[0]}


def gains(kernel: np.ndarray) -> np.ndarray:
    """Singular values of each square block of a kernel of gates."""
    blocks = np.split(kernel, kernel.shape[1] // kernel.shape[0], axis=1)
    return np.concatenate([np.linalg.svd(block, compute_uv=False) for block in blocks])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "gates"), [("gtrxl", "gate_"), ("lstm", "hidden_"), ("gru", "hidden_")])
def test_every_gates_block_has_gain_one(kind, gates):
    found = {name: kernel for name, kernel in kernels(kind).items() if gates in name and kernel.ndim == 2}
    assert len(found) == (2 * 2 * 3 if kind == "gtrxl" else 2)
    for name, kernel in found.items():
        np.testing.assert_allclose(gains(kernel), 1.0, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_one_orthogonal_matrix_cut_into_gates_has_not():
    fused = np.asarray(nn.initializers.orthogonal(1.0)(jax.random.key(0), (64, 192)))
    mean = np.sqrt(np.mean(gains(fused) ** 2))
    assert 0.5 < mean < 0.7
    blocks = np.asarray(side_by_side(nn.initializers.orthogonal(1.0), 3)(jax.random.key(0), (64, 192), jnp.float32))
    assert np.abs(blocks[:, :64] - blocks[:, 64:128]).max() > 0.1, "the gates are drawn one by one"


@pytest.mark.slow
def test_the_released_weights_are_lecun_normal_and_ours_orthogonal():
    ours, theirs = kernels("gtrxl"), kernels("gtrxl", init="lecun")
    name = next(name for name in ours if "feed_0" in name and "kernel" in name)
    np.testing.assert_allclose(np.linalg.svd(ours[name], compute_uv=False), 2**0.5, atol=1e-5)
    assert np.ptp(np.linalg.svd(theirs[name], compute_uv=False)) > 0.5
    wide = np.asarray(trunk("lecun", 2**0.5)(jax.random.key(1), (400, 300), jnp.float32))
    assert wide.std() == pytest.approx(400**-0.5, rel=0.02)
