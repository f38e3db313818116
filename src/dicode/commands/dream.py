"""`dicode dream --offline`: a run's recorded briefs, dreamed again by another model or with other prompts, and counted.

Nothing of the run is changed: answers are journaled in a folder of their own, so that the same words ask for
nothing twice. With `probe` the agent of the run's newest checkpoint plays what was accepted.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from dicode import config as configuration
from dicode import files, idle, words
from dicode.cache import enable_compile_cache
from dicode.commands.launch import choose_dreamer
from dicode.config import Config
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.dreamer import Outcome
from dicode.dreaming.evidence import percent
from dicode.errors import ConfigError, RunError, nearest
from dicode.games import templates
from dicode.runs import origin, restore, withdrawn
from dicode.runs.directory import RunDirectory, open_run
from dicode.terminal import PlainConsole
from dicode.types import Accepted, Brief, Origin, Rejected, Trial

if TYPE_CHECKING:  # without a probe nothing needs JAX
    from dicode.runs.probe import Measured

SECTIONS = ("dreamer", "fm", "budget")
_SCHEDULE = ("dreamer.round", "dreamer.keep", "dreamer.every", "dreamer.lag")
Answer = tuple[Brief, Outcome]


def changed(config: Config, overrides: Sequence[str]) -> Config:
    """A run's configuration with other settings of dreaming. Raises ConfigError for settings of anything else, or that
    would do nothing.
    """
    given = words.split(overrides, Config)
    # Groups first, so that a setting holds wherever its word stands.
    for word in sorted(given, key=lambda word: "." in word.key):
        section, _, name = word.key.partition(".")
        if section not in SECTIONS:
            raise ConfigError(
                f"dream takes settings of {', '.join(SECTIONS)}, not {str(word)!r}{nearest(section, SECTIONS)}"
            )
        if name:
            value = words.settings_of(Config)[word.key][0].value(word.value)
            part = replace(getattr(config, section), **{name: value})
            config = replace(config, **{section: part})
        elif section == "dreamer":
            config = replace(config, dreamer=replace(config.dreamer, name=word.value))
        else:
            told = configuration.load([f"preset={config.preset}", "dreamer=foundation", f"{section}={word.value}"])
            dreamer = replace(config.dreamer, name="foundation")
            config = replace(config, dreamer=dreamer, fm=told.fm, models=told.models)
    if config.dreamer.name == "auto":
        config = replace(config, dreamer=replace(config.dreamer, name=choose_dreamer(config)))
    if config.dreamer.name == "none":
        raise ConfigError("dreamer=none dreams nothing again; use grammar, library or foundation")
    for word in given:
        if reason := _idle(word, config):
            raise ConfigError(f"{word} would do nothing: {reason}")
    return configuration.check(config)


def _idle(word: words.Word, config: Config) -> str | None:
    """Why a word changes nothing where recorded briefs are dreamed again; None where it does."""
    if word.key in _SCHEDULE:
        return "the recorded briefs are asked as they are, whatever came of them"
    if word.key == "dreamer.probe":
        return "--probe N measures what is dreamed again"
    return idle.reason(word, config)


def rounds(snapshot: Snapshot, last: int) -> list[list[Brief]]:
    """The recorded rounds that ask for something new, the `last` ones; 0: all. Raises RunError where there are none."""
    cycles = sorted({brief.cycle for brief in snapshot.briefs})[-last:]
    found = [[b for b in snapshot.briefs if b.cycle == cycle and b.revises is None] for cycle in cycles]
    if not any(found):
        raise RunError("the run has asked for no dreams yet, so there is nothing to dream again")
    return [briefs for briefs in found if briefs]


def own(answers: Sequence[Answer], dreamer: str) -> list[Answer]:
    """Those answers that `dreamer` gave itself: what a model's limits or its budget leave to the grammar says nothing of it."""
    left = {Origin.GRAMMAR, Origin.FRONTIER} if dreamer == "foundation" else set()
    return [(brief, o) for brief, o in answers if o.draft is None or o.draft.origin not in left]


def summary(answers: Sequence[Answer]) -> dict[str, Any]:
    """What became of dreams, counted."""
    drafts = [o for _, o in answers if o.draft is not None]
    accepted = [o for o in drafts if o.accepted]
    rejected = Counter(o.verdict.stage for o in drafts if isinstance(o.verdict, Rejected))
    goals = {json.dumps(o.verdict.goal, sort_keys=True) for o in accepted if isinstance(o.verdict, Accepted)}
    return {
        "dreams": len(answers),
        "drafts": len(drafts),
        "accepted": len(accepted),
        "accepted at first": sum(o.draft is not None and not o.draft.repairs for o in accepted),
        "rejected by stage": dict(sorted(rejected.items())),
        "copies": rejected.get("novelty", 0),
        "different goals": len(goals),
    }


