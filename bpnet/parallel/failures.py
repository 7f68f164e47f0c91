"""A rank that fails alone ends the job."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

from .communicator import Communicator

__all__ = ["failures_end_the_job"]


@contextlib.contextmanager
def failures_end_the_job(communicator: Communicator) -> Iterator[None]:
    """Raise what all ranks raise; end all of them if only some do."""
    try:
        yield
    except BaseException:
        if not communicator.meet(10.0):
            communicator.abort(
                f"rank {communicator.rank} of {communicator.size}:\n{traceback.format_exc()}"
            )
        raise
