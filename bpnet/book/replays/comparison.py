"""A replayed curve beside the published one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._lib.frozen import Frozen
from .programs import Program
from .replay import Curves

__all__ = ["CLOSE", "Comparison", "compare", "table"]

CLOSE = 1e-12
"""Relative difference up to which costs count as equal: what rounding in another order makes."""


class Comparison(Frozen):
    """How a replayed curve and the published one agree.

    Parameters
    ----------
    arm, what : str
    epochs : int
        How many are compared.
    equal : int
        How many agree: counts of right answers exactly, costs to `CLOSE`.
    difference : float
        The largest: of counts in images, of costs relative to the published one.
    departs : int or None
        The first epoch that does not agree, from 1.
    """

    arm: str
    what: str
    epochs: int
    equal: int
    difference: float
    departs: int | None

    @property
    def counts(self) -> bool:
        """Whether numbers of right answers are compared, and not costs."""
        return self.what.endswith("accuracy")


def compare(
    program: Program, found: Mapping[str, Curves], published: Mapping[str, Curves]
) -> list[Comparison]:
    """Compare the epochs that were replayed with the published ones.

    Parameters
    ----------
    program : Program
    found, published : mapping of str to Curves
        By arm.
    """
    return [
        _compared(arm.name, what, found[arm.name][what], published[arm.name][what])
        for arm in program.arms
        for what in arm.monitored
    ]


def _compared(
    arm: str, what: str, found: Sequence[float], published: Sequence[float]
) -> Comparison:
    pairs = list(zip(found, published, strict=False))
    if what.endswith("accuracy"):
        differences = [float(abs(one - other)) for one, other in pairs]
        bound = 0.0
    else:
        differences = [abs(one - other) / abs(other) for one, other in pairs]
        bound = CLOSE
    apart = [epoch for epoch, one in enumerate(differences, 1) if not one <= bound]
    return Comparison(
        arm,
        what,
        len(pairs),
        len(pairs) - len(apart),
        max(differences, default=0.0),
        apart[0] if apart else None,
    )


def table(comparisons: Mapping[str, Sequence[Comparison]]) -> str:
    """All comparisons as lines of text, by program."""
    rows = [("program", "arm", "after each epoch", "equal", "largest difference", "departs")]
    for name, ones in comparisons.items():
        for one in ones:
            difference = f"{one.difference:.0f}" if one.counts else f"{one.difference:.1e}"
            departs = "" if one.departs is None else f"in epoch {one.departs}"
            equal = f"{one.equal} of {one.epochs}"
            rows.append((name, one.arm, one.what, equal, difference, departs))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
