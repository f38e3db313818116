"""Helpers do what they say, keep the arrays consistent, and refuse with what would be possible."""

import numpy as np
import pytest

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.blank import blank_world
from dicode.games.craftax.levels.grid import manhattan
from dicode.games.craftax.levels.placement import rebuild_mob_map
from dicode.games.craftax.levels.world import World
from dicode.levels import Block, Enchantment, Facing, Floor, Item, LevelError, Mob, Rules

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("mob", "rules", "kind"),
    [
        ("melee", {"melee_spawn": 0}, Mob.KNIGHT),
        ("passive", {"spawn_chance": 0}, Mob.SNAIL),
        ("ranged", {"max_ranged": 0}, Mob.KNIGHT_ARCHER),
        ("melee", {"melee_spawn": 0, "melee_kind": {"vaults": 5}}, Mob.TROLL),
    ],
)
def test_a_floor_has_its_own_kind_of_mob_where_no_new_ones_come(mob, rules, kind):
    world = World(blank_world(np.random.default_rng(3)), np.random.default_rng(4), Amounts(Rules(**rules)))
    world.player.floor = Floor.VAULTS
    world.clear(5)
    cells = world.spawn(mob, count=2)
    assert {living.mob for living in world.mobs()} == {kind}
    assert world.can_stand(mob, cells[0])
    assert world.remove_mobs(mob) == 2
    with pytest.raises(LevelError, match="no melee mob of its own"):
        world.spawn("melee", floor=Floor.GRAVEYARD)


@pytest.mark.parametrize("word", ["no", "False", 2, None, Block.INVALID])
def test_a_switch_is_true_or_false_and_no_word(world, word):
    calls = (
        lambda value: setattr(world.player, "fireball", value),
        lambda value: setattr(world.player, "iceball", value),
        lambda value: world.maze((5, 9), (5, 9), border=value),
        lambda value: world.scatter(Block.TREE, 1, reachable=value),
        lambda value: world.random_cell(reachable=value),
        lambda value: world.spawn(Mob.COW, reachable=value),
    )
    for call in calls:
        with pytest.raises(LevelError, match="it must be True or False"):
            call(word)
        for right in (True, 0, np.int64(1)):
            call(right)
        world.remove_mobs()


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: world.spawn(Mob.DEEP_THING, count=2),
        lambda world: world.random_cell(distance=(3, 8), on=Block.WATER),
        lambda world: world.scatter(Block.LAVA, 2, distance=(3, 8), on=[Block.WATER]),
    ],
)
def test_who_asks_for_a_place_in_water_is_told_to_put_water(world, ask):
    world.fill(Block.GRASS, (0, 47), (0, 47))
    with pytest.raises(LevelError, match="put WATER there first") as raised:
        ask(world)
    exec(str(raised.value).split("first: ")[1], {"world": world, "Block": Block})
    ask(world)


def test_spawned_mobs_are_legal_apart_and_on_the_mob_map(world):
    world.clear(7)
    world.spawn(Mob.ZOMBIE, count=3, distance=(3, 6))
    world.spawn("passive", count=2, distance=(2, 6))
    assert [mob.mob for mob in world.mobs()] == [Mob.COW, Mob.COW, Mob.ZOMBIE, Mob.ZOMBIE, Mob.ZOMBIE]
    cells = {mob.position for mob in world.mobs()}
    distances = manhattan(world.player.position)
    assert len(cells) == 5
    assert all(2 <= distances[cell] <= 6 for cell in cells)
    assert set(map(tuple, np.argwhere(world.arrays["mob_map"][0]).tolist())) == cells
    assert {mob.health for mob in world.mobs()} == {3.0, 5.0}


def test_removing_mobs_clears_the_map_and_makes_room(world):
    world.spawn(Mob.COW, count=3)
    assert world.remove_mobs(Mob.ZOMBIE) == 0
    assert world.remove_mobs() == 3
    assert not world.arrays["mob_map"].any()
    world.spawn(Mob.COW, count=3)


