"""Trees are made in several threads at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dicode
from dicode.syntax import assigned, bound, functions, tree_of

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


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("A = 1", {"A": "1"}),
        ("A: int = 1", {"A": "1"}),
        ("A: int", {}),
        ("A = B = f()", {"A": "f()", "B": "f()"}),
        ("A, B = 1, 2", {"A": "1", "B": "2"}),
        ("(A, [B]), *C = (1, [2]), 3, 4", {"A": "((1, [2]), 3, 4)", "B": "((1, [2]), 3, 4)", "C": "((1, [2]), 3, 4)"}),
        ("A, B = f()", {"A": "f()", "B": "f()"}),
        ("if x:\n    A = 1\nelse:\n    A = 2", {"A": "2"}),
        ("try:\n    A = 1\nexcept E:\n    B = 2\nfinally:\n    C = 3", {"A": "1", "B": "2", "C": "3"}),
        ("for A in f():\n    with g():\n        B = 1", {"A": "f()", "B": "1"}),
        ("match x:\n    case 1:\n        A = 1", {"A": "1"}),
        ("A = 1\nA += 2", {"A": "1"}),
        ("def f():\n    A = 1\nclass C:\n    B = 1", {}),
        ("o.A = 1; o[B] = 2", {}),
    ],
)
def test_what_a_file_assigns_as_it_runs_is_found_with_its_expression(text, expressions):
    assert {name: ast.unparse(value) for name, value in assigned(tree_of(text)).items()} == expressions


def test_names_that_a_file_binds_anywhere_are_its_own():
    text = "import a.b as c\ndef f(d, *e, g=1):\n    h = i\n    for j in []: pass\n    try: pass\n    except E as k: pass\n"
    text += "match x:\n    case {**l}: pass\n"
    assert bound(tree_of(text)) == set("cfdeghjkl")
    assert set(functions(tree_of("if x:\n    def f(): pass\nclass C:\n    def g(): pass\n"))) == {"f"}
