"""`dicode doctor`: what this machine offers, said plainly; values of keys are never read out."""

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from rich.table import Table

from dicode.cache import cache_dir
from dicode.errors import ConfigError
from dicode.machine import cores, has_amx
from dicode.terminal import PlainConsole


def required() -> dict[str, str]:
    """Every package that this one asks for, with the extra that asks for it; empty where it is always needed.

    Of a source tree that was never installed only the commonest are known.
    """
    try:
        asks = requires("dicode") or []
    except PackageNotFoundError:
        asks = ["jax", "flax", "optax", "numpy", "craftax", "hydra-core"]
    asked = [(re.split(r"[^\w.-]", one)[0], re.search(r"extra == .(\w+)", one)) for one in asks]
    found = {"dicode": "", "jaxlib": ""} | {name: "" for name, extra in asked if extra is None}
    found |= {name: extra[1] for name, extra in asked if extra is not None and name not in found}
    return found | {"imageio-ffmpeg": "video"}  # an extra of an extra: its name stands nowhere


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed" if package != "dicode" else "a source tree that was not installed"


def _megabytes(path: Path) -> float:
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) / 1e6


def _devices() -> str:
    import jax

    return ", ".join(f"{d.device_kind} ({d.platform}:{d.id})" for d in jax.local_devices())


_WALL_CALLS = "seccomp, landlock_create_ruleset, landlock_add_rule, landlock_restrict_self"


def _sandbox() -> str:
    from dicode import games
    from dicode.sandbox import Sandbox

    with Sandbox(games.load_host(games.DEFAULT)) as sandbox:
        found = sandbox.mechanisms()
        return wall_in_words(found, sandbox.wall_is_full())


def wall_in_words(found: Sequence[str], full: bool) -> str:
    """What the wall is made of, whether it is the full one, and if not, what would have to be let through."""
    named = ", ".join(found) or "none"
    if full:
        return f"{named}: the full wall"
    return (
        f"{named}: not the full wall, so text from a model needs sandbox=weak. It needs the system calls {_WALL_CALLS}; "
        "in a container the container's own seccomp profile must let them through (--security-opt seccomp=FILE)"
    )


def cores_in_words(count: int, matrix_units: bool) -> str:
    """How many cores, and the setting that makes use of what they have."""
    with_units = ", with matrix units for bfloat16: learner.precision=bfloat16 trains faster on them"
    return f"{count}{with_units if matrix_units else ''}"


def rows() -> list[tuple[str, str]]:
    """What is found, as (name, finding), slow checks included."""
    cache = cache_dir()
    found = [("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")]
    for package, extra in required().items():
        found.append((f"{package} (extra {extra})" if extra else package, _version(package)))
    found += [
        ("devices", _devices()),
        ("cores", cores_in_words(cores(), has_amx())),
        ("sandbox", _sandbox()),
        ("compile cache", f"{cache} ({_megabytes(cache):.0f} MB)"),
    ]
    return found


def report(overrides: Sequence[str]) -> int:
    """Print the findings; with `fm=NAME` also make one tiny call to each model. Returns 0, or 1 if a call failed."""
    from dicode import config
    from dicode.dreaming import providers, trial

    unknown = [o for o in overrides if not o.startswith(("fm", "models."))]
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is not for doctor; it takes fm=NAME, fm.KEY=VALUE and models.NAME.KEY=VALUE")
    settings = config.load(overrides) if overrides else None
    console = PlainConsole()
    table = Table("what", "found", title="dicode doctor")
    for name, finding in rows():
        table.add_row(name, finding)
    for name, present in providers.keys_present().items():
        table.add_row(name, "set" if present else "not set")
    console.print(table)
    if settings is None:
        return 0
    entries = (settings.fm, *settings.models.values())
    answers = [
        trial.probe(entry, place) for entry, place in zip(entries, providers.places(settings.models), strict=True)
    ]
    for answer in answers:
        console.print(answer.sentence)
    return 0 if all(answer.ok for answer in answers) else 1
