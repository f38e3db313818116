"""`dicode level check` and `dicode level show`: one level file, checked on real worlds and drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rich.text import Text

from dicode import games
from dicode.cache import enable_compile_cache
from dicode.errors import ConfigError, LevelError, nearest
from dicode.games.level_text import decode
from dicode.received import files as received
from dicode.runs import origin
from dicode.runs.directory import MAX_LEVEL
from dicode.terminal import PlainConsole
from dicode.types import Draft, Origin, Rejected

T = TypeVar("T")
WORLDS = 8
"""Worlds on which a file is built."""


def read(path: str) -> str:
    """The text of a level file in any encoding that it names. Raises ConfigError that names the nearest file."""
    file = Path(path)
    if not file.is_file():
        beside = [p.name for p in file.parent.glob("*.py")] if file.parent.is_dir() else []
        raise ConfigError(f"there is no file {path}{nearest(file.name, beside)}")
    try:
        return decode(received.read(file.parent, file.name, most=MAX_LEVEL))
    except LevelError as error:
        raise ConfigError(f"{path} can't be read: {error}") from error


def usual_limit() -> int:
    """Steps after which the preset of this machine ends a level's episode."""
    from dicode import config as configuration
    from dicode.commands.launch import with_preset

    return configuration.load(with_preset([])).episode_limit


def _with_builder(path: str, wall: str, name: str, call: Callable[..., T], episode_limit: int | None = None) -> T:
    from dicode.sandbox import Sandbox
    from dicode.streams import Streams
    from dicode.training.builder import LevelBuilder

    enable_compile_cache()
    foreign = origin.foreign_levels(Path(path))
    game = games.load_device(name)
    with Sandbox(game.host, wall=wall, hook_group=8, foreign=foreign) as sandbox:  # type: ignore[arg-type]
        return call(LevelBuilder(game, sandbox, Streams(0), WORLDS, episode_limit))


def _say_rejected(console: PlainConsole, path: str, verdict: Rejected) -> None:
    console.print(Text.assemble(("rejected", "bold red"), f" {path}"))
    console.print(f"  stage:  {verdict.stage}\n  reason: {verdict.reason}")
    if verdict.hint:
        console.print(f"  hint:   {verdict.hint}")


def check(path: str, wall: str, episode_limit: int | None = None, game: str = games.DEFAULT) -> int:
    """Print the verdict on a level file, for episodes of `episode_limit` steps (default: those of this machine's preset).

    Returns 0 if it is accepted, 1 if not.
    """
    if episode_limit is not None and episode_limit < 1:
        raise ConfigError(f"--episode-limit is {episode_limit}; an episode has at least 1 step")
    source, console = read(path), PlainConsole()
    draft = Draft(source, "", Origin.FILE)
    limit = usual_limit() if episode_limit is None else episode_limit
    verdict = _with_builder(path, wall, game, lambda builder: builder.check(draft), limit)
    if isinstance(verdict, Rejected):
        _say_rejected(console, path, verdict)
        return 1

    console.print(Text.assemble(("accepted", "bold green"), f" {path} (id {draft.id})"))
    console.print(f"  goal:   {games.load_host(game).read_goal(verdict.goal)}")
    for name, value in verdict.rules.items():
        console.print(f"  rule:   {name} = {value}")
    if verdict.hooks:
        console.print(f"  hooks:  {', '.join(verdict.hooks)}")
    for warning in verdict.warnings:
        console.print(f"  note:   {warning}")
    console.print(f"  steps:  an episode has {limit} at most")
    console.print(f"  built on {WORLDS} worlds in {verdict.seconds:.2f} s of CPU time")
    return 0


def show(path: str, output: str, floor: int | None, wall: str, game: str = games.DEFAULT) -> int:
    """Draw a level: one floor whole, or the starts of several worlds. Returns 0, or 1 if it is rejected."""
    shown = games.load_host(game).display()
    if shown.starts is None or shown.whole is None or shown.save is None:
        raise ConfigError(f"game={game} has no pictures of levels; `dicode level check` judges them in words")
    if floor is not None and not 0 <= floor < len(shown.floors):
        raise ConfigError(f"--floor is {floor}; floors are 0 to {len(shown.floors) - 1}")
    source, console = read(path), PlainConsole()

    def build(builder: Any) -> Any:
        base = builder.base_worlds(source, "shown", "check", WORLDS)
        return builder.sandbox.build(source, base, 0, Origin.FILE)

    built = _with_builder(path, wall, game, build)
    if isinstance(built, Rejected):
        _say_rejected(console, path, built)
        return 1
    if floor is None:
        picture = shown.starts(built.pool, WORLDS)
    else:
        picture = shown.whole({name: array[0] for name, array in built.pool.items()}, floor)
    shown.save(picture, Path(output))
    console.print(f"{output}: {picture.shape[1]} x {picture.shape[0]} pixels")
    return 0
