"""The toy as hosts see it."""

import numpy as np

from dicode.dreaming.dreamer import Dreamer, Outcome
from dicode.games.display import bare
from dicode.games.host import Dreams, Field, HostGame, Levels, Looks
from dicode.types import Code, Draft, Origin, Rejected
from tests.toy.levels import SIZE, Goal, Rules, World

CELL, COUNT = Field((2,), np.dtype("int32"), 0, SIZE - 1), Field((), np.dtype("int32"), 0, 1)
FIELDS = {"walls": Field((SIZE, SIZE), np.dtype(bool), 0, 1), "key": CELL, "door": CELL, "position": CELL}
FIELDS |= {"keys": COUNT, "doors": COUNT}
LEVEL = '''"""Objective: open the door.
Why: {why}
"""
from tests.toy.levels import Goal, Rules, World

{constants}GOAL = Goal(doors=1)
RULES = Rules(slip={slip})


def build(world: World) -> None:
    {body}
'''


def text(key: int, door: int, slip: float = 0.0) -> str:
    body = f'world.near("key", {key})\n    world.near("door", {door})'
    return LEVEL.format(why=f"the key is {key} steps away.", constants="", slip=slip, body=body)


def generated(seed, worlds):
    return LEVEL.format(why="any room.", constants=f"WORLD_SEED = {seed}\nWORLDS = {worlds}\n", slip=0.0, body="return")


def check(pool, goal, rules, hooks, episode_limit):
    start = np.stack([0 * pool["keys"], pool["keys"], pool["doors"]], axis=1)
    if any(goal.met(np.zeros(0, bool), row) for row in start):
        return Rejected("verify", f"the goal ({goal}) is met at the start", "ask for more", code=Code.SOLVED)
    return ()


class Grammar(Dreamer):
    """Farther keys once the parent is easy."""

    name = "grammar"

    def __init__(self, streams, told, horizon):
        self.streams = streams

    def dream(self, briefs, validate):
        return [self.answer(brief, validate) for brief in briefs]

    def answer(self, brief, validate):
        rng, parent = self.streams.rng("dream", brief.cycle, brief.index), brief.parent
        easy = bool(parent and parent.trials and (parent.trials[-1].success_rate or 0) > 0.5)
        source = text(1 + int(rng.integers(3)) + 2 * easy, 2 + int(rng.integers(6)), round(rng.random() / 2, 3))
        draft = Draft(source, "a key and a door", Origin.GRAMMAR, (parent.level.id,) if parent else (), "near")
        return Outcome(draft, validate(draft))


def statistics(pool):
    away = {what: np.abs(pool[what] - pool["position"]).sum(axis=1).mean() for what in ("key", "door")}
    return {f"steps.{what}": float(mean) for what, mean in away.items()}


LEVELS = Levels(
    "tests.toy.levels", ("Goal", "Rules", "World"), Goal.as_goal, Rules, lambda goal, rules: World, check, generated
)
DREAMS = Dreams(Grammar, lambda rng: Draft(text(2, 2), "", Origin.GENERATOR), Looks(statistics, {"steps": 0.1}))
HOST = HostGame(
    name="tests.toy",
    fields=FIELDS,
    actions=("stay", "up", "down", "left", "right"),
    achievements=(),
    quantities=tuple(Goal.QUANTITIES),
    packages=(),
    endings=("nothing but the door",),
    occupations=(),
    sees="all cells",
    max_return=2.0,
    target_goal=Goal(doors=1),
    no_goal=Goal(),
    read_goal=Goal.from_json,
    read_rules=Rules.from_json,
    rule_arrays=lambda data: Rules.from_json(data).arrays(),
    implied=lambda world: np.zeros(0, bool),
    seeds=lambda: [("near", text(1, 2)), ("far", text(3, 5))],
    library=lambda: [("slippery", text(2, 3, 0.5))],
    heldout=lambda: [("middle", text(2, 4))],
    levels=lambda: LEVELS,
    dreams=lambda: DREAMS,
    display=lambda: bare(HOST),
)
