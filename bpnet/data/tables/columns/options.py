"""What the user says about the feature columns of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ...._lib.constraints import Each, Text
from ...._lib.registry import no_such
from ...._lib.wording import shown

__all__ = ["ColumnOptions"]


@dataclass(frozen=True)
class ColumnOptions:
    """Which columns are used, and what they are taken for whatever they look like.

    Parameters
    ----------
    drop : collection of str, or one str
        Columns to leave out.
    features : collection of str, or one str
        The only columns to use; all others are left out. None given means all.
    categorical, text : collection of str, or one str
        Columns of labels even if they look like numbers or dates, such as postal codes.
    numeric : collection of str, or one str
        Columns of numbers even if they look like identifiers.
    decimal : {".", ","}, optional
        The decimal mark of numbers; seen from each column if not given.
    day_first : bool, optional
        Whether 1/2/2021 is the first of February; seen from each column if not given.

    Raises
    ------
    TypeError
        If a name is no text.
    ValueError
        If one column is given for two things that contradict each other.

    Examples
    --------
    >>> ColumnOptions(drop="id", categorical=["zip"]).drop
    ('id',)
    >>> ColumnOptions(categorical=["zip"], numeric=["zip"])
    Traceback (most recent call last):
    ValueError: column 'zip' is given both as categorical and as numeric
    """

    drop: Collection[str] = ()
    features: Collection[str] = ()
    categorical: Collection[str] = ()
    numeric: Collection[str] = ()
    text: Collection[str] = ()
    decimal: str | None = None
    day_first: bool | None = None

    def __post_init__(self) -> None:
        for name in _NAMES:
            given: Any = getattr(self, name)
            names = [given] if isinstance(given, str) else Each(Text())(name, given)
            stripped = (column.strip() for column in names)  # as those of a table are
            object.__setattr__(self, name, tuple(dict.fromkeys(stripped)))
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"decimal is {shown(self.decimal)}, expected '.' or ','")
        for one, other in _CONTRADICTIONS:
            for column in getattr(self, one):
                if column in getattr(self, other):
                    raise ValueError(
                        f"column {shown(column)} is given both as {one} and as {other}"
                    )
        for option in ("categorical", "numeric", "text"):
            for column in getattr(self, option):
                if self.features and column not in self.features:
                    raise ValueError(
                        f"column {shown(column)} is given as {option}, but not among the features"
                    )

    def check_columns(self, columns: Iterable[str], target: Collection[str] = ()) -> None:
        """Raise for a name that is none of these columns, or a target.

        Parameters
        ----------
        columns : iterable of str
            Those of the table.
        target : collection of str, optional
            Columns to predict, or to split or weigh by, which cannot be features.
        """
        known = dict.fromkeys(columns)
        for option in _NAMES:
            for column in getattr(self, option):
                if column not in known and column not in target:
                    raise ValueError(f"{option}: {no_such('column', column, known)}")
                if column in target and option in ("drop", "features"):
                    raise ValueError(f"{option}: column {shown(column)} is the target")

    def is_left_out(self, column: str) -> str:
        """Why the user leaves a column out; empty where it is used."""
        if column in self.drop:
            return "as asked for"
        if self.features and column not in self.features:
            return "not among the features asked for"
        return ""


_NAMES = ("drop", "features", "categorical", "numeric", "text")
_CONTRADICTIONS = (
    ("drop", "features"),
    ("drop", "categorical"),
    ("drop", "numeric"),
    ("drop", "text"),
    ("categorical", "numeric"),
    ("text", "numeric"),
)
