"""A layer that mixes activations, one for each neuron."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

from ..backends import Array, namespace
from .base import Activation
from .exponential import Softmax
from .registry import get

__all__ = ["PerNeuron"]


class PerNeuron(Activation):
    """A function of its own for each neuron of a layer (the book's exercise on a changed neuron).

    Parameters
    ----------
    functions : sequence of str or Activation
        One per neuron. Softmax, which is not a function of one neuron, raises.

    Examples
    --------
    >>> import bpnet
    >>> mixed = bpnet.activations.PerNeuron(["sigmoid", "sigmoid", "tanh"])
    >>> bpnet.Network([2, 3, 1], activations=[mixed, "sigmoid"], seed=0)
    Network(2 -> 3 per_neuron(sigmoid x2, tanh) -> 1 sigmoid, cost=quadratic, 13 parameters,
            numpy on cpu, float32)
    """

    functions: Sequence[str | Activation]

    def __post_init__(self) -> None:
        if isinstance(self.functions, str) or not isinstance(self.functions, Iterable):
            raise TypeError(f"functions must be a sequence, one per neuron, not {self.functions!r}")
        functions = tuple(get(one) for one in self.functions)
        if not functions:
            raise ValueError("PerNeuron needs one function per neuron, and has none")
        for one in functions:
            if isinstance(one, Softmax | PerNeuron):
                raise ValueError(
                    f"PerNeuron needs functions of one neuron each, and {one.name} is of a whole "
                    "layer"
                )
        object.__setattr__(self, "functions", functions)

    @functools.cached_property
    def _runs(self) -> list[tuple[Activation, slice]]:
        """Neighbours with the same function, and which columns are theirs."""
        runs, start = [], 0
        for one, equals in itertools.groupby(cast(tuple[Activation, ...], self.functions)):
            stop = start + len(list(equals))
            runs.append((one, slice(start, stop)))
            start = stop
        return runs

    @property
    def name(self) -> str:  # type: ignore[override]  # says what is mixed
        counts = Counter(get(one).name for one in self.functions)
        inner = ", ".join(f"{name} x{n}" if n > 1 else name for name, n in counts.items())
        return f"per_neuron({inner})"

    @property
    def range(self) -> tuple[float, float]:  # type: ignore[override]  # of all of them together
        ranges = [one.range for one, _ in self._runs]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    @property
    def attains_bounds(self) -> bool:  # type: ignore[override]
        return any(one.attains_bounds for one, _ in self._runs)

    @property
    def kinks(self) -> tuple[float, ...]:  # type: ignore[override]
        return tuple(sorted({kink for one, _ in self._runs for kink in one.kinks}))

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.concat([one.value(z[:, part], xp) for one, part in self._runs], axis=1)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        parts = [one.derivative(z[:, part], a[:, part], xp) for one, part in self._runs]
        return xp.concat(parts, axis=1)

    def consists_of(self, kind: type[Activation]) -> bool:
        return all(one.consists_of(kind) for one, _ in self._runs)
