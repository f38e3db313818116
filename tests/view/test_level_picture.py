"""Pictures show what is in the world, without JAX."""

import subprocess
import sys

import numpy as np
import pytest

from dicode.errors import DicodeError
from dicode.games.craftax.level_picture import TILE, around_player, contact_sheet, render_world, save_picture
from dicode.games.craftax.levels.blank import blank_world, blank_worlds
from dicode.games.craftax.levels.world import World
from dicode.levels import Block, Floor, Mob

pytestmark = pytest.mark.fast


@pytest.fixture
def arrays():
    return blank_world(np.random.default_rng(0))


def cell(picture, position):
    row, column = (at * TILE for at in position)
    return picture[row : row + TILE, column : column + TILE]


def test_a_changed_cell_changes_that_cell_of_the_picture_alone(arrays):
    before = render_world(arrays)
    arrays["blocks"][0, 5, 7] = Block.DIAMOND
    changed = (before != render_world(arrays)).any(axis=2)
    assert before.shape == (768, 768, 3) and before.dtype == np.uint8
    assert changed.any() and not np.delete(np.delete(changed, range(80, 96), 0), range(112, 128), 1).any()


def test_player_mobs_and_torches_are_drawn(arrays):
    world = World(arrays, np.random.default_rng(0))
    world.clear(4)
    plain = render_world(arrays)
    grass = cell(plain, (22, 22))
    assert not np.array_equal(cell(plain, world.player.position), grass)
    (cow,) = world.spawn(Mob.COW, distance=(2, 3))
    torch = world.random_cell(distance=(1, 3))
    world.torch(torch)
    shown = render_world(arrays)
    assert not np.array_equal(cell(shown, cow), grass) and not np.array_equal(cell(shown, torch), grass)


def test_dark_cells_are_darker_unless_shading_is_off(arrays):
    mines = render_world(arrays, Floor.GNOMISH_MINES)
    bright = render_world(arrays, Floor.GNOMISH_MINES, shade=False)
    assert mines.mean() < 0.6 * bright.mean()


def test_the_player_is_drawn_on_its_own_floor_alone(arrays):
    here = render_world(arrays)
    arrays["player_level"][...] = 1
    assert not np.array_equal(here, render_world(arrays, 0))


def test_a_sheet_shows_one_start_a_world(tmp_path):
    sheet = contact_sheet(blank_worlds(5), count=5, columns=3, radius=2, tile=8)
    assert sheet.shape == (2 * 40 + 6, 3 * 40 + 12, 3)
    assert around_player({k: v[0] for k, v in blank_worlds(1).items()}, radius=30).shape == (61 * 16, 61 * 16, 3)
    save_picture(sheet, tmp_path / "sheet.png")
    with pytest.raises(DicodeError, match="cannot write"):
        save_picture(sheet, tmp_path / "no" / "sheet.png")


def test_drawing_imports_no_jax():
    code = (
        "import sys, numpy as np; from dicode.games.craftax.levels.blank import blank_world;"
        "from dicode.games.craftax.level_picture import render_world; render_world(blank_world(np.random.default_rng(0)));"
        "sys.exit(any(m.split('.')[0] in ('jax', 'craftax') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
