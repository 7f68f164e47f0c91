"""What is not trained on: a share of the rows, or a table of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..._lib.constraints import Number
from ..._lib.files import is_path
from ..._lib.wording import described
from .reading.frames import is_frame

__all__ = ["HeldOut"]

_SHARE = Number(0.0, 1.0)


class HeldOut(NamedTuple):
    """What is validated on, and what is tested on.

    Attributes
    ----------
    validation, test : float
        Shares of the rows; 0 where there is none, or a table of its own.
    tables : dict of str to path or frame
        Those of their own, by "validation" and "test".
    """

    validation: float
    test: float
    tables: dict[str, Any]

    @classmethod
    def of(cls, validation: Any, test: Any) -> HeldOut:
        """What was asked for.

        Raises
        ------
        TypeError, ValueError
            If it is neither a share nor a table, or nothing is left to train on.
        """
        tables = {}
        shares = {}
        for name, given in (("validation", validation), ("test", test)):
            if is_path(given) or is_frame(given):
                tables[name], shares[name] = given, 0.0
                continue
            try:
                shares[name] = _SHARE(name, given)
            except TypeError:
                raise TypeError(
                    f"{name} must be a share of the rows, such as 0.1, or a file or frame of its "
                    f"own, not {described(given)}"
                ) from None
        if sum(shares.values()) >= 1:
            raise ValueError(
                f"validation={shares['validation']:g} and test={shares['test']:g} leave no rows to "
                "train on: their sum must be less than 1"
            )
        return cls(**shares, tables=tables)

    def check_split(self, by: str | None, name: str | None) -> None:
        """Raise if rows are to be split by a column, and there is nothing to split."""
        if name is not None and not self.validation and not self.test:
            raise ValueError(
                f"{by} {name!r} splits the rows, but neither validation nor test is a share of "
                "them: leave it out, or give one a share"
            )
