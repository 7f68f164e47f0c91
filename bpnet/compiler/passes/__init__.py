"""Rewritings of a traced step: the same numbers up to rounding, in fewer passes over arrays.

Each maps a graph to another. A target lists the passes that it wants.
"""

from __future__ import annotations

from .accumulate import accumulate
from .add_to_products import add_to_products
from .fill_bounds import fill_bounds
from .fold_scale import fold_scale
from .gate import gate
from .scale_addends import scale_addends
from .spread_sums import spread_sums
from .straighten import straighten
from .widen import widen

__all__ = [
    "accumulate",
    "add_to_products",
    "fill_bounds",
    "fold_scale",
    "gate",
    "scale_addends",
    "spread_sums",
    "straighten",
    "widen",
]
