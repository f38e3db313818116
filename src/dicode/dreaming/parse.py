"""From a model's answer to a level file or a description: what is wrapped is unwrapped, what is missing is named.

Models add reasoning, fences and chatter, answer in the wrong order or in two blocks, and forget
imports. What is unambiguous is mended and noted; everything else is a `Rejected("parse", ...)` whose
hint says what a right answer looks like. The text is read, never run.
"""

import ast
import inspect
import re
import textwrap
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from dicode.dreaming.similarity import syntax
from dicode.dreaming.unwrap import MAX_ANSWER, code_blocks, json_strings, normalise, split_reasoning
from dicode.games.host import Levels
from dicode.syntax import tree_of
from dicode.types import Code, Rejected

MAX_SOURCE = 40_000
"""Characters of a level file at most."""
MAX_DESCRIPTION = 6_000
MIN_DESCRIPTION = 60
MAX_DEPTH = 100
"""Nesting of a level file's syntax at most; whatever walks over it by recursion stays far from its limits."""
MAX_BITS = 256
"""Bits of a whole number in a level file at most."""
HOOKS = ("transition", "success", "bonus")

FORM = "Answer with one ```python block that holds the whole level file: docstring, imports, GOAL, RULES, build(world)."


@dataclass(frozen=True)
class Parsed:
    """A level file found in an answer."""

    source: str
    docstring: str
    notes: tuple[str, ...] = ()
    """What had to be mended."""


def parse_answer(
    text: str,
    levels: Levels | None = None,
    allow_hooks: bool = True,
    goal_only: bool = False,
    objective: str = "",
    known: Collection[str] = (),
) -> Parsed | Rejected:
    """The level file in an answer.

    `levels` is the game's (None: nothing is imported for the author), `objective` is what the docstring becomes where
    the file has none (where that is empty too, it tells the goal), `known` are `similarity.syntax(...).exact`
    of levels that the author was shown: a copy of one is taken only where there is nothing else.
    """
    if len(text) > MAX_ANSWER:
        return _too_long(text)
    body, unfinished = split_reasoning(normalise(text))
    source = _choose(body, known)
    if not source.strip():
        if unfinished:
            return _unfinished_reasoning()
        return Rejected("parse", "no code in the answer", FORM, code=Code.NO_CODE)
    if len(source) > MAX_SOURCE:
        return Rejected(
            "parse",
            f"the level file has {len(source)} characters",
            f"Use at most {MAX_SOURCE}; most need 2000.",
            code=Code.TOO_LONG,
        )
    tree = _tree(source)
    if isinstance(tree, SyntaxError):
        straight = _straighten(source)
        second = _tree(straight)
        if isinstance(second, SyntaxError):
            return _syntax(source, tree)
        source, tree = straight, second
    return _unreadable(tree) or _complete(source, tree, levels, allow_hooks, goal_only, objective)


def _complete(
    source: str, tree: ast.Module, levels: Levels | None, allow_hooks: bool, goal_only: bool, objective: str
) -> Parsed | Rejected:
    """The file with what it forgot, or what it lacks."""
    said = _text(_docstring(tree))
    missing = _missing(tree, allow_hooks, goal_only, _goal_hint(levels, said or objective))
    if missing:
        return missing
    told = inspect.cleandoc(said)
    if not _OBJECTIVE.search(said):
        told = f"Objective: {' '.join((said or objective or _goal_in_words(tree)).split())[:400]}"
    source, wrapped = _wrap_goal(source, tree)
    source, notes = _mend(source, tree_of(source), levels, told)
    return Parsed(_tidy(source), told.strip(), (*wrapped, *notes))


