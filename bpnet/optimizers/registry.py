"""The optimizers by name."""

from __future__ import annotations

from collections.abc import Callable

from .._lib.registry import lookup
from .adam import Adam, AdamW, AMSGrad, NAdam, RAdam
from .base import Optimizer
from .lion import Lion
from .muon import Muon
from .rms import AdaGrad, RMSProp
from .sgd import SGD, Momentum, Nesterov

__all__ = ["ALIASES", "BUILT_IN", "get"]

BUILT_IN: dict[str, Callable[[], Optimizer]] = {
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
ALIASES = {
    "gd": "sgd",
    "gradient_descent": "sgd",
    "nag": "nesterov",
}
"""Names that other libraries use."""


def get(optimizer: str | Optimizer) -> Optimizer:
    """The optimizer of that name with its defaults, or the argument if it is one.

    Parameters
    ----------
    optimizer : str or Optimizer
        Case, hyphens and underscores of a name do not matter.

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither a name nor an optimizer.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.optimizers.get("sgd")
    SGD(learning_rate=0.1)
    """
    return lookup(optimizer, BUILT_IN, Optimizer, "optimizer", ALIASES)
