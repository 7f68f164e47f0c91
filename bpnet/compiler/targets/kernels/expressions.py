"""C expressions of the array operations: ``{0}``, ``{1}``, ... stand for operands, ``{T}`` for the
result's type."""

from __future__ import annotations

import math

__all__ = ["EXPRESSIONS", "REDUCTIONS"]

EXPRESSIONS = {
    "abs": "fabs({0})",
    "add": "{0} + {1}",
    "astype": "{0}",
    "divide": "{0} / {1}",
    "equal": "{0} == {1}",
    "erf": "erf({0})",
    "exp": "exp({0})",
    "expm1": "expm1({0})",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "log": "log({0})",
    "log1p": "log1p({0})",
    # The standard propagates NaN; fmax and fmin would drop it.
    "maximum": "({0} != {0} || {0} > {1}) ? {0} : {1}",
    "minimum": "({0} != {0} || {0} < {1}) ? {0} : {1}",
    "multiply": "{0} * {1}",
    "negative": "-{0}",
    "not_equal": "{0} != {1}",
    # Where the exponential overflows, the quotient is 0, as it should be.
    "sigmoid": "{T}(1) / ({T}(1) + exp(-{0}))",
    "sign": "({0} != {0}) ? {0} : {T}(({0} > 0) - ({0} < 0))",
    "sqrt": "sqrt({0})",
    "square": "{0} * {0}",
    "subtract": "{0} - {1}",
    "tanh": "tanh({0})",
    "where": "{0} ? {1} : {2}",
}

REDUCTIONS = {"sum": (0.0, "{0} + {1}"), "max": (-math.inf, EXPRESSIONS["maximum"])}
"""Initial value of each reduction, and the expression that joins two partial results."""
