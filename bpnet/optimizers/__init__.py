"""Optimizers: two pure functions each, on the flat vector theta.

``init(theta, xp)`` gives the memory, a tuple of vectors like theta. ``update(theta, gradient,
memory, rates, xp)`` gives the next theta and memory. What depends on the number of the step,
``rates(t)``, is computed on the host and handed to each step as an argument.
"""

from __future__ import annotations

from collections.abc import Callable

from .._lib.registry import lookup
from ._base import Optimizer
from .adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from .lion import Lion
from .muon import Muon
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

_BUILT_IN: dict[str, Callable[[], Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
    "amsgrad": AMSGrad,
    "adamw": AdamW,
    "nadam": NAdam,
    "radam": RAdam,
    "lion": Lion,
    "muon": Muon,
}


def get(optimizer: str | Optimizer) -> Optimizer:
    """The optimizer of that name with its defaults, or the argument where it is one.

    Parameters
    ----------
    optimizer : str or Optimizer

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.optimizers.get("sgd")
    SGD(learning_rate=0.1)
    """
    return lookup(optimizer, _BUILT_IN, Optimizer, "optimizer")
