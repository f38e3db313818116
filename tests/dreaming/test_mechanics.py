"""Each mechanic does what its sentence says, to one state; the sandbox exports all of them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from dicode.games.craftax.grammar import Help, plan_of, print_level, variation
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.mechanics import MECHANICS
from dicode.games.craftax.grammar.plan import Crowd, Plan, Site
from dicode.games.craftax.grammar.printer import hunted
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.hook_state import from_values
from dicode.levels import Achievement, Block, Floor, Mob
from dicode.types import Origin, Rejected

_spec = importlib.util.spec_from_file_location("dreaming_briefs", Path(__file__).with_name("briefs.py"))
briefs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(briefs)

NUMBERS = {
    "ice": {"chance": 2.0},
    "tides": {"period": 40},
    "curse": {"period": 10, "damage": 0.5},
    "bounty": {"reward": 2.0},
    "regrowth": {"reach": 1},
    "darkness": {"damage": 0.5, "dim": 0.2},
    "frost": {"period": 10, "damage": 0.5, "warmth": 1.0},
    "eruption": {"chance": 1.0},
    "blood_price": {"heal": 2.0, "hunger": 0.5},
    "wind": {"period": 5},
    "shelter": {"sides": 3},
}
MIDDLE = (24, 24)


def level(name: str, numbers=None) -> str:
    numbers = numbers or NUMBERS[name]
    if MECHANICS[name].sets_goal:
        return print_level(Plan((), site=Site.CLEARING, mechanic=name, numbers=numbers), "A test.")
    achievement = Achievement.DEFEAT_ZOMBIE if name == "bounty" else Achievement.COLLECT_WOOD
    plan = stage(achievement, Help.NEAR, np.random.default_rng(0))
    return print_level(plan.changed(mechanic=name, numbers=numbers), "A test.")


@pytest.fixture(scope="module")
def hooks():
    def of(name: str):
        namespace: dict[str, object] = {}
        exec(compile(level(name), name, "exec"), namespace)
        return namespace

    return of


@pytest.fixture
def arrays(blank_pool):
    """One world on a plain of grass, as arrays to edit."""
    world = {name: np.array(blank_pool[name][0]) for name in STATE_FIELDS}
    world["blocks"][0] = Block.GRASS
    world["items"][0] = 0
    world["player_position"][...] = MIDDLE
    world["timestep"][...] = 1
    return world


def state(arrays, **changes):
    import jax.numpy as jnp

    return from_values(STATE_FIELDS, [jnp.asarray(changes.get(name, arrays[name])) for name in STATE_FIELDS])


def run(hook, arrays, after=None):
    """`transition` from `arrays` (and what the step made of them) as a dict of what hooks read."""
    import jax

    before = state(arrays)
    return hook(before, 2, state(arrays, **(after or {})), jax.random.PRNGKey(0))


def turned(hook, arrays, block):
    """Cells that turn into `block` in one step under any of 300 keys."""
    import jax

    keys = jax.random.split(jax.random.PRNGKey(0), 300)
    step = jax.jit(jax.vmap(lambda key: hook(state(arrays), 0, state(arrays), key).blocks[0]))
    new = (np.asarray(step(keys)) == block).any(axis=0) & (arrays["blocks"][0] != block)
    return {(int(row), int(column)) for row, column in np.argwhere(new)}


def at(row, column):
    return np.array([row, column], np.int32)


def test_ice_carries_a_step_on_unless_something_is_in_the_way(hooks, arrays):
    transition = hooks("ice")["transition"]
    moved = {"player_position": at(24, 25)}
    assert run(transition, arrays, moved).player_position.tolist() == [24, 26]
    assert run(transition, arrays).player_position.tolist() == [24, 24]
    arrays["blocks"][0, 24, 26] = Block.STONE
    assert run(transition, arrays, moved).player_position.tolist() == [24, 25]


def test_tides_take_the_shore_and_give_it_back(hooks, arrays):
    transition = hooks("tides")["transition"]
    arrays["blocks"][0, :, :10] = Block.WATER
    flood = run(transition, arrays, {"timestep": np.int32(40)}).blocks[0]
    assert flood[5, 10] == Block.WATER
    assert flood[5, 11] == Block.GRASS
    arrays["blocks"][0] = np.asarray(flood)
    ebb = run(transition, arrays, {"timestep": np.int32(60)}).blocks[0]
    assert ebb[5, 10] == Block.SAND
    assert ebb[5, 9] == Block.WATER
    assert (run(transition, arrays, {"timestep": np.int32(41)}).blocks[0] == flood).all()


def test_the_curse_takes_mana_then_health_and_eases_with_a_kill(hooks, arrays):
    transition = hooks("curse")["transition"]
    strike = {"timestep": np.int32(20)}
    assert run(transition, arrays, strike).player_mana == 8
    dry = run(transition, arrays, strike | {"player_mana": np.int32(0)})
    assert dry.player_mana == 0
    assert dry.player_health == 8.5
    killed = arrays["monsters_killed"] + np.eye(9, dtype=np.int32)[0]
    assert run(transition, arrays, {"player_mana": np.int32(3), "monsters_killed": killed}).player_mana == 5


def test_the_bounty_is_paid_for_its_mob_alone(hooks, arrays):
    bonus = hooks("bounty")["bonus"]
    arrays["melee_mobs.mask"][0, 0] = True
    arrays["melee_mobs.type_id"][0, 0] = Mob.ZOMBIE.type_id
    gone = {"melee_mobs.mask": np.zeros_like(arrays["melee_mobs.mask"])}
    dead = gone | {"melee_mobs.health": np.zeros_like(arrays["melee_mobs.health"])}
    assert bonus(state(arrays), 5, state(arrays, **dead)) == 2.0
    assert bonus(state(arrays), 5, state(arrays, **gone)) == 0.0
    arrays["melee_mobs.type_id"][0, 0] = Mob.TROLL.type_id
    assert bonus(state(arrays), 5, state(arrays, **dead)) == 0.0


def test_trees_spread_over_grass_beside_them_but_not_over_the_player(hooks, arrays):
    transition = hooks("regrowth")["transition"]
    arrays["blocks"][0, 23:26, 25] = Block.TREE
    assert turned(transition, arrays, Block.TREE) == {(23, 24), (25, 24)}


def test_darkness_hurts_and_light_does_not(hooks, arrays):
    transition = hooks("darkness")["transition"]
    assert run(transition, arrays, {"light_level": np.float32(0.1)}).player_health == 8.5
    assert run(transition, arrays, {"light_level": np.float32(0.9)}).player_health == 9.0
    arrays["player_level"][...] = 2
    arrays["light"][2] = 0
    assert run(transition, arrays, {"light_level": np.float32(0.9)}).player_health == 8.5


def test_frost_bites_away_from_a_furnace_and_heals_beside_one(hooks, arrays):
    transition = hooks("frost")["transition"]
    hour = {"timestep": np.int32(20), "player_health": np.float32(5)}
    assert run(transition, arrays, hour).player_health == 4.5
    arrays["blocks"][0, 22, 24] = Block.FURNACE
    assert run(transition, arrays, hour).player_health == 6.0
    assert run(transition, arrays, {"player_health": np.float32(5)}).player_health == 5.0


def test_an_eruption_never_burns_the_player_or_what_stands_beside(hooks, arrays):
    transition = hooks("eruption")["transition"]
    arrays["blocks"][0] = Block.PATH
    arrays["blocks"][0, 20:29, 27] = Block.LAVA
    burnt = turned(transition, arrays, Block.LAVA)
    assert burnt
    assert all((20 <= row <= 28 and column in (26, 28)) or column == 27 for row, column in burnt)
    arrays["player_position"][...] = (24, 26)
    beside = {(23, 26), (25, 26), (24, 26), (24, 25)}
    assert not turned(transition, arrays, Block.LAVA) & beside


def test_blood_price_heals_by_kills_alone(hooks, arrays):
    transition = hooks("blood_price")["transition"]
    killed = arrays["monsters_killed"] + np.eye(9, dtype=np.int32)[0]
    healed = run(transition, arrays, {"player_health": np.float32(4), "monsters_killed": killed})
    assert healed.player_health == 6.0
    assert healed.player_hunger == 0.5
    assert run(transition, arrays, {"player_health": np.float32(4)}).player_health == 4.0


def test_wind_pushes_east_over_open_ground(hooks, arrays):
    transition = hooks("wind")["transition"]
    gust = {"timestep": np.int32(5)}
    assert run(transition, arrays, gust).player_position.tolist() == [24, 25]
    assert run(transition, arrays).player_position.tolist() == [24, 24]
    arrays["blocks"][0, 24, 25] = Block.WATER
    assert run(transition, arrays, gust).player_position.tolist() == [24, 24]


def test_the_shelter_needs_its_walls(hooks, arrays):
    success = hooks("shelter")["success"]
    arrays["blocks"][0, 23, 24] = arrays["blocks"][0, 25, 24] = Block.STONE
    assert not success(state(arrays))
    arrays["blocks"][0, 24, 23] = Block.TREE
    assert success(state(arrays))


def test_hooks_keep_every_dtype_and_shape(hooks, arrays):
    for name in MECHANICS:
        transition = hooks(name).get("transition")
        if transition is None:
            continue
        after = run(transition, arrays)
        for field, wanted in STATE_FIELDS.items():
            value = after
            for part in field.split("."):
                value = getattr(value, part)
            assert (value.dtype, value.shape) == (wanted.dtype, wanted.shape), (name, field)


@pytest.mark.fast
def test_a_level_with_a_mechanic_says_so_and_can_be_moved_from():
    for name in MECHANICS:
        source = level(name)
        assert "New: " in source
        assert plan_of(source).mechanic == name
    rng = np.random.default_rng(0)
    plan = stage(Achievement.DEFEAT_ORC_MAGE, Help.NEAR, rng)
    assert len({variation.with_mechanic(plan, rng).mechanic for _ in range(60)}) >= 6


@pytest.mark.fast
@pytest.mark.parametrize("floor", Floor)
def test_a_bounty_is_on_a_creature_that_is_met_on_the_floor(floor):
    plan = Plan((Achievement.COLLECT_COAL,), floor=floor, mechanic="bounty", numbers=NUMBERS["bounty"])
    on = hunted(plan)
    assert on.mob_class == Mob.ZOMBIE.mob_class
    assert floor in CREATURES[on].floors or floor == Floor.GRAVEYARD, "whose waves begin with zombies"
    archers = plan.changed(mobs=(Crowd(Mob.GNOME_ARCHER, 1, 3, 6),))
    assert hunted(archers) == Mob.GNOME_ARCHER


def test_the_sandbox_exports_every_mechanic(blank_pool):
    from dicode.sandbox import Sandbox

    worlds = {name: array[:2] for name, array in blank_pool.items()}
    with Sandbox(HOST, hook_group=4) as sandbox:
        verdicts = {name: sandbox.build(level(name), worlds, 0, Origin.GRAMMAR) for name in MECHANICS}
    assert len(verdicts) >= 6
    assert not {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, Rejected)}
