"""What `dicode COMMAND` takes and calls, a row each; nothing heavy is imported before a command runs."""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from dicode.errors import ConfigError

TRAIN_HELP = """\
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

SETTINGS = "key=value"


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
    parser.add_argument("overrides", nargs="*", metavar=SETTINGS)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--quiet", "-q", action="store_true")


def _run_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="runs/NAME")
    parser.add_argument("overrides", nargs="*", metavar=SETTINGS)


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
    parser.add_argument("overrides", nargs="*", metavar=SETTINGS)


@dataclass(frozen=True)
class Command:
    """One command: its line in `dicode --help`, what runs it, what it takes."""

    text: str
    call: Callable[[Namespace], int]
    options: Callable[[ArgumentParser], None]
    keys: tuple[str, ...] = ()
    """What it takes as key=value; `train` takes all settings."""
    description: str = ""


COMMANDS = {
    "train": Command("train an agent", _train, _train_options, description=TRAIN_HELP),
    "resume": Command(
        "continue a run where it stopped, or longer: total_steps=2e6 schedule=continue|restart",
        _resume,
        _run_options,
        ("total_steps", "schedule", "devices"),
    ),
    "replay": Command(
        "run a run again from its journal, without a network, and compare the archives", _replay, _run_options, ("run",)
    ),
    "eval": Command(
        "evaluate a run on held-out worlds",
        _eval,
        _eval_options,
        ("worlds", "steps", "seed", "num_envs", "engine", "suite", "levels", "policy"),
        _EVAL_HELP,
    ),
    "compare": Command("compare runs: tables, curves and intervals", _compare, _compare_options),
    "adopt": Command(
        "say that a run from elsewhere is yours: its settings, its code; without words, show it", _adopt, _adopt_options
    ),
    "dream": Command(
        "dream a run's briefs again with other prompts or another model, and count: dicode dream --offline runs/NAME fm=b",
        _dream,
        _dream_options,
        ("dreamer", "fm", "budget"),
    ),
    "levels": Command(
        "list a run's levels, or export them: dicode levels export runs/NAME DIR", _levels, _levels_options
    ),
    "level": Command("check a level file, or draw it", _level, _level_options),
    "view": Command(
        "look at runs in the browser: as they go on, or with --export as a folder of pages", _view, _view_options
    ),
    "export": Command(
        "the trained policy as one portable file, with a program that plays the game with it", _export, _export_options
    ),
    "doctor": Command(
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
