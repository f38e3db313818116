"""`dicode view`: runs in the browser, as a folder of pages or while they go on."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console


def view(runs: Sequence[str], folder: str | None, port: int) -> int:
    """Write the pages of `runs` into `folder`, or serve them on `port` of this machine until interrupted."""
    if folder is not None:
        from dicode.view.pages.export import export

        count = export(runs, folder)
        said = f"{count} pages written; open {Path(folder, 'index.html')}"
        Console().print(said, highlight=False, markup=False, soft_wrap=True)
        return 0
    raise NotImplementedError
