"""Objective: strike the necromancer once, after his first wave of zombies is gone.
Why: he can be hurt only while no monster is left on the floor; the agent must see that moment.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.DAMAGE_NECROMANCER)
RULES = Rules(boss_damage=0, boss_spawn=50)


def build(world: World) -> None:
    world.player.floor = Floor.GRAVEYARD
    world.light_up()
    world.clear(4, near=(24, 24))
    # The clearing removes the necromancer in its middle; he is put back beside the player.
    world.player.position = (24, 22)
    world.place(Block.NECROMANCER, (24, 24))
    world.player.inventory.set(sword=4, armour=1)
