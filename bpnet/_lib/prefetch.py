"""A thread that is one item ahead of who uses them."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any

__all__ = ["Prefetcher"]


class Prefetcher:
    """What a generator gives, made one ahead in a thread of its own.

    Parameters
    ----------
    items : generator
        Is closed in that thread.
    name : str, optional
        Of the thread.
    """

    def __init__(self, items: Generator[Any, None, None], name: str = "bpnet-reader") -> None:
        self._items = items
        self._made: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        # Counts as a semaphore does, which is written in Python and asks for the interpreter often.
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._room.put(None)
        self._over = self._python_ends = False
        # A daemon, as one that hangs in a user's code must not keep Python from ending.
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
                del error  # which knows this frame
        if item is _END:
            self.close()
            raise StopIteration
        self._room.put(None)
        return item

    def close(self) -> None:
        """End the thread, which first ends what it is at."""
        self._over = True
        self._room.put(None)
        if not self._python_ends:
            self._thread.join()
        atexit.unregister(self._leave)

    def _leave(self) -> None:
        """Wait for the thread no more: when Python ends it stops wherever it is, and for good."""
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
                del item  # one is held here, and one by who computes
        except BaseException as error:
            self._made.put((None, error))
        finally:
            self._items.close()


_END: Any = object()
