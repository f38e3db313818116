"""Pictures show what is in the world, without JAX."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dicode.errors import DicodeError
from dicode.games.craftax import level_sheet, panel
from dicode.games.craftax.episode_picture import frame, write_gif
from dicode.games.craftax.level_picture import TILE, around_player, contact_sheet, render_world
from dicode.games.craftax.levels.blank import blank_world, blank_worlds
from dicode.games.craftax.levels.world import World
from dicode.games.picture import save_picture
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
    assert before.shape == (768, 768, 3)
    assert before.dtype == np.uint8
    assert changed.any()
    assert not np.delete(np.delete(changed, range(80, 96), 0), range(112, 128), 1).any()


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
    assert not np.array_equal(cell(shown, cow), grass)
    assert not np.array_equal(cell(shown, torch), grass)


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


@pytest.mark.parametrize("name", ["level", "level.", "level.psd", "level.txt"])
def test_a_name_that_is_no_picture_s_is_told_so(name, tmp_path):
    with pytest.raises(DicodeError, match=rf"{name}: its name says no kind of picture .*\.png"):
        save_picture(np.zeros((4, 4, 3), np.uint8), tmp_path / name)


def test_a_picture_that_the_disk_refuses_leaves_the_one_before(tmp_path, monkeypatch):
    path, full = tmp_path / "level.png", OSError(errno.ENOSPC, "No space left on device")
    save_picture(np.zeros((4, 4, 3), np.uint8), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(full))
    with pytest.raises(DicodeError, match=r"cannot write the picture .*/level\.png: No space left on device$"):
        save_picture(np.ones((4, 4, 3), np.uint8), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["level.png"]


def test_drawing_imports_no_jax():
    code = (
        "import sys, numpy as np; from dicode.games.craftax.levels.blank import blank_world;"
        "from dicode.games.craftax.level_picture import render_world; render_world(blank_world(np.random.default_rng(0)));"
        "sys.exit(any(m.split('.')[0] in ('jax', 'craftax') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_level_s_sheet_carries_goal_id_floor_and_axes_as_png_and_svg(tmp_path, arrays):
    png = level_sheet.save(arrays, "c172185edc5a", "eat cow", tmp_path / "new" / "a.png")
    with Image.open(png) as image:
        assert image.size == level_sheet.Sheet("", "", 8).size
        assert image.size[0] > 48 * 8
    said = level_sheet.save(arrays, "c172185edc5a", "eat <b>cow</b>", tmp_path / "a.svg").read_text()
    for part in ("eat &lt;b&gt;cow&lt;/b&gt;", "c172185edc5a", "floor 0, overworld", "row 24, column 24", ">40</text>"):
        assert part in said, part
    assert said.count("<text") == 2 + 2 * 6
    assert "http" not in said.replace("http://www.w3.org/2000/svg", "")


def test_the_start_is_framed_in_a_sheet(arrays):
    _, plain = level_sheet.of_world(arrays, "x", "y", tile=8)
    row, column = (int(at) * 8 for at in arrays["player_position"])
    shot = np.asarray(plain)
    assert (shot[row - 5, column - 5] == 255).all()
    assert (shot[row - 4, column - 4] == 0).all()


def test_a_film_tells_goal_floor_inventory_and_how_it_ended(tmp_path):
    steps = 12
    cells, scalars = np.zeros((steps, 9, 11, 8), np.uint8), np.zeros((steps, 51), np.float32)
    cells[..., 0], scalars[:, 31], scalars[:, 0], scalars[:, 48] = Block.GRASS, 1.0, 0.3, 0.2
    assert panel.read(scalars[0]) == panel.Panel(
        "2 gnomish mines", tuple((v, 0.0) for v in panel._VITALS), (("wood", 9),)
    )
    done = np.arange(steps) == steps - 1
    seen = {"cells": cells, "scalars": scalars, "rewards": np.ones(steps), "done": done, "success": np.array([True])}
    with Image.open(write_gif(tmp_path / "a.gif", seen, "eat cow", frames=5)) as film:
        assert film.n_frames == 5
        last = [film.seek(4), np.asarray(film.convert("RGB"))][1]
    assert (last[144, 2] == (16, 16, 20)).all(), "the last frame bears the verdict's banner"
    quiet = frame(cells[0], scalars[0])
    told = frame(cells[0], scalars[0], "eat cow", "step 1")
    assert told.shape == quiet.shape
    assert not np.array_equal(told, quiet)
