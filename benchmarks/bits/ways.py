"""In which type, and in which way, a step is computed."""

from __future__ import annotations

from typing import Any, NamedTuple

from bpnet.activations import CustomActivation

__all__ = ["SINE", "WAYS", "Way"]


class Way(NamedTuple):
    """In which type a step is computed, and whether as a plan or call by call.

    Parameters
    ----------
    name : {"plan", "loop"}
    dtype : {"float32", "float64"}
    """

    name: str
    dtype: str

    @property
    def sigma(self) -> Any:
        """The activation of one layer, which decides: no plan knows a sine."""
        return SINE if self.name == "loop" else "tanh"

    def __str__(self) -> str:
        return f"{self.name}, {self.dtype}"


SINE = CustomActivation(
    lambda z, xp: xp.sin(z), lambda z, a, xp: xp.cos(z), name="sine", range=(-1.0, 1.0)
)
WAYS = [Way(name, dtype) for name in ("plan", "loop") for dtype in ("float32", "float64")]
