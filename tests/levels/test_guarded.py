"""What level code writes into a world's arrays and compares them with is what it says, or it is refused."""

import numpy as np
import pytest

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.guarded import guard
from dicode.levels import Block, Item, LevelError, Rules, World

pytestmark = pytest.mark.fast


@pytest.fixture
def world():
    arrays = {name: np.array(values[0]) for name, values in blank_worlds(1).items()}
    return World(guard(arrays), np.random.default_rng(0), Amounts(Rules()))


def darker(world):
    world.light[2] = 20
    world.light[2] = world.light[2].astype(int) - 30


def brighter(world):
    world.light[2] = 200
    world.light[2] = world.light[2] + 100


def in_place(world):
    world.light[2] = 200
    world.light[2] += 100


def below(world):
    world.light[2] = 20
    world.light[2] -= np.full((48, 48), 30, np.uint8)


def full(world):
    world.light[1] = np.full((48, 48), 300.0)


def listed(world):
    world.light[1, 0, :2] = [12, 256]


def blocks(world):
    world.blocks[0] = world.blocks[0] * 100 + 256


@pytest.mark.parametrize("wrong", [darker, brighter, in_place, below, full, listed, blocks])
def test_a_number_that_a_map_does_not_have_is_refused_and_not_begun_again_at_zero(world, wrong):
    with pytest.raises(LevelError, match=r"holds 0 to 255, and -?[\d.]+ is written into it") as said:
        wrong(world)
    assert "np.clip(values, 0, 255)" in said.value.hint


def test_what_fits_is_written_as_it_is_meant(world):
    world.light[2] = 20
    world.light[2] += 100
    world.light[3] = np.clip(world.light[2] * 5 - 30, 0, 255)
    world.light[2][:4] = np.round(world.light[2][:4] * 0.5)
    assert (world.light[2, 9, 9], world.light[3, 9, 9], world.light[2, 0, 0]) == (120, 255, 60)
    mask = world.blocks[0] == Block.GRASS
    mask &= world.light[0] >= 0
    assert mask.dtype == bool
    assert int(world.light[2].max()) == 120
    plain = np.zeros((48, 48), np.int64)
    plain += world.light[2]
    assert plain.max() == 120


def test_fractions_say_how_they_are_rounded(world):
    with pytest.raises(LevelError, match="whole numbers") as said:
        world.light[0] = world.light[0] * 0.31
    assert "np.round(values)" in said.value.hint
    with pytest.raises(LevelError, match="whole numbers"):
        world.light[0] *= 0.123


def test_one_cell_is_compared_with_its_own_kind_only(world):
    world.blocks[0][3, 4] = Block.GRASS
    assert int(Item.LADDER_DOWN) == int(Block.GRASS), "the case is one"
    with pytest.raises(LevelError, match="LADDER_DOWN"):
        _ = world.blocks[0][3, 4] == Item.LADDER_DOWN
    with pytest.raises(LevelError, match="LADDER_DOWN"):
        _ = world.blocks[0, 3, 4] != Item.LADDER_DOWN
    cell = world.blocks[0][3, 4]
    assert cell == Block.GRASS
    assert cell in (Block.GRASS, Block.STONE)
    assert (int(cell), f"{cell}", [*range(9)][cell], Block(cell), cell + 300) == (2, "2", 2, Block.GRASS, 302)
    assert {cell: 1}[2] == 1


def test_the_ends_of_a_rectangle_are_two_or_a_range(world):
    world.fill(Block.WATER, range(2, 12), range(2, 12))
    assert (world.blocks[0][2:12, 2:12] == Block.WATER).all()
    assert len(world.maze(range(20, 29), [20, 28])) > 20
    for wrong in ([2, 3, 4, 5, 6], (5, 6, 9), 7, "ab", range(0), range(2, 9, 2), (2.5, 4), (2, float("inf"))):
        with pytest.raises(LevelError):
            world.fill(Block.WATER, wrong, (2, 4))
    with pytest.raises(LevelError, match="use the first and the last, both included") as said:
        world.fill(Block.WATER, 10, 12)
    assert "world.place(block, (10, 12))" in said.value.hint


def test_a_mask_says_which_cells_are_meant(world):
    with pytest.raises(LevelError, match="is no mask") as said:
        world.carve(world.distance_map())
    assert "world.distance_map() >= 0" in said.value.hint
    mask = np.zeros((48, 48), bool)
    mask[3, 4] = mask[5, 6] = True
    with pytest.raises(LevelError, match="neither a mask nor a list of cells"):
        world.carve(np.nonzero(mask))
    assert world.carve(np.argwhere(mask)) == world.carve(mask) == 2


