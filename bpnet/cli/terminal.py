"""Text for the terminal."""

from __future__ import annotations

import shutil
import textwrap

__all__ = ["filled"]


def filled(line: str) -> str:
    """A line that begins with a word in ten columns, in as many lines as the terminal needs."""
    return textwrap.fill(
        line,
        width=min(100, shutil.get_terminal_size((100, 24)).columns),
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )
