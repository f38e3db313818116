"""The `dicode` command: parses words, calls one function, turns a DicodeError into one sentence and exit code 2."""

import argparse
import contextlib
import difflib
import io
import logging
import sys
from argparse import Namespace
from collections.abc import Sequence

from dicode import interrupts
from dicode.commands.table import COMMANDS, SETTINGS, TRAIN_HELP
from dicode.errors import ConfigError, DicodeError, nearest
from dicode.logs import quiet_packages
from dicode.machine import check_platform
from dicode.received.text import plain

_EXIT_CODES = (
    "exit codes: 0 done, or help was asked for; 1 something asked for did not work out; 2 wrong usage; 3 a run ended "
    "whose model never answered; 130 interrupted, 143 or 129 ended from outside"
)


class _Parser(argparse.ArgumentParser):
    """Usage errors as a ConfigError."""

    def error(self, message: str) -> None:  # type: ignore[override]
        # Settings may be left out, yet argparse counts them among what is missing.
        raise ConfigError(f"{message.replace(f', {SETTINGS}', '')} (see `{self.prog} --help`)")


def _help() -> str:
    lines = [f"  {name:9}{command.text}" for name, command in COMMANDS.items()]
    about = ["usage: dicode COMMAND ...", "", "Dreaming in Code.", "", *lines, "", "`dicode COMMAND --help` says more"]
    return "\n".join([*about, "options: --help, --version", _EXIT_CODES])


def _parse(name: str, words: Sequence[str]) -> Namespace:
    """The command's words and options, in any order."""
    command = COMMANDS[name]
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
    meant, keys = f"{key}={value or 'VALUE'}", COMMANDS[name].keys
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
    if name not in COMMANDS:
        raise ConfigError(f"no command is called {name!r}{nearest(name, COMMANDS)} (commands: {', '.join(COMMANDS)})")
    if name == "train" and ("--help" in rest or "-h" in rest):
        from dicode.usage import settings_help

        print(TRAIN_HELP + settings_help(rest))
        return 0
    arguments = _parse(name, rest)
    check_platform()
    return COMMANDS[name].call(arguments)


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
