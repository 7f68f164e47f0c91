"""Notes on schedules that have come to their end while training goes on."""

from __future__ import annotations

import warnings

from ..optimizers import Optimizer
from ..schedules.base import used_up_at

__all__ = ["note_if_spent", "note_if_used_up"]

_NEGLIGIBLE = 1e-8  # of the first rate: below the resolution of float32


def note_if_used_up(optimizer: Optimizer, first: int, stop: int, way_out: str) -> bool:
    """Warn if the schedule ends before step ``stop`` of the optimizer.

    Parameters
    ----------
    optimizer : Optimizer
    first, stop : int
        The steps to come, of the optimizer.
    way_out : str
        What to do, for the message.

    Returns
    -------
    bool
        Whether there was a warning.
    """
    end = used_up_at(optimizer.learning_rate)
    if end is None or stop <= end:
        return False
    begin = max(first, end)
    rate = optimizer.learning_rate_at(stop - 1)
    which = f"steps {begin + 1} to {stop}" if begin + 1 < stop else f"step {stop}"
    warnings.warn(
        f"the schedule {optimizer.learning_rate!r} is used up after {end} steps: {which} of the "
        f"optimizer will have the learning rate {rate:g}. {way_out}",
        stacklevel=2,
    )
    return True


def note_if_spent(optimizer: Optimizer, first: int, last: int, epoch: int) -> bool:
    """Warn if a function of the user's own, or a decay, gave an epoch practically no learning rate.

    Parameters
    ----------
    optimizer : Optimizer
    first, last : int
        The epoch's first and last step, of the optimizer.
    epoch : int

    Returns
    -------
    bool
        Whether there was a warning.
    """
    if not callable(optimizer.learning_rate):
        return False
    rate_at = optimizer.learning_rate_at
    highest = max(rate_at(first), rate_at(last))
    earlier = max(rate_at(0), rate_at(first // 2))
    if earlier == 0.0 or highest > _NEGLIGIBLE * earlier:  # a warmup may begin at 0
        return False
    warnings.warn(
        f"the learning rate was at most {highest:g} in epoch {epoch}, by "
        f"{optimizer.learning_rate!r}: training goes on, but changes next to nothing",
        stacklevel=2,
    )
    return True
