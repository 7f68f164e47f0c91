"""What a metric is."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

from .._lib.validation import Validated

__all__ = ["Metric", "Rows"]

Rows: TypeAlias = np.ndarray[Any, Any]
"""A NumPy array with one row per sample."""


class Metric(Validated):
    """A figure of merit of a network's outputs; a subclass defines ``name`` and `value`.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.

    Attributes
    ----------
    name : str
        What users call it; its columns in a history are ``train_<name>`` and
        ``validation_<name>``.
    lower_is_better : bool
    task : {"classification", "multilabel", "regression"} or None
        What it is for; None means all.
    takes_labels : bool
        Whether a metric for classification also judges several labels at once.
    keeps_dtype : bool
        Whether `value` is given the outputs in their own type; otherwise all is in float64.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> class Bias(bpnet.metrics.Metric):
    ...     name, task = "bias", "regression"
    ...     def value(self, y, a):
    ...         return (a - y).mean()
    >>> Bias()(np.asarray([[1.0], [2.0]]), np.asarray([[1.0], [3.0]]))
    0.5
    """

    lower_is_better: ClassVar[bool] = False
    task: ClassVar[str | None] = None
    takes_labels: ClassVar[bool] = False
    keeps_dtype: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What users call it."""
        raise NotImplementedError

    def value(self, y: Rows, a: Rows) -> float:
        """The figure, from checked arrays of shape (m, n_L)."""
        raise NotImplementedError

    def check(self, task: str, outputs: int) -> None:
        """Raise ValueError if it is not for networks of this kind.

        Parameters
        ----------
        task : {"classification", "multilabel", "regression"}
        outputs : int
            Neurons of the output layer.
        """
        if self.task not in (None, task) and not (task == "multilabel" and self.takes_labels):
            raise ValueError(f"{self.name} is for {self.task}, and the task is {task}")
        self.check_outputs(outputs)

    def for_task(self, task: str) -> Metric:
        """The metric for networks of this task, if it would otherwise go by the targets."""
        return self

    def check_outputs(self, outputs: int) -> None:
        """Raise ValueError if it is not for this number of outputs."""

    def __call__(self, y: Any, a: Any) -> float:
        """The figure.

        Parameters
        ----------
        y : array, shape (m, n_L) or (m,)
            Targets; for classification (m,) of class labels from 0 on.
        a : array, shape (m, n_L) or (m,)
            Outputs, or what `Network.predict` or `Network.predict_proba` returned.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If either holds anything but real numbers, or is masked.
        ValueError
            If shapes disagree, there is no sample, a value is not finite, or the metric is not
            defined for these values.
        """
        from .given import rows_of_both  # not needed by `import bpnet`

        y, a = rows_of_both(y, a, self.name, self.task)
        if not y.size:
            raise ValueError(f"{self.name} needs at least one sample, y has shape {y.shape}")
        for which, rows in (("y", y), ("a", a)):
            finite = np.isfinite(rows)
            if not finite.all():
                row, column = np.argwhere(~finite)[0]
                raise ValueError(
                    f"{self.name} takes finite numbers; row {row}, column {column} of {which} is "
                    f"{rows[row, column]}"
                )
        self.check_outputs(y.shape[1])
        return self.of_outputs(y, a)

    def of_outputs(self, y: Rows, a: Rows) -> float:
        """The figure for rows that need not be finite, as those of an epoch may be."""
        if not self.keeps_dtype:
            y, a = y.astype(np.float64), a.astype(np.float64)
        return float(self.value(y, a))
