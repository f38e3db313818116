"""What XLand-MiniGrid gives to dreamers: its grammar, what is ready to be learnt, what worlds look like."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dicode.games.host import Dreams, Prompts
from dicode.games.xland.grammar import GrammarDreamer, random_level
from dicode.games.xland.grammar.moves import MASTERED, depth_rates
from dicode.games.xland.levels.goal import MAX_DEPTH
from dicode.games.xland.looks import LOOKS
from dicode.streams import Streams

if TYPE_CHECKING:
    from dicode.dreaming.settings import DreamerConfig

_RULE = re.compile(r"\bRule\.(?:hold|near|together)\(")


def _grammar(streams: Streams, told: "DreamerConfig", horizon: int) -> GrammarDreamer:
    return GrammarDreamer(streams)


def readiness(source: str, success: Mapping[str, float]) -> tuple[bool, int]:
    """When an agent should meet a library level: first what is not mastered yet, few productions before many."""
    rates = depth_rates(success) or (0.0,) * (MAX_DEPTH + 1)
    productions = len(_RULE.findall(source))
    return rates[min(productions, MAX_DEPTH)] >= MASTERED, productions


def _prompts() -> Prompts:
    from dicode.games.xland.asking import PROMPTS

    return PROMPTS


DREAMS = Dreams(grammar=_grammar, random_level=random_level, looks=LOOKS, readiness=readiness, prompts=_prompts)
