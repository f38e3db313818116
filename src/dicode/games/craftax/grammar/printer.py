"""From a plan to level code: complete, commented, and shaped so that `reader` can read it back."""

from collections.abc import Mapping

from dicode.games.craftax.grammar.mechanics import HOOK_IMPORTS, MECHANICS
from dicode.games.craftax.grammar.plan import Help, Near, Plan, Site
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.goal import QUANTITIES
from dicode.levels import Block, Floor, Mob

_MELEE = Mob.ZOMBIE.mob_class
_INDENT = "    "
_WIDTH = 110

_HELP_WORDS = {
    Help.GAME: "none, the game from its beginning",
    Help.BARE: "the right floor and the usual equipment",
    Help.TOOLS: "tools in hand, the rest has to be found",
    Help.NEAR: "most things in hand or a few steps away",
    Help.HANDED: "everything within reach",
}


def print_level(plan: Plan, why: str) -> str:
    """The source of a level; equal plans with equal reasons print equal text."""
    body = _build(plan)
    hooks = _hooks(plan)
    parts = [_docstring(plan, why), _imports(plan, body, hooks), _header(plan)]
    text = "\n".join(part for part in parts if part)
    if body:
        text += "\n\n\ndef build(world: World) -> None:\n" + "\n".join(f"{_INDENT}{line}" for line in body)
    if hooks:
        text += "\n\n" + hooks.rstrip()
    return text + "\n"


def objective(plan: Plan) -> str:
    """What the level asks for and where, as a clause."""
    asked = [achievement.name.lower().replace("_", " ") for achievement in plan.achievements]
    asked += [_quantity_words(name, value) for name, value in plan.minimum.items()]
    if plan.mechanic and MECHANICS[plan.mechanic].sets_goal:
        asked.append("satisfy the success hook")
    where = "from where the agent was" if plan.start else plan.floor.name.lower().replace("_", " ")
    night = plan.time_of_day is not None and 0.45 <= plan.time_of_day < 0.95
    return f"{_joined(asked)} ({where}{', by night' if night else ''})"


def _quantity_words(name: str, value: float) -> str:
    family, _, kind = name.partition(".")
    count = f"{value:g}"
    words = {
        "collected": f"{count} {kind} gathered",
        "placed": f"{count} {kind} placed",
        "kills": f"{count} {kind.replace('_', ' ')} defeated",
        "inventory": f"{count} {kind} held",
        "survive": f"{count} steps survived",
        "drunk": f"{count} sips drunk",
        "eaten": f"{count} meals eaten",
        "floor": f"floor {count} reached",
    }
    return words.get(family, f"{family} at least {count}")


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _docstring(plan: Plan, why: str) -> str:
    lines = [f'"""Objective: {objective(plan)}.', *_wrapped(f"Why: {why}")]
    how = "none, the game from where the agent was" if plan.start else _HELP_WORDS[plan.help]
    lines.append(f"Help: {plan.help.name.lower()} ({how}).")
    if plan.mechanic:
        lines += _wrapped(f"New: {mechanic_sentence(plan)}.")
    return "\n".join([*lines, '"""'])


def mechanic_sentence(plan: Plan) -> str:
    """What the plan's mechanic does, with its numbers."""
    mechanic = MECHANICS[plan.mechanic]
    return mechanic.fill(mechanic.sentence, plan.numbers, hunted(plan))


def hunted(plan: Plan) -> Mob:
    """The creature that a bounty is on: the one to be met, else the one that comes near on the floor."""
    native = [mob for mob, creature in CREATURES.items() if mob.mob_class == _MELEE and plan.floor in creature.floors]
    return next((crowd.mob for crowd in plan.mobs), next(iter(native), Mob.ZOMBIE))


def _wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def _imports(plan: Plan, body: list[str], hooks: str) -> str:
    everything = "\n".join([*body, hooks, _header(plan)])
    names = [
        name
        for name in ("Achievement", "Block", "Floor", "Frontier", "Goal", "Mob", "Rules", "World")
        if f"{name}." in everything or f"{name}(" in everything or (name == "World" and body)
    ]
    lines = [f"from dicode.levels import {', '.join(names)}"] if names else []
    if hooks:
        jax, numpy = HOOK_IMPORTS
        lines = [*([jax] if "jax.random" in hooks else []), numpy, "", *lines]
    return "\n".join([*lines, ""])


def _header(plan: Plan) -> str:
    lines = [f'START = Frontier("{plan.start}")'] if plan.start else []
    if not (plan.mechanic and MECHANICS[plan.mechanic].sets_goal and not plan.achievements):
        lines.append(f"GOAL = Goal.all_of({', '.join(_goal_parts(plan))})")
    if plan.rules:
        lines.append(f"RULES = Rules({_keywords(plan.rules)})")
    return "\n".join(lines)


def _goal_parts(plan: Plan) -> list[str]:
    parts = [f"Achievement.{achievement.name}" for achievement in sorted(plan.achievements)]
    for name in sorted(plan.minimum, key=QUANTITIES.index):
        value, (family, _, kind) = plan.minimum[name], name.partition(".")
        number = f"{value:g}"
        short = {
            "survive": f"Goal.survive({number})",
            "collected": f'Goal.collect("{kind}", {number})',
            "placed": f'Goal.place("{kind}", {number})',
            "inventory": f'Goal.hold("{kind}", {number})',
            "kills": f"Goal.defeat(Mob.{kind.upper()}, {number})",
        }
        parts.append(short.get(family, f'Goal.at_least("{name}", {number})'))
    return parts


