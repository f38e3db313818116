"""A run's configuration: the records of all its parts, and how words become one.

A setting's type, default, range and sentence stand on the record that uses it; `Config` puts the
records together, `agreement` says which of them go together. `load(words)` composes the groups in
`dicode.conf` over the defaults and returns a checked `Config`. Every mistake is a `ConfigError` of one sentence that names the nearest right thing, raised
before JAX is imported.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from dicode import agreement, games, idle, settings, words
from dicode.agent.settings import KINDS as AGENT_KINDS
from dicode.agent.settings import AgentConfig, GtrxlConfig
from dicode.dreaming import providers
from dicode.dreaming.settings import BudgetConfig, DreamerConfig, FmConfig
from dicode.errors import ConfigError, nearest
from dicode.learner.settings import PpoConfig
from dicode.methods.registry import SETTINGS as METHOD_SETTINGS
from dicode.methods.registry import MethodSettings
from dicode.methods.settings import MIN_ENVS
from dicode.received import values
from dicode.settings import Only, entries, option, section
from dicode.words import Word

_SUITES = ("heldout", "graded")
_DREAMS: Only = {"method.name": ("dicode",)}
_LEVELS: Only = {"method.name": tuple(name for name in METHOD_SETTINGS if name != "ppo")}
_MODEL: Only = _DREAMS | {"dreamer.name": ("foundation",)}


@dataclass(frozen=True)
class LoggingConfig:
    """Who is told."""

    wandb: bool = option(False, "log to Weights & Biases")
    wandb_project: str = option("dicode", "project there", only={"logging.wandb": (True,)})
    wandb_group: str = option(
        "", "group there; empty: the run's name without its seed", only={"logging.wandb": (True,)}
    )
    tensorboard: bool = option(False, "write TensorBoard events into the run")
    live: bool = option(True, "live terminal view (plain lines when not a terminal)")
    report_every: int = option(
        1, "cycles between two reports, more where drawing takes over 5 % of the time; 0: only at the end", 0, 100_000
    )
    video: bool = option(True, "animated pictures of the agent in the report")


@dataclass(frozen=True)
class EvaluationConfig:
    """The protocol of `dicode eval`, and how often training runs it."""

    worlds: int = option(1024, "held-out worlds", 1, 10_000_000)
    steps: int = option(8192, "steps of each world at most", 1, 10_000_000)
    seed: int = option(20_000, "seed of the held-out worlds", 0, 2**31 - 1)
    every_steps: float = option(0.0, "environment steps between evaluations while training; 0: none", 0, 1e13)
    heldout_worlds: int = option(0, "worlds of each held-out level, played at the end of training; 0: none", 0, 10**7)
    heldout_suite: str = option(
        "heldout",
        "which held-out levels: twenty, or the graded forty",
        choices=_SUITES,
        only={"evaluation.heldout_worlds": None},
    )
    heldout_steps: int = option(
        512, "steps of each held-out level at most", 1, 10_000_000, only={"evaluation.heldout_worlds": None}
    )


@dataclass(frozen=True)
class DistributedConfig:
    """Processes that train one run together. Never kept in a run's directory; under `srun` nothing need be given."""

    coordinator: str = option("", "host:port of process 0, a free port there; empty: SLURM's, or one process alone")
    processes: int = option(0, "processes that train this run together; 0: as SLURM says", 0, 100_000)
    process: int = option(-1, "number of this process, from 0; -1: as SLURM says", -1, 99_999)


