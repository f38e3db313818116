"""What prompts say about the game and the level API, generated from the code so that it cannot drift.

Every function returns Markdown text. Sentences come from docstrings and tables (`techtree`,
`rule_spec`, `goal`, `creatures`); this module chooses and shortens, it states nothing of its own that
a table could say.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.field_meanings import meaning
from dicode.games.craftax.levels.goal import QUANTITY_TABLE
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Action, Block, Facing, Floor, Item, Mob
from dicode.games.craftax.levels.placement import GROUND
from dicode.games.craftax.levels.player import Inventory, Player
from dicode.games.craftax.levels.rule_axes import AXES
from dicode.games.craftax.levels.rule_spec import GROUPS, MULTIPLIERS, RULES, Rule
from dicode.games.craftax.levels.schema import MAX_MOBS, STATE_FIELDS
from dicode.games.craftax.levels.techtree import REQUIREMENTS, Requirement
from dicode.games.craftax.levels.worth import MAX_RETURN, WORTH
from dicode.levels import Goal, World


@cache
def achievements() -> str:
    """Every achievement with its worth and how it is earned, one a line."""
    return "\n".join(f"- {a.name} ({r.worth}): {_act(r)}" for a, r in REQUIREMENTS.items())


def _act(row: Requirement) -> str:
    """How an achievement is earned; creatures in a word, costs where the sentence leaves them out."""
    if row.mob is not None:
        home = "; ".join(floor.name.lower().replace("_", " ") for floor in row.floors)
        return f"{row.act.split(':')[0]} ({home})"
    costs = ", ".join(f"{count} {item}" for item, count in row.spends.items())
    return row.act if not costs or costs in row.act or "mana" in row.act else f"{row.act} (takes {costs})"


@cache
def game() -> str:
    """The game in numbers: floors, creatures, time, ladders, limits."""
    floors = "\n".join(f"- {floor.value} {floor.name}: {_inhabitants(floor)}" for floor in Floor)
    limits = ", ".join(f"{count} {record.removesuffix('_mobs')}" for record, count in MAX_MOBS.items())
    *worths, most = sorted({*WORTH.values()})
    return (
        f"Craftax: {len(Floor)} floors of {MAP_SIZE} x {MAP_SIZE} cells, {len(Action)} actions, {len(Achievement)} "
        f"achievements worth {', '.join(map(str, worths))} or {most}, {MAX_RETURN} in all, each paid once an episode. The agent sees 9 rows x 11 "
        f"columns around itself and must eat, drink and sleep. A day has {_number('day_length')} steps; nights on the overworld are "
        f"dark and full of zombies. A floor holds at most {limits} mobs at once; mobs {_number('despawn_distance')} or more cells "
        f"(rows plus columns) away vanish. The ladder down opens after {_number('ladder_kills')} kills on its floor; the overworld's "
        f"is open.\n\nFloors, the mobs that live there, and their health/damage (of a blow or shot):\n{floors}\n\n{fights()}"
    )


@cache
def fights() -> str:
    """What the player's attacks do, and what keeps damage off, in numbers."""
    sword = RULES["sword_damage"].default
    blows = ", ".join(f"{kind} {sword[tier]:g}" for tier, kind in enumerate(AXES["sword"]))
    shots = RULES["player_projectile_damage"].default.sum(axis=1)
    spells = {"arrow": "heavy_arrow", "fireball": "fireball", "iceball": "iceball"}
    flying = ", ".join(f"{name} {shots[AXES['projectile'].index(row)]:g}" for name, row in spells.items())
    return (
        f"The player's damage by sword: {blows}; {flying}. Each piece of armour keeps off {_number('armour_defence')} of the damage, "
        f"diamond twice that. Health, food, drink and energy start at 9; food falls by 1 in {_number('hunger_limit')} steps, drink in "
        f"{_number('thirst_limit')}, energy in {_number('fatigue_limit')}, and at 0 health drains; else 1 health returns in {_number('recovery_limit')} steps."
    )


def _number(name: str) -> str:
    """Craftax's number for a rule; of a table, that of the last entry."""
    return f"{RULES[name].default.flat[-1]:g}"


