"""What is accepted can be solved: a scripted player solves it by the game's own step."""

import numpy as np
import pytest

pytest.importorskip("xminigrid")

import jax
import jax.numpy as jnp

from dicode import games
from dicode.games.xland import dynamics, observation
from dicode.games.xland.device import DEVICE
from dicode.games.xland.grammar import GrammarDreamer
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.names import Action
from dicode.games.xland.levels.schema import FIELDS, STARTS
from dicode.games.xland.player import Player
from dicode.games.xland.state import RuleTable, from_arrays
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Rejected
from tests.xland.level_text import HEAD, level

HOST = games.load_host("xland")
ROOM = 128
"""Worlds played side by side; the program has one shape."""


RULES = RuleTable(np.full(ROOM, 10_000, np.int32), np.ones(ROOM, bool))


@pytest.fixture(scope="module")
def step():
    """(state, actions) of `ROOM` environments -> StepResult."""
    return jax.jit(lambda state, action: jax.vmap(dynamics.step, in_axes=(None, 0, 0, 0))(None, state, action, RULES))


@pytest.fixture(scope="module")
def solved(step):
    """pools -> bool[worlds]: which the scripted player solves within the worlds' own steps."""

    def play(pools):
        worlds = {name: np.concatenate([pool[name] for pool in pools]) for name in FIELDS}
        count = len(worlds["grid"])
        assert count <= ROOM
        state = from_arrays({name: np.resize(array, (ROOM, *array.shape[1:])) for name, array in worlds.items()})
        players, done, won = [Player() for _ in range(count)], np.zeros(count, bool), np.zeros(count, bool)
        while not done.all():
            now = {name: np.asarray(getattr(state, name)) for name in FIELDS}
            actions = np.zeros(ROOM, np.int32)
            for index in np.flatnonzero(~done):
                action = players[index].act({name: array[index] for name, array in now.items()})
                done[index] |= action is None
                actions[index] = action or 0
            result = step(state, actions)
            state = result.state
            won |= ~done & (np.asarray(result.reward)[:count] > 0)
            done |= np.asarray(result.done)[:count]
        return won

    return play


def test_sixty_dreams_of_the_grammar_are_solved(solved, built):
    pools = []

    def validate(draft):
        found = built(draft.source)
        said = API.check(found.pool, found.goal, found.rules, (), 512)
        if isinstance(said, Rejected):
            return said
        pools.append({name: array[:2] for name, array in found.pool.items()})
        return Accepted(found.goal.to_json(), found.rules.to_json(), "")

    briefs = [Brief(0, index, None, {}, None) for index in range(60)]
    outcomes = GrammarDreamer(Streams(3)).dream(briefs, validate)
    assert sum(outcome.accepted for outcome in outcomes) == 60
    assert solved(pools).mean() == 1.0


