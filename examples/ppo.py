"""PPO in one file on three levels, over the gymnax interface. Nothing here but `dicode.make` knows of dicode.

    uv run python examples/ppo.py

Each of 64 environments draws one of the levels. The observation is one vector that ends with what the level asks for, so
one network learns all three. About two minutes on two cores, half of it compilation (kept in the cache).
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

import dicode

LEVELS = ("collect_wood", "collect_sapling", "drink_water")
ENVS, STEPS, UPDATES = 64, 32, 48
EPOCHS, MINIBATCHES = 2, 4
GAMMA, LAMBDA, CLIP, ENTROPY = 0.99, 0.9, 0.2, 0.01
HIDDEN = 64

env = dicode.make("Craftax-Levels", levels=LEVELS, episode_limit=64)
reset = jax.vmap(env.reset, in_axes=(0, None))
step = jax.vmap(env.step, in_axes=(0, 0, 0, None))
optimiser = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(1e-3, eps=1e-5))


def init(key):
    """Weights of two hidden layers, of the actor and of the critic."""
    (size,), orthogonal = env.observation_space().shape, jax.nn.initializers.orthogonal
    shapes = {"in": (size, HIDDEN, 1.4), "mid": (HIDDEN, HIDDEN, 1.4), "actor": (HIDDEN, env.num_actions, 0.01),
              "critic": (HIDDEN, 1, 1.0)}  # fmt: skip
    keys = jax.random.split(key, len(shapes))
    return {
        name: (orthogonal(scale)(key, (rows, columns)), jnp.zeros(columns))
        for key, (name, (rows, columns, scale)) in zip(keys, shapes.items(), strict=True)
    }


def network(params, obs):
    """Logits and value."""
    x = obs
    for name in ("in", "mid"):
        x = jnp.tanh(x @ params[name][0] + params[name][1])
    logits, value = (x @ params[name][0] + params[name][1] for name in ("actor", "critic"))
    return logits, value[..., 0]


def log_prob(logits, action):
    """Log-probability of the actions."""
    return jnp.take_along_axis(jax.nn.log_softmax(logits), action[..., None], axis=-1)[..., 0]


def rollout(params, obs, state, levels, key):
    """STEPS steps of every environment: what happened [T, E], and where the environments are."""

    def move(carry, key):
        obs, state = carry
        logits, value = network(params, obs)
        action = jax.random.categorical(key, logits)
        after, state, reward, done, info = step(jax.random.split(key, ENVS), state, action, levels)
        kept = {"obs": obs, "action": action, "value": value, "log_prob": log_prob(logits, action)}
        kept |= {"reward": reward, "done": done, "success": info["success"], "level": info["level"]}
        return (after, state), kept

    (obs, state), seen = jax.lax.scan(move, (obs, state), jax.random.split(key, STEPS))
    return obs, state, seen


def advantages(seen, last):
    """Generalised advantage estimates [T, E]; a time limit counts as an end."""

    def back(carry, now):
        advantage, following = carry
        alive = 1.0 - now["done"]
        delta = now["reward"] + GAMMA * following * alive - now["value"]
        advantage = delta + GAMMA * LAMBDA * alive * advantage
        return (advantage, now["value"]), advantage

    return jax.lax.scan(back, (jnp.zeros(ENVS), last), seen, reverse=True)[1]


def loss(params, batch):
    """The clipped surrogate, the value's error and the entropy."""
    logits, value = network(params, batch["obs"])
    ratio = jnp.exp(log_prob(logits, batch["action"]) - batch["log_prob"])
    advantage = (batch["advantage"] - batch["advantage"].mean()) / (batch["advantage"].std() + 1e-8)
    policy = -jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * advantage).mean()
    entropy = -jnp.sum(jax.nn.softmax(logits) * jax.nn.log_softmax(logits), axis=-1).mean()
    error = 0.5 * jnp.square(value - (batch["value"] + batch["advantage"])).mean()
    return policy + 0.5 * error - ENTROPY * entropy


@functools.partial(jax.jit, donate_argnums=(0, 1, 3))
def update(params, optimum, obs, state, levels, key):
    """One rollout and the steps of the optimiser on it."""
    play, shuffle = jax.random.split(key)
    obs, state, seen = rollout(params, obs, state, levels, play)
    seen["advantage"] = advantages(seen, network(params, obs)[1])
    flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), seen)

    def learn(carry, rows):
        params, optimum = carry
        gradient = jax.grad(loss)(params, jax.tree.map(lambda x: x[rows], flat))
        change, optimum = optimiser.update(gradient, optimum)
        return (optax.apply_updates(params, change), optimum), None

    orders = [jax.random.permutation(key, ENVS * STEPS) for key in jax.random.split(shuffle, EPOCHS)]
    rows = jnp.concatenate(orders).reshape(EPOCHS * MINIBATCHES, -1)
    (params, optimum), _ = jax.lax.scan(learn, (params, optimum), rows)
    return params, optimum, obs, state, {name: seen[name] for name in ("done", "success", "level")}


key, levels = jax.random.key(0), env.default_params
params = init(jax.random.fold_in(key, 1))
optimum = optimiser.init(params)
obs, state = jax.jit(reset)(jax.random.split(jax.random.fold_in(key, 2), ENVS), levels)
rates = []
for number in range(UPDATES):
    params, optimum, obs, state, ended = update(
        params, optimum, obs, state, levels, jax.random.fold_in(key, 3 + number)
    )
    done, success, level = (np.asarray(ended[name]) for name in ("done", "success", "level"))
    rates.append([success[level == n].sum() / max(done[level == n].sum(), 1) for n in range(len(LEVELS))])
    if number % 8 == 7:
        told = (f"{name} {rate:.0%}" for name, rate in zip(LEVELS, np.mean(rates[-8:], axis=0), strict=True))
        print(f"{(number + 1) * ENVS * STEPS:>7,} steps, success: {', '.join(told)}")
first, last = np.mean(rates[:8]), np.mean(rates[-8:])
assert last > first, f"success went from {first:.2f} to {last:.2f}"
