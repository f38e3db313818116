"""The documentation: links lead somewhere, code is code of this version, commands can be typed, the site builds offline."""

import ast
import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dicode import cli
from dicode.config import Config
from dicode.words import split

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "src/dicode/sandbox/README.md"])
GUIDE = [ROOT / "docs" / f"{name}.md" for name in
         ("start", "tutorial", "own-trainer", "own-dreamer", "own-method", "run-folder")]  # fmt: skip
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(path.read_text(encoding="utf-8")) if kind == language]


def anchors(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.fast
@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)):
        target, _, anchor = link.partition("#")
        if target.startswith(("http:", "https:")):
            continue
        file = page.parent / target if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


@pytest.mark.fast
@pytest.mark.parametrize("page", GUIDE, ids=named)
def test_python_compiles_and_imports_what_there_is(page):
    for text in blocks(page, "python"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("dicode"):
                module = importlib.import_module(str(node.module))
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "dicode":
                import dicode

                assert node.attr in dicode.__all__


@pytest.mark.fast
@pytest.mark.parametrize("page", GUIDE, ids=named)
def test_a_command_can_be_typed(page):
    """Its words are parsed as typed; of `train` the settings exist and have these values."""
    for line in "".join(blocks(page, "console")).splitlines():
        words = shlex.split(line.removeprefix("uv run "))
        if words[0] != "dicode":
            assert words[0] in ("python", "uv"), line
            continue
        arguments = cli._parse(words[1], words[2:])
        if words[1] == "train":
            split(arguments.overrides, Config)


def test_the_tutorials_level_is_accepted(tmp_path, capsys):
    (level,) = blocks(ROOT / "docs" / "tutorial.md", "python")
    path = tmp_path / "night.py"
    path.write_text(level)
    assert cli.main(["level", "check", str(path)]) == 0, capsys.readouterr().out
    assert "accepted" in capsys.readouterr().out


def test_the_dreamer_of_the_guide_dreams(tmp_path):
    """Its drafts are what the guide says, and pass the screen."""
    from dicode import games
    from dicode.sandbox import screen
    from dicode.types import Accepted, Brief

    (text,) = blocks(ROOT / "docs" / "own-dreamer.md", "python")
    path = tmp_path / "wood.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("wood", path)
    wood = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wood)
    levels = games.load_host("craftax").levels()
    (outcome,) = wood.WoodDreamer().dream(
        [Brief(4, 0, None, {}, None)], lambda draft: screen.screen(draft.source, levels) or Accepted({}, {}, "")
    )
    assert outcome.accepted, outcome.verdict
    assert 'Goal.hold("wood", 5)' in outcome.draft.source


def test_the_site_builds_without_a_network_or_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="needs the group 'docs': uv sync --group docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(ROOT / "docs"), str(tmp_path)]
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, **proxies})
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(
            r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?://[^\"]+)\"", page.read_text(encoding="utf-8")
        )
        assert loaded == [], page.name
    assert "make_vec" in (tmp_path / "api.html").read_text(encoding="utf-8")
