"""Objective: one achievement of the game.
Why: control: the game itself, with a bonus for one act.
"""

from dicode.levels import Achievement, Goal

GOAL = Goal.all_of(Achievement.EAT_COW)
