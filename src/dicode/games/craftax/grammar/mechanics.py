"""New mechanics: hooks that change what a step does, as JAX source with a few numbers left open.

None of them exists in Craftax. Each is a template for one or two of the hook functions of level code
(`transition`, `success`, `bonus`), written for one environment; the sandbox exports them batched. A
level has at most one mechanic, so that what changed can be told in a sentence.

Two rules keep them cheap and safe: no loop, and no work over all nine floors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

import numpy as np

from dicode.games.craftax.levels.names import Mob

HOOK_IMPORTS = ("import jax", "import jax.numpy as jnp")
HOOK_NAMES = ("transition", "success", "bonus")


@dataclass(frozen=True)
class Mechanic:
    """One mechanic: what it is in a sentence, the hooks' source, and where it makes sense."""

    name: str
    sentence: str
    """What the agent has to cope with; goes into the level's description, `$slots` filled."""
    source: str
    numbers: Mapping[str, tuple[float, ...]]
    """Values each `$slot` may take."""
    floors: frozenset[int]
    """Floors where the mechanic has something to act on."""
    needs_random: bool = False
    """Whether the source uses `jax.random`, so that `jax` itself is imported."""
    sets_goal: bool = False
    """Whether a `success` hook stands for the goal."""

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """One value per slot."""
        return {name: values[int(rng.integers(len(values)))] for name, values in sorted(self.numbers.items())}

    def fill(self, text: str, numbers: Mapping[str, float], mob: Mob | None = None) -> str:
        """`text` with its slots filled; `$mob` and its class come from `mob`."""
        slots: dict[str, object] = {name: f"{value:g}" for name, value in numbers.items()}
        if mob is not None:
            record = ("passive_mobs", "melee_mobs", "ranged_mobs")[mob.mob_class]
            slots |= {"mob": mob.name, "mob_words": mob.name.lower().replace("_", " ")}
            slots |= {"record": record, "type_id": mob.type_id}
        return Template(text).substitute(slots)


_ANY = frozenset(range(9))
_DARK = frozenset(range(1, 8))

_ICE = '''
SLIPPERY = [int(Block.GRASS), int(Block.SAND), int(Block.PATH), int(Block.ICE_GRASS)]


def transition(before, action, after, key):
    """Ice: a step carries on for one more cell if open ground lies ahead."""
    floor = after.player_level
    step = after.player_position - before.player_position
    ahead = jnp.clip(after.player_position + step, 0, 47)
    ground = after.blocks[floor, ahead[0], ahead[1]]
    is_open = (ground == SLIPPERY[0]) | (ground == SLIPPERY[1]) | (ground == SLIPPERY[2]) | (ground == SLIPPERY[3])
    is_free = is_open & ~after.mob_map[floor, ahead[0], ahead[1]]
    slides = is_free & jnp.any(step != 0) & (before.player_level == floor)
    slides = slides & (jax.random.uniform(key) < $chance)
    return after.replace(player_position=jnp.where(slides, ahead, after.player_position))
'''

_TIDES = '''
def beside(mask):
    """Cells with one of their four neighbours in `mask`."""
    padded = jnp.pad(mask, 1)
    return padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]


def transition(before, action, after, key):
    """Tides: at the turn of every $period steps the sea takes the shore, half-way it gives it back."""
    ground = after.blocks[0]
    sea = ground == int(Block.WATER)
    shore = (ground == int(Block.SAND)) | (ground == int(Block.GRASS))
    row, column = after.player_position[0], after.player_position[1]
    taken = after.mob_map[0].at[row, column].set(True) | (after.items[0] != 0)
    flood = shore & beside(sea) & ~taken & (after.timestep % $period == 0)
    ebb = sea & beside(shore) & (after.timestep % $period == $period // 2)
    ground = jnp.where(flood, int(Block.WATER), jnp.where(ebb, int(Block.SAND), ground))
    return after.replace(blocks=after.blocks.at[0].set(ground.astype(after.blocks.dtype)))
'''

_CURSE = '''
def transition(before, action, after, key):
    """Curse: every $period steps it takes a point of mana, or health when none is left; a defeated monster eases it."""
    strikes = after.timestep % $period == 0
    defeated = after.monsters_killed.sum() > before.monsters_killed.sum()
    mana = after.player_mana - strikes.astype(jnp.int32) + 2 * defeated.astype(jnp.int32)
    hurt = jnp.where(strikes & (after.player_mana <= 0), $damage, 0.0)
    return after.replace(player_mana=jnp.clip(mana, 0, 9), player_health=after.player_health - hurt)
'''

