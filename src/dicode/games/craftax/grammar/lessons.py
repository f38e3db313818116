"""How each of the 67 achievements is staged, at each amount of help.

One function a family of achievements (gathering, crafting, placing, fighting, ...) turns the technology
tree's row into a plan, so a change in the tree changes the levels; what fights, and the ways down, are in
encounters.py. `stage` is the only entrance.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from dicode.games.craftax.grammar.encounters import BOSS, boss, descend, fight
from dicode.games.craftax.grammar.equipment import DARK_FLOORS, SOURCE, material_kit
from dicode.games.craftax.grammar.plan import Help, Near, Plan
from dicode.games.craftax.grammar.staging import REACH, base, draw, near, with_kit
from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.techtree import ENTER, GETS, PICKAXES, SWORDS, Requirement, requirements
from dicode.levels import Achievement, Block, Floor

_A, _B, _F = Achievement, Block, Floor
_CALM: dict[Help, Mapping[str, tuple[float, ...]]] = {
    Help.HANDED: {"melee_spawn": (0.0, 0.1), "ranged_spawn": (0.0, 0.1)},
    Help.NEAR: {"melee_spawn": (0.2, 0.3, 0.4), "ranged_spawn": (0.2, 0.3)},
    Help.TOOLS: {"melee_spawn": (0.5, 0.6, 0.7)},
    Help.BARE: {},
    Help.GAME: {},
}


def stage(achievement: Achievement, help_: Help, rng: np.random.Generator, floor: Floor | None = None) -> Plan:
    """A level that practises one achievement with that much help, its open numbers drawn from `rng`.

    `floor` moves it to another floor; ignored where the game binds the act to its own, and with
    `Help.GAME`, which always is the whole game from its beginning.
    """
    needed = requirements(achievement)
    if help_ == Help.GAME:
        return Plan((achievement,), help=help_)
    place = _floor(needed, floor, rng)
    family = _family(needed)
    plan = family(needed, help_, place, rng)
    return settle(_calmed(plan, needed, rng))


def _floor(needed: Requirement, wanted: Floor | None, rng: np.random.Generator) -> Floor:
    if wanted is not None and (not needed.bound or wanted in needed.floors):
        return wanted
    floors = needed.floors
    return floors[0] if len(floors) in (1, len(Floor)) or rng.random() < 0.7 else floors[int(rng.integers(len(floors)))]


def _family(needed: Requirement) -> Callable[[Requirement, Help, Floor, np.random.Generator], Plan]:
    achievement = needed.achievement
    if achievement in ENTER.values():
        return descend
    if achievement in BOSS:
        return boss
    if needed.mob is not None:
        return fight
    if needed.near:
        return _craft
    if achievement == _A.EAT_PLANT:
        return _ripen
    if achievement == _A.WAKE_UP:
        return _sleep
    if achievement in (_A.ENCHANT_SWORD, _A.ENCHANT_ARMOUR):
        return _enchant
    if _B.CHEST in needed.blocks:
        return _open
    if achievement.name.startswith("PLACE"):
        return _place
    return _gather if needed.blocks else _use


def settle(plan: Plan) -> Plan:
    """`plan` without starting gear that would imply what it asks for."""
    kit = dict(plan.kit)
    for item, achievement in GETS.items():
        if achievement in plan.achievements and achievement.name.split("_")[0] in ("COLLECT", "FIND", "MAKE"):
            kit.pop("" if item == "armour" else item, None)
    for tool, tiers in (("pickaxe", PICKAXES), ("sword", SWORDS)):
        asked = [tier for tier, achievement in enumerate(tiers, start=1) if achievement in plan.achievements]
        if asked:
            kit[tool] = min(kit.get(tool, 0), min(asked) - 1)
    for quantity, least in plan.minimum.items():
        name = quantity.removeprefix("inventory.")
        if quantity.startswith("inventory.") and kit.get(name, 0) >= least:
            kit[name] = 0
    return replace(plan, kit={name: count for name, count in kit.items() if count > 0})


def _calmed(plan: Plan, needed: Requirement, rng: np.random.Generator) -> Plan:
    """Fewer enemies than the game sends, unless they are the point; light where the floor is dark."""
    hostile = needed.mob is not None and needed.mob.mob_class > 0
    drawn = {} if hostile else draw(_CALM[plan.help], rng)
    lit = plan.floor in DARK_FLOORS and plan.help >= Help.TOOLS
    time = plan.time_of_day
    if time is None and plan.floor == _F.OVERWORLD and plan.help >= Help.TOOLS:
        time = float(rng.choice([0.05, 0.1, 0.15, 0.2]))
    return replace(plan, rules={**drawn, **plan.rules}, lit=lit, time_of_day=time)


def _gather(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Collecting from a block: it is near, the tool is in hand, and more help asks for less of it."""
    block = _local(needed.blocks, floor)
    plan = base(needed, help_, floor)
    (item,) = needed.gives
    most = {Help.HANDED: 2, Help.NEAR: 3, Help.TOOLS: 4, Help.BARE: 2}[help_]
    count = int(rng.integers(1, most + 1))
    quantity = f"collected.{item}" if item in COLLECTABLES else "drunk"
    rules: dict[str, float] = {}
    if item == "sapling":
        count = min(count, 2)
        rules = {"sapling_chance": 0.4 if help_ == Help.HANDED else 0.25} if help_ >= Help.NEAR else {}
    # Grass is everywhere; more of it would bury nothing and help nobody.
    blocks = () if block == _B.GRASS else near(block, help_, rng, extra=count - 1)
    if item == "drink":
        plan = replace(plan, player={"drink": int(rng.integers(2, 6))})
    kit = with_kit(plan, pickaxe=needed.pickaxe) if needed.pickaxe else dict(plan.kit)
    minimum = {quantity: float(count)} if count > 1 else {}
    return replace(plan, blocks=blocks, kit=kit, minimum=minimum, rules=rules)


