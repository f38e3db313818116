"""Trees are made in several threads at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dicode
from dicode.syntax import tree_of

pytestmark = pytest.mark.fast


def test_what_is_pythons_own_fault_is_tried_again_and_what_is_the_texts_is_not(monkeypatch):
    genuine, asked = ast.parse, []

    def failing(source):
        asked.append(source)
        if len(asked) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=51, after=47)")
        return genuine(source)

    monkeypatch.setattr(ast, "parse", failing)
    assert isinstance(tree_of("x = 1").body[0], ast.Assign)
    assert len(asked) == 3
    with pytest.raises(SyntaxError):
        tree_of("x = ")
    assert len(asked) == 4


def test_nobody_makes_trees_in_another_way():
    package = Path(dicode.__file__).parent
    makers = [path.name for path in package.rglob("*.py") if "ast.parse(" in path.read_text("utf-8")]
    assert makers == ["syntax.py"]


def test_odd_escapes_in_a_text_are_no_news_for_a_person():
    code = "from dicode.dreaming.parse import parse_answer\nprint(parse_answer('```python\\nGOAL = \"\\\\%\"\\n```'))"
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True)
    assert "GOAL" in done.stdout
    assert "escape" not in done.stderr
