"""The `dicode` command: parses words, calls one function, turns a DicodeError into one sentence and exit code 2."""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence

from dicode import __version__
from dicode.errors import ConfigError, DicodeError, nearest
from dicode.files import sentence

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

"""


_EVAL_HELP = """\
Evaluate a run's newest checkpoint on held-out worlds; results are kept in the run's evaluation/.

  worlds=1024          held-out worlds (default: the run's evaluation.worlds)
  steps=8192           steps of each at most
  seed=20000           which worlds
  engine=own|package   the project's step, or the craftax package's
  suite=target|heldout the unmodified game, or success on the library's held-out levels
  policy=agent|random  the trained agent, or a uniformly random one in the same worlds
"""


def _settings_help() -> str:
    from dicode.config import GROUPS, documented, group_choices

    lines = [f"{g}={'|'.join(group_choices(g)) or '...'}" for g in GROUPS]
    for name, f in documented():
        meta = f.metadata
        if meta["choices"]:
            allowed = "|".join(map(str, meta["choices"]))
        elif meta["low"] is not None:
            allowed = f"{meta['low']:g} to {meta['high']:g}"
        else:
            allowed = ""
        lines.append(f"  {name:32} {meta['text']} [{f.default}{'; ' + allowed if allowed else ''}]")
    return "groups and settings (defaults before the preset):\n" + "\n".join(lines)


def _train(arguments: argparse.Namespace) -> int:
    from dicode.runs import launch

    if arguments.multirun:
        return launch.multirun(arguments.overrides)
    return launch.start(arguments.overrides, quiet=arguments.quiet)


def _resume(arguments: argparse.Namespace) -> int:
    from dicode.runs import launch

    return launch.resume(arguments.run, arguments.overrides)


def _replay(arguments: argparse.Namespace) -> int:
    from dicode.runs import launch

    return launch.replay(arguments.run, arguments.overrides)


def _eval(arguments: argparse.Namespace) -> int:
    from dicode.runs import evaluate

    return evaluate.command(arguments.run, _pairs(arguments.overrides), watch=arguments.watch)


def _compare(arguments: argparse.Namespace) -> int:
    from dicode.runs import comparison

    return comparison.command(arguments.runs, arguments.by, arguments.output, arguments.allow)


def _levels(arguments: argparse.Namespace) -> int:
    from dicode.runs import levels

    words: list[str] = arguments.words
    if words[0] == "export":
        if len(words) != 3:
            raise ConfigError("usage: dicode levels export runs/NAME DIR")
        return levels.export(words[1], words[2])
    if len(words) != 1:
        raise ConfigError(f"unexpected {words[1]!r}; usage: dicode levels runs/NAME [--json|--digest]")
    return levels.show(words[0], as_json=arguments.json, digest=arguments.digest)


def _level(arguments: argparse.Namespace) -> int:
    from dicode.runs import level_file

    if arguments.action == "check":
        return level_file.check(arguments.file, wall=arguments.sandbox, episode_limit=arguments.episode_limit)
    return level_file.show(arguments.file, arguments.output, floor=arguments.floor, wall=arguments.sandbox)


def _view(arguments: argparse.Namespace) -> int:
    from dicode.view.pages import command

    return command.view(arguments.runs, arguments.export, arguments.port)


def _doctor(arguments: argparse.Namespace) -> int:
    from dicode.runs import doctor

    return doctor.report(arguments.overrides)


def _pairs(overrides: Sequence[str]) -> dict[str, str]:
    """key=value words as a dict. Raises ConfigError for a word without `=`."""
    for word in overrides:
        if "=" not in word:
            raise ConfigError(f"{word!r} is not an override; write key=value, for example worlds=64")
    return dict(word.split("=", 1) for word in overrides)


class _Parser(argparse.ArgumentParser):
    """Usage errors as a ConfigError, with the nearest command."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise ConfigError(f"{message} (see `{self.prog} --help`)")


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="dicode", description="Dreaming in Code.", formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"dicode {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, call: Callable, text: str, **more) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=more.pop("description", text), formatter_class=raw, **more
        )
        sub.set_defaults(call=call)
        return sub

    train = add("train", _train, "train an agent", description=_TRAIN_HELP)
    train.add_argument("overrides", nargs="*", metavar="key=value", help="any setting; see below")
    train.add_argument(
        "--multirun", "-m", action="store_true", help="one run for every combination of comma-separated values"
    )
    train.add_argument("--quiet", "-q", action="store_true", help="no live view")

    resume = add(
        "resume", _resume, "continue a run where it stopped, or longer: total_steps=2e6 schedule=continue|restart"
    )
    resume.add_argument("run", metavar="runs/NAME")
    resume.add_argument("overrides", nargs="*", metavar="key=value")

    replay = add("replay", _replay, "run a run again from its journal, without a network, and compare the archives")
    replay.add_argument("run", metavar="runs/NAME")
    replay.add_argument("overrides", nargs="*", metavar="key=value")

    evaluate = add(
        "eval",
        _eval,
        "evaluate a run on held-out worlds",
        description=_EVAL_HELP,
    )
    evaluate.add_argument("run", metavar="runs/NAME")
    evaluate.add_argument("overrides", nargs="*", metavar="key=value")
    evaluate.add_argument("--watch", action="store_true", help="evaluate every new checkpoint until the run ends")

    compare = add("compare", _compare, "compare runs: tables, curves and intervals")
    compare.add_argument("runs", nargs="+", metavar="runs/NAME")
    compare.add_argument("--by", default="method", help="setting that groups the runs (default: method)")
    compare.add_argument("-o", "--output", default="comparison", help="folder for tables and figures")
    compare.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="NAME",
        help="a setting that may differ between groups (or steps, protocol, versions, all); may be repeated",
    )

    levels = add("levels", _levels, "list a run's levels, or export them: dicode levels export runs/NAME DIR")
    levels.add_argument("words", nargs="+", metavar="runs/NAME", help="a run, or: export runs/NAME DIR")
    levels.add_argument("--json", action="store_true", help="the archive as JSON")
    levels.add_argument("--digest", action="store_true", help="the archive's digest only")

    level = add("level", _level, "check a level file, or draw it")
    level.add_argument("action", choices=["check", "show"])
    level.add_argument("file", metavar="FILE.py")
    level.add_argument("-o", "--output", default="level.png", help="picture (show)")
    level.add_argument("--floor", type=int, default=None, help="floor to draw (default: where the player starts)")
    level.add_argument(
        "--episode-limit",
        type=int,
        default=None,
        help="steps of an episode (check; default: as in this machine's preset)",
    )
    level.add_argument(
        "--sandbox", default="auto", choices=["auto", "full", "weak"], help="wall around the level's code"
    )

    view = add("view", _view, "look at runs in the browser: as they go on, or with --export as a folder of pages")
    view.add_argument("runs", nargs="+", metavar="runs/NAME")
    view.add_argument("--export", metavar="DIR", help="write pages that open from disk and end")
    view.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")

    doctor = add("doctor", _doctor, "versions, devices, sandbox, cache, keys; fm=NAME makes one tiny call")
    doctor.add_argument("overrides", nargs="*", metavar="key=value")
    return parser


_COMMANDS = ("train", "resume", "replay", "eval", "compare", "levels", "level", "view", "doctor")


def _quiet_packages() -> None:
    """Keep other packages' chatter off the terminal."""
    logging.basicConfig(level=os.environ.get("DICODE_LOG", "WARNING").upper(), format="%(name)s: %(message)s")
    logging.getLogger("absl").setLevel(logging.ERROR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 a level was rejected, 2 wrong usage, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    _quiet_packages()
    try:
        if words and not words[0].startswith("-") and words[0] not in _COMMANDS:
            raise ConfigError(
                f"no command is called {words[0]!r}{nearest(words[0], _COMMANDS)} (commands: {', '.join(_COMMANDS)})"
            )
        if words[:1] == ["train"] and ("--help" in words or "-h" in words):
            print(_TRAIN_HELP + _settings_help())
            return 0
        arguments = _parser().parse_args(words)
        return arguments.call(arguments)
    except DicodeError as error:
        print(f"dicode: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dicode: interrupted; the last finished cycle is kept, `dicode resume` goes on from it", file=sys.stderr)
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 0
    except OSError as error:
        logging.getLogger(__name__).debug("the system refused", exc_info=True)
        print(f"dicode: {sentence(error)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
