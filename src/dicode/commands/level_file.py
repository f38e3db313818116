"""`dicode level check` and `dicode level show`: one level, from a file or the library, checked on real worlds and drawn.

A check reads its worlds from the bank in the cache and imports no JAX, except for hooks and for the first check ever.
What only some checks need (the sandbox, a run's archive, settings) is imported where it is used: a person waits for it.
"""

import gc
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.text import Text

from dicode import conf, games, interrupts
from dicode.errors import ConfigError, LevelError, nearest
from dicode.games.level_text import decode
from dicode.machine import default_preset
from dicode.received import files as received
from dicode.received import places
from dicode.sandbox import screen
from dicode.sandbox.limits import Limits
from dicode.syntax import lines_of
from dicode.terminal import PlainConsole
from dicode.types import Code, Origin, Rejected, level_id

if TYPE_CHECKING:
    import numpy as np

    from dicode.games.host import HostGame
    from dicode.sandbox import Sandbox
    from dicode.sandbox.sandbox import Built
    from dicode.sandbox.workers import Worker

WORLDS = 8
"""Worlds on which a file is built: the first ones of the bank."""
_HOOK_GROUP = 8
_POLL_S = 0.2
"""Seconds between two looks at a file that is watched."""
_FOR_PEOPLE = {
    Code.SYNTAX: "Python cannot read on from there: the mistake is in that line, or in the one before it",
    Code.NOT_TEXT: "save the level as plain Python text",
    Code.NO_GOAL: "write GOAL = Goal.all_of(...) at the top of the file, or define success(state)",
}
"""What a person can do, where the hint is written for a model that sends the whole file again."""


@dataclass(frozen=True)
class _WorldMaker:
    """Makes worlds of a game when the bank lacks them; importing JAX and loading the generator takes seconds."""

    host: "HostGame"

    def generate(self, key: Any, count: int, first: int) -> "dict[str, np.ndarray]":
        from dicode.cache import enable_compile_cache

        enable_compile_cache()
        return games.load_device(self.host.name).generate(key, count, first)


class Checker:
    """Screens and builds the text of level files; a context manager, whose workers start with the first text that is Python.

    They take longer to come up than all that is read here meanwhile, the game's host side and the worlds.
    """

    def __init__(self, path: str, wall: str, game: str) -> None:
        games.package(game)  # a name that is no game's is told before any text
        self._game, self._wall = game, wall
        self._foreign = not path.startswith(games.LIBRARY) and _is_foreign(Path(path))
        self._workers: tuple[Worker, Worker] | None = None
        self._sandbox: Sandbox | None = None
        self._worlds: Mapping[str, np.ndarray] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
        for worker in self._workers or ():
            worker.stop()

    @property
    def _host(self) -> "HostGame":
        return games.load_host(self._game)

    def screen(self, source: str) -> Rejected | None:
        """What is plainly wrong with the text; nothing is started and no game is loaded for what is not Python."""
        found = screen.cheap(source, Limits().source)
        if found is None and not self._foreign:  # what somebody sent is parsed in the jail only
            found = screen.unreadable(source)
        if found is not None:
            return found
        self._launch()
        return None if self._foreign else screen.screen(source, self._host.levels())

    def _launch(self) -> None:
        if self._workers is None:
            from dicode.sandbox import workers

            self._workers = workers.pair(self._game)
        builder, _ = self._workers  # the verifier, which is needed later, would only take its processor
        builder.launch()

    def build(self, source: str, episode_limit: int | None = None) -> "Built | Rejected":
        """The level on the first worlds of the bank, or what is wrong with it."""
        if not self._worlds:
            from dicode.training.bank import WorldBank

            worlds = WorldBank(_WorldMaker(self._host), WORLDS).chunk(0)
            self._worlds = {name: array[:WORLDS] for name, array in worlds.items()}
        return self._walled().build(source, self._worlds, int(level_id(source), 16), Origin.FILE, episode_limit)

    def _walled(self) -> "Sandbox":
        if self._sandbox is None:
            from dicode.sandbox import Sandbox

            self._sandbox = Sandbox(
                self._host,
                wall=self._wall,  # type: ignore[arg-type]
                hook_group=_HOOK_GROUP,
                foreign=self._foreign,
                started=self._workers,
            )
        return self._sandbox


def _is_foreign(path: Path) -> bool:
    if places.is_a_persons_own(path):
        return False
    from dicode.runs import origin

    return origin.foreign_levels(path)


def read(path: str) -> str:
    """The text of a level file in any encoding that it names. Raises ConfigError that names the nearest file."""
    file = Path(path)
    if not file.is_file():
        beside = [p.name for p in file.parent.glob("*.py")] if file.parent.is_dir() else []
        raise ConfigError(f"there is no file {path}{nearest(file.name, beside)}")
    try:
        return decode(received.read(file.parent, file.name, most=received.MAX_LEVEL))
    except LevelError as error:
        raise ConfigError(f"{path} can't be read: {error}") from error


def _text(path: str, game: str) -> str:
    """The text of a file, or of `library:NAME`."""
    return games.library_level(game, path) if path.startswith(games.LIBRARY) else read(path)


def usual_limit(preset: str) -> int:
    """Steps after which a preset ends a level's episode: a line of its file, as composing settings takes half a second."""
    text = (Path(conf.__file__).parent / "preset" / f"{preset}.yaml").read_text(encoding="utf-8")
    found = re.search(r"^episode_limit: (\d+)\b", text, re.MULTILINE)
    if found is not None:
        return int(found[1])
    from dicode.config import Config

    return Config.episode_limit


