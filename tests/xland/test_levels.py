"""Level text of XLand-MiniGrid: names, productions, goals, worlds, and what the check refuses."""

import time

import numpy as np
import pytest

from dicode import games
from dicode.errors import LevelError
from dicode.games.xland.levels import Goal, Rule, Rules, World, checks
from dicode.games.xland.levels import names as naming
from dicode.games.xland.levels.api import API, edited_source
from dicode.games.xland.levels.goal import chain_depth
from dicode.games.xland.levels.names import Thing, thing
from dicode.games.xland.levels.schema import FIELDS, remember_start
from dicode.games.xland.levels.search import Task, search
from dicode.games.xland.levels.tasks import random_task
from dicode.games.xland.levels.world import set_task
from dicode.sandbox.limits import Limits
from dicode.types import Code, Rejected
from tests.xland.level_text import HEAD, every_goal, every_rule, level

pytestmark = pytest.mark.fast


@pytest.fixture
def verdict(built):
    def judge(text, hooks=(), limit=None):
        found = built(HEAD + text)
        return API.check(found.pool, found.goal, found.rules, hooks, limit)

    return judge


def test_names_are_the_packages_numbers():
    constants = pytest.importorskip("xminigrid.core.constants")
    for mine, theirs in ((naming.Tile, constants.Tiles()), (naming.Colour, constants.Colors())):
        assert {member.name: int(member) for member in mine} == vars(theirs)
    assert sorted(naming.OBJECTS) == sorted(constants.PICKABLE.tolist())
    assert sorted(naming.WALKABLE) == sorted(constants.WALKABLE.tolist())
    assert [list(side.step) for side in naming.Side] == constants.DIRECTIONS.tolist()


def test_words_name_every_thing_and_nothing_else():
    for tile in naming.Tile:
        for colour in naming.COLOURS:
            if tile is not naming.Tile.EMPTY:
                assert thing(str(Thing(tile, colour))) == Thing(tile, colour)
    for wrong in ("ball", "red", "red green ball", "red bal", 3, None):
        with pytest.raises(LevelError):
            thing(wrong)


@pytest.mark.parametrize("rule", every_rule(), ids=str)
def test_productions_survive_bytes_and_json(rule):
    assert Rule.from_code(rule.code) == rule
    assert Rule.from_json(rule.to_json()) == rule


