"""Fit the coefficients of ``bpnet/activations/normal_tail.py`` and print them as Python source.

Needs ``mpmath`` only; takes a few seconds::

    python scripts/fit_normal_tail.py

``exp(x**2 / 2) * Phi(-x)`` is fitted by a quotient of two polynomials in ``x``, with the smallest
largest relative error, by the Remez exchange algorithm of ``fit_erf.py``. The intervals end where
``exp(-x**2 / 2) * Phi(-x)`` is below the smallest number of the type.
"""

from __future__ import annotations

from typing import Any

import mpmath as mp
from fit_erf import remez, table


def tail(x: Any) -> Any:
    """``exp(x**2 / 2) * Phi(-x)``."""
    return mp.erfc(x / mp.sqrt(2)) / 2 * mp.exp(x * x / 2)


def fit(name: str, bits: int, end: int, degree: int) -> None:
    """Fit and print the tables for one precision."""
    p, q, error = remez(tail, lambda x: 1 / tail(x), end, degree, degree + 1)
    degrees = f"degrees {degree} and {degree + 1}"
    print(f"# Largest relative error for x in (0, {end}), {degrees}: {mp.nstr(error, 2)}.")
    print(f"{name} = (")
    print(table([c / q[-1] for c in p], bits), end="")
    print(table([c / q[-1] for c in q[:-1]], bits), end="")  # the leading 1 is implied
    print(")")


if __name__ == "__main__":
    fit("_FLOAT32", bits=24, end=14, degree=4)
    fit("_FLOAT64", bits=53, end=39, degree=9)
