"""The table of an observation's numbers is generated, complete, and true of the observation itself."""

from pathlib import Path

import numpy as np
import pytest

from dicode.games.craftax import observation_layout as layout
from dicode.games.craftax.levels.names import Block, Item

PAGE = Path(__file__).parents[2] / "docs" / "observation.md"


@pytest.mark.fast
def test_the_page_in_docs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == layout.page()


@pytest.mark.fast
@pytest.mark.parametrize(
    ("entries", "size"), [(layout.cell_entries, layout.CHANNELS), (layout.scalar_entries, layout.SCALARS)]
)
def test_the_entries_name_every_number_once(entries, size):
    named = [n for entry in entries() for n in range(entry.first, entry.last + 1)]
    assert named == list(range(size))


def test_a_number_is_what_the_table_says(blank_pool):
    """Every field that a scalar is named after, set alone, changes that number and no other."""
    import jax

    from dicode.games.craftax.device import DEVICE
    from dicode.games.craftax.levels.rules import Rules

    rules = DEVICE.rule_table(DEVICE.host.rule_arrays(Rules().to_json()))
    see = jax.jit(lambda arrays: DEVICE.observe(DEVICE.from_arrays(arrays), rules).scalars)
    world = {name: np.asarray(array[0]) for name, array in blank_pool.items()}
    before = see(world)
    checked = 0
    for entry in layout.scalar_entries():
        field, _, index = entry.name.partition(" ")
        if field not in world or (index and not index.isdigit()):
            continue
        changed = world[field].copy()
        place = int(index) if index else ()
        changed[place] = not changed[place] if changed.dtype == bool else changed[place] + 1
        after = see({**world, field: changed})
        assert np.flatnonzero(np.asarray(after) != np.asarray(before)).tolist() in ([entry.first], [entry.first, 49]), (
            entry
        )
        checked += 1
    assert checked >= 30


def test_a_cells_channel_is_where_the_table_says(blank_pool):
    import jax.numpy as jnp

    from dicode.games.craftax.observation import Observation, expand

    cells = np.zeros((9, 11, 8), np.uint8)
    cells[..., :2] = (len(Block), len(Item))
    cells[4, 5] = (Block.STONE, Item.TORCH, 1, 1 << 3, 0, 0, 0, 1)
    flat = np.asarray(expand(Observation(jnp.asarray(cells), jnp.zeros(51))))
    first = {entry.name: entry.first for entry in layout.cell_entries()}
    wanted = [first["block"] + Block.STONE, first["item"] + Item.TORCH, first["melee mobs"] + 3,
              first["projectiles of the player"], first["light"]]  # fmt: skip
    base = (11 * 4 + 5) * layout.CHANNELS
    assert np.flatnonzero(flat).tolist() == sorted(base + channel for channel in wanted)