def test_the_library_and_the_held_out_levels_are_solved(solved, built):
    levels = HOST.library() + HOST.heldout()
    won = solved([{name: array[:3] for name, array in built(source).pool.items()} for _, source in levels])
    failed = {levels[index // 3][0] for index in np.flatnonzero(~won)}
    assert failed == set()


def text(body, goal, rules=""):
    return HEAD + level(f"world.clear(9); {body}", goal, f"RULES = Rules({rules})")


WALL = "world.wall((4, 1), (4, 7)); world.player((2, 3)); "
POSSIBLE = {
    "again in hand": text(
        "world.player(holds='blue ball')",
        "Goal.hold('red ball')",
        "Rule.hold('blue ball', 'red ball'), Rule.near('blue ball')",
    ),
    "coloured floor": text("world.player((1, 1)); world.put('red floor')", "Goal.on('red floor')"),
    "put on coloured floor": text(
        "world.player((1, 1)); world.put('red floor', (2, 2)); world.put('red ball', (4, 4))",
        "Goal.place('red ball', at=(2, 2))",
    ),
    "made where it should lie": text(
        "world.player((5, 1), holds='blue key'); world.put('green ball', (5, 5))",
        "Goal.place('red ball', at=(5, 5))",
        "Rule.together('green ball', 'blue key', makes='red ball'), Rule.hold('red ball', makes='pink ball')",
    ),
    "turned where it should lie": text(
        "world.player((5, 1)); world.put('green ball', (5, 5))",
        "Goal.place('red ball', at=(5, 5))",
        "Rule.near('green ball', makes='red ball'), Rule.hold('red ball', makes='pink ball')",
    ),
    "put where it should lie, then turned": text(
        "world.player((5, 1)); world.put('green ball', (2, 2))",
        "Goal.place('red ball', at=(5, 5))",
        "Rule.near('green ball', makes='red ball', side='up'), Rule.hold('red ball', makes='pink ball')",
    ),
    "picked up before a step": text(
        "world.player((2, 2), 'right'); world.put('red ball', (2, 3))",
        "Goal.hold('red ball')",
        "Rule.near('red ball', makes='blue ball')",
    ),
    "had between two steps": text(
        "world.player((2, 2)); world.put('red ball', (5, 5))",
        "Goal.hold('blue ball')",
        "Rule.near('blue ball', makes='pink ball'), Rule.near('red ball', makes='blue ball')",
    ),
    "met between two steps": text(
        "world.player((2, 2)); world.put('red ball', (5, 5))",
        "Goal.near('blue ball')",
        "Rule.near('blue ball', makes='pink ball'), Rule.near('red ball', makes='blue ball')",
    ),
    "put together from two cells away": text(
        "world.player((1, 1)); world.put('blue key', (5, 5)); world.put('red ball', (2, 2))",
        "Goal.near('pink star')",
        "Rule.near('blue key', makes='blue hex'), Rule.together('red ball', 'blue key', makes='pink star')",
    ),
    "brought together from two cells away": text(
        "world.player((1, 1)); world.put('blue key', (5, 5)); world.put('red ball', (2, 2))",
        "Goal.together('red ball', 'blue key')",
        "Rule.near('blue key', makes='blue hex')",
    ),
    "a door that closes behind": text(
        WALL + "world.door((4, 3), 'red'); world.put('green star', (6, 3))",
        "Goal.near('green star')",
        "Rule.near('red open door', makes='red wall')",
    ),
    "round what closes": text(
        "world.player((2, 3)); world.put('red ball', (4, 3))",
        "Goal.reach((7, 3))",
        "Rule.near('red ball', makes='blue wall')",
    ),
    "into the door": text(
        WALL + "world.door((4, 3), 'red', 'locked'); world.put('red key', (2, 6))", "Goal.reach((4, 3))"
    ),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_the_check_takes_for_possible_is(solved, built, name):
    found = built(POSSIBLE[name])
    assert not isinstance(API.check(found.pool, found.goal, found.rules, (), None), Rejected)
    assert solved([{name: array[:2] for name, array in found.pool.items()}]).all()


def test_each_trial_begins_alike_and_the_last_one_ends_the_episode_and_counts(step, built):
    source = dict(HOST.library())["untold"].replace("told=False", "told=False, trials=3")
    world = {name: array[:1] for name, array in built(source).pool.items()}
    begin = from_arrays({name: np.resize(array, (ROOM, *array.shape[1:])) for name, array in world.items()})
    state, player, trials = begin, Player(), []
    for _ in range(3 * int(world["limit"][0])):
        now = {name: np.asarray(getattr(state, name))[0] for name in FIELDS}
        # Even environments follow the player, odd ones turn until their time is up.
        action = np.where(np.arange(ROOM) % 2, int(Action.TURN_LEFT), int(player.act(now) or 0)).astype(np.int32)
        result = step(state, action)
        state = result.state
        if result.reward[0] > 0:
            trials.append(
                (
                    bool(result.done[0]),
                    float(DEVICE.quantities(state, jnp.zeros((), jnp.int32), DEVICE.no_events(ROOM))[0, 0]),
                )
            )
            if not result.done[0]:
                assert all(np.array_equal(getattr(state, name)[0], getattr(begin, name)[0]) for name in STARTS)
                seen = jax.vmap(observation.observe)(state, RULES.replace(told=np.zeros(ROOM, bool)))
                assert seen.scalars[0, 4:].tolist() == [1.0, 1.0], "another trial begins, the last was solved"
                assert not seen.cells[0, observation.VIEW :].any(), "nothing is told"
        if result.done[0]:
            break
    assert trials == [(False, 0.0), (False, 0.0), (True, 1.0)]
    while not result.done[1]:
        idle, begins = step(state, np.ones(ROOM, np.int32)), np.asarray(state.step)[1] == 0
        state, result = idle.state, idle
    assert (int(state.trial[1]), bool(begins)) == (3, False)
    assert DEVICE.quantities(state, jnp.zeros((), jnp.int32), DEVICE.no_events(ROOM))[1, 0] == 0, (
        "the clock solves nothing"
    )
