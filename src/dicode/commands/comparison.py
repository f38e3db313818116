"""`dicode compare`: runs in groups, as a table on the terminal and as figures and CSV in a folder."""

from collections.abc import Sequence

from rich.markdown import Markdown

from dicode import files
from dicode.errors import ConfigError
from dicode.evaluation import figures
from dicode.evaluation.compare import compare
from dicode.evaluation.contrasts import contrasts
from dicode.terminal import PlainConsole


def command(
    runs: Sequence[str],
    by: str,
    output: str,
    allow: Sequence[str],
    against: str | None = None,
    on: str | None = None,
    levels: str | None = None,
) -> int:
    """Compare, print, write; with `against` also that group against each other one, `on` a measure, of `levels` of a suite.

    Raises RunError for runs that can't be compared fairly, ConfigError for a measure without a group.
    """
    if against is None and (on is not None or levels is not None):
        raise ConfigError(
            f"{'--on' if on else '--levels'} says what --against GROUP is measured by; name the group, too"
        )
    comparison = compare(runs, by, allow)
    found = contrasts(comparison, against, on, levels or "*") if against is not None else None
    folder, console = files.output_folder(output), PlainConsole()
    console.print(Markdown(figures.markdown(comparison, found), hyperlinks=False))
    for sentence in comparison.differences:
        console.print(f"note: {sentence}")
    with files.output(folder):
        written = figures.write(comparison, folder, found)
    console.print(f"{len(written)} files in {output}")
    return 0
