"""Settings that are right one by one and together train, pay or measure nothing: refused, or told, before anything compiles.

Only new runs are asked: a run that exists can be read, evaluated and replayed whatever its settings come to.
"""

import logging
from collections.abc import Iterator

from dicode import games
from dicode.config import Config
from dicode.dreaming.settings import DreamerConfig
from dicode.errors import ConfigError
from dicode.methods import sfl
from dicode.methods.dicode import DicodeSettings
from dicode.methods.plr import BufferSettings
from dicode.methods.sfl import SflSettings

_log = logging.getLogger(__name__)

_MOST_LEARNABLE = 0.25
"""The highest p(1 - p)."""


def require(config: Config) -> None:
    """Raise ConfigError for settings that train or pay nothing; warn of those under which a part of the run does nothing."""
    for sentence in (*_learner(config), *_dreams(config), *_random_levels(config)):
        raise ConfigError(sentence)
    for sentence in (*_late(config), *_unscored(config)):
        _log.warning("%s", sentence)


def tell_rate(config: Config) -> None:
    """Warn that a run which goes on after its end, made longer, has the low learning rate that it ended with."""
    first, last = config.learner.lr, config.learner.lr_final
    if config.schedule == "continue" and last < first:
        _log.warning(
            "the learning rate stays at %g, where it ended; with schedule=restart it falls from %g once more",
            last,
            first,
        )


def _learner(config: Config) -> Iterator[str]:
    learner = config.learner
    if learner.lr == 0 and learner.lr_final == 0:
        yield "learner.lr=0 with learner.lr_final=0 trains nothing; set one of them above 0"
    if learner.max_grad_norm == 0:
        yield "learner.max_grad_norm=0 cuts every gradient to nothing; to leave gradients as they are set it to 1e9"
    if learner.adam_eps == 0:
        yield "learner.adam_eps=0 divides by zero where a gradient is 0; set it above 0, such as 1e-8"


def _dreams(config: Config) -> Iterator[str]:
    """What dreams alone can be told in vain."""
    if not isinstance(config.method, DicodeSettings):
        return
    dreamer, frontier = config.dreamer, config.method.frontier
    dreams = games.load_host(config.game).dreams()
    if dreamer.goal_only and dreams.random_goal is None:
        yield (
            f"dreamer.goal_only=true needs goals that make sense in any world, which game={config.game} has not; leave it out"
        )
    for name in ("hooks", "arenas", "steps", "pursue"):
        # hooks of one's own levels are run in any game
        if name not in dreams.reads and _asked(config, name) and not (name == "hooks" and config.levels):
            yield f"dreamer.{name} changes no dream of game={config.game}; leave it out"
    if frontier and dreamer.name == "grammar" and "frontier" not in dreams.reads:
        yield f"method.frontier={frontier} starts no level of the grammar's in game={config.game}; leave it out"
    if config.method.parents == "wanted" and dreams.wanted is None:
        yield f"method.parents=wanted asks what the target lacks, which game={config.game} can't tell; use frontier"
    yield from _slots(config, config.method)
    if config.method.rehearse and dreams.wanted is None:
        yield f"method.rehearse={config.method.rehearse} asks what the target lacks, which game={config.game} can't tell; use 0"
    if dreamer.goal_only and dreamer.hooks:
        yield "dreamer.goal_only=true forbids the hooks that dreamer.hooks=true asks for; leave one out"
    if dreamer.goal_only and frontier:
        yield f"dreamer.goal_only=true leaves no level to start in the states of method.frontier={frontier}; leave one out"
    if frontier and config.target_share == 0:
        yield f"method.frontier={frontier} keeps states reached on the target, which target_share=0 never plays; raise it"
    if config.lessons and dreams.lessons is None:
        yield f"lessons={config.lessons} asks for first lessons, which game={config.game} has not; leave it out"
    if not (dreamer.drafts or config.levels or config.library_seeds or config.lessons):
        yield "there is no level to train: nobody dreams, and there are no seeds; use method=ppo for the target alone"


