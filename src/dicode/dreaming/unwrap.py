"""What an answer holds besides the level: reasoning, fences, JSON, chatter, and where the code is in it.

Everything here walks over the text once, so that no answer costs more than its length; how long an
answer may be is checked before anything else looks at it.
"""

import json
import re
import textwrap
from typing import Any

MAX_ANSWER = 600_000
"""Characters of an answer at most, reasoning included; longer ones are not read."""
MAX_BLOCKS = 200
"""Code blocks that are looked at, the last ones."""
_MAX_OBJECTS = 20
"""JSON objects among words that are looked at, the first ones."""
LANGUAGES = ("", "python", "py", "python3", "py3", "ipython", "text", "txt", "plaintext", "diff", "pycon")
"""What a fence may call level code."""

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_CONTROL = re.compile(r"\x1b\[[0-9;?]{0,40}[A-Za-z]|[\x00-\x08\x0b\x0e-\x1f\x7f]")


def normalise(text: str) -> str:
    """One kind of line end, no colours, no invisible or control characters, no odd spaces, no lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    text = re.sub(r"\r\n?|[\u2028\u2029\x0c\x85]", "\n", text)
    text = re.sub("[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " ", text)
    return _CONTROL.sub("", _INVISIBLE.sub("", text))


_NAMES = (
    r"think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|antthinking"
    r"|internal_monologue|inner_monologue"
)
_MORE = r"(?:\w{1,20}[:_])?(?:think(?:ing)?|thoughts?|reasoning)(?:[:_]\w{1,20})?|reason|cot"
"""Names in angle brackets alone; in square ones they could be an index."""
_WORDS = r"(?:think|thinking|thought)[|\uff5c]>"
_OF = r"(?:[_\u2581]of)?[_\u2581]"
_TAG = re.compile(
    # A square bracket right behind a name is an index.
    rf"(?:<|(?<![\w\])])\[(?!/)|\[(?=/)|\u25c1)(?P<close>/?)(?:{_NAMES})(?:\s[^<>\[\]\n]{{0,80}})?(?:>|\]|\u25b7)"
    rf"|<(?P<closes>/?)(?:{_MORE})(?:\s[^<>\n]{{0,80}})?>"
    # Channels and marks of chat templates: `<|channel|>analysis<|message|>`, `<|START_THINKING|>`, `<|end_of_thought|>`;
    # without their signs the first two are left as the words `analysis` and `assistantfinal`. Some close a turn by
    # the mark of what comes next.
    r"|<\|channel\|>\s{0,4}(?:analysis|commentary)[^<\n]{0,60}<\|message\|>|\A\s{0,4}analysis(?=[A-Z])|<unused94>thought"
    r"|<\|channel>\s{0,4}thought|<\|inner_prefix\|>"
    r"|(?P<final><\|channel\|>\s{0,4}final[^<\n]{0,60}(?:<\|constrain\|>\w{0,20})?<\|message\|>|<\|content\|>|assistantfinal)"
    rf"|<[|\uff5c](?:(?:start|begin){_OF})?{_WORDS}|(?P<end><[|\uff5c](?:/|end{_OF}){_WORDS}|<unused95>|<channel\|>|<\|inner_suffix\|>)",
    re.IGNORECASE,
)
_MARK = re.compile(r"<[|\uff5c][^|\uff5c<>\n]{1,40}[|\uff5c]>")


def split_reasoning(text: str) -> tuple[str, bool]:
    """`text` without reasoning, and whether reasoning began and never ended.

    A closing tag without an opening one ends reasoning that began before the text (some chat templates
    open it in the prompt), so that what stands before it is dropped.
    """
    kept: list[str] = []
    start, opened = 0, None
    for tag in _TAG.finditer(text):
        if tag["close"] or tag["closes"] or tag["final"] or tag["end"]:
            if opened and not tag["final"]:
                kept.append(text[start : opened.start()])
            else:
                kept.clear()
            start, opened = tag.end(), None
        elif opened is None and not _is_literal(text, tag.start()):
            opened = tag
    kept.append(text[start : opened.start()] if opened else text[start:])
    return _MARK.sub("\n", "\n".join(kept)), opened is not None


def without_stray_end(text: str) -> str:
    """`text` without a tag that ends reasoning at its very end and was never opened; empty where there is none."""
    tags = list(_TAG.finditer(text))
    ends = [tag for tag in tags if tag["close"] or tag["closes"] or tag["end"]]
    stray = len(tags) == len(ends) == 1 and not text[ends[0].end() :].strip()
    return text[: ends[0].start()] if stray else ""


def strip_reasoning(text: str) -> str | None:
    """`text` without reasoning; None where nothing stands before reasoning that never ended."""
    body, unfinished = split_reasoning(text)
    return None if unfinished and not body.strip() else body


def _is_literal(text: str, at: int) -> bool:
    """Whether a tag stands in a string or a comment of a level, or is spoken of in backticks."""
    before = re.sub(r"(?<=\w)'(?=\w)", "", text[max(0, at - 200) : at].rpartition("\n")[2])
    return any(before.count(sign) % 2 == 1 for sign in "'\"`") or "#" in before


def fenced(body: str) -> list[tuple[str, str]]:
    """Every fenced block as (language, code), in order; one that never ends goes on to the end."""
    found: list[tuple[str, list[str]]] = []
    mark = ""
    for line in body.split("\n"):
        fence, language = _fence(line)
        if not mark:
            if fence:
                mark = fence
                found.append((language, []))
            continue
        if fence and fence[0] == mark[0] and (language or len(fence) >= len(mark)):
            mark = fence if language else ""
            if language:
                found.append((language, []))
        elif line.rstrip().endswith(mark):
            found[-1][1].append(line.rstrip().removesuffix(mark))
            mark = ""
        else:
            found[-1][1].append(line)
    return [(language, textwrap.dedent("\n".join([*lines, ""]))) for language, lines in found[-MAX_BLOCKS:]]


def _fence(line: str) -> tuple[str, str]:
    """A line's fence and language; both empty for a line that is no fence."""
    line = line.strip()
    sign = line[:1]
    rest = line.lstrip(sign) if sign in ("`", "~") and sign else line
    length = len(line) - len(rest)
    if length < 3 or sign in rest:
        return "", ""
    word = re.match(r"[ \t]*\{?\.?([\w+-]*)", rest)
    return sign * length, (word[1].lower() if word else "")


