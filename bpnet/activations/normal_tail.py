"""The normal distribution's tail, of which GELU is made.

``tail(x) = exp(x**2 / 2) * Phi(-x)`` for ``x >= 0``, Phi being the distribution function of the
normal distribution. It falls slowly, from 1/2 like ``1 / (x * sqrt(2 * pi))``, so that a quotient
of two polynomials with positive coefficients gives it over the whole range, without a choice
between branches.

The coefficients are minimax fits of the relative error by the Remez exchange algorithm, in 60
decimal digits, then rounded (``scripts/fit_normal_tail.py``, which prints the tables below).
Rounding included, with NumPy, `tail` differs from the true value by at most 5 ulp in float32 and
7 in float64, and for x below 1 by at most 2 and 2.5.
"""

from __future__ import annotations

from typing import Any

from ..backends import Array

__all__ = ["tail"]

# Numerator and denominator, highest power first, without the denominator's leading 1.
# Largest relative error for x in (0, 14), degrees 4 and 5: 5.5e-09.
_FLOAT32 = (
    (
        0.3989472985267639,
        3.9499735832214355,
        17.851667404174805,
        42.779579162597656,
        48.918670654296875,
    ),
    (
        9.901782035827637,
        45.73225021362305,
        117.33576965332031,
        163.62210083007812,
        97.83734130859375,
    ),
)
# Largest relative error for x in (0, 39), degrees 9 and 10: 5.1e-17.
_FLOAT64 = (
    (
        0.39894228040025,
        10.724921207630368,
        141.17850792679926,
        1177.1701500588167,
        6799.87990420023,
        28122.744474137005,
        83282.48866543545,
        170988.71047259637,
        223033.10982381183,
        143912.57915270733,
    ),
    (
        26.88339074162205,
        354.88203979684226,
        2977.6113697137175,
        17396.65339406967,
        73390.22428945867,
        225105.31823606233,
        493464.64019918017,
        737209.3783071712,
        675717.4696701517,
        287825.15830541466,
    ),
)


def tail(x: Array, xp: Any) -> Array:
    """``exp(x**2 / 2) * Phi(-x)``, elementwise.

    Parameters
    ----------
    x : array
        Of float32 or float64, from 0 to 40.
    xp : namespace

    Returns
    -------
    array
        Of the shape and type of ``x``.

    References
    ----------
    M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*, National Bureau of
    Standards, 1964: 26.2.3 defines the tail.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.activations.normal_tail import tail
    >>> tail(np.asarray([0.0, 2.0]), np)
    array([0.5     , 0.168102])
    """
    above, below = _FLOAT64 if x.dtype == xp.float64 else _FLOAT32
    numerator = x * above[0] + above[1]
    for c in above[2:]:
        numerator = numerator * x + c
    denominator = x + below[0]
    for c in below[1:]:
        denominator = denominator * x + c
    return numerator / denominator