def _slots(config: Config, method: DicodeSettings) -> Iterator[str]:
    """Slots that are kept for others, where none is left to new levels."""
    replayed = method.replay_slots if method.stay == "learning" else 0
    hooked = config.hook_slots if config.dreamer.hooks else 0
    kept = {"method.replay_slots": replayed, "method.rehearse": method.rehearse, "hook_slots": hooked}
    free = config.level_slots - (config.target_share > 0)
    if (replayed or method.rehearse) and replayed + bool(method.rehearse) + hooked >= free:
        words = " ".join(f"{name}={value}" for name, value in kept.items() if value)
        yield f"{words} leaves none of {free} slots to new levels; raise level_slots, or leave slots free"


def _asked(config: Config, name: str) -> bool:
    """Whether a setting of `dreamer` is another than its default."""
    return bool(getattr(config.dreamer, name) != getattr(DreamerConfig(), name))


def _random_levels(config: Config) -> Iterator[str]:
    method = config.method
    if config.reward == "goal" and _asks_everything(config):
        yield (
            "reward=goal with method.generator=worlds pays nothing: a whole world's goal is everything at once, which is "
            "never met; use method.generator=grammar, or reward=game"
        )
    if isinstance(method, BufferSettings) and method.robust:
        if method.replay_probability == 0:
            yield "method.robust=true with method.replay_probability=0 trains no level; set replay_probability above 0"
        elif method.minimum_fill * method.buffer > (most := _most_levels(config)):
            yield (
                f"method.robust=true trains no level before {method.minimum_fill:g} of method.buffer={method.buffer} is "
                f"full, and this run makes at most {most} levels; lower one of them, or raise total_steps"
            )
    if isinstance(method, SflSettings) and (scoring := _scoring_cycles(config, method)) >= config.num_cycles:
        enough = scoring * config.steps_per_cycle + 1
        yield (
            f"the first {scoring} cycles score levels without training on them, and this run has {config.num_cycles}; "
            f"lower method.scoring_batch, or set total_steps={enough} or more"
        )


def _asks_everything(config: Config) -> bool:
    """Whether levels are whole worlds of a game that gives its worlds no task of their own."""
    worlds = getattr(config.method, "generator", "") == "worlds" and config.target == games.GAME
    return worlds and games.load_host(config.game).dreams().random_goal is not None


def _most_levels(config: Config) -> int:
    """New levels until the last cycle, which alone might replay."""
    return (config.num_cycles - 1) * (config.level_slots - (config.target_share > 0))


def _scoring_cycles(config: Config, method: SflSettings) -> int:
    from dicode.runs.assemble import room_of

    return sfl.scoring_cycles(room_of(config), method)


def _late(config: Config) -> Iterator[str]:
    if isinstance(config.method, DicodeSettings) and config.dreamer.drafts:
        first = config.seed_cycles + config.dreamer.lag
        if first > config.num_cycles:
            yield (
                f"no dream will be trained: the first are there in cycle {first} (seed_cycles + dreamer.lag), and the run "
                f"has {config.num_cycles}; raise total_steps"
            )


def _unscored(config: Config) -> Iterator[str]:
    method = config.method
    if method.score == "learnability" and _asks_everything(config) and isinstance(method, BufferSettings | SflSettings):
        yield (
            "method.score=learnability is 0 for every level of method.generator=worlds, whose goal is never met; use "
            "method.score=achievement_learnability, or method.generator=grammar"
        )
    threshold = method.active_threshold if isinstance(method, DicodeSettings) else 0.0
    if method.score == "learnability" and threshold >= _MOST_LEARNABLE:
        yield (
            f"no level will be replayed: method.active_threshold={threshold:g} is not below {_MOST_LEARNABLE:g}, the "
            "highest learnability that there is"
        )
