"""What is accepted can be solved: a scripted player solves it by the game's own step."""

import numpy as np
import pytest

pytest.importorskip("xminigrid")

import jax

from dicode import games
from dicode.games.xland import dynamics
from dicode.games.xland.grammar import GrammarDreamer
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.schema import FIELDS
from dicode.games.xland.player import Player
from dicode.games.xland.state import RuleTable, from_arrays
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Rejected

HOST = games.load_host("xland")
ROOM = 128
"""Worlds played side by side; the program has one shape."""


@pytest.fixture(scope="module")
def solved():
    """pools -> bool[worlds]: which the scripted player solves within the worlds' own steps."""
    rules = RuleTable(np.full(ROOM, 10_000, np.int32), np.ones(ROOM, bool))
    step = jax.jit(lambda state, action: jax.vmap(dynamics.step, in_axes=(None, 0, 0, 0))(None, state, action, rules))

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
