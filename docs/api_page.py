"""The page of the public names: signatures and docstrings, read from the sources; nothing is imported."""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "dicode"
_TITLES = {
    "adapters": "Levels in other trainers",
    "curriculum": "A run's archive",
    "environment": "The environment",
    "errors": "Errors",
    "evaluation": "Results",
    "games": "Games",
    "sandbox": "The wall",
    "streams": "Randomness",
    "types": "The host side's vocabulary",
}


def write(path: Path) -> None:
    """Write the page, unless it is there as it would be."""
    text = page()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def page() -> str:
    """The page as Markdown."""
    lines = [
        "# The public names",
        "",
        "What `import dicode` offers. Generated from the docstrings; everything else may change.",
    ]
    last = ""
    for module, names in _homes().items():
        area = module.split(".")[0]
        if area != last:
            lines += ["", f"## {_TITLES[area]}"]
        last = area
        for public, own in names:
            lines += ["", *_entry(module, public, own)]
    return "\n".join(lines) + "\n"


def _homes() -> dict[str, list[tuple[str, str]]]:
    """module -> (public name, name in the module), from `dicode/__init__.py`."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    found: dict[str, list[tuple[str, str]]] = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        module = str(node.module).removeprefix("dicode.")
        found.setdefault(module, []).extend((alias.asname or alias.name, alias.name) for alias in node.names)
    return found


def _entry(module: str, public: str, own: str) -> Iterator[str]:
    """Heading, signature, docstring, and the public members of a class."""
    node = _definition(module, own)
    yield f"### `dicode.{public}`"
    yield ""
    if isinstance(node, ast.FunctionDef):
        yield from ("```python", f"{public}({ast.unparse(node.args)}){_returns(node)}", "```", "")
    yield from _doc(node)
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                yield from (
                    "",
                    f"- `{member.name}({ast.unparse(member.args)}){_returns(member)}`  ",
                    *_doc(member, "  "),
                )


def _definition(module: str, own: str) -> ast.AST:
    """The class, function or assignment of that name; packages hand names on from their modules."""
    path = SOURCE / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == own:
            return node
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == own for t in node.targets):
            return node
        if isinstance(node, ast.ImportFrom) and any(alias.name == own for alias in node.names):
            return _definition(str(node.module).removeprefix("dicode."), own)
    raise LookupError(f"{module} has no {own}")


def _doc(node: ast.AST, indent: str = "") -> Iterator[str]:
    if isinstance(node, ast.Assign):
        yield f"`{ast.unparse(node)}`"
    elif isinstance(node, ast.ClassDef | ast.FunctionDef):
        text = ast.get_docstring(node) or ""
        yield textwrap.indent(text.replace("Raises:\n", "Raises:\n\n"), indent)


def _returns(node: ast.FunctionDef) -> str:
    return f" -> {ast.unparse(node.returns)}" if node.returns else ""
