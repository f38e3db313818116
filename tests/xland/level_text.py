"""Level text of XLand-MiniGrid, and every production and goal there is."""

from dicode.games.xland.levels import Goal, Rule
from dicode.games.xland.levels import names as naming
from dicode.games.xland.levels.names import thing

HEAD = '"""Objective: x.\nWhy: y.\n"""\nfrom dicode.games.xland.levels import Goal, Rule, Rules, World\n'


def level(body, goal='Goal.near("red ball")', rules=""):
    lines = "\n".join(f"    {line}" for line in body.split("; "))
    return f"GOAL = {goal}\n{rules}\ndef build(world):\n{lines}\n"


def every_rule():
    sides = [None, *naming.Side]
    ball, key, wall = thing("red ball"), thing("blue key"), thing("pink wall")
    near = [Rule.near(what, made, side) for what in (ball, wall) for made in (key, None) for side in sides]
    together = [Rule.together(ball, key, made, side) for made in (wall, None) for side in sides]
    return [*near, *together, Rule.hold(ball, key), Rule.hold(ball)]


def every_goal():
    sides = [None, *naming.Side]
    goals = [Goal.hold("red ball"), Goal.on("green goal tile"), Goal.on("red open door"), Goal.reach((1, 11)), Goal()]
    goals += [Goal.place("pink star", at=(11, 2)), Goal.task()]
    goals += [Goal.near("red locked door", side) for side in sides]
    return goals + [Goal.together("red ball", "red key", side) for side in sides]
