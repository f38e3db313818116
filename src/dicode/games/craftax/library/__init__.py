"""Hand-written levels: the seed set, examples for dreamers and documentation at once.

Levels are files of text; nothing here imports or runs them. `SEEDS` starts a curriculum: each is solved
now and then even by random actions, so that there is something to learn from. `HELDOUT` is for
evaluation only and never shown to a dreamer or trained on, and so is `GRADED`: eight families of skills, each on
five rungs of one template, from nearly everything given (1) to nothing given (5).
"""

from pathlib import Path

_HERE = Path(__file__).parent

SEEDS: tuple[str, ...] = (
    "collect_wood",
    "eat_cow",
    "wood_pickaxe",
    "zombie_duel",
    "survive_the_evening",
    "coal_seam",
    "skeleton_gallery",
    "first_descent",
    "drink_water",
    "iron_vein",
    "gnome_warrior",
    "orc_soldier",
    "stone_pickaxe",
)
"""What training begins with: collecting, survival, crafting, combat, deeper overworld, dungeon, mines, ranged combat."""


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"))


HELDOUT: tuple[str, ...] = _names(_HERE / "heldout")
"""Names of the levels kept for evaluation."""


GRADED: tuple[str, ...] = _names(_HERE / "graded")
"""Names of the graded suite's families."""
RUNGS = (1, 2, 3, 4, 5)


def load() -> list[tuple[str, str]]:
    """(name, source) of every level of the library by name, without the held-out ones."""
    return [(name, source(name)) for name in _names(_HERE)]


def load_seeds() -> list[tuple[str, str]]:
    """(name, source) of the seed levels; whoever has few slots takes the first ones."""
    return [(name, source(name)) for name in SEEDS]


def load_heldout() -> list[tuple[str, str]]:
    """(name, source) of the held-out levels by name."""
    return [(name, source(name)) for name in HELDOUT]


def load_graded() -> list[tuple[str, str]]:
    """(`family/rung`, source) of the graded suite, family by family, the easiest rung first."""
    texts = {name: (_HERE / "graded" / f"{name}.py").read_text(encoding="utf-8") for name in GRADED}
    return [
        (f"{name}/{rung}", text.replace("\nRUNG = 1\n", f"\nRUNG = {rung}\n"))
        for name, text in texts.items()
        for rung in RUNGS
    ]


def source(name: str) -> str:
    """The text of one level; KeyError for a name that the library does not have."""
    for folder in (_HERE, _HERE / "heldout"):
        path = folder / f"{name}.py"
        if path.is_file() and name.isidentifier() and name != "__init__":
            return path.read_text(encoding="utf-8")
    raise KeyError(name)
