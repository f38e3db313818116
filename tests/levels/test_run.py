"""Building a pool: deterministic, consistent, and strict about what a level leaves behind."""

import re

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.level_build import build_pool, read_parts
from dicode.levels import Achievement, Goal, LevelError, Mob

pytestmark = pytest.mark.fast

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)


def edited(world):
    world.player.inventory.sword = 1
    world.spawn(Mob.ZOMBIE, distance=(3, 6))


def test_the_same_seed_gives_the_same_pool_and_another_seed_another(blanks):
    first, again, other = (build_pool(HOST, {"GOAL": GOAL, "build": edited}, blanks, seed).pool for seed in (1, 1, 2))
    assert HOST.pool_hash(first) == HOST.pool_hash(again) != HOST.pool_hash(other)


def test_base_worlds_are_left_alone_and_the_pool_has_the_schemas_arrays(blanks):
    before = HOST.pool_hash(blanks)
    pool = build_pool(HOST, {"GOAL": GOAL, "build": edited}, blanks, 0).pool
    assert HOST.pool_hash(blanks) == before
    assert list(pool) == list(STATE_FIELDS)
    for name, field in STATE_FIELDS.items():
        assert pool[name].shape == (16, *field.shape)
        assert pool[name].dtype == field.dtype


def test_world_i_does_not_depend_on_how_many_worlds_there_are():
    worlds = blank_worlds(4)
    few = {name: array[:2] for name, array in worlds.items()}
    namespace = {"GOAL": GOAL, "build": edited}
    all_of, part = (build_pool(HOST, namespace, pool, 9).pool for pool in (worlds, few))
    assert HOST.pool_hash({name: array[:2] for name, array in all_of.items()}) == HOST.pool_hash(part)


def test_what_the_start_implies_is_marked_as_achieved(blanks):
    achieved = build_pool(HOST, {"GOAL": GOAL, "build": edited}, blanks, 0).pool["achievements"]
    assert achieved[:, Achievement.MAKE_WOOD_SWORD].all()
    assert achieved.sum() == 16


def test_a_mob_map_scribbled_over_is_put_right(blanks):
    def scribble(world):
        edited(world)
        world.arrays["mob_map"][...] = True

    assert build_pool(HOST, {"GOAL": GOAL, "build": scribble}, blanks, 0).pool["mob_map"].sum() == 16


def _replace(name, value):
    def build(world):
        world.arrays[name] = value

    return build


@pytest.mark.parametrize(
    ("namespace", "words"),
    [
        ({"build": edited}, "GOAL is missing"),
        ({"GOAL": "win", "build": edited}, "GOAL is str"),
        ({"GOAL": Goal(), "build": edited}, "asks for nothing"),
        ({"GOAL": GOAL, "RULES": {"melee_spawn": 0}, "build": edited}, "RULES is dict"),
        ({"GOAL": GOAL, "build": 3}, "must be a function"),
        ({"GOAL": GOAL, "build": _replace("blocks", np.zeros((9, 48, 47), np.uint8))}, "shape"),
        ({"GOAL": GOAL, "build": _replace("blocks", np.full((9, 48, 48), 2.5))}, "cannot hold"),
        ({"GOAL": GOAL, "build": _replace("blocks", np.full((9, 48, 48), -1))}, "cannot hold"),
        ({"GOAL": GOAL, "build": _replace("player_health", np.array("nine"))}, "numbers"),
        ({"GOAL": GOAL, "build": _replace("extra", np.zeros(3))}, "unknown entries"),
        ({"GOAL": GOAL, "build": lambda world: world.arrays.pop("items") and None}, "lost|ambiguous"),
    ],
)
def test_what_is_not_a_level_is_refused(blanks, namespace, words):
    with pytest.raises((LevelError, ValueError), match=words):
        build_pool(HOST, namespace, blanks, 0)


def test_wider_numbers_of_the_same_value_are_taken_back_to_the_schemas_type(blanks):
    pool = build_pool(HOST, {"GOAL": GOAL, "build": _replace("player_xp", np.int64(7))}, blanks, 0).pool
    assert pool["player_xp"].dtype == np.int32
    assert (pool["player_xp"] == 7).all()


def test_a_failure_says_in_which_world(blanks):
    with pytest.raises(LevelError) as failure:
        build_pool(HOST, {"GOAL": GOAL, "build": lambda world: world.spawn(Mob.COW, count=9)}, blanks, 0)
    assert failure.value.__notes__ == ["in world 0 of 16"]


def test_a_success_hook_may_stand_for_the_goal(blanks):
    built = build_pool(HOST, {"success": lambda state: True, "build": edited}, blanks, 0)
    assert built.goal.is_empty
    assert built.hooks == ("success",)


def parts(text):
    """Goal, rules and hooks of a level of which only this matters."""
    namespace: dict[str, object] = {}
    exec(f"from dicode.levels import Frontier, Goal, Rules\nGOAL = Goal.survive(20)\n{text}\n", namespace)
    return read_parts(HOST, namespace)


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("RULE = Rules(hunger=2)", "RULE is Rules", "write RULES = Rules"),
        ("rules = Rules()", "rules is Rules", "write RULES = Rules"),
        ("start = Frontier('0123456789ab')", "start is Frontier", "write START = Frontier"),
        ("def sucess(s): pass", "sucess", "write def success.state.;"),
        ("is_done = lambda state: True", "is_done", "write def success.state.;"),
        (
            "def transitions(before, action, after, key): pass",
            "transitions",
            "write def transition.before, action, after",
        ),
        ("def reward(before, action, after): pass", "reward", "write def bonus.before, action, after.;"),
    ],
)
def test_what_is_read_by_its_name_is_not_lost_under_another(text, says, hint):
    with pytest.raises(LevelError, match=says) as raised:
        parts(text)
    assert re.search(hint, raised.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "HARD = Rules(hunger=2)\nRULES = HARD",
        "def done(state): pass\ndef success(state): return done(state)",
        "def reward(before, action, after): pass\nbonus = reward",
        "def wind(before, action, after, key): pass\nWAYS = {'a': wind}\ndef transition(before, action, after, key): return WAYS",
        "def cells(state): pass\ndef build(world): return [cells(world) for _ in range(2)]",
        "def corner(row): pass",
    ],
)
def test_names_of_a_levels_own_are_free(text):
    assert parts(text)[0].minimum == {"survive": 20}
