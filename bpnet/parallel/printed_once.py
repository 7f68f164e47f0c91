"""Errors that all ranks raise alike, of which rank 0 alone prints the traceback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from time import sleep
from types import TracebackType

__all__ = ["printed_once"]

_FOR_RANK_0 = 1.0  # seconds in which it prints: a launcher ends all ranks when the first one ends
_silent: list[BaseException] = []  # this rank's last error of which rank 0 prints the like


@contextlib.contextmanager
def printed_once(rank: int) -> Iterator[None]:
    """Within it, an error that the program does not catch is printed by rank 0 alone.

    The others end with the same status.
    """
    try:
        yield
    except Exception as error:
        if rank > 0:
            if not _silent:
                _install()
            _silent[:] = [error]
        raise


def _install() -> None:
    shown = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if any(error is one for one in _silent):
            sleep(_FOR_RANK_0)
        else:
            shown(kind, error, traceback)

    sys.excepthook = hook
