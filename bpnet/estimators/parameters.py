"""The constructor's parameters: what each may be, and what it means for a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from .. import activations
from .._lib.wording import count
from ..activations import Activation
from ..activations.registry import ALIASES, BUILT_IN
from ..optimizers import Optimizer
from ..optimizers.registry import ALIASES as OTHER_OPTIMIZERS
from ..optimizers.registry import BUILT_IN as OPTIMIZERS
from ..parallel import Communicator
from ..parallel.launch import NAMES
from ..training import Callback
from ..training.lbfgs import LBFGS
from .scikit_learn import Interval, InvalidParameterError, Options, StrOptions

__all__ = [
    "CONSTRAINTS",
    "as_list",
    "hidden_activations",
    "hidden_dropout",
    "hidden_sizes",
    "range_activations",
    "seed_of",
]

_NAMES = StrOptions({*BUILT_IN, *ALIASES} - {"softmax"})
_SHARE = Interval(Real, 0, 1, closed="left")

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
    "dropout": [_SHARE, "array-like"],
    "optimizer": [None, StrOptions({*OPTIMIZERS, *OTHER_OPTIMIZERS, "lbfgs"}), Optimizer, LBFGS],
    "schedule": [None, callable],
    "callbacks": [None, Callback, list, tuple],
    "backend": [None, object],
    "device": [None, object],
    "dtype": [None, StrOptions({"float32", "float64"})],
    "compute_dtype": [None, StrOptions({"bfloat16", "float16", "tf32"})],
    "parallel": [None, StrOptions({*NAMES}), Communicator],
    "blocks": [None, Interval(Integral, 1, None, closed="left")],
}
"""What scikit-learn's validation holds the parameters against."""


def hidden_sizes(given: Any) -> list[int]:
    """Neurons of each hidden layer; an integer means one layer.

    Raises
    ------
    InvalidParameterError
        If one is not an integer.
    ValueError
        If one is not greater than 0.
    """
    sizes = list(given) if isinstance(given, Iterable) else [given]
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise InvalidParameterError(
                "Each entry of the 'hidden_layer_sizes' parameter must be an integer. "
                f"Got {size!r}."
            )
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(size) for size in sizes]


def hidden_activations(given: Any, layers: int) -> list[Activation]:
    """The activation of each hidden layer.

    Raises
    ------
    InvalidParameterError
        If one is none, or several are given, and not one for each hidden layer.
    """
    if isinstance(given, str | Activation):
        return [activations.get(given)] * layers
    return [activations.get(one) for one in _each(given, layers, "activation", _NAMES, Activation)]


def hidden_dropout(given: Any, layers: int) -> list[float]:
    """The share that each hidden layer drops.

    Raises
    ------
    InvalidParameterError
        As `hidden_activations`.
    """
    if isinstance(given, Real):
        return [float(given)] * layers
    return [float(one) for one in _each(given, layers, "dropout", _SHARE)]


def _each(given: Any, layers: int, name: str, allowed: Any, kind: type | None = None) -> list[Any]:
    """What was given for each hidden layer: one that is allowed, or an object of that kind."""
    found = list(given)
    if len(found) != layers:
        raise InvalidParameterError(
            f"The '{name}' parameter has {len(found)} entries, but the network has "
            f"{count(layers, 'hidden layer')}: give one for each, or a single one for all"
        )
    for one in found:
        if not (allowed.is_satisfied_by(one) or (kind and isinstance(one, kind))):
            also = f" or an object of {kind.__name__}" if kind else ""
            raise InvalidParameterError(
                f"Each entry of the '{name}' parameter must be {allowed}{also}. Got {one!r}."
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


def seed_of(given: Any, random_state: Any, drops: bool) -> int:
    """What keys the masks of dropout: a seed that was given; else drawn, if there are masks.

    Parameters
    ----------
    given : int, RandomState or None
        The estimator's parameter.
    random_state : numpy.random.RandomState
        What was made of it.
    drops : bool
    """
    if isinstance(given, Integral):
        return int(given)
    return int(random_state.randint(np.iinfo(np.int32).max)) if drops else 0


def as_list(callbacks: Any) -> list[Callback]:
    """Callbacks, of which there may be none, one or several.

    Raises
    ------
    InvalidParameterError
        If one is something else.
    """
    if callbacks is None:
        return []
    found = [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
    for one in found:
        if not isinstance(one, Callback):
            raise InvalidParameterError(
                f"Each entry of the 'callbacks' parameter must be a bpnet.Callback. Got {one!r}."
            )
    return found
