"""Held-out levels are played without hooks, and one that has some is refused before anything is played."""

from types import SimpleNamespace

import numpy as np
import pytest

from dicode.errors import DicodeError
from dicode.evaluation import heldout
from dicode.evaluation.protocol import Protocol
from dicode.evaluation.results import HELDOUT
from dicode.games.craftax import library

pytestmark = pytest.mark.fast


def test_a_level_with_hooks_is_refused_by_name_before_anything_is_played(tmp_path):
    hooked = [(name, source) for name, source in library.load() if name == "skeleton_bounty"]
    suite = [*library.load_heldout(), *hooked]
    game = SimpleNamespace(host=SimpleNamespace(heldout=lambda: suite))
    with pytest.raises(DicodeError, match="skeleton_bounty defines bonus, and evaluation plays the game without hooks"):
        heldout.evaluate(
            SimpleNamespace(game=game),
            {"w": np.zeros(1)},
            Protocol(1, 1, 0, name=HELDOUT),
            tmp_path / "new",
            {},
            lambda done, of: None,
        )
    assert not (tmp_path / "new").exists()


def test_no_level_of_the_suite_has_hooks():
    heldout.refuse_hooks(library.load_heldout())
