"""Training: a step, an epoch of steps, a fit of epochs; each can be asked for alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backends import Array
from ..metrics import Metric
from .callbacks import Callback
from .evaluation import costs_of, evaluate, metric_of
from .feeds import BatchFeed
from .history import History
from .interrupt import Interrupt
from .snapshot import Snapshot, packed, unpacked
from .step import StepConfig, step_inputs_over
from .tally import EpochSums

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["DivergenceError", "Fit"]

# Outputs kept on the device between two evaluations of costs and metrics: some megabytes.
_BLOCK = 2**19


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


class Fit:
    """One call of fit, as callbacks see it and as `Network.fitting` gives it.

    Iterated over, it trains an epoch at a time and gives each one's row of the history. It is to be
    entered, that Ctrl-C ends a step in order, and left, that callbacks and sources come to an end.

    Attributes
    ----------
    net : Network
        Its parameters are those after the last full epoch.
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
        Where the fit goes on.
    """

    resumed: Snapshot | None = None

    def __init__(
        self,
        net: Network,
        feed: BatchFeed,
        recipe: StepConfig,
        *,
        epochs: int,
        validation: tuple[Array, Array] | None,
        metrics: Sequence[Metric],
        callbacks: Iterable[Callback],
        evaluate_training: bool,
        total: float | None = None,
    ) -> None:
        self.net, self.epochs, self.optimizer = net, epochs, recipe.optimizer
        self.first_epoch = net.epochs + 1
        self.history = History()
        self.batch_size, self.steps_per_epoch = feed.batch_size, feed.steps_per_epoch
        self.has_validation = validation is not None
        self.rate_factor = 1.0
        self.steps_done = net.steps
        self._feed, self._recipe, self._validation = feed, recipe, validation
        self._evaluate_training = evaluate_training
        self._callbacks = sorted(callbacks, key=lambda one: getattr(one, "last", False))
        self._metric, self._metrics = metric_of(net), tuple(metrics)
        self._total = float(feed.samples) if total is None else total
        self._interrupt = Interrupt()
        self._stopping = self._at_once = False
        self._reason: str | None = None
        self._whole_block = True
        self._block_steps = max(1, _BLOCK // (feed.batch_size * net.sizes[-1]))
        self._epoch_block_steps = self._block_steps
        self._tally: EpochSums | None = None
        self._state: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the history."""
        kinds = ("train", "validation") if self.has_validation else ("train",)
        names = ("cost", self._metric.name, *(one.name for one in self._metrics))
        return ("epoch", *(f"{kind}_{what}" for what in names for kind in kinds), "seconds")

    def falls(self, column: str) -> bool:
        """Whether a column is the better the smaller it is."""
        lower = {"cost", *(one.name for one in self._metrics if one.lower_is_better)}
        return column == "seconds" or column.partition("_")[2] in lower

    def stop(self, reason: str, now: bool = False) -> None:
        """End the fit; ``reason`` becomes ``history.stopped``.

        Parameters
        ----------
        reason : str
        now : bool, optional
            Before the next block of steps, not after this epoch.
        """
        self._stopping, self.history.stopped, self._reason = True, reason, reason
        self._at_once = self._at_once or now

    def at_most(self, steps: int) -> None:
        """Let no block be longer: `Callback.on_steps` is called as often."""
        self._block_steps = max(1, min(self._block_steps, steps))

    def step_of_epoch(self) -> int | None:
        """Steps done of the epoch that goes on; None within a block, as after Ctrl-C."""
        steps = 0 if self._tally is None else self._tally.steps
        return steps if self._whole_block else None

    def costs(self) -> np.ndarray[Any, Any]:
        """Mean cost of each mini-batch of the latest block of steps; waits for the device."""
        assert self._tally is not None, "there was no step yet"
        each = self.net.backend.to_numpy(self._tally.costs[-1]).astype(np.float64)
        size = self.batch_size if each.size > 1 else self._tally.latest
        found: np.ndarray[Any, Any] = each / size
        return found

    def parameters(self) -> Any:
        """A copy of what the network learned until the last full epoch, for `restore`."""
        return _each(self.net.backend.copy, (self.net._theta, self.net._running))

    def restore(self, parameters: Any) -> None:
        """Give the network the parameters of an earlier epoch."""
        self.net._theta, self.net._running = _each(self.net.backend.copy, parameters)

    def to_host(self, parameters: Any) -> Any:
        """What `parameters` gave, in NumPy arrays."""
        return _each(self.net.backend.to_numpy, parameters)

    def from_host(self, parameters: Any) -> Any:
        """What `to_host` gave, on the device again."""
        backend = self.net.backend
        return _each(lambda one: backend.from_host(one, backend.dtype), parameters)

    def begin(self, resume: Snapshot | None = None) -> None:
        """Let the callbacks object, before anything changes; then go back to a snapshot."""
        net, self.resumed = self.net, resume
        self._tell("on_fit_begin", self)
        if resume is not None:
            self._agree(resume)
        before = net._optimizer, net._memory, net._since, net._average, net._scaling
        net._prepare(self._recipe)
        if resume is not None:
            try:
                self._go_back(resume)
            except BaseException:
                net._optimizer, net._memory, net._since, net._average, net._scaling = before
                raise

    def snapshot(self) -> Snapshot:
        """Where the fit stands, at the end of a block of steps or of an epoch."""
        net, backend = self.net, self.net.backend
        tally = self._tally or EpochSums()
        within = tally.steps > 0
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        state = _each(backend.to_numpy, self._state or net._state())
        # What the epoch is to go back to, should its cost prove not finite.
        whole = (net._theta, net._running, net._average, net._scaling) if within else ()
        header = {
            "network": net._header(),
            "state": packed(state, "state", arrays),
            "whole": packed(_each(backend.to_numpy, whole), "whole", arrays),
            "tally": packed(tally.state(backend) if within else None, "tally", arrays),
            "callbacks": [
                [type(one).__name__, packed(kept, f"callback{k}", arrays)]
                for k, (one, kept) in enumerate(self._with_state())
            ],
            "run": self._identity(),
            "epochs": net.epochs,
            "steps": self.steps_done,
            "since": net._since,
            "rate_factor": self.rate_factor,
            "block_steps": self._epoch_block_steps,
            "latest": tally.latest,
            "seconds": tally.seconds + (time.perf_counter() - self._began if within else 0.0),
            "first_epoch": self.first_epoch,
            "history": [dict(row) for row in self.history.rows],
            "stopped": self._reason,
            "at_once": self._at_once and self._reason is not None,
        }
        return Snapshot(arrays, header)

    def _with_state(self) -> list[tuple[Callback, dict[str, Any]]]:
        """The callbacks that a snapshot keeps something of, and what."""
        kept = [(one, one.state()) for one in self._callbacks]
        return [(one, state) for one, state in kept if state]

    def _identity(self) -> dict[str, Any]:
        """What a resumed fit must have in common with the one before."""
        return {
            "architecture": repr(self.net._architecture),
            "cost": self.net.cost.name,
            "optimizer": type(self.optimizer).__name__,
            "batch size": self.batch_size,
            "samples": self._feed.samples,
            "seed": self.net.seed,
            "dtype": self.net.dtype,
            "compute_dtype": self._recipe.compute,
            "columns": list(self.columns),
            "evaluate_training": self._evaluate_training,
        }

    def _agree(self, snapshot: Snapshot) -> None:
        """Raise ValueError unless a snapshot is of a fit like this one."""
        run = {**snapshot.header["run"], "callbacks": [n for n, _ in snapshot.header["callbacks"]]}
        names = [type(one).__name__ for one, _ in self._with_state()]
        for what, mine in {**self._identity(), "callbacks": names}.items():
            if run.get(what) != mine:
                raise ValueError(
                    f"this fit cannot resume that of the checkpoint: its {what} is "
                    f"{run.get(what)!r}, here it is {mine!r}"
                )

    def _go_back(self, snapshot: Snapshot) -> None:
        """Take up where a snapshot was made."""
        net, backend, header, arrays = self.net, self.net.backend, snapshot.header, snapshot.arrays

        def moved(name: str) -> Any:
            return _each(
                lambda one: backend.from_host(one, one.dtype.name), unpacked(header[name], arrays)
            )

        state = moved("state")
        theirs, mine = _shapes(state), _shapes(net._state())
        if theirs != mine:
            raise ValueError(
                "this fit cannot resume that of the checkpoint: its parameters, the optimizer's "
                f"memory, running and moving averages have shapes {theirs}, here they are {mine}"
            )
        self.steps_done, steps = header["steps"], header["steps"]
        tally = unpacked(header["tally"], arrays)
        net._receive_state(state, steps)
        if tally is not None:
            self._tally, self._state = EpochSums.restored(tally, backend), state
            self._tally.latest, self._tally.seconds = header["latest"], header["seconds"]
            if not header["at_once"]:
                net._theta, net._running, net._average, net._scaling = moved("whole")
                net.steps = steps - self._tally.steps
        net._since, self._epoch_block_steps = header["since"], header["block_steps"]
        net.epochs, self.first_epoch = header["epochs"], header["first_epoch"]
        self.rate_factor = header["rate_factor"]
        self.history.rows = [dict(row) for row in header["history"]]
        if header["stopped"] is not None:
            self.stop(header["stopped"], now=header["at_once"])
        pairs = zip(self._with_state(), header["callbacks"], strict=True)
        kept = {id(one): unpacked(state, arrays) for (one, _), (_, state) in pairs}
        for one in self._callbacks:
            one.set_state(kept.get(id(one), {}))

    def run(self) -> History:
        """Train for all epochs."""
        with self:
            for _ in self:
                pass
        return self.history

    def __enter__(self) -> Fit:
        self._interrupt.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._interrupt():
            self.history.stopped = "interrupted"
        elif kind is None and len(self.history) < self.epochs and not self._stopping:
            self.history.stopped = "left"
        self._interrupt.__exit__(kind, error, traceback)
        with self.net.backend.scope():
            self._tell("on_fit_end", self)
            self._feed.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while len(self.history) < self.epochs and self._goes_on():
            row = self.epoch()
            if row is None:
                return
            yield row

    def _goes_on(self) -> bool:
        """Whether there is more to do; a resumed epoch is done to its end, as an unbroken one."""
        return not self._stopping or (self._tally is not None and not self._at_once)

    def epoch(self) -> dict[str, Any] | None:
        """Train for one epoch; its row of the history, or None if it was cut short."""
        with self.net.backend.scope():
            row = self._epoch()
            if row is not None:
                self.history.rows.append(row)
                self._tell("on_epoch_end", self, row)
        return row

    def _epoch(self) -> dict[str, Any] | None:
        self._began = time.perf_counter()
        net = self.net
        tally = self._tally = self._tally or EpochSums()  # a resumed one has begun already
        if not tally.steps:  # otherwise the blocks are to be those of the fit before
            self._epoch_block_steps = self._block_steps
        run = net._compiled(self._recipe)
        try:
            self._state = self._state or net._state()
            rest = self._feed.blocks(net.epochs, tally.steps, self._epoch_block_steps)
            for x, y, order in rest if tally.steps < self.steps_per_epoch else ():
                self._block(run, x, y, order, tally)
                if not self._whole_block:
                    self._stopping, self._at_once = True, True
                    self.history.stopped = "interrupted"
                if self._at_once:
                    break
            cost = self._checked(tally)
        except BaseException:
            net._forget()
            raise
        net._receive_state(self._state, self.steps_done)
        if tally.steps < self.steps_per_epoch:
            return None
        self._state = self._tally = None
        net.epochs += 1
        self._stopping = self._stopping or self._interrupt()
        return self._row(cost, tally)

    def _block(
        self, run: Any, x: Array, y: Array, order: np.ndarray[Any, Any], tally: EpochSums
    ) -> None:
        """Do a block of steps, or those of it before Ctrl-C."""
        net, recipe = self.net, self._recipe
        steps = range(self.steps_done, self.steps_done + len(order))
        rates = step_inputs_over(
            recipe, net._architecture, net.seed, steps, net._since, self.rate_factor
        )
        self._state, outputs = run(self._state, x, y, order, rates, self._interrupt)
        count = 0 if outputs is None else int(outputs.shape[0])
        self._whole_block = count == len(order)
        if count:
            self._score(outputs, y, order[:count], tally)
            tally.steps, tally.latest = tally.steps + count, order.shape[1]
            self.steps_done += count
            self._tell("on_steps", self, count)

    def _score(
        self, outputs: Array, y: Array, order: np.ndarray[Any, Any], tally: EpochSums
    ) -> None:
        """Costs of each step, and what the metrics need, from the outputs of a block of steps."""
        net = self.net
        xp, last = net.backend.xp, net._sigma[-1]
        rows = net.backend.from_host(order.reshape(-1), "int64")
        y = xp.take(y, rows, axis=0)
        z = xp.reshape(outputs, (-1, outputs.shape[2]))
        cost = costs_of(net, self._recipe, z, y)
        y = y[:, : net.sizes[-1]]
        tally.costs.append(xp.sum(xp.reshape(cost, order.shape), axis=1))
        tally.sums.append(self._metric.sums(z, last, y, xp))
        if "moments" in self._metric.wants:
            tally.moments.append(self._metric.moments(y, xp))
        tally.counts.append(order.size)
        if self._metrics and not self._evaluate_training:
            tally.outputs.append(net.backend.to_numpy(last.value(z, xp)))
            tally.targets.append(net.backend.to_numpy(y))

    def _checked(self, tally: EpochSums) -> float:
        """Sum of the epoch's costs; raises, naming the first bad batch, if it is not finite."""
        if not tally.costs:
            return 0.0
        net = self.net
        # All is asked of the device before the first of it is waited for.
        finite = net.backend.all_finite_on_device(self._state[0])
        tally.join(("costs", *self._metric.wants), net.backend)
        each = tally.each("costs", net.backend)
        bad = np.flatnonzero(~np.isfinite(each))
        if bad.size == 0 and bool(finite):
            return float(each.sum())
        batch = int(bad[0]) + 1 if bad.size else tally.steps
        what = f"the cost became {each[batch - 1]}" if bad.size else "a parameter became infinite"
        kept = f"after epoch {net.epochs}" if net.epochs else "before the first epoch"
        raise DivergenceError(
            f"{what} in epoch {net.epochs + 1}, batch {batch} of {self.steps_per_epoch}, with "
            f"{self.optimizer}; the parameters are those {kept}. A lower learning rate may help",
            self.history,
        )

    def _row(self, cost: float, tally: EpochSums) -> dict[str, Any]:
        net = self.net
        if self._evaluate_training:
            judged = [evaluate(net, self._feed.everything(), self._metrics)]
        else:
            own = self._metric.figure(
                *(tally.each(what, net.backend) for what in self._metric.wants)
            )
            blocks = (tally.targets, tally.outputs) if self._metrics else ()
            given = [np.concatenate(one).astype(np.float64) for one in blocks]
            judged = [[cost / self._total, own, *(one(*given) for one in self._metrics)]]
        if self._validation is not None:
            judged.append(evaluate(net, [self._validation], self._metrics))
        figures = [figure for pair in zip(*judged, strict=True) for figure in pair]
        seconds = tally.seconds + time.perf_counter() - self._began
        return dict(zip(self.columns, (net.epochs, *figures, seconds), strict=True))

    def _tell(self, moment: str, *arguments: Any) -> None:
        for callback in self._callbacks:
            getattr(callback, moment)(*arguments)


def _each(function: Callable[[Array], Any], state: Any) -> Any:
    """A state of nested tuples with a function's result for each array."""
    if isinstance(state, tuple):
        return tuple(_each(function, part) for part in state)
    return function(state)


def _shapes(state: Any) -> Any:
    """A state of nested tuples with each array's shape."""
    return _each(lambda one: tuple(one.shape), state)
