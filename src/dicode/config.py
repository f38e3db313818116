"""A run's configuration: every field once, with its type, default, sentence and range.

`load(overrides)` composes the Hydra groups in `dicode.conf` over these defaults and returns a checked
`Config`. Every mistake is a `ConfigError` of one sentence that names the nearest right thing, raised
before JAX is imported.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any

from dicode.errors import ConfigError, nearest


def option(default: Any, text: str, low: float | None = None, high: float | None = None, choices: tuple = ()) -> Any:
    """A field with its sentence and inclusive range or choices."""
    return field(default=default, metadata={"text": text, "low": low, "high": high, "choices": choices})


@dataclass
class AgentConfig:
    """The policy network."""

    kind: str = option("gtrxl", "network", choices=("gtrxl", "lstm", "gru"))
    width: int = option(256, "embedding width", 8, 4096)
    layers: int = option(2, "recurrent or transformer layers", 1, 24)
    heads: int = option(8, "attention heads (gtrxl)", 1, 64)
    qkv: int = option(256, "width of queries, keys and values (gtrxl)", 8, 4096)
    head_hidden: int = option(256, "width of the actor's and the critic's hidden layers", 8, 4096)
    memory: int = option(128, "steps of memory (gtrxl)", 1, 4096)
    window: int = option(64, "gradient window in steps (gtrxl; lstm and gru use the whole rollout)", 1, 4096)
    gate_bias: float = option(2.0, "initial bias of the GRU-type gates (gtrxl)", -10, 10)
    conditioning: str = option("full", "goal input", choices=("full", "paper"))


@dataclass
class LearnerConfig:
    """PPO."""

    lr: float = option(2e-4, "learning rate", 0, 1)
    lr_final: float = option(2e-6, "learning rate at total_steps, reached linearly", 0, 1)
    rollout_steps: int = option(128, "steps of every environment between two updates", 1, 4096)
    epochs: int = option(4, "passes over a rollout", 1, 64)
    minibatches: int = option(8, "minibatches a pass", 1, 1024)
    gamma: float = option(0.999, "discount", 0, 1)
    gae_lambda: float = option(0.8, "GAE lambda", 0, 1)
    clip: float = option(0.2, "PPO clip, of the ratio and of the value", 0, 10)
    entropy: float = option(0.002, "weight of the entropy bonus", 0, 10)
    value: float = option(0.5, "weight of the value loss", 0, 10)
    max_grad_norm: float = option(1.0, "global gradient norm", 0, 1e9)
    adam_eps: float = option(1e-5, "Adam's epsilon", 0, 1)
    bootstrap_time_limit: bool = option(False, "value the state before a time-out instead of treating it as an end")
    precision: str = option("float32", "compute type of the network", choices=("float32", "bfloat16"))


@dataclass
class MethodConfig:
    """Which levels train, and what is done with their scores."""

    name: str = option("dicode", "method", choices=("dicode", "ppo", "dr", "plr", "accel", "sfl"))
    score: str = option(
        "learnability",
        "priority",
        choices=("learnability", "achievement_learnability", "positive_value_loss", "max_mc"),
    )
    generator: str = option("worlds", "where dr, plr, accel and sfl get levels", choices=("worlds", "grammar"))
    active_limit: int = option(100, "levels in the active set", 1, 1_000_000)
    active_threshold: float = option(0.0, "least score of a level that is activated", -1e9, 1e9)
    temperature: float = option(1.0, "of the replay distribution over ranks", 1e-3, 1e3)
    staleness: float = option(0.3, "weight of staleness in the replay distribution", 0, 1)
    replay_probability: float = option(0.5, "share of the slots that replay (plr, accel)", 0, 1)
    buffer: int = option(4000, "levels in the buffer (plr, accel)", 1, 10_000_000)
    robust: bool = option(True, "new levels give no gradient (plr, accel)")
    score_updates: int = option(
        0,
        "updates at a cycle's end whose episodes are scored; 0: all. At least two episode limits are taken",
        0,
        100_000,
    )
    min_episodes: int = option(20, "episodes that a status needs; fewer leave a level unscored", 1, 100_000)
    max_children: int = option(5, "children after which a level is no parent any more", 1, 1000)
    parents: str = option("frontier", "how parents are picked", choices=("frontier", "random", "any"))
    open_loop: bool = option(False, "dream without parents and without feedback")
    edits: int = option(20, "cells that an edit touches (accel)", 1, 2304)
    scoring_batch: int = option(
        0, "levels that a scoring round rolls out (sfl); 0: as many as there are slots", 0, 1_000_000
    )
    scoring_every: int = option(5, "cycles between scoring rounds (sfl)", 1, 1000)
    scoring_keep: int = option(0, "levels trained after a scoring round (sfl); 0: a quarter of the batch", 0, 1_000_000)
    edit_probability: float = option(0.8, "share of the slots without replay that edits get (accel)", 0, 1)
    mutation: str = option("noise", "kind of edit (accel)", choices=("noise", "swap", "restricted_swap"))


@dataclass
class DreamerConfig:
    """Who writes levels, how many and when."""

    name: str = option("auto", "dreamer", choices=("auto", "grammar", "foundation", "library", "none"))
    round: int = option(12, "drafts asked for in a round", 0, 1000)
    keep: int = option(10, "accepted levels kept of a round", 0, 1000)
    every: int = option(2, "cycles between rounds", 1, 1000)
    lag: int = option(2, "cycles between asking for dreams and training on them", 1, 100)
    deadline_s: float = option(900.0, "seconds from dispatch after which a dream is journaled as lost", 0.1, 1e6)
    repairs: int = option(2, "times a rejected draft goes back", 0, 20)
    hooks: bool = option(False, "dreams may define new mechanics as JAX hooks")
    goal_only: bool = option(False, "dreams may set a goal only, no initial states and no rules")
    stages: int = option(2, "foundation model: design then code (2) or both at once (1)", 1, 2)


@dataclass
class FmConfig:
    """The foundation model's endpoint."""

    provider: str = option("openai", "provider")
    model: str = option("", "model name at the provider")
    base_url: str = option("", "OpenAI-compatible endpoint")
    key_env: str = option("", "environment variable that holds the key; empty: no key is sent")
    temperature: float = option(0.6, "sampling temperature; negative: not sent", -1, 2)
    top_p: float = option(0.95, "nucleus sampling; negative: not sent", -1, 1)
    max_tokens: int = option(32_000, "tokens of an answer", 16, 1_000_000)
    concurrency: int = option(8, "requests under way at once", 1, 256)
    timeout_s: float = option(600.0, "seconds a request may take", 0.1, 1e5)
    retries: int = option(5, "tries after a failure that may pass", 0, 20)
    embedding_model: str = option(
        "", "embedding model there that picks similar levels as examples; empty: they are compared by structure"
    )
    compact: bool = option(False, "the short one-stage prompts for small models")
    max_drafts: int = option(0, "drafts a round at most; 0: as dreamer.round says", 0, 1000)
    max_repairs: int = option(-1, "repairs a round at most; -1: as dreamer.repairs says", -1, 1000)
    blocking: bool = option(False, "training pauses while it generates")
    journal: str = option("record", "journal mode", choices=("record", "replay", "extend"))


