"""Every world of a level may have its own names for what lies there: the task stays, and the checks know it."""

import numpy as np
import pytest

from dicode import games
from dicode.games.xland.levels import Goal, Rule, Rules, World
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.grid import objects
from dicode.games.xland.levels.names import Colour, Tile, from_code, thing
from dicode.games.xland.levels.renaming import alike, rename
from dicode.games.xland.levels.rules import productions_of
from dicode.games.xland.levels.schema import FIELDS
from dicode.games.xland.levels.tasks import is_kept
from dicode.types import Code, Rejected
from tests.xland.level_text import HEAD, level

pytestmark = pytest.mark.fast
HOST = games.load_host("xland")
GOAL, RULES = "Goal.hold('red ball')", "RULES = Rules(Rule.together('blue key', 'pink hex', makes='red ball'))"
THINGS = "world.clear(7); world.scatter('blue key', 'pink hex', 'white star')"


def task(pool, world):
    return Goal.from_code(pool["goal"][world].tolist()), productions_of(pool["productions"][world])


def judged(found):
    return API.check(found.pool, found.goal, found.rules, (), None)


def test_each_world_has_other_names_for_one_task_that_can_be_solved(built):
    found = built(HEAD + level(f"{THINGS}; world.rename()", GOAL, RULES))
    tasks = [task(found.pool, world) for world in range(4)]
    assert len({goal for goal, _ in tasks}) > 1
    assert all(alike(goal, rules, found.goal, found.rules.productions) for goal, rules in tasks)
    for world, (_, (rule,)) in enumerate(tasks):
        lying = set(objects(found.pool["grid"][world]).values())
        assert set(rule.inputs) < lying
        assert len(lying) == 3
        assert Colour.BLACK not in {what.colour for what in lying}
        assert found.pool["depth"][world] == 1
    assert judged(found) == ()


def test_what_is_put_down_after_it_goes_by_its_old_name_and_the_check_says_so(built):
    said = judged(built(HEAD + level(f"world.rename(); {THINGS}", GOAL, RULES)))
    assert isinstance(said, Rejected)
    assert said.code is Code.OUT_OF_REACH
    assert "call world.rename() last" in said.hint
    said = judged(built(HEAD + level("world.clear(7)", GOAL, RULES)))
    assert "rename" not in said.hint


@pytest.mark.parametrize(
    ("goal", "rules"),
    [
        (Goal.near("red ball"), (Rule.together("blue key", "pink hex", makes="red ball"),)),
        (Goal.hold("red ball"), ()),
        (Goal.hold("red ball"), (Rule.together("blue key", "blue key", makes="red ball"),)),
        (Goal.hold("blue key"), (Rule.together("blue key", "pink hex", makes="red ball"),)),
        (Goal.hold("red ball"), (Rule.together("blue key", "pink hex", makes="green wall"),)),
    ],
)
def test_another_task_is_no_other_name_for_it(built, goal, rules):
    found = built(HEAD + level(f"{THINGS}; world.rename()", GOAL, RULES))
    assert not alike(goal, rules, found.goal, found.rules.productions)
    found.pool["goal"][2], found.pool["productions"][2] = goal.code, Rules(*rules).codes
    said = judged(found)
    assert isinstance(said, Rejected)
    assert said.reason.startswith("a world's goal or productions are not those of GOAL and RULES")
    assert said.worlds == (2,)


def test_a_key_keeps_its_name_where_a_door_asks_for_it(built):
    body = "world.clear(9); doors = world.rooms(1, 2, state='locked'); world.put('red ball'); world.player(at=(1, 1))"
    for seed in range(5):
        found = built(
            HEAD
            + level(
                f"{body}; world.door(doors[0], colour='red', state='locked'); world.put('red key', distance=(1, 9)); world.rename()",
                GOAL,
            ),
            seed,
        )
        for world in range(4):
            lying = list(objects(found.pool["grid"][world]).values())
            assert lying.count(thing("red key")) == 1
    arrays = blank("red key", Rule.near("red ball", makes="blue locked door"))
    keys = {what for what in renamed_things(arrays, 30) if what.tile is Tile.KEY}
    assert thing("blue key") not in keys
    assert len(keys) > 1


def blank(held, *rules):
    """One small world with something in hand."""
    arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
    world = World(arrays, np.random.default_rng(0))
    world.clear(7)
    world.player(holds=held)
    arrays["goal"][...] = Goal.hold("green star").code
    arrays["productions"][...] = Rules(*rules).codes
    return arrays


def renamed_things(arrays, times):
    found = []
    for seed in range(times):
        rename(arrays, np.random.default_rng(seed))
        found.append(thing_in_hand(arrays))
    return found


def thing_in_hand(arrays):
    return from_code(*map(int, arrays["pocket"]))


def test_what_is_held_is_renamed_with_the_rest_and_no_task_is_one_kept_for_evaluation():
    arrays = blank("red ball", Rule.hold("red ball", makes="green star"))
    for seed in range(100):
        rename(arrays, np.random.default_rng(seed))
        goal, rules = Goal.from_code(arrays["goal"].tolist()), productions_of(arrays["productions"])
        assert thing_in_hand(arrays) == rules[0].inputs[0]
        assert rules[0].product == goal.things[0]
        assert not is_kept(goal, Rules(*rules))


def test_a_task_about_no_object_stays_what_it_is():
    arrays = blank(None)
    arrays["goal"][...] = Goal.reach((1, 1)).code
    rename(arrays, np.random.default_rng(0))
    assert Goal.from_code(arrays["goal"].tolist()) == Goal.reach((1, 1))
    assert not arrays["pocket"].any()
    arrays["goal"][...] = Goal.place("red ball", at=(4, 5)).code
    rename(arrays, np.random.default_rng(1))
    assert Goal.from_code(arrays["goal"].tolist()).at == (4, 5)


def test_warnings_speak_of_the_text_s_names(built):
    rules = "RULES = Rules(Rule.near('blue key', makes='red ball'), Rule.together('grey hex', 'brown star'))"
    said = judged(built(HEAD + level("world.clear(7); world.put('blue key'); world.rename()", GOAL, rules)))
    assert said == (
        "the production 'grey hex and brown star put together: nothing' can never happen: there is no grey hex and no brown star",
    )


def test_what_is_in_hand_is_there(built):
    body = "world.clear(7); world.put('blue key'); world.player(holds='pink hex')"
    assert judged(built(HEAD + level(body, "Goal.near('red ball')", RULES))) == ()
