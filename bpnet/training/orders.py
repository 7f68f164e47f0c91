"""The order in which an epoch uses its samples: keyed, their own, or the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._lib.constraints import Boolean
from .._lib.wording import described
from ..backends import Backend
from ..backends.host_arrays import host_array
from ..backends.interop import library_of
from ..randomness import epoch_order

__all__ = ["Shuffle", "checked_shuffle", "order_of_epoch", "shuffle_in_words"]

Shuffle = bool | Callable[[int], Any]
"""True, False, or ``shuffle(epoch)`` that returns row numbers."""


def checked_shuffle(shuffle: Any, *, of_source: bool = False) -> Shuffle:
    """The argument ``shuffle`` of `Network.fit`.

    Parameters
    ----------
    shuffle : bool or callable
    of_source : bool, optional
        Whether a source gives the samples, which no function can order.

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If it is a function, and the samples come from a source.
    """
    if not callable(shuffle):
        try:
            found: bool = Boolean()("shuffle", shuffle)
        except TypeError:
            raise TypeError(
                "shuffle must be True, False or a function of the epoch's number that returns row "
                f"numbers, not {described(shuffle)}"
            ) from None
        return found
    if of_source:
        raise ValueError(
            f"shuffle is {shuffle_in_words(shuffle)}, which cannot order the rows of a source, as "
            "they are read in blocks: give arrays, or a source whose rows have that order, and "
            "shuffle=False"
        )
    return shuffle  # type: ignore[no-any-return]


def shuffle_in_words(shuffle: Shuffle) -> str:
    """True, False, or the name of the function: what a resumed fit compares."""
    if isinstance(shuffle, bool):
        return str(shuffle)
    return f"the function {getattr(shuffle, '__qualname__', type(shuffle).__qualname__)}"


def order_of_epoch(
    shuffle: Shuffle, epoch: int, n: int, *, seed: int, backend: Backend | None = None
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Row numbers of an epoch's samples, shape (n,), on the host.

    Parameters
    ----------
    shuffle : bool or callable
    epoch : int
        Number of the epoch, from 0.
    n : int
    seed : int
        Of the keyed order.
    backend : Backend, optional
        In whose library a function may give the row numbers; NumPy's always are taken.

    Raises
    ------
    TypeError
        If a function gives no integers.
    ValueError
        If it gives more or fewer than n, or one that is no row.

    Examples
    --------
    >>> from bpnet.training.orders import order_of_epoch
    >>> order_of_epoch(True, 3, 6, seed=0)
    array([2, 0, 1, 3, 5, 4])
    >>> order_of_epoch(lambda epoch: [2, epoch, 0], 1, 3, seed=0)
    array([2, 1, 0])
    """
    if isinstance(shuffle, bool):
        return epoch_order(seed, epoch, n) if shuffle else np.arange(n)
    name = f"shuffle({epoch})"
    given = shuffle(epoch)
    if backend is not None:
        backend.reject_foreign(given, name)
        if backend.owns(given) and library_of(given) != "numpy":
            given = backend.to_numpy(given)
    rows = host_array(given, name)
    if rows.dtype.kind not in "iu":
        raise TypeError(f"{name} must return row numbers, and returned {rows.dtype}: use integers")
    if rows.shape != (n,):
        raise ValueError(
            f"{name} returned an array of shape {rows.shape}, but there are {n} samples: return "
            f"({n},) row numbers, of which some may be repeated"
        )
    if rows.min() < 0 or rows.max() >= n:
        raise ValueError(
            f"{name} returned row numbers from {rows.min()} to {rows.max()}, but those of {n} "
            f"samples are 0 to {n - 1}"
        )
    return rows.astype(np.int64)  # a copy: the function may write to its own again
