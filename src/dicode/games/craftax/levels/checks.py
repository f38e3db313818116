"""Does a built pool make sense as a level? The semantic half of the trust boundary, NumPy only.

Every world is judged: player on ground and alive, mobs where they can be,
ladders that lead somewhere, a goal that is neither met at once nor out of reach. Levels with a
`transition` or `success` hook may change what is possible, so for them the last is a warning. Who asks
for the game itself (every achievement, as ACCEL's edits do) need not be able to reach all of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.creatures import MOB_RECORDS
from dicode.games.craftax.levels.goal import QUANTITIES, Goal
from dicode.games.craftax.levels.grid import manhattan
from dicode.games.craftax.levels.holdings import INFINITE
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, VITALS, Block, Floor, Item, Mob
from dicode.games.craftax.levels.obstacle import Obstacle
from dicode.games.craftax.levels.placement import rebuild_mob_map
from dicode.games.craftax.levels.player import nearest_true
from dicode.games.craftax.levels.possible import obstacles, too_long
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS, WorldArrays
from dicode.games.craftax.levels.techtree import implied
from dicode.types import Code, Rejected

_MOBS = frozenset(map(int, Mob))


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one world."""

    code: Code
    reason: str
    hint: str = ""


def check(
    pool: Mapping[str, np.ndarray],
    goal: Goal,
    rules: Rules | None = None,
    hooks: Sequence[str] = (),
    episode_limit: int | None = None,
) -> Rejected | tuple[str, ...]:
    """Warnings for a pool that is a level, or `Rejected(stage="verify", ...)` for the first fault found.

    `pool` holds [P, ...] arrays within the schema; `hooks` are the names of hooks that the level has;
    an episode ends after `episode_limit` steps, or after the rule `episode_length` if that is fewer.
    """
    if (pool["blocks"] == Block.OUT_OF_BOUNDS).any():
        reason, hint = "a map holds OUT_OF_BOUNDS blocks", "use Block.WALL or Block.STONE to close an area"
        return Rejected("verify", reason, hint, code=Code.RANGE)
    worlds = [{name: pool[name][index] for name in STATE_FIELDS} for index in range(len(pool["blocks"]))]
    amounts = Amounts(rules)
    limit = min(episode_limit or INFINITE, amounts.number("episode_length"))
    loose = "transition" in hooks or "success" in hooks
    rejected = _first(worlds, lambda world: _faults(world, goal, amounts, limit))
    if rejected is None and not goal.is_the_game:
        rejected = _first(worlds, lambda world: _obstacles(obstacles(goal, world, amounts, limit)))
        if rejected is not None and loose:
            return (
                f"unless a hook makes it so, the goal is out of reach: {rejected.reason}",
                *_warnings(worlds, amounts),
            )
    return rejected or _warnings(worlds, amounts)


def _first(worlds: Sequence[WorldArrays], faults: Callable[[WorldArrays], Iterator[Fault]]) -> Rejected | None:
    """The first fault of the first faulty world, saying how many worlds have one."""
    found = [(index, fault) for index, world in enumerate(worlds) for fault in [next(faults(world), None)] if fault]
    if not found:
        return None
    index, fault = found[0]
    where = (
        "every world" if len(found) == len(worlds) else f"{len(found)} of {len(worlds)} worlds, first in world {index}"
    )
    faulty = tuple(index for index, _ in found)
    return Rejected("verify", f"{fault.reason} (in {where})", fault.hint, code=fault.code, worlds=faulty)


def _faults(world: WorldArrays, goal: Goal, amounts: Amounts, limit: float) -> Iterator[Fault]:
    yield from _player(world, amounts)
    yield from _mobs(world, amounts)
    yield from _ladders(world, amounts)
    yield from _plants(world)
    if not goal.is_empty and goal.met(world["achievements"] | implied(world), quantities(world)):
        yield Fault(
            Code.SOLVED,
            f"the goal ({goal}) is met at the start",
            "take away what implies it (inventory, floor, vitals), or ask for more, "
            f'for example Goal.collect("wood", 3) or Goal.survive({max(1, min(200, limit // 2)):g}) beside it',
        )
    if not goal.is_the_game:
        yield from _obstacles(too_long(goal, world, amounts, limit))  # no hook makes an episode longer


def _obstacles(found: Iterable[Obstacle]) -> Iterator[Fault]:
    for obstacle in found:
        yield Fault(obstacle.code, f"the goal cannot be reached: {obstacle.reason}", obstacle.hint)


def _player(world: WorldArrays, amounts: Amounts) -> Iterator[Fault]:
    floor, cell = Floor(int(world["player_level"])), _cell(world["player_position"])
    blocks = world["blocks"][floor]
    block = Block(int(blocks[cell]))
    ground = amounts.walkable[blocks] & (blocks != Block.DARKNESS)
    if not ground[cell]:
        yield Fault(
            Code.START,
            f"the player starts at {cell} of {floor.name} inside {block.name}",
            f"set world.player.position after shaping the floor; {nearest_true(ground, cell, 'free ground')}",
        )
    if not world["player_health"] > 0:
        yield Fault(Code.START, "the player starts dead", "world.player.health must be above 0")
    for vital in VITALS:
        most = amounts.most(vital, int(world[f"player_{ATTRIBUTE_OF[vital]}"]))
        if world[f"player_{vital}"] > most:
            yield Fault(
                Code.START,
                f"{vital} is {world[f'player_{vital}']}, the most at this player's attributes is {most}",
                f"world.player.{vital} = {most}, or raise {ATTRIBUTE_OF[vital]}",
            )
    if world["boss_progress"] >= amounts.number("boss_waves"):
        yield Fault(Code.START, "the game is over at the start", "leave boss_progress below the rule boss_waves")


