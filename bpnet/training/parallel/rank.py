"""What holds while a rank takes part in a fit."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from ...parallel import Communicator
from ...parallel.failures import failures_end_the_job

__all__ = ["as_rank"]


@contextlib.contextmanager
def as_rank(communicator: Communicator) -> Iterator[None]:
    """Let no rank wait for one that failed, and none but the first repeat warnings."""
    with failures_end_the_job(communicator), warnings.catch_warnings():
        if communicator.rank:
            warnings.simplefilter("ignore", UserWarning)
        yield