@pytest.mark.parametrize("distance", [(2.9, 3.9), (2, float("inf")), (float("nan"), 4), 3, (1, 2, 3), "ab"])
def test_a_distance_is_two_whole_numbers(world, distance):
    with pytest.raises(LevelError, match="two whole numbers"):
        world.scatter(Block.TREE, count=1, distance=distance)


@pytest.mark.parametrize("radius", [-1, 2.5, True, "3", None])
def test_a_radius_is_a_whole_number(world, radius):
    with pytest.raises(LevelError, match=r"radius is .*whole number of at least 0"):
        world.clear(radius)


SIZES = {
    "half a room": (lambda w: w.room(2, 3, 5.5, 5), "height is 5.5; it must be a whole number"),
    "a room for a range": (lambda w: w.room(2, 3, range(5), 5), "height is range"),
    "a room outside": (lambda w: w.room(40, 40, 10, 10), r"a room of 10 x 10 at \(40, 40\) leaves the map"),
    "half a corridor": (lambda w: w.corridor((2, 3), (9, 3), width=1.5), "width of a corridor is 1.5"),
    "a corridor of words": (lambda w: w.corridor((2, 3), (9, 3), width="wide"), "width of a corridor is 'wide'"),
    "half a light": (lambda w: w.light_up(level=100.5), "light is 100.5"),
    "a light of words": (lambda w: w.light_up(level="bright"), "light is 'bright'"),
    "half an age": (lambda w: w.plant(w.random_cell(on=Block.GRASS), age=1.5), "age of a plant is 1.5"),
    "a light of many": (lambda w: w.light_up(level=np.zeros(3)), "light is array"),
    "no health": (lambda w: w.spawn("passive", health="x"), "health of a COW is 'x'"),
}


@pytest.mark.parametrize("what", SIZES)
def test_sizes_and_ages_are_whole_numbers_or_refused_with_a_sentence(world, what):
    ask, words = SIZES[what]
    with pytest.raises(LevelError, match=words):
        ask(world)


def test_whole_numbers_are_taken_in_any_type(world):
    world.light_up(level=100.0)
    world.corridor((2, 3), (9, 3), width=np.int32(2))
    assert len(world.room(2, 3, 5.0, np.float32(5))) == 9
    assert len(world.scatter(Block.TREE, 2, distance=range(2, 7))) == 2


CELLS = [
    ((3, 4), "is one cell", "[(3, 4)]"),
    (3, "no list of cells", ""),
    (np.zeros((9, 48, 48), bool), "has the shape", "mask[world.player.floor]"),
    (np.zeros((10, 10), bool), "has the shape", ""),
    (np.zeros((9, 48, 48), int), "is no mask", ">= 0"),
]


@pytest.mark.parametrize(("cells", "says", "hint"), CELLS)
def test_what_is_no_list_of_cells_says_how_one_is_given(world, cells, says, hint):
    for ask in (world.carve, lambda cells: world.spawn("passive", within=cells)):
        with pytest.raises(LevelError, match=says) as said:
            ask(cells)
        assert hint in said.value.hint


WRAPS = [
    lambda w: np.subtract(w.light[0], np.uint8(250), out=w.light[0], casting="unsafe"),
    lambda w: np.copyto(w.light[0], np.full((48, 48), 300), casting="unsafe"),
    lambda w: np.put(w.light[0], [1, 2], 300),
    lambda w: w.light[0].put([1], -3),
    lambda w: np.putmask(w.light[0], w.light[0] > 3, np.full(4, 999)),
    lambda w: w.light[0].__setitem__((3, 4), w.light[0][3, 4] - 30),
    lambda w: w.light[0].__setitem__((3, 4), w.light[0][3, 4] + np.uint8(250)),
    lambda w: w.light.__setitem__(0, w.light[0].max() + np.uint8(250)),
]


@pytest.mark.parametrize("wrong", range(len(WRAPS)))
def test_no_way_of_writing_begins_again_at_zero(world, wrong):
    world.light[0] = 20
    with pytest.raises(LevelError, match="light holds 0 to 255"):
        WRAPS[wrong](world)
    assert world.light[0].min() == 20
