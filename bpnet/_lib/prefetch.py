"""Prefetches one item in a background thread."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any

__all__ = ["Prefetcher"]


class Prefetcher:
    """The items of a generator, each computed in a background thread while the last one is used.

    Parameters
    ----------
    items : generator
        Closed in that thread.
    name : str, optional
        Name of the thread.
    """

    def __init__(self, items: Generator[Any, None, None], name: str = "bpnet-reader") -> None:
        self._items = items
        self._made: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        # Used as a semaphore: Python's own is written in Python and takes the GIL often.
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._room.put(None)
        self._over = self._python_ends = False
        # A daemon, as a thread that hangs in a user's code must not keep Python from exiting.
        self._thread = threading.Thread(target=self._make, name=name, daemon=True)
        self._thread.start()
        atexit.register(self._leave)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._over:
            raise RuntimeError("this epoch is over: another was begun since, or the feed closed")
        item, error = self._made.get()
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
        """Stop the thread, after the item that it is computing."""
        self._over = True
        self._room.put(None)
        if not self._python_ends:
            self._thread.join()
        atexit.unregister(self._leave)

    def _leave(self) -> None:
        """At Python's exit: stop without waiting for the thread, which ends with the process."""
        self._python_ends = True
        self.close()

    def _make(self) -> None:
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
        except BaseException as error:
            self._made.put((None, error))
        finally:
            self._items.close()


_END: Any = object()
