"""A folder of hand-written levels: the seed set beside the held-out ones, read as text and never run here."""

from dataclasses import dataclass
from pathlib import Path


def names(folder: Path) -> tuple[str, ...]:
    """Names of the level files in `folder`, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"))


@dataclass(frozen=True)
class Shelf:
    """The levels of one game's library."""

    folder: Path
    """Levels to learn from; those kept for evaluation lie in its folder `heldout`."""
    seeds: tuple[str, ...]
    """What training begins with, in this order."""

    @property
    def heldout(self) -> tuple[str, ...]:
        """Names of the levels kept for evaluation."""
        return names(self.folder / "heldout")

    def load(self) -> list[tuple[str, str]]:
        """(name, source) of every level of the library by name, without the held-out ones."""
        return [(name, self.source(name)) for name in names(self.folder)]

    def load_seeds(self) -> list[tuple[str, str]]:
        """(name, source) of the seed levels; whoever has few slots takes the first ones."""
        return [(name, self.source(name)) for name in self.seeds]

    def load_heldout(self) -> list[tuple[str, str]]:
        """(name, source) of the held-out levels by name."""
        return [(name, self.source(name)) for name in self.heldout]

    def source(self, name: str) -> str:
        """The text of one level; KeyError for a name that the library does not have."""
        for folder in (self.folder, self.folder / "heldout"):
            path = folder / f"{name}.py"
            if path.is_file() and name.isidentifier() and name != "__init__":
                return path.read_text(encoding="utf-8")
        raise KeyError(name)
