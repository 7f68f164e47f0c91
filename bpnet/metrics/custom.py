"""A metric from a function of the user's own."""

from __future__ import annotations

from collections.abc import Callable

from .._lib.constraints import Choice, Constraints, Function, Text
from .._lib.wording import described
from .base import Metric, Rows
from .names import is_taken

__all__ = ["CustomMetric"]

_TASKS = ("classification", "multilabel", "regression")
_FALLING = ("_error", "_loss", "_deviance")  # by scikit-learn's convention lower is better


class CustomMetric(Metric):
    """A function of one's own as a metric.

    Parameters
    ----------
    value_of : callable
        ``value_of(y, a) -> float``, of NumPy arrays of shape (m, n_L).
    name : str, optional
        By default the function's name.
    lower_is_better : bool, optional
        By default whether the name ends in ``_error``, ``_loss`` or ``_deviance``, as
        scikit-learn's do if lower is better.
    task : {"classification", "multilabel", "regression"}, optional
        What it is for, by default all.

    Examples
    --------
    >>> import bpnet
    >>> worst = bpnet.metrics.CustomMetric(
    ...     lambda y, a: abs(a - y).max(), name="worst", lower_is_better=True
    ... )
    >>> worst([[1.0], [2.0]], [[1.5], [2.0]])
    0.5
    """

    constraints = Constraints(
        value_of=Function("(y, a)"), name=Text(), task=Choice(*_TASKS, optional=True)
    )

    value_of: Callable[[Rows, Rows], float]
    name: str = ""
    lower_is_better: bool | None = None  # type: ignore[misc,assignment]  # each object has its own
    task: str | None = None  # type: ignore[misc]

    def __post_init__(self) -> None:
        name = self.name or getattr(self.value_of, "__name__", "")
        if not isinstance(name, str) or name in ("", "<lambda>"):
            raise ValueError(
                f"the metric {self.value_of!r} has no name for the columns of a history: "
                "bpnet.metrics.CustomMetric(function, name=...) gives it one"
            )
        if is_taken(name):
            raise ValueError(
                f"the name {name!r} is that of one of bpnet's own figures: "
                "bpnet.metrics.CustomMetric(function, name=...) gives another one"
            )
        object.__setattr__(self, "name", name)
        if self.lower_is_better is None:
            object.__setattr__(self, "lower_is_better", name.endswith(_FALLING))

    def value(self, y: Rows, a: Rows) -> float:
        figure = self.value_of(y, a)
        try:
            return float(figure)
        except (TypeError, ValueError):
            raise TypeError(
                f"the metric {self.name!r} must return a number, not {described(figure)}"
            ) from None
