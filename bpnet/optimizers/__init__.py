"""Optimizers: two pure functions each, on the flat vector theta.

``init(theta, xp)`` returns the memory, a tuple of vectors like theta. ``update(theta, gradient,
memory, rates, xp)`` returns the next theta and memory. Numbers that depend on the step,
``rates(t)``, are computed on the host and passed to each step as an argument.
"""

from __future__ import annotations

from .adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from .base import Optimizer
from .lion import Lion
from .muon import Muon
from .registry import BUILT_IN as BUILT_IN
from .registry import get
from .rms import AdaGrad, RMSProp
from .sgd import SGD, Momentum, Nesterov

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