@dataclass
class BudgetConfig:
    """What dreaming may cost; reaching a cap falls back to grammar dreams."""

    usd: float = option(0.0, "US dollars a run; 0: no cap", 0, 1e7)
    tokens: float = option(0.0, "tokens a run; 0: no cap", 0, 1e13)


@dataclass
class LoggingConfig:
    """Who is told."""

    wandb: bool = option(False, "log to Weights & Biases")
    wandb_project: str = option("dicode", "project there")
    tensorboard: bool = option(False, "write TensorBoard events into the run")
    live: bool = option(True, "live terminal view (plain lines when not a terminal)")
    report_every: int = option(1, "cycles between two reports; 0: only at the end", 0, 100_000)
    video: bool = option(True, "animated pictures of the agent in the report")


@dataclass
class EvaluationConfig:
    """The protocol of `dicode eval`, and how often training runs it."""

    worlds: int = option(1024, "held-out worlds", 1, 10_000_000)
    steps: int = option(8192, "steps of each world at most", 1, 10_000_000)
    seed: int = option(20_000, "seed of the held-out worlds", 0, 2**31 - 1)
    every_steps: float = option(0, "environment steps between evaluations while training; 0: none", 0, 1e13)
    heldout_worlds: int = option(0, "worlds of each held-out level, played at the end of training; 0: none", 0, 10**7)
    heldout_steps: int = option(512, "steps of each held-out level at most", 1, 10_000_000)


@dataclass
class DistributedConfig:
    """Processes that train one run together. Never kept in a run's directory; under `srun` nothing need be given."""

    coordinator: str = option("", "host:port of process 0, a free port there; empty: SLURM's, or one process alone")
    processes: int = option(0, "processes that train this run together; 0: as SLURM says", 0, 100_000)
    process: int = option(-1, "number of this process, from 0; -1: as SLURM says", -1, 99_999)


