"""The `dicode` command: parses words, calls one function, turns a DicodeError into one sentence and exit code 2."""

import argparse
import contextlib
import difflib
import io
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicode import interrupts
from dicode.errors import ConfigError, DicodeError, nearest
from dicode.logs import quiet_packages
from dicode.machine import check_platform
from dicode.received.text import plain

_TRAIN_HELP = """\
Train an agent on levels that are dreamed while it trains.

  dicode train                                 the default preset of this machine (laptop or gpu)
  dicode train preset=smoke run=demo           a few minutes on two cores
  dicode train method=plr seed=3               another method, another seed
  dicode train dreamer=foundation fm=openai    a foundation model dreams
  dicode train from=runs/demo run=more         start from another run's parameters
  dicode train --multirun method=ppo,dicode seed=0,1,2
  srun -n 4 dicode train preset=gpu            one run on four processes (SLURM), or by addresses, N times with I from 0:
  dicode train ... distributed.coordinator=HOST:PORT distributed.processes=N distributed.process=I

Options may stand between the words: --multirun (-m), one run for every combination of comma-separated values; --quiet
(-q), no live view. A setting is text up to the end of its word; of runs_dir every character counts, a comma too.

"""

_EVAL_HELP = """\
Evaluate a run's newest checkpoint on held-out worlds; results are kept in the run's evaluation/.

  worlds=1024          held-out worlds (default: the run's evaluation.worlds)
  steps=8192           steps of each at most
  seed=20000           which worlds
  num_envs=64          worlds played at once (default: the run's num_envs), fewer where memory or time is short
  engine=own|package   the project's step, or the craftax package's
  suite=target|heldout|graded  the run's target, success on twenty held-out levels, or on 8 families x 5 rungs
  levels=FILE.py|DIR|library:NAME  success on levels of your own, or of the library; of these nothing is kept
  policy=agent|random  the trained agent, or a uniformly random one in the same worlds
"""

_SETTINGS = "key=value"

_EXIT_CODES = (
    "exit codes: 0 done, or help was asked for; 1 something asked for did not work out; 2 wrong usage; 3 a run ended "
    "whose model never answered; 130 interrupted, 143 or 129 ended from outside"
)


def _train(arguments: Namespace) -> int:
    from dicode.commands import launch, sweep

    if arguments.multirun:
        return sweep.multirun(arguments.overrides)
    return launch.start(arguments.overrides, quiet=arguments.quiet)


def _resume(arguments: Namespace) -> int:
    from dicode.commands import launch

    return launch.resume(arguments.run, arguments.overrides)


def _replay(arguments: Namespace) -> int:
    from dicode.commands import launch

    return launch.replay(arguments.run, arguments.overrides)


def _eval(arguments: Namespace) -> int:
    from dicode.config import evaluation_options
    from dicode.runs.directory import open_run

    options = evaluation_options(arguments.overrides)
    open_run(arguments.run)
    from dicode.commands import evaluate

    return evaluate.command(arguments.run, options, watch=arguments.watch)


def _compare(arguments: Namespace) -> int:
    from dicode.commands import comparison

    asked = arguments.against, arguments.on, arguments.levels
    return comparison.command(arguments.runs, arguments.by, arguments.output, arguments.allow, *asked)


def _levels(arguments: Namespace) -> int:
    from dicode.commands import levels, options

    options.check_levels(arguments)
    words: list[str] = arguments.words
    if words[0] == "export":
        if len(words) != 3:
            raise ConfigError("usage: dicode levels export runs/NAME DIR")
        return levels.export(words[1], words[2])
    if len(words) != 1:
        raise ConfigError(f"unexpected {words[1]!r}; usage: dicode levels runs/NAME [--json|--digest]")
    return levels.show(words[0], as_json=arguments.json, digest=arguments.digest)