@dataclass(frozen=True)
class Config:
    """One run."""

    seed: int = option(0, "all randomness of a run follows from it", 0, 2**31 - 1)
    run: str | None = option(None, "name of the run's directory; default: preset-method-seed, or preset-arm-seed")
    runs_dir: str = option("runs", "where runs are kept")
    game: str = option(games.DEFAULT, "the game that is played: one of this package, or the dotted name of another")
    target: str = option(games.GAME, "what the agent is measured on: game, library:NAME, or a level file, FILE.py")
    preset: str = option("laptop", "size", choices=("smoke", "laptop", "gpu", "paper"))
    arm: str = option("", "arm of an experiment: settings laid over its own")
    total_steps: float = option(2e9, "environment steps of the run", 1, 1e13)
    schedule: str = option("continue", "learning rate after `resume total_steps=`", choices=("continue", "restart"))
    num_envs: int = option(1024, "environments", 2, 1_000_000)
    level_slots: int = option(16, "levels a cycle, the target included", 1, 100_000)
    min_envs: int = option(MIN_ENVS, "environments that a level gets at least", 1, 1000, only=_LEVELS)
    target_share: float = option(0.2, "share of the environments that play the target", 0, 1, only=_LEVELS)
    target_share_final: float = option(
        -1.0, "the target's share in the end, reached linearly; negative: as it begins", -1, 1, only=_DREAMS
    )
    target_share_steps: float = option(
        1e7, "environment steps in which it gets there, however long the run is", 1, 1e13, only=_DREAMS
    )
    updates_per_cycle: int = option(100, "updates a cycle", 1, 100_000)
    seed_cycles: int = option(2, "cycles at the start that train the seed levels", 1, 1000, only=_DREAMS)
    worlds_per_level: int = option(64, "initial states a level and cycle", 1, 100_000)
    world_bank: int = option(
        0, "base worlds from which all cycles draw, kept in the cache; 0: fresh ones in each cycle", 0, 10**6
    )
    pool_size: int = option(
        0, "initial states in a batch, all levels together; 0: slots x worlds_per_level x 2", 0, 10**7
    )
    episode_limit: int = option(4096, "steps of an episode at most", agreement.LEAST_EPISODE, 1_000_000)
    bonus: str = option("constant", "completion bonus", choices=("constant", "dynamic"), only=_LEVELS)
    bonus_value: float = option(20.0, "the constant bonus, and the floor of the dynamic one", 0, 1e6, only=_LEVELS)
    reward: str = option(
        "game",
        "what a level pays beside its bonus: the game's reward, or nothing",
        choices=("game", "goal"),
        only=_LEVELS,
    )
    after_goal: str = option(
        "end", "once a level's goal is reached its episode ends, or goes on", choices=("end", "go_on"), only=_LEVELS
    )
    level_rules: str = option(
        "own", "rules of the levels: their own, or the game's", choices=("own", "game"), only=_LEVELS
    )
    level_length: str = option(
        "own", "steps of a level's episode: its own, or the run's", choices=("own", "run"), only=_LEVELS
    )
    levels: str | None = option(None, "folder of level files used as seeds instead of the library's", only=_DREAMS)
    library_seeds: bool = option(
        True, "without `levels`, begin with the library's seeds, which all prepare their worlds", only=_DREAMS
    )
    lessons: int = option(
        0,
        "seeds of the game's grammar beside these: an act each and all in hand, those first behind which most lies",
        0,
        1000,
        only=_DREAMS,
    )
    warm_start: str | None = option(None, "run whose parameters this one starts from (`from=runs/NAME`)")
    sandbox: str = option("auto", "wall around level code", choices=("auto", "full", "weak"), only=_LEVELS)
    keep_checkpoints: int = option(2, "checkpoints kept", 1, 1000)
    hook_slots: int = option(
        2, "level slots whose levels may bring hooks", 0, 64, only=_DREAMS | {"dreamer.hooks": (True,)}
    )
    hook_cycles: int = option(
        5, "cycles a resident set of hooks is kept", 1, 1000, only=_DREAMS | {"dreamer.hooks": (True,)}
    )
    hook_timeout_s: float = option(
        600.0,
        "seconds that one update with hooks may take before the run ends and withdraws their levels",
        1,
        86_400,
        only=_DREAMS | {"dreamer.hooks": (True,)},
    )
    devices: int = option(0, "devices used of each process; 0: all", 0, 4096)
    cpu_devices: int = option(
        1, "devices that a CPU is cut into where devices=0, each with environments of its own", 1, 64
    )
    agent: AgentConfig = section(GtrxlConfig, "kind", AGENT_KINDS)
    learner: PpoConfig = section(PpoConfig)
    method: MethodSettings = section(METHOD_SETTINGS["dicode"], "name", METHOD_SETTINGS)
    dreamer: DreamerConfig = section(DreamerConfig, only=_DREAMS)
    fm: FmConfig = section(FmConfig, only=_MODEL)
    models: dict[str, FmConfig] = entries(FmConfig, only=_MODEL)
    """Further models that dream in the same run, as `fm=[a,b]` asks for them."""
    budget: BudgetConfig = section(BudgetConfig, only=_MODEL)
    logging: LoggingConfig = section(LoggingConfig)
    evaluation: EvaluationConfig = section(EvaluationConfig)
    distributed: DistributedConfig = section(DistributedConfig)

    @property
    def cpu_parts(self) -> int:
        """Devices that a CPU is cut into before JAX starts."""
        return self.devices or self.cpu_devices

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
        """Cycles that reach total_steps, the last one whole; what measuring a round may take is set aside."""
        measured = (
            self.probe_steps / self.dreamer.every if self.dreamer.drafts and self.method.name == "dicode" else 0.0
        )
        return max(1, ceil(int(self.total_steps) / (self.steps_per_cycle + measured)))

    @property
    def probe_steps(self) -> int:
        """Environment steps that measuring one round of dreams takes at most; 0: they are not measured."""
        if not self.dreamer.probe:
            return 0
        rounds, left = 0, self.dreamer.drafts
        while left > 0:
            levels = min(left, self.level_slots, self.num_envs // self.min_envs)
            rounds += probe_rollouts(self, levels)
            left -= levels
        return rounds * self.steps_per_update

    @property
    def num_updates(self) -> int:
        """Updates of the run, the horizon of the schedules."""
        return self.num_cycles * self.updates_per_cycle

    @property
    def name(self) -> str:
        """The run's directory name."""
        return self.run or f"{self.preset}-{self.arm or self.method.name}-{self.seed}"


def probe_rollouts(config: Config, levels: int) -> int:
    """Rollouts in which each of so many levels ends `dreamer.probe` episodes of the full length."""
    each = -(-config.dreamer.probe // max(config.num_envs // levels, 1))
    return -(-each * config.episode_limit // config.learner.rollout_steps)


def check(config: Config) -> Config:
    """The configuration itself, or a ConfigError."""
    settings.check_ranges(config)
    for setting in settings.documented(Config):
        # Where runs are kept is not written into their configuration.
        if setting.name != "runs_dir" and "${" in str(settings.get(config, setting.name)):
            raise ConfigError(f"{setting.name} holds '${{', which other programs would take for a reference; rename it")
    agreement.check(config)
    return config


def load(overrides: Sequence[str]) -> Config:
    """The run's configuration that the words ask for. Raises ConfigError, also for a word that would do nothing."""
    return interpret(words.split(overrides, Config), strict=True)[0]


def interpret(given: Sequence[Word], strict: bool = False) -> tuple[Config, dict[Word, str]]:
    """The checked configuration of split words, and those words that it ignores, each with the reason.

    `strict`: ConfigError for the first of those.
    """
    for word in given:
        if word.key in _PLACES and not word.value:
            raise ConfigError(f"{words.typed(word.key)}= names nothing; leave the word out, or say what is meant")
    tree = words.compose(given, Config)
    _check_arm(given, tree)
    ignored = idle.foreign(given, tree, Config)
    config = _at_home(settings.read(Config, tree))
    if config.dreamer.name == "auto" and any(idle.needs_model(word, Config) for word in given if word not in ignored):
        config = replace(config, dreamer=replace(config.dreamer, name="foundation"))
    for word in given:
        reason = None if word in ignored else idle.reason(word, config)
        if reason:
            ignored[word] = reason
    for model, place in zip((config.fm, *config.models.values()), providers.places(config.models), strict=True):
        providers.check_name(model.key_env, place)
    for word, reason in ignored.items() if strict else ():
        raise ConfigError(f"{word} would do nothing: {reason}")
    return check(config), ignored


def _check_arm(given: Sequence[Word], tree: Mapping[str, Any]) -> None:
    """Raise ConfigError where a word undoes the method that an arm stands for: the run would bear a wrong name."""
    arm = words.last(given, "arm")
    meant = words.hydra_tree([str(arm)], Config).get("method", {}).get("name") if arm else None
    method = tree.get("method", {}).get("name")
    if meant and meant != method:
        raise ConfigError(f"{arm} is an arm of method={meant}, and this run has method={method}; leave one out")


_PLACES = ("runs_dir", "levels", "warm_start", "target")
"""Settings that name a file or a folder."""


def _at_home(config: Config) -> Config:
    """The configuration with `~` spelled out in folders."""
    folders = {name: getattr(config, name) for name in _PLACES}
    return replace(config, **{name: os.path.expanduser(path) for name, path in folders.items() if path})


def to_yaml(config: Config) -> str:
    """The configuration as YAML, for the run directory."""
    return values.to_yaml(settings.to_tree(config))


def from_yaml(text: str) -> Config:
    """A checked Config from a run directory's file, also from those of earlier versions; nothing in it is resolved.

    Raises ConfigError that names the line, or the setting, that this version can't read.
    """
    try:
        tree = values.from_yaml(text)
    except ValueError as error:
        raise ConfigError(f"the run's config.yaml can't be read: {error}") from error
    if not tree:
        raise ConfigError("the run's config.yaml holds no settings")
    try:
        return check(settings.read(Config, settings.without_foreign(Config, tree)))
    except ConfigError as error:
        raise ConfigError(f"the run's config.yaml is not of this version: {error}") from error


@dataclass(frozen=True)
class EvaluationChoices:
    """What `dicode eval` can be asked for beside numbers."""

    engine: str = option("own", "the project's step, or the craftax package's", choices=("own", "package"))
    suite: str = option("target", "the run's target, or levels kept apart", choices=("target", *_SUITES))
    policy: str = option("agent", "the trained agent, or a uniformly random one", choices=("agent", "random"))
    levels: str = option(
        "", "a level file, a folder of them or library:NAME, played instead of a suite; nothing is kept"
    )


def evaluation_options(overrides: Sequence[str]) -> dict[str, Any]:
    """What the words of `dicode eval` ask for, by name. Raises ConfigError for an unknown one or a value that can't be."""
    numbers = [s for s in settings.documented(EvaluationConfig) if s.name in ("worlds", "steps", "seed")]
    numbers += [s for s in settings.documented(Config) if s.name == "num_envs"]
    known = {s.name: s for s in (*numbers, *settings.documented(EvaluationChoices))}
    options = {}
    for word in words.pairs(overrides, "worlds=64"):
        if word.key not in known:
            hint = nearest(word.key, known)
            raise ConfigError(f"eval has no option {word.key!r}{hint} (options: {', '.join(known)})")
        options[word.key] = known[word.key].value(word.value)
    if options.get("levels") == "":
        raise ConfigError("levels= names no file, folder or library:NAME; leave it out to play the run's target")
    suite = options.get("suite")
    if options.get("engine") == "package" and suite in _SUITES:
        raise ConfigError(f"the package's engine knows no rules but the game's own; suite={suite} needs engine=own")
    if options.get("levels") and (suite or options.get("engine") == "package"):
        other = f"suite={suite}" if suite else "engine=package"
        raise ConfigError(f"levels= names what is played, with the project's own step; leave out {other}")
    return options
