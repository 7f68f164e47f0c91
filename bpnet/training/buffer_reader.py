"""Buffers of a source's rows on the device, read ahead in a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .._lib.prefetch import Prefetcher
from ..backends import Array
from ..backends.uploads import host_bytes
from .buffer_pool import BufferPool

if TYPE_CHECKING:
    from ..data.sources.base import Source

__all__ = ["BufferReader", "Prepare"]

Prepare = Callable[[Any, Any], tuple[Array, Array, Array]]


def _nothing() -> None:
    return


class BufferReader:
    """Reads runs of a source's rows into buffers, and prepares these for training.

    Parameters
    ----------
    source : Source
    prepare : callable
        ``prepare(x, y) -> (x, y, targets)``, NumPy arrays to arrays on the device, as a `Block`
        has them. Called in the thread that reads, with the rows of a whole buffer; they are its own
        from then on.
    prefetch : bool, optional
        Whether a thread reads ahead.
    scope : callable, optional
        Makes the context in which `prepare` is called: that of a backend's `Uploads`.
    done : callable, optional
        Called in the thread that computes when all that uses a buffer has been asked of the device,
        and before its memory is given back.
    memory : callable, optional
        New bytes for buffers on the host, as many as it is given: that of a backend's `Uploads`.

    Notes
    -----
    Errors of the source and of `prepare` are raised where the buffer is asked for, with the
    traceback of the thread that reads and the rows in question.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import ArraySource
    >>> from bpnet.training.buffer_reader import BufferReader
    >>> data = ArraySource(np.arange(10.0)[:, None], np.arange(10))
    >>> reader = BufferReader(data, lambda x, y: (x, y, y))
    >>> reader.filled([(8, 10), (0, 1)], rows=4)[1].tolist()
    [8, 9, 0, 8]
    """

    def __init__(
        self,
        source: Source,
        prepare: Prepare,
        *,
        prefetch: bool = True,
        scope: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
        done: Callable[[], object] = _nothing,
        memory: Callable[[int], np.ndarray[Any, Any]] = host_bytes,
    ) -> None:
        self.done = done
        self._source, self._prepare = source, prepare
        self._prefetch, self._scope, self._memory = prefetch, scope, memory
        self._reader: Prefetcher | None = None
        self._pool = BufferPool(memory)

    @contextlib.contextmanager
    def read(
        self, items: Generator[Any, None, None], stopping: Callable[[], bool] | None
    ) -> Iterator[Iterator[Any]]:
        """What a generator gives, made ahead in a thread until the context is left.

        Ends what was begun before: one epoch is read at a time.
        """
        self._stop()
        if not self._prefetch:
            with contextlib.closing(items):
                yield items
            return
        reader = self._reader = Prefetcher(items, stopping=stopping)
        try:
            yield reader
        finally:
            reader.close()

    def filled(self, runs: list[tuple[int, int]], rows: int) -> tuple[Array, Array, Array]:
        """Runs of rows, one after another and filled up to so many rows, on the device."""
        x, y = self._source.gather(runs, rows, self._pool.empty)
        try:
            with self._scope():
                return self._prepare(x, y)
        except (ValueError, TypeError) as error:
            row = self._refused(x, y, sum(stop - start for start, stop in runs))
            if row is None or type(error) not in (ValueError, TypeError):
                error.add_note(f"while preparing {self._source.name}")
                raise
            k, alone = row
            raise type(error)(f"{self._source.place(_row(runs, k))}: {alone}") from error

    def close(self) -> None:
        """Stop reading; what was begun cannot be gone on with. The source stays open."""
        self._stop()
        self._pool = BufferPool(self._memory)

    def _stop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _refused(self, x: Any, y: Any, rows: int) -> tuple[int, Exception] | None:
        """The first row that `prepare` refuses by itself, and how; None where it is not one row."""

        def refusal(start: int, stop: int) -> Exception | None:
            try:
                with self._scope():
                    self._prepare(x[start:stop].copy(), y[start:stop].copy())
            except (ValueError, TypeError) as error:
                return error
            return None

        first, last = refusal(0, 1), refusal(rows - 1, rows)
        if first is not None and last is not None and str(first) == str(last):
            return None  # all are refused, and for what they have in common
        low, high = 0, rows
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if refusal(low, middle) else (middle, high)
        alone = refusal(low, high)
        return None if alone is None else (low, alone)


def _row(runs: list[tuple[int, int]], k: int) -> int:
    """The source's number of the k-th of its rows in a buffer."""
    for start, stop in runs:
        if k < stop - start:
            return start + k
        k -= stop - start
    raise IndexError(k)
