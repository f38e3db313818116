"""What an answer puts around each line of a level: prompts of a session, quotation marks, line numbers, the signs of a diff.

Code that parses as it stands is never looked at here.
"""

import html
import re
from collections.abc import Callable
from itertools import pairwise

_PROMPT = re.compile(r"(?:>>>|\.\.\.|In \[\d+\]:| {3}\.\.\.:)(?: |$)")
_QUOTE = re.compile(r"> ?")
_NUMBER = re.compile(r" {0,6}(\d{1,4})(?:\t|[ ]?[|:.\u2502](?: |$)| |$)")
_SIGN = re.compile(r"[+ ]")
_REMOVED = re.compile(r"-|@@|\\ No newline|diff |index |\+\+\+ ")
_MAGIC = re.compile(r"\A(?:[ \t]*(?:[%!].*)?\n)+")


def unquoted(text: str) -> str:
    """`text` without the signs of a quotation at the beginning of its lines."""
    return re.sub(r"^> ?", "", text, flags=re.MULTILINE)


def unframed(code: str) -> str:
    """`code` without what stands before every line of it, commands of a notebook above it, and escapes of HTML."""
    for strip in (_undiffed, _prefix(_PROMPT), _prefix(_QUOTE), _unnumbered):
        found = strip(code)
        if found is not None:
            code = found
            break
    return html.unescape(_MAGIC.sub("", code))


def _lines(code: str) -> list[str]:
    return [line for line in code.split("\n") if line.strip()]


def _prefix(sign: re.Pattern[str]) -> Callable[[str], str | None]:
    """What takes a sign off every line; it finds nothing where a line lacks it."""

    def strip(code: str) -> str | None:
        lines = _lines(code)
        if not lines or not all(sign.match(line) for line in lines):
            return None
        return "\n".join(sign.sub("", line, count=1) for line in code.split("\n"))

    return strip


def _unnumbered(code: str) -> str | None:
    """The code of a listing whose lines are numbered one after the other."""
    found = [_NUMBER.match(line) for line in _lines(code)]
    numbers = [int(number[1]) for number in found if number]
    if len(numbers) < max(len(found), 2) or any(b <= a for a, b in pairwise(numbers)):
        return None
    return _prefix(_NUMBER)(code)


def _undiffed(code: str) -> str | None:
    """What a diff comes to: lines that are added or stay."""
    lines = _lines(code)
    kept = [line for line in code.split("\n") if not _REMOVED.match(line)]
    if not any(line.startswith("+") for line in lines):
        return None
    return _prefix(_SIGN)("\n".join(kept))
