"""Hand-written levels: the seed set, examples for dreamers and documentation at once.

Levels are files of text; nothing here imports or runs them. `SEEDS` starts a curriculum: each is solved
now and then even by random actions, so that there is something to learn from. `HELDOUT` is for
evaluation only and never shown to a dreamer or trained on, and so is `GRADED`: eight families of skills, each on
five rungs of one template, from nearly everything given (1) to nothing given (5).
"""

from pathlib import Path

from dicode.games.shelf import Shelf, names

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


_SHELF = Shelf(_HERE, SEEDS)

HELDOUT: tuple[str, ...] = _SHELF.heldout
"""Names of the levels kept for evaluation."""


GRADED: tuple[str, ...] = names(_HERE / "graded")
"""Names of the graded suite's families."""
RUNGS = (1, 2, 3, 4, 5)


load, load_seeds, load_heldout = _SHELF.load, _SHELF.load_seeds, _SHELF.load_heldout
source = _SHELF.source


def load_graded() -> list[tuple[str, str]]:
    """(`family/rung`, source) of the graded suite, family by family, the easiest rung first."""
    texts = {name: (_HERE / "graded" / f"{name}.py").read_text(encoding="utf-8") for name in GRADED}
    return [
        (f"{name}/{rung}", text.replace("\nRUNG = 1\n", f"\nRUNG = {rung}\n"))
        for name, text in texts.items()
        for rung in RUNGS
    ]
