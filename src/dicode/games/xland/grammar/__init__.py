"""Levels without a foundation model: a plan moves along what makes tasks hard, and is printed as level code."""

from dicode.games.xland.grammar.dreamer import GrammarDreamer, random_level

__all__ = ["GrammarDreamer", "random_level"]