def _dream(arguments: Namespace) -> int:
    from dicode.commands import dream

    if not arguments.offline:
        raise ConfigError(
            "dreams of a run under way are asked by `dicode train`; `dicode dream --offline runs/NAME` asks again"
        )
    return dream.offline(
        arguments.run, arguments.overrides, arguments.prompts, arguments.output, arguments.last, arguments.probe
    )


def _adopt(arguments: Namespace) -> int:
    from dicode.commands import adopt

    return adopt.command(arguments.run, arguments.words)


def _level(arguments: Namespace) -> int:
    from dicode.commands import level_file, options

    file, wall, game = arguments.file, arguments.sandbox, arguments.game
    options.check_level(arguments)
    if arguments.action == "check":
        return level_file.check(file, wall, arguments.episode_limit, arguments.watch, game)
    output = "level.png" if arguments.output is None else arguments.output
    return level_file.show(file, output, floor=arguments.floor, wall=wall, game=game)


def _view(arguments: Namespace) -> int:
    from dicode.commands import options
    from dicode.view.pages import command

    options.check_view(arguments)
    return command.view(arguments.runs, arguments.export, arguments.port or 0)


def _export(arguments: Namespace) -> int:
    from dicode.adapters import export

    return export.command(arguments.run, arguments.output)


def _doctor(arguments: Namespace) -> int:
    from dicode.commands import doctor

    return doctor.report(arguments.overrides)


def _train_options(parser: ArgumentParser) -> None:
    parser.add_argument("overrides", nargs="*", metavar=_SETTINGS)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--quiet", "-q", action="store_true")


def _run_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="runs/NAME")
    parser.add_argument("overrides", nargs="*", metavar=_SETTINGS)


def _eval_options(parser: ArgumentParser) -> None:
    _run_options(parser)
    parser.add_argument("--watch", action="store_true", help="evaluate every new checkpoint until the run ends")


def _compare_options(parser: ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="runs/NAME")
    parser.add_argument("--by", default="method", help="setting that groups the runs (default: method)")
    parser.add_argument("-o", "--output", default="comparison", help="folder for tables and figures")
    against = "this group against each other one: paired differences and Holm's p"
    parser.add_argument("--against", metavar="GROUP", help=against)
    on = "what --against compares: graded, solved, return or suite (default: the first of them that all runs have)"
    parser.add_argument("--on", metavar="MEASURE", help=on)
    parser.add_argument(
        "--levels", metavar="PATTERN", help="levels of a suite that count there, for example 'carpenter/*'"
    )
    allow = "a setting that may differ between groups (or steps, protocol, versions, all); may be repeated"
    parser.add_argument("--allow", action="append", default=[], metavar="NAME", help=allow)


def _levels_options(parser: ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="runs/NAME", help="a run, or: export runs/NAME DIR")
    parser.add_argument("--json", action="store_true", help="the archive as JSON")
    parser.add_argument("--digest", action="store_true", help="the archive's digest only")


def _dream_options(parser: ArgumentParser) -> None:
    _run_options(parser)
    parser.add_argument("--offline", action="store_true", help="the run's recorded briefs, beside the run")
    parser.add_argument("--prompts", default="", metavar="DIR", help="templates NAME.md that stand for the package's")
    parser.add_argument("--last", type=_count, default=0, metavar="N", help="the last N rounds (default: all)")
    parser.add_argument(
        "--probe", type=_count, default=0, metavar="N", help="episodes that measure each accepted level"
    )
    parser.add_argument("-o", "--output", default="", metavar="DIR", help="folder for journal and result")


def _adopt_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="runs/NAME")
    parser.add_argument("words", nargs="*", metavar="settings|code")


