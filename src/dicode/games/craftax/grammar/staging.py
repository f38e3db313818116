"""What every way of staging an achievement is made of: the ground, the kit, what lies near and how near."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dicode.games.craftax.grammar.equipment import USUAL_KIT
from dicode.games.craftax.grammar.plan import Help, Near, Plan, Site
from dicode.games.craftax.levels.techtree import Requirement
from dicode.levels import Block, Floor

REACH: dict[Help, tuple[int, int]] = {
    Help.HANDED: (1, 3),
    Help.NEAR: (2, 5),
    Help.TOOLS: (3, 9),
    Help.BARE: (4, 9),
    Help.GAME: (4, 9),
}
_PLENTY = {Help.HANDED: 5, Help.NEAR: 4, Help.TOOLS: 3, Help.BARE: 0, Help.GAME: 0}


def draw(options: Mapping[str, tuple[float, ...]], rng: np.random.Generator) -> dict[str, float]:
    """One of the numbers that each rule may have."""
    return {name: float(values[int(rng.integers(len(values)))]) for name, values in options.items()}


def base(needed: Requirement, help_: Help, floor: Floor, **fields: object) -> Plan:
    """The common part: goal, floor, ground and the kit that one brings to that floor."""
    site = Site.CLEARING if help_ >= Help.TOOLS else Site.WILD
    kit = dict(USUAL_KIT[floor]) if help_ == Help.BARE or (floor and help_ >= Help.TOOLS) else {}
    plan = Plan((needed.achievement,), help=help_, floor=floor, site=site, kit=kit)
    return replace(plan, **fields)  # type: ignore[arg-type]


def with_kit(plan: Plan, **counts: int) -> dict[str, int]:
    """The plan's kit with at least `counts` of these."""
    return {**plan.kit, **{name: max(count, plan.kit.get(name, 0)) for name, count in counts.items()}}


def near(block: Block, help_: Help, rng: np.random.Generator, extra: int = 0) -> tuple[Near, ...]:
    """The block lying about, as near and as often as that much help says; nothing where there is none."""
    count = _PLENTY[help_]
    low, high = REACH[help_]
    return (Near(block, count + extra + int(rng.integers(0, 3)), low, high),) if count else ()
