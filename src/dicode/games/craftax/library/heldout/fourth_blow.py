"""Objective: outfight the necromancer's fourth wave and strike him.
Why: the later waves bring knights and kobolds; the moment to strike stays the same.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.DAMAGE_NECROMANCER)
RULES = Rules(boss_damage=0, monster_damage=0.5, health_recovery=2.0)


def build(world: World) -> None:
    world.player.floor = Floor.GRAVEYARD
    world.light_up()
    world.clear(4, near=(24, 24))
    world.player.position = (24, 22)
    world.place(Block.NECROMANCER, (24, 24))
    world.set("boss_progress", 3)
    world.player.inventory.set(sword=4, armour=2)
    world.player.strength = 4
    world.player.health = 12
