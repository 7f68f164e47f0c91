"""The character that divides the fields of a text file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..cell_parsing import parse_number

__all__ = ["count_fields", "find_delimiter", "seem_divided_by_blanks"]

_DELIMITERS = ",;\t|"


def find_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that divides the first lines of a file into most fields.

    Those that divide all lines alike come first; among them not a comma that is the decimal mark
    of numbers.
    """
    counts = {mark: [count_fields(line, mark) for line in lines] for mark in _DELIMITERS}
    alike = [mark for mark, found in counts.items() if found and set(found) == {found[0]} != {1}]
    if "," in alike:
        for mark in alike:
            if mark != "," and all(_decimal_commas_only(line, mark) for line in lines[1:]):
                return mark
    return max(alike or _DELIMITERS, key=lambda mark: counts[mark][0] if lines else 0)


def count_fields(line: str, delimiter: str) -> int:
    """Number of fields in a line, without making them."""
    if delimiter == " ":  # of which several divide like one
        return len(line.split())
    parts: Iterable[str] = line.split('"')[::2] if '"' in line else (line,)
    return 1 + sum(part.count(delimiter) for part in parts)


def seem_divided_by_blanks(lines: Sequence[str]) -> bool:
    """Whether blanks divide all lines alike, and some of the fields are numbers."""
    rows = [line.split() for line in lines]
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
        return False
    columns = zip(*rows[1:], strict=True)
    return any(all(parse_number(cell) is not None for cell in cells) for cells in columns)


def _decimal_commas_only(line: str, delimiter: str) -> bool:
    """Whether each comma of a line is within a number."""
    fields = [field for field in line.split(delimiter) if "," in field]
    return all(parse_number(field.strip().replace(",", ".")) is not None for field in fields)
