"""Turns a training step, a pure function, into a fast run."""

from .._lib.lazy import lazy_attributes
from .compile import compile_forward, compile_step
from .step import Forward, ForwardRun, Run, Step

__all__ = [
    "Explanation",
    "Forward",
    "ForwardRun",
    "Run",
    "Step",
    "compile_forward",
    "compile_step",
    "explain",
    "explain_step",
]
__getattr__ = lazy_attributes(
    __name__, dict.fromkeys(("Explanation", "explain", "explain_step"), "explanation")
)