def _level_options(parser: ArgumentParser) -> None:
    from dicode import games

    parser.add_argument("action", choices=["check", "show"])
    parser.add_argument("file", metavar="FILE.py", help="a file, or library:NAME for a level that comes with the game")
    parser.add_argument("--game", default=games.DEFAULT, help=f"whose level it is (default: {games.DEFAULT})")
    parser.add_argument("-o", "--output", help="picture (show; default: level.png)")
    parser.add_argument(
        "--floor", type=_count, default=None, help="floor to draw (show; default: where the player starts)"
    )
    parser.add_argument(
        "--episode-limit", type=_count, help="steps of an episode (check; default: as in this machine's preset)"
    )
    parser.add_argument("--watch", action="store_true", help="check again whenever the file is saved (check)")
    walls = ["auto", "full", "weak"]
    parser.add_argument("--sandbox", default="auto", choices=walls, help="wall around the level's code")


def _view_options(parser: ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="runs/NAME")
    parser.add_argument("--export", metavar="DIR", help="write pages that open from disk and end")
    parser.add_argument("--port", type=_port, help="port on 127.0.0.1 (default: a free one)")


def _export_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="runs/NAME")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder to write (default: the run's policy/)")


def _doctor_options(parser: ArgumentParser) -> None:
    parser.add_argument("overrides", nargs="*", metavar=_SETTINGS)


@dataclass(frozen=True)
class _Command:
    text: str
    call: Callable[[Namespace], int]
    options: Callable[[ArgumentParser], None]
    keys: tuple[str, ...] = ()
    """What it takes as key=value; `train` takes all settings."""
    description: str = ""


_COMMANDS = {
    "train": _Command("train an agent", _train, _train_options, description=_TRAIN_HELP),
    "resume": _Command(
        "continue a run where it stopped, or longer: total_steps=2e6 schedule=continue|restart",
        _resume,
        _run_options,
        ("total_steps", "schedule", "devices"),
    ),
    "replay": _Command(
        "run a run again from its journal, without a network, and compare the archives", _replay, _run_options, ("run",)
    ),
    "eval": _Command(
        "evaluate a run on held-out worlds",
        _eval,
        _eval_options,
        ("worlds", "steps", "seed", "num_envs", "engine", "suite", "levels", "policy"),
        _EVAL_HELP,
    ),
    "compare": _Command("compare runs: tables, curves and intervals", _compare, _compare_options),
    "adopt": _Command(
        "say that a run from elsewhere is yours: its settings, its code; without words, show it", _adopt, _adopt_options
    ),
    "dream": _Command(
        "dream a run's briefs again with other prompts or another model, and count: dicode dream --offline runs/NAME fm=b",
        _dream,
        _dream_options,
        ("dreamer", "fm", "budget"),
    ),
    "levels": _Command(
        "list a run's levels, or export them: dicode levels export runs/NAME DIR", _levels, _levels_options
    ),
    "level": _Command("check a level file, or draw it", _level, _level_options),
    "view": _Command(
        "look at runs in the browser: as they go on, or with --export as a folder of pages", _view, _view_options
    ),
    "export": _Command(
        "the trained policy as one portable file, with a program that plays the game with it", _export, _export_options
    ),
    "doctor": _Command(
        "versions, devices, sandbox, cache, keys; fm=NAME makes one tiny call", _doctor, _doctor_options, ("fm",)
    ),
}


def _count(text: str) -> int:
    """A whole number from 0 on, however it is written. Raises ArgumentTypeError for anything else."""
    from dicode.settings import whole

    try:
        number = whole("the value", text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if number < 0:
        raise argparse.ArgumentTypeError(f"the value is {text}; it must be at least 0")
    return number


def _port(text: str) -> int:
    """A port, 0 for a free one. Raises ArgumentTypeError for anything else."""
    if (number := _count(text)) > 65_535:
        raise argparse.ArgumentTypeError(f"the value is {text}; ports are 0 to 65535")
    return number


class _Parser(argparse.ArgumentParser):
    """Usage errors as a ConfigError."""

    def error(self, message: str) -> None:  # type: ignore[override]
        # Settings may be left out, yet argparse counts them among what is missing.
        raise ConfigError(f"{message.replace(f', {_SETTINGS}', '')} (see `{self.prog} --help`)")


def _help() -> str:
    lines = [f"  {name:9}{command.text}" for name, command in _COMMANDS.items()]
    about = ["usage: dicode COMMAND ...", "", "Dreaming in Code.", "", *lines, "", "`dicode COMMAND --help` says more"]
    return "\n".join([*about, "options: --help, --version", _EXIT_CODES])


def _parse(name: str, words: Sequence[str]) -> Namespace:
    """The command's words and options, in any order."""
    command = _COMMANDS[name]
    raw = argparse.RawDescriptionHelpFormatter
    about = command.description or command.text
    parser = _Parser(prog=f"dicode {name}", description=about, formatter_class=raw, allow_abbrev=False)
    command.options(parser)
    arguments, unknown = parser.parse_known_intermixed_args(words)
    run = getattr(arguments, "run", "")
    if "=" in run and run.partition("=")[0].partition(".")[0] in command.keys:
        raise ConfigError(f"{run} stands where the run should: dicode {name} runs/NAME {run}")
    if unknown:
        options = [option for action in parser._actions for option in action.option_strings]
        raise ConfigError(_unknown_option(name, unknown[0], words, options))
    return arguments


def _unknown_option(name: str, option: str, words: Sequence[str], options: Sequence[str]) -> str:
    """What is wrong with an option that the command has not: most often it is a setting in another program's clothes."""
    spelled, _, value = option.partition("=")
    key, after = spelled.lstrip("-").replace("-", "_"), words[words.index(option) + 1 :]
    if not value and after and not after[0].startswith("-") and "=" not in after[0]:
        value = after[0]
    meant, keys = f"{key}={value or 'VALUE'}", _COMMANDS[name].keys
    close = difflib.get_close_matches(spelled, options, n=1, cutoff=0.75)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if name == "train" and not hint:
        from dicode.config import Config
        from dicode.words import GROUPS, nearest_setting, settings_of

        known = key in GROUPS or key in settings_of(Config)
        hint = f"; write {meant}" if known else nearest_setting(key, Config)
    elif keys and not hint:
        hint = f"; write {meant}" if key in keys else nearest(key, keys)
    return f"no option is called {spelled}{hint or f' (see `dicode {name} --help`)'}"


def _run(words: Sequence[str]) -> int:
    if len(words) > 1 and words[0] == "help":
        words = [words[1], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if words[0] in ("-V", "--version", "version"):
        from dicode import __version__

        print(f"dicode {__version__}")
        return 0
    name, rest = words[0], words[1:]
    if name not in _COMMANDS:
        raise ConfigError(f"no command is called {name!r}{nearest(name, _COMMANDS)} (commands: {', '.join(_COMMANDS)})")
    if name == "train" and ("--help" in rest or "-h" in rest):
        from dicode.usage import settings_help

        print(_TRAIN_HELP + settings_help(rest))
        return 0
    arguments = _parse(name, rest)
    check_platform()
    return _COMMANDS[name].call(arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; without one, print help. Returns the exit code, as `dicode --help` lists them."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows a question mark
    with interrupts.heard():
        return _ended(words)


def _ended(words: Sequence[str]) -> int:
    """The exit code of a command, whatever became of it."""
    try:
        quiet_packages()
        code = _run(words)
        if sys.stdout is not None:  # a full disk is told here, not by the interpreter
            sys.stdout.flush()
        return code
    except DicodeError as error:
        print(plain(f"dicode: {error}"), file=sys.stderr)
        return 2
    except interrupts.Terminated as end:
        print(f"dicode: ended by {end}", file=sys.stderr)
        return 128 + end.number
    except KeyboardInterrupt:
        print("dicode: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 0
    except OSError as error:
        from dicode.files import sentence

        logging.getLogger(__name__).debug("the system refused", exc_info=True)
        print(plain(f"dicode: {sentence(error)}"), file=sys.stderr)
        if error.filename is None and sys.stdout is not None:
            with contextlib.suppress(OSError):
                sys.stdout.close()
        return 2
