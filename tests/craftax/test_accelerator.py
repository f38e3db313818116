"""The step as it is written for accelerators gives what the step for CPUs gives, bit for bit; run on the CPU by the switch."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.accelerator import on_accelerator, written_for
from dicode.environment import resets
from dicode.games.craftax.dynamics import few, spawning
from dicode.games.craftax.dynamics.layer import Layer
from dicode.games.craftax.levels.schema import STATE_FIELDS


def both(run):
    """What `run` gives on the CPU's way and on the accelerator's, operation by operation, so that nothing is compiled."""
    given = []
    for accelerator in (False, True):
        with written_for(accelerator=accelerator), jax.disable_jit():
            given.append(run())
    return given


def differences(first, second):
    pairs = zip(jax.tree_util.tree_leaves_with_path(first), jax.tree.leaves(second), strict=True)
    return [jax.tree_util.keystr(path) for (path, a), b in pairs if a.dtype != b.dtype or not np.array_equal(a, b)]


@pytest.mark.fast
def test_the_switch_holds_within_its_block_only():
    assert not on_accelerator()
    with written_for(accelerator=True):
        assert on_accelerator()
    assert not on_accelerator()


@pytest.mark.slow
def test_reads_see_the_writes_that_wait_and_the_newest_wins():
    cells = jnp.zeros((9, 48, 48), jnp.uint8)
    writes = [((3, 4), 7, True), ((3, 4), 8, True), ((-1, 2), 9, True), ((60, 2), 5, True), ((3, 4), 6, False)]

    def run():
        layer = Layer(cells, jnp.int32(2))
        for (row, column), value, where in writes:
            layer = layer.write(jnp.int32(row), jnp.int32(column), value, jnp.asarray(where))
        layer = layer.write_all(jnp.array([5, 5]), jnp.array([6, 6]), jnp.array([1, 1]), jnp.array([True, True]))
        rows, columns = jnp.array([3, 47, 5, 0]), jnp.array([4, 2, 6, 0])
        assert len(layer.waiting) == (len(writes) + 2 if on_accelerator() else 0)
        gathered = layer.gathered()
        assert len(gathered.waiting) == on_accelerator()
        return layer.read(rows, columns), gathered.read(rows, columns), layer.settled().cells, gathered.settled().cells

    at_once, waiting = both(run)
    assert not differences(at_once, waiting)
    assert at_once[0].tolist() == [8, 9, 1, 0]
    assert int((at_once[2] > 0).sum()) == 3


@pytest.mark.fast
@pytest.mark.parametrize("name", ["any_of", "all_of", "total", "first", "first_free", "sums"])
def test_reductions_over_few_slots_are_the_same_written_out(name):
    for bits in range(16):
        flags = jnp.array([(bits >> place) & 1 for place in range(4)], bool)
        values = flags if name not in ("sums", "total") else flags * jnp.array([0.1, 0.7, 1e-8, 3.0], jnp.float32)
        for given in (lambda values=values: values, lambda values=values: few.apart(values)):
            assert not differences(*both(lambda given=given: few.together(getattr(few, name)(given()))))


@pytest.mark.slow
def test_work_by_slots_and_by_numbers_is_the_same_written_out():
    places, masks, step = jnp.arange(8).reshape(4, 2), jnp.array([True, False, True, True]), jnp.int32(3)

    def run():
        moved = few.by_number(lambda place, mask, step: jnp.where(mask, place + step, place), places, masks, step)
        row, far = few.by_slot(lambda place: [place[0], place[0] + place[1] > 5], moved)
        chosen = few.pick(moved, jnp.int32(2)), few.pick(row, jnp.int32(3))
        marked = few.any_marked(far, np.tri(4, k=-1, dtype=bool))
        more = few.chained(row, few.slots_of(step, step + 1))
        assert isinstance(moved, tuple) == isinstance(marked, tuple) == on_accelerator()
        return [few.together(x) for x in (moved, row, far, *chosen, marked, more)]

    at_once, written_out = both(run)
    assert not differences(at_once, written_out)
    assert at_once[0].tolist() == [[3, 4], [2, 3], [7, 8], [9, 10]]
    assert at_once[5].tolist() == [False, True, True, True]


def test_a_packed_observation_has_the_same_cells():
    from dicode.games.craftax.levels.blank import blank_worlds
    from dicode.games.craftax.observation import observe
    from dicode.games.craftax.rules import default_rules
    from dicode.games.craftax.state import from_arrays

    rng, world = np.random.default_rng(2), {name: np.array(x) for name, x in blank_worlds(8).items()}
    for name in ("blocks", "items", "light"):
        world[name][:] = rng.integers(0, {"blocks": 37, "items": 5, "light": 30}[name], world[name].shape)
    for name in [name.removesuffix(".mask") for name in world if name.endswith(".mask")]:
        world[f"{name}.mask"][:] = True
        world[f"{name}.type_id"][:] = rng.integers(0, 3, world[f"{name}.type_id"].shape)
        # Around the player's window, so that some slots lie outside and wrap, and some meet.
        world[f"{name}.position"][:] = rng.integers(17, 31, world[f"{name}.position"].shape)
    state = from_arrays(world)

    def run():
        seen = jax.vmap(observe, in_axes=(0, None))(state, default_rules())
        return seen.cells, seen.scalars

    plain, packed = both(run)
    assert not differences(plain, packed)
    assert int((plain[0][..., 3:] > 0).sum()) > 10


@pytest.mark.slow
def test_a_bit_is_chosen_as_a_cell_of_a_map():
    rng = np.random.default_rng(0)
    for share in (0.0, 0.002, 0.3, 1.0):
        for unit in (0.0, 0.4, 0.999999):
            places = rng.random((27, 27)) < share
            cell, free = spawning._choose(jnp.asarray(places), jnp.float32(unit))
            words = [jnp.uint32(sum(1 << c for c in np.flatnonzero(row))) for row in places]
            row, column, any_free = spawning._choose_bit(words, jnp.float32(unit))
            assert (int(row) * 27 + int(column), bool(any_free)) == (int(cell), bool(free))


@pytest.mark.slow
def test_a_reset_without_a_loop_is_the_reset_by_loops():
    rng = np.random.default_rng(1)

    def arrays(count):
        return {
            "map": jnp.asarray(rng.integers(0, 9, (count, 48, 48)), jnp.uint8),
            "life": jnp.asarray(rng.random(count)),
        }

    state, pool, source = arrays(5), arrays(7), jnp.array([6, 0, 3, 3, 1])
    for ended in ([False] * 5, [True] * 5, [True, False, False, True, False]):
        looped, straight = both(lambda ended=ended: resets.restart(state, jnp.array(ended), source, pool, None))
        assert not differences(looped, straight)
        chosen = jnp.where(jnp.array(ended)[:, None, None], pool["map"][source], state["map"])
        assert np.array_equal(straight["map"], chosen)


def test_the_step_has_the_same_shapes_both_ways():
    """Traced only, with every annotation held against what is passed; the values are compared by the long test below."""
    from dicode.games.craftax.device import DEVICE
    from dicode.games.craftax.levels.blank import blank_worlds
    from dicode.games.craftax.rules import default_rules
    from dicode.games.craftax.state import from_arrays

    state, keys, action = from_arrays(blank_worlds(2)), jnp.zeros((2, 2), jnp.uint32), jnp.zeros(2, jnp.int32)

    def run(keys, state, action, rules):
        draws = jax.vmap(DEVICE.draw)(keys) if on_accelerator() else keys
        result = jax.vmap(DEVICE.step, in_axes=(0, 0, 0, None))(draws, state, action, rules)
        seen = jax.vmap(DEVICE.observe, in_axes=(0, None))(result.state, rules)
        return result, jax.vmap(lambda one: one.cells)(seen), seen.scalars

    shapes = []
    for accelerator in (False, True):
        with written_for(accelerator=accelerator):
            shapes.append(jax.eval_shape(partial(run), keys, state, action, default_rules()))
    assert jax.tree.structure(shapes[0]) == jax.tree.structure(shapes[1])
    assert jax.tree.leaves(shapes[0]) == jax.tree.leaves(shapes[1])


@pytest.mark.long
def test_the_step_and_what_is_seen_of_it_are_the_same_for_64_worlds(worlds8):
    import parity_worlds

    from dicode.games.craftax.dynamics import draw_ahead, step
    from dicode.games.craftax.observation import observe
    from dicode.games.craftax.rules import default_rules
    from dicode.games.craftax.state import from_arrays

    count, rules, rng = 64, default_rules(), np.random.default_rng(0)
    starts = [parity_worlds.start(worlds8, number, 0) for number in range(count)]
    state = from_arrays({name: np.stack([world[name] for world in starts]) for name in STATE_FIELDS})
    for number in range(20):
        keys = jax.random.split(jax.random.PRNGKey(number), count)
        action = jnp.asarray(np.where(rng.random(count) < 0.3, 5, rng.integers(0, 43, count)), jnp.int32)

        def run(keys=keys, state=state, action=action):
            draws = jax.vmap(draw_ahead)(keys) if on_accelerator() else keys
            result = jax.vmap(step, in_axes=(0, 0, 0, None))(draws, state, action, rules)
            seen = jax.vmap(observe, in_axes=(0, None))(result.state, rules)
            return result, seen.cells, seen.scalars

        cpu, accelerator = both(run)
        assert not differences(cpu, accelerator)
        state = cpu[0].state