def _keywords(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in sorted(values.items()))


def _build(plan: Plan) -> list[str]:
    """The lines of `build`, in an order in which each may rely on those before."""
    return [
        *_start(plan),
        *_equipment(plan),
        *_ground(plan),
        *[line for spot in plan.blocks for line in _spot(spot)],
        *[f"world.spawn(Mob.{c.mob.name}, count={c.count}, distance=({c.low}, {c.high}))" for c in plan.mobs],
    ]


def _start(plan: Plan) -> list[str]:
    lines = []
    if plan.floor != Floor.OVERWORLD:
        lines.append(f"world.player.floor = Floor.{plan.floor.name}")
    if plan.kills is not None:
        lines.append(f"world.set_kills({plan.kills})")
    if plan.ladder is not None:
        lines += _yard(plan, plan.ladder) if plan.site == Site.ARENA else _way_down(plan, plan.ladder)
    if plan.boss_hits is not None:
        lines += [
            f"# Between two waves, with {plan.boss_hits} of the blows landed.",
            f'world.set("boss_progress", {plan.boss_hits})',
            'world.set("boss_timesteps_to_spawn_this_round", 0)',
        ]
        if plan.help >= Help.NEAR:
            lines.append("world.player.position = world.random_cell((1, 3), near=world.nearest(Block.NECROMANCER))")
    if plan.time_of_day is not None:
        lines.append(f"world.time_of_day = {plan.time_of_day:g}")
    if plan.lit:
        lines.append("world.light_up()")
    return lines


def _way_down(plan: Plan, reach: tuple[int, int]) -> list[str]:
    """A start at most so far from the ladder, and but for the least help an easy way; half of the time in a yard, where it has one."""
    low, high = reach
    dug = plan.help > Help.BARE
    way = [
        f"# Start {low} to {high} steps from the way down, near oftener than far{', with a dug way in between' if dug else ''}.",
        *(["world.clear(3, near=ladder)"] if dug else []),
        f"far = int(world.rng.integers({low + 1}, {high + 1}))",
        f"start = world.random_cell(({low}, far), near=ladder, reachable=False)",
        *(["world.corridor(start, ladder)"] if dug else []),
    ]
    if plan.yard:
        size = [
            f"widest = int(world.rng.integers(2, {plan.yard + 1}))",
            "radius = int(world.rng.integers(2, widest + 1))",
            "size = 2 * radius + 1",
        ]
        yard = [*size, *_walled("radius", "size", "1", "2 * (radius - 1)")]
        way = [
            "if world.rng.random() < 0.5:",
            *[f"{_INDENT}{line}" for line in ("# A closed yard with the way down in it, small ones oftener.", *yard)],
            "else:",
            *[f"{_INDENT}{line}" for line in way],
        ]
    return ["ladder = world.ladder_down()", *way, "world.player.position = start"]


def _yard(plan: Plan, reach: tuple[int, int]) -> list[str]:
    """A start in a closed yard with the ladder in its middle."""
    return [
        "# A closed yard with the way down in it.",
        "ladder = world.ladder_down()",
        *_walled(str(plan.radius), str(2 * plan.radius + 1), *map(str, reach)),
        "world.player.position = start",
    ]


def _walled(radius: str, size: str, least: str, reach: str) -> list[str]:
    """A room around the ladder, as far as the map goes, and a start in it; its numbers may be names."""
    last = f"48 - {size}" if size.isalpha() else str(48 - int(size))
    return [
        f"top, left = min(max(ladder[0] - {radius}, 0), {last}), min(max(ladder[1] - {radius}, 0), {last})",
        f"world.room(top, left, {size}, {size})",
        f"ladder = (top + {radius}, left + {radius})",
        "world.move_ladder_down(ladder)",
        f"start = world.random_cell(({least}, {reach}), near=ladder)",
    ]


def _equipment(plan: Plan) -> list[str]:
    lines = []
    if plan.kit:
        lines.append(f"world.player.inventory.set({_keywords(plan.kit)})")
    for name, value in plan.player.items():
        lines.append(f"world.player.{name} = {_literal(value)}")
    return lines


def _literal(value: float | str | bool) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value) if isinstance(value, bool) else f"{value:g}"


def _ground(plan: Plan) -> list[str]:
    if plan.site == Site.CLEARING:
        return ["# Room for what is put here.", f"world.clear({plan.radius})"]
    if plan.site == Site.ARENA and plan.ladder is None:
        size = 2 * plan.radius + 1
        last = 48 - size
        return [
            "# A closed room around the player: what is in it stays near.",
            "row, column = world.player.position",
            f"top, left = min(max(row - {plan.radius}, 0), {last}), min(max(column - {plan.radius}, 0), {last})",
            f"world.room(top, left, {size}, {size})",
        ]
    return []


def _spot(spot: Near) -> list[str]:
    if spot.block == Block.RIPE_PLANT:
        return [
            f"for _ in range({spot.count}):",
            f"{_INDENT}world.ripe_plant(world.random_cell(({spot.low}, {spot.high})))",
        ]
    return [f"world.scatter(Block.{spot.block.name}, count={spot.count}, distance=({spot.low}, {spot.high}))"]


def _hooks(plan: Plan) -> str:
    if not plan.mechanic:
        return ""
    mechanic = MECHANICS[plan.mechanic]
    return mechanic.fill(mechanic.source, plan.numbers, hunted(plan))
