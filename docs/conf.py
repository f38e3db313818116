"""How the documentation is built, without a network: `uv run --group docs sphinx-build -W -b html docs DIR`."""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import api_page

project, author = "dicode", "the authors of dicode"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["results/*", "pictures/*"]
html_theme = "furo"
html_title = "dicode"
myst_heading_anchors = 4
nitpicky = True
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?:src|tests|examples|benchmarks)/[^)]*\)")


def _name_sources(app: Any, name: str, text: list[str]) -> None:
    """Links into the sources are for readers of the repository; on the site they are names."""
    text[0] = _OUTSIDE.sub(r"\1", text[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _name_sources)


api_page.write(Path(__file__).parent / "api.md")
