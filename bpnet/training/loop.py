"""Training: a step, an epoch of steps, a fit of epochs."""

from __future__ import annotations

import math
import operator
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..activations import Activation, Identity
from ..backends import Array
from ..backends._base import Forward, Step
from ..backprop import backprop, feedforward
from ..costs import Cost
from ..optimizers import Optimizer
from ..parameters import Layout
from ..randomness import epoch_order
from .callbacks import Callback, Progress
from .history import History
from .interrupt import Interrupt
from .metrics import R2, Accuracy

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["DivergenceError", "Fit", "evaluate", "fit", "make_forward", "make_step"]

# Outputs kept on the device between two evaluations of costs and metrics, and activations of one
# pass of an evaluation: some megabytes.
_BLOCK = 2**19
_CHUNK = 2**21


class DivergenceError(ArithmeticError):
    """Training met a cost or parameter that is not finite; parameters are the last finite ones.

    Attributes
    ----------
    history : History
        Of the epochs before.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> x, steep = [[1.0], [2.0]], bpnet.SGD(learning_rate=50.0)
    >>> try:
    ...     net.fit(x, x, epochs=99, batch_size=2, optimizer=steep)
    ... except bpnet.DivergenceError as error:
    ...     print(error)
    the cost became inf in epoch ..., batch 1 of 1, with SGD(learning_rate=50.0); ...
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def make_step(
    layout: Layout,
    sigma: Sequence[Activation],
    cost: Cost,
    optimizer: Optimizer,
    l2: float,
) -> Step:
    """One training step as a pure function, for `Backend.compile`.

    Parameters
    ----------
    layout : Layout
    sigma : sequence of Activation
    cost : Cost
    optimizer : Optimizer
    l2 : float
        The objective is the mean cost plus l2/2 times the sum of the squared weights.

    Returns
    -------
    callable
        ``step(xp, (theta, memory), x, y, rates) -> ((theta, memory), z)``.
    """

    def step(xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]) -> tuple[Any, Array]:
        theta, memory = state
        w, b = layout.split(theta, xp)
        nabla_w, nabla_b, z = backprop(w, b, sigma, cost, x, y, xp)
        gradient = layout.join(nabla_w, nabla_b, xp) * (1.0 / x.shape[0])
        if l2:
            gradient = gradient + layout.on_weights(theta, l2, xp)
        return optimizer.update(theta, gradient, memory, tuple(rates), xp), z

    return step


def make_forward(layout: Layout, sigma: Sequence[Activation]) -> Forward:
    """The forward pass as a pure function, for `Backend.compile_forward`.

    Parameters
    ----------
    layout : Layout
    sigma : sequence of Activation

    Returns
    -------
    callable
        ``forward(xp, theta, x) -> z``, the weighted input of the output layer.
    """

    def forward(xp: Any, theta: Array, x: Array) -> Array:
        w, b = layout.split(theta, xp)
        z, _ = feedforward(w, b, (*sigma[:-1], Identity()), x, xp)
        return z[-1]

    return forward


def evaluate(net: Network, x: Array, y: Array) -> tuple[float, float]:
    """Mean cost, and accuracy or R^2, over samples that are on the device.

    Parameters
    ----------
    net : Network
    x : array, shape (m, n_0)
    y : array, shape (m, n_L)

    Returns
    -------
    cost, metric : float
    """
    xp, metric, last = net.backend.xp, _metric(net), net._sigma[-1]
    forward = net._forward()
    rows = max(1, _CHUNK // max(net.sizes))
    costs, sums = [], []
    for start in range(0, x.shape[0], rows):
        stop = min(start + rows, x.shape[0])
        part = y[start:stop, :]
        z = forward(net._theta, x[start:stop, :])
        costs.append(xp.sum(net.cost.of_output(last, z, part, xp)))
        sums.append(metric.sums(z, last, part, xp))
    to_numpy = net.backend.to_numpy
    cost = to_numpy(xp.stack(costs)).sum(dtype=np.float64)
    total = to_numpy(xp.stack(sums)).sum(axis=0, dtype=np.float64)
    n = x.shape[0]
    return float(cost) / n, metric.figure(total, to_numpy(metric.spread(y, xp)), n)


class Fit:
    """One call of fit, as callbacks see it.

    Attributes
    ----------
    net : Network
        Its parameters are those after the last full epoch.
    history : History
    epochs, first_epoch, steps_per_epoch, batch_size : int
    columns : tuple of str
        Of the history's rows.
    """

    def __init__(
        self,
        net: Network,
        x: Array,
        y: Array,
        *,
        epochs: int,
        batch_size: int,
        optimizer: Optimizer,
        l2: float,
        validation: tuple[Array, Array] | None,
        callbacks: Iterable[Callback],
        evaluate_training: bool,
    ) -> None:
        self.net, self.epochs = net, epochs
        self.first_epoch = net.epochs + 1
        self.history = History()
        self.batch_size = min(batch_size, x.shape[0])
        self.steps_per_epoch = math.ceil(x.shape[0] / self.batch_size)
        self.has_validation = validation is not None
        self._x, self._y, self._validation = x, y, validation
        self._optimizer, self._l2 = optimizer, l2
        self._evaluate_training = evaluate_training
        self._callbacks = list(callbacks)
        self._metric = _metric(net)
        self._spread = net.backend.to_numpy(self._metric.spread(y, net.backend.xp))
        self._interrupt = Interrupt()
        self._stopping = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the history."""
        kinds = ("train", "validation") if self.has_validation else ("train",)
        figures = [f"{kind}_{what}" for what in ("cost", self._metric.name) for kind in kinds]
        return ("epoch", *figures, "seconds")

    def stop(self, reason: str) -> None:
        """End the fit after this epoch; ``reason`` becomes ``history.stopped``."""
        self._stopping, self.history.stopped = True, reason

    def parameters(self) -> Array:
        """The parameters after the last epoch, to be given back to `restore`."""
        return self.net._theta

    def restore(self, parameters: Array) -> None:
        """Give the network the parameters of an earlier epoch."""
        self.net._theta = parameters

    def begin(self) -> None:
        """Let the callbacks object, before anything changes."""
        self._tell("on_fit_begin", self)
        self.net._prepare(self._optimizer)

    def run(self) -> History:
        """Train for all epochs."""
        try:
            with self._interrupt:
                for _ in range(self.epochs):
                    row = self.epoch()
                    if row is None:
                        break
                    self.history.rows.append(row)
                    self._tell("on_epoch_end", self, row)
                    if self._stopping:
                        break
                if self._interrupt():
                    self.history.stopped = "interrupted"
        finally:
            self._tell("on_fit_end", self)
        return self.history

    def epoch(self) -> dict[str, Any] | None:
        """Train for one epoch; the row of its figures, or None if Ctrl-C ended it."""
        began = time.perf_counter()
        net, n, size = self.net, self._x.shape[0], self.batch_size
        order = epoch_order(net.seed, net.epochs, n)
        full = n // size
        run = net._compiled(self._optimizer, self._l2)
        state = net._theta, net._memory
        costs: list[Array] = []
        sums: list[Array] = []
        steps, done = net.steps, 0
        per_block = max(1, _BLOCK // (size * net.sizes[-1]))
        blocks = [
            order[k * size : min(k + per_block, full) * size].reshape(-1, size)
            for k in range(0, full, per_block)
        ]
        if n % size:
            blocks.append(order[full * size :].reshape(1, -1))
        for block in blocks:
            rates = [self._optimizer.rates(steps + k) for k in range(len(block))]
            state, outputs = run(state, self._x, self._y, block, rates, self._interrupt)
            count = 0 if outputs is None else outputs.shape[0]
            if count:
                self._score(outputs, block[:count], costs, sums)
                steps, done = steps + count, done + count
                self._tell("on_steps", self, count)
            if count < len(block):
                self.stop("interrupted")
                break
        cost = self._checked(costs, state[0], done)
        (net._theta, net._memory), net.steps = _copy(net.backend, state), steps
        if self._interrupt() and done < self.steps_per_epoch:
            return None
        net.epochs += 1
        self._stopping = self._stopping or self._interrupt()
        total = net.backend.to_numpy(net.backend.xp.stack(sums)).sum(axis=0, dtype=np.float64)
        return self._row(cost / n, self._metric.figure(total, self._spread, n), began)

    def _score(
        self, outputs: Array, block: np.ndarray[Any, Any], costs: list[Array], sums: list[Array]
    ) -> None:
        """Costs of each step, and the metric's sums, from the outputs of a block of steps."""
        net = self.net
        xp, last = net.backend.xp, net._sigma[-1]
        rows = net.backend.from_host(block.reshape(-1), "int64")
        y = xp.take(self._y, rows, axis=0)
        z = xp.reshape(outputs, (-1, outputs.shape[2]))
        cost = net.cost.of_output(last, z, y, xp)
        costs.append(xp.sum(xp.reshape(cost, block.shape), axis=1))
        sums.append(self._metric.sums(z, last, y, xp))

    def _checked(self, costs: list[Array], theta: Array, done: int) -> float:
        """Sum of the epoch's costs; raises, naming the first bad batch, if it is not finite."""
        if not done:
            return 0.0
        net = self.net
        each = net.backend.to_numpy(net.backend.xp.concat(costs)).astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(each))
        if bad.size == 0 and net.backend.all_finite(theta):
            return float(each.sum())
        batch = int(bad[0]) + 1 if bad.size else done
        what = f"the cost became {each[batch - 1]}" if bad.size else "a parameter became infinite"
        kept = f"after epoch {net.epochs}" if net.epochs else "before the first epoch"
        raise DivergenceError(
            f"{what} in epoch {net.epochs + 1}, batch {batch} of {self.steps_per_epoch}, with "
            f"{self._optimizer}; the parameters are those {kept}. A lower learning rate may help",
            self.history,
        )

    def _row(self, cost: float, metric: float, began: float) -> dict[str, Any]:
        if self._evaluate_training:
            cost, metric = evaluate(self.net, self._x, self._y)
        costs, metrics = [cost], [metric]
        if self._validation is not None:
            cost, metric = evaluate(self.net, *self._validation)
            costs.append(cost)
            metrics.append(metric)
        seconds = time.perf_counter() - began
        figures = (self.net.epochs, *costs, *metrics, seconds)
        return dict(zip(self.columns, figures, strict=True))

    def _tell(self, moment: str, *arguments: Any) -> None:
        for callback in self._callbacks:
            getattr(callback, moment)(*arguments)