def _local(blocks: tuple[Block, ...], floor: Floor) -> Block:
    """The block of several that belongs on a floor."""
    at_home = {
        _F.FIRE_REALM: {_B.FIRE_TREE},
        _F.ICE_REALM: {_B.ICE_SHRUB},
        _F.DUNGEON: {_B.FOUNTAIN},
        _F.VAULTS: {_B.FOUNTAIN},
    }
    return next((block for block in blocks if block in at_home.get(floor, set())), blocks[0])


def _materials(
    spends: Mapping[str, int], help_: Help, rng: np.random.Generator, top: int
) -> tuple[dict[str, int], tuple[Near, ...]]:
    """What of `spends` is in hand and what has to be dug out nearby, with the tool for it (below tier `top`)."""
    kit: dict[str, int] = {}
    sources: list[Near] = []
    low, high = REACH[help_]
    for item, count in spends.items():
        block, tier = SOURCE.get(item, (None, 0))
        handed = help_ == Help.HANDED or (help_ == Help.NEAR and rng.random() < 0.6)
        if handed or block is None or tier >= max(top, 1):
            kit[item] = count + (int(rng.integers(1, 3)) if help_ == Help.HANDED else 0)
            continue
        if tier:
            kit["pickaxe"] = max(kit.get("pickaxe", 0), tier)
        if help_ >= Help.TOOLS:
            sources.append(Near(block, count + int(rng.integers(1, 4)), low, high))
    return kit, tuple(sources)


