"""What is asked of food, drink, energy, mana, health, meals and sleep must be within reach and within the episode."""

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.checks import check
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Block, Goal, Item, Mob, Rules
from dicode.types import Code, Rejected

pytestmark = pytest.mark.fast
A = Achievement
QUIET = {"spawn_chance": 0}


def code(worlds, goal, build, rules=None, limit=None, hooks=()):
    some = {name: array[:2] for name, array in worlds.items()}
    built = build_pool(HOST, {"GOAL": Goal.all_of(goal), "RULES": rules or Rules(), "build": build}, some, 0)
    found = check(built.pool, built.goal, built.rules, hooks, limit)
    return found.code if isinstance(found, Rejected) else None


def meadow(world):
    """Nothing but grass."""
    world.fill(Block.GRASS, rows=(0, 47), columns=(0, 47))
    world.items[0] = Item.NONE
    world.player.position = (24, 24)


def weak(also=lambda world: None, **held):
    def build(world):
        meadow(world)
        player = world.player
        player.food = player.drink = player.energy = 2
        player.mana, player.health = 0, 3
        player.inventory.set(**held)
        also(world)

    return build


def cow(world):
    world.spawn(Mob.COW)


def ripe(world):
    world.ripe_plant((24, 26))


def cut_off_cow(world):
    """A cow on an island, and somebody who can shoot at it and not get there."""
    world.fill(Block.WATER, (18, 30), (28, 38))
    world.fill(Block.GRASS, (24, 24), (33, 33))
    world.spawn(Mob.COW, at=(24, 33))
    world.fill(Block.WALL, (23, 25), (29, 29))
    world.carve([(24, 29)])


def altar(world):
    world.place(Block.ENCHANTMENT_TABLE_FIRE, (24, 26))
    world.player.inventory.set(sword=1, ruby=1)


def at_least(vital, minimum=8):
    return Goal.at_least(vital, minimum)


OUT, SHORT = Code.OUT_OF_REACH, Code.TOO_SHORT
SPELL = weak(lambda world: setattr(world.player, "fireball", True))
CASES = [
    (at_least("food"), weak(), {}, 256, OUT),
    (at_least("food"), weak(cow), {}, None, None),
    (at_least("food"), weak(cow), {"mob_food": 3}, 256, OUT),
    (at_least("food", 6), weak(ripe), {}, None, None),
    (at_least("food", 7), weak(ripe), {}, 256, SHORT),
    (at_least("food", 7), weak(ripe), {}, 2000, None),
    (at_least("drink"), weak(), {}, None, OUT),
    (at_least("drink"), weak(lambda world: world.place(Block.FOUNTAIN, (24, 26))), {}, None, None),
    (at_least("drink"), weak(lambda world: world.place(Block.FOUNTAIN, (24, 26))), {"water_drink": 0}, None, OUT),
    (at_least("energy"), weak(), {}, None, None),
    (at_least("energy"), weak(), {}, 200, None),
    (at_least("energy"), weak(), {}, 40, SHORT),
    (at_least("energy"), weak(), {"energy_recovery": 0}, None, OUT),
    (at_least("energy"), weak(potions=1), {"energy_recovery": 0}, None, None),
    (at_least("mana"), weak(), {"mana_recovery": 0}, None, OUT),
    (at_least("mana"), weak(), {}, 60, SHORT),
    (at_least("mana"), weak(), {}, 256, None),
    (at_least("mana"), weak(lambda world: setattr(world.player, "intelligence", 5)), {}, 60, None),
    (at_least("health"), weak(), {"health_recovery": 0}, None, OUT),
    (at_least("health"), weak(), {}, 20, SHORT),
    (at_least("health"), weak(), {"health_recovery": 10}, 20, None),
    (at_least("health"), weak(), {"health_recovery": 0, "minimum_health": 9}, None, None),
    (A.CAST_FIREBALL, SPELL, {"mana_recovery": 0}, None, OUT),
    (A.CAST_FIREBALL, SPELL, {}, 10, SHORT),
    (A.CAST_FIREBALL, SPELL, {}, 64, None),
    (A.ENCHANT_SWORD, weak(altar), {}, 100, SHORT),
    (A.ENCHANT_SWORD, weak(altar), {}, 256, None),
    (at_least("eaten", 2), weak(ripe), {}, 256, OUT),
    (at_least("eaten", 1), weak(ripe), {}, 256, None),
    (at_least("eaten", 2), weak(ripe), {"plant_ripening": 50}, 256, None),
    (at_least("eaten", 2), weak(lambda world: (ripe(world), cow(world))), {}, 256, None),
    (A.EAT_COW, weak(cut_off_cow, bow=1, arrows=9), {}, None, OUT),
    (A.EAT_COW, weak(cut_off_cow, bow=1, arrows=9, stone=9), {}, None, None),
    (A.EAT_COW, weak(cow, bow=1, arrows=9), {"sword_damage": 0}, None, OUT),
    (A.WAKE_UP, weak(), {}, None, None),
    (A.WAKE_UP, weak(), {}, 40, SHORT),
    (A.WAKE_UP, weak(lambda world: world.spawn(Mob.ZOMBIE)), {}, 40, None),
    (A.WAKE_UP, weak(lambda world: world.spawn(Mob.SKELETON)), {}, 40, SHORT),
    (A.WAKE_UP, weak(), {"energy_recovery": 0}, None, OUT),
    (A.WAKE_UP, weak(lambda world: setattr(world.player, "energy", 8)), {}, 14, None),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "build", "rules", "limit", "expected"), CASES)
def test_a_vital_rises_by_what_is_within_reach_and_in_time(goal, build, rules, limit, expected, blanks):
    assert code(blanks, goal, build, Rules(**QUIET, **rules), limit) is expected


def test_a_hook_may_feed_whom_nothing_feeds(blanks):
    assert code(blanks, at_least("food"), weak(), Rules(**QUIET), hooks=("transition",)) is None
