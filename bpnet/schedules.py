"""Schedules: the learning rate as a function of the number of the step, from 0.

An optimizer takes one in place of a number. Steps are counted, not epochs: n samples in batches of
``batch_size`` make ``ceil(n / batch_size)`` steps an epoch.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ._lib.frozen import Frozen
from ._lib.registry import check_name
from ._lib.validation import check_counts, check_numbers

__all__ = [
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "InverseTime",
    "OneCycle",
    "Piecewise",
    "Polynomial",
    "Schedule",
    "StepDecay",
    "Warmup",
    "get",
    "plot",
]


class Schedule(Frozen):
    """A learning rate for each step.

    Examples
    --------
    >>> import bpnet
    >>> class Halving(bpnet.schedules.Schedule):
    ...     learning_rate: float = 0.1
    ...     def __call__(self, step):
    ...         return self.learning_rate * 0.5**step
    >>> bpnet.SGD(Halving(0.4)).learning_rate_at(1)
    0.2
    """

    def __call__(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        raise NotImplementedError


Rate: TypeAlias = float | Callable[[int], float]
"""A learning rate: a number, or any function of the number of the step."""


class Constant(Schedule):
    """The same at every step: ``eta``.

    Parameters
    ----------
    learning_rate : float
        eta.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.schedules.Constant(0.1)(1000)
    0.1
    """

    learning_rate: float

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf))

    def __call__(self, step: int) -> float:
        return self.learning_rate


class StepDecay(Schedule):
    """Multiplied at every so many steps: ``eta factor^floor(t / steps)``.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        From one multiplication to the next.
    factor : float, optional

    References
    ----------
    In common use; the form is that of PyTorch's ``StepLR``.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.StepDecay(0.8, steps=100, factor=0.5)
    >>> [schedule(step) for step in (0, 99, 100, 200)]
    [0.8, 0.8, 0.4, 0.2]
    """

    learning_rate: float
    steps: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf), ("factor", 0.0, math.inf))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        return float(self.learning_rate * self.factor ** (step // self.steps))


class Exponential(Schedule):
    """Multiplied little by little: ``eta factor^(t / steps)``.

    With a factor above 1 it is the range test, which looks for the rate at which the cost goes up.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int, optional
        After which the rate is ``factor`` times what it was.
    factor : float, optional

    References
    ----------
    L. Smith, Cyclical learning rates for training neural networks, 2017, sec. 3.3 (range test).

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Exponential(0.8, steps=100, factor=0.25)
    >>> [schedule(step) for step in (0, 50, 100)]
    [0.8, 0.4, 0.2]
    """

    learning_rate: float
    steps: int = 1
    factor: float = 0.999

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf), ("factor", 0.0, math.inf))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        return float(self.learning_rate * self.factor ** (step / self.steps))


class InverseTime(Schedule):
    """Falling as a power of time: ``eta / (1 + t / steps)^power``.

    For powers above 1/2 up to 1 the rates sum to infinity and their squares do not, with which
    stochastic approximation converges.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        After which, with power 1, the rate is half of eta.
    power : float, optional

    References
    ----------
    H. Robbins and S. Monro, A stochastic approximation method, 1951; L. Bottou, Stochastic gradient
    descent tricks, 2012, sec. 5.2.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.InverseTime(0.6, steps=100)
    >>> [schedule(step) for step in (0, 100, 300)]
    [0.6, 0.3, 0.15]
    """

    learning_rate: float
    steps: int
    power: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf), ("power", 0.0, math.inf))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        return float(self.learning_rate / (1.0 + step / self.steps) ** self.power)


class Polynomial(Schedule):
    """Falling to an end: ``minimum + (eta - minimum) (1 - t / steps)^power``, then ``minimum``.

    With power 1 it is a straight line.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        Until ``minimum`` is reached.
    power : float, optional
    minimum : float, optional

    References
    ----------
    W. Liu et al., ParseNet, 2015 ("poly").

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Polynomial(0.4, steps=100)
    >>> [schedule(step) for step in (0, 50, 100, 1000)]
    [0.4, 0.2, 0.0, 0.0]
    """

    learning_rate: float
    steps: int
    power: float = 1.0
    minimum: float = 0.0

    def __post_init__(self) -> None:
        every = ("learning_rate", "power", "minimum")
        check_numbers(self, *((name, 0.0, math.inf) for name in every))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        left = max(0.0, 1.0 - step / self.steps)
        return float(self.minimum + (self.learning_rate - self.minimum) * left**self.power)


class Cosine(Schedule):
    """Half a wave: ``minimum + (eta - minimum) (1 + cos(pi t / steps)) / 2``, then ``minimum``.

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

    learning_rate: float
    steps: int
    minimum: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf), ("minimum", 0.0, math.inf))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        return _half_wave(self.learning_rate, self.minimum, step / self.steps)


