"""The library's levels are sound on any world, varied, and cover the floors and the API."""

import re

import pytest

from dicode.games.craftax import library
from dicode.games.craftax.levels.checks import check
from dicode.games.level_text import parse_level
from dicode.levels import Floor
from dicode.types import level_id

EVERYTHING = library.load() + library.load_heldout() + library.load_graded()


@pytest.mark.fast
@pytest.mark.parametrize(("name", "source"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_a_level_passes_all_checks_on_synthetic_worlds(name, source, blanks, run):
    built = run(source, {key: array[:6] for key, array in blanks.items()}, seed=1)
    found = check(built.pool, built.goal, built.rules, built.hooks)
    assert isinstance(found, tuple), found
    assert not [warning for warning in found if "alike" in warning or "vanish" in warning]


@pytest.mark.fast
def test_the_library_is_large_enough_and_its_levels_differ():
    assert len(library.load()) >= 40
    assert len(library.load_heldout()) == 20
    assert [name for name, _ in library.load_graded()] == [f"{f}/{r}" for f in library.GRADED for r in (1, 2, 3, 4, 5)]
    assert len(library.GRADED) == 8
    assert len({level_id(source) for _, source in EVERYTHING}) == len(EVERYTHING)
    assert not {name for name, _ in library.load()} & set(library.HELDOUT)
    assert [name for name, _ in library.load_heldout()] == list(library.HELDOUT)


@pytest.mark.fast
def test_the_seeds_are_levels_of_the_library_and_cover_the_methods_areas():
    assert 8 <= len(library.SEEDS) <= 16
    assert set(library.SEEDS) <= {name for name, _ in library.load()}
    words = " ".join(source.lower() for _, source in library.load_seeds())
    for area in ("wood", "coal", "iron", "zombie", "survive", "dungeon", "gnome", "bow"):
        assert area in words, area


@pytest.mark.slow
def test_every_floor_is_somewhere_a_level_begins(blanks, run):
    begins = {
        int(run(source, {k: v[:1] for k, v in blanks.items()}).pool["player_level"][0]) for _, source in library.load()
    }
    assert begins == set(map(int, Floor))


@pytest.mark.fast
@pytest.mark.parametrize(
    "call",
    [
        "clear",
        "scatter",
        "place",
        "fill",
        "carve",
        "room",
        "corridor",
        "maze",
        "chest",
        "plant",
        "ripe_plant",
        "torch",
        "light_up",
        "spawn",
        "open_ladder",
        "set_kills",
        "move_ladder_down",
        "random_cell",
        "distance_map",
        "find",
        "set",
    ],
)
def test_every_helper_is_shown_by_some_level(call):
    assert any(re.search(rf"world\.{call}\(", source) for _, source in library.load()), call


@pytest.mark.fast
def test_hooks_are_shown_by_at_least_six_levels():
    assert sum(bool(parse_level(source).hooks) for _, source in library.load()) >= 6


@pytest.mark.fast
def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        library.source("../checks")


@pytest.mark.parametrize(("name", "source"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_a_level_passes_all_checks_on_the_games_own_worlds(name, source, worlds8, run):
    built = run(source, worlds8, seed=2)
    found = check(built.pool, built.goal, built.rules, built.hooks)
    assert isinstance(found, tuple), found
