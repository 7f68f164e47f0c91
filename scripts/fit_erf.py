"""Fit the coefficients of ``bpnet/backends/erf.py`` and print them as Python source.

Needs ``mpmath`` only; takes a few seconds::

    python scripts/fit_erf.py

Two functions are fitted, each in the minimax sense by the Remez exchange algorithm with 60
decimal digits:

* ``erf(x) / x`` on ``0 <= x <= 1`` by a polynomial in ``z = x**2``, relative error;
* ``log(erfc(1 + t) / erfc(1)) / t`` on ``0 <= t <= T`` by a polynomial, or by a quotient of two
  polynomials, in ``t``. The weight ``t * erfc(1 + t)`` makes it the absolute error of ``erf``.

The polynomial is then moved by ``-P(1)`` so that it vanishes at ``z = 1``, and ``1 - P(1)`` takes
the place of ``erfc(1)``; what is left at ``z = 1`` from rounding goes to the constant term.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp

mp.mp.dps = 60


def remez(
    f: Callable[[Any], Any], weight: Callable[[Any], Any], end: int, m: int, n: int
) -> tuple[list[Any], list[Any], Any]:
    """Minimise ``max weight * |f - p / q|`` on ``(0, end)`` for degrees `m` and `n`.

    Returns the coefficients of ``p`` and of ``q`` (with ``q(0) = 1``), constant term first, and
    the largest error.
    """
    last = 800
    xs = [end * mp.sin(mp.pi * (2 * k + 1) / (4 * last + 4)) ** 2 for k in range(last + 1)]
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    size = m + n + 2
    points = [last * k // (size - 1) for k in range(size)]
    q = [mp.mpf(1)] + [mp.mpf(0)] * n
    for _ in range(100):
        for _ in range(20 if n else 1):  # the levelled error, linear in p, q and level
            lhs, rhs = mp.matrix(size, size), mp.matrix(size, 1)
            for row, k in enumerate(points):
                for j in range(m + 1):
                    lhs[row, j] = xs[k] ** j
                for j in range(1, n + 1):
                    lhs[row, m + j] = -fs[k] * xs[k] ** j
                lhs[row, size - 1] = (-1) ** row * mp.polyval(q[::-1], xs[k]) / ws[k]
                rhs[row] = fs[k]
            solution = list(mp.lu_solve(lhs, rhs))
            p, old, q = solution[: m + 1], q, [mp.mpf(1), *solution[m + 1 : -1]]
            if max(abs(a - b) for a, b in zip(q, old, strict=True)) < mp.mpf(10) ** -30:
                break
        errors = [
            w * (mp.polyval(p[::-1], x) / mp.polyval(q[::-1], x) - y)
            for x, y, w in zip(xs, fs, ws, strict=True)
        ]
        peaks = [0]  # the largest error of every run of one sign
        for k, error in enumerate(errors):
            if error * errors[peaks[-1]] < 0:
                peaks.append(k)
            elif abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = k
        while len(peaks) > size:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if peaks == points:
            return p, q, max(map(abs, errors))
        points = peaks
    raise ArithmeticError("the exchange did not settle")


def small(z: Any) -> Any:
    """``erf(x) / x`` as a function of ``z = x**2``."""
    return mp.erf(mp.sqrt(z)) / mp.sqrt(z)


def large(t: Any) -> Any:
    """``log(erfc(1 + t) / erfc(1)) / t``."""
    return mp.log(mp.erfc(1 + t) / mp.erfc(1)) / t


def table(coefficients: Sequence[Any], bits: int) -> str:
    """Source of a tuple: highest power first, rounded to `bits` significant bits."""
    with mp.workprec(bits):
        lines = [f"        {float(+c)!r},\n" for c in reversed(coefficients)]
    return f"    (\n{''.join(lines)}    ),\n" if lines else "    (),\n"


def fit(name: str, bits: int, degree: int, end: int, m: int, n: int) -> None:
    """Fit and print the tables for one precision; from ``1 + end`` on ``erf`` rounds to 1."""
    p, _, error_small = remez(small, lambda z: 1 / small(z), 1, degree, 0)
    a, b, error_large = remez(large, lambda t: t * mp.erfc(1 + t), end, m, n)
    scale = 1 - sum(p)
    with mp.workprec(bits):  # the constant term makes Horner's rule give 0 at z = 1
        rest = mp.mpf(0)
        for c in reversed(p[1:]):
            rest = rest + c
        p[0] = -rest
        scale = float(+scale)
    unit = mp.mpf(2) ** -bits
    print(f"# Largest error, in units of 2**-{bits}:")
    print(f"# {mp.nstr(error_small / unit, 2)} for z in (0, 1), degree {degree};")
    print(f"# {mp.nstr(error_large / unit, 2)} for t in (0, {end}), degrees {m} and {n}.")
    print(f"{name}: _Tables = (")
    print(table(p, bits), table([c / b[-1] for c in a], bits), sep="", end="")
    print(table([c / b[-1] for c in b[:-1]], bits), end="")  # the leading 1 is implied
    print(f"    {scale!r},\n    {1.0 + end!r},\n)")


if __name__ == "__main__":
    fit("_FLOAT32", bits=24, degree=5, end=3, m=5, n=0)
    fit("_FLOAT64", bits=53, degree=11, end=5, m=6, n=5)
