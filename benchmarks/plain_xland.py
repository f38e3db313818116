"""Training in XLand-MiniGrid as its package suggests, written plainly: the environment that resets itself, PPO, one program.

The package's wheel holds no training example. This is its recipe with a network of our size: the environment under the
package's own wrappers (a reset on the step that ends an episode; direction, goal and productions in the observation),
one-hot bytes through a dense layer, an LSTM that a done clears, PPO over whole sequences, rollout and update in one jit.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from xminigrid.envs.xland import XLandMiniGrid
from xminigrid.types import RuleSet
from xminigrid.wrappers import DirectionObservationWrapper, GymAutoResetWrapper, RulesAndGoalsObservationWrapper

from dicode.games.xland.levels.names import SIZE
from dicode.games.xland.levels.tasks import random_task
from dicode.learner.types import PpoConfig


class Network(nn.Module):
    width: int
    actions: int

    @nn.compact
    def __call__(self, carry: Any, seen: jax.Array, done: jax.Array) -> tuple[Any, jax.Array, jax.Array]:
        carry = jax.tree.map(lambda part: jnp.where(done[:, None], 0.0, part), carry)
        x = nn.relu(nn.Dense(self.width)(seen))
        carry, x = nn.OptimizedLSTMCell(self.width)(carry, x)
        logits = nn.Dense(self.actions)(nn.relu(nn.Dense(self.width)(nn.relu(nn.Dense(self.width)(x)))))
        value = nn.Dense(1)(nn.relu(nn.Dense(self.width)(nn.relu(nn.Dense(self.width)(x)))))
        return carry, logits, value[..., 0]


class Step(NamedTuple):
    seen: jax.Array
    begins: jax.Array
    action: jax.Array
    log_prob: jax.Array
    value: jax.Array
    reward: jax.Array
    done: jax.Array


def environment(num_envs: int) -> tuple[Any, Any, Any]:
    """(environment, parameters with a task for each environment, which of their leaves lead with the environments)."""
    env = RulesAndGoalsObservationWrapper(DirectionObservationWrapper(GymAutoResetWrapper(XLandMiniGrid())))
    rng = np.random.default_rng(0)
    drawn = [random_task(rng) for _ in range(num_envs)]
    things = np.zeros((num_envs, max(len(task.things) for task in drawn), 2), np.uint8)
    for row, task in zip(things, drawn, strict=True):
        row[: len(task.things)] = [what.code for what in task.things]
    tasks = RuleSet(
        goal=jnp.asarray(np.stack([task.goal.code for task in drawn])),
        rules=jnp.asarray(np.stack([task.rules.codes for task in drawn])),
        init_tiles=jnp.asarray(things),
    )
    params = env.default_params(height=SIZE, width=SIZE, grid_type="R4", view_size=5, ruleset=tasks)
    return env, params, jax.tree.map(lambda leaf: 0, params)


def flat(seen: dict[str, jax.Array]) -> jax.Array:
    """[E, features]: every byte one-hot, then the direction."""
    bytes_ = [seen[name].reshape(len(seen[name]), -1) for name in ("img", "goal_encoding", "rule_encoding")]
    hot = jax.nn.one_hot(jnp.concatenate(bytes_, axis=1), 16)
    return jnp.concatenate([hot.reshape(len(hot), -1), seen["direction"]], axis=1)


def trainer(num_envs: int, width: int, config: PpoConfig) -> tuple[Any, Any]:
    """(state, program): `program(state, key)` is one rollout and its update, and returns the next state."""
    env, params, rows = environment(num_envs)
    network, tx = Network(width, env.num_actions(params)), optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))
    step_all = jax.vmap(env.step, in_axes=(rows, 0, 0))
    first = jax.jit(jax.vmap(env.reset, in_axes=(rows, 0)))(params, jax.random.split(jax.random.key(0), num_envs))
    blank = (jnp.zeros((num_envs, width)), jnp.zeros((num_envs, width)))
    fresh = jnp.ones(num_envs, bool)
    weights = network.init(jax.random.key(1), blank, flat(first.observation), fresh)

    def play(weights: Any, carry: Any, key: jax.Array) -> tuple[Any, Step]:
        now, memory, begins = carry
        seen = flat(now.observation)
        memory, logits, value = network.apply(weights, memory, seen, begins)
        action = jax.random.categorical(key, logits)
        log_prob = jnp.take_along_axis(jax.nn.log_softmax(logits), action[:, None], 1)[:, 0]
        after = step_all(params, now, action)
        return (after, memory, after.last()), Step(seen, begins, action, log_prob, value, after.reward, after.last())

    def advantages(taken: Step, last: jax.Array) -> jax.Array:
        def back(carry: Any, now: Step) -> Any:
            running, following = carry
            alive = 1.0 - now.done
            delta = now.reward + config.gamma * following * alive - now.value
            running = delta + config.gamma * config.gae_lambda * alive * running
            return (running, now.value), running

        return jax.lax.scan(back, (jnp.zeros_like(last), last), taken, reverse=True)[1]

    def loss(weights: Any, memory: Any, taken: Step, advantage: jax.Array) -> jax.Array:
        def unroll(memory: Any, now: Step) -> Any:
            memory, logits, value = network.apply(weights, memory, now.seen, now.begins)
            return memory, (logits, value)

        _, (logits, value) = jax.lax.scan(unroll, memory, taken)
        target, centred = advantage + taken.value, (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        log_probs = jax.nn.log_softmax(logits)
        ratio = jnp.exp(jnp.take_along_axis(log_probs, taken.action[..., None], -1)[..., 0] - taken.log_prob)
        surrogate = jnp.minimum(ratio * centred, jnp.clip(ratio, 1 - config.clip, 1 + config.clip) * centred)
        entropy = -(jnp.exp(log_probs) * log_probs).sum(-1)
        return (config.value * (value - target) ** 2 - surrogate - config.entropy * entropy).mean()

    def program(state: Any, key: jax.Array) -> Any:
        weights, opt, carry = state
        act, shuffle = jax.random.split(key)
        before = carry[1]
        carry, taken = jax.lax.scan(
            lambda c, k: play(weights, c, k), carry, jax.random.split(act, config.rollout_steps)
        )
        last = network.apply(weights, carry[1], flat(carry[0].observation), carry[2])[2]
        advantage = advantages(taken, last)

        def learn(held: Any, envs: jax.Array) -> Any:
            weights, opt = held
            parts = jax.tree.map(lambda x: x[:, envs], (taken, advantage))
            slope = jax.grad(loss)(weights, jax.tree.map(lambda x: x[envs], before), *parts)
            change, opt = tx.update(slope, opt)
            return (optax.apply_updates(weights, change), opt), None

        order = jax.random.permutation(shuffle, num_envs).reshape(config.minibatches, -1)
        (weights, opt), _ = jax.lax.scan(learn, (weights, opt), jnp.tile(order, (config.epochs, 1)))
        return weights, opt, carry

    state = (weights, tx.init(weights), (first, blank, fresh))
    return state, jax.jit(program)
