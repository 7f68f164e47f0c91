"""What a network says of samples: outputs, classes, labels, probabilities, scores and gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..backends import Array
from ..compiler.rows import row_slices, take_rows
from ..data.frames import encoded_inputs
from ..data.sparse import SparseRows
from ..model import Gradients, Model, gradient
from .metric_columns import MetricColumns
from .runs import CompiledRuns
from .samples import SamplePreparer, check_samples
from .scores import task_metric
from .scoring import evaluate
from .store import StateStore
from .trainable import Trainable

__all__ = ["Answers"]


class Answers:
    """What a network says of samples, in arrays or in a frame of the table that it learned from.

    Parameters
    ----------
    model : Model
    runs : CompiledRuns
    store : StateStore
    metadata : mapping
    trainable : callable
        ``trainable()`` is the network as scores need it.
    """

    def __init__(
        self,
        model: Model,
        runs: CompiledRuns,
        store: StateStore,
        metadata: Mapping[str, Any],
        trainable: Callable[[], Trainable],
    ) -> None:
        self._model, self._runs, self._store, self._metadata = model, runs, store, metadata
        self._backend, self._trainable = store.backend, trainable

    def outputs(self, x: Any) -> Array:
        """Activations of the output layer: see `Network.feedforward`."""
        x, _ = encoded_inputs(x, self._metadata)
        with self._backend.scope():
            return self._runs.by_blocks(self._runs.activate, self._store.state, x)

    def predictions(self, x: Any) -> Array:
        """Class indices, labels or numbers: see `Network.predict`."""
        task, state = self._model.task, self._store.state
        x, preprocessing = encoded_inputs(x, self._metadata)
        with self._backend.scope():
            if task == "regression":
                found = self._runs.by_blocks(self._runs.activate, state, x)
                found = found[:, 0] if self._model.sizes[-1] == 1 else found
            else:
                found = self._runs.by_blocks(self._runs.decide(task), state, x)
            if preprocessing is not None:
                return preprocessing.inverse_target(self._backend.to_numpy(found))
            if self._model.classes is not None:  # in NumPy: no other library holds text
                return np.asarray(self._model.classes)[self._backend.to_numpy(found)]
            return found

    def probabilities(self, x: Any) -> Array:
        """Probability of each class or label: see `Network.predict_proba`."""
        task = self._model.task
        if task == "regression":
            raise ValueError("the task is regression: use net.predict(x), not net.predict_proba(x)")
        x, _ = encoded_inputs(x, self._metadata)
        with self._backend.scope():
            run = self._runs.probabilities(task)
            return self._runs.by_blocks(run, self._store.state, x)

    def total_cost(self, x: Any, y: Any) -> float:
        """Mean cost: see `Network.total_cost`."""
        return self._scores(x, y)[1][0]

    def accuracy(self, x: Any, y: Any) -> float:
        """Share of right answers: see `Network.accuracy`."""
        if self._model.task == "regression" or (found := self._scores(x, y))[0] == "regression":
            raise ValueError("the task is regression: use net.score(x, y), not net.accuracy(x, y)")
        return found[1][1]

    def score(self, x: Any, y: Any) -> float:
        """Accuracy or R^2: see `Network.score`."""
        return self._scores(x, y)[1][1]

    def gradients(self, x: Any, y: Any) -> Gradients:
        """Gradient of the mean cost: see `Network.backprop`."""
        model, backend, theta = self._model, self._backend, self._store.state.theta
        with backend.scope():
            x, y = check_samples(model, backend, x, y, self._metadata)
            xp, layout = backend.xp, model.layout
            total: Array = None
            for x_k, y_k in self._parts(x, y):
                part = gradient(model, xp, theta, (), x_k, y_k, mean=False).theta
                total = part if total is None else total + part
            nabla = total / x.shape[0]
            scales, shifts = layout.split_norms(nabla, xp)
            return Gradients(*layout.split(nabla, xp), [*scales.values()], [*shifts.values()])

    def _parts(self, x: Array | SparseRows, y: Array) -> Iterator[tuple[Array, Array]]:
        """Samples and targets as dense arrays, sparse ones some rows at a time."""
        if not isinstance(x, SparseRows):
            yield x, y
            return
        whole = self._model.architecture.running_size  # whose statistics are of all samples
        most = x.shape[0] if whole else x.rows_at_once
        for rows in row_slices(self._backend, x.shape[0], most):
            yield x.dense(rows), take_rows(self._backend, y, rows)

    def _scores(self, x: Any, y: Any) -> tuple[str, list[float]]:
        """The task (while it is open, that of y); mean cost, and accuracy or R^2."""
        prepare, state = SamplePreparer(self._trainable()), self._store.state
        with self._backend.scope():
            pair = prepare(x, y)
            task, given = prepare.model.task, (self._backend, self._runs, state, [pair])
            own = MetricColumns((), task_metric(task))
            return task, evaluate(prepare.model, *given, own)