def _unreadable(tree: ast.Module) -> Rejected | None:
    """What would break whoever walks over the syntax later: deep nesting, numbers that can't be written out."""
    depth = 0
    nodes: list[ast.AST] = [tree]
    while nodes:
        for node in nodes:
            value = getattr(node, "value", None)
            if isinstance(value, int) and value.bit_length() > MAX_BITS:
                said = f"line {node.lineno}: a number of {value.bit_length()} bits"  # type: ignore[attr-defined]
                hint = "Numbers in a level are small; write one that fits into 64 bits."
                return Rejected("parse", said, hint, code=Code.NOT_TEXT)
        nodes = [inner for node in nodes for inner in ast.iter_child_nodes(node)]
        depth += 1
        if depth > MAX_DEPTH:
            return Rejected(
                "parse",
                f"the code nests deeper than {MAX_DEPTH}",
                "Break long expressions and chains of `+` or `elif` into several statements, or use a loop.",
                code=Code.NOT_TEXT,
            )
    return None


def parse_design(text: str) -> str | Rejected:
    """The description in a design answer: between `<description>` tags, else all that is said after the reasoning."""
    if len(text) > MAX_ANSWER:
        return _too_long(text)
    plain = normalise(text)
    body, unfinished = split_reasoning(plain)
    # A description that is complete counts, though the reasoning before it was never closed.
    tagged = _COMPLETE.findall(plain) if unfinished else _TAGGED.findall(body)
    if unfinished and not tagged:
        return _unfinished_reasoning()
    fields = json_strings(body)
    said = (tagged[-1] if tagged else _described(fields) if fields else re.sub(r"</?\w{1,40}>", "", body)).strip()
    if len(said) < MIN_DESCRIPTION:
        return Rejected(
            "parse",
            f"the description has {len(said)} characters",
            "After the reasoning, write the level's description between <description> and </description>: goal, start, "
            "world, creatures and rules, precise enough to program from.",
            code=Code.NO_CODE,
        )
    return said[:MAX_DESCRIPTION]


_TAGGED = re.compile(r"<description>(.*?)(?:</description>|\Z)", re.DOTALL | re.IGNORECASE)
_COMPLETE = re.compile(r"<description>((?:(?!<description>).)*?)</description>", re.DOTALL | re.IGNORECASE)


def _described(fields: list[tuple[str, str]]) -> str:
    """The description in an answer that is JSON: by its key, else the longest text."""
    return max((text for key, text in fields if key.lower() == "description"), default="", key=len) or max(
        (text for _, text in fields), default="", key=len
    )


def _too_long(text: str) -> Rejected:
    said = f"the answer has {len(text)} characters"
    return Rejected("parse", said, f"Use at most {MAX_ANSWER}. {FORM}", code=Code.TOO_LONG)


def _unfinished_reasoning() -> Rejected:
    return Rejected(
        "parse", "the answer ended inside its reasoning", "Reason briefly, close the tag, then answer.", code=Code.CUT
    )


def _choose(body: str, known: Collection[str]) -> str:
    """The level file: of what could be one the last most complete that is new, parts joined, else bare code."""
    blocks = code_blocks(body)
    if not blocks:
        return _bare(body)
    ranks = [_completeness(block) for block in blocks]
    new = [rank > 0 and not _is_copy(block, known) for block, rank in zip(blocks, ranks, strict=True)]
    best = max(range(len(blocks)), key=lambda i: (new[i], ranks[i], i))
    if ranks[best] < 2 and len(blocks) > 1:
        parts = (block for block, rank in zip(blocks, ranks, strict=True) if 0 <= rank < 2)
        joined = "\n".join(dict.fromkeys(parts))
        if _completeness(joined) > ranks[best]:
            return joined
    return blocks[best]


def _is_copy(code: str, known: Collection[str]) -> bool:
    """Whether a block is a level that the author has been shown, whatever its comments and names."""
    return bool(known) and syntax(_tidy(code)).exact in known


def _completeness(code: str) -> int:
    """2 with a goal and a build function, 1 with one of them, 0 with neither; -1 where it is no Python."""
    if len(code) > MAX_SOURCE:
        return -1
    tree = _tree(code)
    if isinstance(tree, SyntaxError):
        return -1
    names = _defined(tree)
    return ("GOAL" in names or "success" in names) + ("build" in names)