def test_mobs_have_the_health_of_the_levels_rules():
    amounts = Amounts(Rules(mob_health={"zombie": 9}, monster_health=2.0))
    world = World(blank_world(np.random.default_rng(0)), np.random.default_rng(0), amounts)
    world.spawn(Mob.ZOMBIE)
    assert world.mobs()[0].health == 18


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda w: w.spawn(Mob.COW, count=4), "3 more would fit"),
        (lambda w: w.spawn(Mob.SKELETON, count=3), "holds 2 ranged"),
        (lambda w: w.spawn("ZOMBI"), "ZOMBIE"),
        (lambda w: w.spawn(Block.FOUNTAIN), r"world.place\(Block.FOUNTAIN"),
        (lambda w: w.spawn(Mob.COW, count=3, distance=(40, 50)), r"distance=\("),
        (lambda w: w.spawn(Mob.COW, distance=(5, 2)), "least <= most"),
        (lambda w: w.spawn(Mob.COW, count=0), "at least 1"),
        (lambda w: w.spawn(Mob.DEEP_THING, at=(24, 25)), "DEEP_THING can be at"),
        (lambda w: w.spawn("passive", floor=Floor.GRAVEYARD), "no passive mob of its own"),
        (lambda w: w.scatter(Block.TREE, 5000), "cells would do"),
        (lambda w: w.place(Block.STONE, w.player.position), "nearest free cell"),
        (lambda w: w.place(Block.OUT_OF_BOUNDS, (1, 1)), "cannot be placed"),
        (lambda w: w.place(Block.STONE, (48, 0)), "outside of the map"),
        (lambda w: w.fill(Block.STONE, rows=(9, 3), columns=(0, 4)), "must not exceed"),
        (lambda w: w.room(1, 1, 2, 5), "at least 3 x 3"),
        (lambda w: w.move_ladder_up((24, 25)), "no ladder up"),
        (lambda w: w.move_ladder_down((24, 25), floor=Floor.GRAVEYARD), "no ladder down"),
        (lambda w: w.ladder_up(), "no ladder up"),
        (lambda w: w.set_kills(-1), "0 to 10000"),
        (lambda w: w.plant((24, 24)), "nearest free grass"),
        (lambda w: setattr(w, "time_of_day", 1.5), "0.7 darkest"),
        (lambda w: setattr(w.player, "floor", 9), "0 \\(overworld\\) to 8"),
        (lambda w: setattr(w.player, "health", 0), "above 0"),
        (lambda w: setattr(w.player, "health", 20), "the most is 9"),
        (lambda w: setattr(w.player, "helth", 5), "health"),
        (lambda w: setattr(w.player, "facing", "north"), "did you mean 'UP'"),
        (lambda w: setattr(w.player, "sword_enchantment", "water"), "Enchantment.FIRE"),
        (lambda w: setattr(w.player.inventory, "sword", 5), "0 to 4"),
        (lambda w: setattr(w.player.inventory, "pickax", 1), "pickaxe"),
        (lambda w: setattr(w.player.inventory, "armour", [1, 1]), "four|4 whole"),
        (lambda w: setattr(w.player.inventory, "wood", 2.5), "whole number"),
        (lambda w: setattr(w.player, "position", (100, 2)), "outside"),
        (lambda w: w.torch((0, 0)) or w.torch((0, 0)), "torch"),
        (lambda w: w.light_up(level=300), "from 0 to 255 \\(0 is dark"),
    ],
)
def test_refusals_say_what_would_be_possible(world, ask, words):
    world.clear(3)
    with pytest.raises(LevelError, match=words):
        ask(world)


