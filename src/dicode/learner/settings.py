"""The learner's settings; imports no JAX, so that words are checked before it is there."""

from dataclasses import dataclass

from dicode.settings import option

MOST_UPDATES = 2**31 - 1
"""Updates are counted in int32."""


@dataclass(frozen=True)
class PpoConfig:
    """Proximal policy optimisation; the defaults are the published ones."""

    lr: float = option(2e-4, "learning rate", 0, 1)
    lr_final: float = option(2e-6, "learning rate at total_steps, reached linearly", 0, 1)
    rollout_steps: int = option(128, "steps of every environment between two updates", 1, 4096)
    epochs: int = option(4, "passes over a rollout", 1, 64)
    minibatches: int = option(8, "minibatches a pass", 1, 1024)
    strata: int = option(8, "blocks of environments from which every minibatch draws alike; at most this many", 1, 1024)
    gamma: float = option(0.999, "discount", 0, 1)
    gae_lambda: float = option(0.8, "GAE lambda", 0, 1)
    clip: float = option(0.2, "PPO clip, of the ratio and of the value", 0, 10)
    entropy: float = option(0.002, "weight of the entropy bonus", 0, 10)
    value: float = option(0.5, "weight of the value loss", 0, 10)
    max_grad_norm: float = option(1.0, "global gradient norm", 0, 1e9)
    adam_eps: float = option(1e-5, "Adam's epsilon", 0, 1)
    bootstrap_time_limit: bool = option(False, "value the state before a time-out instead of treating it as an end")
    precision: str = option(
        "float32", "compute type of the network; on CPUs of its products alone", choices=("float32", "bfloat16")
    )
