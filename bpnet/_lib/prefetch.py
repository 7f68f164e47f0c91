"""Prefetches one item in a background thread."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

__all__ = ["Prefetcher", "Unwanted", "check_wanted"]

_POLL = 0.05  # seconds between two questions whether an item is still wanted

_thread = threading.local()


class Unwanted(BaseException):
    """Raised to end the computation of an item that is no longer wanted.

    Not an `Exception`, so that code that handles errors of its own lets it pass.
    """


def check_wanted() -> None:
    """End the computation of an item if its `Prefetcher` was closed.

    Call it between two parts of slow work. In other threads it does nothing.

    Raises
    ------
    Unwanted
        If the item is no longer wanted.
    """
    is_over = getattr(_thread, "is_over", None)
    if is_over is not None and is_over():
        raise Unwanted


class Prefetcher:
    """The items of a generator, each computed in a background thread while the last one is used.

    Parameters
    ----------
    items : generator
        Closed in that thread.
    name : str, optional
        Name of the thread.
    stopping : callable, optional
        ``stopping()`` is asked again and again while an item is waited for; once it is true, the
        items end.
    """

    def __init__(
        self,
        items: Generator[Any, None, None],
        name: str = "bpnet-reader",
        stopping: Callable[[], bool] | None = None,
    ) -> None:
        self._items, self._stopping = items, stopping
        self._made: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        # Used as a semaphore: Python's own is written in Python and takes the GIL often.
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._room.put(None)
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()  # the thread
        self._over = self._left = False
        # A daemon, as a thread that hangs in a user's code must not keep Python from exiting.
        self._thread = threading.Thread(target=self._make, name=name, daemon=True)
        self._thread.start()
        atexit.register(self._leave)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._over:
            raise RuntimeError("this epoch is over: another was begun since, or the feed closed")
        item, error = self._next()
        if error is not None:
            self.close()
            try:
                raise error
            finally:
                del error  # its traceback refers to this frame
        if item is _END:
            self.close()
            raise StopIteration
        self._room.put(None)
        return item

    def close(self) -> None:
        """Stop the thread, after the item that it is computing, or where it asks `check_wanted`.

        If Ctrl-C interrupts the wait, the thread is left behind: no later call waits for it.
        """
        self._over = True
        self._room.put(None)
        atexit.unregister(self._leave)
        if not self._left:
            self._left = True
            self._ended.get()  # `Thread.join` takes a thread for ended when it is interrupted
            self._thread.join()

    def _leave(self) -> None:
        """At Python's exit: stop without waiting for the thread, which ends with the process."""
        self._left = True
        self.close()

    def _next(self) -> tuple[Any, BaseException | None]:
        """The next item, or the end if no more are wanted."""
        if self._stopping is None:
            return self._made.get()
        while True:
            try:
                return self._made.get(timeout=_POLL)
            except queue.Empty:
                if self._stopping():
                    return _END, None

    def _make(self) -> None:
        _thread.is_over = lambda: self._over
        try:
            while True:
                self._room.get()
                if self._over:
                    break
                item = next(self._items, _END)
                self._made.put((item, None))
                if item is _END:
                    break
                del item  # so that only two are alive: one prefetched, one in use
        except Unwanted:
            pass
        except BaseException as error:
            self._made.put((None, error))
        finally:
            try:
                self._items.close()
            finally:
                self._ended.put(None)


_END: Any = object()
