"""Captures of CuPy's calls in two branches, with a cuBLAS of bpnet's own."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cupy

from ...backends import Array
from .cuda_graph import Capture

__all__ = ["CupyCapture", "ProductsByBranch"]


class ProductsByBranch:
    """One `cublas.Products` per stream, of which one is current.

    Parameters
    ----------
    each : iterable of Products
    """

    def __init__(self, each: Iterable[Any]) -> None:
        self._each = [*each]
        self.use(0)

    def on(self, *streams: Any) -> None:
        """Queue on these streams what follows, on the first to begin with."""
        self.use(0)
        for one, stream in zip(self._each, streams, strict=False):
            one.on(stream)

    def use(self, k: int) -> None:
        """Make the k-th current."""
        self._now = self._each[k]

    def __call__(self, *arguments: Any) -> None:
        self._now(*arguments)


class CupyCapture(Capture):
    """Captures by CuPy's streams.

    Parameters
    ----------
    products : ProductsByBranch or None
        Without them nothing is captured, because CuPy refuses products during a capture.
    branches : int
        Number of streams.
    copyto : callable
        CuPy's function.
    """

    def __init__(self, products: Any, branches: int, copyto: Callable[..., None]) -> None:
        self.products, self._branches, self._copyto = products, branches, copyto
        self.possible = products is not None

    @staticmethod
    def stream() -> Any:
        """The current stream."""
        return cupy.cuda.get_current_stream()

    @functools.cached_property
    def _pool(self) -> Any:
        """Memory allocated during captures; it belongs to the graphs."""
        return cupy.cuda.MemoryPool()

    def capture(self, do: Callable[..., None]) -> Callable[[], Any]:
        branches, here = _Branches(self.products, self._branches), self.stream()
        try:
            with cupy.cuda.using_allocator(self._pool.malloc), branches.first, _no_collection():
                branches.first.begin_capture()
                try:
                    do(branches.at, branches.mark)
                finally:
                    graph = branches.first.end_capture()
        finally:
            here.use()  # which CuPy forgets if it was made the current one without a block
        launch: Callable[[], Any] = graph.launch
        return launch

    def ready(self) -> None:
        if self.products is not None:
            self.products.on(self.stream())

    def move(self, out: Array, x: Array) -> None:
        self._copyto(out, x)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Suspend garbage collection: freeing a handle would make the device wait, or fail."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Branches:
    """Streams that are captured together."""

    def __init__(self, products: Any, count: int) -> None:
        self._streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(count)]
        self._products, self.first = products, self._streams[0]
        self._events: list[Any] = []  # must be there until the capture ends
        products.on(*self._streams)

    def at(self, k: int, *marks: Any) -> None:
        for event in marks:
            self._streams[k].wait_event(event)
        self._streams[k].use()
        self._products.use(k)

    def mark(self) -> Any:
        self._events.append(cupy.cuda.Event(disable_timing=True))
        self._events[-1].record(cupy.cuda.get_current_stream())
        return self._events[-1]
