"""The error function, for arrays of any library that follows the array API standard.

With ``s = clip(x, -1, 1)``, ``z = s**2`` and ``t = clip(|x|, 1, end) - 1``,

    erf(x) = s + s * (P(z) - c * exp(t * A(t) / B(t)))

holds for every ``x`` without a choice between branches, for one of the two terms is always
constant. Where ``|x| < 1``, ``t`` is 0 and the exponential exactly 1, and what remains is
``s + s * (P(z) - c)``, the fit to ``erf(x)``. Elsewhere ``s`` is exactly 1 or -1 and ``P(1)``
is 0, and what remains is ``s * (1 - c * exp(...))`` with ``c = erfc(1)``, the fit to
``1 - erfc(|x|)``.

The coefficients are minimax fits by the Remez exchange algorithm, in 60 decimal digits, then
rounded (``scripts/fit_erf.py``, which prints the tables below). The unit ``u`` is ``2**-24`` for
float32 and ``2**-53`` for float64; from ``end`` on ``erf`` rounds to 1.

===================================  ===============  =========  =======================  ======
Fitted function                      Interval         Type       Degree                   Error
===================================  ===============  =========  =======================  ======
``erf(x) / x``, relative error       ``0 < z < 1``    float32    5 in ``z``               0.66 u
``log(erfc(1+t) / erfc(1)) / t``     ``0 < t < 3``    float32    5 in ``t``; ``B = 1``    0.02 u
``erf(x) / x``, relative error       ``0 < z < 1``    float64    11 in ``z``              0.07 u
``log(erfc(1+t) / erfc(1)) / t``     ``0 < t < 5``    float64    6 and 5 in ``t``         0.02 u
===================================  ===============  =========  =======================  ======

The error of the logarithm is given as what it adds to ``erf(1 + t)``, absolutely. Rounding
included, with NumPy, `erf` differs from the true value by at most 1.91 ulp in float32 (every
positive value) and 1.29 ulp in float64 (411 000 values).
"""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["erf"]

# P, A and B, highest power first (without B's leading 1, and B empty where it is 1); c; end.
_Tables: TypeAlias = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], float, float]

# Largest error, in units of 2**-24:
# 0.66 for z in (0, 1), degree 5;
# 0.018 for t in (0, 3), degrees 5 and 0.
_FLOAT32: _Tables = (
    (
        -0.0005631425883620977,
        0.004917552229017019,
        -0.02671131119132042,
        0.11280179768800735,
        -0.37612324953079224,
        0.28567835688591003,
    ),
    (
        0.00018693636229727417,
        -0.0018318801885470748,
        0.009899587370455265,
        -0.041506629437208176,
        -0.8431165218353271,
        -2.6389670372009277,
    ),
    (),
    0.1572992354631424,
    4.0,
)
# Largest error, in units of 2**-53:
# 0.066 for z in (0, 1), degree 11;
# 0.016 for t in (0, 5), degrees 6 and 5.
_FLOAT64: _Tables = (
    (
        -7.779465173446143e-10,
        1.3710978617908433e-08,
        -1.6206313351946171e-07,
        1.6447131519940167e-06,
        -1.4924712298116311e-05,
        0.00012055293576721093,
        -0.0008548325929309687,
        0.005223977606118409,
        -0.026866170643111465,
        0.11283791670944185,
        -0.3761263890318352,
        0.2856783741457977,
    ),
    (
        -0.9997359796883373,
        -26.685527263078104,
        -269.8050459823352,
        -1422.0485448970392,
        -4251.712195965492,
        -6975.195386233381,
        -5002.164055359244,
    ),
    (
        24.66088268731816,
        216.7658353151732,
        930.3038840344667,
        2037.5715847599229,
        1895.5004290038419,
    ),
    0.15729920705028513,
    6.0,
)


def erf(x: Any, xp: Any) -> Any:
    r"""Error function, elementwise, to within 2 ulp.

    .. math:: \operatorname{erf}(x) = \frac{2}{\sqrt\pi} \int_0^x e^{-u^2} \, du

    Parameters
    ----------
    x : array
        Real, float32 or float64. It is not changed.
    xp : module
        The array API namespace of `x`.

    Returns
    -------
    array
        Of the shape, type and device of `x`, odd in `x`, and never beyond 1 in magnitude. NaN
        gives NaN and negative zero negative zero.

    Raises
    ------
    TypeError
        If `x` is of another type.

    References
    ----------
    M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*, National Bureau of
    Standards, 1964: 7.1.1 defines erf and 7.1.2 erfc.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.backends.erf import erf
    >>> erf(np.asarray([-np.inf, -0.5, 0.0, 2.0]), np)
    array([-1.        , -0.52049988,  0.        ,  0.99532227])
    """
    if x.dtype == xp.float32:
        small, above, below, scale, end = _FLOAT32
    elif x.dtype == xp.float64:
        small, above, below, scale, end = _FLOAT64
    else:
        raise TypeError(f"erf takes float32 or float64, not {x.dtype}")
    tail = _tail(xp.clip(xp.abs(x), 1.0, end) - 1.0, above, below, scale, xp)
    s = xp.clip(x, -1.0, 1.0)
    z = s * s
    y = _horner(z * small[0] + small[1], z, small[2:])
    y -= tail
    y *= s
    y += s
    return y


def _tail(t: Any, above: tuple[float, ...], below: tuple[float, ...], scale: float, xp: Any) -> Any:
    """``c * exp(t * A(t) / B(t))``, that is ``erfc(1 + t)``."""
    y = _horner(t * above[0] + above[1], t, above[2:])
    y *= t
    if below:
        y /= _horner(t + below[0], t, below[1:])
    y = xp.exp(y)
    y *= scale
    return y


def _horner(y: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    """Multiply `y` by `x` and add a coefficient, for each; `y` may be overwritten."""
    for c in coefficients:
        y *= x
        y += c
    return y
