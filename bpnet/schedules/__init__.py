"""Schedules: the learning rate as a function of the number of the step, from 0.

An optimizer takes one in place of a number. Steps are counted, not epochs: n samples in batches of
``batch_size`` make ``ceil(n / batch_size)`` steps per epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .base import Rate as Rate
from .base import Schedule

if TYPE_CHECKING:
    from .composition import Piecewise, Warmup
    from .constant import Constant
    from .cosine import Cosine, CosineRestarts, OneCycle
    from .decay import Exponential, InverseTime, Polynomial, StepDecay
    from .plotting import plot
    from .registry import ALIASES as ALIASES
    from .registry import BUILT_IN as BUILT_IN
    from .registry import get

__all__ = [
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "InverseTime",
    "OneCycle",
    "Piecewise",
    "Polynomial",
    "Schedule",
    "StepDecay",
    "Warmup",
    "get",
    "plot",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "ALIASES": "registry",
        "BUILT_IN": "registry",
        "Constant": "constant",
        "Cosine": "cosine",
        "CosineRestarts": "cosine",
        "Exponential": "decay",
        "InverseTime": "decay",
        "OneCycle": "cosine",
        "Piecewise": "composition",
        "Polynomial": "decay",
        "StepDecay": "decay",
        "Warmup": "composition",
        "get": "registry",
        "plot": "plotting",
    },
)
