"""From a level file, or a level's name, to what an environment plays. The code of a file runs behind the wall."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dicode import games
from dicode.cache import enable_compile_cache
from dicode.commands.level_file import read
from dicode.environment.batch import Level
from dicode.errors import ConfigError, LevelError, nearest
from dicode.games.host import HostGame
from dicode.runs import origin
from dicode.sandbox import Sandbox
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.types import TARGET, Code, Origin, Rejected, level_id

WORLDS = 16
"""Worlds of a level, where nobody says how many."""
BONUS = 20.0
"""What reaching a level's goal pays, as in the presets; the unmodified game pays nothing of the kind."""

Source = str | Path | Level
"""A level file, the name of a level of the library, `target`, or a level that was loaded before."""


@dataclass(frozen=True)
class Loading:
    """How levels are built."""

    game: str = games.DEFAULT
    worlds: int = WORLDS
    seed: int = 0
    sandbox: str = "auto"
    bonus: float = BONUS

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.worlds < 1:
            raise ConfigError(f"worlds is {self.worlds}; a level is played in at least one world")


def load_level(
    source: Source, *, worlds: int = WORLDS, seed: int = 0, sandbox: str = "auto", game: str = games.DEFAULT
) -> Level:
    """A level on `worlds` fresh worlds: those of (seed, level), so that the same call gives the same worlds.

    `source`: a level file, whose code runs in a process behind the wall (`sandbox`: auto, full or weak) and never here; the
    name of one of the library's levels, `library:` before it or not; or `target`, the unmodified game. The first call in a process loads or
    compiles the generator of worlds.

    Raises:
        ConfigError: there is no such file or name.
        LevelError: the level is rejected, or has hooks; the message names the file, the reason and a hint.
    """
    return load_levels([source], Loading(game, worlds, seed, sandbox))[0]


def load_levels(sources: Iterable[Source], loading: Loading) -> list[Level]:
    """Every level, in order, built by one set of workers. Raises as `load_level`."""
    sources = list(sources)
    host, texts = games.load_host(loading.game), dict[int, tuple[str, Origin]]()
    for index, source in enumerate(sources):
        if not isinstance(source, Level) and source != TARGET:
            texts[index] = _text(source, host)
    with _builder(loading, [Path(source) for source in sources if isinstance(source, (str, Path))]) as builder:
        return [
            source if isinstance(source, Level) else _built(builder, str(source), texts.get(index), loading)
            for index, source in enumerate(sources)
        ]


def _text(source: str | Path, host: HostGame) -> tuple[str, Origin]:
    """The text that a path or a name stands for."""
    named = _library(host)
    name = str(source).removeprefix(games.LIBRARY)
    if isinstance(source, str) and name in named:
        return named[name], Origin.LIBRARY
    if Path(source).suffix == ".py" or Path(source).exists():
        return read(str(source)), Origin.FILE
    raise ConfigError(
        f"{str(source)!r} is neither a level file (.py) nor a level of the library{nearest(str(source), [TARGET, *named])}"
    )


def _library(host: HostGame) -> Mapping[str, str]:
    return dict([*host.library(), *host.heldout()])


@contextmanager
def _builder(loading: Loading, files: Iterable[Path]) -> Iterator[LevelBuilder]:
    foreign = any(origin.foreign_levels(file) for file in files if file.suffix == ".py")
    enable_compile_cache()
    game = games.load_device(loading.game)
    with Sandbox(game.host, wall=loading.sandbox, foreign=foreign) as sandbox:  # type: ignore[arg-type]
        yield LevelBuilder(game, sandbox, Streams(loading.seed), loading.worlds)


def _built(builder: LevelBuilder, name: str, text: tuple[str, Origin] | None, loading: Loading) -> Level:
    if text is None:
        pool = builder.base_worlds("", TARGET, "loaded", loading.worlds)
        return Level(pool, name=TARGET)
    source, origin_of = text
    built = builder.attempt(source, level_id(source), origin_of, "loaded", loading.worlds)
    if isinstance(built, Rejected) and built.code is Code.HOOKS_OFF:
        raise LevelError(
            f"{name} defines hooks, which only `dicode train` plays; say it with GOAL, RULES and build", built.code
        )
    if isinstance(built, Rejected):
        raise LevelError(f"{name} {built.sentence}", built.code)
    return Level(built.pool, built.rules.to_json(), built.goal, bonus=loading.bonus, name=Path(name).stem)
