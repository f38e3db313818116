"""The single door to the `craftax` package: its functions, and nothing printed on the way.

The package writes its texture cache next to its own source and prints while loading it. Here the
cache goes to the user's cache directory and the prints to the log, so that a read-only installation
works and importing this module says nothing.
"""

import logging
import os

from craftax.craftax import constants
from craftax.craftax.craftax_state import EnvParams, EnvState, Inventory, Mobs, StaticEnvParams
from craftax.craftax.envs.craftax_symbolic_env import CraftaxSymbolicEnv, CraftaxSymbolicEnvNoAutoReset
from craftax.craftax.game_logic import craftax_step, is_game_over
from craftax.craftax.renderer import make_craftax_pixel_renderer, render_craftax_symbolic
from craftax.craftax.world_gen.world_gen import generate_world

from dicode.cache import cache_dir

__all__ = [
    "ENV_PARAMS",
    "STATIC_PARAMS",
    "CraftaxSymbolicEnv",
    "CraftaxSymbolicEnvNoAutoReset",
    "EnvParams",
    "EnvState",
    "Inventory",
    "Mobs",
    "StaticEnvParams",
    "constants",
    "craftax_step",
    "generate_world",
    "is_game_over",
    "make_craftax_pixel_renderer",
    "render_craftax_symbolic",
]

_log = logging.getLogger(__name__)

ENV_PARAMS = EnvParams()
"""The package's defaults: the unmodified game."""
STATIC_PARAMS = StaticEnvParams()
"""Sizes of the package's arrays."""


def _log_line(*words: object) -> None:
    _log.info(" ".join(map(str, words)))


# A module global named `print` shadows the built-in for that module alone.
constants.print = _log_line
constants.TEXTURE_CACHE_FILE = os.path.join(cache_dir("textures"), "craftax.pbz2")
