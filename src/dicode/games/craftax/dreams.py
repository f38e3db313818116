"""What Craftax gives to dreamers: its grammar, what is ready to be learnt, what worlds look like."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from dicode.games.craftax.grammar import GrammarDreamer, random_goal, random_level
from dicode.games.craftax.grammar.frontier import MASTERED, before, missing, rates, way_to, weight
from dicode.games.craftax.grammar.opening import lessons
from dicode.games.craftax.grammar.plan import Plan
from dicode.games.craftax.grammar.reader import asked_of, plan_of
from dicode.games.craftax.levels.techtree import depth
from dicode.games.craftax.looks import LOOKS
from dicode.games.host import Dreams, Prompts
from dicode.streams import Streams

if TYPE_CHECKING:
    from dicode.dreaming.settings import DreamerConfig


def _grammar(streams: Streams, told: "DreamerConfig", horizon: int) -> GrammarDreamer:
    return GrammarDreamer(
        streams, hooks=told.hooks, horizon=horizon, arenas=told.arenas, steps=told.steps, pursue=told.pursue
    )


@lru_cache(maxsize=4096)
def _plan(source: str) -> Plan:
    return plan_of(source)


def readiness(source: str, success: Mapping[str, float]) -> tuple[bool, int, int, int]:
    """When an agent with these success rates should meet a level.

    First what is not mastered yet, fewest unknown prerequisites first; then shallow before deep, more help
    before less. Levels that ask for time or vitals alone count as shallow.
    """
    known, plan = rates(success), _plan(source)
    asked = asked_of(plan)
    mastered = bool(asked) and all(known[achievement] >= MASTERED for achievement in asked)
    unknown = max((missing(achievement, known) for achievement in asked), default=0)
    deep = max((depth(achievement) + len(before(achievement)) for achievement in asked), default=1)
    return mastered, unknown, deep, -int(plan.help)


def wanted(source: str, success: Mapping[str, float]) -> float:
    """How much the deepest thing that a level asks for is wanted by who has these success rates; 0 where that can't be read."""
    plan = _plan(source)
    focus = plan.changed(achievements=asked_of(plan)).focus
    return 0.0 if focus is None else weight(focus, rates(success), leading=True)


def way(target: str) -> frozenset[str]:
    """Achievements that lead to a target, by name."""
    return frozenset(achievement.name for achievement in way_to(_plan(target)))


def serves(source: str, target: str) -> bool:
    """Whether a level is about something on the way to a target; any is, where the way isn't known."""
    leading = way_to(_plan(target))
    return not leading or bool(leading.intersection(asked_of(_plan(source))))


def _prompts() -> Prompts:
    from dicode.games.craftax.asking import PROMPTS

    return PROMPTS


DREAMS = Dreams(
    grammar=_grammar,
    random_level=random_level,
    random_goal=random_goal,
    lessons=lessons,
    looks=LOOKS,
    readiness=readiness,
    wanted=wanted,
    way=way,
    serves=serves,
    prompts=_prompts,
    reads=frozenset({"hooks", "arenas", "steps", "pursue", "frontier"}),
)
