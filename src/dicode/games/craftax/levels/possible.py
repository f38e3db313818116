"""Whether a goal can be reached from a start at all, by the technology tree and what the world holds.

The judgement is one-sided: an obstacle named here is real, but its absence does not promise that the
goal is easy, safe or quick (see `dicode.games.craftax.levels.holdings`). Levels with hooks may change what is possible;
for them obstacles are warnings.
"""

from collections.abc import Iterator

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.bill import bill
from dicode.games.craftax.levels.counted import COLLECTABLES
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.duration import boss_fight, can_eat_plant, fewest_acts, fight, meals, ripening
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.holdings import INFINITE, Holdings, explore
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, Achievement, Block, Floor, Mob
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.games.craftax.levels.obtaining import (
    armour,
    bare,
    cost,
    craft,
    floors,
    has_tool,
    made,
    material,
    room,
    stations,
)
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import WorldArrays
from dicode.games.craftax.levels.supplies import source, stock_up
from dicode.games.craftax.levels.techtree import (
    ENTER,
    GETS,
    PICKAXES,
    SWORDS,
    implied,
    requirements,
)
from dicode.games.craftax.levels.vitals import harm, highest, lacking, waking
from dicode.types import Code

_A, _B = Achievement, Block
_MOB_OF = {creature.achievement: creature.mob for creature in CREATURES.values()}
_FLOOR_OF = {achievement: floor for floor, achievement in ENTER.items()}
_PLACES = (_A.PLACE_STONE, _A.PLACE_TABLE, _A.PLACE_FURNACE, _A.PLACE_PLANT, _A.PLACE_TORCH)
_BOSS = (_A.DAMAGE_NECROMANCER, _A.DEFEAT_NECROMANCER)
_SHOTS = (_A.FIRE_BOW, _A.CAST_FIREBALL, _A.CAST_ICEBALL)
_ITEM_MADE = {_A.MAKE_ARROW: "arrows", _A.MAKE_TORCH: "torches"}
"""Acts that count as done by whoever holds what they make, found or made."""
_ITEM_OF = {achievement: item for item, achievement in GETS.items() if item in COLLECTABLES}


def possible(goal: Goal, world: WorldArrays, rules: Rules | None = None) -> bool:
    """Whether nothing is known to keep a player from `goal` in `world` under `rules`."""
    return not obstacles(goal, world, Amounts(rules))


def obstacles(goal: Goal, world: WorldArrays, amounts: Amounts, limit: float = INFINITE) -> tuple[Obstacle, ...]:
    """What makes `goal` impossible in one world within `limit` steps; empty where nothing is known to."""
    done = implied(world) | np.asarray(world["achievements"], dtype=bool)
    asked = sorted(achievement for achievement in goal.achievements if not done[achievement])

    def found(holdings: Holdings) -> list[Obstacle]:
        by_act = [obstacle for achievement in asked for obstacle in _act(holdings, achievement)]
        by_number = [obstacle for item in goal.minimum.items() for obstacle in _number(holdings, *item)]
        return by_act + by_number or list(bill(holdings, asked, goal.minimum))

    return tuple(found(explore(world, amounts, lambda holdings: not found(holdings), limit)))


def too_long(goal: Goal, world: WorldArrays, amounts: Amounts, limit: float) -> Iterator[Obstacle]:
    """What a goal takes more steps for than an episode has, wherever things are: survival, and one step an act."""
    steps = goal.minimum.get("survive", 0.0)
    if steps > limit:
        yield Obstacle(
            f"surviving {steps:g} steps is asked, an episode has {limit:g}",
            f"Goal.survive({max(1, limit // 2):g}), or less",
            Code.TOO_SHORT,
        )
    acts = fewest_acts(goal.minimum, world, amounts)
    if acts > limit:
        yield Obstacle(
            f"the goal takes at least {acts:g} steps of collecting, placing, fighting, eating and drinking, an episode has {limit:g}",
            "ask for smaller amounts",
            Code.TOO_SHORT,
        )