_BOUNTY = '''
def bonus(before, action, after):
    """Bounty: $reward for every $mob_words defeated."""
    floor = before.player_level
    hunted = before.$record.mask[floor] & (before.$record.type_id[floor] == $type_id)
    fell = hunted & ~after.$record.mask[floor] & (after.$record.health[floor] <= 0)
    return $reward * fell.sum().astype(jnp.float32)
'''

_REGROWTH = '''
def transition(before, action, after, key):
    """Regrowth: where a tree was felled a new one stands again, and the wood creeps over the grass beside it."""
    floor, row, column = after.player_level, after.player_position[0], after.player_position[1]
    cell = jnp.array([row, column]) + jax.random.randint(key, (2,), -$reach, $reach + 1)
    cell = jnp.clip(cell, 1, 46)
    ground = after.blocks[floor, cell[0], cell[1]]
    sides = jnp.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) + cell
    is_wooded = jnp.any(after.blocks[floor, sides[:, 0], sides[:, 1]] == int(Block.TREE))
    is_player = (cell[0] == row) & (cell[1] == column)
    is_free = ~after.mob_map[floor, cell[0], cell[1]] & (after.items[floor, cell[0], cell[1]] == 0) & ~is_player
    grows = (ground == int(Block.GRASS)) & is_wooded & is_free
    grown = jnp.where(grows, int(Block.TREE), ground).astype(after.blocks.dtype)
    return after.replace(blocks=after.blocks.at[floor, cell[0], cell[1]].set(grown))
'''

_DARKNESS = '''
def transition(before, action, after, key):
    """Darkness: it hurts to stand in the dark; by day on the surface, and in the light of a torch, it does not."""
    floor, row, column = after.player_level, after.player_position[0], after.player_position[1]
    light = jnp.where(floor == 0, after.light_level, after.light[floor, row, column].astype(jnp.float32) / 255.0)
    return after.replace(player_health=after.player_health - jnp.where(light < $dim, $damage, 0.0))
'''

_COLD = '''
def transition(before, action, after, key):
    """Frost: away from a furnace it bites every $period steps, beside one it heals."""
    row = after.player_position[0] + jnp.arange(-2, 3)
    column = after.player_position[1] + jnp.arange(-2, 3)
    near = after.blocks[after.player_level][jnp.clip(row, 0, 47)][:, jnp.clip(column, 0, 47)]
    is_warm = jnp.any(near == int(Block.FURNACE))
    change = jnp.where(is_warm, $warmth, -$damage) * (after.timestep % $period == 0)
    most = jnp.maximum(after.player_health, 9.0)
    return after.replace(player_health=jnp.minimum(after.player_health + change, most))
'''

_LAVA = '''
def transition(before, action, after, key):
    """Eruption: now and then a cell beside lava starts to burn, and old lava cools to path."""
    floor, row, column = after.player_level, after.player_position[0], after.player_position[1]
    spot_key, chance_key = jax.random.split(key)
    cell = jnp.clip(jnp.array([row, column]) + jax.random.randint(spot_key, (2,), -5, 6), 1, 46)
    ground = after.blocks[floor, cell[0], cell[1]]
    sides = jnp.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) + cell
    is_beside = jnp.any(after.blocks[floor, sides[:, 0], sides[:, 1]] == int(Block.LAVA))
    gap = jnp.abs(cell[0] - row) + jnp.abs(cell[1] - column)
    is_free = ~after.mob_map[floor, cell[0], cell[1]] & (after.items[floor, cell[0], cell[1]] == 0) & (gap > 1)
    is_open = (ground == int(Block.PATH)) | (ground == int(Block.FIRE_GRASS)) | (ground == int(Block.GRASS))
    burns = is_open & is_beside & is_free & (jax.random.uniform(chance_key) < $chance)
    cools = (ground == int(Block.LAVA)) & (jax.random.uniform(chance_key) > 0.8)
    turned = jnp.where(burns, int(Block.LAVA), jnp.where(cools, int(Block.PATH), ground)).astype(after.blocks.dtype)
    return after.replace(blocks=after.blocks.at[floor, cell[0], cell[1]].set(turned))
'''

