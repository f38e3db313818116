"""Source and differences as highlighted markup; text that is too long for a lexer stays plain."""

from collections.abc import Sequence

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from dicode.view.pages.text import visible

_LONGEST = 60_000
"""Characters that are highlighted; beyond that colours cost more than they tell."""
_SIGNS = {"+": ("add", "added"), "-": ("del", "removed"), "@": ("at", "place")}

_LEXER = PythonLexer(stripnl=False, ensurenl=False)
_FORMATTER = HtmlFormatter(nowrap=True)


def python(source: str) -> Markup:
    """Level code with a number before each line."""
    text = visible(source)
    body = highlight(text, _LEXER, _FORMATTER) if len(text) <= _LONGEST else str(escape(text))
    numbered = (
        f'<span class="ln" aria-hidden="true">{number}</span><span class="cl">{line}\n</span>'
        for number, line in enumerate(body.rstrip("\n").split("\n"), 1)
    )
    return Markup('<pre class="code" tabindex="0">{}</pre>').format(Markup("".join(numbered)))


def difference(lines: Sequence[str]) -> Markup:
    """A unified diff; a line's sign says what its colour says."""
    shown = []
    for line in lines:
        kind, said = _SIGNS.get(line[:1], ("same", ""))
        label = Markup('<span class="vh">{}: </span>').format(said) if said in ("added", "removed") else ""
        shown.append(Markup('<span class="cl d-{}">{}{}\n</span>').format(kind, label, visible(line)))
    return Markup('<pre class="code diff" tabindex="0">{}</pre>').format(Markup("").join(shown))
