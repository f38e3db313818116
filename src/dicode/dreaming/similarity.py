"""How alike two levels are: by what they ask for, by their rules and by the shape of their code.

Picks the examples that a dreamer is shown. Works on source and JSON alone: no embedding server, and
the same answer on every machine.
"""

import ast
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from dicode.games.level_text import READ
from dicode.syntax import tree_of
from dicode.types import Accepted, LevelRecord

GOAL_WEIGHT, CODE_WEIGHT, RULES_WEIGHT = 0.5, 0.35, 0.15
"""What counts most is what a level asks for; sums to 1."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Syntax:
    """A source without what doesn't matter: comments, docstrings, layout, names of local variables."""

    exact: str
    """Hash of the normalised tree with its constants."""
    features: tuple[tuple[str, int], ...]
    """How often each kind of node, call, attribute and name occurs, constants left out."""


class _Normalise(ast.NodeTransformer):
    """Strips docstrings and renames what the source itself assigns, in order of appearance, but for what is read by name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def _strip(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", [])
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        return self.generic_visit(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._strip(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        for argument in node.args.args:
            argument.annotation = None
        node.returns = None
        return self._strip(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Store) and node.id not in READ:
            self.names.setdefault(node.id, f"v{len(self.names)}")
        node.id = self.names.get(node.id, node.id)
        return node


@cache
def exact(source: str) -> str:
    """`syntax(source).exact` alone, kept for good: a level is compared with every other one, however many there are.

    A cache of fixed size that is scanned in order holds nothing as soon as the archive is larger than it.
    """
    return _normalised(source)[1]


@lru_cache(maxsize=32_768)
def syntax(source: str) -> Syntax:
    """The normalised syntax of a level; a source that can't be read as Python has only its own hash."""
    tree, whole = _normalised(source)
    nodes = ast.walk(tree) if tree is not None else ()
    counts = Counter(sys.intern(feature) for node in nodes for feature in _features(node))
    return Syntax(whole, tuple(sorted(counts.items())))


def _normalised(source: str) -> tuple[ast.AST | None, str]:
    """The tree without what doesn't matter, None where there is none, and its hash."""
    try:
        tree: ast.AST | None = _Normalise().visit(tree_of(source))
        text = ast.dump(tree, annotate_fields=False)  # type: ignore[arg-type]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree, text = None, source
    return tree, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _features(node: ast.AST) -> list[str]:
    """What one node says: its kind, the attribute or name it uses, the first argument of a call."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.alias, ast.Load, ast.Store, ast.Constant, ast.arguments)):
        return []
    features = [type(node).__name__]
    if isinstance(node, ast.Attribute):
        features.append(f".{node.attr}")
    if isinstance(node, ast.Name):
        features.append(node.id)
    if isinstance(node, ast.Call):
        first = node.args[0] if node.args else None
        features.append(f"{_name(node.func)}({_name(first)})")
        features += [f"{_name(node.func)}({keyword.arg}=)" for keyword in node.keywords]
    return features


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Weighted Jaccard index of two bags, 0 to 1; two empty bags are alike."""
    keys = set(one) | set(other)
    most = sum(max(one.get(key, 0), other.get(key, 0)) for key in keys)
    return sum(min(one.get(key, 0), other.get(key, 0)) for key in keys) / most if most else 1.0


def goal_bag(goal: Mapping[str, object]) -> dict[str, float]:
    """A goal as JSON, as a bag: each achievement and each quantity asked for counts once."""
    achievements, minimum = goal.get("achievements", ()), goal.get("minimum", {})
    names = [str(name) for name in achievements] if isinstance(achievements, (list, tuple)) else []
    asked = [str(name) for name in minimum] if isinstance(minimum, Mapping) else []
    return dict.fromkeys([*names, *asked], 1.0) | {f"word:{word}": 0.25 for word in _words([*names, *asked])}


def _words(names: Iterable[str]) -> set[str]:
    """`OPEN_DOOR` and `opened.door` share a word."""
    return {word for name in names for word in name.lower().replace(".", "_").split("_")}


def similarity(one: LevelRecord, other: LevelRecord) -> float:
    """0 (nothing in common) to 1 (same goal, rules and code); rejected levels are compared by code alone."""
    return _asked_alike(one, other) + CODE_WEIGHT * overlap(dict(_features_of(one)), dict(_features_of(other)))


def _features_of(level: LevelRecord) -> tuple[tuple[str, int], ...]:
    return syntax(level.source).features


def _asked_alike(one: LevelRecord, other: LevelRecord) -> float:
    """The part of the similarity that goal and rules give."""
    if not (isinstance(one.verdict, Accepted) and isinstance(other.verdict, Accepted)):
        return 0.0
    goal = overlap(goal_bag(one.verdict.goal), goal_bag(other.verdict.goal))
    rules = overlap(dict.fromkeys(_keys(one.verdict.rules), 1.0), dict.fromkeys(_keys(other.verdict.rules), 1.0))
    return GOAL_WEIGHT * goal + RULES_WEIGHT * rules


def _keys(rules: Mapping[str, object]) -> list[str]:
    """Names of the rules, those inside of groups too."""
    nested = [f"{key}.{inner}" for key, value in rules.items() if isinstance(value, Mapping) for inner in value]
    return [*map(str, rules), *nested]


def most_similar(level: LevelRecord, records: Iterable[LevelRecord], count: int = 6) -> tuple[LevelRecord, ...]:
    """The `count` accepted records most like `level`, itself left out, most similar first; ties by id.

    Code is looked at only where goal and rules leave a chance: most of a large archive asks for something else.
    """
    others = [r for r in records if r.id != level.id and r.source and isinstance(r.verdict, Accepted)]
    asked = sorted(
        ((_asked_alike(level, record), record) for record in others), key=lambda pair: (-pair[0], pair[1].id)
    )
    best: list[tuple[float, str, LevelRecord]] = []
    for alike, record in asked:
        if len(best) == count and alike + CODE_WEIGHT + _ROUNDING < -best[-1][0]:
            break
        best = sorted([*best, (-similarity(level, record), record.id, record)], key=lambda entry: entry[:2])[:count]
    return tuple(record for _, _, record in best)
