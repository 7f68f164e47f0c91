"""NumPy on the CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._base import Array, Availability, Backend, Namespace, Step
from ._plan import Plan
from ._record import UnplannableError, fold_scale, record

__all__ = ["NumpyBackend"]


class NumpyBackend(Backend):
    """NumPy 2, which is its own array API namespace."""

    name = "numpy"
    xp = Namespace(np)

    @classmethod
    def probe(cls) -> Availability:
        return Availability(cls.name, np.__version__, ("cpu",))

    def owns(self, x: object) -> bool:
        return isinstance(x, np.ndarray)

    def device_of(self, x: Array) -> str:
        return "cpu"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        return np.array(x, dtype=dtype, order="C")

    def as_own(self, x: Array, name: str, dtype: str) -> Array:
        if x.dtype.kind not in "biuf":
            raise TypeError(
                f"{name} has dtype {x.dtype}: real numbers are needed; "
                f"convert it first, as by {name}.astype('float32')"
            )
        return np.asarray(x, dtype=dtype)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        # Training looks for what is not finite itself and says where; a warning adds nothing.
        return np.errstate(all="ignore")

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        plain = super().compile(step)
        plans: dict[tuple[int, ...], Plan | None] = {}
        buffers: list[Array] = []
        build: Callable[[list[Array]], Any]

        def run(
            state: Any,
            x: Array,
            y: Array,
            order: np.ndarray[Any, Any],
            rates: Sequence[tuple[float, ...]],
            stop: Callable[[], bool] | None = None,
        ) -> tuple[Any, Array | None]:
            nonlocal build
            size = order.shape[1]
            shapes = (size, *x.shape[1:]), (size, *y.shape[1:])
            if size not in plans:
                try:
                    graph, build = record(step, self.dtype, state, *shapes, len(rates[0]))
                except UnplannableError:
                    plans[size] = None
                else:
                    fold_scale(graph)
                    buffers.extend(np.empty_like(one) for one in _leaves(state)[len(buffers) :])
                    plans[size] = Plan(graph, buffers)
            plan = plans[size]
            if plan is None:
                return plain(state, x, y, order, rates, stop)
            for buffer, given in zip(buffers, _leaves(state), strict=True):
                if buffer is not given:
                    np.copyto(buffer, given)
            outputs = plan.run(x, y, order, rates, stop or _never)
            return build(buffers), outputs if len(outputs) else None

        return run


def _leaves(state: Any) -> list[Array]:
    """The arrays of a state, nested tuples laid flat."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in _leaves(part)]
    return [state]


def _never() -> bool:
    return False