def _craft(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Making something at a table (and a furnace): with less help first the materials, then the stations go."""
    plan = base(needed, help_, floor)
    top = needed.gives.get("pickaxe", 5)
    kit, sources = _materials(needed.spends, help_, rng, top)
    stations: list[Near] = []
    for station in needed.near:
        low, high = {Help.HANDED: (1, 2), Help.NEAR: (2, 4)}.get(help_, (3, 7))
        if help_ >= Help.NEAR or (help_ == Help.TOOLS and rng.random() < 0.6):
            # Handed: wherever the agent strays, a station is beside it.
            stations.append(Near(station, 3 if help_ == Help.HANDED else 1, low, high))
        else:
            spends = requirements(_A.PLACE_TABLE if station == _B.CRAFTING_TABLE else _A.PLACE_FURNACE).spends
            part, more = _materials(spends, Help.HANDED if help_ == Help.TOOLS else help_, rng, top)
            kit = material_kit(kit, part)
            sources += more
    return replace(plan, kit=with_kit(plan, **kit), blocks=(*stations, *sources))


def _place(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Putting something down: handed, then its material near, then its tools alone."""
    plan = base(needed, help_, floor)
    ((item, count),) = needed.spends.items()
    blocks: tuple[Near, ...] = ()
    kit: dict[str, int] = {}
    if item in SOURCE:
        block, tier = SOURCE[item]
        if help_ == Help.HANDED:
            kit[item] = count + int(rng.integers(1, 4))
        elif help_ == Help.NEAR:
            kit[item] = int(rng.integers(0, count))
            blocks = near(block, help_, rng)
        elif help_ == Help.TOOLS:
            blocks = near(block, help_, rng)
        if tier and help_ != Help.HANDED:
            kit["pickaxe"] = tier
    elif help_ >= Help.NEAR:
        kit[item] = int(rng.integers(1, 4))
    elif item == "torches":
        kit |= {"wood": 2, "coal": 2}
        blocks = (Near(_B.CRAFTING_TABLE, 1, 3, 6),) if help_ == Help.TOOLS else ()
        kit |= {} if blocks else {"wood": 5}
    # A sapling with little help has to be found in the grass first.
    minimum: dict[str, float] = {}
    name = needed.achievement.name.removeprefix("PLACE_").lower()
    if help_ == Help.HANDED and rng.random() < 0.5:
        minimum[f"placed.{name}"] = 2.0
        kit[item] = max(kit.get(item, 0), 2 * count)
    return replace(plan, kit=with_kit(plan, **kit), blocks=blocks, minimum=minimum)


def _ripen(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Eating a ripe plant: ripe ones near, then a sapling that ripens fast, then slower."""
    plan = base(needed, help_, floor, player={"food": int(rng.integers(3, 7))})
    if help_ >= Help.NEAR:
        spot = Near(_B.RIPE_PLANT, 3 if help_ == Help.HANDED else 2, *REACH[help_])
        # Plants stand on grass alone, so the cleared ground must reach as far as they do.
        return replace(plan, blocks=(spot,), radius=spot.high)
    age = float(rng.choice([40, 60, 80])) if help_ == Help.TOOLS else float(rng.choice([120, 160, 200]))
    return replace(plan, kit={"sapling": 2}, rules={"plant_ripening": age})


def _sleep(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Sleeping through: hardly tired and safe, then more tired, then at nightfall."""
    energy = {Help.HANDED: 8, Help.NEAR: 7, Help.TOOLS: 5, Help.BARE: 3}[help_]
    time = None if help_ >= Help.NEAR or floor else 0.5
    plan = base(needed, help_, floor, player={"energy": energy}, time_of_day=time)
    return replace(plan, kit={**plan.kit, "stone": 4} if help_ == Help.TOOLS else plan.kit)


def _open(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Opening a chest: at hand, then across the floor."""
    plan = base(needed, help_, floor)
    return replace(plan, blocks=near(_B.CHEST, help_, rng, extra=-2) if help_ >= Help.TOOLS else ())


def _enchant(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Enchanting: gem, mana and table at hand; then the gem has to be mined, then the table found."""
    plan = base(needed, help_, floor)
    fire = floor == _F.VAULTS or (floor != _F.SEWERS and rng.random() < 0.5)
    gem, table = ("ruby", _B.ENCHANTMENT_TABLE_FIRE) if fire else ("sapphire", _B.ENCHANTMENT_TABLE_ICE)
    worn = {"sword": 1 + int(rng.integers(0, 4))} if "sword" in needed.holds else {"armour": 1}
    kit = dict(worn)
    blocks: tuple[Near, ...] = ()
    if help_ >= Help.TOOLS:
        low, high = {Help.HANDED: (1, 2), Help.NEAR: (2, 5)}.get(help_, (4, 8))
        blocks = (Near(table, 1, low, high),)
    if help_ == Help.TOOLS:
        kit["pickaxe"] = 4
        blocks += (Near(SOURCE[gem][0], 2, 3, 8),)
    else:
        kit[gem] = 2
    return replace(plan, kit=with_kit(plan, **kit), blocks=blocks, player={"mana": 9})


def _use(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Shooting, casting, drinking, reading: in hand, then to be made or learned first, then to be found."""
    plan = base(needed, help_, floor)
    achievement = needed.achievement
    spell = {_A.CAST_FIREBALL: "fireball", _A.CAST_ICEBALL: "iceball"}.get(achievement)
    if spell:
        other = "iceball" if spell == "fireball" else "fireball"
        if help_ == Help.HANDED:
            return replace(plan, player={spell: True})
        # A book teaches one spell that isn't known yet; knowing the other leaves only this one.
        return replace(plan, kit=with_kit(plan, books=1), player={other: True} if help_ == Help.NEAR else {})
    if achievement in (_A.LEARN_FIREBALL, _A.LEARN_ICEBALL):
        return _read(plan, "iceball" if achievement == _A.LEARN_FIREBALL else "fireball", rng)
    if achievement == _A.DRINK_POTION:
        if help_ == Help.HANDED:
            return replace(plan, kit=with_kit(plan, potions=1))
        return replace(plan, blocks=near(_B.CHEST, help_, rng))
    return _shoot(plan)


def _read(plan: Plan, other: str, rng: np.random.Generator) -> Plan:
    """Learning a spell while `other` is known or not; with less help the book is in a chest."""
    if plan.help == Help.HANDED:
        return replace(plan, kit=with_kit(plan, books=1), player={other: True})
    if plan.help == Help.NEAR or plan.floor not in (_F.SEWERS, _F.VAULTS):
        return replace(plan, kit=with_kit(plan, books=2))
    return replace(plan, player={other: True}, blocks=near(_B.CHEST, plan.help, rng))


def _shoot(plan: Plan) -> Plan:
    """Shooting: with arrows in hand, then with what they are made of and a table near."""
    if plan.help == Help.HANDED:
        return replace(plan, kit=with_kit(plan, bow=1, arrows=4))
    bare = replace(plan, kit={name: count for name, count in plan.kit.items() if name != "arrows"})
    reach = {Help.NEAR: (1, 3), Help.TOOLS: (3, 6)}.get(plan.help)
    table = (Near(_B.CRAFTING_TABLE, 1, *reach),) if reach else ()
    return replace(bare, kit=with_kit(bare, bow=1, wood=2 if table else 4, stone=2), blocks=table)
