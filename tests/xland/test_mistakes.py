"""A mistake in a level of XLand-MiniGrid is answered with what was meant."""

import re

import pytest

from dicode.errors import LevelError
from dicode.games.xland.levels import Goal
from dicode.games.xland.levels import names as naming
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.goal import as_goal
from dicode.games.xland.levels.names import thing
from dicode.sandbox import worker
from tests.xland.level_text import HEAD, every_goal, level

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("world.put('red ball', at=(naming.Tile.BALL, 3))", "there is no cell"),
        ("world.put('red ball', at=(2.7, 3))", "there is no cell"),
        ("world.steps = 99.5", "world.steps is 99.5; allowed are whole numbers"),
        ("world.steps = 'many'", "world.steps is 'many'"),
        ("world.clear('9')", "a grid of '9' x '9' cannot be"),
        ("world.clear(naming.Colour.GREY)", "cannot be"),
        ("Goal.reach((naming.Tile.BALL, 3))", "a cell is"),
        ("Rules(episode_length=naming.Tile.KEY)", "episode_length is"),
    ],
)
def test_a_number_is_a_plain_whole_one(body, says, built):
    with pytest.raises(LevelError, match=says):
        built(HEAD + "from dicode.games.xland.levels import names as naming\n" + level(f"world.clear(7); {body}"))


@pytest.mark.parametrize(
    ("read", "words", "meant"),
    [
        (thing, "yelow star", "did you mean 'yellow'"),
        (thing, "red bal", "did you mean 'ball'"),
        (thing, "red blue star", "needs one colour (there is red"),
        (naming.as_side, "north", "did you mean 'up'"),
        (naming.as_side, "rigth", "did you mean 'right'"),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(read, words, meant):
    with pytest.raises(LevelError, match=re.escape(meant)):
        read(words)


@pytest.mark.parametrize(
    ("body", "says", "hint"),
    [
        ("world.put('red ball', distance=3)", "distance is 3; it is (fewest, most)", "distance=(2, 6)"),
        ("world.put('red ball', distance=(1.5, 4))", "two whole numbers", "distance=(2, 6)"),
        ("world.scatter('red ball', distance=(4, 2))", "distance is (4, 2)", "distance=(3, 3)"),
        ("world.free_cells('near')", "distance is 'near'", "distance=(2, 6)"),
        (
            "world.put('red ball', cell=(2, 2))",
            "'cell'",
            "world.put(what, at=None, distance=None), with at=(row, column)",
        ),
        ("world.put('red ball', at=3)", "there is no cell 3", "a cell is (row, column)"),
        ("world.remove('red ball')", "there is no cell", "a cell is (row, column)"),
        ("world.spawn('red ball')", "'spawn'", "there is no world.spawn; call it as world.put("),
        ("world.random_cel()", "'random_cel'", "call it as world.random_cell("),
        ("world.height", "'height'", "write world.rows"),
        ("world.shuffle()", "'shuffle'", "world has world.arrays"),
        ("world.grid[2, 2] = 3, 1", "'grid'", "world.arrays['grid'][row, column]"),
        ("world.arrays['walls']", "'walls'", "world.arrays has grid, position"),
        ("world.arrays['grid'][20, 2] = 3, 1", "out of bounds", "are 0 to 12"),
        ("world.max_steps = 50", "'max_steps'", "write world.steps"),
        ("world.position = (2, 2)", "'position'", "call world.player(at=(row, column))"),
        ("world.grid = 3", "'grid'", "world.arrays['grid'][row, column]"),
        ("world.rng.randint(3)", "'randint'", "world.rng.integers(low, high)"),
        ("Goal.make('red key')", "'make'", "call it as Goal.hold(what)"),
        ("Goal.zap('red key')", "'zap'", "Goal has Goal.hold, Goal.near"),
        ("Rules(told='no')", "told is 'no'", ""),
        ("world.task(held_out='no')", "held_out is 'no'", ""),
        ("world.task(depth=True)", "depth is True", ""),
        ("world.rooms(True)", "do not hold True rooms", ""),
        ("world.player = (1, 1)", "read-only", "call it as world.player(at=None"),
        ("world.player.position = (1, 1)", "'position'", "call it as world.player(at=None"),
        ("world.wall((1, 3))", "'end'", "world.wall(start, end, colour='grey')"),
        ("world.door((3, 3), 'locked')", "no colour but a state", "world.door((3, 3), state='locked')"),
        ("world.scatter(['red ball', 'blue ball'])", "is no thing", "one by one: 'red ball', 'blue ball'"),
        ("world.put('ball')", "'ball' needs one colour (there", ""),
        ("Goal.pick_up('red ball')", "'pick_up'", "call it as Goal.hold(what)"),
        ("Goal.all_of('red ball')", "'all_of'", "a level has one goal"),
        ("Goal.place('red ball')", "'at'", "Goal.place(what, at), with at=(row, column)"),
        ("Rule.combine('red ball', 'blue ball')", "'combine'", "Rule.together(first, second, makes=None, side=None)"),
        ("Rules(steps=3)", "'steps'", "Rules(*productions, episode_length=None, told=True, trials=1)"),
    ],
)
def test_a_mistake_is_answered_with_the_right_form(built, body, says, hint):
    source = HEAD + level(f"world.clear(7); {body}")
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever level code raises is explained
        built(source)
    found = worker.explain(raised.value, source, API)
    assert says in found.reason
    assert hint in found.hint


def test_a_wrong_name_of_a_goal_or_production_comes_back_with_its_line_as_it_should_read():
    source = HEAD + level("pass", rules="RULES = Rules(Rule.combine('red ball', 'blue ball'))")
    with pytest.raises(AttributeError) as raised:
        worker.execute(source, worker.absent_jax, API)
    assert worker.explain(raised.value, source, API).line == (
        6,
        "RULES = Rules(Rule.together('red ball', 'blue ball'))",
    )


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        ("Goal.make('red key')", "GOAL = Goal.hold('red key')"),
        ("Goal.hodl('red key')", "GOAL = Goal.hold('red key')"),
        ("Goal.drop('red key')", None),
    ],
)
def test_a_line_is_corrected_for_other_words_and_slips_alone(goal, line):
    source = HEAD + level("pass", goal)
    with pytest.raises(AttributeError) as raised:
        worker.execute(source, worker.absent_jax, API)
    found = worker.explain(raised.value, source, API).line
    assert (None if found is None else found[1]) == line


