"""The exported policy is the run's agent: through episodes that end, for any number of environments."""

import errno
import os
import subprocess
import sys

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.adapters import policy
from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, RecurrentConfig
from dicode.agent.spec import PlainObservation
from dicode.errors import RunError

SMALL = {
    "gtrxl": GtrxlConfig(width=8, heads=2, qkv=8, layers=1, memory=4, window=4, head_hidden=8, lookup="onehot"),
    "lstm": RecurrentConfig(kind="lstm", width=8, layers=1, head_hidden=8, lookup="onehot"),
}
STEPS = 7


@pytest.fixture(scope="module")
def spec():
    """A small view with a category and bits; the goal is three numbers."""
    from dicode.agent.spec import Bits, Category, ObservationSpec

    return ObservationSpec(
        cells=(2, 3),
        channels=(Category(3, 0), Bits(4, 3)),
        scalars=2,
        num_actions=5,
        conditioning=3,
    )


def played(spec, envs: int, seed: int = 0):
    """[T, E] observations, goals [E, C], and where episodes end."""
    rng = np.random.default_rng(seed)
    cells = np.stack(
        [rng.integers(0, 4, (STEPS, envs, *spec.cells)), rng.integers(0, 16, (STEPS, envs, *spec.cells))], -1
    )
    seen = PlainObservation(jnp.asarray(cells, jnp.uint8), jnp.asarray(rng.normal(size=(STEPS, envs, 2)), jnp.float32))
    return seen, jnp.asarray(rng.random((envs, 3)), jnp.float32), jnp.asarray(rng.random((STEPS, envs)) < 0.3)


def test_a_dense_observation_is_made_compact_again(spec):
    seen, _, _ = played(spec, 4)
    again = policy.compact(spec, spec.expand(seen))
    np.testing.assert_array_equal(spec.expand(again), spec.expand(seen))
    np.testing.assert_array_equal(again.cells, seen.cells)


@pytest.mark.parametrize("kind", SMALL)
def test_the_file_says_what_the_agent_says(kind, spec):
    agent = make_agent(spec, SMALL[kind])
    params = agent.init(jax.random.PRNGKey(1))
    found = policy.policy(agent, params)
    exported = jax.export.deserialize(bytearray(policy.serialise(found, spec)))
    assert set(exported.platforms) == set(policy.PLATFORMS)
    act, call = jax.jit(agent.act), jax.jit(exported.call)
    for envs in (3, 2):
        seen, goal, done = played(spec, envs, seed=envs)
        cache = agent.begin(params, agent.initial_memory(envs))
        memory = [jnp.zeros((envs, *m.shape[1:]) if m.shape else (), m.dtype) for m in found.memory]
        fresh = jnp.ones(envs, bool)
        for t in range(STEPS):
            now = jax.tree.map(lambda leaf, t=t: leaf[t], seen)
            output, cache = act(params, cache, now, goal)
            cache = agent.forget(cache, done[t])
            logits, value, *memory = call(spec.expand(now), goal, fresh, *memory)
            fresh = done[t]
            np.testing.assert_allclose(logits, output.logits, atol=1e-5)
            np.testing.assert_allclose(value, output.value, atol=1e-5)


@pytest.mark.long
def test_the_program_plays_the_packages_environment(finished_run, tmp_path):
    """Twenty lines that import jax and craftax alone."""
    from dicode.cli import main

    assert main(["export", str(finished_run.path), "-o", str(tmp_path / "policy")]) == 0
    program = tmp_path / "policy" / "play.py"
    code = [line for line in program.read_text().splitlines() if line.strip()]
    assert len(code) <= 26
    assert "dicode" not in program.read_text().replace("import", "")
    done = subprocess.run([sys.executable, str(program), "20"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("20 steps of 8 environments: reward ")


@pytest.mark.fast
@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_no_half_of_a_policy(tmp_path, monkeypatch, there):
    folder, full = tmp_path / "policy", OSError(errno.ENOSPC, "No space left on device")
    if there:
        folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(full))
        with pytest.raises(RunError, match=r"cannot write to .*/policy: No space left on device; free some space"):
            policy._put(folder, b"function", {"format": 1})
    assert list(tmp_path.rglob("*")) == [folder] * there
    policy._put(folder, b"function", {"format": 1})
    assert {path.name for path in folder.iterdir()} == {policy.POLICY, policy.MANIFEST, policy.PROGRAM}
    assert list(tmp_path.iterdir()) == [folder]
