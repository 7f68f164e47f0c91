"""Learning rates along half waves of a cosine."""

from __future__ import annotations

import math

from .._lib.constraints import Constraints, Integer, Number
from .base import Schedule

__all__ = ["Cosine", "CosineRestarts", "OneCycle"]


class Cosine(Schedule):
    """Half a cosine wave down, then ``minimum``.

    ``minimum + (eta - minimum) (1 + cos(pi t / steps)) / 2`` in step t, up to ``steps``.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        Until ``minimum`` is reached.
    minimum : float, optional

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: Stochastic gradient descent with warm restarts, 2017,
    eq. (5).

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Cosine(0.4, steps=100)
    >>> [schedule(step) for step in (0, 50, 100, 1000)]
    [0.4, 0.2, 0.0, 0.0]
    """

    constraints = Constraints(learning_rate=Number(0.0), steps=Integer(1), minimum=Number(0.0))

    learning_rate: float
    steps: int
    minimum: float = 0.0

    def __call__(self, step: int) -> float:
        return _half_wave(self.learning_rate, self.minimum, step / self.steps)

    @property
    def used_up_at(self) -> int:
        return self.steps


class CosineRestarts(Schedule):
    """Half a cosine wave down, again and again (SGDR).

    ``minimum + (eta - minimum) (1 + cos(pi t_cur / t_i)) / 2`` where t_cur counts the steps since
    the last restart and the period t_i is ``multiplier`` times as long after each.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        T_0, the first period.
    multiplier : int, optional
        T_mult.
    minimum : float, optional

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: Stochastic gradient descent with warm restarts, 2017,
    eq. (5).

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.CosineRestarts(0.4, steps=100, multiplier=2)
    >>> [schedule(step) for step in (0, 50, 100, 200, 300)]
    [0.4, 0.2, 0.4, 0.2, 0.4]
    """

    constraints = Constraints(
        learning_rate=Number(0.0),
        steps=Integer(1),
        multiplier=Integer(1),
        minimum=Number(0.0),
    )

    learning_rate: float
    steps: int
    multiplier: int = 1
    minimum: float = 0.0

    def __call__(self, step: int) -> float:
        period = self.steps
        if self.multiplier == 1:
            step %= period
        while step >= period:
            step, period = step - period, period * self.multiplier
        return _half_wave(self.learning_rate, self.minimum, step / period)


class OneCycle(Schedule):
    """Up and down once: half a cosine wave up to ``eta``, then one down to almost zero.

    From ``eta / div_factor`` up to eta in a share ``warmup`` of the steps, in the rest down to
    ``eta / div_factor / final_div_factor``, where it stays.

    Parameters
    ----------
    learning_rate : float
        eta, the largest.
    steps : int
        Length of the whole cycle.
    warmup : float, optional
        Share of the steps on the way up; at least 0 and less than 1.
    div_factor, final_div_factor : float, optional

    References
    ----------
    L. Smith and N. Topin, Super-convergence: very fast training of neural networks using large
    learning rates, 2018; the form is PyTorch's.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.OneCycle(0.5, steps=101, warmup=21 / 101)
    >>> [round(schedule(step), 6) for step in (0, 10, 20, 60, 100)]
    [0.02, 0.26, 0.5, 0.250001, 2e-06]
    """

    constraints = Constraints(
        learning_rate=Number(0.0),
        steps=Integer(1),
        warmup=Number(0.0, 1.0),
        div_factor=Number(1.0),
        final_div_factor=Number(1.0),
    )

    learning_rate: float
    steps: int
    warmup: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __call__(self, step: int) -> float:
        top = self.warmup * self.steps - 1.0  # the step of the largest rate
        first = self.learning_rate / self.div_factor
        if step < top:
            return _half_wave(first, self.learning_rate, step / top)
        share = (step - top) / (self.steps - 1.0 - top)
        return _half_wave(self.learning_rate, first / self.final_div_factor, share)

    @property
    def used_up_at(self) -> int:
        return self.steps


def _half_wave(high: float, low: float, share: float) -> float:
    """Half a cosine wave from ``high`` at 0 to ``low`` at 1, which it keeps."""
    return low + (high - low) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))
