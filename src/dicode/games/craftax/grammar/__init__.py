"""Levels by rule: a dreamer that needs no foundation model, and random level programs."""

from dicode.games.craftax.grammar.dreamer import GrammarDreamer, random_goal, random_level
from dicode.games.craftax.grammar.plan import Help, Plan
from dicode.games.craftax.grammar.printer import print_level
from dicode.games.craftax.grammar.reader import plan_of

__all__ = ["GrammarDreamer", "Help", "Plan", "plan_of", "print_level", "random_goal", "random_level"]