def for_people(verdict: Rejected, source: str) -> Rejected:
    """The verdict with a hint for whoever has the file open, not for a model that sends it again."""
    hint = _FOR_PEOPLE.get(verdict.code, verdict.hint)
    if verdict.code is Code.SYNTAX and "```" in source:
        hint = "delete the Markdown fences (```); a level file is Python alone"
    elif verdict.code is Code.SYNTAX and re.search("[\u201c\u201d\u2018\u2019]", source):
        hint = "replace the curly quotes by plain ones"
    return replace(verdict, hint=hint)


def _say_rejected(console: PlainConsole, path: str, source: str, verdict: Rejected) -> None:
    verdict = for_people(verdict, source)
    console.print(Text.assemble(("rejected", "bold red"), f" {path}"), soft_wrap=True)
    console.print(f"  stage:  {verdict.stage}\n  reason: {verdict.reason}", soft_wrap=True)
    if (number := _line_number(verdict)) and number <= len(lines := lines_of(source)):
        console.print(f"  {path}:{number}: {lines[number - 1].strip()}", soft_wrap=True)
    if verdict.hint:
        console.print(f"  hint:   {verdict.hint}", soft_wrap=True)


def _line_number(verdict: Rejected) -> int | None:
    """The line that a reason names; it only places the text that is shown."""
    reason = verdict.reason
    found = re.search(r"\bline (\d+)", reason)
    return int(found[1]) if found else None


def check(
    path: str, wall: str, episode_limit: int | None = None, watch: bool = False, game: str = games.DEFAULT
) -> int:
    """Print the verdict on a level file, for episodes of `episode_limit` steps (default: those of this machine's preset).

    Returns 0 if it is accepted, 1 if not. With `watch`, again whenever the file is saved, until Ctrl-C; returns the last.
    """
    if episode_limit is not None and episode_limit < 1:
        raise ConfigError(f"--episode-limit is {episode_limit}; an episode has at least 1 step")
    if watch and path.startswith(games.LIBRARY):
        raise ConfigError(f"--watch waits until a file is saved, and {path} is none")
    seen, source, console = _stamp(path), _text(path, game), PlainConsole()
    with nullcontext() if watch else _short(), Checker(path, wall, game) as checker:
        while True:
            code = _check(console, checker, path, source, episode_limit)
            if not watch:
                return code
            console.print("  watching; Ctrl-C ends")
            try:
                seen, source = _saved(console, path, seen)
            except interrupts.Terminated:
                raise
            except KeyboardInterrupt:
                return code


def _saved(console: PlainConsole, path: str, seen: tuple[int, int] | None) -> tuple[tuple[int, int] | None, str]:
    """The stamp and the text of a watched file once it is another than `seen`; says so of a text that can't be read."""
    while True:
        while (now := _stamp(path)) in (seen, None):  # an editor may take a file away for a moment
            time.sleep(_POLL_S)
        try:
            return now, read(path)
        except ConfigError as error:
            console.print(f"{error}", soft_wrap=True)
            seen = now


@contextmanager
def _short() -> Iterator[None]:
    """No search for garbage: imports make little, and looking through what they made, at the end too, takes a tenth of a check."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _stamp(path: str) -> tuple[int, int] | None:
    """What changes when a file is saved; None while there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _check(console: PlainConsole, checker: Checker, path: str, source: str, asked: int | None) -> int:
    found = checker.screen(source)
    limit = usual_limit(default_preset()) if found is None and asked is None else asked
    built = found or checker.build(source, limit)
    if isinstance(built, Rejected):
        _say_rejected(console, path, source, built)
        return 1
    console.print(Text.assemble(("accepted", "bold green"), f" {path} (id {level_id(source)})"), soft_wrap=True)
    console.print(f"  goal:   {built.goal}")
    for name, value in built.rules.to_json().items():
        console.print(f"  rule:   {name} = {value}")
    if built.hooks:
        console.print(f"  hooks:  {', '.join(sorted(built.hooks))}")
    for warning in built.warnings:
        console.print(f"  note:   {warning}", soft_wrap=True)
    console.print(f"  steps:  an episode has {limit} at most")
    console.print(f"  built on {WORLDS} worlds in {built.cpu_seconds:.2f} s of CPU time")
    return 0


def show(path: str, output: str, floor: int | None, wall: str, game: str = games.DEFAULT) -> int:
    """Draw a level: one floor whole, or the starts of several worlds. Returns 0, or 1 if it is rejected."""
    from dicode import files

    shown = games.load_host(game).display()
    if shown.starts is None or shown.whole is None or shown.save is None:
        raise ConfigError(f"game={game} has no pictures of levels; `dicode level check` judges them in words")
    if floor is not None and not 0 <= floor < len(shown.floors):
        raise ConfigError(f"--floor is {floor}; floors are 0 to {len(shown.floors) - 1}")
    target, source, console = files.output_path(output), _text(path, game), PlainConsole()
    with Checker(path, wall, game) as checker:
        built = checker.screen(source) or checker.build(source)
    if isinstance(built, Rejected):
        _say_rejected(console, path, source, built)
        return 1
    if floor is None:
        picture = shown.starts(built.pool, WORLDS)
    else:
        picture = shown.whole({name: array[0] for name, array in built.pool.items()}, floor)
    shown.save(picture, target)
    console.print(f"{output}: {picture.shape[1]} x {picture.shape[0]} pixels", soft_wrap=True)
    return 0
