"""What runs in a worker process."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..network import Network
from ..training import Snapshot
from .callbacks import uncopyable
from .one_fit import Outcome, train
from .shared import read_shared
from .which import Which

__all__ = ["EPOCHS", "Answer", "begin", "work_on"]

EPOCHS = "epochs.npy"
"""File of the epochs that each fit has done; -1 before it begins."""

_PAUSE = 1.0  # seconds between two looks for the process that started this one


class Answer(NamedTuple):
    """What a worker returns: the outcome, or where the fit paused; and the warnings meanwhile."""

    found: Outcome | Snapshot
    warned: Sequence[tuple[str, type[Warning]]]


def begin(parent: int) -> None:
    """Leave Ctrl-C to the process that started this one, and end when it ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "fork"):  # elsewhere a process keeps the number of its parent
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    os.kill(os.getpid(), signal.SIGKILL)  # from this thread, whatever the fit is doing


def work_on(
    folder: str,
    index: int,
    which: Which,
    net: Network,
    until: int | None,
    snapshot: Snapshot | None,
) -> Answer:
    """Train one network; see `train`."""
    work, epochs = _opened(folder)

    def tell(done: int) -> None:
        epochs[index] = done

    tell(0 if snapshot is None else epochs[index])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        found = train(work, which, net, tell=tell, until=until, snapshot=snapshot)
    if isinstance(found, Outcome):
        _check_callbacks(found)
    return Answer(found, [(str(one.message), one.category) for one in caught])


@functools.lru_cache(maxsize=1)
def _opened(folder: str) -> tuple[Any, Any]:
    return read_shared(Path(folder)), np.load(Path(folder) / EPOCHS, mmap_mode="r+")


def _check_callbacks(found: Outcome) -> None:
    from joblib.externals.loky.backend.reduction import dumps

    for k, one in enumerate(found.callbacks):
        try:
            dumps(one)
        except Exception as error:
            raise TypeError(uncopyable(f"callbacks[{k}]", one, error)) from None
