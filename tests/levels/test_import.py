"""Importing the level API costs NumPy and nothing heavier: every sandboxed worker pays for it."""

import subprocess
import sys

import pytest

HEAVY = ("jax", "flax", "craftax", "scipy", "matplotlib", "PIL", "rich", "optax")


@pytest.mark.fast
def test_level_code_imports_nothing_heavy():
    code = "import sys, dicode.levels, dicode.games.level_build, dicode.games.craftax.levels.api; print(*{m.split('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in found
    assert not set(HEAVY) & set(found)


@pytest.mark.fast
def test_every_name_that_is_promised_can_be_imported():
    import dicode.levels

    assert all(hasattr(dicode.levels, name) for name in dicode.levels.__all__)
