"""Text from outside as plain text: what a terminal would obey, or a reader would be deceived by, is spelled out."""

import unicodedata

_SPELLED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories that are never printed: controls (C0, DEL, C1), formats (bidirectional overrides, tags, zero widths),
surrogates, private and unassigned code points, and separators of lines and paragraphs."""


def plain(text: object, keep: str = "\n\t") -> str:
    """`text` with every character that could act on a terminal or hide spelled as its escape (`\\x1b`, `\\u202e`).

    `keep` names control characters that stay; lines and tabs by default.
    """
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(c if c in keep or unicodedata.category(c) not in _SPELLED else _spelled(c) for c in words)


def line(text: object, most: int = 500) -> str:
    """`text` as one plain line of at most `most` characters."""
    words = plain(" ".join(str(text)[: 4 * most].split()), keep="")
    return words if len(words) <= most else words[: most - 1] + "…"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
