"""From a model's answer to a level file or a description: what is wrapped is unwrapped, what is missing is named.

Models add reasoning, fences and chatter, answer in the wrong order or in two blocks, and forget
imports. What is unambiguous is mended and noted; everything else is a `Rejected("parse", ...)` whose
hint says what a right answer looks like. The text is read, never run.
"""

import ast
import inspect
import re
from collections.abc import Collection
from dataclasses import dataclass

from dicode.dreaming.frames import unframed, unquoted
from dicode.dreaming.mending import (
    OBJECTIVE,
    closed,
    defined,
    docstring_of,
    mend,
    parsed,
    straighten,
    text_of,
    tidy,
    unjoined,
    wrap_goal,
)
from dicode.dreaming.similarity import syntax
from dicode.dreaming.unwrap import MAX_ANSWER, code_blocks, json_strings, normalise, split_reasoning, without_stray_end
from dicode.games.host import Levels
from dicode.syntax import assigned, tree_of
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
    plain = normalise(text)
    body, unfinished = split_reasoning(plain)
    source = _choose(body, known) or _choose(unquoted(body), known) or _choose(without_stray_end(plain), known)
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
    read = _read(source)
    if isinstance(read, Rejected):
        return read
    source, tree = read
    return _unreadable(tree) or _complete(source, tree, levels, allow_hooks, goal_only, objective)


def _read(source: str) -> tuple[str, ast.Module] | Rejected:
    """The file's text and tree, the text mended where it is no Python as it stands."""
    wrong = parsed(source)
    if not isinstance(wrong, SyntaxError):
        return source, wrong
    for candidate in (source, unframed(source), _without_chatter(source)):
        mended = closed(straighten(candidate))
        tree = parsed(mended)
        if not isinstance(tree, SyntaxError):
            return mended, tree
    return _syntax(source, wrong)


_MARKED = re.compile(
    r"^[ \t]*[*_#]{1,3}[ \t]*(Objective|Why)[ \t]*:?[*_]{0,3}[ \t]*:?[ \t]*", re.MULTILINE | re.IGNORECASE
)
"""`**Objective:** ` and the like."""


def _complete(
    source: str, tree: ast.Module, levels: Levels | None, allow_hooks: bool, goal_only: bool, objective: str
) -> Parsed | Rejected:
    """The file with what it forgot, or what it lacks."""
    said = _MARKED.sub(r"\1: ", text_of(docstring_of(tree)))
    missing = _missing(tree, allow_hooks, goal_only, _goal_hint(levels, said or objective))
    if missing:
        return missing
    told = inspect.cleandoc(said)
    if not OBJECTIVE.search(said):
        told = f"Objective: {' '.join((said or objective or _goal_in_words(tree)).split())[:400]}"
    source = unjoined(source, tree)
    source, wrapped = wrap_goal(source, tree_of(source), levels.goal_wrapper if levels else "")
    source, notes = mend(source, tree_of(source), levels, told)
    return Parsed(tidy(source), told.strip(), (*wrapped, *notes))


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
    # What is no Python and was meant as a level can be corrected; words and snippets beside it can't.
    meant = [_meant(block) if rank < 0 else 0 for block, rank in zip(blocks, ranks, strict=True)]
    best = max(range(len(blocks)), key=lambda i: (new[i], meant[i], ranks[i], i))
    if ranks[best] < 2 and len(blocks) > 1:
        parts = (
            block for block, rank in zip(blocks, ranks, strict=True) if rank == 1 or (not rank and _is_part(block))
        )
        joined = "\n".join(dict.fromkeys(parts))
        if _completeness(joined) > max(ranks[best], 0):
            return joined
    beside = ranks[best] < 1 and not any("GOAL" in block or "def " in block for block in blocks)
    if beside and _completeness(bare := _bare(body)) > 0:
        return bare
    return blocks[best]


def _is_part(code: str) -> bool:
    """Whether a block without goal and `build` may be a piece of a file: it defines, and does nothing with a world."""
    tree = parsed(code)
    if isinstance(tree, SyntaxError):
        return False
    defines = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    calls = [node for node in tree.body if not isinstance(node, defines) and node is not docstring_of(tree)]
    return not calls


def _without_chatter(source: str) -> str:
    """`source` up to words that stand behind the code, where they begin a line as no code does."""
    kept = _bare(source)
    rest = source.partition(kept)[2].lstrip("\n") if kept else ""
    words = rest[:1].isalpha() or rest[:1] in ("*", "-", ">", "#")
    return kept if words and not _CODE_LINE.match(rest.lstrip("#* ")) else source


def _is_copy(code: str, known: Collection[str]) -> bool:
    """Whether a block is a level that the author has been shown, whatever its comments and names."""
    return bool(known) and syntax(tidy(code)).exact in known


def _completeness(code: str) -> int:
    """2 with a goal and a build function, 1 with one of them, 0 with neither; -1 where it is no Python."""
    if len(code) > MAX_SOURCE:
        return -1
    tree = parsed(code)
    if isinstance(tree, SyntaxError):
        return -1
    names = defined(tree)
    return ("GOAL" in names or "success" in names) + ("build" in names)


def _meant(code: str) -> int:
    """How many of a goal and a build function a text has by its words, whether or not it is Python."""
    return bool(re.search(r"\bGOAL\b|\bdef success\(", code)) + bool(re.search(r"\bdef build\(", code))


_CODE_LINE = re.compile(r'("""|\'\'\'|from [\w.]+ import |import \w|GOAL\b|RULES\b|def \w+\(|@\w|#)')


def _bare(body: str) -> str:
    """Code without a fence: from the first line that looks like code to the last that still parses."""
    lines = body.split("\n")
    start = next((i for i, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    if start is None:
        return ""
    kept = "\n".join(lines[start:])[: 2 * MAX_SOURCE].split("\n")
    for _ in range(20):
        tree = parsed("\n".join(kept))
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


def _goal_hint(levels: Levels | None, said: str) -> str:
    return levels.goal_hint(None, said) if levels else "write GOAL = ... at the top of the file"


def _missing(tree: ast.Module, allow_hooks: bool, goal_only: bool, hint: str) -> Rejected | None:
    """What the file lacks, or has and must not have; `hint` says how a goal is written."""
    names = defined(tree)
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


def _goal_in_words(tree: ast.Module) -> str:
    """`open door, keys >= 2` for a file that says no more about itself."""
    goal = assigned(tree).get("GOAL")
    said = re.sub(r"^Goal\.all_of\((.*)\)$", r"\1", ast.unparse(goal)) if goal else "what its success hook says"
    return re.sub(r"\b(?:Achievement|Goal)\.", "", said).replace("_", " ").lower() + "."
