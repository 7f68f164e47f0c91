"""What a column of numbers is taken for."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .date_spelling import DateSpelling
from .decision import Decision
from .finding import Finding, Seen, left_out, option
from .label_rules import find_category
from .number_spelling import PLAIN, NumberSpelling

__all__ = ["find_number", "looks_like_identifier", "nothing_to_learn"]

_FEW = 10  # different whole numbers, which may be codes
_FEWEST_ROWS = 20  # in which all different numbers say something
_LIKELY_PAIRS = 3  # equal ones that random numbers would have; none at all has a chance of 5 %
_FIRST_DATE, _LAST_DATE = 1800_01_01, 2100_12_31
_IDENTIFIER = re.compile(
    r"(?:.*[\W_])?(?:id|ids|uid|uuid|guid|key|index|idx|row|rows|obs|record|serial)"
    r"|row[\W_]?(?:names?|id|num|number|no)|unnamed: \d+|level_\d+",
    re.IGNORECASE,
)
_POSTAL_CODE = re.compile(
    r"(?:^|[\W_])(?:zip|zip[\W_]?codes?|post(?:al)?[\W_]?codes?|plz)(?:$|[\W_])", re.IGNORECASE
)
_CAMEL_IDENTIFIER = re.compile(r".*[a-z0-9](?:Id|ID|Key|Index)|X")


def looks_like_identifier(name: str) -> bool:
    """Whether a column is called like an index or an identifier.

    >>> [looks_like_identifier(name) for name in ("id", "customerID", "rownames", "age", "paid")]
    [True, True, True, False, False]
    """
    return bool(_IDENTIFIER.fullmatch(name) or _CAMEL_IDENTIFIER.fullmatch(name))


def find_number(seen: Seen, numbers: NDArray[Any], spelling: NumberSpelling = PLAIN) -> Finding:
    """See what a column of these numbers, NaN where one is missing, is taken for."""
    name, useless = seen.name, nothing_to_learn(seen, numbers)
    if useless is not None:
        return useless
    present = numbers[~np.isnan(numbers)]
    different = np.unique(present)
    if different.tolist() == [0, 1]:
        return Finding(Decision(name, "boolean", "0 and 1", option("categorical", name)))
    training = numbers[seen.rows]
    low, high = np.nanmin(training) + 0, np.nanmax(training) + 0  # no -0
    whole = bool((different == np.floor(different)).all())
    kind = "whole numbers" if whole else "numbers"
    digits = 15 if whole else 6
    why = f"{kind} from {low:.{digits}g} to {high:.{digits}g}"
    if whole:
        found = _find_whole(seen, numbers, different, present.size, why)
        if found is not None:
            is_number = found.decision.kind == "number"
            return dataclasses.replace(found, reading=spelling) if is_number else found
    return Finding(Decision(name, "number", why, option("categorical", name)), spelling)


def nothing_to_learn(seen: Seen, numbers: NDArray[Any]) -> Finding | None:
    """The finding of a column that has no value, or a single one, in the training rows."""
    name = seen.name
    training = numbers[seen.rows]
    training = training[~np.isnan(training)]
    if not training.size:
        return left_out(name, "it has no value in the training rows",
                        "they have no value in the training rows")  # fmt: skip
    if (training == training[0]).all():
        return left_out(name, f"it is constant (={training[0]:.12g}) in the training rows",
                        "they are constant in the training rows")  # fmt: skip
    return None


def _find_whole(
    seen: Seen, numbers: NDArray[Any], different: NDArray[Any], n_present: int, why: str
) -> Finding | None:
    """Whole numbers that may be no quantities: an index, identifiers, dates or codes."""
    name, named = seen.name, looks_like_identifier(seen.name)
    if "year" in name.lower() and different[0] >= 1000 and different[-1] < 3000:
        return None
    if _POSTAL_CODE.search(name):
        change = option("numeric", name)
        told = (
            f"is taken for labels, being called like a postal code; if it is numbers, use {change}"
        )
        return find_category(seen, "called like a postal code", change, told)
    if _is_index(numbers):
        if named and numbers[0] in (0, 1):
            return left_out(name, "it counts the rows", "they count the rows",
                            option("numeric", name))  # fmt: skip
        return _number(seen, f"{why}, counting the rows", option("drop", name),
                       "counts the rows; if it is only an index, use",
                       "count the rows; if they are only indices, use --drop")  # fmt: skip
    if _are_dates(different):
        decision = Decision(name, "date", f"dates as {different[0]:.0f}",
                            option("numeric", name), guess=True)  # fmt: skip
        told = f"is taken for dates, such as {different[0]:.0f}; if they are numbers, use "
        shared = "are taken for dates of eight digits; if they are numbers, use --numeric"
        return Finding(decision, DateSpelling("digits"), (), told + decision.change, shared)
    if different.size == n_present and n_present >= _FEWEST_ROWS:
        if named:
            return left_out(
                name,
                "all different whole numbers, called like an identifier",
                "all different whole numbers, called like identifiers",
                option("numeric", name),
            )
        if _identify(numbers, different):
            return _number(seen, f"{why}, different in every row", option("drop", name),
                           "is a different whole number in every row; if it identifies rows, use",
                           "are different whole numbers in every row; if they identify rows, "
                           "use --drop")  # fmt: skip
    if 3 <= different.size <= _FEW and n_present >= 3 * different.size:
        return _number(
            seen,
            f"{why}, {different.size} different",
            option("categorical", name),
            f"holds {different.size} different whole numbers, taken for numbers; if they are "
            "labels, use",
            "hold a few different whole numbers, taken for numbers; if they are labels, "
            "use --categorical",
            together=True,
        )
    if named:
        return _number(
            seen,
            f"{why}, called like an identifier",
            option("categorical", name),
            "is called like an identifier, but taken for numbers; if it is labels, use",
            "are called like identifiers, but taken for numbers; if they are labels, use "
            "--categorical",
            together=True,
        )
    return None


def _number(
    seen: Seen, why: str, change: str, told: str, shared: str, together: bool = False
) -> Finding:
    decision = Decision(seen.name, "number", why, change, guess=True)
    return Finding(decision, PLAIN, (), f"{told} {change}", shared, together)


def _is_index(numbers: NDArray[Any]) -> bool:
    return len(numbers) > 2 and bool((np.diff(numbers) == 1).all())


def _identify(numbers: NDArray[Any], different: NDArray[Any]) -> bool:
    """Whether numbers that all differ do so by rule: in order, or too dense to differ by chance."""
    steps = np.diff(numbers[~np.isnan(numbers)])
    if (steps > 0).all() or (steps < 0).all():
        return True
    pairs = different.size * (different.size - 1) / 2
    return bool(pairs >= _LIKELY_PAIRS * (different[-1] - different[0] + 1))


def _are_dates(different: NDArray[Any]) -> bool:
    """Whether all numbers are days, written as 20211231."""
    if not _FIRST_DATE <= different[0] <= different[-1] <= _LAST_DATE or different.size < 3:
        return False
    _, wrong = DateSpelling("digits").read([f"{number:.0f}" for number in different[:1000]])
    return not wrong.any()
