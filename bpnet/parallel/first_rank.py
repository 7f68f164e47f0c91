"""What one rank does for all."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TypeVar

from .communicator import Communicator

__all__ = ["of_first_rank"]

T = TypeVar("T")


def of_first_rank(communicator: Communicator, make: Callable[[], T]) -> T:
    """What a function gives on the first rank, on every rank; or the error it raises there.

    Parameters
    ----------
    communicator : Communicator
        All its ranks call this.
    make : callable
        Called on the first rank alone. What it returns must have a pickle.

    Examples
    --------
    >>> from bpnet.parallel import SerialCommunicator
    >>> from bpnet.parallel.first_rank import of_first_rank
    >>> of_first_rank(SerialCommunicator(), lambda: 2 + 3)
    5
    """
    if communicator.size == 1:
        return make()
    made: object = None
    error: BaseException | None = None
    if communicator.rank == 0:
        try:
            made = make()
        except BaseException as raised:  # Ctrl-C, too: the others wait
            error = raised
    told = (made, error and _sendable(error))
    made, theirs = communicator.gather_objects(told)[0]
    if error is not None:
        raise error
    if theirs is not None:
        raise theirs
    return made  # type: ignore[return-value]


def _sendable(error: BaseException) -> BaseException:
    """The error, or one that says the same, if it cannot be made of its pickle."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # of whatever kind: constructors are the program's own
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