@pytest.mark.parametrize("count", range(13, 40))
def test_a_refused_distance_names_the_nearest_one_that_works(world, count):
    world.clear(3)
    with pytest.raises(LevelError) as refused:
        world.scatter(Block.TREE, count=count, distance=(1, 2))
    least, most = map(int, str(refused.value).split("distance=(")[1].split(")")[0].split(", "))
    with pytest.raises(LevelError):
        world.scatter(Block.TREE, count=count, distance=(least, most - 1))
    assert len(world.scatter(Block.TREE, count=count, distance=(least, most))) == count


def test_scattered_blocks_lie_on_reachable_ground_at_the_distance(world):
    world.clear(6)
    walked = world.distance_map()
    cells = world.scatter(Block.IRON, count=9, distance=(2, 5))
    assert len(set(cells)) == 9
    assert all(2 <= manhattan(world.player.position)[cell] <= 5 and walked[cell] >= 0 for cell in cells)
    assert all(world.blocks[0][cell] == Block.IRON for cell in cells)


def test_on_takes_one_block_or_many(world):
    world.clear(4)
    world.fill(Block.SAND, rows=(20, 22), columns=(20, 28))
    assert all(row <= 22 for row, _ in world.scatter(Block.WATER, 5, distance=(1, 8), on=Block.SAND))
    assert world.free_cells(on=[Block.SAND, "grass"]).sum() > world.free_cells(on="sand").sum()


def test_mobs_are_removed_by_kind_or_class(world):
    world.spawn(Mob.COW, count=2)
    world.spawn(Mob.ZOMBIE)
    assert world.remove_mobs("passive") == 2
    assert world.remove_mobs("zombie") == 1


def test_filling_with_rock_buries_nobody(world):
    world.clear(5)
    (cow,) = world.spawn(Mob.COW, distance=(2, 4))
    torch = world.random_cell(distance=(1, 3))
    world.torch(torch)
    world.fill(Block.STONE, rows=(0, 47), columns=(0, 47))
    ladder = world.ladder_down()
    kept = {world.player.position, cow, torch, ladder}
    assert {tuple(cell) for cell in np.argwhere(world.blocks[0] != Block.STONE).tolist()} == kept


def test_the_overworld_is_where_the_player_starts_and_other_floors_begin_at_their_ladder(world):
    for floor in list(Floor)[1:]:
        world.player.floor = floor
        assert world.player.position == tuple(world.arrays["up_ladders"][floor])
    world.player.floor = "overworld"
    assert world.player.position == (24, 24)


def test_moving_a_ladder_moves_item_and_arrival(world):
    world.clear(4)
    world.move_ladder_down((24, 27))
    assert np.argwhere(world.items[0] == Item.LADDER_DOWN).tolist() == [[24, 27]]
    assert world.ladder_down() == (24, 27)
    world.clear(3, near=(10, 10), floor=1)
    world.move_ladder_up((10, 10), floor=Floor.DUNGEON)
    assert world.ladder_up(Floor.DUNGEON) == (10, 10)


def test_a_ladder_is_opened_by_the_kills_that_the_rules_ask_for():
    amounts = Amounts(Rules(ladder_kills={"dungeon": 20}))
    world = World(blank_world(np.random.default_rng(0)), np.random.default_rng(0), amounts)
    world.open_ladder(Floor.DUNGEON)
    world.open_ladder(Floor.SEWERS)
    assert world.arrays["monsters_killed"][[1, 3]].tolist() == [20, 8]


def test_every_open_cell_of_a_maze_connects(world):
    cells = world.maze(rows=(4, 20), columns=(4, 20), wall=Block.WALL)
    steps = world.distance_map(cells[0])
    assert cells[0] == (4, 4)
    assert all(steps[cell] >= 0 for cell in cells)
    walls = (world.blocks[0][4:21, 4:21] == Block.WALL).sum()
    assert walls + len(cells) == 17 * 17


def test_a_room_has_an_inside_a_wall_and_no_door(world):
    inside = world.room(10, 10, height=5, width=6, wall=Block.WALL)
    assert len(inside) == 3 * 4
    assert not world.reachable(inside[0], world.player.position)
    world.carve([(12, 10)])
    assert world.blocks[0][12, 10] == Block.GRASS


