"""Who may import whom, and who may execute text: read from the source, so that it cannot drift."""

import ast
import re
from collections.abc import Container
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from dicode import games
from dicode.levels import Achievement, Block, Item, Mob

SOURCE = Path(__file__).parent.parent / "src" / "dicode"

LAYERS = (
    "types",
    "errors",
    "settings streams cache received counting",
    "files interrupts words machine cards terminal logs syntax accelerator",
    "lines view.palette view.style",
    "agent",
    "learner curriculum",
    "dreaming.settings dreaming.dreamer dreaming.evidence",
    "games",
    "games.craftax.levels",
    "levels",
    "games.craftax.grammar",
    "games.craftax games.craftax.levels.api games.craftax.levels.reference",
    "environment sandbox",
    "dreaming",
    "methods",
    "config agreement idle",
    "usage training runs.lengthened",
    "evaluation view.words",
    "runs",
    "view",
    "commands",
    "adapters",
    "commands.table cli",
    "__main__",
)
"""From the bottom up. A module belongs to the longest name that it begins with, and imports from its own layer and those below."""

HOST_ONLY = (
    "types",
    "errors",
    "streams",
    "cache",
    "settings",
    "words",
    "syntax",
    "config",
    "agreement",
    "idle",
    "machine",
    "cards",
    "agent.settings",
    "learner.settings",
    "counting",
    "levels",
    *(f"games.{name}" for name in ("host", "display", "level_text", "level_build", "start", "plain", "templates")),
    *(
        f"games.craftax.{name}"
        for name in ("host", "levels", "grammar", "facts", "dreams", "asking", "looks", "display")
    ),
    "games.craftax.edits",
    "curriculum",
    "methods",
    "dreaming",
    "sandbox.screen",
)
SEARCHES = ("startswith", "endswith", "find", "index", "count")
MAY_EXECUTE = {"sandbox/worker.py", "sandbox/hook_worker.py"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """The module itself first, then all that is in it."""
    return tuple(ast.walk(ast.parse(path.read_text())))


@pytest.fixture(autouse=True, scope="module")
def forgotten():
    """The trees of the whole package are much to keep for the tests of other files."""
    yield
    nodes_of.cache_clear()


def imports(path: Path, top_level_only: bool) -> set[str]:
    nodes = nodes_of(path)[0].body if top_level_only else nodes_of(path)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def area(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def named() -> dict[str, Path]:
    """Every module under the package by its dotted name, the package itself and its Hydra groups aside."""
    paths = [path.relative_to(SOURCE).with_suffix("") for path in modules()]
    names = [".".join(part for part in path.parts if part != "__init__") for path in paths]
    return {name: path for name, path in zip(names, modules(), strict=True) if name not in ("", "conf")}


def layer_of(module: str) -> int:
    names = {name: number for number, layer in enumerate(LAYERS) for name in layer.split()}
    homes = [name for name in names if f"{module}.".startswith(f"{name}.")]
    assert homes, f"{module} stands in no layer"
    return names[max(homes, key=len)]


def imported(path: Path, known: Container[str], at_run_time: bool = False) -> set[str]:
    """The package's own modules that a module imports, in functions, too; for type checkers alone unless `at_run_time`."""
    nodes = nodes_of(path)
    for_types = [
        n for n in nodes if isinstance(n, ast.If) and isinstance(n.test, ast.Name) and n.test.id == "TYPE_CHECKING"
    ]
    skipped = {inner for node in for_types for inner in ast.walk(node)} if at_run_time else set()
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("dicode.") and node not in skipped:
            module = node.module.removeprefix("dicode").removeprefix(".")
            for alias in node.names:
                whole = f"{module}.{alias.name}".removeprefix(".")
                found.add(whole if whole in known else module)
    return found - {""}


@pytest.mark.fast
def test_no_module_imports_upward():
    known = named()
    upward = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in sorted(imported(path, known))
        if layer_of(other) > layer_of(name)
    ]
    assert upward == []


@pytest.mark.fast
def test_no_modules_import_each_other_in_a_circle():
    known = named()
    graph = {name: imported(path, known, at_run_time=True) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.fast
def test_the_host_side_does_not_pay_for_jax_at_import():
    for path in modules():
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        if name.startswith(HOST_ONLY) and "hook" not in name and not name.startswith("games.craftax.library"):
            heavy = {i.split(".")[0] for i in imports(path, top_level_only=True)} & {"jax", "flax", "craftax", "optax"}
            assert not heavy, f"{name} imports {heavy}"


@pytest.mark.fast
def test_level_code_stands_on_numpy_alone():
    for path in (SOURCE / "games/craftax/levels").glob("*.py"):
        if "hook" in path.name:
            continue
        heavy = {i.split(".")[0] for i in imports(path, top_level_only=False)} & {"jax", "craftax", "flax"}
        assert not heavy, f"{path.name} imports {heavy}"


@pytest.mark.fast
def test_only_the_package_door_imports_craftax():
    for path in modules():
        if path.relative_to(SOURCE).as_posix() != "games/craftax/package.py":
            assert "craftax" not in {i.split(".")[0] for i in imports(path, top_level_only=False)}, path


@pytest.mark.fast
def test_only_the_worker_executes_text():
    for path in modules():
        calls = {n.func.id for n in nodes_of(path) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        if path.relative_to(SOURCE).as_posix() not in MAY_EXECUTE:
            assert not calls & {"exec", "eval"}, path


def above_games() -> list[Path]:
    """Everything that must serve any game; the face of one game's levels is that game's, wherever it lies."""
    return [p for p in modules() if area(p) != "games" and p.relative_to(SOURCE).as_posix() != "levels/__init__.py"]


@pytest.mark.fast
def test_nothing_above_games_imports_one_of_them():
    own = ("dicode.levels", *(f"dicode.games.{name}" for name in games.names()))
    for path in [*above_games(), *(SOURCE / "games").glob("*.py")]:
        found = [name for name in imports(path, top_level_only=False) if name.startswith(own)]
        assert not found, f"{path.relative_to(SOURCE)} imports {found}"


@pytest.mark.fast
def test_nothing_above_games_names_a_block_a_mob_or_an_achievement():
    members = {member.name for kind in (Achievement, Block, Item, Mob) for member in kind}
    shouted = "|".join(sorted(members - {"NONE", "PATH", "WALL", "INVALID"}))
    said = "|".join(sorted(member.name.lower().replace("_", "[_ ]") for kind in (Achievement, Mob) for member in kind))
    words = re.compile(rf"\b(?:{shouted}|{said})\b")
    for path in above_games():
        found = words.findall(path.read_text())
        assert not found, f"{path.relative_to(SOURCE)} names {found}"


@pytest.mark.fast
def test_what_shows_a_run_reads_its_evaluations_and_makes_none():
    known = named()
    for name in (name for name in known if name.startswith("view")):
        found = {other for other in imported(known[name], known) if other.startswith("evaluation")}
        assert found <= {"evaluation.results"}, f"{name} imports {found}"


@pytest.mark.fast
def test_nothing_decides_by_the_words_of_a_verdict():
    """Reasons and hints are prose: comparing or searching them is how a branch comes to be dead."""
    for path in modules():
        for node in nodes_of(path):
            looked_at = []
            if isinstance(node, ast.Compare):
                looked_at = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                searched = node.func.attr in ("match", "search", "fullmatch", "findall")
                looked_at = list(node.args) if searched else [node.func.value] * (node.func.attr in SEARCHES)
            for part in looked_at:
                prose = isinstance(part, ast.Attribute) and part.attr in ("reason", "hint")
                assert not prose, f"{path.relative_to(SOURCE)}:{node.lineno} looks into a {part.attr}"
