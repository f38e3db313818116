"""Start states and policies that take the game everywhere: every floor, block, mob, need and the boss's end.

Start states are the package's own worlds, edited in NumPy; policies are a few lines of JAX on the package's state.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.levels.names import MAP_SIZE, Action, Block, Item

World = dict[str, np.ndarray]

_INTERESTING = [
    Block.TREE, Block.FIRE_TREE, Block.ICE_SHRUB, Block.STONE, Block.COAL, Block.IRON, Block.DIAMOND, Block.SAPPHIRE,
    Block.RUBY, Block.STALAGMITE, Block.CHEST, Block.WATER, Block.FOUNTAIN, Block.CRAFTING_TABLE, Block.FURNACE,
    Block.RIPE_PLANT, Block.PLANT, Block.LAVA, Block.SAND, Block.ENCHANTMENT_TABLE_FIRE, Block.ENCHANTMENT_TABLE_ICE,
    Block.GRASS, Block.WALL, Block.GRAVEL,
]  # fmt: skip


def equip(world: World, rng: np.random.Generator, share: float = 1.0) -> None:
    """Give the player tools, materials, spells and points; `share` of the most there can be."""
    for name in ["wood", "stone", "coal", "iron", "diamond", "sapling", "arrows", "torches", "ruby", "sapphire"]:
        world[f"inventory.{name}"][...] = rng.integers(0, int(99 * share) + 1)
    for name, most in (("pickaxe", 4), ("sword", 4), ("bow", 1), ("books", 2)):
        world[f"inventory.{name}"][...] = rng.integers(0, most + 1) if share < 1 else most
    world["inventory.armour"][...] = rng.integers(0, 3, 4)
    world["inventory.potions"][...] = rng.integers(0, 4, 6)
    world["armour_enchantments"][...] = rng.integers(0, 3, 4)
    world["sword_enchantment"][...], world["bow_enchantment"][...] = rng.integers(0, 3, 2)
    world["learned_spells"][...] = rng.random(2) < 0.5
    world["player_mana"][...] = rng.integers(0, 10)
    world["player_xp"][...] = rng.integers(0, 4)
    for name in ("dexterity", "strength", "intelligence"):
        world[f"player_{name}"][...] = rng.integers(1, 6)


def go_to(world: World, floor: int, position: tuple[int, int] | None = None) -> None:
    """Put the player on a floor, by default where its ladder up is."""
    world["player_level"][...] = floor
    world["player_position"][...] = world["up_ladders"][floor] if position is None and floor else position or (24, 24)


def surround(world: World, rng: np.random.Generator, radius: int = 4, share: float = 0.35) -> None:
    """Scatter interesting blocks around the player, on walkable ground."""
    floor = int(world["player_level"])
    row, column = world["player_position"]
    for r in range(max(0, row - radius), min(MAP_SIZE, row + radius + 1)):
        for c in range(max(0, column - radius), min(MAP_SIZE, column + radius + 1)):
            if (r, c) != (row, column):
                ground = rng.choice([Block.PATH, Block.GRASS])
                world["blocks"][floor, r, c] = rng.choice(_INTERESTING) if rng.random() < share else ground


def crowd(world: World, rng: np.random.Generator, radius: int = 3) -> None:
    """Fill every mob and projectile slot of the floor near the player."""
    floor, player = int(world["player_level"]), world["player_position"]
    world["mob_map"][floor] = False
    taken = {tuple(player)}
    for record, slots in (("passive_mobs", 3), ("melee_mobs", 3), ("ranged_mobs", 2)):
        for slot in range(slots):
            for _ in range(50):
                cell = tuple(np.clip(player + rng.integers(-radius, radius + 1, 2), 0, MAP_SIZE - 1))
                if cell not in taken:
                    break
            taken.add(cell)
            world["blocks"][floor][cell] = Block.PATH
            world["mob_map"][floor][cell] = True
            world[f"{record}.position"][floor, slot] = cell
            world[f"{record}.mask"][floor, slot] = True
            world[f"{record}.health"][floor, slot] = rng.choice([0.5, 2.0, 9.0])
            world[f"{record}.type_id"][floor, slot] = rng.integers(0, 3 if slots == 3 and record[0] == "p" else 8)
            world[f"{record}.attack_cooldown"][floor, slot] = rng.integers(0, 5)
    for record in ("mob_projectile", "player_projectile"):
        for slot in range(3):
            cell = np.clip(player + rng.integers(-radius, radius + 1, 2), 0, MAP_SIZE - 1)
            world[f"{record}s.position"][floor, slot] = cell
            world[f"{record}s.mask"][floor, slot] = rng.random() < 0.7
            world[f"{record}s.type_id"][floor, slot] = rng.integers(0, 8)
            world[f"{record}_directions"][floor, slot] = [(0, 1), (1, 0), (0, -1), (-1, 0)][rng.integers(4)]


def fresh(world: World, rng: np.random.Generator) -> None:
    """The unmodified game."""


def workshop(world: World, rng: np.random.Generator) -> None:
    """A little of everything next to the player, who owns some of it."""
    go_to(world, int(rng.integers(0, 9)))
    equip(world, rng, 0.1)
    surround(world, rng)
    floor, (row, column) = int(world["player_level"]), np.clip(world["player_position"], 1, MAP_SIZE - 2)
    world["blocks"][floor, row - 1, column - 1], world["blocks"][floor, row - 1, column + 1] = (
        Block.CRAFTING_TABLE,
        rng.choice([Block.FURNACE, Block.ENCHANTMENT_TABLE_FIRE, Block.ENCHANTMENT_TABLE_ICE]),
    )
    if rng.random() < 0.5:
        world["inventory.armour"][...] = 0
        world["player_mana"][...] = 9
    world["monsters_killed"][...] = rng.integers(0, 12, 9)
    world["chests_opened"][...] = rng.random(9) < 0.3


def hunting(world: World, rng: np.random.Generator) -> None:
    """A well-armed player among its floor's mobs."""
    go_to(world, int(rng.integers(0, 9)))
    equip(world, rng)
    world["player_strength"][...] = 5
    world["player_health"][...] = 13


