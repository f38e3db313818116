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


@pytest.mark.parametrize(
    "text",
    [
        "GOAL = Goal.hold('red ball')\nRULES = Rules(Rule.hold('blue ball', 'red ball'), Rule.near('blue ball'))\n"
        "def build(world):\n    world.clear(7)\n    world.player(holds='blue ball')\n",
        "GOAL = Goal.on('red floor')\ndef build(world):\n    world.clear(7)\n    world.player(at=(1, 1))\n"
        "    world.put('red floor')\n",
        "GOAL = Goal.place('red ball', at=(2, 2))\ndef build(world):\n    world.clear(7)\n    world.player(at=(1, 1))\n"
        "    world.put('red floor', at=(2, 2))\n    world.put('red ball', at=(4, 4))\n",
    ],
    ids=["again in hand", "coloured floor", "put on coloured floor"],
)
def test_what_the_check_takes_for_possible_is(solved, built, text):
    pool = built(f"from dicode.games.xland.levels import Goal, Rule, Rules\n{text}").pool
    assert solved([{name: array[:2] for name, array in pool.items()}]).all()


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
