"""The game's own tasks: a goal, the chain of productions that leads to it, others that mislead, and a grid for them.

This is the target. It stands in for the published benchmarks, which are files of their own (see `docs/design/xland.md`), and
is built like them: a tree of productions of depth 0 to 3 below a goal, distracting productions and objects beside. Which
tasks are kept for evaluation their text alone decides: one in eight by the hash of goal and productions.
"""

import zlib
from dataclasses import dataclass, field

import numpy as np

from dicode.games.xland.levels.goal import MAX_DEPTH, Goal
from dicode.games.xland.levels.names import MAX_RULES, OBJECT_NAMES, Thing
from dicode.games.xland.levels.rules import Rule, Rules

HELD_OUT_ONE_IN = 8
_BRANCH = 0.5
"""Chance that an input that need not be made is made all the same."""


@dataclass
class _Plan:
    """A task while it grows: names left to use, what lies there, productions."""

    rng: np.random.Generator
    names: list[Thing]
    lying: list[Thing] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def name(self) -> Thing:
        return self.names.pop()

    def supply(self, what: Thing, depth: int) -> None:
        """Let `what` be had by a chain of `depth` productions, 0: it lies there."""
        if depth == 0 or len(self.rules) >= MAX_RULES:
            self.lying.append(what)
            return
        kind = ("together", "together", "near", "hold")[self.rng.integers(4)]
        first = self.name()
        if kind == "together":
            second = self.name()
            self.rules.append(Rule.together(first, second, makes=what))
            self.supply(first, depth - 1)
            self.supply(second, int(self.rng.integers(depth)) if self.rng.random() < _BRANCH else 0)
        else:
            self.rules.append(getattr(Rule, kind)(first, makes=what))
            self.supply(first, depth - 1)

    def distract(self, rules: int, objects: int) -> None:
        """Things that serve nothing and productions that lead nowhere; those may use up what is needed, if one lets them."""
        others = [self.name() for _ in range(objects)]
        for _ in range(min(rules, MAX_RULES - len(self.rules)) if others else 0):
            other = others[self.rng.integers(len(others))]
            product = self.name() if self.rng.random() < 0.7 else None
            if self.rng.random() < 0.6:
                needed = self.lying[self.rng.integers(len(self.lying))]
                self.rules.append(Rule.together(needed, other, makes=product))
            elif not any(other in rule.inputs for rule in self.rules):
                self.rules.append(Rule.near(other, makes=product))
        self.lying += others


@dataclass(frozen=True)
class Task:
    """What is asked, what turns into what, what lies there."""

    goal: Goal
    rules: Rules
    things: tuple[Thing, ...]
    depth: int

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept for evaluation."""
        return is_kept(self.goal, self.rules)


def is_kept(goal: Goal, rules: Rules) -> bool:
    """Whether a task, by its goal and productions, is one of those kept for evaluation."""
    code = goal.code
    assert code is not None, "a task has a goal of its own"
    return zlib.crc32(code.tobytes() + rules.codes.tobytes()) % HELD_OUT_ONE_IN == 0


def random_task(rng: np.random.Generator, depth: int | None = None, held_out: bool = False) -> Task:
    """A task whose goal needs a chain of `depth` productions (default: 0 to 3 alike), of the wanted part."""
    while True:
        task = _random(rng, int(rng.integers(MAX_DEPTH + 1)) if depth is None else depth)
        if task.is_held_out == held_out:
            return task


def _random(rng: np.random.Generator, depth: int) -> Task:
    names = [OBJECT_NAMES[index] for index in rng.permutation(len(OBJECT_NAMES))]
    plan = _Plan(rng, names)
    kind = ("hold", "near", "together")[rng.integers(3)]
    wanted = [plan.name() for _ in range(2 if kind == "together" else 1)]
    plan.supply(wanted[0], depth)
    for other in wanted[1:]:
        plan.supply(other, 0)
    plan.distract(int(rng.integers(4)), int(rng.integers(1, 4)))
    rules = [plan.rules[index] for index in rng.permutation(len(plan.rules))]
    return Task(getattr(Goal, kind)(*wanted), Rules(*rules), tuple(plan.lying), depth)