def mobbed(world: World, rng: np.random.Generator) -> None:
    """Mobs and projectiles everywhere, of any kind, at any place of the map."""
    corners = [(0, 0), (0, 47), (47, 0), (47, 47), (0, 20), (30, 47), (24, 24), (13, 34)]
    go_to(world, int(rng.integers(0, 9)), corners[rng.integers(len(corners))])
    equip(world, rng, 0.3)
    surround(world, rng, share=0.15)
    crowd(world, rng)
    world["is_sleeping"][...] = rng.random() < 0.3
    world["player_energy"][...] = 3


def needy(world: World, rng: np.random.Generator) -> None:
    """Hungry, thirsty, tired, hurt, asleep or resting, by day and night."""
    for name in ("food", "drink", "energy"):
        world[f"player_{name}"][...] = rng.integers(0, 4)
    world["player_health"][...] = rng.integers(1, 9)
    for name, least, most in (("hunger", 20, 26), ("thirst", 15, 21), ("fatigue", -10, 31), ("recover", -15, 25)):
        world[f"player_{name}"][...] = rng.integers(least, most)
    world["player_recover_mana"][...] = rng.integers(0, 31)
    world["is_sleeping"][...], world["is_resting"][...] = rng.random(2) < 0.3
    world["timestep"][...] = rng.integers(0, 300)
    if rng.random() < 0.3:
        go_to(world, 8, (20, 20))


def night(world: World, rng: np.random.Generator) -> None:
    """The overworld in the dark, with plants about to ripen."""
    world["timestep"][...] = rng.integers(170, 240)
    world["light_level"][...] = 0.1
    equip(world, rng, 0.2)
    surround(world, rng, share=0.2)
    row, column = world["player_position"]
    cells = [(row + 1, column), (row, column + 2), (row - 2, column)]
    for slot, cell in enumerate(cells):
        world["blocks"][0][cell] = Block.PLANT
        world["growing_plants_positions"][slot] = cell
        world["growing_plants_age"][slot] = rng.integers(580, 600)
        world["growing_plants_mask"][slot] = True


def on_ladder(world: World, rng: np.random.Generator) -> None:
    """On a ladder down or up."""
    floor = int(rng.integers(0, 9))
    down = rng.random() < 0.7 and floor < 8
    go_to(world, floor, tuple(world["down_ladders" if down else "up_ladders"][floor]))
    world["items"][floor][tuple(world["player_position"])] = Item.LADDER_DOWN if down else Item.LADDER_UP
    world["monsters_killed"][...] = rng.integers(7, 10, 9)


