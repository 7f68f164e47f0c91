"""Samples and targets as training takes them: checked, on the device, smoothed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ..backends import Array, Backend
from ..data.given_pairs import refuse_without_targets, swapped
from ..data.inputs import as_inputs
from ..data.sources.base import Source
from ..data.targets import as_targets
from ..model import Model, default_task
from .trainable import Trainable

__all__ = ["SamplePreparer", "check_samples", "task_undone_on_error"]


def check_samples(
    model: Model, backend: Backend, x: Any, y: Any, names: tuple[str, str] = ("x", "y")
) -> tuple[Array, Array]:
    """Samples and rows of targets on the device.

    Parameters
    ----------
    model : Model
    backend : Backend
    x : array, shape (m, n_0)
    y : array, shape (m, n_L), or (m,) of class indices
    names : (str, str), optional
        What messages call the two.

    Raises
    ------
    ValueError, TypeError
        If they do not fit the model or the backend; the message gives both values.
    """
    x, y, _ = _checked(model, backend, x, y, names)
    return x, y


def _checked(
    model: Model, backend: Backend, x: Any, y: Any, names: tuple[str, str] = ("x", "y")
) -> tuple[Array, Array, bool]:
    """Samples, targets, and whether these were class labels."""
    if y is None and not isinstance(x, Source):
        refuse_without_targets(x, names)
    try:
        x = as_inputs(x, model.sizes[0], backend, names[0])
    except ValueError as error:
        if swapped(x, y, model.sizes[0], model.sizes[-1]):
            shape = f"shape {tuple(y.shape)}" if hasattr(y, "shape") else "the shape of samples"
            told = f"{error}; {names[1]} has {shape}: are the two swapped?"
            raise ValueError(told) from error
        raise
    y, labelled = as_targets(
        y,
        x.shape[0],
        backend=backend,
        width=model.sizes[-1],
        task=model.task,
        cost=model.cost,
        names=names,
    )
    return x, y, labelled


class SamplePreparer:
    """Checks samples and targets, brings them to the device, and smooths the targets.

    The first targets that a network is trained on decide its task, where it was not given.

    Parameters
    ----------
    trainable : Trainable
    label_smoothing : float
        Share of each target that is spread evenly over the classes (Szegedy et al., 2016).

    Attributes
    ----------
    model : Model
        With the task that the targets have decided.
    """

    def __init__(self, trainable: Trainable, label_smoothing: float) -> None:
        self.model = trainable.model
        if label_smoothing and self.model.task != "classification":
            raise ValueError(
                f"label_smoothing is for classification, and the task is {self.model.task}"
            )
        self._backend, self._adopt = trainable.backend, trainable.adopt
        self._smoothing, self._decides = label_smoothing, trainable.task_is_open

    def __call__(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Arrays of shape (m, n_0) and (m, n_L) on the device."""
        if self._decides:
            x, y = self._deciding(x, y)
        else:
            x, y = check_samples(self.model, self._backend, x, y)
        if self._smoothing:
            classes = max(y.shape[1], 2)
            y = (1.0 - self._smoothing) * y + self._smoothing / classes
        return x, y

    def _deciding(self, x: Any, y: Any) -> tuple[Array, Array]:
        model, xp = self.model, self._backend.xp
        model = _with_task(model, default_task(model.cost, model.output))
        x, y, labelled = _checked(model, self._backend, x, y)
        real = not labelled and not bool(xp.all((y == 0.0) | (y == 1.0)))
        task = default_task(model.cost, model.output, real_targets=real)
        self.model, self._decides = _with_task(model, task), False
        self._adopt(self.model)
        return x, y


def _with_task(model: Model, task: str) -> Model:
    return model if model.task == task else model.replaced(task=task)


@contextlib.contextmanager
def task_undone_on_error(trainable: Trainable) -> Iterator[None]:
    """Undo what targets decided of the task, if they are refused after all."""
    try:
        yield
    except BaseException:
        trainable.adopt(trainable.model)
        raise
