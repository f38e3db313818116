"""An accepted level makes no sense on a few of the game's worlds: those are drawn again, and only those."""

import numpy as np
import pytest

from dicode.errors import DicodeError
from dicode.games import load_device
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.levels import Block
from dicode.sandbox import Sandbox
from dicode.sandbox.sandbox import Built
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.types import TARGET, Accepted, Draft, Origin, Rejected

pytestmark = pytest.mark.fast

SOURCE = """\
\"\"\"Objective: make a stone pickaxe, with nothing in hand at the start.
Why: a chain that needs a tree in reach.
\"\"\"
from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE)


def build(world: World) -> None:
    pass
"""


def worlds(count, bare=(), mark=0):
    """Worlds with trees and stone around the player; those in `bare` are grass alone. `mark` tells draws apart."""
    pool = {name: values.copy() for name, values in blank_worlds(count).items()}
    at = pool["player_position"]
    pool["blocks"][:] = Block.GRASS
    for world in set(range(count)) - set(bare):
        row, column = at[world]
        pool["blocks"][world, 0, row - 3 : row + 4, column + 2 : column + 5] = Block.TREE
        pool["blocks"][world, 0, row - 3 : row + 4, column - 4 : column - 1] = Block.STONE
    pool["player_drink"][:] = 9 - mark
    return pool


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(load_device("craftax").host, wall="weak") as running:
        yield running


def builder(sandbox, monkeypatch, draws):
    """A builder whose base worlds come from `draws` in turn, and the names under which they were asked for."""
    built, asked, left = LevelBuilder(load_device("craftax"), sandbox, Streams(0), 8), [], iter(draws)

    def base_worlds(source, level, when, count, origin=Origin.FILE):
        asked.append(when)
        return next(left)

    monkeypatch.setattr(built, "base_worlds", base_worlds)
    return built, asked


@pytest.mark.slow
def test_the_faulty_worlds_of_a_level_are_drawn_again_and_the_others_stay(sandbox, monkeypatch):
    draws = [worlds(8, bare=(2, 5)), worlds(8, bare=(1,), mark=1), worlds(8, mark=2)]
    built, asked = builder(sandbox, monkeypatch, draws)
    found = built.attempt(SOURCE, "level", Origin.FILE, 3, 8)
    assert isinstance(found, Built)
    # World 2 took the first spare; world 5 the second, which was bare, and then the first of the next draw.
    assert found.pool["player_drink"].tolist() == [9, 9, 8, 9, 9, 7, 9, 9]
    assert asked == [3, "3/spare/0", "3/spare/1"]


@pytest.mark.slow
def test_a_level_that_fails_on_many_worlds_is_itself_to_blame(sandbox, monkeypatch):
    built, asked = builder(sandbox, monkeypatch, [worlds(8, bare=(0, 1, 2))])
    found = built.attempt(SOURCE, "level", Origin.FILE, 3, 8)
    assert isinstance(found, Rejected)
    assert found.worlds == (0, 1, 2)
    assert "MAKE_STONE_PICKAXE" in found.reason
    assert asked == [3]


def test_a_target_may_be_out_of_reach_in_a_few_worlds(sandbox, monkeypatch):
    built, _ = builder(sandbox, monkeypatch, [worlds(8, bare=(7,)), worlds(8)])
    assert isinstance(built.check_target(SOURCE), Accepted)


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [(Origin.LIBRARY, True), (Origin.FILE, True), (Origin.GRAMMAR, False), (Origin.FOUNDATION, False)],
)
def test_a_seed_level_is_not_lost_for_one_odd_world(sandbox, monkeypatch, origin, accepted):
    built, _ = builder(sandbox, monkeypatch, [worlds(8, bare=(7,)), worlds(8)])
    verdict = built.check(Draft(SOURCE, "a stone pickaxe", origin))
    assert isinstance(verdict, Accepted) == accepted
    if not accepted:
        assert verdict.worlds == (7,)


@pytest.mark.slow
@pytest.mark.parametrize("kind", load_device("craftax").host.levels().edit_kinds)
def test_edits_of_the_games_own_worlds_are_levels_however_short_episodes_are(sandbox, monkeypatch, kind):
    """Most of ACCEL's edits were turned down in every preset whose episodes end before a plant is ripe."""
    built, _ = builder(sandbox, monkeypatch, [worlds(1) for _ in range(8)])
    built.episode_limit, levels = 256, load_device("craftax").host.levels()
    assert levels.edit is not None
    edits = [levels.edit(levels.generated(seed, 1), kind, seed, 20) for seed in range(8)]
    verdicts = [built.check(Draft(edit, "an edit", Origin.GENERATOR, ("parent",))) for edit in edits]
    assert [verdict for verdict in verdicts if not isinstance(verdict, Accepted)] == []


@pytest.mark.slow
def test_worlds_that_never_come_right_are_not_drawn_for_ever(sandbox, monkeypatch):
    draws = [worlds(8, bare=(0,)) for _ in range(20)]
    built, asked = builder(sandbox, monkeypatch, draws)
    with pytest.raises(DicodeError, match="can't be built any more"):
        built.build(SOURCE, TARGET, Origin.TARGET, 3, 8)
    assert len(asked) == 8
    assert all(np.array_equal(draw["blocks"], worlds(8, bare=(0,))["blocks"]) for draw in draws), "draws stay whole"


def test_a_level_that_names_its_worlds_gets_no_others(sandbox, monkeypatch):
    built, asked = builder(sandbox, monkeypatch, [worlds(8, bare=(2,)) for _ in range(2)])
    named = f"{SOURCE}\n\nWORLD_SEED = 7\nWORLDS = 8\n"
    with pytest.raises(DicodeError, match="can't be built any more"):
        built.build(named, "level", Origin.GENERATOR, 3, 8)
    assert asked == ["named", "named"]


def test_what_a_level_makes_of_the_worlds_that_it_names_is_made_once(sandbox, monkeypatch):
    """ACCEL built its edits twice when they were new and again whenever they were replayed."""
    built, asked = builder(sandbox, monkeypatch, [worlds(1), worlds(1, bare=(0,)), worlds(1), worlds(1)])
    built._built_room = 1
    draft = Draft(f"{SOURCE}\n\nWORLD_SEED = 7\nWORLDS = 1\n", "edited", Origin.GENERATOR)
    other = Draft(f"{SOURCE}\n\nWORLD_SEED = 8\nWORLDS = 1\n", "edited", Origin.GENERATOR)

    def trains(of):
        return built.build(of.source, of.id, Origin.GENERATOR, 3, 1).pool

    verdict = built.check(draft)
    assert isinstance(verdict, Accepted)
    assert built.host.pool_hash(trains(draft)) == verdict.pool_hash
    assert trains(draft) is trains(draft)
    assert asked == ["named"]
    assert isinstance(built.check(other), Rejected)
    assert isinstance(built.check(other), Accepted), "what was turned down is tried again"
    trains(draft)
    assert asked == ["named"] * 4, "the older one made room"
