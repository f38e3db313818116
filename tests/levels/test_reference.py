"""The reference is generated, complete, and the page in docs is the generated one."""

from pathlib import Path

import pytest

from dicode.games.craftax.levels.goal import QUANTITIES
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.reference import compact, reference
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.world import World

pytestmark = pytest.mark.fast
PAGE = Path(__file__).parents[2] / "docs" / "level-api.md"


def test_the_page_in_docs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "write it anew: python -c \"from dicode.games.craftax.levels.reference import write; write('docs/level-api.md')\""
    )


def test_everything_that_level_code_can_name_is_in_it():
    text = reference()
    for name in (*QUANTITIES, *RULES, *STATE_FIELDS):
        assert f"`{name}`" in text, name
    for achievement in Achievement:
        assert f"| {achievement.name} |" in text
    for name, member in vars(World).items():
        if not name.startswith("_") and callable(member):
            assert f"`world.{name}(" in text, name


def test_the_compact_version_is_a_fraction_of_it_and_names_every_call():
    assert len(compact()) < len(reference()) / 5
    for call in ("world.spawn(", "Goal.all_of(", "world.player.health", "world.player.inventory.set("):
        assert call in compact()


def test_every_public_member_says_what_it_does():
    assert ": \n" not in compact()
    assert "`: None" not in compact()