def _inhabitants(floor: Floor) -> str:
    health = RULES["mob_health"].default
    here = [
        f"{mob.name.lower()} {health[mob]:g}{_damage(mob)}"
        for mob, creature in CREATURES.items()
        if floor in creature.floors
    ]
    return ", ".join(here) or "the necromancer, who calls the other floors' monsters in waves"


def _damage(mob: Mob) -> str:
    """`/2`: what a blow or shot of a mob takes, all kinds of damage together; nothing for peaceful ones."""
    if mob.mob_class == 0:
        return ""
    if mob.mob_class == 1:
        return f"/{RULES['melee_damage'].default[mob.type_id].sum():g}"
    return f"/{RULES['mob_projectile_damage'].default[RULES['shoots'].default[mob.type_id]].sum():g}"


@cache
def names() -> str:
    """The members of the enums that level code uses."""
    blocks = [b.name for b in Block if b.value > Block.OUT_OF_BOUNDS]
    parts = {"Block": blocks, "Floor": [f.name for f in Floor], "Item": [i.name for i in Item]}
    parts["Facing"] = [f.name for f in Facing]
    ground = sorted({block.name for block in GROUND.values()} | {"SAND"})
    return "\n".join(f"- `{enum}.`: {' '.join(members)}" for enum, members in parts.items()) + (
        f"\n- `Mob.`: {_mob_classes()}\n- ground to walk on: {', '.join(ground)}; WATER and LAVA can't be walked on"
    )


def _mob_classes() -> str:
    """Mobs by class, with how many fit on a floor."""
    told = []
    for number, (record, count) in enumerate(MAX_MOBS.items()):
        members = " ".join(mob.name for mob in Mob if mob.mob_class == number)
        told.append(f"{record.removesuffix('_mobs')} (at most {count} a floor): {members}")
    return "; ".join(told)


@cache
def actions() -> str:
    """The members of Action that hooks compare with."""
    return " ".join(action.name for action in Action)


@cache
def fields() -> str:
    """The arrays of a hook's state by type and shape, each with what it means."""
    grouped: dict[str, list[str]] = {}
    records: dict[str, list[str]] = {}
    for name, field in STATE_FIELDS.items():
        record, _, part = name.partition(".")
        if part and record != "inventory":
            records.setdefault(record, []).append(part)
        elif not name.endswith("_rng"):
            shape = f"[{', '.join(map(str, field.shape))}]" if field.shape else ""
            grouped.setdefault(f"{field.dtype}{shape}", []).append(_told(name))
    slots = ", ".join(f"{record} ({STATE_FIELDS[f'{record}.mask'].shape[1]})" for record in records)
    one = next(iter(records))
    parts = ", ".join(
        f"{part} {STATE_FIELDS[f'{one}.{part}'].dtype}[9, n{', 2' * (part == 'position')}] ({meaning(f'{one}.{part}')})"
        for part in records[one]
    )
    lines = [f"- {kind}: {', '.join(members)}" for kind, members in grouped.items()]
    return "\n".join([*lines, f"- records with n slots a floor, {slots}, each with .{parts}"])


def _told(name: str) -> str:
    said = meaning(name)
    return name if said == "count" else f"{name} ({said})"


@cache
def quantities() -> str:
    """What a goal can ask a minimum of, by family."""
    plain = [f"`{q.name}` ({q.sentence}, to {q.high:g})" for q in QUANTITY_TABLE if "." not in q.name]
    families: dict[str, list[str]] = {}
    for quantity in QUANTITY_TABLE:
        family, dot, member = quantity.name.partition(".")
        if dot:
            families.setdefault(family, []).append(member)
    grouped = [f"- `{family}.`: {' '.join(members)}" for family, members in families.items()]
    return "\n".join([f"- {', '.join(plain)}", *grouped])


@cache
def rules(groups: Sequence[str] = tuple(GROUPS), fine: bool = True) -> str:
    """Every rule of these groups: name, range, default and sentence; without `fine` those that levels use."""
    lines = []
    for group in groups:
        told = [rule for rule in GROUPS[group] if fine or rule.name not in FINE]
        lines += [f"{group}:", *map(rule_line, told)] if told else []
    return "\n".join(lines)


