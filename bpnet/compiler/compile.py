"""Compile a training step, or a forward pass, for a backend."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..backends import Backend
from .plain import PlainRun, plain_forward
from .step import Forward, ForwardRun, Run, Step

if TYPE_CHECKING:
    from .target import Target

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
    return PlainRun(backend, step) if target is None else target.compile_step(backend, step)


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
    return target.compile_forward(backend, forward)


def target_of(backend: Backend) -> Target | None:
    """The target that compiles for a backend, or None.

    ``backend.target`` is the target itself, or where it is imported from when it is first needed:
    ``"package.module:Name"`` of a target or of a class of targets, or ``"package.module"`` of a
    module that is one.
    """
    target: Any = backend.target
    if isinstance(target, str):
        module, _, name = target.partition(":")
        target = importlib.import_module(module)
        if name:
            target = getattr(target, name)
    found: Target | None = target() if isinstance(target, type) else target
    return found
