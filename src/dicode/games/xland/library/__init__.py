"""Hand-written levels: the seed set, examples for dreamers and documentation at once.

Levels are files of text; nothing here imports or runs them. `SEEDS` starts a curriculum: each is solved now and then
even by random actions. `HELDOUT` is for evaluation only and never shown to a dreamer or trained on.
"""

from pathlib import Path

from dicode.games.shelf import Shelf

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


_SHELF = Shelf(_HERE, SEEDS)

HELDOUT: tuple[str, ...] = _SHELF.heldout
"""Names of the levels kept for evaluation."""


load, load_seeds, load_heldout = _SHELF.load, _SHELF.load_seeds, _SHELF.load_heldout
source = _SHELF.source
