"""Levels in a few words, for labels and tables."""

from collections.abc import Mapping, Sequence

from dicode.games.display import plain
from dicode.types import TARGET, Accepted, LevelRecord, Trial


def goal_words(goal: Mapping[str, object], width: int = 48) -> str:
    """A goal's JSON as words: `{"achievements": ["OPEN_DOOR"], "minimum": {"survive": 300}}` -> `open door, survive 300`.

    Of goals of another kind whatever they say, in their order.
    """
    names, minimum = goal.get("achievements"), goal.get("minimum")
    parts = [plain(str(name)) for name in names] if isinstance(names, Sequence) else []
    if isinstance(minimum, Mapping):
        parts += [f"{plain(str(name))} {_amount(value)}" for name, value in minimum.items()]
    said = [value for name, value in goal.items() if name not in _COMMON and value not in (None, "", [])]
    parts += [" ".join(map(_spoken, said))] if said else []
    if len(parts) > 12:
        return f"{len(parts)} achievements" if not minimum else f"{len(parts)} conditions"
    return clip(", ".join(parts) or "a goal of its own", width)


_COMMON = ("achievements", "minimum")


def _spoken(value: object) -> str:
    """What a game of another kind of goals says in one: a word, or several."""
    words = value if isinstance(value, list) else [value]
    return ", ".join(plain(str(word)) for word in words)


def _amount(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else clip(str(value), 20)


def level_words(record: LevelRecord, width: int = 48) -> str:
    """What a level asks for; for a rejected one the stage at which it failed."""
    if record.id == TARGET:
        return "the target"
    if isinstance(record.verdict, Accepted):
        return goal_words(record.verdict.goal, width)
    return f"rejected at {record.verdict.stage}"


def printable(text: str) -> str:
    """One line without control characters: text of a model must not steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def clip(text: str, width: int) -> str:
    """At most `width` printable characters on one line, the cut marked."""
    text = printable(text)
    return text if len(text) <= width else text[: max(width - 1, 1)].rstrip(" ,") + "…"


def percent(rate: float | None) -> str:
    """A rate as `45 %`; a dash without one."""
    return "-" if rate is None else f"{100 * rate:.0f} %"


def last_rate(trials: Sequence[Trial]) -> float | None:
    """Success rate of the latest trial that finished an episode."""
    return next((trial.success_rate for trial in reversed(trials) if trial.episodes), None)