_CODE_LINE = re.compile(r'("""|\'\'\'|from [\w.]+ import |import \w|GOAL\b|RULES\b|def \w+\(|@\w|#)')


def _bare(body: str) -> str:
    """Code without a fence: from the first line that looks like code to the last that still parses."""
    lines = body.split("\n")
    start = next((i for i, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    if start is None:
        return ""
    kept = "\n".join(lines[start:])[: 2 * MAX_SOURCE].split("\n")
    for _ in range(20):
        tree = _tree("\n".join(kept))
        if not isinstance(tree, SyntaxError):
            break
        cut = min(tree.lineno or 1, len(kept)) - 1
        if cut < 1:
            break
        kept = kept[:cut]
    code = "\n".join(kept)
    whole = "\n".join(lines[start:])
    # Chatter may be cut off, a part of the level may not: then the syntax error is reported.
    parts = bool(re.search(r"^GOAL\b|^def success\(", whole, re.MULTILINE)) + bool(
        re.search(r"^def build\(", whole, re.MULTILINE)
    )
    return code if _completeness(code) == parts else whole


def _tree(source: str) -> ast.Module | SyntaxError:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tree_of(source)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(f"not readable as Python ({type(error).__name__})")


_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_STRAIGHT |= str.maketrans({"\u2212": "-", "\u00d7": "*", "\u2026": "...", "\uff08": "(", "\uff09": ")", "\uff0c": ","})


def _straighten(source: str) -> str:
    """Typographic quotes, dashes and operators as Python's own."""
    return source.translate(_STRAIGHT)


def _syntax(source: str, error: SyntaxError) -> Rejected:
    lines = source.split("\n")
    number = error.lineno or 1
    line = lines[number - 1].strip()[:120] if 0 < number <= len(lines) else ""
    odd = sorted({c for c in line if ord(c) > 127})
    about = f" The line holds {', '.join(f'U+{ord(c):04X}' for c in odd[:3])}; use ASCII in code." if odd else ""
    return Rejected(
        "parse",
        f"line {number} is not Python: {error.msg}: {line!r}",
        f"Correct line {number}.{about} {FORM}",
        code=Code.SYNTAX,
    )


def _defined(tree: ast.Module) -> set[str]:
    """Names that the file defines at its top level."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    return names


def _goal_hint(levels: Levels | None, said: str) -> str:
    return levels.goal_hint(None, said) if levels else "write GOAL = ... at the top of the file"


def _missing(tree: ast.Module, allow_hooks: bool, goal_only: bool, hint: str) -> Rejected | None:
    """What the file lacks, or has and must not have; `hint` says how a goal is written."""
    names = _defined(tree)
    hooks = [hook for hook in HOOKS if hook in names]
    if "GOAL" not in names and "success" not in names:
        has = ", ".join(sorted(names & {"RULES", "build"})) or "neither RULES nor build"
        return Rejected(
            "parse",
            f"the file defines no GOAL (it has {has})",
            f"{hint}. {FORM}",
            code=Code.NO_GOAL,
        )
    if hooks and not allow_hooks:
        return Rejected(
            "parse",
            f"the file defines {', '.join(hooks)}, and hooks are off in this run",
            f"Leave out {', '.join(hooks)}; say the same with GOAL, RULES and build(world).",
            code=Code.HOOKS_OFF,
        )
    extra = [name for name in ("RULES", "build", *HOOKS) if name in names]
    if goal_only and extra:
        return Rejected(
            "parse",
            f"the file defines {', '.join(extra)}; only a GOAL is asked for",
            "Define GOAL and nothing else.",
            code=Code.FORBIDDEN,
        )
    return None


_OBJECTIVE = re.compile(r"^[ \t]*Objective[ \t]*:[ \t]*\S", re.MULTILINE)


def _goal_in_words(tree: ast.Module) -> str:
    """`open door, keys >= 2` for a file that says no more about itself."""
    values = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "GOAL"]
    said = re.sub(r"^Goal\.all_of\((.*)\)$", r"\1", ast.unparse(values[0])) if values else "what its success hook says"
    return re.sub(r"\b(?:Achievement|Goal)\.", "", said).replace("_", " ").lower() + "."


def _wrap_goal(source: str, tree: ast.Module) -> tuple[str, tuple[str, ...]]:
    """`GOAL = Goal.survive(300)`, `GOAL = Achievement.X`, `GOAL = Goal(...)` or a list of such, put into `Goal.all_of(...)`."""
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GOAL"):
            continue
        value = node.value
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "Goal" and value.args and not value.keywords:
            value = ast.Tuple(value.args, ast.Load())
        several = isinstance(value, (ast.List, ast.Tuple, ast.Set)) and bool(value.elts)
        parts = value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) and several else [value]
        if not all(re.match(r"(Goal\.(?!all_of)\w+\(|Achievement\.\w+$)", ast.unparse(part)) for part in parts):
            continue
        lines = source.split("\n")
        end = node.end_lineno or node.lineno
        lines[node.lineno - 1 : end] = [f"GOAL = Goal.all_of({', '.join(map(ast.unparse, parts))})"]
        return "\n".join(lines), ("GOAL wrapped in Goal.all_of",)
    return source, ()


def _docstring(tree: ast.Module) -> ast.Expr | None:
    """The first string that stands alone at the top level; it may come too late."""
    alone = (node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    return next(
        (node for node in alone if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)), None
    )


def _mend(source: str, tree: ast.Module, levels: Levels | None, told: str) -> tuple[str, tuple[str, ...]]:
    """Docstring and imports at the top, the docstring with an objective, imports added where they are forgotten."""
    notes: list[str] = []
    lines = source.split("\n")
    docstring = _docstring(tree)
    body = [node for node in tree.body if node is not docstring]
    kinds = [isinstance(node, (ast.Import, ast.ImportFrom)) for node in body]
    first_other = kinds.index(False) if False in kinds else len(kinds)
    late = [node for i, node in enumerate(body) if kinds[i] and i > first_other]
    moved = [_take(lines, node) for node in late]
    notes += ["imports moved to the top"] * bool(late)
    api = frozenset(levels.names) if levels else frozenset()
    forgotten = _forgotten(tree) & (api | {"np"})
    if levels and forgotten & api:
        moved.append(f"from {levels.face} import {', '.join(sorted(forgotten & api))}")
    if "np" in forgotten:
        moved.append("import numpy as np")
    if forgotten:
        notes.append(f"imports added: {', '.join(sorted(forgotten))}")
    first = docstring is not None and docstring is tree.body[0]
    if first and ast.get_docstring(tree) == told:
        at = docstring.end_lineno or 0 if docstring else 0
        return "\n".join([*lines[:at], *moved, *lines[at:]]), tuple(notes)
    if docstring:
        _take(lines, docstring)
    quoted = told.replace("\\", "/").replace('"', "'")
    notes.append(
        "docstring put at the top" if _OBJECTIVE.search(_text(docstring)) else "objective added to the docstring"
    )
    return "\n".join([f'"""{quoted}\n"""', *moved, "\n".join(lines).lstrip("\n")]), tuple(notes)


def _text(docstring: ast.Expr | None) -> str:
    return str(docstring.value.value) if docstring and isinstance(docstring.value, ast.Constant) else ""


def _take(lines: list[str], node: ast.stmt) -> str:
    """The lines of a top-level statement, which are blanked."""
    end = node.end_lineno or node.lineno
    taken = textwrap.dedent("\n".join(lines[node.lineno - 1 : end]))
    lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return taken


def _forgotten(tree: ast.Module) -> set[str]:
    """Names that are used and bound nowhere in the file."""
    used: set[str] = set()
    bound = _defined(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return used - bound


def _tidy(source: str) -> str:
    """No trailing spaces, no runs of blank lines, one line end: alike dreams become equal."""
    stripped = "\n".join(line.rstrip() for line in source.split("\n")).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", stripped) + "\n"
