"""Schedules made of others: a warmup before one, or one after another."""

from __future__ import annotations

from collections.abc import Sequence

from .._lib.constraints import Constraints, Each, Integer, Number
from .base import Rate, Schedule, used_up_at
from .constant import AnySchedule, rate_at

__all__ = ["Piecewise", "Warmup"]


class Warmup(Schedule):
    """A straight line up to the start of another schedule, which follows.

    ``s(0) (start + (1 - start) t / steps)`` before step ``steps``, then ``s(t - steps)``.

    Parameters
    ----------
    schedule : Schedule, callable or float
        s.
    steps : int
        Length of the line.
    start : float, optional
        Where it starts, in units of s(0).

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

    constraints = Constraints(schedule=AnySchedule(), steps=Integer(1), start=Number(0.0))

    schedule: Rate
    steps: int
    start: float = 0.0

    def __call__(self, step: int) -> float:
        if step >= self.steps:
            return rate_at(self.schedule, step - self.steps)
        share = step / self.steps
        return rate_at(self.schedule, 0) * (self.start + (1.0 - self.start) * share)

    @property
    def used_up_at(self) -> int | None:
        end = used_up_at(self.schedule)
        return None if end is None else self.steps + end


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

    constraints = Constraints(schedules=Each(AnySchedule()), boundaries=Each(Integer()))

    schedules: Sequence[Rate]
    boundaries: Sequence[int]

    def __post_init__(self) -> None:
        schedules, boundaries = self.schedules, self.boundaries
        if len(schedules) != len(boundaries) + 1:
            raise ValueError(
                f"{len(boundaries)} boundaries lie between {len(boundaries) + 1} schedules, "
                f"{len(schedules)} were given"
            )
        if not all(a < b for a, b in zip((0, *boundaries), boundaries, strict=False)):
            raise ValueError(f"boundaries must rise from above 0, not be {boundaries}")

    def __call__(self, step: int) -> float:
        begins = (0, *self.boundaries)
        last = max(k for k, begin in enumerate(begins) if k == 0 or step >= begin)
        return rate_at(self.schedules[last], step - begins[last])

    @property
    def used_up_at(self) -> int | None:
        end = used_up_at(self.schedules[-1])
        return None if end is None else (0, *self.boundaries)[-1] + end
