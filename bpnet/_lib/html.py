"""Text that a notebook shows as HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["ShownText", "html_lines", "html_picture", "html_table"]


class ShownText(str):
    """Text that is its own ``repr``, so that a prompt shows it in lines, and a notebook as HTML.

    Parameters
    ----------
    text : str
    html : str, optional
        By default the text itself, in a fixed font.

    Attributes
    ----------
    html : str

    Examples
    --------
    >>> ShownText("a\\nb")
    a
    b
    >>> ShownText("1 < 2")._repr_html_()
    '<pre>1 &lt; 2</pre>'
    """

    html: str

    def __new__(cls, text: str, html: str = "") -> ShownText:
        shown = super().__new__(cls, text)
        shown.html = html or f"<pre>{escape(text)}</pre>"
        return shown

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return self.html


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table; all that is in it is escaped.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequences of str
        As long as the header.
    words : int, optional
        How many columns, from the first, are aligned to the left; the others are numbers.

    Examples
    --------
    >>> html_table(["kind"], [["<b>"]]).endswith("&lt;b&gt;</td></tr></tbody></table>")
    True
    """
    head = "".join(_cell("th", text, k < words) for k, text in enumerate(header))
    body = "".join(
        f"<tr>{''.join(_cell('td', text, k < words) for k, text in enumerate(row))}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_lines(lines: Iterable[tuple[str, str]]) -> str:
    """Pairs of a name and a text, a line each; escaped."""
    found = (f"<b>{escape(name)}</b> {escape(text)}" for name, text in lines)
    return f"<div>{'<br>'.join(found)}</div>"


def html_picture(png: bytes, width: int) -> str:
    """A picture that is part of the page.

    Parameters
    ----------
    png : bytes
    width : int
        In pixels of the page.
    """
    content = base64.b64encode(png).decode("ascii")
    return f'<img src="data:image/png;base64,{content}" width="{width}" alt="">'


def _cell(kind: str, text: str, is_word: bool) -> str:
    side = "left" if is_word else "right"
    return f'<{kind} style="text-align: {side}">{escape(text)}</{kind}>'
