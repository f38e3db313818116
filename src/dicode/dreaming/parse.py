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

from dicode.games.craftax.levels.advice import goal_hint
from dicode.types import Code, Rejected

MAX_SOURCE = 40_000
"""Characters of a level file at most."""
MAX_DESCRIPTION = 6_000
MIN_DESCRIPTION = 60
HOOKS = ("transition", "success", "bonus")

FORM = "Answer with one ```python block that holds the whole level file: docstring, imports, GOAL, RULES, build(world)."


@dataclass(frozen=True)
class Parsed:
    """A level file found in an answer."""

    source: str
    docstring: str
    notes: tuple[str, ...] = ()
    """What had to be mended."""


def parse_level(
    text: str,
    api: Collection[str] = (),
    allow_hooks: bool = True,
    goal_only: bool = False,
    objective: str = "",
) -> Parsed | Rejected:
    """The level file in an answer.

    `api` are the names that `dicode.levels` exports, `objective` is what the docstring becomes where
    the file has none (where that is empty too, it tells the goal).
    """
    body = strip_reasoning(normalise(text))
    if body is None:
        return _unfinished_reasoning()
    source = _choose(body)
    if not source.strip():
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
    said = _text(_docstring(tree))
    missing = _missing(tree, allow_hooks, goal_only, said or objective)
    if missing:
        return missing
    told = inspect.cleandoc(said)
    if not _OBJECTIVE.search(said):
        told = f"Objective: {' '.join((said or objective or _goal_in_words(tree)).split())[:400]}"
    source, wrapped = _wrap_goal(source, tree)
    source, notes = _mend(source, ast.parse(source), frozenset(api), told)
    return Parsed(_tidy(source), told.strip(), (*wrapped, *notes))


def parse_design(text: str) -> str | Rejected:
    """The description in a design answer: between `<description>` tags, else all that is said after the reasoning."""
    body = strip_reasoning(normalise(text))
    if body is None:
        return _unfinished_reasoning()
    tagged = re.findall(r"<description>(.*?)(?:</description>|\Z)", body, re.DOTALL | re.IGNORECASE)
    said = (tagged[-1] if tagged else re.sub(r"</?\w+>", "", body)).strip()
    if len(said) < MIN_DESCRIPTION:
        return Rejected(
            "parse",
            f"the description has {len(said)} characters",
            "After the reasoning, write the level's description between <description> and </description>: goal, start, "
            "world, creatures and rules, precise enough to program from.",
            code=Code.NO_CODE,
        )
    return said[:MAX_DESCRIPTION]


_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def normalise(text: str) -> str:
    """One kind of line end, no invisible or control characters, no odd spaces, no lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    text = re.sub(r"\r\n?|[\u2028\u2029\x0c\x85]", "\n", text)
    text = re.sub("[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " ", text)
    return _CONTROL.sub("", _INVISIBLE.sub("", text))


_REASONING = "think|thinking|thought|reasoning|reflection|analysis|scratchpad"


def strip_reasoning(text: str) -> str | None:
    """`text` without reasoning; None where reasoning began and never ended."""
    text = re.sub(r"<\|[^|<>\n]{1,40}\|>", "\n", text)
    text = re.sub(rf"<({_REASONING})>.*?</\1>", "\n", text, flags=re.DOTALL | re.IGNORECASE)
    orphan = list(re.finditer(rf"</(?:{_REASONING})>", text, re.IGNORECASE))
    if orphan:
        text = text[orphan[-1].end() :]
    opened = re.search(rf"^\s*<(?:{_REASONING})>", text, re.IGNORECASE)
    return None if opened else text


def _unfinished_reasoning() -> Rejected:
    return Rejected(
        "parse", "the answer ended inside its reasoning", "Reason briefly, close the tag, then answer.", code=Code.CUT
    )


_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)


def _choose(body: str) -> str:
    """The level file: the last most complete block, all blocks joined where none is complete, else bare code."""
    found = [(m.group(2).lower(), textwrap.dedent(m.group(3))) for m in _FENCE.finditer(body)]
    blocks = [code for language, code in found if language in ("", "python", "py", "python3") and code.strip()]
    if not blocks:
        return _bare(body)
    best = max(range(len(blocks)), key=lambda i: (_completeness(blocks[i]), i))
    if _completeness(blocks[best]) < 2 and len(blocks) > 1:
        joined = "\n".join(dict.fromkeys(blocks))
        if _completeness(joined) > _completeness(blocks[best]):
            return joined
    return blocks[best]


def _completeness(code: str) -> int:
    """2 with a goal and a build function, 1 with one of them, 0 with neither; -1 where it is no Python."""
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
    kept = lines[start:]
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
            return ast.parse(source)
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


def _missing(tree: ast.Module, allow_hooks: bool, goal_only: bool, said: str) -> Rejected | None:
    """What the file lacks, or has and must not have; `said` is what it says of itself."""
    names = _defined(tree)
    hooks = [hook for hook in HOOKS if hook in names]
    if "GOAL" not in names and "success" not in names:
        has = ", ".join(sorted(names & {"RULES", "build"})) or "neither RULES nor build"
        return Rejected(
            "parse",
            f"the file defines no GOAL (it has {has})",
            f"{goal_hint(None, said)}. {FORM}",
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


_OBJECTIVE = re.compile(r"^\s*Objective\s*:\s*\S", re.MULTILINE)


def _goal_in_words(tree: ast.Module) -> str:
    """`make stone pickaxe, defeat(mob.zombie, 2)` for a file that says no more about itself."""
    values = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "GOAL"]
    said = re.sub(r"^Goal\.all_of\((.*)\)$", r"\1", ast.unparse(values[0])) if values else "what its success hook says"
    return re.sub(r"\b(?:Achievement|Goal)\.", "", said).replace("_", " ").lower() + "."


def _wrap_goal(source: str, tree: ast.Module) -> tuple[str, tuple[str, ...]]:
    """`GOAL = Goal.survive(300)`, `GOAL = Achievement.EAT_COW` or a list of such, put into `Goal.all_of(...)`."""
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GOAL"):
            continue
        value = node.value
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


def _mend(source: str, tree: ast.Module, api: frozenset[str], told: str) -> tuple[str, tuple[str, ...]]:
    """Docstring and imports at the top, the docstring with an objective, imports added where they are forgotten."""
    notes: list[str] = []
    lines = source.split("\n")
    docstring = _docstring(tree)
    body = [node for node in tree.body if node is not docstring]
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    first_other = next((i for i, node in enumerate(body) if node not in imports), len(body))
    late = [node for node in imports if body.index(node) > first_other]
    moved = [_take(lines, node) for node in late]
    notes += ["imports moved to the top"] * bool(late)
    forgotten = _forgotten(tree) & (api | {"np"})
    if forgotten & api:
        moved.append(f"from dicode.levels import {', '.join(sorted(forgotten & api))}")
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
