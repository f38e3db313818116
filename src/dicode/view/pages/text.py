"""Text of unknown origin, made fit to be shown: nothing invisible, nothing endless, nothing but text.

Escaping is Jinja's, spelling out what cannot be seen is `received.text`'s; here lengths are capped with the cut marked.
"""

import math
import re
from typing import Any

from dicode.received.text import plain

LINE, BLOCK, LINES = 2000, 200_000, 4000
"""Characters of a line, of a whole text, and lines that a page shows at most."""

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a level's id may look like to become part of a file's name or an address."""

_LINE_BREAKS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")


def is_id(value: object) -> bool:
    """Whether `value` may stand in an address."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def visible(text: str) -> str:
    """The text with every character that steers or hides spelled out; line feeds and tabs stay."""
    return plain(text)


def block(text: Any) -> str:
    """Lines of at most `LINE` characters, at most `LINES` of them and `BLOCK` characters in all, every cut marked."""
    raw = text if isinstance(text, str) else repr(text)
    whole = len(raw)
    lines = _LINE_BREAKS.sub("\n", raw[: 2 * BLOCK]).split("\n")
    shown, length = [], 0
    for one in lines[:LINES]:
        cut = one if len(one) <= LINE else f"{one[:LINE]}… [a line of {len(one):,} characters, cut]"
        if length + len(cut) > BLOCK:
            break
        shown.append(cut)
        length += len(cut) + 1
    rest = len(lines) - len(shown)
    if rest or whole > 2 * BLOCK:
        shown.append(f"… [cut; the text has {whole:,} characters]")
    return "\n".join(shown)


def number(value: Any, digits: int = 3) -> str:
    """A number in few digits, a dash for what is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def fixed(value: Any, digits: int = 2) -> str:
    """A number with so many digits after the point, a dash for what is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{value:,.{digits}f}"


def percent(value: Any) -> str:
    """A rate as `45 %`, below one per cent with a digit more; a dash for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f} %" if 0 < value < 0.0995 else f"{100 * value:.0f} %"
