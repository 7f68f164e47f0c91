"""How a table is to be read, where that cannot be seen from the file."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...._lib.constraints import Boolean, Choice, Integer, Number, Text
from ...._lib.wording import described, shown

__all__ = ["ReadOptions"]

_TAB_NAMES = ("tab", "\\t")  # a tab itself is hard to type
_NEVER_DELIMITERS = '"\r\n\0.'


@dataclass(frozen=True)
class ReadOptions:
    """How a table is to be read, where that cannot be seen from the file.

    It goes to JSON and back by `to_dict` and `from_dict`, so that a model can read new files as
    the one that it was trained on. Options of text files mean nothing to other formats.

    Attributes
    ----------
    header : bool or None
        Whether the first row of a text file names the columns; without one they are called ``c1``,
        ``c2``, ... None: the first row names them, and a file is refused where it looks like the
        rows below.
    delimiter : str or None
        The character that divides fields; a blank stands for one or more blanks, and ``tab`` for
        a tab. None: whichever of ``,``, ``;``, tab and ``|`` divides the rows.
    decimal : {".", ","} or None
        The decimal mark of numbers. None: a point, and where ``;`` divides fields also a comma.
    encoding : str or None
        As Python calls it, such as ``"latin-1"``. None: UTF-8. A byte order mark comes first.
    missing : tuple of str
        Marks of missing values beside the usual ones, such as ``"-"`` or ``"-999"``; a number
        means every cell that is equal to it.
    text : tuple of str
        Columns to keep as text even if all of it looks like numbers.
    max_bytes : int or None
        What the columns may take in memory once unpacked.

    Raises
    ------
    TypeError, ValueError
        If an option is none that there is; the message gives it and what is expected.

    Examples
    --------
    >>> options = ReadOptions(delimiter="tab", missing=[-999, "-"])
    >>> options.delimiter, options.missing
    ('\\t', ('-999', '-'))
    >>> ReadOptions.from_dict(options.to_dict()) == options
    True
    """

    header: bool | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("header", Boolean(optional=True)("header", self.header)),
            ("delimiter", _delimiter(self.delimiter)),
            ("decimal", Choice(".", ",", optional=True)("decimal", self.decimal)),
            ("encoding", _encoding(self.encoding)),
            ("missing", tuple(map(_mark, _several("missing", self.missing)))),
            ("text", tuple(map(_name, _several("text", self.text)))),
            ("max_bytes", Integer(1, optional=True)("max_bytes", self.max_bytes)),
        ):
            object.__setattr__(self, name, value)
        if self.delimiter is not None and self.delimiter == self.decimal:
            raise ValueError(
                f"{shown(self.delimiter)} cannot both divide fields and be the decimal mark: "
                "change delimiter or decimal"
            )

    def to_dict(self) -> dict[str, Any]:
        """What another file is to be read with too, as JSON values: all but text and max_bytes."""
        return {
            "header": self.header,
            "delimiter": self.delimiter,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "missing": list(self.missing),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "reading") -> ReadOptions:
        """Read what `to_dict` wrote; an option that is not there is None.

        Raises
        ------
        ValueError
            If an entry is wrong; the message begins with ``where`` and gives it.
        """
        names = ("header", "delimiter", "decimal", "encoding", "missing")
        if not isinstance(data, Mapping) or not set(data) <= set(names):
            raise ValueError(
                f"{where} is {shown(data)}, expected a dictionary of {', '.join(names)}"
            )
        try:
            return cls(**data)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where}: {error}") from None


def _delimiter(given: Any) -> str | None:
    delimiter: str | None = Text(optional=True)("delimiter", given)
    if delimiter is None:
        return None
    if delimiter in _TAB_NAMES:
        return "\t"
    if len(delimiter) > 1 and not delimiter.strip(" "):
        return " "
    if len(delimiter) != 1 or delimiter in _NEVER_DELIMITERS or delimiter.isalnum():
        raise ValueError(
            f"delimiter must be one character, such as ',', ';', '|', ' ' or 'tab', "
            f"not {shown(delimiter)}"
        )
    return delimiter


def _encoding(given: Any) -> str | None:
    encoding: str | None = Text(optional=True)("encoding", given)
    if encoding is None:
        return None
    try:
        "".encode(encoding)  # which refuses codecs that make no text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise ValueError(
            f"unknown encoding {shown(encoding)}: known are 'utf-8', 'latin-1', 'cp1252', "
            "'utf-16' and whatever else Python's codecs are called"
        ) from None


def _several(name: str, given: Any) -> tuple[Any, ...]:
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a sequence, not {described(given)}")
    return tuple(given)


def _mark(given: Any) -> str:
    """A mark as a cell has it; 2.0 is spelled 2."""
    if isinstance(given, str):
        return given.strip()
    number: float = Number(finite=False)("missing", given)
    return str(int(number)) if number.is_integer() else repr(number)


def _name(given: Any) -> str:
    name: str = Text()("text", given)
    return name.strip()
