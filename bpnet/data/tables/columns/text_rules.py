"""What a column of text is taken for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import count, shown
from .boolean import are_truth_values
from .date_spelling import find_date_spelling
from .decision import Decision
from .duration_spelling import parse_duration, read_durations
from .finding import Finding, Seen, option
from .label_rules import find_category
from .number_rules import find_number
from .number_spelling import PLAIN, NumberSpelling, find_spelling

__all__ = ["find_text", "is_placeholder", "numbers_of"]

_MOST_ODD = 0.1  # share of the cells of a column of numbers that are none
_MOST_PLACEHOLDERS = 0.9  # where all of these are marks for a missing one
_LONGEST_MARK = 80  # characters
_MOST_MARKS = 100  # different ones
_MANY, _SAMPLE = 10_000, 1000  # texts of which some are tried first
_FEW = 10  # different numbers, which may be codes
_NEXT_DAY = np.datetime64("1970-01-02")
_NO_WORD = re.compile(r"[\W_]*")
_PLACEHOLDERS = frozenset(
    [
        "n.a.", "n.a", "n/a.", "na.", ".na", "n.d.", "n.d", "nd", "n/k", "nil", "none", "missing",
        "unknown", "unspecified", "undefined", "tbd", "no data", "not available",
        "not applicable", "not measured", "not known", "not reported",
        "0000-00-00", "0000-00-00 00:00:00",
        "#value!", "#div/0!", "#ref!", "#null!", "#num!", "#name?",
    ]
)  # fmt: skip


def is_placeholder(text: str) -> bool:
    """Whether a text among numbers or dates plainly stands for a missing one.

    >>> [is_placeholder(text) for text in ("-", "n.a.", "not measured", "<5", "A")]
    [True, True, True, False, False]
    """
    return bool(_NO_WORD.fullmatch(text)) or text.lower() in _PLACEHOLDERS


def find_text(seen: Seen) -> Finding:
    """See what a column of texts is taken for."""
    name, texts = seen.name, list(seen.counts)
    training = {text for text in seen.labels.counts(seen.rows) if text is not None}
    if len(training) < 2:
        return find_category(seen)
    if are_truth_values(texts):
        why = " and ".join(sorted(texts)[:2][::-1])
        return Finding(Decision(name, "boolean", why, option("categorical", name)))
    if not any(character in text for text in texts for character in "0123456789"):
        return find_category(seen)  # soonest
    if _have_leading_zeros(texts):
        change = option("numeric", name)
        first = next(text for text in texts if text[0] == "0" and len(text) > 1)
        return find_category(
            seen, f"digits with leading zeros, as {shown(first)[1:-1]}", change,
            f"is taken for labels because of leading zeros, as in {shown(first)}; if it is "
            f"numbers, use {change}",
        )  # fmt: skip
    return _find_numbers(seen) or _find_dates(seen) or _find_durations(seen) or _find_labels(seen)


def numbers_of(seen: Seen, spelling: NumberSpelling) -> tuple[NDArray[np.float64], list[str]]:
    """The numbers of a column, NaN where a cell holds none, and the texts that are none."""
    found, wrong = spelling.read(seen.labels.texts)
    odd = [text for text, bad in zip(seen.labels.texts, wrong, strict=True) if bad and text]
    return found[seen.labels.codes], odd


def _find_numbers(seen: Seen) -> Finding | None:
    name = seen.name
    spelling, other = find_spelling(seen.counts, seen.options.decimal)
    if not _reads_sample(seen, spelling.parse):
        return None
    numbers, odd = numbers_of(seen, spelling)
    if not _are_few(seen, odd):
        return None
    few = len(np.unique(numbers[~np.isnan(numbers)])) <= _FEW
    if few and not all(map(is_placeholder, odd)):
        return None  # codes, of which some are letters
    found = find_number(seen, numbers, spelling)
    if found.decision.kind not in ("number", "date"):
        return found  # constant, identifiers
    told = []
    example = next((text for text in seen.counts if _is_spelled(text, spelling)), None)
    if example is not None:
        told.append(f"is read as numbers, {shown(example)} as {spelling.parse(example):.12g}")
    change = option("categorical", name)
    if other is not None and example is not None and other.parse(example) is not None:
        told.append(f"if that is {other.parse(example):.12g}, use --decimal {other.decimal}")
    if odd:
        if not told:
            told.append("is read as numbers")
        told.append(_tell_odd(seen, odd))
        told.append(f"{change} takes all cells for labels")
    if example is None and not odd:
        return found
    if found.told:
        told.append(f"it {found.told}")
    reading = found.reading if found.decision.kind == "date" else spelling
    why = found.decision.why + (f", as {shown(example)}" if example is not None else "")
    why += f"; {count(len(odd), 'text')} for missing" if odd else ""
    decision = Decision(name, found.decision.kind, why, change, guess=True)
    shared = "are read as numbers, such as 64,720 as 64720; if they are labels, use --categorical"
    if odd:
        shared = "are read as numbers but for some cells, which count as missing; --categorical "
        shared += "takes all cells for labels"
    return Finding(decision, reading, tuple(odd), "; ".join(told), shared)


def _find_dates(seen: Seen) -> Finding | None:
    name = seen.name
    spelling, ambiguous = find_date_spelling(seen.counts, seen.options.day_first)
    if not _reads_sample(seen, spelling.parse):
        return None
    found, wrong = spelling.read(seen.labels.texts)
    odd = [text for text, bad in zip(seen.labels.texts, wrong, strict=True) if bad and text]
    if not _are_few(seen, odd):
        return None
    dates = found[~np.isnat(found)]
    if spelling.order == "time of day" and (dates >= _NEXT_DAY).any():
        return None  # durations
    if spelling.order == "time of day":
        why = f"times of day, such as {shown(_first_read(seen, odd))}"
    else:
        why = f"dates from {dates.min().astype('M8[D]')} to {dates.max().astype('M8[D]')}"
    change = option("categorical", name)
    told = f"is taken for {why}; if it is labels, use {change}"
    shared = "are taken for dates; if they are labels, use --categorical"
    if ambiguous:
        change, why = "--day-first", f"{why}, month first"
        told = (
            f"is taken for {why} as in 12/31; if {shown(_first_read(seen, odd))} has the day "
            f"first, use {change}"
        )
        shared = "are taken for dates, month first as in 12/31; otherwise use --day-first"
    if odd:
        told += "; " + _tell_odd(seen, odd)
    decision = Decision(name, "date", why, change, guess=True)
    return Finding(decision, spelling, tuple(odd), told, shared)


def _find_durations(seen: Seen) -> Finding | None:
    if not _reads_sample(seen, parse_duration):
        return None
    _, wrong = read_durations(seen.labels.texts)
    odd = [text for text, bad in zip(seen.labels.texts, wrong, strict=True) if bad and text]
    if not _are_few(seen, odd):
        return None
    change = option("categorical", seen.name)
    why = f"durations, such as {shown(_first_read(seen, odd))}"
    told = f"is taken for {why}; if it is labels, use {change}"
    if odd:
        told += "; " + _tell_odd(seen, odd)
    return Finding(
        Decision(seen.name, "duration", why, change, guess=True), "duration", tuple(odd), told,
        "are taken for durations; if they are labels, use --categorical",
    )  # fmt: skip


def _find_labels(seen: Seen) -> Finding:
    """Labels; that many of them are numbers is told."""
    spelling, _ = find_spelling(seen.counts, seen.options.decimal)
    if not _reads_sample(seen, spelling.parse):
        return find_category(seen)
    _, odd = numbers_of(seen, spelling)
    n_odd = sum(seen.counts[text] for text in odd)
    if 2 * n_odd >= sum(seen.counts.values()):
        return find_category(seen)
    is_mark = len(odd) == 1 and len(odd[0]) <= _LONGEST_MARK
    change = f"--missing {shlex.quote(odd[0])}" if is_mark else option("drop", seen.name)
    told = f"is taken for labels, not numbers, because of {shown(odd[0])} in {seen.where(odd[0])}"
    if is_mark:
        told += f"; if it stands for a missing number, use {change}"
    return find_category(seen, f"texts such as {shown(odd[0])} among numbers", change, told)


def _reads_sample(seen: Seen, parse: Callable[[str], object]) -> bool:
    """Whether some of very many texts are of a kind, of which few may not be; True for others."""
    texts = list(seen.counts)
    if len(texts) < _MANY:
        return True
    sample = texts[:: len(texts) // _SAMPLE]
    return 2 * sum(parse(text) is not None for text in sample) > len(sample)


def _are_few(seen: Seen, odd: Collection[str]) -> bool:
    """Whether the texts that are not of the kind are so few that the others decide."""
    n_rows, n_odd = sum(seen.counts.values()), sum(seen.counts[text] for text in odd)
    if len(odd) > _MOST_MARKS:
        return False
    limit = _MOST_PLACEHOLDERS if all(map(is_placeholder, odd)) else _MOST_ODD
    return n_odd <= limit * n_rows


def _tell_odd(seen: Seen, odd: list[str]) -> str:
    n_odd = sum(seen.counts[text] for text in odd)
    where = f"{shown(odd[0])} in {seen.where(odd[0])}"
    if n_odd == 1:
        return f"1 cell counts as missing: {where}"
    return f"{n_odd} cells count as missing, such as {where}"


def _first_read(seen: Seen, odd: list[str]) -> str:
    return next(text for text in seen.counts if text not in odd)


def _is_spelled(text: str, spelling: NumberSpelling) -> bool:
    """Whether a number is written in a way that only this spelling reads."""
    return PLAIN.parse(text) != spelling.parse(text) is not None


def _have_leading_zeros(texts: Collection[str]) -> bool:
    return all(text.isdecimal() for text in texts) and any(
        text[0] == "0" and len(text) > 1 for text in texts
    )