def _act(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    """What keeps one achievement from being earned."""
    if achievement in _MOB_OF:
        yield from _kill(holdings, _MOB_OF[achievement], 1)
    elif achievement in _FLOOR_OF:
        yield from _enter(holdings, _FLOOR_OF[achievement])
    elif achievement in _ITEM_OF:
        yield from material(holdings, _ITEM_OF[achievement], 1, holdings.have.get(_ITEM_OF[achievement], 0))
    elif achievement in _ITEM_MADE:
        yield from made(holdings, achievement, _ITEM_MADE[achievement])
    elif holdings.amounts.recipe(achievement) is not None:
        if not has_tool(holdings, achievement):
            yield from bare(holdings, achievement)
            yield from craft(holdings, achievement)
    else:
        yield from _other(holdings, achievement)


def _kill(holdings: Holdings, mob: Mob, count: float) -> Iterator[Obstacle]:
    there = holdings.kills(mob)
    if not holdings.harms(mob):
        yield Obstacle(
            f"nothing that the player does harms a {mob.name} under these rules",
            "leave the rules player_damage, sword_damage or player_projectile_damage above 0 and mob_defence below 1, "
            "or give what does the kind of damage that harms it",
        )
    elif there < count:
        name, homes = mob.name, " or ".join(floor.name for floor in CREATURES[mob].floors)
        way = "world.corridor(world.player.position, position) to those that are shut off, or "
        yield Obstacle(
            f"{count:g} {name} must be defeated, {there:g} can be met",
            f"{way if holdings.living(mob) > there else ''}world.spawn(Mob.{name}, count=...), or start on {homes} with that spawn rule above 0",
        )
    elif (steps := fight(holdings, mob, count)) > holdings.limit:
        yield Obstacle(
            f"defeating {count:g} {mob.name} takes at least {steps:g} steps of fighting, an episode has {holdings.limit:g}",
            "spawn it with less health, or give the player a better sword or more strength",
            Code.TOO_SHORT,
        )


def _enter(holdings: Holdings, floor: Floor) -> Iterator[Obstacle]:
    if floor in holdings.entered:
        return
    above = Floor(floor - 1)
    if above not in holdings.entered:
        yield Obstacle(
            f"{floor.name} cannot be entered: {above.name} is out of reach from {floors(holdings)}",
            f"start on {above.name} (world.player.floor = Floor.{above.name}) or make the ladders before it usable",
        )
    elif not holdings.ladder_opens(above):
        yield Obstacle(
            f"the ladder down of {above.name} never opens: too few monsters can be met there",
            f"world.open_ladder(Floor.{above.name}), or let monsters spawn, or Rules(ladder_kills=0)",
        )
    elif holdings.descent(above) > holdings.limit:
        yield Obstacle(
            f"{floor.name} takes at least {holdings.descent(above):g} steps to enter, an episode has {holdings.limit:g}",
            f"start nearer: world.player.floor = Floor.{above.name}, world.move_ladder_down(world.random_cell(...))",
            Code.TOO_SHORT,
        )
    else:
        yield Obstacle(
            f"the ladder down of {above.name} cannot be reached from the start",
            "world.move_ladder_down(world.random_cell(...)), or world.corridor(...) to it, or give a pickaxe",
        )


def _other(holdings: Holdings, achievement: Achievement) -> Iterator[Obstacle]:
    row, world = requirements(achievement), holdings.world
    # Where bows are is a rule.
    bound = row.bound and achievement != _A.FIND_BOW
    there = holdings.blocks(*row.blocks, floors=row.floors if bound else tuple(Floor))
    yield from stations(holdings, achievement)
    for item, count in holdings.amounts.spends(achievement).items():
        yield from _held(holdings, achievement, item, count)
    for item in row.holds:
        yield from _held(holdings, achievement, item, row.holds[item])
    if bound and not set(row.floors) & set(holdings.entered):
        yield Obstacle(
            f"{achievement.name} happens on {row.floors[0].name} alone, out of reach from {floors(holdings)}",
            f"world.player.floor = Floor.{row.floors[0].name}",
        )
    elif achievement in _SHOTS and holdings.amounts.number("max_player_projectiles") < 1:
        yield Obstacle(
            f"{achievement.name} sends off a projectile, and the rule max_player_projectiles is 0",
            "leave the rule max_player_projectiles at 1 or more",
        )
    elif achievement == _A.FIND_BOW and not holdings.have.get("bow"):
        yield Obstacle(
            "no unopened chest that holds a bow is within reach", "start in the dungeon beside world.chest(...)"
        )
    elif achievement == _A.EAT_PLANT and not can_eat_plant(holdings):
        yield Obstacle(
            "no plant can be eaten: none within reach and none can be grown on the overworld",
            "world.ripe_plant(...) or world.plant(...) near the player, or give a sapling on the overworld",
        )
    elif achievement == _A.EAT_PLANT and ripening(holdings) + 1 > holdings.limit:
        yield Obstacle(
            f"the first plant is ripe after {ripening(holdings):g} steps, an episode has {holdings.limit:g}",
            "world.ripe_plant(position), world.plant(position, age=...), or Rules(plant_ripening=...)",
            Code.TOO_SHORT,
        )
    elif achievement == _A.WAKE_UP and holdings.limit < waking(holdings) < INFINITE:
        energy = int(world["player_energy"])
        yield Obstacle(
            f"who starts at {energy} energy wakes up after {waking(holdings):g} steps at the earliest, an episode has {holdings.limit:g}",
            f"world.player.energy = {max(1, holdings.amounts.most('energy', int(world['player_dexterity'])) - 1)}",
            Code.TOO_SHORT,
        )
    elif achievement == _A.WAKE_UP and waking(holdings) == INFINITE:
        yield Obstacle(
            "nobody wakes up: the player never tires, or sleep brings no energy, and nobody comes who would wake him",
            "leave the rules fatigue, energy_recovery and energy_gain above 0, or world.spawn(Mob.ZOMBIE)",
        )
    elif achievement in _BOSS and _boss_fight(holdings, achievement) > holdings.limit:
        yield Obstacle(
            f"{achievement.name} takes at least {_boss_fight(holdings, achievement):g} steps, an episode has {holdings.limit:g}",
            "Rules(boss_waves=..., boss_wave_steps=...) with fewer and shorter waves",
            Code.TOO_SHORT,
        )
    elif achievement in _PLACES:
        yield from room(holdings, achievement)
    elif row.blocks and achievement != _A.EAT_PLANT and not there:
        names = " or ".join(block.name for block in row.blocks)
        yield Obstacle(
            f"{achievement.name} needs {names} within reach", f"world.scatter(Block.{row.blocks[0].name}, 1)"
        )
    # Whoever knows both spells and reads on learns the fireball again.
    fire, ice = (bool(known) for known in world["learned_spells"])
    again = holdings.have.get("books", 0) >= 2 - ice
    if (achievement == _A.LEARN_FIREBALL and fire and not again) or (achievement == _A.LEARN_ICEBALL and ice):
        yield Obstacle(
            "that spell is known at the start, so it cannot be learned", "leave world.player's spells unknown"
        )


def _boss_fight(holdings: Holdings, achievement: Achievement) -> float:
    left = holdings.amounts.number("boss_waves") - float(holdings.world["boss_progress"])
    return boss_fight(holdings, left if achievement == _A.DEFEAT_NECROMANCER else 1)


def _held(holdings: Holdings, achievement: Achievement, item: str, count: int) -> Iterator[Obstacle]:
    world = holdings.world
    if item == "mana":
        most, come = (highest(holdings, "mana", steps) for steps in (INFINITE, holdings.limit))
        if most < count:
            yield Obstacle(
                f"{achievement.name} takes {count} mana, the most is {most:g}",
                "lower the rule's mana, or raise world.player.mana, world.player.intelligence or world.player.xp",
            )
        elif come < count:
            yield Obstacle(
                f"{achievement.name} takes {count} mana, and it comes to at most {come:g} in an episode of {holdings.limit:g} steps",
                f"world.player.mana = {count}",
                Code.TOO_SHORT,
            )
    elif item == "gem":
        fire = holdings.blocks(_B.ENCHANTMENT_TABLE_FIRE) and holdings.at_once("ruby") >= count
        ice = holdings.blocks(_B.ENCHANTMENT_TABLE_ICE) and holdings.at_once("sapphire") >= count
        if not (fire or ice):
            yield Obstacle(
                f"{achievement.name} needs a ruby and a fire table, or a sapphire and an ice table, within reach",
                "world.player.inventory.ruby = 1 and world.place(Block.ENCHANTMENT_TABLE_FIRE, ...)",
            )
    elif item in ("fireball", "iceball"):
        if not (world["learned_spells"][int(item == "iceball")] or holdings.have.get("books", 0) > 0):
            yield Obstacle(f"{item} is unknown and no book is within reach", f"world.player.{item} = True")
    elif item == "sword":
        if holdings.sword < count:
            yield from craft(holdings, SWORDS[count - 1])
    elif item == "armour":
        if not armour(holdings):
            yield from craft(holdings, _A.MAKE_IRON_ARMOUR)
    else:
        yield from cost(holdings, achievement, item, count)


def _number(holdings: Holdings, name: str, minimum: float) -> Iterator[Obstacle]:
    """What keeps one quantity below its minimum."""
    family, _, kind = name.partition(".")
    if family == "kills":
        yield from _kill(holdings, Mob[kind.upper()], minimum)
    elif family == "floor":
        if max(holdings.entered) < minimum:
            yield from _enter(holdings, Floor(int(np.ceil(minimum))))
    elif family == "collected":
        yield from material(holdings, kind, minimum, holdings.found.get(kind, 0))
    elif family == "inventory":
        yield from _inventory(holdings, kind, minimum)
    elif family == "placed":
        yield from _placed(holdings, kind, minimum)
    else:
        yield from _vital(holdings, family, minimum)


def _inventory(holdings: Holdings, kind: str, minimum: float) -> Iterator[Obstacle]:
    if minimum > holdings.amounts.carried(kind):
        yield Obstacle(
            f"{minimum:g} {kind} asked, the rules let {holdings.amounts.carried(kind):g} be carried",
            f"Rules(inventory_limit={int(np.ceil(minimum))}), or ask for less",
        )
    elif kind in ("pickaxe", "sword"):
        tools, best = (PICKAXES, holdings.pickaxe) if kind == "pickaxe" else (SWORDS, holdings.sword)
        if best < minimum:
            yield from craft(holdings, tools[int(np.ceil(minimum)) - 1])
    elif kind == "armour":
        if armour(holdings) < minimum:
            yield Obstacle(
                f"armour of {minimum:g} asked, {armour(holdings):g} can be made and worn",
                source(holdings, "armour", minimum),
            )
    elif kind in COLLECTABLES:
        yield from material(holdings, kind, minimum, holdings.have.get(kind, 0))
    elif holdings.have.get(kind, 0) < minimum:
        yield Obstacle(
            f"{minimum:g} {kind} asked, {holdings.have.get(kind, 0):g} within reach",
            source(holdings, kind, minimum),
        )


def _placed(holdings: Holdings, kind: str, minimum: float) -> Iterator[Obstacle]:
    achievement = {"plant": _A.PLACE_PLANT, "table": _A.PLACE_TABLE}.get(kind, _A[f"PLACE_{kind.upper()}"])
    ((item, price),) = holdings.amounts.spends(achievement).items()
    yield from stations(holdings, achievement)
    stock = holdings.have.get(item, 0)
    most = holdings.rounds(stock) if kind == "stone" else stock // price if price else INFINITE
    if holdings.at_once(item) < price <= stock:
        yield from cost(holdings, achievement, item, price)
    elif most < minimum:
        yield Obstacle(
            f"{minimum:g} {kind} must be placed, {item} within reach is enough for {most:g}",
            stock_up(holdings, item, int(np.ceil(minimum)) * price),
        )
    yield from room(holdings, achievement)


def _vital(holdings: Holdings, name: str, minimum: float) -> Iterator[Obstacle]:
    if name in ATTRIBUTE_OF:
        yield from lacking(holdings, name, minimum)
    elif name == "drunk" and not holdings.blocks(_B.WATER, _B.FOUNTAIN):
        yield Obstacle("nothing to drink within reach", "world.scatter(Block.WATER, 3, distance=(2, 6))")
    elif name == "eaten" and (most := meals(holdings, holdings.limit)) < minimum:
        fewer = f", or ask for at most {most:g}" if most else ""
        yield Obstacle("too little to eat can be met", f"world.spawn(Mob.COW, count=3){fewer}")
    elif name == "damage_taken" and not any(holdings.wounds(mob) for mob in Mob):
        yield Obstacle(
            "no mob that does harm can be met",
            "world.spawn(Mob.ZOMBIE), or leave monsters their spawn rules and damage",
        )
    elif name == "damage_taken" and (most := harm(holdings, holdings.limit)) < minimum:
        yield Obstacle(
            f"{minimum:g} damage must be taken, whoever lives can take at most {most:g} in an episode of {holdings.limit:g} steps",
            f"ask for at most {int(most)}",
            Code.TOO_SHORT if harm(holdings, INFINITE) >= minimum else Code.OUT_OF_REACH,
        )
