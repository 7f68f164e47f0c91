"""Samples and targets as training takes them: checked, on the device, smoothed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._lib.wording import in_code, listing, shown
from ..backends import Array, Backend
from ..data.frames import encoded_pair
from ..data.given_pairs import refuse_without_targets, swapped
from ..data.inputs import as_inputs
from ..data.labels import class_indices, found_classes, text_labels
from ..data.sources.base import Source
from ..data.targets import as_targets, target_kind
from ..model import TARGET_KINDS, TASKS, Model, default_task
from ..model.metadata import class_names, with_classes
from .trainable import Trainable

__all__ = ["SamplePreparer", "check_samples", "check_smoothing", "smoothed"]


def check_samples(
    model: Model,
    backend: Backend,
    x: Any,
    y: Any,
    metadata: Mapping[str, Any],
    names: tuple[str, str] = ("x", "y"),
) -> tuple[Array, Array]:
    """Samples and rows of targets on the device; of a sparse matrix, x is `SparseRows`.

    Parameters
    ----------
    model : Model
    backend : Backend
    x : array or sparse matrix, shape (m, n_0), or frame
    y : array, shape (m, n_L), or (m,) of class indices or labels; or None with a frame
    metadata : mapping
        Of the network: how to encode a frame, and what its classes are called.
    names : (str, str), optional
        What messages call the two.

    Raises
    ------
    ValueError, TypeError
        If they do not fit the model or the backend; the message gives both values.
    """
    x, y, _, _ = _checked(model, backend, x, y, metadata, names)
    return x, y


def _checked(
    model: Model,
    backend: Backend,
    x: Any,
    y: Any,
    metadata: Mapping[str, Any],
    names: tuple[str, str] = ("x", "y"),
) -> tuple[Array, Array, bool, Model]:
    """Samples, targets, whether these were class labels, and a model that knows the labels."""
    x, y = encoded_pair(x, y, metadata, names)
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
    labels = text_labels(y, names[1])
    if labels is not None:
        model = _with_classes_of(labels, model, metadata, names[1])
        y = class_indices(labels, model.classes or (), names[1])
    y, labelled = as_targets(
        y,
        x.shape[0],
        backend=backend,
        width=model.sizes[-1],
        task=model.task,
        cost=model.cost,
        names=names,
    )
    return x, y, labelled, model


def _with_classes_of(labels: Any, model: Model, metadata: Mapping[str, Any], name: str) -> Model:
    """The model, with names of its classes: those it has, or those of these labels."""
    if model.task != "classification":
        way = "a column of zeros and ones for each label"
        if model.task == "regression":
            way = (
                f"numpy.asarray({in_code(name)}, float) makes them of digits; class labels need "
                "softmax or sigmoid outputs or a cross-entropy, as cost='log_likelihood'"
            )
        raise TypeError(
            f"{name} holds text, such as {shown(labels[0])}, and the task is {model.task}: numbers "
            f"are needed; {way}"
        )
    known = class_names(model, metadata)
    if known is not None:
        return with_classes(model, list(map(str, known)))
    return with_classes(model, found_classes(labels, model.class_count, model.sizes[-1], name))


class SamplePreparer:
    """Checks samples and targets, and brings them to the device.

    Where the task of a network is open, the targets of the first samples decide it.

    Parameters
    ----------
    trainable : Trainable
    network : mapping, optional
        What the checkpoint to resume from says of its network, whose task and classes were decided
        then.

    Attributes
    ----------
    model : Model
        With the task and the classes that the targets have decided.
    is_decided : bool
        Whether the task no longer depends on samples to come.
    """

    def __init__(self, trainable: Trainable, network: Mapping[str, Any] | None = None) -> None:
        model = self.model = trainable.model
        self._backend, self._metadata = trainable.backend, trainable.metadata
        self._open, self.is_decided = trainable.task_is_open, not trainable.task_is_open
        if network is not None:
            self._resume(network["task"], network.get("classes"))
        elif self._open:
            kinds = TARGET_KINDS if model.sizes[-1] > 1 else ("classes", "numbers")
            tasks = {default_task(model.cost, model.output, kind) for kind in kinds}
            if len(tasks) == 1:
                self._decide(*tasks)

    def __call__(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Arrays of shape (m, n_0) and (m, n_L) on the device.

        Raises
        ------
        ValueError, TypeError
            As `check_samples`; also if targets contradict what those before decided of the task.
        """
        x, y, labelled, model = _checked(self.model, self._backend, x, y, self._metadata())
        self.model = model
        if self._open:
            kind = "classes" if labelled else target_kind(y, self._backend.xp)
            task = default_task(self.model.cost, self.model.output, kind)
            if not self.is_decided:
                self._decide(task)
            elif TASKS.index(task) > TASKS.index(self.model.task):
                raise ValueError(
                    f"the task was taken for {self.model.task} by the targets of the first rows, "
                    f"but here they suggest {task}: bpnet.Network(..., task={task!r}) says so"
                )
        return x, y

    @property
    def decision(self) -> tuple[str, Sequence[str] | None]:
        """The task, and the names of its classes if it has some."""
        return self.model.task, self.model.classes

    def adopt(self, decision: tuple[str, Sequence[str] | None]) -> None:
        """Take over what the targets of another process's rows decided."""
        task, classes = decision
        if not self.is_decided:
            self._decide(task)
        if classes is not None:
            self.model = with_classes(self.model, classes)

    def _decide(self, task: str) -> None:
        classes = self.model.classes if task == "classification" else None
        self.model, self.is_decided = self.model.replaced(task=task, classes=classes), True

    def _resume(self, task: str, classes: Sequence[str] | None) -> None:
        if self._open:
            self._decide(task)
        elif task != self.model.task:
            raise ValueError(
                f"this fit cannot resume the one of the checkpoint: its task is {task!r}, here "
                f"it is {self.model.task!r}. bpnet.Network(..., task={task!r}) can resume it"
            )
        mine = self.model.classes
        if classes is not None and mine is not None and [*mine] != [*classes]:
            raise ValueError(
                f"this fit cannot resume the one of the checkpoint: its classes are "
                f"{listing(classes)}, here they are {listing(mine)}. A new network can resume it"
            )
        if classes is not None:
            self.model = with_classes(self.model, classes)


def check_smoothing(share: float, task: str) -> None:
    """Raise ValueError if targets are to be smoothed that are neither classes nor labels."""
    if share and task == "regression":
        raise ValueError(
            f"label_smoothing is for classification, and the task is {task}: leave it out"
        )


def smoothed(y: Array, share: float, task: str) -> Array:
    """Targets of which a share is spread evenly over the classes (Szegedy et al., 2016).

    Parameters
    ----------
    y : array, shape (m, n_L)
    share : float
    task : {"classification", "multilabel", "regression"}
        Each of several labels is a choice of two.
    """
    if not share:
        return y
    classes = 2 if task == "multilabel" else max(y.shape[1], 2)
    return (1.0 - share) * y + share / classes
