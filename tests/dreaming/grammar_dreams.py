"""One dream of the grammar, and reasons to turn it down."""

from dicode.games.craftax.grammar import GrammarDreamer
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Code

YES = Accepted({"achievements": [], "minimum": {}}, {}, "-")


def dream_one(brief: Brief, validate=lambda draft: YES, seed: int = 0, **options):
    (outcome,) = GrammarDreamer(Streams(seed), **options).dream([brief], validate)
    return outcome


REFUSALS = (Code.TWIN, Code.TOO_SHORT, Code.TOO_HARD, Code.TOO_EASY, Code.SOLVED, Code.NO_ROOM, Code.OUT_OF_REACH)
