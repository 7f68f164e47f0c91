"""Many fits in several processes at a time, one BLAS thread each, through joblib's loky."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .._lib.constraints import Integer
from .._lib.install import pip_install
from ..network import Network
from ..training import Snapshot
from ..training.interrupt import Interrupt
from .one_fit import Outcome, Work
from .shared import write_shared
from .which import Which
from .workers import EPOCHS, Answer, begin, work_on

__all__ = [
    "cores",
    "each_in_processes",
    "jobs_of",
    "pieces_of",
    "progress_bar",
    "train_in_processes",
]

_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in _LIBRARIES}
"""What holds libraries to one thread if it is in the environment when a process starts."""

_MOST_PIECES = 4  # of a fit, each of which costs some hundredths of a second
_PAUSE = 0.1  # seconds between two looks at the fits


def cores() -> int:
    """Number of cores that this process may use; 1 without joblib, which alone would use more."""
    from importlib.util import find_spec

    if find_spec("joblib") is None:
        return 1
    import joblib

    return int(joblib.cpu_count())


def jobs_of(given: Any, name: str) -> int:
    """A number of processes, of which negative ones count from the number of cores: -1 is all.

    Raises
    ------
    ValueError, TypeError
        If it is 0, or no integer.
    """
    jobs: int = Integer()(name, given)
    if jobs == 0:
        raise ValueError(f"{name} is 0: give 1 or more, or -1 for all cores")
    return jobs if jobs > 0 else max(1, cores() + 1 + jobs)


@contextlib.contextmanager
def progress_bar(
    total: int, what: str, unit: str, progress: bool | None
) -> Iterator[Callable[[int], None]]:
    """One bar for all fits: ``show(done)`` says how far they are."""
    hidden = None if progress is None else not progress  # None asks tqdm to look for a terminal
    with tqdm(total=total, desc=what, unit=unit, dynamic_ncols=True, disable=hidden) as bar:
        yield lambda done: bar.update(done - bar.n)


def pieces_of(fits: int, jobs: int) -> int:
    """Parts in which the epochs of each fit are trained, so that no process is idle at the end.

    Of five fits that take equally long, two processes do three and two: one is idle for a fifth of
    the time. In halves, which either process can go on with, they do five each.

    Examples
    --------
    >>> pieces_of(5, 2), pieces_of(4, 2), pieces_of(2, 2)
    (2, 1, 1)
    """
    return 1 if fits <= jobs else min(jobs // math.gcd(fits, jobs), _MOST_PIECES)


def train_in_processes(
    work: Work,
    fits: Sequence[Which],
    make: Callable[[int], Network],
    *,
    jobs: int,
    pieces: int,
    epochs: int,
    show: Callable[[int], None],
) -> tuple[dict[int, Outcome], bool]:
    """Train all networks.

    Parameters
    ----------
    work : Work
    fits : sequence of Which
    make : callable
        ``make(seed)`` returns an untrained network.
    jobs : int
        Processes at a time.
    pieces : int
        Parts in which the epochs of a fit are trained.
    epochs : int
        Of each fit.
    show : callable
        ``show(done)`` is told now and then how many epochs all have done.

    Returns
    -------
    outcomes : dict
        By the place in ``fits``.
    interrupted : bool
        Whether Ctrl-C was pressed, so that some are missing.

    Raises
    ------
    Exception
        What a fit raised, with a note that says which one it was.
    RuntimeError
        If a process ended.
    TypeError
        If something cannot be sent to another process.
    """
    loky = _loky(jobs)
    ends = [round(epochs * (k + 1) / pieces) for k in range(pieces - 1)]
    outcomes: dict[int, Outcome] = {}
    warned: dict[tuple[str, type[Warning]], None] = {}
    nets: dict[int, Network] = {}
    waiting: deque[tuple[int, int, Snapshot | None]] = deque((k, 0, None) for k in range(len(fits)))
    running: dict[Any, tuple[int, int]] = {}
    with (
        Interrupt() as interrupted,
        tempfile.TemporaryDirectory(prefix="bpnet-", ignore_cleanup_errors=True) as folder,
        _sent(work, Path(folder), len(fits)) as done,
        _executor(loky, jobs) as executor,
    ):
        while (waiting or running) and not interrupted():
            while waiting and len(running) <= jobs:  # one more, for the process that is free next
                k, piece, snapshot = waiting.popleft()
                if k not in nets:
                    nets[k] = make(fits[k].seed)
                until = ends[piece] if piece < len(ends) else None
                with _interrupts_kept():
                    future = executor.submit(work_on, folder, k, fits[k], nets[k], until, snapshot)
                running[future] = k, piece
            ready = loky.wait(running, _PAUSE, loky.FIRST_COMPLETED).done
            for future in sorted(ready, key=lambda one: running[one]):
                k, piece = running.pop(future)
                begun = [fits[j] for j, _ in running.values() if 0 <= done[j] < epochs]
                answer = _answer(future, fits[k], begun)
                warned |= dict.fromkeys(answer.warned)
                if isinstance(answer.found, Snapshot):
                    waiting.append((k, piece + 1, answer.found))
                else:
                    outcomes[k] = answer.found
                    done[k] = epochs
                    del nets[k]
            show(int(np.maximum(done, 0).sum()))
        stopped = bool(interrupted())
    for message, category in warned:
        warnings.warn(message, category, stacklevel=4)
    return outcomes, stopped and len(outcomes) < len(fits)


def each_in_processes(
    function: Callable[[Any], Any], values: Sequence[Any], jobs: int, show: Callable[[int], None]
) -> list[Any]:
    """A function's result for each value, computed with one BLAS thread.

    Parameters
    ----------
    function : callable
    values : sequence
    jobs : int
        Processes at a time.
    show : callable
        ``show(done)`` is told how many are done.

    Raises
    ------
    Exception
        What the function raised.
    KeyboardInterrupt
        At Ctrl-C, which ends all processes.
    """
    loky = _loky(jobs)
    with Interrupt() as interrupted, _executor(loky, jobs) as executor:
        with _interrupts_kept():
            futures = [executor.submit(function, value) for value in values]
        ready: set[Any] = set()
        while len(ready) < len(futures):
            if interrupted():
                raise KeyboardInterrupt
            ready = loky.wait(futures, _PAUSE, loky.FIRST_EXCEPTION).done
            for future in ready:
                future.result()
            show(len(ready))
        return [future.result() for future in futures]


def _loky(jobs: int) -> Any:
    try:
        from joblib.externals import loky
    except ImportError as error:
        raise ImportError(
            f"{jobs} processes need joblib: {pip_install('joblib')}; one needs nothing"
        ) from error
    return loky


@contextlib.contextmanager
def _sent(work: Work, folder: Path, fits: int) -> Iterator[Any]:
    """Write what all fits share; the epochs that each has done, which the workers count."""
    try:
        write_shared(work, folder)
    except OSError:
        raise
    except Exception:
        _name_what_cannot_be_sent(work)
        raise
    done = np.lib.format.open_memmap(folder / EPOCHS, "w+", np.int64, (fits,))
    done[:] = -1
    yield done


@contextlib.contextmanager
def _executor(loky: Any, jobs: int) -> Iterator[Any]:
    """New processes, which are ended on the way out, whatever they do."""
    executor = loky.ProcessPoolExecutor(
        jobs, initializer=begin, initargs=(os.getpid(),), env=ONE_THREAD
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Hold Ctrl-C back meanwhile: processes that begin now will never see it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _name_what_cannot_be_sent(work: Work) -> None:
    from joblib.externals.loky.backend.reduction import dumps

    callbacks = work.callbacks
    listed = {} if callable(callbacks) else {f"callbacks[{k}]": c for k, c in enumerate(callbacks)}
    parts = {"x": work.x, "y": work.y, **work.settings, **listed, "callbacks": callbacks}
    for name, part in parts.items():
        try:
            dumps(part)
        except Exception as error:
            raise TypeError(
                f"{name}, a {type(part).__name__}, cannot be sent to another process ({error}); "
                "n_jobs=1 trains in this one"
            ) from error


def _answer(future: Any, which: Which, running: Sequence[Which]) -> Answer:
    """What a worker returned.

    Parameters
    ----------
    future : Future
    which : Which
    running : sequence of Which
        What other processes train now.

    Raises
    ------
    Exception
        As `train_in_processes`.
    """
    from joblib.externals.loky import BrokenProcessPool

    error = future.exception()
    if error is None:
        answer: Answer = future.result()
        return answer
    if isinstance(error, BrokenProcessPool):
        told = " or ".join(f"of {one}" for one in sorted({which, *running}))
        raise RuntimeError(
            f"a process ended in the midst of the fit {told}; if memory was short, a smaller "
            f"n_jobs needs less ({error})"
        ) from error
    error.add_note(f"in the fit of {which}")
    raise error