class CosineRestarts(Schedule):
    """Half a wave down, again and again (SGDR).

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

    learning_rate: float
    steps: int
    multiplier: int = 1
    minimum: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(self, ("learning_rate", 0.0, math.inf), ("minimum", 0.0, math.inf))
        check_counts(self, "steps", "multiplier")

    def __call__(self, step: int) -> float:
        period = self.steps
        if self.multiplier == 1:
            step %= period
        while step >= period:
            step, period = step - period, period * self.multiplier
        return _half_wave(self.learning_rate, self.minimum, step / period)


class OneCycle(Schedule):
    """Up and down again: half a wave up to ``eta``, then one down to almost nothing.

    From ``eta / div_factor`` in ``warmup`` of the steps to eta, in the rest to
    ``eta / div_factor / final_div_factor``; there it stays.

    Parameters
    ----------
    learning_rate : float
        eta, the largest.
    steps : int
        Of the whole cycle.
    warmup : float, optional
        Share of the steps that go up.
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

    learning_rate: float
    steps: int
    warmup: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        check_numbers(
            self,
            ("learning_rate", 0.0, math.inf),
            ("warmup", 0.0, 1.0),
            ("div_factor", 1.0, math.inf),
            ("final_div_factor", 1.0, math.inf),
        )
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        top = self.warmup * self.steps - 1.0  # the step of the largest rate
        first = self.learning_rate / self.div_factor
        if step < top:
            return _half_wave(first, self.learning_rate, step / top)
        share = (step - top) / (self.steps - 1.0 - top)
        return _half_wave(self.learning_rate, first / self.final_div_factor, share)


class Warmup(Schedule):
    """A straight line up to where another schedule begins, which follows.

    ``s(0) (start + (1 - start) t / steps)`` before step ``steps``, then ``s(t - steps)``.

    Parameters
    ----------
    schedule : Schedule, callable or float
        s.
    steps : int
        Of the line.
    start : float, optional
        Its begin, in units of s(0).

    References
    ----------
    P. Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour, 2017, sec. 2.2.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Warmup(bpnet.schedules.Cosine(0.4, steps=200), steps=100)
    >>> [schedule(step) for step in (0, 50, 100, 200, 300)]
    [0.0, 0.2, 0.4, 0.2, 0.0]
    """

    schedule: Rate
    steps: int
    start: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "schedule", _function(self.schedule))
        check_numbers(self, ("start", 0.0, math.inf))
        check_counts(self, "steps")

    def __call__(self, step: int) -> float:
        if step >= self.steps:
            return _at(self.schedule, step - self.steps)
        share = step / self.steps
        return _at(self.schedule, 0) * (self.start + (1.0 - self.start) * share)