@pytest.mark.parametrize(
    "line",
    [
        "world.arrays['grid'][2, 2] = np.array([258, 262])",
        "world.arrays['grid'][2, 2] = 300, 1",
        "world.arrays['grid'][2][2] = np.array([-1, 1])",
        "world.arrays['grid'].fill(256)",
        "world.arrays['limit'][...] = 20.5",
        "world.arrays['direction'][...] = 2.0**40",
    ],
)
def test_a_number_that_an_array_cannot_hold_is_refused_and_not_wrapped(built, line):
    with pytest.raises(LevelError, match="is written into it"):
        built(HEAD + "import numpy as np\n" + level(f"world.clear(7); {line}"))


def test_a_goal_that_no_function_made_is_none():
    for made in (Goal("near"), Goal("hold", (thing("red door"),)), Goal("fly"), Goal("near", ("red ball",))):
        assert as_goal(made) is None
    for made in every_goal():
        assert as_goal(made) == made


def test_a_goal_is_neither_true_nor_false():
    with pytest.raises(LevelError, match="neither true nor false"):
        Goal.hold("red key") and Goal.hold("blue key")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("crimson ball", "red"),
        ("magenta hex", "pink"),
        ("lime ball", "green"),
        ("red sphere", "ball"),
        ("red triangle", "pyramid"),
        ("red hexagon", "hex"),
        ("red pyramide", "pyramid"),
        ("purpel key", "purple"),
    ],
)
def test_a_word_for_a_colour_or_a_shape_is_answered_with_ours(words, meant):
    with pytest.raises(LevelError, match=f"did you mean '{meant}'"):
        Goal.hold(words)
