"""The constructor's parameters: what each may be, and what it means for a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from .. import activations
from ..activations import Activation
from ..activations.registry import ALIASES, BUILT_IN
from ..costs import Cost
from ..optimizers import Optimizer
from ..training import Callback
from .scikit_learn import Interval, Options, StrOptions

__all__ = ["CONSTRAINTS", "as_list", "hidden_activations", "hidden_sizes", "range_activations"]

_NAMES = StrOptions({*BUILT_IN, *ALIASES} - {"softmax"})

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [_NAMES, Activation, "array-like"],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    # bpnet's own
    "loss": [str, Cost],
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "optimizer": [None, str, Optimizer],
    "schedule": [None, callable],
    "callbacks": [None, Callback, list, tuple],
    "backend": [None, object],
    "device": [None, object],
    "dtype": [None, StrOptions({"float32", "float64"})],
    "compute_dtype": [None, StrOptions({"bfloat16", "float16", "tf32"})],
}
"""What scikit-learn's validation holds the parameters against."""


def hidden_sizes(given: Any) -> list[int]:
    """Neurons of each hidden layer; an integer means one layer.

    Raises
    ------
    ValueError
        If one is not greater than 0.
    """
    sizes = list(given) if isinstance(given, Iterable) else [given]
    if np.any(np.asarray(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(size) for size in sizes]


def hidden_activations(given: Any, layers: int) -> list[Activation]:
    """The activation of each hidden layer.

    Raises
    ------
    ValueError
        If several are given, and not one for each hidden layer.
    """
    if isinstance(given, str | Activation):
        return [activations.get(given)] * layers
    found = [activations.get(one) for one in given]
    if len(found) != layers:
        raise ValueError(
            f"activation has {len(found)} entries, but there are {layers} hidden layers: give one "
            "for each, or a single one for all"
        )
    return found


def range_activations(given: Any, hidden: Sequence[Activation]) -> list[Activation]:
    """What decides the range of each layer's initial parameters, as in scikit-learn.

    Its own activation; of the output layer that of the last hidden one, or the one that was given
    for hidden layers where there are none.
    """
    if hidden:
        return [*hidden, hidden[-1]]
    return [activations.get(given if isinstance(given, str | Activation) else "identity")]


def as_list(callbacks: Any) -> list[Callback]:
    """Callbacks, of which there may be none, one or several."""
    if callbacks is None:
        return []
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
