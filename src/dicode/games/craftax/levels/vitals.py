"""How high the player's vitals could come from where they start: by meals, water, sleep, time and potions.

Upper bounds, as in `dicode.games.craftax.levels.holdings`: nothing is lost on the way, every step serves the one vital.
"""

import math
from collections.abc import Iterator

import numpy as np

from dicode.games.craftax.levels.attacks import worst
from dicode.games.craftax.levels.duration import MEALS, eats_plants, meals
from dicode.games.craftax.levels.holdings import INFINITE, Holdings
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, Block, Floor, Mob
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.types import Code

_EFFECTS = {"health": slice(0, 2), "mana": slice(2, 4), "energy": slice(4, 6)}
"""Entries of the rule `potion_effect` that act on a vital."""

_SOURCES = {
    "food": "world.spawn(Mob.COW, count=3)",
    "drink": "world.scatter(Block.WATER, 3, distance=(2, 6))",
    "energy": "leave the rules energy_recovery and energy_gain above 0",
    "mana": "leave the rules mana_recovery and mana_gain above 0",
    "health": "leave the rules health_recovery and health_gain above 0",
}
"""What brings more of a vital."""


def lacking(holdings: Holdings, vital: str, minimum: float) -> Iterator[Obstacle]:
    """What keeps a vital below a minimum."""
    come = highest(holdings, vital, holdings.limit)
    if come >= minimum:
        return
    attribute = ATTRIBUTE_OF[vital]
    most = holdings.amounts.most(vital, holdings.highest(attribute))
    if minimum > most:
        raised = holdings.amounts.most(vital, int(holdings.amounts.number("max_attribute"))) >= minimum
        more = f", or raise world.player.{attribute} or world.player.xp" if raised else ""
        yield Obstacle(f"{vital} >= {minimum:g} asked, the most is {most}", f"ask for at most {most}{more}")
    elif highest(holdings, vital, INFINITE) >= minimum:
        now = f"{float(holdings.world[f'player_{vital}']):g}"
        yield Obstacle(
            f"{vital} >= {minimum:g} asked, it comes to at most {come:g} in an episode of {holdings.limit:g} steps",
            f"let the player start with more {vital} than {now}{f', or ask for at most {come:g}' if come > 0 else ''}",
            Code.TOO_SHORT,
        )
    else:
        yield Obstacle(f"{vital} >= {minimum:g} asked, what is within reach brings it to {come:g}", _SOURCES[vital])


def highest(holdings: Holdings, vital: str, steps: float) -> float:
    """The most of `health`, `food`, `drink`, `energy` or `mana` that the player could have within so many steps."""
    start = float(holdings.world[f"player_{vital}"])
    gained = {"food": _fed, "drink": _watered, "energy": _rested, "mana": _restored, "health": _healed}[vital]
    come = start + gained(holdings, steps) + _potions(holdings, vital)
    if vital == "health":
        come = max(come, holdings.amounts.number("minimum_health"))
    most = holdings.amounts.most(vital, holdings.highest(ATTRIBUTE_OF[vital]))
    return max(start, min(come, most))


def harm(holdings: Holdings, steps: float) -> float:
    """The most damage that the player could take within so many steps: all health that there is, and one step's more."""
    amounts, boss = holdings.amounts, Floor.GRAVEYARD in holdings.entered
    blow = worst(holdings.world, amounts, filter(holdings.wounds, Mob), boss)
    lives = amounts.number("minimum_health") > 0
    health = float(holdings.world["player_health"]) + _healed(holdings, steps) + _potions(holdings, "health")
    return steps * blow if lives else health + blow