def _mobs(world: WorldArrays, amounts: Amounts) -> Iterator[Fault]:
    taken: set[tuple[int, int, int]] = {(int(world["player_level"]), *_cell(world["player_position"]))}
    for mob_class, record in enumerate(MOB_RECORDS):
        for floor, index in np.argwhere(world[f"{record}.mask"]):
            number = 8 * mob_class + int(world[f"{record}.type_id"][floor, index])
            if number not in _MOBS:
                yield Fault(
                    Code.MOBS, f"{record} holds type {number % 8}, which does not exist", "use world.spawn(Mob.COW)"
                )
                continue
            mob, cell = Mob(number), _cell(world[f"{record}.position"][floor, index])
            blocks = world["blocks"][floor]
            if not amounts.standable(mob)[blocks[cell]]:
                legal = amounts.standable(mob)[blocks]
                yield Fault(
                    Code.MOBS,
                    f"a {mob.name} is at {cell} of {Floor(floor).name} inside {Block(int(blocks[cell])).name}",
                    f"spawn mobs after shaping the floor; {nearest_true(legal, cell, f'cell for a {mob.name}')}",
                )
            if (int(floor), *cell) in taken:
                yield Fault(
                    Code.MOBS,
                    f"a {mob.name} shares {cell} of {Floor(floor).name} with another mob or the player",
                    "spawn mobs after placing the player; world.spawn keeps them apart",
                )
            taken.add((int(floor), *cell))
            if not world[f"{record}.health"][floor, index] > 0:
                yield Fault(Code.MOBS, f"a {mob.name} has no health", "give world.spawn(..., health=...) above 0")
    expected = {"mob_map": np.zeros_like(world["mob_map"]), **{n: world[n] for n in world if "mobs." in n}}
    rebuild_mob_map(expected)
    if not np.array_equal(expected["mob_map"], world["mob_map"]):
        yield Fault(Code.MOBS, "mob_map does not say where the mobs are", "leave mob_map alone; world.spawn keeps it")


def _ladders(world: WorldArrays, amounts: Amounts) -> Iterator[Fault]:
    """Whoever takes a ladder must arrive on ground."""
    for floor in Floor:
        for item, step, arrivals in ((Item.LADDER_DOWN, 1, "up_ladders"), (Item.LADDER_UP, -1, "down_ladders")):
            if not (world["items"][floor] == item).any():
                continue
            there = Floor(floor + step) if 0 <= floor + step < len(Floor) else None
            if there is None:
                yield Fault(Code.LADDERS, f"{floor.name} has a ladder that leads nowhere", "take it out of world.items")
                continue
            cell = _cell(world[arrivals][there])
            block = Block(int(world["blocks"][there][cell]))
            if not amounts.walkable[block]:
                way = "down" if step > 0 else "up"
                yield Fault(
                    Code.LADDERS,
                    f"the ladder {way} of {floor.name} ends at {cell} of {there.name} inside {block.name}",
                    f"keep the ladders of {there.name} free, or move them: "
                    f"world.move_ladder_{'up' if step > 0 else 'down'}(position, floor=Floor.{there.name})",
                )


def _plants(world: WorldArrays) -> Iterator[Fault]:
    for index in np.flatnonzero(world["growing_plants_mask"]):
        cell = _cell(world["growing_plants_positions"][index])
        block = Block(int(world["blocks"][Floor.OVERWORLD][cell]))
        if block not in (Block.PLANT, Block.RIPE_PLANT):
            yield Fault(
                Code.PLANTS,
                f"a plant grows at {cell}, but the block there is {block.name}",
                "use world.plant(position)",
            )


def quantities(world: Mapping[str, np.ndarray]) -> np.ndarray:
    """float32[Q]: every goal quantity of a start, in `QUANTITIES` order; counters are 0."""
    return np.array([_quantity(world, name) for name in QUANTITIES], dtype=np.float32)


def _quantity(world: Mapping[str, np.ndarray], name: str) -> float:
    if name == "floor":
        return float(world["player_level"])
    if name in VITALS:
        return float(world[f"player_{name}"])
    return float(np.sum(world[name])) if name.startswith("inventory.") else 0.0


def _warnings(worlds: Sequence[WorldArrays], amounts: Amounts) -> tuple[str, ...]:
    found = []
    if len(worlds) > 1 and all(_alike(worlds[0], other) for other in worlds[1:]):
        found.append(
            f"all {len(worlds)} worlds start alike; draw from world.rng so that the agent cannot learn one map by heart"
        )
    far = sum(_vanishing(world, int(amounts.number("despawn_distance"))) for world in worlds)
    if far:
        found.append(f"{far} mobs start so far from the player that they vanish at the first step")
    return tuple(found)


def _alike(one: WorldArrays, other: WorldArrays) -> bool:
    """Same floor, same surroundings, same mobs, same player."""
    floor = int(one["player_level"])
    for name, array in one.items():
        if name in ("state_rng", "potion_mapping"):
            continue
        per_floor = array.ndim and array.shape[0] == len(Floor) and not name.startswith("inventory")
        same = np.array_equal(array[floor], other[name][floor]) if per_floor else np.array_equal(array, other[name])
        if not same:
            return False
    return True


def _vanishing(world: WorldArrays, despawn: int) -> int:
    floor = int(world["player_level"])
    if floor == Floor.GRAVEYARD:
        return 0
    distance = manhattan(_cell(world["player_position"]))
    return int((world["mob_map"][floor] & (distance >= despawn)).sum())


def _cell(position: np.ndarray) -> tuple[int, int]:
    return int(position[0]), int(position[1])