class Piecewise(Schedule):
    """One schedule after another, each from its own step 0.

    Parameters
    ----------
    schedules : sequence of Schedule, callable or float
    boundaries : sequence of int
        The steps at which the second and every later one begins.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, 2016, sec. 4.2: a number, a tenth of
    it, a hundredth of it.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Piecewise([0.1, 0.01, 0.001], [100, 200])
    >>> [schedule(step) for step in (0, 99, 100, 200)]
    [0.1, 0.1, 0.01, 0.001]
    >>> falling = bpnet.schedules.Polynomial(0.1, steps=100)
    >>> bpnet.schedules.Piecewise([0.1, falling], [900])(950)
    0.05
    """

    schedules: tuple[Rate, ...]
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        schedules = tuple(_function(one) for one in self.schedules)
        boundaries = tuple(self.boundaries)
        if len(schedules) != len(boundaries) + 1:
            raise ValueError(
                f"{len(boundaries)} boundaries lie between {len(boundaries) + 1} schedules, "
                f"{len(schedules)} were given"
            )
        if not all(a < b for a, b in zip((0, *boundaries), boundaries, strict=False)):
            raise ValueError(f"boundaries must rise from above 0, not be {boundaries}")
        object.__setattr__(self, "schedules", schedules)
        object.__setattr__(self, "boundaries", boundaries)

    def __call__(self, step: int) -> float:
        begins = (0, *self.boundaries)
        last = max(k for k, begin in enumerate(begins) if k == 0 or step >= begin)
        return _at(self.schedules[last], step - begins[last])


def _half_wave(high: float, low: float, share: float) -> float:
    """From ``high`` at 0 by half a cosine wave to ``low`` at 1, and on."""
    return low + (high - low) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))


def _function(schedule: Rate) -> Rate:
    return schedule if callable(schedule) else Constant(schedule)


def _at(schedule: Rate, step: int) -> float:
    return schedule(step) if callable(schedule) else schedule


_BUILT_IN: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step_decay": StepDecay,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "cosine_restarts": CosineRestarts,
    "one_cycle": OneCycle,
    "warmup": Warmup,
    "piecewise": Piecewise,
}


def get(schedule: str | Rate, **settings: Any) -> Rate:
    """The schedule of that name with these settings, or the argument where it is one.

    Parameters
    ----------
    schedule : str, float or callable
        A number stands for `Constant`.
    **settings
        Those of the class; only with a name.

    Returns
    -------
    Schedule or callable

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If the settings are not its own.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.schedules.get("cosine", learning_rate=0.1, steps=1000)
    Cosine(learning_rate=0.1, steps=1000, minimum=0.0)
    """
    if isinstance(schedule, str):
        return _BUILT_IN[check_name(schedule, _BUILT_IN, "schedule")](**settings)
    if settings:
        raise TypeError(f"{', '.join(settings)} would change {schedule!r}; make another one")
    return _function(schedule)


def plot(
    schedules: Rate | Iterable[Rate], steps: int, path: str | os.PathLike[str], title: str = ""
) -> None:
    """Draw the learning rate over the steps, a panel each, to a PNG, SVG or PDF file.

    Parameters
    ----------
    schedules : Schedule, callable, or several of them
    steps : int
        How many.
    path : path
        The suffix says the format.
    title : str, optional

    Raises
    ------
    ImportError
        If matplotlib is not installed; it comes with the extra ``plot``.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('a picture needs matplotlib: pip install "bpnet-xp[plot]"') from error
    each = list(schedules) if isinstance(schedules, Iterable) else [schedules]
    columns = min(len(each), 5)
    rows = math.ceil(len(each) / columns)
    figure = Figure(figsize=(1.5 + 1.9 * columns, 0.5 + 1.8 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    for panel, schedule in zip(panels, each, strict=False):
        panel.plot([_at(schedule, step) for step in range(steps)], color="#4477aa")
        panel.set_title(getattr(schedule, "__name__", type(schedule).__name__), fontsize=9)
        panel.set_ylim(bottom=0.0)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[len(each) :]:
        panel.set_visible(False)
    figure.supxlabel("step", fontsize=9)
    figure.supylabel("learning rate", fontsize=9)
    if title:
        figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=150)