def code_blocks(body: str) -> list[str]:
    """What could be level code: fenced blocks, and the strings of an answer in JSON; empty where there are none."""
    blocks = [code for language, code in fenced(body) if language in LANGUAGES and code.strip()]
    wrapped = _longer(json_strings(body)) or ([] if blocks else _longer(_json_in_prose(body)))
    inner = [code for text in wrapped for code in ([c for _, c in fenced(text)] or [text])]
    return [block for block in (*blocks, *inner) if block.strip()][-MAX_BLOCKS:]


def _longer(strings: list[tuple[str, str]]) -> list[str]:
    """The texts that could be code."""
    return [text for _, text in strings if "\n" in text or "GOAL" in text]


def _json_in_prose(body: str) -> list[tuple[str, str]]:
    """(key, text) of every string in the JSON objects that stand among words."""
    found: list[tuple[str, str]] = []
    start = re.compile(r'\{\s{0,20}"')
    at, tries = start.search(body), 0
    while at and tries < _MAX_OBJECTS:
        tries += 1
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(body, at.start())
            found += _strings(value)
        except (ValueError, RecursionError):
            end = at.end()
        at = start.search(body, end)
    return found


def json_strings(body: str) -> list[tuple[str, str]]:
    """(key, text) of every string in an answer that is JSON, whole or in a fence that says so.

    A list of strings under one key counts as the lines of one text.
    """
    texts = [code for language, code in fenced(body) if language in ("json", "jsonc", "json5", "")]
    found: list[tuple[str, str]] = []
    for text in [body, *texts]:
        if text.lstrip()[:1] in ("{", "[") and not found:
            try:
                # Small models write line ends into strings as they are.
                value, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
            except (ValueError, RecursionError):
                continue
            found = _strings(value)
    return found


def _strings(value: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    left = [("", value)]
    while left:
        key, item = left.pop()
        if isinstance(item, str):
            found.append((key, normalise(item)))
        elif isinstance(item, dict):
            left += [(str(name), inner) for name, inner in reversed(item.items())]
        elif isinstance(item, list) and item and all(isinstance(line, str) for line in item):
            found.append((key, normalise("\n".join(item))))
        elif isinstance(item, list):
            left += [(key, inner) for inner in reversed(item)]
    return found
