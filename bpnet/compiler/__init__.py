"""Turns a training step, a pure function, into a fast run."""

from .compile import compile_forward, compile_step
from .step import Forward, ForwardRun, Run, Step

__all__ = ["Forward", "ForwardRun", "Run", "Step", "compile_forward", "compile_step"]
