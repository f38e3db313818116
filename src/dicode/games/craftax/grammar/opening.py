"""The first lessons of a run: one act each with everything in hand, while the agent still tries everything.

What never pays at first may soon not be tried any more: a policy of some million steps was seen to use an action that did
nothing so far once in ten thousand, too seldom to find out what it is good for even where nothing else is left to do.
"""

import numpy as np

from dicode.games.craftax.grammar.frontier import after
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.plan import Help
from dicode.games.craftax.grammar.printer import objective, print_level
from dicode.games.craftax.levels.techtree import requirements
from dicode.levels import Achievement, Action
from dicode.types import Draft, Origin

LENGTH = 128
"""Steps of a lesson's episode: many tries, as there is one thing to do."""


def worth_behind(achievement: Achievement) -> int:
    """What an achievement is worth with all that it usually comes before."""
    return sum(requirements(other).worth for other in (achievement, *after(achievement)))


def acts() -> list[Achievement]:
    """One achievement for each act that there is, those first behind which the most lies.

    What is done by DO differs by what is faced; of any other action the first use will do.
    """
    found: list[Achievement] = []
    used: set[tuple[Action, ...]] = set()
    for achievement in sorted(Achievement, key=lambda a: (-worth_behind(a), a)):
        actions = requirements(achievement).actions
        if Action.DO in actions or actions not in used:
            found.append(achievement)
        used.add(actions)
    return found


def lessons(count: int, rng: np.random.Generator) -> list[Draft]:
    """Levels for the first `count` acts, all where there are fewer."""
    return [_lesson(achievement, rng) for achievement in acts()[:count]]


def _lesson(achievement: Achievement, rng: np.random.Generator) -> Draft:
    plan = stage(achievement, Help.HANDED, rng, requirements(achievement).floors[0])
    plan = plan.changed(minimum={}, rules={**plan.rules, "episode_length": float(LENGTH)})
    about = objective(plan)
    source = print_level(plan, "The act alone, before anything else is known and while everything is still tried.")
    return Draft(source, f"{about[0].upper()}{about[1:]}.", Origin.GRAMMAR, move="seed")
