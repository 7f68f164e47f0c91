"""Optimizers: two pure functions each, on the flat vector theta.

``init(theta, xp)`` returns the memory, a tuple of vectors like theta. ``update(theta, gradient,
memory, rates, xp)`` returns the next theta and memory. Numbers that depend on the step,
``rates(t)``, are computed on the host and passed to each step as an argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .base import Optimizer
from .sgd import SGD, Momentum, Nesterov

if TYPE_CHECKING:
    from .adam import Adam, AdamW, AMSGrad, NAdam, RAdam
    from .lion import Lion
    from .muon import Muon
    from .registry import ALIASES as ALIASES
    from .registry import BUILT_IN as BUILT_IN
    from .registry import get
    from .rms import AdaGrad, RMSProp

__all__ = [
    "SGD",
    "AMSGrad",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Lion",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "get",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        **dict.fromkeys(("Adam", "AdamW", "AMSGrad", "NAdam", "RAdam"), "adam"),
        "AdaGrad": "rms",
        "ALIASES": "registry",
        "BUILT_IN": "registry",
        "Lion": "lion",
        "Muon": "muon",
        "RMSProp": "rms",
        "get": "registry",
    },
)
