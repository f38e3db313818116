"""Objective: dig two pieces of iron out of the mountain with the stone pickaxe.
Why: ore is mostly inside of rock; the agent has to cut its way to what it sees.
"""

from dicode.levels import Block, Goal, World

GOAL = Goal.all_of(Goal.collect("iron", 2))


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(5)
    side = int(world.rng.choice([-1, 1]))
    near, far = sorted((column + 3 * side, column + 8 * side))
    world.fill(Block.STONE, rows=(row - 5, row + 5), columns=(near, far))
    for _ in range(5):
        rock = [cell for cell in world.find(Block.STONE) if near <= cell[1] <= far and abs(cell[0] - row) < 5]
        world.place(Block.IRON, rock[int(world.rng.integers(len(rock)))])
    world.player.inventory.pickaxe = 2