_SINGLY = [
    "spawn_limit",
    "passive_spawn_distance",
    "boss_spawn_distance",
    "advance_distance",
    "retreat_distance",
    "shoot_nearest",
    "shoot_farthest",
    "ranged_hesitation",
    "max_mob_projectiles",
    "max_player_projectiles",
    "projectiles_break_stations",
    "arrow_cost",
    "arrow_enchantment",
    "sword_enchantment",
    "armour_enchantment",
    "intelligence_enchantment",
    "floor_experience",
    "level_up_cost",
    "water_drink",
    "inventory_limit",
    "furnace_needs_table",
    "station_reach",
    "day_start",
    "torch_brightness",
    "torch_radius",
    "boss_wave_steps",
    "needs_in_boss_fight",
    "chest_ore_weight",
    "chest_tool_weight",
    "chest_ore_least",
    "chest_ore_most",
    "shoots",
    "arrow_yield",
    "torch_yield",
    "enchant_gems",
    "enchant_mana",
    "health_reward",
]


def _fine() -> frozenset[str]:
    """Rules that the prompts leave out: what a multiplier scales as a whole, the steps of the needs, chests in detail."""
    scaled = {target for rule in MULTIPLIERS for target, _ in rule.scales if not RULES[target].axes}
    detailed = {name for name in RULES if name.endswith(("_base", "_least", "_most", "_limit", "_loss", "_gain"))}
    vitals = {name for name in RULES if "_per_" in name}
    return frozenset((scaled | detailed | vitals | set(_SINGLY)) - {"plant_ripening"})


FINE = _fine()
"""Rules that work as all others, but that no level has needed; prompts don't tell of them."""


def rule_line(rule: Rule) -> str:
    """One rule in a line."""
    whole = "int " if rule.integer else ""
    even = rule.default.min() == rule.default.max()
    default = "x1" if rule.is_multiplier else f"{rule.default.flat[0]:g}" if even else "table"
    axes = "".join(f"[{axis}]" for axis in rule.axes)
    return f"- `{rule.name}`{axes} {whole}{rule.low:g}..{rule.high:g}, {default}: {rule.sentence}"


@cache
def axes() -> str:
    """The labels of the rules' tables, where no enum names them."""
    known = {"floor", "mob", "passive_mob", "melee_mob", "ranged_mob", "achievement"}
    used = {axis for name, rule in RULES.items() if name not in FINE for axis in rule.axes} - known
    said = [f"- [{axis}]: {' '.join(filter(None, AXES[axis]))}" for axis in AXES if axis in used]
    return "\n".join(["- [floor], [mob], [achievement]: the enums' names in lower case", *said])


@cache
def api() -> str:
    """Every function and attribute that level code has, with its first sentence."""
    world = [_entry("world", name, member) for name, member in _public(World)]
    player = [_entry("world.player", name, member) for name, member in _public(Player)]
    inventory = [_entry("world.player.inventory", name, member) for name, member in _public(Inventory)]
    held = f"- `world.player.inventory`: {_sentences(Inventory, 5)}"
    goal = [_entry("Goal", name, member) for name, member in _public(Goal) if name in GOAL_MAKERS]
    return "\n".join(["Goal:", *goal, "World:", *world, "Player:", *player, held, *inventory])


GOAL_MAKERS = ("all_of", "at_least", "survive", "reach_floor", "hold", "defeat", "collect", "place")


def _public(owner: type) -> Iterable[tuple[str, object]]:
    for name, member in vars(owner).items():
        plain = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
        told = inspect.isfunction(plain) or isinstance(plain, property)
        if not name.startswith("_") and told:
            yield name, plain


def _entry(prefix: str, name: str, member: object) -> str:
    call = signature(member) if inspect.isfunction(member) else ""
    return f"- `{prefix}.{name}{call}`: {_sentences(member, 2)}"


