"""Where compiled programs and textures are kept between runs: the user's cache directory.

`DICODE_CACHE` overrides the place; an empty directory there means a cold start.
"""

import os
from pathlib import Path

from dicode.errors import DicodeError


def cache_dir(*parts: str) -> Path:
    """A directory below the user's cache, created on first use. Raises DicodeError where none can be made."""
    base = os.environ.get("DICODE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "dicode")
    path = Path(os.path.expanduser(base), *parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DicodeError(
            f"no cache can be kept in {path} ({error.strerror or error}); set DICODE_CACHE to a folder that can be written"
        ) from error
    return path


def enable_compile_cache() -> Path:
    """Keep every compiled program on disk; call once before the first compilation."""
    import jax

    path = cache_dir("xla")
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    # Otherwise a program with `agent.products` on several devices has another key in every process.
    jax.config.update("jax_remove_custom_partitioning_ptr_from_cache_key", True)
    return path
