"""Options of the command line that would do nothing: refused, each with the action or the option that it belongs to."""

from argparse import Namespace

from dicode.errors import ConfigError


def check_level(arguments: Namespace) -> None:
    """Raise ConfigError for an option of `level show` beside `check`, or the other way round."""
    of = {
        "check": {"--episode-limit": arguments.episode_limit is not None, "--watch": arguments.watch},
        "show": {"-o": arguments.output is not None, "--floor": arguments.floor is not None},
    }
    own = arguments.action
    other = "show" if own == "check" else "check"
    for option, given in of[other].items():
        if given:
            raise ConfigError(f"{option} is an option of `dicode level {other}`; level {own} has no use for it")


def check_levels(arguments: Namespace) -> None:
    """Raise ConfigError for two ways to print an archive, or for one where levels are exported."""
    given = [f"--{name}" for name in ("json", "digest") if getattr(arguments, name)]
    if len(given) > 1:
        raise ConfigError("--json and --digest are two ways to print an archive; name one of them")
    if given and arguments.words[0] == "export":
        raise ConfigError(f"{given[0]} prints an archive; levels export writes files")


def check_view(arguments: Namespace) -> None:
    """Raise ConfigError for a port where nothing is served."""
    if arguments.export is not None and arguments.port is not None:
        raise ConfigError("--port says where pages are served; --export writes them and ends")