def offline(path: str, overrides: Sequence[str], prompts: str, output: str, last: int, probe: int) -> int:
    """Dream the briefs of the run at `path` again, print what became of them, and keep it in the folder `output`."""
    run, console = open_run(path), PlainConsole()
    known = origin.standing(run)
    asked = changed(run.config(), overrides)
    config = origin.admit(run, replace(asked, dreamer=replace(asked.dreamer, probe=probe)), known)
    snapshot = withdrawn.snapshot_of(run)
    asked_again = rounds(snapshot, last)
    folder = files.output_folder(output or f"{run.path.name}-dreams")
    enable_compile_cache()
    with ExitStack() as stack:
        if prompts:
            of_game = config.game if "." in config.game else f"dicode.games.{config.game}"
            packages = ("dicode.dreaming", of_game)
            stack.enter_context(templates.instead(Path(prompts), packages))
        told = _dreamed(config, run, folder, snapshot, asked_again, known.foreign, console, stack)
    files.write_text(folder / "result.json", json.dumps(told, indent=1, sort_keys=True) + "\n")
    console.print(_one_by_one(told.pop("levels")))
    table = Table(title=f"{run.path.name}, dreamed again by {config.dreamer.name}", show_header=False)
    for name, value in told.items():
        table.add_row(name, json.dumps(value) if isinstance(value, dict) else f"{value}")
    console.print(table)
    return 0


def _one_by_one(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("asked", "move", "goal", "verdict", "measured")
    for row in rows:
        rate = "" if row["rate"] is None else percent(row["rate"])
        table.add_row(row["asked"], row["move"], row["goal"], row["verdict"], rate)
    return table


def _row(brief: Brief, outcome: Outcome, trial: Trial | None) -> dict[str, Any]:
    """One dream, for people."""
    draft, verdict = outcome.draft, outcome.verdict
    return {
        "asked": f"{brief.cycle}.{brief.index}",
        "move": draft.move if draft else "",
        "goal": draft.description.split("\n")[0][:70] if draft else "",
        "verdict": "accepted" if isinstance(verdict, Accepted) else f"{verdict.stage}: {verdict.code.value}",
        "rate": trial.success_rate if trial else None,
        "source": draft.source if draft else "",
    }


def _dreamed(
    config: Config,
    run: RunDirectory,
    folder: Path,
    snapshot: Snapshot,
    asked: Sequence[Sequence[Brief]],
    foreign: bool,
    console: PlainConsole,
    stack: ExitStack,
) -> dict[str, Any]:
    """The counts of all rounds, dreamed one after the other against the archive that each of them knew."""
    from dicode.runs.assemble import builder_of, dreamer_of, sandbox_of
    from dicode.training.trainer import Trainer

    dreamer = dreamer_of(config, folder / "journal", run, stack)
    sandbox, trainer = sandbox_of(config, foreign, stack), Trainer(config)
    builder = builder_of(config, run, trainer, sandbox)
    answers: list[Answer] = []
    for briefs in asked:
        known = [record for record in snapshot.levels.values() if record.id in briefs[0].known]
        with console.status(f"dreaming the {len(briefs)} dreams of cycle {briefs[0].cycle}"):
            answers += zip(briefs, dreamer.dream(briefs, builder.checker(known)), strict=True)
    whole, answers = len(answers), own(answers, config.dreamer.name)
    told = summary(answers) | {"left to the grammar": whole - len(answers)}
    if ledger := dreamer.ledger:
        told |= {"spent": ledger.total().to_json()}
    trials: Mapping[str, Trial] = {}
    if config.dreamer.probe:
        measured = _measured(config, run, trainer, builder, answers, console)
        told |= {"measured": measured.row()}
        answers, trials = measured.answers, measured.trials
    levels = [
        _row(brief, outcome, trials.get(outcome.draft.id) if outcome.draft else None) for brief, outcome in answers
    ]
    return told | {"levels": levels}


def _measured(
    config: Config, run: RunDirectory, trainer: Any, builder: Any, answers: list[Answer], console: PlainConsole
) -> "Measured":
    """How the agent of the newest checkpoint fares on what was accepted."""
    from dicode.runs.probe import Probe

    cycle = restore.newest_cycle(run)

    def ready(batch: Any) -> Any:
        if not trainer.compiled:
            trainer.compile(batch, lambda text: console.print(text, style="dim"))
        return restore.learner(run.config(), run, cycle, trainer)

    bonus = float(config.bonus_value)
    return Probe(config, trainer, builder, ready, None, bonus).measure(answers, cycle + 1)