@pytest.mark.parametrize("goal", every_goal(), ids=str)
def test_goals_survive_bytes_and_json(goal):
    assert Goal.from_json(goal.to_json()) == goal
    if goal.code is not None:
        assert Goal.from_code(goal.code.tolist()) == goal


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_a_production_that_encodes_to_them_or_an_error(seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        code = rng.integers(0, 14, 7).tolist()
        try:
            rule = Rule.from_code(code)
        except LevelError:
            continue
        assert rule is None or list(rule.code) == code


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rule.near("grey wall", "red ball"),
        lambda: Rule.near("floor", "red ball"),
        lambda: Rule.hold("red door", "red ball"),
        lambda: Rule.hold("red ball", "red door"),
        lambda: Rule.together("red ball", "red ball", makes="grey wall"),
        lambda: Rules(*[Rule.hold("red ball")] * 10),
        lambda: Rules("red ball"),
        lambda: Rules(episode_length=0),
        lambda: Goal.near("grey wall"),
        lambda: Goal.on("red wall"),
        lambda: Goal.reach((0, 1)),
        lambda: Goal.place("red door", at=(1, 1)),
        lambda: Goal.near("red ball", side="north"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(wrong):
    with pytest.raises(LevelError):
        wrong()


def test_a_world_keeps_its_player_out_of_walls_and_its_edge_grey(worlds):
    for seed in range(20):
        arrays = {name: np.array(worlds[name][0]) for name in FIELDS}
        world = World(arrays, np.random.default_rng(seed))
        world.clear(9, 7)
        world.rooms(2, 2)
        world.wall((1, 5), (7, 5), colour="blue")
        assert (world.rows, world.columns) == (9, 7)
        assert str(world.at(world.position)) == "black floor"
        assert {str(world.at((row, 0))) for row in range(9)} == {"grey wall"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (level("world.clear(7); world.put('blue ball')"), Code.OUT_OF_REACH),
        (level("world.clear(7); world.put('red ball', at=(1, 1)); world.arrays['position'][:] = (0, 3)"), Code.START),
        (level("world.clear(7); world.arrays['grid'][0, 2] = 1, 7"), Code.START),
        (level("world.clear(7); world.arrays['grid'][3, 3] = 0"), Code.START),
        (level("world.clear(7); world.arrays['grid'][1, 2] = 3, 0"), Code.RANGE),
        (level("world.clear(7); world.arrays['goal'][0] = 1"), Code.RANGE),
        (level("world.clear(7); world.arrays['productions'][0] = 1"), Code.RANGE),
        (level("world.clear(7); world.arrays['pocket'][:] = 2, 6"), Code.START),
        (level("world.clear(7); world.arrays['solved'][...] = True"), Code.START),
        (level("world.clear(7); world.player(at=(2, 2))", goal="Goal.reach((2, 2))"), Code.SOLVED),
        (
            level("world.clear(7); world.put('red ball', at=(2, 2))", goal="Goal.place('red ball', at=(2, 2))"),
            Code.SOLVED,
        ),
        (
            level("world.clear(7); world.put('red ball')", rules="RULES = Rules(Rule.near('red ball'))"),
            Code.OUT_OF_REACH,
        ),
        (
            level(
                "world.clear(9); world.wall((4, 1), (4, 7)); world.door((4, 4), 'red', 'locked'); "
                "world.player(at=(1, 1)); world.put('red ball', at=(6, 6)); world.put('red key', at=(7, 7))"
            ),
            Code.OUT_OF_REACH,
        ),
    ],
)
def test_what_is_no_level_is_turned_down(text, code, verdict):
    found = verdict(text)
    assert isinstance(found, Rejected)
    assert found.code is code


@pytest.mark.parametrize(
    ("put", "says"),
    [
        ("world.put('green goal tile', at=(2, 2))", "where the green goal tile is"),
        ("world.door((2, 2), 'green')", "where the green door is"),
        ("world.wall((2, 2), (2, 2), 'green')", "where the green wall is"),
        ("world.put('green ball', at=(2, 2))", ""),
        ("world.put('green floor', at=(2, 2))", ""),
    ],
)
def test_a_thing_can_be_placed_on_floor_alone(verdict, put, says):
    body = f"world.clear(7); world.player(at=(1, 1)); {put}; world.put('red ball', at=(4, 4))"
    found = verdict(level(body, goal="Goal.place('red ball', at=(2, 2))"))
    assert says in (found.reason if isinstance(found, Rejected) else "")
    assert isinstance(found, Rejected) == bool(says)


@pytest.mark.parametrize(
    ("goal", "says", "hint"),
    [
        ("Goal.reach((10, 10))", "outside of the grid; its cells are (1, 1) to (5, 7)", "world.clear(13)"),
        ("Goal.place('red ball', at=(3, 9))", "outside of the grid", "world.clear(13)"),
        ("Goal.reach((2, 2))", "where a grey wall is", "world.remove"),
        ("Goal.place('red ball', at=(2, 2))", "where a grey wall is", "world.remove"),
    ],
)
def test_a_cell_that_cannot_be_had_is_said_to_be_outside_or_wall(verdict, goal, says, hint):
    body = "world.clear(7, 9); world.wall((2, 2), (2, 2)); world.player((1, 1)); world.put('red ball', at=(4, 4))"
    found = verdict(level(body, goal))
    assert isinstance(found, Rejected)
    assert found.code is Code.OUT_OF_REACH
    assert says in found.reason
    assert hint in found.hint


def test_a_task_of_the_worlds_own_under_another_goal_is_told_the_right_goal(verdict):
    found = verdict(level("world.task()"))
    assert isinstance(found, Rejected)
    assert "GOAL = Goal.task()" in found.hint


def test_a_cell_that_a_production_turns_into_floor_takes_a_thing(verdict):
    body = (
        "world.clear(7); world.player(at=(1, 1)); world.wall((2, 2), (2, 2), 'green'); world.put('red ball', at=(4, 4))"
    )
    found = verdict(level(body, "Goal.place('red ball', at=(2, 2))", "RULES = Rules(Rule.near('green wall'))"))
    assert found == ()


@pytest.mark.parametrize(
    ("holds", "rules", "code"),
    [
        ("red ball", "", Code.SOLVED),
        ("red ball", "RULES = Rules(Rule.hold('red ball', 'blue ball'))", Code.OUT_OF_REACH),
        ("blue ball", "RULES = Rules(Rule.hold('blue ball', 'red ball'), Rule.near('blue ball'))", None),
        ("blue ball", "", Code.OUT_OF_REACH),
    ],
)
def test_what_is_in_hand_counts_as_picked_up_when_one_picks_up_again(verdict, holds, rules, code):
    """As the package does it: with a full hand nothing is taken, and goals and productions look at the hand."""
    found = verdict(level(f"world.clear(7); world.player(holds='{holds}')", "Goal.hold('red ball')", rules))
    assert (found.code if isinstance(found, Rejected) else None) is code


def test_a_situation_that_comes_back_may_meet_a_goal_to_hold():
    """Things lie as before, and picking up has led to it."""
    arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
    world = World(arrays, np.random.default_rng(0))
    world.clear(7)
    world.player(holds="red ball")
    arrays["goal"][...] = Goal.hold("red ball").code
    kinds = [move.kind for move in search(Task(arrays)).plan]
    assert kinds == ["drop", "pick", "goal"]


def test_coloured_floor_can_be_stepped_on_and_plain_floor_is_no_goal(verdict):
    body = "world.clear(7); world.player(at=(1, 1)); world.put('red floor', at=(3, 3))"
    assert verdict(level(body, "Goal.on('red floor')")) == ()
    assert verdict(level(body, "Goal.near('red floor')")) == ()
    assert isinstance(verdict(level("world.clear(7)", "Goal.on('red floor')")), Rejected)
    for wrong in (Goal.on, Goal.near):
        with pytest.raises(LevelError, match="everywhere"):
            wrong("floor")


def crowd(count, rules, things):
    """`count` worlds with so many different objects; the goal needs one that there is not."""
    colours = [colour.name.lower() for colour in naming.COLOURS if colour is not naming.Colour.GREY]
    names = [f"{colour} {tile.name.lower()}" for colour in colours for tile in naming.OBJECTS][:things]
    productions = [Rule.together(*names[2 * i : 2 * i + 2], makes="grey hex") for i in range(rules - 1)]
    level_rules = Rules(*productions, Rule.together("grey hex", "grey key", makes="grey star"))
    worlds = []
    for index in range(count):
        arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
        set_task(arrays, Goal.hold("grey star"), level_rules)
        world = World(arrays, np.random.default_rng(index))
        world.clear(13)
        world.player(at=(1, 1))
        world.scatter(*names)
        remember_start(arrays)
        worlds.append(arrays)
    return {name: np.stack([arrays[name] for arrays in worlds]) for name in FIELDS}, Goal.hold("grey star"), level_rules


def test_objects_that_the_goal_does_not_need_cost_its_check_nothing():
    few, many = (crowd(1, 5, things)[0] for things in (8, 36))
    work = [search(Task({name: array[0] for name, array in pool.items()})).work for pool in (few, many)]
    assert work[0] == work[1] > 100


@pytest.mark.parametrize("bound", ["WORK", "SECONDS"])
def test_a_search_that_takes_long_is_a_warning_for_the_whole_pool(monkeypatch, bound):
    pool, goal, rules = crowd(8, 9, 36)
    for name in (bound, f"{bound}_PER_WORLD"):
        monkeypatch.setattr(checks, name, 1000 if bound == "WORK" else 0.0)
    began = time.process_time()
    found = checks.check(pool, goal, rules)
    assert isinstance(found, tuple)
    assert "whether the goal can be had is not known" in found[0]
    assert time.process_time() - began < 2


def test_the_most_that_the_searches_of_a_pool_may_take_is_below_what_the_sandbox_allows():
    limits = Limits()
    for worlds in (1, 8, 64):
        assert checks.SECONDS + checks.SECONDS_PER_WORLD * worlds <= limits.build_cpu(worlds) / 2


def test_a_production_that_is_forced_takes_what_is_needed(verdict):
    body = "world.clear(7); world.player(at=(1, 1)); world.put('blue key', at=(4, 4))"
    rules = "RULES = Rules(Rule.near('blue key', makes='blue hex'))"
    assert isinstance(verdict(level(body, "Goal.hold('blue key')", rules)), Rejected)
    assert verdict(level(body, "Goal.hold('blue hex')", rules)) == ()


CORRIDOR = "world.wall((3, 1), (3, 7)); world.wall((5, 1), (5, 7)); world.player((4, 1)); "


@pytest.mark.parametrize(
    ("body", "goal", "rules"),
    [
        (
            "world.wall((4, 1), (4, 7)); world.door((4, 3), 'red'); world.player((2, 3)); world.put('green star', (6, 3))",
            "Goal.hold('green star')",
            "Rule.near('red door', makes='red wall')",
        ),
        (
            CORRIDOR + "world.put('red ball', (4, 4))",
            "Goal.reach((4, 7))",
            "Rule.near('red ball', makes='blue wall')",
        ),
        (
            CORRIDOR + "world.put('red ball', (4, 4))",
            "Goal.reach((4, 4))",
            "Rule.near('red ball', makes='blue locked door')",
        ),
        (CORRIDOR + "world.put('red ball', (4, 4))", "Goal.hold('red ball')", "Rule.near('red ball', 'pink ball')"),
    ],
    ids=["door", "ball", "onto it", "never had"],
)
def test_a_way_that_closes_when_one_walks_up_to_it_is_none(verdict, body, goal, rules):
    found = verdict(level(f"world.clear(9); {body}", goal, f"RULES = Rules({rules})"))
    assert isinstance(found, Rejected)
    assert found.code is Code.OUT_OF_REACH
    assert not isinstance(verdict(level(f"world.clear(9); {body}", goal)), Rejected)


def test_one_step_is_enough_for_what_lies_ahead(verdict):
    body = "world.clear(7); world.player((2, 2), 'right'); world.put('red ball', (2, 3)); world.steps = 1"
    assert verdict(level(body, "Goal.hold('red ball')")) == ()


def test_a_goal_out_of_reach_is_a_warning_where_a_hook_may_help(verdict):
    found = verdict(level("world.clear(7)"), hooks=("transition",))
    assert isinstance(found, tuple)
    assert "out of reach" in found[0]


def test_productions_that_never_happen_or_serve_nothing_are_warned_of(verdict):
    rules = "RULES = Rules(Rule.hold('blue ball', 'blue key'), Rule.hold('pink ball', 'pink key'))"
    found = verdict(level("world.clear(7); world.scatter('red ball', 'blue ball')", rules=rules))
    assert isinstance(found, tuple)
    assert any("never happen" in warning and "pink ball" in warning for warning in found)
    assert any("serves nothing" in warning and "blue key" in warning for warning in found)


def test_too_short_an_episode_is_turned_down(verdict):
    text = level(
        "world.clear(7); world.scatter('red ball', 'blue ball')", goal='Goal.together("red ball", "blue ball")'
    )
    assert isinstance(verdict(text, limit=2), tuple)
    found = verdict(text, limit=1)
    assert isinstance(found, Rejected)
    assert found.code is Code.TOO_SHORT


@pytest.mark.parametrize("depth", range(4))
def test_tasks_of_the_target_have_their_depth_and_can_be_solved(depth):
    for seed in range(6):
        task = random_task(np.random.default_rng([depth, seed]), depth)
        assert chain_depth(task.goal, task.rules.productions) == depth
        assert not task.is_held_out
        assert random_task(np.random.default_rng(seed), depth, held_out=True).is_held_out
        arrays = {name: np.zeros(field.shape, field.dtype) for name, field in FIELDS.items()}
        World(arrays, np.random.default_rng(seed)).set_up(task)
        assert search(Task(arrays)).plan is not None


@pytest.mark.parametrize("kind", API.edit_kinds)
def test_edits_change_cells_and_leave_the_edge(kind, built):
    once = edited_source(API.generated(3, 1), kind, 7, 4)
    twice = edited_source(once, kind, 8, 4)
    assert twice.count("def build") == 2
    plain, edited = (built(text).pool["grid"] for text in (API.generated(3, 1), twice))
    changed = np.any(plain != edited, axis=-1)
    assert np.all((changed.sum(axis=(1, 2)) > 0) & (changed.sum(axis=(1, 2)) <= 16))
    assert not changed[:, 0].any()


def test_a_generated_level_plays_the_worlds_own_tasks(built, worlds):
    found = built(API.generated(1, 4))
    host = games.load_host("xland")
    assert host.pool_hash(found.pool) == host.pool_hash(worlds)
    assert API.check(found.pool, found.goal, found.rules, (), None) == ()


def test_what_numpy_draws_from_a_list_of_sides_is_a_side():
    sides = [naming.Side.LEFT, naming.Side.LEFT]
    assert naming.as_side(np.random.default_rng(0).choice(sides)) is naming.Side.LEFT
    with pytest.raises(LevelError):
        naming.as_side(np.int64(4))


def test_the_most_steps_may_be_without_end(built):
    assert built(HEAD + "import numpy as np\n" + level("world.clear(7); world.put('red ball', distance=(1, np.inf))"))


@pytest.mark.parametrize(
    ("goal", "also", "steps"),
    [
        ("Goal.reach((11, 11))", "", 20),
        ('Goal.hold("red key")', 'world.put("red key", (11, 11))', 20),
        ('Goal.place("red key", at=(11, 11))', 'world.put("red key", (2, 2))', 20),
        ('Goal.near("red key")', 'world.put("red key", (11, 11))', 1),
    ],
)
def test_an_episode_has_time_for_the_way(verdict, goal, also, steps):
    body = f"world.clear(13); world.player((1, 1)); {also or 'pass'}; world.steps = {{}}"
    assert not isinstance(verdict(level(body.format(steps), goal)), Rejected)
    if steps > 1:
        assert verdict(level(body.format(steps - 1), goal)).code is Code.TOO_SHORT


@pytest.mark.fast
def test_everything_that_level_code_may_import_is_there():
    names: dict[str, object] = {}
    exec("from dicode.games.xland.levels import *", names)
    assert "LevelError" in names
