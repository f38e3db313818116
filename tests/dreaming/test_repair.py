"""What a model is told about a rejected draft."""

import pytest

from dicode.dreaming.calls import Message
from dicode.dreaming.repair import corrected_line, repair_messages
from dicode.types import Rejected

pytestmark = pytest.mark.fast

QUESTION = (Message("system", "You write levels."), Message("user", "Write one."))


@pytest.mark.parametrize(
    "reason, hint, line",
    [
        (
            "line 19 (world.player.inventory.set(plant=1)), in world 0 of 4: the inventory has no 'plant'; did you mean "
            "'sapling'? (it has wood, stone)",
            "",
            "world.player.inventory.set(sapling=1)",
        ),
        (
            "line 7 (world.place(Block.TREES, (0, 1))), in world 0 of 4: AttributeError: TREES",
            "Block has no TREES; did you mean 'TREE'?",
            "world.place(Block.TREE, (0, 1))",
        ),
    ],
)
def test_a_wrong_word_with_a_right_one_nearby_comes_back_as_a_whole_line(reason, hint, line):
    number = reason.split()[1]
    verdict = Rejected("build", reason, hint)
    assert corrected_line(verdict) == f"Write line {number} as `{line}`."
    assert f"`{line}`" in repair_messages(QUESTION, "GOAL = 1", verdict)[-1].content


@pytest.mark.parametrize(
    "reason", ["line 3 (x = 1 / 0), in world 1 of 4: ZeroDivisionError", "no 'plant'; did you mean 'sapling'?"]
)
def test_without_line_or_word_the_verdicts_own_hint_stands(reason):
    verdict = Rejected("build", reason, "Mend it so.")
    assert corrected_line(verdict) == ""
    assert "Hint: Mend it so." in repair_messages(QUESTION, "GOAL = 1", verdict)[-1].content
