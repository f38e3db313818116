"""Hand-written levels: the seed set, examples for dreamers and documentation at once.

Levels are files of text; nothing here imports or runs them. `SEEDS` starts a curriculum: each is solved now and then
even by random actions. `HELDOUT` is for evaluation only and never shown to a dreamer or trained on.
"""

from pathlib import Path

_HERE = Path(__file__).parent

SEEDS: tuple[str, ...] = (
    "pick_up",
    "walk_up",
    "open_door",
    "carry_across",
    "turn_by_walking",
    "first_pair",
    "locked_door",
    "turn_in_hand",
)
"""What training begins with, a skill each."""


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"))


HELDOUT: tuple[str, ...] = _names(_HERE / "heldout")
"""Names of the levels kept for evaluation."""


def load() -> list[tuple[str, str]]:
    """(name, source) of every level of the library by name, without the held-out ones."""
    return [(name, source(name)) for name in _names(_HERE)]


def load_seeds() -> list[tuple[str, str]]:
    """(name, source) of the seed levels; whoever has few slots takes the first ones."""
    return [(name, source(name)) for name in SEEDS]


def load_heldout() -> list[tuple[str, str]]:
    """(name, source) of the held-out levels by name."""
    return [(name, source(name)) for name in HELDOUT]


def source(name: str) -> str:
    """The text of one level; KeyError for a name that the library does not have."""
    for folder in (_HERE, _HERE / "heldout"):
        path = folder / f"{name}.py"
        if path.is_file() and name.isidentifier() and name != "__init__":
            return path.read_text(encoding="utf-8")
    raise KeyError(name)
