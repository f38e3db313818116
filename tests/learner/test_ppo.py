"""One update equals PPO written plainly: loops, own optimiser, means over what has weight."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cue import CueEnv, agent_of

from dicode.errors import ConfigError
from dicode.learner import ppo, rollout, schedule, update
from dicode.learner.types import PpoConfig, Trajectory

CONFIG = PpoConfig(rollout_steps=16, epochs=2, minibatches=2, max_grad_norm=0.05, clip=0.001, strata=2)
RATE = 1e-2
KEY = jnp.array([1, 2], jnp.uint32)
SMALL = {"width": 8, "layers": 1, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": 6, "window": 8}


@cache
def played(kind: str):
    """An agent, a learner, and the second rollout of two levels of which one gives no gradient."""
    agent, env = agent_of(kind, SMALL), CueEnv(8, delay=3)

    @jax.jit
    def play():
        learner = update.init(agent, CONFIG, KEY, schedule.linear(RATE, 0.0, 0, 10))
        carry = rollout.start(agent, env, KEY, env.batch())
        carry, _, _ = rollout.rollout(agent, env, CONFIG, learner.params, carry, env.batch(), KEY)
        batch = env.batch(train=(True, False))
        return learner, rollout.rollout(agent, env, CONFIG, learner.params, carry, batch, KEY + 1)[1]

    return agent, *play()


@cache
def compiled_update(kind: str):
    return jax.jit(partial(update.update, played(kind)[0], CONFIG))


def plain_loss(agent, params, t, envs):
    """The loss over all steps of the environments `envs`."""
    logits, values = agent.unroll(params, t.memory, t.observation, t.conditioning, t.record, t.done)
    logits, values, action, log_prob, old, target, advantage = (
        x[:, envs] for x in (logits, values, t.action, t.log_prob, t.value, t.target, t.advantage)
    )
    probs = jax.nn.softmax(logits)
    ratio = jnp.take_along_axis(probs, action[..., None], -1)[..., 0] / jnp.exp(log_prob)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    surrogate = jnp.minimum(ratio * advantage, jnp.clip(ratio, 0.999, 1.001) * advantage)
    moved = old + jnp.clip(values - old, -0.001, 0.001)
    value = 0.5 * jnp.maximum((values - target) ** 2, (moved - target) ** 2)
    entropy = -(probs * jnp.log(probs)).sum(-1)
    return (-surrogate + 0.5 * value - 0.002 * entropy).mean()


@jax.jit
def plain_adam(params, gradient, first, second, step):
    norm = jnp.sqrt(sum((g**2).sum() for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g * jnp.minimum(1.0, CONFIG.max_grad_norm / norm), gradient)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, gradient)
    scale = 1 - 0.9**step, 1 - 0.999**step
    move = jax.tree.map(lambda m, v: (m / scale[0]) / (jnp.sqrt(v / scale[1]) + 1e-5), first, second)
    return jax.tree.map(lambda p, d: p - RATE * d, params, move), first, second


def test_loss_and_gradient_equal_those_of_plain_ppo():
    # Adam's steps do not feel the scale of a loss, so that an update alone would not show it.
    agent, learner, trajectory = played("lstm")
    trajectory = trajectory.replace(log_prob=trajectory.log_prob + 0.3 * jnp.sin(jnp.arange(16.0))[:, None],
                                    value=trajectory.value + 0.1)  # fmt: skip
    found = jax.jit(partial(ppo.loss_and_gradient, agent, CONFIG))(learner.params, trajectory)
    (value, metrics), gradient = found
    expected, slope = jax.jit(jax.value_and_grad(partial(plain_loss, agent)))(learner.params, trajectory, np.arange(4))
    assert float(metrics["clip_fraction"]) > 0
    assert abs(float(value)) > 0.05
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)
    largest = max(float(jnp.abs(x).max()) for x in jax.tree.leaves(slope))
    assert largest > 0.1
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-6), gradient, slope)


def test_metrics_and_explained_variance_are_those_of_what_has_weight():
    _, learner, trajectory = played("lstm")
    metrics = compiled_update("lstm")(learner, trajectory, KEY)[1]
    target, value = (np.asarray(x[:, :4], np.float64) for x in (trajectory.target, trajectory.value))
    expected = 1 - np.var(target - value) / np.var(target)
    assert float(metrics["explained_variance"]) == pytest.approx(expected, abs=1e-4)
    assert float(metrics["trained"]) == 1.0
    whole = 1 - np.var(trajectory.target - trajectory.value) / np.var(trajectory.target)
    assert abs(float(whole) - expected) > 1e-3, "the untrained half differs"


def test_minibatches_without_weight_are_left_out_of_the_metrics():
    _, learner, trajectory = played("lstm")
    # One environment of eight trains: in each epoch it is in one of the two minibatches.
    one = trajectory.replace(weight=jnp.zeros(8).at[1].set(1.0))
    metrics = compiled_update("lstm")(learner, one, KEY)[1]
    assert float(metrics["trained"]) == 0.5
    assert float(metrics["entropy"]) > 0.9, "the mean over three actions, not half of it"
    nothing = compiled_update("lstm")(learner, trajectory.replace(weight=jnp.zeros(8)), KEY)[1]
    assert float(nothing["trained"]) == 0.0
    assert float(nothing["learning_rate"]) == pytest.approx(RATE)
    assert all(np.isnan(float(nothing[name])) for name in nothing if name not in ("trained", "learning_rate"))


@pytest.mark.parametrize("kind", ["lstm", "gtrxl"])
def test_an_update_equals_plain_ppo(kind):
    agent, learner, trajectory = played(kind)
    after, metrics = compiled_update(kind)(learner, trajectory, KEY)
    params, zero = learner.params, jax.tree.map(jnp.zeros_like, learner.params)
    first, second = zero, zero
    gradient = jax.jit(jax.grad(partial(plain_loss, agent)))
    for step, index in enumerate(np.array(update.minibatches(KEY, 8, 2, CONFIG)), start=1):
        envs = [4 * stratum + int(i) for stratum, part in enumerate(index) for i in part]
        trained = np.array([e for e in envs if e < 4])
        params, first, second = plain_adam(params, gradient(params, trajectory, trained), first, second, step)
    moved = max(
        float(jnp.abs(a - b).max()) for a, b in zip(*map(jax.tree.leaves, (params, learner.params)), strict=True)
    )
    assert moved > 1e-2
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-3), after.params, params)
    assert float(metrics["learning_rate"]) == pytest.approx(RATE)


@pytest.mark.fast
def test_every_environment_is_drawn_once_an_epoch_and_evenly_from_the_strata():
    config = PpoConfig(epochs=3, minibatches=4)
    index = np.array(update.minibatches(KEY, 32, 4, config)).reshape(3, 4, 4, 2)
    for epoch in index:
        for stratum in range(4):
            assert sorted(epoch[:, stratum].reshape(-1)) == list(range(8))
    assert (index[0] != index[1]).any()
    with pytest.raises(ConfigError, match="30 environments do not divide into 4"):
        update.num_strata(30, config)


@pytest.mark.fast
@pytest.mark.parametrize("width", [2, 0])
def test_a_minibatch_is_taken_stratum_by_stratum_whatever_the_width_of_the_conditioning(width):
    steps, envs = np.arange(3), np.arange(8)
    by_step, by_env = jnp.asarray(steps[:, None] * 10 + envs), jnp.asarray(envs)
    names = ("observation", "action", "log_prob", "value", "reward", "done", "advantage", "target", "record")
    told = jnp.broadcast_to(by_env[:, None], (8, width))
    whole = Trajectory(**dict.fromkeys(names, by_step), memory=by_env, weight=by_env, conditioning=told)
    part = update.take(whole, jnp.array([[1, 3], [0, 2]]))
    assert part.memory.tolist() == [1, 3, 4, 6]
    assert part.reward.tolist() == [[1, 3, 4, 6], [11, 13, 14, 16], [21, 23, 24, 26]]
    assert part.conditioning.tolist() == [[env] * width for env in (1, 3, 4, 6)]


@pytest.mark.parametrize("kind", ["lstm", "gtrxl"])
def test_gradients_equal_finite_differences(kind):
    config = PpoConfig(rollout_steps=16, clip=10.0)
    agent, learner, trajectory = played(kind)
    value = jax.jit(lambda p: ppo.loss(agent, config, p, trajectory)[0])
    gradient = jax.jit(jax.grad(value))(learner.params)
    leaves, tree = jax.tree.flatten(learner.params)
    for seed in range(3):
        keys = jax.random.split(jax.random.key(seed), len(leaves))
        way = [jax.random.normal(k, leaf.shape) for k, leaf in zip(keys, leaves, strict=True)]
        way = jax.tree.unflatten(tree, way)
        ends = [float(value(jax.tree.map(lambda p, w, s=s: p + s * 1e-4 * w, learner.params, way))) for s in (1, -1)]
        expected = sum(float((g * w).sum()) for g, w in zip(*map(jax.tree.leaves, (gradient, way)), strict=True))
        assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(expected, rel=0.05, abs=2e-3)


def test_environments_without_weight_change_nothing():
    _, learner, trajectory = played("lstm")
    step = compiled_update("lstm")
    untrained = trajectory.weight == 0
    other = trajectory.replace(advantage=jnp.where(untrained, 100.0, trajectory.advantage),
                               target=jnp.where(untrained, -100.0, trajectory.target))  # fmt: skip
    one, two = step(learner, trajectory, KEY)[0], step(learner, other, KEY)[0]
    jax.tree.map(np.testing.assert_array_equal, one.params, two.params)
    nothing = trajectory.replace(weight=jnp.zeros_like(trajectory.weight))
    still = step(learner, nothing, KEY)[0]
    jax.tree.map(np.testing.assert_array_equal, still.params, learner.params)
    jax.tree.map(np.testing.assert_array_equal, still.opt_state, learner.opt_state)
