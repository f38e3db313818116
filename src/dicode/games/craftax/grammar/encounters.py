"""How what stands in one's way is staged: creatures to defeat or eat, the way down, the boss."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dicode.games.craftax.grammar.equipment import WARDS, blade
from dicode.games.craftax.grammar.plan import Crowd, Help, Near, Plan, Site
from dicode.games.craftax.grammar.staging import base, draw, with_kit
from dicode.games.craftax.levels.creatures import CREATURES, slots
from dicode.games.craftax.levels.techtree import Requirement
from dicode.levels import Achievement, Block, Floor, Mob

BOSS = (Achievement.DAMAGE_NECROMANCER, Achievement.DEFEAT_NECROMANCER)
WIDEST_YARD = 5
"""Radius of the widest yard around a way down."""
_EASY_FIGHT: dict[Help, Mapping[str, tuple[float, ...]]] = {
    Help.HANDED: {"monster_health": (0.4, 0.5, 0.6), "monster_damage": (0.3, 0.5), "health_recovery": (3.0, 5.0)},
    Help.NEAR: {"monster_damage": (0.5, 0.6), "health_recovery": (2.0, 3.0)},
    Help.TOOLS: {"monster_damage": (0.75, 0.8)},
    Help.BARE: {},
    Help.GAME: {},
}


def fight(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Defeating (or eating) a creature: closed in and weakened, then near, then on its own ground."""
    mob = needed.mob
    assert mob is not None
    plan = base(needed, help_, floor)
    gear: dict[str, int] = {}
    player: dict[str, float | str | bool] = {}
    if help_ >= Help.TOOLS and mob.mob_class:
        gear["sword"] = min(4, blade(mob) + (help_ == Help.HANDED))
        home = CREATURES[mob].floors[0]
        gear["armour"] = (
            (0 if home == Floor.OVERWORLD else 1 if home < Floor.TROLL_MINES else 2) if help_ > Help.TOOLS else 0
        )
    if WARDS.get(CREATURES[mob].floors[0]):
        player["sword_enchantment"] = WARDS[CREATURES[mob].floors[0]]
        gear["sword"] = 4
    crowd, blocks = _crowd(mob, help_, rng)
    count = int(rng.integers(1, 3)) if help_ in (Help.NEAR, Help.TOOLS) else 1
    closed = help_ == Help.HANDED or (help_ == Help.NEAR and rng.random() < 0.5)
    hostile = mob.mob_class > 0
    return replace(
        plan,
        kit=with_kit(plan, **gear),
        player=player,
        blocks=blocks,
        mobs=crowd,
        minimum={f"kills.{mob.name.lower()}": float(count)} if count > 1 else {},
        rules=draw(_EASY_FIGHT[help_], rng) if hostile else {},
        site=Site.ARENA if closed else plan.site,
        radius=4 if closed else plan.radius,
    )


def _crowd(mob: Mob, help_: Help, rng: np.random.Generator) -> tuple[tuple[Crowd, ...], tuple[Near, ...]]:
    """The creatures to meet, and the water that some of them live in."""
    if help_ < Help.TOOLS:
        return (), ()
    # More than two that fight back at once would teach dying; of those that flee there can't be too many.
    most = slots(mob) if mob.mob_class == 0 else 2
    count = most if help_ >= Help.NEAR and mob.mob_class == 0 else int(rng.integers(1, most + 1))
    low, high = {Help.HANDED: (2, 4), Help.NEAR: (3, 6), Help.TOOLS: (5, 9)}[help_]
    pool: tuple[Near, ...] = ()
    if mob == Mob.DEEP_THING:
        pool = (Near(Block.WATER, 8, 2, high),)
        low = 2
    return (Crowd(mob, count, low, high),), pool


def descend(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """Taking a ladder down: shut in with it, then half of the time, then a walk, then as one arrives.

    In the open an agent that has never used the action that descends strays before it does. So steps are small, and each
    level has a part that the one before it taught: what is never solved is measured and turned down before it can be learned.
    """
    closed = {"site": Site.ARENA, "radius": 2} if help_ == Help.HANDED else {"site": Site.WILD}
    plan = base(needed, help_, floor, **closed)
    farthest = {Help.HANDED: 2, Help.NEAR: 5, Help.TOOLS: 14 if floor == Floor.OVERWORLD else 12}.get(help_)
    ladder = (1, farthest) if farthest else None
    plan = replace(plan, yard=WIDEST_YARD if help_ == Help.NEAR else 0)
    if floor == Floor.OVERWORLD:
        # Nobody arrives there: with the usual equipment of who goes below, and out of sight of the ladder.
        bare = help_ == Help.BARE
        kit = {"pickaxe": 1, "sword": 1} if bare else plan.kit
        return replace(plan, ladder=(1, 30) if bare else ladder, kit=kit)
    kills = {Help.HANDED: 8, Help.NEAR: 8, Help.TOOLS: int(rng.integers(5, 8))}.get(help_)
    guards: tuple[Crowd, ...] = ()
    if help_ == Help.TOOLS:
        native = [c.mob for c in CREATURES.values() if floor in c.floors and c.mob.mob_class == 1]
        guards = tuple(Crowd(mob, 2, 3, 8) for mob in native[:1])
    return replace(plan, ladder=ladder, kills=kills, mobs=guards)


def boss(needed: Requirement, help_: Help, floor: Floor, rng: np.random.Generator) -> Plan:
    """The necromancer: weak and between two waves, then with more waves to come."""
    plan = base(needed, help_, floor, site=Site.WILD)
    landed = {Help.HANDED: (7, 7), Help.NEAR: (5, 6), Help.TOOLS: (2, 4), Help.BARE: (0, 0)}[help_]
    hits = int(rng.integers(landed[0], landed[1] + 1))
    if needed.achievement == Achievement.DAMAGE_NECROMANCER:
        hits = min(hits, 6)
    rules = draw(_EASY_FIGHT[help_], rng)
    return replace(plan, boss_hits=hits, player={"sword_enchantment": "fire"}, rules=rules)
