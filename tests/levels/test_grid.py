"""Searches on the grid equal a plain breadth-first search."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicode.games.craftax.levels.blank import blank_world
from dicode.games.craftax.levels.grid import WALKABLE, bit, distance_map, flood, from_bits, to_bits, touchable

pytestmark = pytest.mark.fast


def plain_distances(open_cells, start):
    steps = np.full(open_cells.shape, -1)
    steps[start] = 0
    queue = deque([start])
    while queue:
        row, column = queue.popleft()
        for r, c in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            if 0 <= r < 48 and 0 <= c < 48 and open_cells[r, c] and steps[r, c] < 0:
                steps[r, c] = steps[row, column] + 1
                queue.append((r, c))
    return steps


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.4, 0.95), row=st.integers(0, 47), column=st.integers(0, 47))
def test_distances_equal_a_plain_search(seed, share, row, column):
    cells = np.random.default_rng(seed).random((48, 48)) < share
    expected = plain_distances(cells, (row, column))
    assert np.array_equal(distance_map(cells, (row, column)), expected)
    assert np.array_equal(from_bits(flood(bit((row, column)), to_bits(cells))), expected >= 0)


def test_distances_on_a_world_equal_a_plain_search():
    blocks = blank_world(np.random.default_rng(1))["blocks"]
    for floor in range(9):
        cells = WALKABLE[blocks[floor]]
        start = tuple(int(i) for i in np.argwhere(cells)[0])
        assert np.array_equal(distance_map(cells, start), plain_distances(cells, start))


def test_a_search_never_wraps_around_the_edge():
    cells = np.zeros((48, 48), dtype=bool)
    cells[5, 47] = cells[6, 0] = True
    assert distance_map(cells, (5, 47))[6, 0] == -1


def test_what_can_be_touched_is_what_can_be_stood_on_and_its_neighbours():
    stood = np.zeros((48, 48), dtype=bool)
    stood[0, 0] = True
    assert sorted(map(tuple, np.argwhere(touchable(stood)).tolist())) == [(0, 0), (0, 1), (1, 0)]
