"""What makes another plan of a plan, whatever the agent can do: staged together, merged, eased, stretched, with a new mechanic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dicode.games.craftax.grammar.encounters import WIDEST_YARD
from dicode.games.craftax.grammar.equipment import USUAL_KIT, material_kit
from dicode.games.craftax.grammar.frontier import before
from dicode.games.craftax.grammar.lessons import settle, stage
from dicode.games.craftax.grammar.mechanics import MECHANICS
from dicode.games.craftax.grammar.plan import Crowd, Help, Near, Plan, Site
from dicode.games.craftax.levels.creatures import slots
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.techtree import ENTER, requirements
from dicode.levels import Achievement, Floor


def restage(
    achievements: tuple[Achievement, ...], help_: Help, rng: np.random.Generator, floor: Floor | None = None
) -> Plan:
    """Several achievements staged together, the deepest first; those bound to other floors are left out.

    Where a way down is among them, they begin above it, and what only its floor offers is left as the game has it there.
    """
    if help_ == Help.GAME:
        return Plan(tuple(sorted(achievements)), help=help_)
    ordered = sorted(achievements, key=lambda a: (-len(before(a)), a))
    if through := [a for a in ordered if a in ENTER.values()]:
        return _through(through[-1], ordered, help_, rng)
    plan = stage(ordered[0], help_, rng, floor)
    for achievement in ordered[1:]:
        needed = requirements(achievement)
        if not needed.bound or plan.floor in needed.floors:
            plan = merge(plan, stage(achievement, help_, rng, plan.floor))
    return plan


def _through(gate: Achievement, achievements: Sequence[Achievement], help_: Help, rng: np.random.Generator) -> Plan:
    """A plan that begins above a way down: what can be done there is staged there, what can't is asked for with its equipment."""
    plan = stage(gate, help_, rng)
    for achievement in achievements:
        needed = requirements(achievement)
        if achievement == gate:
            continue
        if min(needed.floors) > plan.floor:
            plan = _asking(plan, stage(achievement, help_, rng))
        elif not needed.bound or plan.floor in needed.floors:
            plan = merge(plan, stage(achievement, help_, rng, plan.floor))
    return settle(plan)


def _asking(plan: Plan, below: Plan) -> Plan:
    """`plan` asking for what `below` does on a floor further down, with its equipment and rules and nothing placed for it."""
    rules = {**plan.rules, **below.rules}
    comes = any(a in ENTER.values() or _is_hostile(a) for a in below.achievements)
    return replace(
        plan,
        achievements=tuple(sorted({*plan.achievements, *below.achievements})),
        kit=material_kit(plan.kit, below.kit, USUAL_KIT[plan.floor]),
        player={**below.player, **plan.player},
        # Whom the goal is about, or who has to fall before a ladder opens, comes by itself.
        rules={name: value for name, value in rules.items() if not (comes and name in _SPAWNS)},
    )


def _is_hostile(achievement: Achievement) -> bool:
    mob = requirements(achievement).mob
    return mob is not None and mob.mob_class > 0


def merge(one: Plan, other: Plan) -> Plan:
    """Two plans on one floor as one: both goals, all that either gives and places."""
    achievements = tuple(sorted({*one.achievements, *other.achievements}))
    descends = any(a in ENTER.values() for a in achievements)
    site = max(one.site, other.site, key=[Site.WILD, Site.CLEARING, Site.ARENA].index)
    merged = replace(
        one,
        achievements=achievements,
        minimum={**other.minimum, **one.minimum},
        kit=material_kit(one.kit, other.kit, USUAL_KIT[one.floor] if one.help <= Help.BARE else {}),
        player={**other.player, **one.player},
        blocks=_together(one.blocks, other.blocks),
        mobs=_crowds((*one.mobs, *other.mobs)),
        rules={**other.rules, **one.rules},
        site=Site.CLEARING if descends and site == Site.ARENA else site,
        radius=max(one.radius, other.radius),
        ladder=one.ladder or other.ladder,
        yard=0,  # what is cleared for others would open it
        kills=one.kills if one.kills is not None else other.kills,
        time_of_day=one.time_of_day if one.time_of_day is not None else other.time_of_day,
    )
    return settle(merged)


def _together(one: tuple[Near, ...], other: tuple[Near, ...]) -> tuple[Near, ...]:
    have = {spot.block: spot for spot in one}
    for spot in other:
        same = have.get(spot.block)
        have[spot.block] = replace(same, count=max(same.count, spot.count)) if same else spot
    return tuple(have.values())


def _crowds(crowds: tuple[Crowd, ...]) -> tuple[Crowd, ...]:
    """As many of each crowd as the floor's slots for its class still hold."""
    room = {crowd.mob.mob_class: slots(crowd.mob) for crowd in crowds}
    kept: list[Crowd] = []
    for crowd in crowds:
        count = min(crowd.count, room[crowd.mob.mob_class])
        if count and crowd.mob not in {other.mob for other in kept}:
            room[crowd.mob.mob_class] -= count
            kept.append(replace(crowd, count=count))
    return tuple(kept)


