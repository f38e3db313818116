"""The library dreamer: proposes levels that exist already, the readiest first.

The levels are the package's own or a folder of files (`dicode levels export`, or written by hand). It
draws no randomness: which level comes next follows from what the agent can do and what the archive holds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dicode.dreaming.dreamer import Outcome, Validate, lost
from dicode.errors import RunError
from dicode.games.craftax.grammar.frontier import MASTERED, Rates, before, missing, rates, way_to
from dicode.games.craftax.grammar.plan import Plan
from dicode.games.craftax.grammar.reader import asked_of, plan_of
from dicode.games.craftax.levels.parse import decode, parse_level
from dicode.games.craftax.levels.techtree import depth
from dicode.levels import LevelError
from dicode.received import files as received
from dicode.types import Brief, Draft, Origin, Rejected

LIBRARY = Path(__file__).parents[1] / "games" / "craftax" / "library"
"""Where the package's own levels lie."""


MAX_BYTES = 1 << 20
"""Bytes of a level file."""


@dataclass(frozen=True)
class Volume:
    """One level of the library."""

    name: str
    draft: Draft
    plan: Plan


def read_folder(folder: Path, origin: Origin) -> tuple[Volume, ...]:
    """Every level file of a folder, by name; files that begin with an underscore are left out.

    Raises RunError for a folder without levels and for a file that isn't a level, with its name and why.
    """
    paths = sorted(path for path in Path(folder).glob("*.py") if not path.name.startswith("_"))
    if not paths:
        raise RunError(f"{folder} holds no level files (*.py); `dicode levels export RUN DIR` writes some")
    return tuple(_volume(path, origin) for path in paths)


def _volume(path: Path, origin: Origin) -> Volume:
    try:
        source = decode(received.read(path.parent, path.name, most=MAX_BYTES))
    except (LevelError, FileNotFoundError) as error:
        raise RunError(f"{path.name} can't be read: {error}") from error
    text = parse_level(source)
    if isinstance(text, Rejected):
        raise RunError(f"{path.name} is not a level: {text.reason}; {text.hint}")
    return Volume(path.stem, Draft(source, text.description, origin, move="library"), plan_of(source))


def readiest(volumes: Iterable[Volume], success: Rates) -> list[Volume]:
    """Volumes in the order in which an agent with these success rates should meet them.

    First what is not mastered yet, fewest unknown prerequisites first; then shallow before deep, more help
    before less, and the name. Levels that ask for time or vitals alone count as shallow.
    """
    return sorted(volumes, key=lambda volume: _order(volume, success))


def _order(volume: Volume, success: Rates) -> tuple[bool, int, int, int, str]:
    asked = asked_of(volume.plan)
    mastered = bool(asked) and all(success[achievement] >= MASTERED for achievement in asked)
    unknown = max((missing(achievement, success) for achievement in asked), default=0)
    deep = max((depth(achievement) + len(before(achievement)) for achievement in asked), default=1)
    return mastered, unknown, deep, -int(volume.plan.help), volume.name


class LibraryDreamer:
    """Answers each brief with the readiest level that the archive doesn't hold; implements `Dreamer`."""

    name = "library"

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: a folder of level files; the package's own library if None."""
        self._volumes = read_folder(folder or LIBRARY, Origin.FILE if folder else Origin.LIBRARY)

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief; `lost` once every level is in the archive. A library level has no parents."""
        taken: set[str] = set()
        return [self._answer(brief, validate, taken) for brief in briefs]

    def _answer(self, brief: Brief, validate: Validate, taken: set[str]) -> Outcome:
        allowed = _filter(brief)
        fresh = [v for v in self._volumes if v.draft.id not in brief.known | taken and allowed(v)]
        if not fresh:
            return lost("every level of the library is in the archive already")
        near = [volume for volume in fresh if serves(volume.plan, brief)] or fresh
        draft = readiest(near, rates(brief.target_success))[0].draft
        taken.add(draft.id)
        return Outcome(draft, validate(draft))


def serves(plan: Plan, brief: Brief) -> bool:
    """Whether a level is about something on the way to a target that is a level; any is, where it is the game."""
    return brief.target is None or bool(way_to(plan_of(brief.target.source)).intersection(asked_of(plan)))


def _filter(brief: Brief) -> Callable[[Volume], bool]:
    """What a brief leaves out: levels with hooks where none are allowed."""

    def allowed(volume: Volume) -> bool:
        text = parse_level(volume.draft.source)
        return brief.allow_hooks or isinstance(text, Rejected) or not text.hooks

    return allowed
