"""Trees are made in several threads at once."""

import ast

import pytest

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
