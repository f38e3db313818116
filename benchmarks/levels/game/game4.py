"""Objective: play the game.
Why: control number 4: the game itself as a level.
"""

from dicode.levels import Achievement, Goal

GOAL = Goal.all_of(*Achievement)