@dataclass
class Config:
    """One run."""

    seed: int = option(0, "all randomness of a run follows from it", 0, 2**31 - 1)
    run: str | None = option(None, "name of the run's directory; default: preset-method-seed")
    runs_dir: str = option("runs", "where runs are kept")
    game: str = option("craftax", "the game that is played: one of this package, or the dotted name of another")
    preset: str = option("laptop", "size", choices=("smoke", "laptop", "gpu", "paper"))
    total_steps: float = option(2e9, "environment steps of the run", 1, 1e13)
    schedule: str = option("continue", "learning rate after `resume total_steps=`", choices=("continue", "restart"))
    num_envs: int = option(1024, "environments", 2, 1_000_000)
    level_slots: int = option(16, "levels a cycle, the target included", 1, 100_000)
    target_share: float = option(0.2, "share of the environments that play the target", 0, 1)
    updates_per_cycle: int = option(100, "updates a cycle", 1, 100_000)
    seed_cycles: int = option(2, "cycles at the start that train the seed levels", 1, 1000)
    worlds_per_level: int = option(64, "initial states a level and cycle", 1, 100_000)
    pool_size: int = option(
        0, "initial states in a batch, all levels together; 0: slots x worlds_per_level x 2", 0, 10**7
    )
    episode_limit: int = option(4096, "steps of an episode at most", 10, 1_000_000)
    bonus: str = option("constant", "completion bonus", choices=("constant", "dynamic"))
    bonus_value: float = option(20.0, "the constant bonus, and the floor of the dynamic one", 0, 1e6)
    levels: str | None = option(None, "folder of level files used as seeds instead of the library's")
    warm_start: str | None = option(None, "run whose parameters this one starts from (`from=runs/NAME`)")
    sandbox: str = option("auto", "wall around level code", choices=("auto", "full", "weak"))
    keep_checkpoints: int = option(2, "checkpoints kept", 1, 1000)
    hook_slots: int = option(2, "level slots whose levels may bring hooks", 0, 64)
    hook_cycles: int = option(5, "cycles a resident set of hooks is kept", 1, 1000)
    devices: int = option(0, "devices used of each process; 0: all", 0, 4096)
    agent: AgentConfig = field(default_factory=AgentConfig)
    learner: LearnerConfig = field(default_factory=LearnerConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    dreamer: DreamerConfig = field(default_factory=DreamerConfig)
    fm: FmConfig = field(default_factory=FmConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    logging: LoggingConfig = field(default_factory=LoggingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    distributed: DistributedConfig = field(default_factory=DistributedConfig)

    @property
    def steps_per_update(self) -> int:
        """Environment steps between two updates."""
        return self.num_envs * self.learner.rollout_steps

    @property
    def steps_per_cycle(self) -> int:
        """Environment steps in one cycle."""
        return self.steps_per_update * self.updates_per_cycle

    @property
    def num_cycles(self) -> int:
        """Cycles that reach total_steps, the last one whole."""
        return max(1, -(-int(self.total_steps) // self.steps_per_cycle))

    @property
    def num_updates(self) -> int:
        """Updates of the run, the horizon of the schedules."""
        return self.num_cycles * self.updates_per_cycle

    @property
    def name(self) -> str:
        """The run's directory name."""
        return self.run or f"{self.preset}-{self.method.name}-{self.seed}"


def documented(config_class: type = Config, prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every leaf field with its dotted name, in order."""
    for f in fields(config_class):
        inner = f.default_factory if callable(f.default_factory) else None
        if isinstance(inner, type) and is_dataclass(inner):
            yield from documented(inner, f"{prefix}{f.name}.")
        else:
            yield f"{prefix}{f.name}", f


GROUPS = ("preset", "method", "dreamer", "agent", "fm", "experiment")


def group_choices(group: str) -> list[str]:
    """Files of a Hydra group, by name."""
    from importlib import resources

    root = resources.files("dicode.conf").joinpath(group)
    found = []
    for path in root.iterdir():
        if path.is_dir():
            found += [f"{path.name}/{p.name[:-5]}" for p in path.iterdir() if p.name.endswith(".yaml")]
        elif path.name.endswith(".yaml"):
            found.append(path.name[:-5])
    return sorted(found)


def _check_override(override: str) -> None:
    """One override: known key, known choice; the message names the nearest right one."""
    match = re.fullmatch(r"([~+]{0,2})([\w./@-]+)(?:=(.*))?", override, flags=re.DOTALL)
    if not match or match.group(3) is None:
        raise ConfigError(f"{override!r} is not an override; write key=value, for example seed=7")
    key, value = match.group(2), match.group(3)
    names = [name for name, _ in documented()]
    if key.startswith("hydra"):
        return
    if key in GROUPS:
        choices = group_choices(key)
        unknown = [v for v in value.split(",") if v not in choices]
        if unknown:
            raise ConfigError(
                f"{key}={unknown[0]} is not known{nearest(unknown[0], choices)} (choices: {', '.join(choices)})"
            )
    elif key not in names:
        raise ConfigError(f"no setting is called {key!r}{nearest(key, [*names, *GROUPS])}")


def check_overrides(overrides: Sequence[str]) -> None:
    """Raise ConfigError for a word that is no override, or that names a setting or choice there isn't."""
    for override in overrides:
        _check_override(override)


def check_values(config: Any, prefix: str = "") -> None:
    """Raise ConfigError for a value out of its field's range or choices, sections included."""
    for f in fields(config):
        value = getattr(config, f.name)
        if is_dataclass(value):
            check_values(value, f"{prefix}{f.name}.")
            continue
        meta, name = f.metadata, f"{prefix}{f.name}"
        if meta["choices"] and value not in meta["choices"]:
            raise ConfigError(
                f"{name} is {value!r}{nearest(str(value), meta['choices'])} (choices: {', '.join(meta['choices'])})"
            )
        too_low = meta["low"] is not None and value < meta["low"]
        too_high = meta["high"] is not None and value > meta["high"]
        if too_low or too_high or (isinstance(value, float) and value != value):
            raise ConfigError(f"{name} is {value}; allowed range is {meta['low']:g} to {meta['high']:g}")


def _check_together(config: Config) -> None:
    """What no single field can say."""
    learner, agent = config.learner, config.agent
    if config.num_envs % learner.minibatches:
        raise ConfigError(
            f"num_envs={config.num_envs} is not a multiple of learner.minibatches={learner.minibatches}; "
            f"the nearest that is: {max(1, round(config.num_envs / learner.minibatches)) * learner.minibatches}"
        )
    if agent.kind == "gtrxl" and learner.rollout_steps % agent.window:
        raise ConfigError(
            f"learner.rollout_steps={learner.rollout_steps} is not a multiple of agent.window={agent.window}"
        )
    if agent.kind == "gtrxl" and agent.qkv % agent.heads:
        raise ConfigError(f"agent.qkv={agent.qkv} is not a multiple of agent.heads={agent.heads}")
    steps = config.updates_per_cycle * learner.rollout_steps
    # Episodes count by their beginning. Statuses need several in every environment, regret scores need one.
    most, of = (steps // 2, "half of the ") if config.method.name == "dicode" else (steps, "the ")
    if config.episode_limit > most:
        raise ConfigError(
            f"episode_limit={config.episode_limit} exceeds {of}{steps} steps that an environment takes in a "
            f"cycle, so too few episodes would count; set episode_limit={most} or raise updates_per_cycle"
        )
    if config.level_slots > 1:
        others = config.num_envs - round(config.num_envs * config.target_share)
        if others < 2 * (config.level_slots - 1):
            raise ConfigError(
                f"level_slots={config.level_slots} leaves fewer than 2 of {others} environments to each level; "
                f"at most level_slots={others // 2 + 1} fit"
            )
    if config.dreamer.hooks and config.devices > 1:
        raise ConfigError("dreamer.hooks=true runs on one device for now; set devices=1")
    if not re.fullmatch(r"[\w.-]+", config.name):
        raise ConfigError(f"run={config.name!r} must be letters, digits, '.', '_' and '-' only")


def check(config: Config) -> Config:
    """The configuration itself, or a ConfigError."""
    check_values(config)
    _check_together(config)
    return config


def compose(overrides: Sequence[str]) -> Any:
    """The merged Hydra configuration as a typed DictConfig."""
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    register()
    check_overrides(overrides)
    try:
        with hydra.initialize_config_module("dicode.conf", version_base="1.3"):
            return hydra.compose("config", list(overrides))
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
        where = getattr(cause, "full_key", None)
        raise ConfigError(f"{where}: " * bool(where) + str(cause).splitlines()[0]) from error


def load(overrides: Sequence[str]) -> Config:
    """Compose, convert and check; `from=` is accepted for `warm_start=`."""
    return from_hydra(compose([re.sub(r"^from=", "warm_start=", o) for o in overrides]))


def from_hydra(node: Any) -> Config:
    """A checked Config from a composed DictConfig."""
    from omegaconf import OmegaConf

    config: Any = OmegaConf.to_object(node)
    return check(config)


def register() -> None:
    """Make the schema known to Hydra."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config)


def to_yaml(config: Config) -> str:
    """The configuration as YAML, for the run directory."""
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(OmegaConf.structured(config))


def from_yaml(text: str) -> Config:
    """A checked Config from a run directory's file."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        merged = OmegaConf.merge(OmegaConf.structured(Config), OmegaConf.create(text))
    except OmegaConfBaseException as error:
        raise ConfigError(f"the run's config.yaml is not of this version: {str(error).splitlines()[0]}") from error
    return from_hydra(merged)
