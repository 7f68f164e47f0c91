"""A rank that fails alone ends the whole job; an error of all ranks is an error like any other."""

from __future__ import annotations

import contextlib
import socket
import traceback
from collections.abc import Iterator
from time import sleep

from .communicator import Communicator
from .heartbeat import heartbeat

__all__ = ["failures_end_the_job"]

_WAIT = 5.0  # seconds in which the other ranks may fail as well
_LATER = 2.0


@contextlib.contextmanager
def failures_end_the_job(communicator: Communicator, *, wait: float = _WAIT) -> Iterator[None]:
    """Within it, an error on one rank ends the job; if all ranks raise one, each is raised.

    The other ranks wait for the one that fails, in a call that never ends. ``sys.exit`` and Ctrl-C
    are errors in this sense. The job ends too if a rank on another host falls silent (`heartbeat`).
    All ranks enter together.

    Parameters
    ----------
    communicator : Communicator
    wait : float, optional
        Seconds in which the other ranks may fail as well.
    """
    communicator.entering()
    try:
        with heartbeat(communicator):
            yield
    except BaseException as error:
        where = f"rank {communicator.rank} of {communicator.size} on {socket.gethostname()}"
        if _all_fail(communicator, error, wait, where):
            raise
        communicator.abort(f"{_told(error)}\n{where} failed; the job ends")


def _all_fail(communicator: Communicator, error: BaseException, wait: float, where: str) -> bool:
    broken = communicator.broken
    try:
        return communicator.size == 1 or communicator.meet(wait)
    except ConnectionError:
        if not _is_due_to(error, broken):
            return False
        # What failed here is a call that another rank has left; that one tells why. The launcher
        # reports the first process that ends, and is to see that one.
        sleep(_LATER)
        communicator.abort(f"{where}: another rank has ended; the job ends")


def _is_due_to(error: BaseException | None, other: BaseException | None) -> bool:
    """Whether an error is another, or was raised because of it."""
    while error is not None and error is not other:
        error = error.__cause__ or error.__context__
    return error is not None


def _told(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error)).rstrip()
    except MemoryError:
        return repr(error)
