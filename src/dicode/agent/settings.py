"""The agents' settings, one record a kind; imports no JAX, so that words are checked before it is there.

`dtype`, `stored_dtype` and `lookup` are the program's to choose: the types follow from `learner.precision`.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from dicode.settings import option

Lookup = Literal["rows", "onehot"]
"""How an encoder looks things up; see `agent.lookup`."""


def _conditioning() -> Any:
    return option(
        "full",
        "goal input; normalised: over the root of how much is asked",
        choices=("full", "normalised", "paper", "none"),
    )


def _width() -> Any:
    return option(256, "embedding width", 8, 4096)


def _head_hidden() -> Any:
    return option(256, "width of the actor's and the critic's hidden layers", 8, 4096)


def _encoder() -> Any:
    return option("dense", "how the view is embedded: one dense layer, or cells first", choices=("dense", "structured"))


def _cell_width() -> Any:
    return option(8, "numbers that stand for one cell of the view", 1, 256, only={"agent.encoder": ("structured",)})


@dataclass(frozen=True)
class GtrxlConfig:
    """The transformer; the defaults are the published sizes.

    Where the released code departs from the GTrXL paper (gelu, feed, lecun), the paper's way is the default.
    """

    kind: str = option("gtrxl", "network", choices=("gtrxl",))
    width: int = _width()
    layers: int = option(2, "transformer layers", 1, 24)
    heads: int = option(8, "attention heads", 1, 64)
    qkv: int = option(256, "width of queries, keys and values", 8, 4096)
    head_hidden: int = _head_hidden()
    memory: int = option(128, "steps of memory", 1, 4096)
    window: int = option(64, "gradient window in steps", 1, 4096)
    gate_bias: float = option(2.0, "initial bias of the GRU-type gates", -10, 10)
    feed_activation: str = option("relu", "activation in the feed-forward block", choices=("relu", "gelu"))
    gate_order: str = option(
        "stream",
        "what the second gate passes at first: residual stream or feed-forward answer",
        choices=("stream", "feed"),
    )
    init: str = option("orthogonal", "weights of encoder, feed-forward, gates", choices=("orthogonal", "lecun"))
    conditioning: str = _conditioning()
    encoder: str = _encoder()
    cell_width: int = _cell_width()
    dtype: str = "float32"
    """Compute type of the network (`agent.products`); normalisation, softmax, logits and values stay float32."""
    stored_dtype: str = "float32"
    """Type of the layer inputs kept between steps and in the trajectory; bfloat16 halves them."""
    lookup: Lookup | None = None
    """How the encoder looks up (`agent.lookup`); None: what suits the backend."""


@dataclass(frozen=True)
class RecurrentConfig:
    """The recurrent network; the defaults are the strongest published baseline's sizes."""

    kind: str = option("lstm", "network", choices=("lstm", "gru"))
    width: int = _width()
    layers: int = option(1, "recurrent layers", 1, 24)
    head_hidden: int = _head_hidden()
    conditioning: str = _conditioning()
    encoder: str = _encoder()
    cell_width: int = _cell_width()
    dtype: str = "float32"
    """Compute type of the network (`agent.products`); the state, logits and values stay float32."""
    lookup: Lookup | None = None
    """How the encoder looks up (`agent.lookup`); None: what suits the backend."""


AgentConfig = GtrxlConfig | RecurrentConfig
KINDS: dict[str, type[GtrxlConfig] | type[RecurrentConfig]] = {
    "gtrxl": GtrxlConfig,
    "lstm": RecurrentConfig,
    "gru": RecurrentConfig,
}
"""Kinds of agents by name."""


def described(config: AgentConfig) -> str:
    """Kind and size in a few words."""
    memory = f", remembers {config.memory} steps" if isinstance(config, GtrxlConfig) else ", recurrent"
    return f"{config.kind}, {config.layers} x {config.width} wide{memory}"


def computing_in(config: AgentConfig, precision: str) -> AgentConfig:
    """The settings with this compute type of the network."""
    if isinstance(config, GtrxlConfig):
        return replace(config, dtype=precision, stored_dtype=precision)
    return replace(config, dtype=precision)
