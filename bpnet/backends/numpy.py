"""NumPy on the CPU."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from ._base import Array, Availability, Backend, Namespace

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