def waking(holdings: Holdings) -> float:
    """Fewest steps until the player can wake up: below the most energy, asleep, and then rested or hit; INFINITE for never.

    Only blows of melee mobs count as waking up. Who may gain dexterity may have a higher most at once.
    """
    world, amounts = holdings.world, holdings.amounts
    dexterity = int(world["player_dexterity"])
    missing = amounts.most("energy", dexterity) - int(world["player_energy"])
    tired = 0.0
    if missing <= 0 and holdings.highest("dexterity") <= dexterity:
        tires = amounts.number("fatigue_awake") * (1.0 - amounts.number("dexterity_needs") * (dexterity - 1))
        if tires <= 0 or amounts.number("energy_loss") <= 0:
            return INFINITE
        tired = max(0.0, (amounts.number("fatigue_limit") - float(world["player_fatigue"])) // tires) + 1
    if any(holdings.met(mob, from_afar=False) for mob in Mob if mob.mob_class == 1):
        return tired + 2
    return tired + _sleep(holdings, 1 if missing <= 0 or _potions(holdings, "energy") else missing) + 1


def _sleep(holdings: Holdings, energy: int) -> float:
    """Fewest steps that bring so much energy; INFINITE for never."""
    gain = holdings.amounts.number("energy_gain")
    first, each = _turns(
        -float(holdings.world["player_fatigue"]), _rest(holdings), holdings.amounts.number("energy_limit")
    )
    turns = math.ceil(energy / gain) if gain > 0 else INFINITE
    return first if turns == 1 else first + (turns - 1) * each


def _fed(holdings: Holdings, steps: float) -> float:
    values = holdings.amounts.values
    feeds = [int(food) for mob, food in zip(MEALS, values["mob_food"], strict=True) if holdings.kills(mob)]
    best = max([*feeds, int(values["plant_food"]) if eats_plants(holdings) else 0])
    return min(meals(holdings, steps), steps) * best if best else 0


def _watered(holdings: Holdings, steps: float) -> float:
    sip = holdings.amounts.number("water_drink") if holdings.blocks(Block.WATER, Block.FOUNTAIN) else 0
    return steps * sip if sip else 0


def _rest(holdings: Holdings) -> float:
    """The most that fatigue goes down in a step, asleep or, where the rules have dexterity refresh, awake."""
    amounts = holdings.amounts
    tempo = 1.0 - amounts.number("dexterity_needs") * (holdings.highest("dexterity") - 1)
    return max(amounts.number("energy_asleep"), -tempo * amounts.number("fatigue_awake"))


def _rested(holdings: Holdings, steps: float) -> float:
    return _gained(holdings, "energy", -float(holdings.world["player_fatigue"]), _rest(holdings), steps)


def _restored(holdings: Holdings, steps: float) -> float:
    amounts, progress = holdings.amounts, float(holdings.world["player_recover_mana"])
    rate = max(amounts.number("mana_awake"), amounts.number("mana_asleep"))
    more = amounts.number("intelligence_mana") * (holdings.highest("intelligence") - 1)
    # Progress itself is multiplied in every step: it grows faster than by any constant.
    if more > 0 and (rate > 0 or progress > 0):
        rate = INFINITE
    return _gained(holdings, "mana", progress, rate, steps)


def _healed(holdings: Holdings, steps: float) -> float:
    rates = (holdings.amounts.number(f"recovery_{how}") for how in ("awake", "asleep", "resting"))
    return _gained(holdings, "health", float(holdings.world["player_recover"]), max(rates), steps)


def _gained(holdings: Holdings, vital: str, progress: float, rate: float, steps: float) -> float:
    """The most gained by a progress that grows by `rate` a step and starts anew with each gain."""
    rule = {"health": "recovery_limit"}.get(vital, f"{vital}_limit")
    first, each = _turns(progress, rate, holdings.amounts.number(rule))
    gain = holdings.amounts.number(f"{vital}_gain")
    if gain <= 0 or first == INFINITE or first > steps:
        return 0
    if each == INFINITE:
        return gain
    return INFINITE if steps == INFINITE else gain * (1 + (steps - first) // each)


def _turns(progress: float, rate: float, limit: float) -> tuple[float, float]:
    """Fewest steps until `progress` exceeds `limit`, and from 0 on; INFINITE for never.

    Progress below 0 counts as 0: who falls asleep tired, or has just lost health, begins there.
    """
    return _until(limit - max(progress, 0.0), rate), _until(limit, rate)


def _until(way: float, rate: float) -> float:
    if way < 0:
        return 1
    if rate <= 0:
        return INFINITE
    # The game adds up in single precision, where a sum of many fractions may come out a little larger.
    return max(1, math.floor(0.999 * way / rate) + 1)


def _potions(holdings: Holdings, vital: str) -> float:
    """What all potions that could be drunk give, if each were of the best kind."""
    effects = holdings.amounts.values["potion_effect"][_EFFECTS.get(vital, slice(0, 0))]
    best, potions = max(0, int(np.max(effects, initial=0))), holdings.have.get("potions", 0)
    return potions * best if best else 0