def signature(function: Callable[..., object]) -> str:
    """`(mob, count=1, distance=(3, 8))`: names and defaults, without annotations."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name not in ("self", "cls")]
    shown = []
    for p in parameters:
        star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        shown.append(f"{star}{p.name}" if p.default is p.empty else f"{p.name}={p.default!r}")
    return f"({', '.join(shown)})"


def _sentences(member: object, count: int) -> str:
    """The first sentences of a docstring on one line, without its Raises section."""
    text = " ".join((inspect.getdoc(member) or "").split("\n\nRaises")[0].split())
    return " ".join(re.split(r"(?<=[.!?]) (?=[A-Z`(])", text)[:count])


_GIVEN = {
    "fireball": "world.player.fireball = True",
    "iceball": "world.player.iceball = True",
    "gem": "world.player.inventory.set(ruby=1)",
    "armour": "world.player.inventory.set(armour=1)",
    "potions": "world.player.inventory.set(potions=1)",
}
"""How a level gives what is no plain count of the inventory."""


def recipe(achievement: Achievement) -> str:
    """The lines of `build` that make an achievement possible close by, one a line; empty where nothing is needed."""
    row = REQUIREMENTS[achievement]
    wanted = {**row.spends, **row.holds}
    counts = {name: count for name, count in wanted.items() if name not in _GIVEN and name != "mana"}
    if row.pickaxe:
        counts["pickaxe"] = row.pickaxe
    lines = [_GIVEN[name] for name in wanted if name in _GIVEN]
    if counts:
        lines.append(f"world.player.inventory.set({', '.join(f'{name}={count}' for name, count in counts.items())})")
    lines += [f"world.scatter(Block.{station.name}, count=1, distance=(1, 3))" for station in row.near]
    if row.blocks and row.blocks[0] is not Block.NECROMANCER:
        lines.append(f"world.scatter(Block.{row.blocks[0].name}, count=3, distance=(2, 6))")
    if row.mob is not None:
        lines.append(f"world.spawn(Mob.{row.mob.name}, count=1, distance=(3, 8))")
    if Action.DESCEND in row.actions:
        lines += ["world.move_ladder_down(world.random_cell(distance=(3, 8)))", "world.open_ladder()"]
    floor = min(row.floors)
    # First of all, because everything else counts from where the player is.
    if floor and (row.mob is not None or row.blocks or row.bound):
        lines.insert(0, f"world.player.floor = Floor.{floor.name}")
    return "\n".join(lines)


COMPACT_WORLD = (
    "spawn",
    "remove_mobs",
    "scatter",
    "place",
    "clear",
    "room",
    "chest",
    "torch",
    "open_ladder",
    "random_cell",
)
"""The calls that the compact prompt tells of."""
COMPACT_RULES = (
    "passive_spawn",
    "melee_spawn",
    "ranged_spawn",
    "monster_health",
    "monster_damage",
    "player_damage",
    "hunger",
    "thirst",
    "health_recovery",
    "gathering",
    "plant_ripening",
    "ladder_kills",
)
"""The rules that the compact prompt tells of."""


@cache
def compact_api() -> str:
    """The most useful calls in a line each."""
    world = dict(_public(World))
    shown = []
    for name in COMPACT_WORLD:
        sentence = _sentences(world[name], 1)
        shown.append(f"world.{name}{_short(signature(world[name]))}  # {sentence}")  # type: ignore[arg-type]
    return "\n".join(shown)


def _short(call: str) -> str:
    """A signature without the parameters that a beginner can leave alone."""
    kept = [part for part in re.split(r", (?=[a-z*]+(?:=|,|\)|$))", call[1:-1]) if not part.endswith("=None")]
    return f"({', '.join(part for part in kept if not part.startswith('reachable'))})"


@cache
def compact_rules() -> str:
    """The most useful rules in a line each."""
    return "\n".join(f"{name}: {RULES[name].sentence} ({RULES[name].bounds})" for name in COMPACT_RULES)


@cache
def compact_names() -> str:
    """Enum members that small models need most."""
    blocks = [
        b.name for b in Block if b.value > Block.OUT_OF_BOUNDS and not b.name.startswith(("GRAVE", "WALL_", "NECRO"))
    ]
    return f"Block: {' '.join(blocks)}\nMob: {' '.join(m.name for m in Mob)}"