def fit(
    net: Network,
    x: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Optimizer,
    l2: float,
    validation: tuple[Any, Any] | None,
    callbacks: Iterable[Callback],
    progress: bool | None,
    evaluate_training: bool,
) -> History:
    """Train a network; `Network.fit` says what each argument means."""
    epochs = _count("epochs", epochs, 0)
    batch_size = _count("batch_size", batch_size, 1)
    l2 = float(l2)
    if not 0.0 <= l2 < math.inf:
        raise ValueError(f"l2 must be at least 0 and finite, not {l2:g}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be one of bpnet.optimizers, not {optimizer!r}")
    callbacks = list(callbacks)
    if progress or (progress is None and sys.stderr.isatty()):
        callbacks.append(Progress())
    seen = net._seen_regression
    with net.backend.scope():
        try:
            x, y = net._samples(x, y, training=True)
            if validation is not None:
                if len(validation) != 2:
                    raise ValueError(f"validation must be (x, y), not {len(validation)} things")
                validation = net._samples(*validation, names=("validation x", "validation y"))
            run = Fit(
                net,
                x,
                y,
                epochs=epochs,
                batch_size=batch_size,
                optimizer=optimizer,
                l2=l2,
                validation=validation,
                callbacks=callbacks,
                evaluate_training=evaluate_training,
            )
            run.begin()
        except BaseException:
            net._seen_regression = seen
            raise
        return run.run()


def _metric(net: Network) -> Accuracy | R2:
    return Accuracy() if net.task == "classification" else R2()


def _copy(backend: Any, state: Any) -> Any:
    """A copy of every array of a state, as a run keeps its state for itself."""
    if isinstance(state, tuple):
        return tuple(_copy(backend, part) for part in state)
    return backend.copy(state)


def _count(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number
