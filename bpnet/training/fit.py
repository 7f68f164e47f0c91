"""Fit: one call of fit, as callbacks and loops over its epochs see it."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from ..backends import Array
from ..metrics.base import Metric
from .config import StepConfig
from .history import History
from .interrupt import Interrupt
from .listeners import Listeners
from .metric_columns import MetricColumns
from .scores import task_metric
from .scoring import EpochScorer, evaluate
from .snapshot import Snapshot
from .snapshot_checks import checked_parameters
from .state import Counters, Trained, TrainingState, map_arrays
from .sums import EpochSums
from .trainable import Trainable

__all__ = ["Fit"]


class Fit(ABC):
    """One call of `Network.fit`: what callbacks are given, and what `Network.fitting` returns.

    Iterated over, it trains one epoch at a time and yields each one's row of the history. Use it in
    a ``with`` block: entering lets Ctrl-C end a step in order, and leaving ends callbacks and
    sources. While entered, no other fit may train the same network.

    Attributes
    ----------
    net : Network or None
        Who is trained, for callbacks; its parameters are those after the last full epoch.
    backend : Backend
    history : History
    optimizer : Optimizer
    epochs, first_epoch, steps_per_epoch, batch_size : int
    columns : tuple of str
        Of the history's rows.
    rate_factor : float
        Multiplies the learning rate of the steps to come.
    steps_done : int
        Steps since the network was made, after the latest block of steps.
    resumed : Snapshot or None
        Where the fit resumed.
    failed : bool
        Whether an error ends it.
    """

    net: Any = None
    failed = False
    resumed: Snapshot | None = None

    def __init__(
        self,
        trainable: Trainable,
        config: StepConfig,
        *,
        samples: int,
        batch_size: int,
        steps_per_epoch: int,
        epochs: int,
        validation: tuple[Array, Array] | None = None,
        metrics: Sequence[Metric] | None = (),
        callbacks: Iterable[Any] = (),
        evaluate_training: bool = False,
    ) -> None:
        self.backend, self.optimizer, self.epochs = trainable.backend, config.optimizer, epochs
        self.batch_size, self.steps_per_epoch = batch_size, steps_per_epoch
        self.has_validation = validation is not None
        self.history, self.rate_factor = History(), 1.0
        self._model, self._store, self._config = trainable.model, trainable.store, config
        self._trainable, self._samples = trainable, samples
        self.first_epoch = self._store.counters.epochs + 1
        self.steps_done = self._steps_before = self._store.counters.steps
        self._validation, self._evaluates_training = validation, evaluate_training
        self._callbacks = sorted(callbacks, key=lambda one: getattr(one, "last", False))
        self._listeners = Listeners(self._callbacks)
        own = None if metrics is None else task_metric(trainable.model.task)
        self._metrics = MetricColumns(metrics or (), own)
        self._scorer = self._make_scorer()
        self._interrupt = Interrupt()
        self._stopping = self._at_once = self._entered = self._ended = False
        self._reason: str | None = None
        self._deadlines: dict[str, float] = {}
        self._done = 0  # epochs of this fit, whatever a callback makes of its history
        self._sums: EpochSums | None = None
        self._began = 0.0

    # ------------------------------------------------------------------ what callbacks ask

    @property
    def counters(self) -> Counters:
        """Epochs and steps of the network, after the last full epoch."""
        return self._store.counters

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the history."""
        return ("epoch", *self._figures, "seconds")

    @property
    def _figures(self) -> list[str]:
        """Columns of costs and metrics."""
        kinds = ("train", "validation") if self.has_validation else ("train",)
        found = [f"{kind}_{what}" for what in ("cost", *self._metrics.names) for kind in kinds]
        if self._config.sums_penalties:
            found.insert(1, "train_objective")
        return found

    def lower_is_better(self, column: str) -> bool:
        """Whether lower figures of a column are better."""
        name = column.partition("_")[2]
        return column == "seconds" or name in ("cost", "objective") or self._metrics.falls(name)

    def learning_rate_at(self, step: int, factor: float = 1.0) -> float:
        """The optimizer's learning rate in a step of the network, times ``factor``.

        Parameters
        ----------
        step : int
            Counted like `steps_done`; the schedule's own steps begin where the optimizer did.
        factor : float, optional
            `rate_factor`, for instance.
        """
        return self.optimizer.learning_rate_at(step - self.counters.optimizer_began, factor)

    def stop(self, reason: str, now: bool = False) -> None:
        """End the fit; ``reason`` becomes ``history.stopped``.

        Parameters
        ----------
        reason : str
        now : bool, optional
            Before the next block of steps, rather than after this epoch.
        """
        self._stopping, self.history.stopped, self._reason = True, reason, reason
        self._at_once = self._at_once or now

    def stop_at(self, deadline: float, reason: str) -> None:
        """End the fit where it waits for samples at that time; see `stop`.

        Parameters
        ----------
        deadline : float
            As `time.monotonic` says. Another call for the same reason replaces it.
        reason : str
        """
        self._deadlines[reason] = deadline

    @abstractmethod
    def judge_parameters(self, column: str) -> None:
        """Make a column that of the parameters after each epoch; called before the first one.

        A training column is a mean over the epoch, during which the parameters change, unless it is
        evaluated afterwards. Callbacks that keep parameters for their figure need the latter.
        """

    @abstractmethod
    def limit_block(self, steps: int) -> None:
        """Let no block have more steps; ``on_steps`` of callbacks is called after each block."""

    def step_of_epoch(self) -> int | None:
        """Steps done of the epoch in progress; None within a block, as after Ctrl-C."""
        return 0 if self._sums is None else self._sums.steps

    def costs(self) -> np.ndarray[Any, Any]:
        """Mean cost of each mini-batch of the latest block of steps; waits for the device.

        With weights it is the weighted mean; NaN where all weights of a mini-batch are 0.
        """
        return (self._sums or EpochSums()).latest_means(self.backend)

    def parameters(self) -> Any:
        """All that training had changed after the last full epoch, for `restore`.

        Parameters, running and moving averages, the optimizer's memory and its number of steps.
        """
        state, counters, optimizer = self._store.current
        memory = map_arrays(self.backend.copy, state.memory)  # the next epoch writes to it
        steps = None if optimizer is None else counters.steps - counters.optimizer_began
        return tuple(state._replace(memory=memory)), steps

    def restore(self, parameters: Any) -> None:
        """Put back what `parameters` returned after an earlier epoch; all counters stay.

        The optimizer goes on from its step of then, so that its schedule fits its memory.
        """
        state, steps = parameters
        counters, optimizer = self._store.counters, None if steps is None else self.optimizer
        if steps is not None:
            counters = counters.replaced(optimizer_began=counters.steps - steps)
        self._store.current = Trained(TrainingState(*state), counters, optimizer)

    def to_host(self, parameters: Any) -> Any:
        """What `parameters` returned, in NumPy arrays."""
        state, steps = parameters
        return map_arrays(self.backend.to_numpy, state), steps

    def from_host(self, parameters: Any) -> Any:
        """What `to_host` returned, on the device again."""
        backend, now = self.backend, self._store.current
        state, steps = checked_parameters(parameters, now, self._model, backend.dtype)
        return map_arrays(lambda one: backend.from_host(one, backend.dtype), state), steps

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Where the fit stands, at the end of a block of steps or of an epoch."""

    # ------------------------------------------------------------------ how it goes

    @abstractmethod
    def begin(self, resume: Snapshot | None = None, origin: str = "resume") -> None:
        """Let the callbacks object before anything changes; then go back to a snapshot.

        ``origin`` is what messages call the snapshot.
        """

    def run(self) -> History:
        """Train for all epochs."""
        try:
            with self:
                self._run_all()
        except BaseException:
            self._fail()  # if another fit came in between, so that this one was not entered
            raise
        return self.history

    @abstractmethod
    def _run_all(self) -> None:
        """Train for all epochs; see `run`."""

    def _claim(self) -> None:
        """Reserve the network, which others may have trained since this fit was made."""
        self._store.claim()
        if not self.history.rows:
            self.first_epoch = self.counters.epochs + 1
        if self._sums is None:  # otherwise a resumed epoch says where the fit stands
            self.steps_done = self.counters.steps

    @contextlib.contextmanager
    def _beginning(self) -> Iterator[None]:
        """Begin the callbacks; if one objects, or what follows, those that began are ended."""
        self._store.claim()
        before = self._store.current
        try:
            with self._trainable.model_adopted(), self._begin_callbacks():
                yield
        except BaseException:
            self._store.current = before  # whatever the callbacks restored at their end
            raise
        finally:
            self._store.release()

    @contextlib.contextmanager
    def _begin_callbacks(self) -> Iterator[None]:
        try:
            self._listeners.begin(self)
            yield
        except BaseException:
            self._fail()
            raise

    def _fail(self) -> None:
        """End the callbacks that have not been ended, for an error."""
        if self._listeners.begun:
            self.failed, self.history.stopped = True, "failed"
            self._listeners.end(self)

    def __enter__(self) -> Fit:
        self._claim()
        try:
            if self._ended:  # entered again
                with self._begin_callbacks():
                    self._ended = False
        except BaseException:
            self._store.release()
            raise
        self._entered = True
        self._interrupt.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.failed = kind is not None
        if self._interrupt():
            self.history.stopped = "interrupted"
        elif self.failed:
            self.history.stopped = "failed"
        elif self._left():
            self.history.stopped = "left"
        self._interrupt.__exit__(kind, error, traceback)
        try:
            with self.backend.scope():
                try:
                    self._listeners.end(self)
                finally:
                    self._close()
        finally:
            if kind is not None and self.counters.steps == self._steps_before:
                self._trainable.undo()
            self._entered, self._ended = False, True
            self._store.release()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while self._done < self.epochs and self._continues():
            row = self.epoch()
            if row is None:
                return
            yield row

    def epoch(self) -> dict[str, Any] | None:
        """Train for one epoch; its row of the history, or None if it was cut short."""
        if not self._entered:
            self._claim()
        try:
            with self.backend.scope():
                row = self._epoch()
                if row is not None:
                    self._done += 1
                    self.history.rows.append(row)
                    self._tell("on_epoch_end", self, row)
            return row
        finally:
            if not self._entered:
                self._store.release()

    @abstractmethod
    def _epoch(self) -> dict[str, Any] | None:
        """Train for one epoch; see `epoch`."""

    @abstractmethod
    def _left(self) -> bool:
        """Whether a loop over the epochs was left before the last one."""

    @abstractmethod
    def _close(self) -> None:
        """End what provides the samples."""

    def _continues(self) -> bool:
        """Whether there is more to do; a resumed epoch is completed, as in an unbroken fit."""
        return not self._stopping or (self._sums is not None and not self._at_once)

    def _is_to_stop(self) -> bool:
        """Whether samples should be waited for no longer."""
        for reason, deadline in self._deadlines.items():
            if time.monotonic() >= deadline and not self._at_once:
                self.stop(reason, now=True)
        return self._at_once or self._interrupt()

    def _row(self, cost: float, objective: float | None, sums: EpochSums) -> dict[str, Any]:
        """The history's row of an epoch with this cost, and objective where it has a column."""
        if self._evaluates_training:
            judged = [self._evaluated(self._all_samples(), "train")]
        else:
            judged = [[cost, *self._scorer.figures(sums)]]
        if self._validation is not None:
            judged.append(self._evaluated([self._validation], "validation"))
        figures = [figure for pair in zip(*judged, strict=True) for figure in pair]
        if objective is not None:
            figures.insert(1, objective)
        seconds = sums.seconds + time.perf_counter() - self._began
        row = dict(zip(self._figures, figures, strict=True))
        return {"epoch": self.counters.epochs, **row, "seconds": seconds}

    def _evaluated(self, samples: Iterable[tuple[Array, Array]], part: str) -> list[float]:
        """Mean cost and metrics of samples, by the parameters after the epoch."""
        given = self._model, self.backend, self._trainable.runs, self._store.state
        return evaluate(*given, samples, self._metrics, part)

    @abstractmethod
    def _all_samples(self) -> Iterable[tuple[Array, Array]]:
        """All training samples, in parts."""

    def _make_scorer(self) -> EpochScorer:
        """What scores the mini-batches; the metrics only where nothing is evaluated after them."""
        return EpochScorer(
            self._model,
            self.backend,
            self._trainable.runs,
            self._metrics.own_alone() if self._evaluates_training else self._metrics,
            weighted=self._config.weighted,
        )

    def _tell(self, moment: str, *arguments: Any) -> None:
        self._listeners.tell(moment, *arguments)
