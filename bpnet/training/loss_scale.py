"""The loss scale of training in float16 (Micikevicius et al., 2018)."""

from __future__ import annotations

from typing import Any

from ..backends import Array

__all__ = ["LEAST", "rescaled", "select"]

LEAST = 2.0**-20
"""Where gradients overflow with this scale, it is not they that are too large."""
_PATIENCE = 2000.0  # steps without an overflow, after which the scale doubles


def rescaled(loss_scale: Array, finite: Array, xp: Any) -> Array:
    """The scale and its age after a step: doubled after 2000 steps, halved by an overflow.

    Parameters
    ----------
    loss_scale : array, shape (2,)
        The scale, and the steps since it changed.
    finite : array, shape ()
        Whether the step's gradient, and its statistics of the mini-batch, were finite; otherwise
        the step changes nothing else.
    """
    scale, age = loss_scale[:1], loss_scale[1:] + 1.0
    grown = xp.where(age >= _PATIENCE, 2.0 * scale, scale)
    age = xp.where(age >= _PATIENCE, xp.zeros_like(age), age)
    shrunk = xp.maximum(0.5 * scale, LEAST * xp.ones_like(scale))
    return xp.concat([xp.where(finite, grown, shrunk), xp.where(finite, age, xp.zeros_like(age))])


def select(condition: Array, these: Any, those: Any, xp: Any) -> Any:
    """One of two states, which are nested tuples of arrays, by a condition on the device."""
    if isinstance(these, tuple):
        parts = [select(condition, *pair, xp) for pair in zip(these, those, strict=True)]
        return type(these)(*parts) if hasattr(these, "_fields") else tuple(parts)
    return xp.where(condition, these, those)
