"""Objective: with six of eight blows struck, finish the necromancer.
Why: winning the game pays 8; starting near its end makes the last waves learnable.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_NECROMANCER)
RULES = Rules(boss_damage=0, monster_damage=0.5, health_recovery=3.0)


def build(world: World) -> None:
    world.player.floor = Floor.GRAVEYARD
    world.light_up()
    world.clear(5, near=(24, 24))
    world.player.position = (24, 22)
    world.place(Block.NECROMANCER, (24, 24))
    world.set("boss_progress", 6)
    world.player.inventory.set(sword=4, armour=2, bow=1, arrows=40)
    world.player.sword_enchantment = "ice"
    world.player.armour_enchantments = ["fire", "fire", "ice", "ice"]
    world.player.strength = 5
    world.player.health = 13