def boss(world: World, rng: np.random.Generator) -> None:
    """Next to the necromancer, somewhere between the first and the last wave."""
    go_to(world, 8, (24, 23))
    world["blocks"][8, 24, 23] = Block.PATH
    world["blocks"][8, 20:29, 19:24][rng.random((9, 5)) < 0.2] = rng.choice([Block.GRAVE, Block.GRAVE2, Block.GRAVE3])
    world["blocks"][8, 24, 23] = Block.PATH
    world["player_direction"][...] = Action.RIGHT
    equip(world, rng)
    world["inventory.armour"][...] = 2
    world["player_strength"][...] = 5
    world["player_health"][...] = 13
    world["boss_progress"][...] = rng.integers(0, 8)
    world["boss_timesteps_to_spawn_this_round"][...] = rng.integers(0, 8)


SCENARIOS: tuple[Callable[[World, np.random.Generator], None], ...] = (
    fresh, workshop, hunting, mobbed, needy, night, on_ladder, boss, workshop, boss,
)  # fmt: skip


def start(bases: World, index: int, attempt: int) -> World:
    """The start state of environment `index`; a new one with every attempt."""
    rng = np.random.default_rng([index, attempt])
    count = bases["player_level"].shape[0]
    world = {name: np.array(array[(index + attempt) % count]) for name, array in bases.items()}
    SCENARIOS[(index + attempt) % len(SCENARIOS)](world, rng)
    return world


def act(key: jax.Array, state: object, policy: jax.Array) -> jax.Array:
    """The action of one of eight policies on one state of the package."""
    keys = jax.random.split(key, 4)
    anything = jax.random.randint(keys[0], (), 0, len(Action))
    move = jax.random.randint(keys[1], (), 1, 5)
    unit, other = jax.random.uniform(keys[2]), jax.random.uniform(keys[3])
    hunt = _hunt(state, move, unit)

    def some(choices: list[Action]) -> jax.Array:
        return jnp.asarray(choices)[(other * len(choices)).astype(int)]

    forage = jnp.where(unit < 0.45, Action.DO, jnp.where(unit < 0.8, move, anything))
    idle = jnp.where(unit < 0.7, some([Action.SLEEP, Action.REST, Action.NOOP]), anything)
    travel = jnp.where(unit < 0.5, some([Action.DESCEND, Action.ASCEND]), jnp.where(unit < 0.9, move, anything))
    launch = some([Action.SHOOT_ARROW, Action.CAST_FIREBALL, Action.CAST_ICEBALL])
    shoot = jnp.where(unit < 0.5, launch, jnp.where(unit < 0.8, hunt, anything))
    quiet = ~state.melee_mobs.mask[8].any() & ~state.ranged_mobs.mask[8].any()
    beside = (state.player_position == jnp.array([24, 23])).all()
    face = jnp.where(state.player_direction == Action.RIGHT, Action.DO, Action.RIGHT)
    fight_boss = jnp.where(quiet & beside, face, hunt)
    made = some([action for action in Action if action.name.startswith(("MAKE", "ENCHANT", "PLACE"))])
    craft = jnp.where(unit < 0.6, made, forage)
    return jnp.stack([anything, forage, hunt, idle, travel, shoot, fight_boss, craft])[policy].astype(jnp.int32)


POLICIES = 8


def _hunt(state: object, move: jax.Array, unit: jax.Array) -> jax.Array:
    """Walk up to the nearest mob and hit it; now and then a random step."""
    floor, player = state.player_level, state.player_position
    records = (state.melee_mobs, state.ranged_mobs, state.passive_mobs)
    cells = jnp.concatenate([record.position[floor] for record in records])
    alive = jnp.concatenate([record.mask[floor] for record in records])
    gaps = cells - player
    nearest = gaps[jnp.argmin(jnp.where(alive, jnp.abs(gaps).sum(axis=1), 1000))]
    by_row = jnp.abs(nearest[0]) >= jnp.abs(nearest[1])
    towards = jnp.where(by_row, jnp.where(nearest[0] > 0, 4, 3), jnp.where(nearest[1] > 0, 2, 1))
    hit = (jnp.abs(nearest).sum() == 1) & (state.player_direction == towards)
    step = jnp.where(hit, Action.DO, towards)
    return jnp.where((unit < 0.15) | ~alive.any(), move, step)
