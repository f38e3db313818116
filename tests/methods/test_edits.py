"""Edits change the cells that they say, no others, and run as ordinary level code."""

import numpy as np
import pytest

from dicode.games.craftax.edits import KINDS, edit_cells, edited_source
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.names import Block
from dicode.games.level_build import build_pool
from dicode.methods.generators import fixed_worlds, world_draft
from dicode.sandbox.screen import screen

pytestmark = pytest.mark.fast

PLAIN = world_draft(HOST.levels(), 5).source


@pytest.fixture(scope="module")
def worlds():
    return blank_worlds(2)


def built(source: str, worlds) -> dict[str, np.ndarray]:
    namespace: dict = {}
    exec(source, namespace)
    return build_pool(HOST, namespace, worlds, 0).pool


def changed(before: np.ndarray, after: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(map(int, cell)) for cell in np.argwhere(before != after)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 20, 5000])
def test_an_edit_changes_exactly_the_cells_that_it_returns(worlds, kind, count):
    blocks = worlds["blocks"][0, 0].copy()
    free = np.zeros(blocks.shape, dtype=bool)
    free[5:40, 8:45] = True
    touched = edit_cells(blocks, free, kind, seed=3, count=count)
    cells = {tuple(map(int, cell)) for cell in touched}
    assert changed(worlds["blocks"][0, 0], blocks) == cells
    assert len(cells) == len(touched)
    assert len(cells) == (
        count - count % 2 if kind != "noise" and count < 100 else count if count < 100 else len(cells)
    )
    assert 0 <= len(cells) <= count
    assert all(free[cell] for cell in cells)


@pytest.mark.parametrize("kind", ["swap", "restricted_swap"])
def test_swaps_keep_the_number_of_every_block(worlds, kind):
    blocks = worlds["blocks"][0, 0].copy()
    edit_cells(blocks, np.ones_like(blocks, dtype=bool), kind, seed=1, count=40)
    assert np.array_equal(
        np.bincount(blocks.ravel(), minlength=37), np.bincount(worlds["blocks"][0, 0].ravel(), minlength=37)
    )


def test_a_restricted_swap_exchanges_things_with_open_ground(worlds):
    before = worlds["blocks"][0, 0]
    blocks = before.copy()
    ground = np.bincount(before.ravel()).argmax()
    cells = edit_cells(blocks, np.ones_like(blocks, dtype=bool), "restricted_swap", seed=1, count=40)
    assert all((before[tuple(cell)] == ground) != (blocks[tuple(cell)] == ground) for cell in cells)


def test_noise_brings_only_blocks_that_the_floor_has(worlds):
    blocks = worlds["blocks"][0, 0].copy()
    cells = edit_cells(blocks, np.ones_like(blocks, dtype=bool), "noise", seed=1, count=40)
    assert set(blocks[tuple(cells.T)]) <= set(np.unique(worlds["blocks"][0, 0]))


def test_a_map_without_free_cells_or_of_one_block_is_left_alone(worlds):
    for kind in KINDS:
        blocks = worlds["blocks"][0, 0].copy()
        assert len(edit_cells(blocks, np.zeros_like(blocks, dtype=bool), kind, 0, 20)) == 0
        even = np.full((48, 48), 2, dtype=np.uint8)
        assert len(edit_cells(even, np.ones_like(even, dtype=bool), kind, 0, 20)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_edited_level_is_level_code_that_edits_near_the_player(worlds, kind):
    source = edited_source(PLAIN, kind, 11, 20)
    assert screen(source, HOST.levels()) is None
    pool = built(source, worlds)
    for world in range(2):
        cells = changed(worlds["blocks"][world], pool["blocks"][world])
        row, column = worlds["player_position"][world]
        assert len(cells) == 20
        assert {floor for floor, _, _ in cells} == {0}
        assert all(2 <= abs(r - row) + abs(c - column) <= 20 for _, r, c in cells)
        assert all(worlds["items"][world][cell] == 0 for cell in cells)
    same = [name for name in pool if name != "blocks"]
    assert all(np.array_equal(pool[name], worlds[name]) for name in same if name != "achievements")


def test_an_edit_of_an_edit_applies_both_in_order(worlds):
    once = edited_source(PLAIN, "swap", 1, 10)
    twice = edited_source(once, "noise", 2, 6)
    assert twice.count("def edit_cells") == 1
    assert twice.count("def build") == 2
    assert '("swap", 1, 10),\n    ("noise", 2, 6),' in twice
    first, second = built(once, worlds)["blocks"], built(twice, worlds)["blocks"]
    assert [len(changed(a, b)) for a, b in zip(first, second, strict=True)] == [6, 6]
    assert fixed_worlds(twice) == fixed_worlds(PLAIN)


def test_any_level_can_be_edited_also_one_that_changes_its_world(worlds):
    source = '''"""Objective: collect stone.
Why: because.
"""
from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_STONE)


def build(world: World) -> None:
    world.blocks[0][20:28, 20:28] = Block.SAND
    world.player.floor = 2
'''
    parent = built(source, worlds)
    child = built(edited_source(source, "swap", 4, 12), worlds)
    assert np.all(child["blocks"][:, 0, 20:28, 20:28] == Block.SAND)
    assert {cell[1] for cell in changed(parent["blocks"], child["blocks"])} == {2}


def test_the_same_edit_gives_the_same_world(worlds):
    source = edited_source(PLAIN, "noise", 9, 20)
    assert np.array_equal(built(source, worlds)["blocks"], built(source, worlds)["blocks"])
    other = edited_source(PLAIN, "noise", 10, 20)
    assert not np.array_equal(built(source, worlds)["blocks"], built(other, worlds)["blocks"])
