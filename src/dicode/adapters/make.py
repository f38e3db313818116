"""`dicode.make` and `dicode.make_vec`: an environment from a name and a list of levels."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dicode import games
from dicode.adapters.gymnax import LevelsEnv, Options
from dicode.adapters.loading import WORLDS, Loading, Source, load_levels
from dicode.errors import ConfigError, missing_extra, nearest
from dicode.types import TARGET

if TYPE_CHECKING:
    from dicode.adapters.gymnasium import LevelsVectorEnv

_SUFFIX = "-Levels"


def make(
    name: str = "Craftax-Levels",
    levels: Iterable[Source] = (TARGET,),
    *,
    worlds: int = WORLDS,
    seed: int = 0,
    sandbox: str = "auto",
    episode_limit: int = Options.episode_limit,
    observation: str = Options.observation,
    conditioning: str = Options.conditioning,
) -> LevelsEnv:
    """Levels of a game behind gymnax's interface (`LevelsEnv`).

    `levels`: files, names of the library's levels, `target` (the unmodified game), or what `load_level` gave; each is built
    on `worlds` worlds that follow from `seed`. `observation`: `flat` (one vector) or `compact`; `conditioning`: what the
    observation says of the goal: `full`, `paper` (achievements alone) or `none`.

    Raises ConfigError for a name, option or file that can't be, LevelError for a level that is rejected.
    """
    game, options = game_of(name), Options(episode_limit, observation, conditioning)
    return LevelsEnv(games.load_device(game), load_levels(levels, Loading(game, worlds, seed, sandbox)), options)


def make_vec(
    name: str = "Craftax-Levels",
    levels: Iterable[Source] = (TARGET,),
    *,
    num_envs: int = 64,
    worlds: int = WORLDS,
    seed: int = 0,
    sandbox: str = "auto",
    episode_limit: int = Options.episode_limit,
    observation: str = Options.observation,
    conditioning: str = Options.conditioning,
) -> "LevelsVectorEnv":
    """The same behind Gymnasium's vector interface; the levels are dealt out to the environments in turn.

    Needs the extra `gymnasium`. Raises as `make`.
    """
    try:
        from dicode.adapters.gymnasium import LevelsVectorEnv
    except ImportError as error:
        raise missing_extra("gymnasium") from error
    game, options = game_of(name), Options(episode_limit, observation, conditioning)
    loaded = load_levels(levels, Loading(game, worlds, seed, sandbox))
    return LevelsVectorEnv(games.load_device(game), loaded, num_envs, options)


def game_of(name: str) -> str:
    """The game of an environment's name (`Craftax-Levels` is `craftax`). Raises ConfigError for an unknown one."""
    known = {environment_of(game): game for game in games.names()}
    found = {environment.lower(): game for environment, game in known.items()}.get(name.lower())
    if found is None:
        raise ConfigError(f"no environment is called {name!r}{nearest(name, known)} (there is: {', '.join(known)})")
    return found


def environment_of(game: str) -> str:
    """The environment's name of a game: `craftax` is `Craftax-Levels`."""
    return "-".join(part.capitalize() for part in game.split("_")) + _SUFFIX