def eased(parent: Plan, rng: np.random.Generator) -> Plan:
    """The same plan, a little easier."""
    rules = {**parent.rules, **_gentle(parent.rules, rng)}
    minimum = {name: float(max(1, value // 2)) for name, value in parent.minimum.items() if value > 1}
    minimum = {name: value for name, value in minimum.items() if value > 1 or not parent.achievements}
    easier = replace(
        parent,
        rules=rules,
        minimum=minimum,
        blocks=tuple(replace(spot, count=spot.count + 1, high=_closer(spot.low, spot.high)) for spot in parent.blocks),
        mobs=tuple(_easier(crowd) for crowd in parent.mobs),
        ladder=parent.ladder and (1, max(2, round(0.7 * parent.ladder[1]))),
        mechanic="",
        numbers={},
        patient=True,
    )
    return _yard(easier, max(2, parent.radius - 1)) if _is_yard(parent) else easier


def stretched(plan: Plan, rng: np.random.Generator) -> Plan:
    """The same plan, harder by a drawn amount: longer ways, less of everything, enemies nearer to the game's number."""
    far = float(rng.uniform(1.2, 2.2))
    if _is_yard(plan) and plan.radius < WIDEST_YARD:
        # An agent that found the ladder by chance finds it seldom where there is twice the room.
        return _yard(plan, plan.radius + 1)
    rules = {
        name: value if name not in _SPAWNS else round(min(1.0, value * far), 2) for name, value in plan.rules.items()
    }
    return replace(
        plan,
        rules=rules,
        blocks=tuple(
            replace(
                spot, count=max(1, round(spot.count / far)), low=_farther(spot.low, far), high=_farther(spot.high, far)
            )
            for spot in plan.blocks
        ),
        mobs=tuple(replace(crowd, low=_farther(crowd.low, far), high=_farther(crowd.high, far)) for crowd in plan.mobs),
        ladder=plan.ladder and (1, _farther(plan.ladder[1], far, 36)),
        site=Site.CLEARING if plan.site == Site.ARENA else plan.site,
        patient=plan.patient or plan.help <= Help.TOOLS,
    )


def _is_yard(plan: Plan) -> bool:
    """Whether a plan is a closed yard around a way down."""
    return plan.ladder is not None and plan.site == Site.ARENA


def _yard(plan: Plan, radius: int) -> Plan:
    """A yard with another radius, in which one starts anywhere."""
    return replace(plan, radius=radius, ladder=(1, 2 * (radius - 1)))


_SPAWNS = ("melee_spawn", "ranged_spawn")


def _farther(steps: int, far: float, most: int = 13) -> int:
    return min(most, round(steps * far))


def _closer(low: int, high: int) -> int:
    return max(low + 1, 3, round(0.7 * high))


def _easier(crowd: Crowd) -> Crowd:
    passive = crowd.mob.mob_class == 0
    count = min(slots(crowd.mob), crowd.count + 1) if passive else max(1, crowd.count - 1)
    return replace(crowd, count=count, high=_closer(crowd.low, crowd.high))


def _gentle(rules: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Rules that forgive more than `rules` do."""
    gentle = {"melee_spawn": 0.5, "ranged_spawn": 0.5, "monster_damage": 0.6, "monster_health": 0.7}
    eased = {name: round(rules[name] * factor, 2) for name, factor in gentle.items() if name in rules}
    recovery = max(2.0, rules.get("health_recovery", 1.0) + float(rng.choice([1.0, 2.0])))
    eased["health_recovery"] = round(min(recovery, float(RULES["health_recovery"].high)), 2)
    needs = ("hunger", "thirst", "fatigue")
    return eased | dict.fromkeys(needs, 0.5)


def more(plan: Plan, rng: np.random.Generator, horizon: int = 180) -> Plan:
    """The same level, asking for more, with enemies as the game sends them."""
    minimum = {name: value + float(rng.integers(1, 3)) for name, value in plan.minimum.items()}
    rules = {name: value for name, value in plan.rules.items() if name not in ("melee_spawn", "ranged_spawn")}
    if not minimum:
        quantity = quantity_of(focus_of(plan))
        minimum = {quantity: 2.0} if quantity else {"survive": float(min(60, horizon // 3))}
    return replace(plan, minimum=minimum, rules=rules)


def quantity_of(achievement: Achievement) -> str:
    """The counter that counts how often `achievement`'s act was done; empty where there is none."""
    needed = requirements(achievement)
    kind, _, name = achievement.name.lower().partition("_")
    if needed.mob is not None:
        return f"kills.{needed.mob.name.lower()}"
    if achievement == Achievement.COLLECT_DRINK:
        return "drunk"
    if achievement == Achievement.EAT_PLANT:
        return "eaten"
    return f"{'collected' if kind == 'collect' else 'placed'}.{name}" if kind in ("collect", "place") else ""


def with_mechanic(plan: Plan, rng: np.random.Generator, sets_goal: bool = False) -> Plan:
    """`plan` with one new mechanic that can act on its floor; with `sets_goal` a plan for one that says itself what is asked."""
    names = sorted(
        name
        for name, m in MECHANICS.items()
        if (m.sets_goal or not sets_goal)
        and (sets_goal or (plan.floor in m.floors and (not m.sets_goal or plan.floor == 0)))
    )
    name = names[int(rng.integers(len(names)))]
    mechanic = MECHANICS[name]
    if mechanic.sets_goal:
        kit = {"stone": int(rng.integers(4, 9)), "pickaxe": 1}
        numbers = mechanic.draw(rng)
        return Plan((), help=Help.NEAR, kit=kit, site=Site.CLEARING, mechanic=name, numbers=numbers, time_of_day=0.1)
    return replace(plan, mechanic=name, numbers=mechanic.draw(rng))


def focus_of(plan: Plan) -> Achievement:
    """The achievement that a plan is about. Raises ValueError where it has none."""
    focus = plan.focus
    if focus is None:
        raise ValueError("a plan without an achievement has no focus")
    return focus
