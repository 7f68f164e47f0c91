"""The arrays of a plan: its buffers and numbers in one library, on one device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..backends import Array, Backend
from .ir import Node
from .layout import Layout
from .scalars import constant, depends_on_rates

__all__ = ["Library", "Memory", "Numbers"]


class Library(ABC):
    """The array library of a plan: makes, fills and gathers arrays.

    Parameters
    ----------
    backend : Backend
    device : object
        As the library's arrays name theirs.
    """

    def __init__(self, backend: Backend, device: Any) -> None:
        self.xp, self.device = backend.xp, device

    def kind(self, dtype: Any) -> Any:
        """The library's dtype for a node's dtype."""
        return getattr(self.xp, dtype.name)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An uninitialized array on the device."""
        return self.xp.empty(shape, dtype=self.kind(dtype), device=self.device)

    def filled(self, shape: tuple[int, ...], dtype: Any, op: str) -> Array:
        """An array of ``zeros`` or ``ones``."""
        return getattr(self.xp, f"{op}_like")(self.empty(shape, dtype))

    def fill(self, cell: Any, value: Any) -> None:
        """Write a number to a cell, an array of shape ()."""
        cell[()] = value

    @abstractmethod
    def gather(self, x: Array, rows: Array, out: Array) -> None:
        """Copy some rows of ``x`` to ``out``."""


class Memory:
    """Allocates the buffers of a layout, each at first use.

    Parameters
    ----------
    layout : Layout
    library : Library
    given : mapping of int to array
        Existing arrays, by buffer number.
    """

    def __init__(self, layout: Layout, library: Library, given: Mapping[int, Array]) -> None:
        self.layout, self.library = layout, library
        self._buffers = dict(given)
        self._arrays: dict[Node, Array] = {}

    def buffer(self, number: int) -> Array:
        """A whole buffer."""
        if number not in self._buffers:
            _, shape, dtype, role, _ = self.layout.buffers[number]
            constant = role in ("zeros", "ones")
            make = self.library
            self._buffers[number] = (
                make.filled(shape, dtype, role) if constant else make.empty(shape, dtype)
            )
        return self._buffers[number]

    def __getitem__(self, node: Node) -> Array:
        """The array of a node; the same object each time."""
        if node not in self._arrays:
            place = self.layout.places[node]
            array = self.buffer(place.buffer)
            for op, option in place.path:
                if op == "transpose":
                    array = array.T
                else:
                    array = array.reshape(option) if op == "reshape" else array[option]
            self._arrays[node] = array
        return self._arrays[node]


class Numbers:
    """The numbers of a plan, each in a cell of its own that is filled before a step.

    Parameters
    ----------
    library : Library

    Attributes
    ----------
    varying : list of (Node, cell)
        Numbers that depend on the rates, with their cells.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cells: dict[Node, Any] = {}
        self.varying: list[tuple[Node, Any]] = []

    def name(self, node: Node) -> str | None:
        """Name of a number that the loop unpacks itself; None for a number in a cell."""
        return None

    def cell(self, node: Node) -> Any:
        """An array of shape () that holds a number."""
        if node not in self._cells:
            self._cells[node] = self._library.empty((), node.dtype)
            self.keep(node, self._cells[node])
        return self._cells[node]

    def keep(self, node: Node, cell: Any) -> None:
        """Register a cell that holds a number."""
        if depends_on_rates(node):
            self.varying.append((node, cell))
        else:
            self._library.fill(cell, constant(node))
