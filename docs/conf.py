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
exclude_patterns = ["pictures/*"]
html_theme = "furo"
html_title = "dicode"
myst_heading_anchors = 4
nitpicky = True
_HERE = Path(__file__).resolve().parent
_UPWARD = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#]*)[^)]*\)")


def _name_sources(app: Any, name: str, text: list[str]) -> None:
    """Links that lead out of this folder are for readers of the repository; on the site they are names."""

    def named(link: re.Match[str]) -> str:
        inside = (_HERE / name).parent.joinpath(link[2]).resolve().is_relative_to(_HERE)
        return link[0] if inside else link[1]

    text[0] = _UPWARD.sub(named, text[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _name_sources)


api_page.write(_HERE / "api.md")
