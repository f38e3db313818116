"""No way that NumPy has leads past what checks the numbers written into a world's array."""

import numpy as np
import pytest

from dicode.errors import LevelError
from dicode.games.craftax.levels import advice as craftax_advice
from dicode.games.written import READ_ONLY, Guarded
from dicode.games.xland.levels import advice as xland_advice

pytestmark = pytest.mark.fast


@pytest.fixture
def raw():
    return np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.fixture
def array(raw):
    return Guarded.of("the map", raw)


CHECKED = {
    "item": lambda a, v: a.__setitem__((0, 0), v),
    "row": lambda a, v: a[1].__setitem__(2, v),
    "turned": lambda a, v: a.T[2][1:].__setitem__(0, v),
    "mask": lambda a, v: a.__setitem__(a > 7, v),
    "flat item": lambda a, v: a.flat.__setitem__(4, v),
    "all flat": lambda a, v: setattr(a, "flat", v),
    "ravel": lambda a, v: a.ravel().__setitem__(4, v),
    "fill": lambda a, v: a.fill(v),
    "put": lambda a, v: a.put([1, 2], v),
    "np.put": lambda a, v: np.put(a, [1, 2], v),
    "copyto": lambda a, v: np.copyto(a, v, casting="unsafe"),
    "place": lambda a, v: np.place(a, np.asarray(a) > 3, [v]),
    "putmask": lambda a, v: np.putmask(a, np.asarray(a) > 3, v),
    "diagonal": lambda a, v: np.fill_diagonal(a, v),
    "along an axis": lambda a, v: np.put_along_axis(a, np.array([[0]]), v, 1),
    "in place": lambda a, v: a.__iadd__(v),
    "out": lambda a, v: np.add(a, v, out=a),
    "out where": lambda a, v: np.add(a, v, out=a, where=np.ones(a.shape, bool)),
    "out of a reduction": lambda a, v: np.add.reduce(a + v, axis=0, out=a[0]),
    "at": lambda a, v: np.add.at(a, (0, 0), v),
    "two results": lambda a, v: np.divmod(a + v, 1, out=(a, np.zeros(a.shape, np.int64))),
}


@pytest.mark.parametrize("way", CHECKED)
def test_what_does_not_fit_is_refused_and_what_fits_is_written(way, raw, array):
    before = raw.copy()
    with pytest.raises(LevelError, match=r"the map holds 0 to 255, and \d+ is written"):
        CHECKED[way](array, 300)
    assert (raw == before).all(), "nothing is left half written"
    CHECKED[way](array, 3)
    assert (raw != before).any()


READ = {
    "asarray": lambda a: np.asarray(a).__setitem__(0, 1),
    "a plain view": lambda a: a.view(np.ndarray).__setitem__(0, 1),
    "memory": lambda a: memoryview(a).__setitem__((0, 0), 1),
    "shuffled": lambda a: np.random.default_rng(0).shuffle(a),
    "iterated": lambda a: np.nditer(a, op_flags=[["readwrite"]]),
    "parted": lambda a: a.partition(1),
    "swapped": lambda a: a.byteswap(True),
    "named": lambda a: np.copyto(dst=a, src=3, casting="unsafe"),
    "turned and flat": lambda a: a.T.flat.__setitem__(0, 1),
}


@pytest.mark.parametrize("way", READ)
def test_what_cannot_be_checked_is_not_written_and_says_what_to_do(way, raw, array):
    before = raw.copy()
    with pytest.raises((ValueError, TypeError), match="read-only") as said:
        READ[way](array)
    assert (raw == before).all()
    for advice in (craftax_advice, xland_advice):
        assert advice.advice(said.value).hint == READ_ONLY


def test_what_is_made_of_an_array_is_free(raw, array):
    for own in (array.copy(), np.array(array), array + 1, array.astype(np.int16), array[[0, 1]]):
        own[0] = 7
        np.asarray(own)[1] = 8
    assert (raw == np.arange(12).reshape(3, 4)).all()
    array[::-1].sort(axis=0)
    assert raw[0, 0] == 8


def test_arithmetic_has_room_and_stays_guarded(raw, array):
    assert (array[1, 1] + 255, int((array * 100).max()), np.multiply.outer(array[0], array[2]).max()) == (260, 1100, 33)
    np.add.at(array, ([0, 0], [1, 1]), 5)
    assert raw[0, 1] == 11, "both were added"
    plain = np.zeros(3)
    np.add.at(plain, array[0, [0, 2]], 1)
    assert plain.tolist() == [1, 0, 1]
    moved = array + 1
    assert isinstance(moved, Guarded)
    assert moved.label == "the map"