def test_a_corridor_connects_its_ends(world):
    world.fill(Block.STONE, rows=(0, 47), columns=(0, 47))
    assert not world.reachable(world.player.position, (5, 40))
    world.corridor(world.player.position, (5, 40))
    assert world.reachable(world.player.position, (5, 40))


def test_a_wall_is_reached_when_one_can_stand_beside_it(world):
    world.clear(5)
    world.place(Block.TREE, (24, 27))
    assert world.reachable((24, 24), (24, 27))
    world.room(20, 26, height=9, width=4, wall=Block.WALL)
    world.place(Block.TREE, (24, 27))
    assert not world.reachable((24, 24), (24, 27))


def test_a_torch_lights_its_surroundings(world):
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up(level=0)
    world.clear(6)
    cell = world.random_cell(distance=(1, 2))
    world.torch(cell)
    light = world.light[Floor.GNOMISH_MINES]
    assert light[cell] == 255
    assert (light >= 13).sum() > 40
    assert light[0, 0] == 0


def test_time_of_day_sets_the_clock_and_the_light(world):
    world.time_of_day = 0.7
    assert world.time_of_day == pytest.approx(0.7, abs=0.01)
    assert world.arrays["timestep"] == 210
    assert world.arrays["light_level"] == pytest.approx(0.0, abs=1e-6)
    world.time_of_day = 0.2
    assert world.arrays["light_level"] == pytest.approx(1.0, abs=1e-6)


def test_plants_take_a_slot_and_a_cell(world):
    world.clear(4)
    world.plant((24, 26), age=100)
    world.ripe_plant((24, 28))
    assert world.arrays["growing_plants_mask"].sum() == 2
    assert world.blocks[0][24, 26] == Block.PLANT
    assert world.blocks[0][24, 28] == Block.RIPE_PLANT


def test_inventory_and_player_write_through(world):
    player = world.player
    player.inventory.set(wood=5, pickaxe=2, armour=1, potions=[1, 0, 0, 0, 0, 2])
    player.inventory.armour[0] = 2
    player.strength = 4
    player.health = 12
    player.facing = "left"
    player.sword_enchantment = "fire"
    player.armour_enchantments = ["ice", "none", "fire", 0]
    player.fireball = True
    arrays = world.arrays
    assert arrays["inventory.wood"] == 5
    assert arrays["inventory.armour"].tolist() == [2, 1, 1, 1]
    assert arrays["inventory.potions"].tolist() == [1, 0, 0, 0, 0, 2]
    assert arrays["player_health"] == 12
    assert player.facing == Facing.LEFT
    assert player.armour_enchantments == [Enchantment.ICE, Enchantment.NONE, Enchantment.FIRE, Enchantment.NONE]
    assert arrays["learned_spells"].tolist() == [True, False]
    assert arrays["sword_enchantment"] == 1


def test_a_player_cannot_stand_where_a_mob_is(world):
    world.clear(4)
    (cell,) = world.spawn(Mob.COW, distance=(2, 3))
    with pytest.raises(LevelError, match="a mob on GRASS"):
        world.player.position = cell


def test_the_mob_map_is_rebuilt_from_the_mobs(world):
    world.spawn(Mob.COW, count=2)
    kept = world.arrays["mob_map"].copy()
    world.arrays["mob_map"][...] = True
    rebuild_mob_map(world.arrays)
    assert np.array_equal(world.arrays["mob_map"], kept)


def test_lava_walkers_may_stand_where_the_rules_let_them():
    amounts = Amounts(Rules(player_blocked_by={"lava": 0}))
    world = World(blank_world(np.random.default_rng(0)), np.random.default_rng(0), amounts)
    world.place(Block.LAVA, (24, 26))
    world.player.position = (24, 26)
    assert world.player.position == (24, 26)
