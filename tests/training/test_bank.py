"""The bank of base worlds: the same worlds from the cache, without it, and after damage."""

from types import SimpleNamespace

import numpy as np
import pytest

from dicode.training.bank import CHUNK, WorldBank

pytestmark = pytest.mark.fast
FIELDS = {"map": SimpleNamespace(shape=(2,), dtype=np.dtype(np.uint8))}


class Game:
    """World i is [i, i]; counts how often it is asked."""

    host = SimpleNamespace(name="toy", fields=FIELDS, packages=("numpy",))

    def __init__(self) -> None:
        self.made: list[int] = []

    def generate(self, key, count, first):
        self.made.append(first)
        numbers = np.arange(first, first + count, dtype=np.uint8)
        return {"map": np.stack([numbers, numbers], axis=1)}


@pytest.fixture
def game(monkeypatch, tmp_path):
    monkeypatch.setenv("DICODE_CACHE", str(tmp_path))
    return Game()


def numbers(bank: WorldBank, seed: int, count: int) -> list[int]:
    return bank.draw(np.random.default_rng(seed), count)["map"][:, 0].tolist()


def test_a_draw_follows_from_its_seed_and_is_read_back(game):
    first = numbers(WorldBank(game, 10 * CHUNK), 3, 20)
    made = list(game.made)
    assert numbers(WorldBank(game, 10 * CHUNK), 3, 20) == first
    assert game.made == made
    assert len(set(first)) == 20
    assert numbers(WorldBank(game, 10 * CHUNK), 4, 20) != first


def test_more_worlds_than_the_bank_has_are_all_of_them_before_any_comes_again(game):
    drawn = numbers(WorldBank(game, 2 * CHUNK), 0, 3 * CHUNK)
    assert sorted(drawn[: 2 * CHUNK]) == list(range(2 * CHUNK))
    assert len(drawn) == 3 * CHUNK


def garbled(data: bytes) -> bytes:
    """The compressed bytes of the first array, after the file's head, as none that a packer writes."""
    begin = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    return data[:begin] + b"\xff" * 8 + data[begin + 8 :]


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda _: b"no zip", lambda data: data[:200], garbled],
    ids=["empty", "other", "cut", "garbled"],
)
def test_a_damaged_chunk_is_made_again(game, tmp_path, damage):
    bank = WorldBank(game, CHUNK)
    before = numbers(bank, 0, CHUNK)
    (path,) = tmp_path.rglob("0.npz")
    path.write_bytes(damage(path.read_bytes()))
    assert numbers(bank, 0, CHUNK) == before
    assert numbers(bank, 0, CHUNK) == before
    assert game.made == [0, 0], "made once more, and kept whole"


def test_a_chunk_of_another_shape_is_made_again(game, tmp_path):
    bank = WorldBank(game, CHUNK)
    before = numbers(bank, 0, CHUNK)
    (path,) = tmp_path.rglob("0.npz")
    np.savez(path.with_suffix(""), map=np.zeros((CHUNK, 3), np.uint8))
    assert numbers(bank, 0, CHUNK) == before
    assert game.made == [0, 0]