_VAMPIRE = '''
def transition(before, action, after, key):
    """Blood price: wounds heal by fighting alone, $heal for every monster defeated, and hunger comes faster."""
    defeated = (after.monsters_killed.sum() - before.monsters_killed.sum()).astype(jnp.float32)
    hunger = after.player_hunger + $hunger
    most = jnp.maximum(after.player_health, 9.0)
    health = jnp.minimum(after.player_health + $heal * jnp.maximum(defeated, 0.0), most)
    return after.replace(player_health=health, player_hunger=hunger)
'''

_WIND = '''
OPEN = [int(Block.GRASS), int(Block.SAND), int(Block.PATH), int(Block.FIRE_GRASS), int(Block.ICE_GRASS)]


def transition(before, action, after, key):
    """Wind: every $period steps a gust from the west pushes the player one cell east over open ground."""
    floor = after.player_level
    ahead = jnp.clip(after.player_position + jnp.array([0, 1], dtype=jnp.int32), 0, 47)
    ground = after.blocks[floor, ahead[0], ahead[1]]
    is_open = jnp.any(jnp.array(OPEN) == ground) & ~after.mob_map[floor, ahead[0], ahead[1]]
    blows = is_open & (after.timestep % $period == 0) & (before.player_level == floor)
    return after.replace(player_position=jnp.where(blows, ahead, after.player_position))
'''

_SHELTER = '''
WALLS = [int(Block.STONE), int(Block.CRAFTING_TABLE), int(Block.FURNACE), int(Block.PLANT), int(Block.TREE)]


def success(state):
    """Shelter: something solid on $sides of the player's four sides."""
    sides = jnp.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) + state.player_position
    ground = state.blocks[state.player_level, jnp.clip(sides[:, 0], 0, 47), jnp.clip(sides[:, 1], 0, 47)]
    is_wall = jnp.any(jnp.array(WALLS)[:, None] == ground[None, :], axis=0)
    return is_wall.sum() >= $sides
'''

MECHANICS: dict[str, Mechanic] = {
    mechanic.name: mechanic
    for mechanic in (
        Mechanic(
            "ice",
            "the ground is icy: a step may carry on for one more cell",
            _ICE,
            {"chance": (0.3, 0.5, 0.8)},
            _ANY,
            needs_random=True,
        ),
        Mechanic(
            "tides",
            "the sea comes and goes: every $period steps it takes the shore and gives it back",
            _TIDES,
            {"period": (24, 40, 60)},
            frozenset({0}),
        ),
        Mechanic(
            "curse",
            "a curse drains mana every $period steps, then health; defeating monsters eases it",
            _CURSE,
            {"period": (10, 15, 20), "damage": (0.5, 1.0)},
            _ANY,
        ),
        Mechanic(
            "bounty",
            "a bounty of $reward is paid for every $mob_words",
            _BOUNTY,
            {"reward": (1.0, 2.0, 3.0)},
            _ANY,
        ),
        Mechanic(
            "regrowth",
            "trees grow back and spread over the grass beside them",
            _REGROWTH,
            {"reach": (4, 6)},
            frozenset({0}),
            needs_random=True,
        ),
        Mechanic(
            "darkness",
            "darkness hurts: out of the light each step costs $damage health",
            _DARKNESS,
            {"damage": (0.02, 0.04), "dim": (0.2, 0.3)},
            _DARK | {0},
        ),
        Mechanic(
            "frost",
            "frost bites away from a furnace and a furnace's warmth heals",
            _COLD,
            {"period": (12, 20), "damage": (0.5,), "warmth": (0.5, 1.0)},
            _ANY,
        ),
        Mechanic(
            "eruption",
            "lava spreads to the ground beside it and cools again",
            _LAVA,
            {"chance": (0.1, 0.2)},
            frozenset({0, 2, 5, 6}),
            needs_random=True,
        ),
        Mechanic(
            "blood_price",
            "every defeated monster heals $heal, but hunger comes faster",
            _VAMPIRE,
            {"heal": (1.0, 2.0), "hunger": (0.5, 1.0)},
            _ANY,
        ),
        Mechanic(
            "wind",
            "a gust pushes the player east every $period steps",
            _WIND,
            {"period": (4, 7)},
            _ANY,
        ),
        Mechanic(
            "shelter",
            "the task is to stand with something solid on $sides sides, as one does before a night's sleep",
            _SHELTER,
            {"sides": (3, 4)},
            frozenset({0}),
            sets_goal=True,
        ),
    )
}
"""Every mechanic by name."""
