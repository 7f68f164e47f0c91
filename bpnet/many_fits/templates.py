"""What each fit begins with: an untrained network of some seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._lib.wording import described
from ..network import Network
from ..training.state import untrained

__all__ = ["maker_of", "renewed"]


def maker_of(given: Network | Callable[[int], Network]) -> Callable[[int], Network]:
    """``make(seed)`` for a network, or the function that was given, its results checked.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If the network's initializer is not known.
    """
    if isinstance(given, Network):
        if given.initializer is None:
            raise ValueError(
                "this network does not know its initializer, as it is from a file or the "
                "initializer is of a class of your own: give a function that makes one, as "
                "fit_many(lambda seed: bpnet.Network([2, 3, 1], seed=seed), ...)"
            )
        return lambda seed: renewed(given, seed)
    if isinstance(given, type) or not callable(given):
        raise TypeError(
            "net must be a bpnet.Network, or a function of a seed that makes one, not "
            f"{described(given)}"
        )

    def made(seed: int) -> Network:
        net = given(seed)
        if not isinstance(net, Network):
            raise TypeError(f"net({seed}) must return a bpnet.Network, not {described(net)}")
        return net

    return made


def renewed(net: Network, seed: int) -> Network:
    """An untrained network like another, with the initial parameters of a seed.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 1], seed=0)
    >>> same = bpnet.Network([2, 1], seed=7)
    >>> bool((renewed(net, 7).weights[0] == same.weights[0]).all())
    True
    """
    model, task_given, backend, _, metadata, initializer, _ = net.__getstate__()
    state: Any = (model, task_given, backend, seed, metadata)
    other = object.__new__(type(net))
    other.__setstate__((*state, *untrained(model, initializer, seed)))
    return other
