"""`dicode adopt`: say that a run is yours although this machine does not know it.

Without more words it shows what would be believed. `settings` believes config.yaml: the model, the key's variable and
the services that it names are used from then on. `code` believes the origins in the archive and the files in seeds/ and target/:
levels that are said to be the grammar's, the library's or a person's own run without the full wall where there is none.
"""

from collections.abc import Sequence

from dicode.curriculum.archive import Archive
from dicode.errors import ConfigError, RunError, nearest
from dicode.received import seal
from dicode.runs import origin
from dicode.runs.directory import RunDirectory, open_run
from dicode.terminal import PlainConsole

WORDS = ("settings", "code")


def command(path: str, words: Sequence[str]) -> int:
    """Believe what `words` name of the run at `path`; without words show it. Returns 0, or 1 where nothing was asked."""
    for word in words:
        if word not in WORDS:
            raise ConfigError(f"adopt takes settings and code, not {word!r}{nearest(word, WORDS)}")
    run, console = open_run(path, writing=bool(words)), PlainConsole()
    config, known = run.config(believed=True), origin.standing(run)
    if not words:
        _show(console, run, known, origin.sends(config))
        return 1
    if seal.seal("config", "") is None:
        raise RunError("this user can keep no secret here, so nothing can be adopted (see DICODE_CONFIG)")
    with run.lock():
        if "settings" in words:
            run.write_config(config, sealed=True)
        if "code" in words:
            with Archive(run.archive_file) as archive:
                archive.seal()
            for folder in (run.seeds, run.target_file.parent):
                origin.seal_seeds(folder)
    console.print(f"{run.path}: {' and '.join(words)} adopted", soft_wrap=True)
    return 0


def _show(console: PlainConsole, run: RunDirectory, known: origin.Standing, asked: Sequence[str]) -> None:
    sent = f"it {' and '.join(asked)}" if asked else "it sends nothing"
    whose = "yours" if known.settings else "not known here"
    console.print(f"config.yaml is {whose}; {sent}", soft_wrap=True)
    levels = (
        f"{len(known.strangers)} levels or seeds are not known here" if known.strangers else "all levels are known here"
    )
    console.print(levels, soft_wrap=True)
    if not known.settings or known.foreign:
        console.print(f"believe them: dicode adopt {run.path} settings code (either or both)", soft_wrap=True)
