"""Random levels: the game's own worlds by seed, or random level programs.

A world level is a level program that edits nothing and names its world: the constants `WORLD_SEED` and
`WORLDS` tell whoever makes base worlds to make the same ones in every cycle, where other levels get
fresh ones. They hold in texts of origin `generator` alone, which this module and the edits of such levels
write; in anybody else's text they are constants like others.
"""

import re
from dataclasses import dataclass

from dicode.errors import ConfigError
from dicode.games.host import HostGame, Levels
from dicode.methods.protocol import Context
from dicode.methods.settings import Room
from dicode.types import TARGET, Draft, Origin

_CONSTANT = r"^{name} = (\d{{1,10}})$"


@dataclass(frozen=True)
class FixedWorlds:
    """The base worlds of a level: number i of `worlds` is keyed by (seed, i), whatever the run or the cycle."""

    seed: int
    worlds: int


def world_draft(levels: Levels, seed: int, worlds: int = 1, target: str = "") -> Draft:
    """The level that is `worlds` worlds of the game's generator, fixed by `seed`; as the `target` edits them, if it is a level."""
    text, what = levels.generated(seed, worlds), ""
    if target:
        text, what = f"{target.rstrip()}\n\n\nWORLD_SEED = {seed}\nWORLDS = {worlds}\n", "the target in "
    return Draft(text, f"{what}world {seed} of the game's generator", Origin.GENERATOR, move="generate")


def fixed_worlds(source: str, origin: Origin = Origin.GENERATOR) -> FixedWorlds | None:
    """The worlds that a generator's level names, None for any other, which takes fresh ones each cycle."""
    if origin is not Origin.GENERATOR:
        return None
    # The last ones: a target's own text comes before them, and may say anything.
    found = [re.findall(_CONSTANT.format(name=name), source, re.MULTILINE) for name in ("WORLD_SEED", "WORLDS")]
    seed, worlds = (int(numbers[-1]) if numbers else None for numbers in found)
    return None if seed is None or seed >= 2**31 else FixedWorlds(seed, max(worlds or 1, 1))


def is_plain(levels: Levels, source: str, origin: Origin = Origin.GENERATOR) -> bool:
    """Whether the level is exactly its generated worlds, so that nothing has to be executed to build it."""
    fixed = fixed_worlds(source, origin)
    return fixed is not None and source == levels.generated(fixed.seed, fixed.worlds)


def require(generator: str, game: HostGame) -> None:
    """Raise ConfigError where the game has no such generator."""
    if generator == "goals" and game.dreams().random_goal is None:
        raise ConfigError(
            f"method.generator=goals needs goals that make sense in any world, which {game.name} has not; use worlds or grammar"
        )


def drafts(context: Context, generator: str, room: Room, count: int) -> tuple[Draft, ...]:
    """`count` random levels of a generator: `worlds` (the game's own, by seed), `grammar` or `goals`, drawn for each cycle."""
    if generator != "worlds":
        dreams, streams, cycle = room.game.dreams(), context.streams, context.cycle
        draw = dreams.random_level if generator == "grammar" else dreams.random_goal
        assert draw is not None, "checked when the method was made"
        return tuple(draw(streams.rng("generator", cycle, index)) for index in range(count))
    rng = context.streams.rng("generator", context.cycle)
    seeds = rng.integers(0, 2**31, size=count).tolist()
    target = context.snapshot.levels[TARGET].source if TARGET in context.snapshot.levels else ""
    return tuple(world_draft(room.game.levels(), seed, room.worlds_per_level, target) for seed in seeds)
