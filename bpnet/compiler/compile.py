"""Compile a training step, or a forward pass, for a backend."""

from __future__ import annotations

import importlib
from typing import Any

from ..backends import Backend
from .plain import plain_forward, plain_run
from .step import Forward, ForwardRun, Run, Step

__all__ = ["compile_forward", "compile_step", "target_of"]


def compile_step(backend: Backend, step: Step) -> Run:
    """Turn a training step into a fast run over many mini-batches.

    Parameters
    ----------
    backend : Backend
        Its ``target`` compiles; without one, the plain loop runs the step.
    step : callable
        ``step(xp, state, x, y, rates) -> (state, z)``, a pure function.

    Returns
    -------
    Run
    """
    target = target_of(backend)
    return plain_run(backend, step) if target is None else target.compile_step(backend, step)


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """Compile a forward pass for low latency.

    Parameters
    ----------
    backend : Backend
    forward : callable
        ``forward(xp, state, x) -> z``, a pure function.

    Returns
    -------
    ForwardRun
    """
    target = target_of(backend)
    if target is None:
        return plain_forward(backend, forward)
    run: ForwardRun = target.compile_forward(backend, forward)
    return run


def target_of(backend: Backend) -> Any:
    """The module that compiles for a backend, imported when it is first needed."""
    target = backend.target
    return importlib.import_module(target) if isinstance(target, str) else target
