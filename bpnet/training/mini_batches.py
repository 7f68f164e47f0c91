"""The training loop: a fit by mini-batches, block of steps by block of steps."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._lib.wording import shortened
from ..backends import Array
from ..compiler import Run
from ..model.description import describe
from .advice import advice_after_divergence
from .config import StepConfig
from .divergence import DivergenceError, not_finite
from .feeds import BatchFeed, Block, step_sizes
from .fit import Fit
from .fit_identity import functions_of, recorded, with_settings
from .resume import check_same_fit, restored_progress, take_snapshot
from .snapshot import Snapshot
from .state import Counters, Trained, TrainingState
from .step import step_inputs_over
from .store import with_penalty
from .sums import EpochSums
from .trainable import Trainable
from .used_up import note_if_spent, note_if_used_up

__all__ = ["MiniBatchFit"]

# Outputs kept on the device between two evaluations of costs and metrics: some megabytes.
_BLOCK = 2**19


class _NoMoreSamplesError(Exception):
    """The fit was stopped while samples were waited for."""


class MiniBatchFit(Fit):
    """A fit whose steps each take one mini-batch.

    Parameters
    ----------
    trainable : Trainable
    feed : BatchFeed
    config : StepConfig
    settings : mapping, optional
        What else shapes the training, to be compared when a fit is resumed.
    **options
        Further ones of `Fit`.
    """

    def __init__(
        self,
        trainable: Trainable,
        feed: BatchFeed,
        config: StepConfig,
        *,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            trainable,
            config,
            samples=feed.samples,
            batch_size=feed.batch_size,
            steps_per_epoch=feed.steps_per_epoch,
            **options,
        )
        self._feed = feed
        self._given = settings or {}
        self._asked_to_evaluate = self._evaluates_training
        self._state: TrainingState | None = None  # the run's own, while an epoch is in progress
        self._whole: TrainingState | None = None  # that after the last full epoch, meanwhile
        self._whole_block = True
        self._told = False  # that the schedule is used up
        self._block_steps = max(1, _BLOCK // (feed.batch_size * self._model.sizes[-1]))
        self._epoch_block_steps = self._block_steps

    def judge_parameters(self, column: str) -> None:
        if column.startswith("train_") and not self._evaluates_training:
            self._evaluates_training = True
            self._scorer = self._make_scorer()

    def limit_block(self, steps: int) -> None:
        self._block_steps = max(1, min(self._block_steps, steps))

    def step_of_epoch(self) -> int | None:
        return super().step_of_epoch() if self._whole_block else None

    def begin(self, resume: Snapshot | None = None, origin: str = "resume") -> None:
        self.resumed = resume
        with self._beginning():
            before = self._store.current
            try:
                if resume is not None:
                    self._go_back_or_tell(resume, origin)
                self._note_schedule()
            except BaseException:
                self._store.current = before
                raise

    def _note_schedule(self) -> None:
        """Tell if the schedule ends before the fit."""
        current, left = self._store.current, self.epochs - self._done
        kept = type(current.optimizer) is type(self.optimizer)
        first = self.steps_done - current.counters.optimizer_began if kept else 0
        steps = left * self.steps_per_epoch - (self._sums.steps if self._sums else 0)
        if self.resumed is not None:
            way_out = "bpnet.load takes the network from the checkpoint, for a fit with another"
        elif first:
            way_out = "net.reset_optimizer() before the fit begins it anew"
        else:
            way_out = f"Give it {first + steps} steps to last until the end"
        if steps > 0 and not self._stopping:
            stop = first + steps
            self._told = note_if_used_up(self.optimizer, first, stop, way_out)

    def snapshot(self) -> Snapshot:
        return take_snapshot(
            self._trainable,
            state=self._state,
            whole=self._whole,
            sums=self._sums or EpochSums(),
            callbacks=self._callbacks,
            run={k: one for k, one in self._identity().items() if k != "network"},
            steps=self.steps_done,
            rate_factor=self.rate_factor,
            block_steps=self._epoch_block_steps,
            began=self._began,
            first_epoch=self.first_epoch,
            history=self.history,
            stopped=self._reason,
            at_once=self._at_once and self._reason is not None,
        )

    @functools.cached_property
    def _settings(self) -> dict[str, Any]:
        """What shapes the training, beside the network and the callbacks."""
        config, metrics = self._config, self._metrics.metrics
        found = {name: getattr(config, name) for name in config.fields if name != "compute"}
        found |= {**self._given, **{f"metric {one.name}": one for one in metrics}}
        found |= {
            f"functions of layer {l}": functions_of(sigma)
            for l, sigma in enumerate(self._model.architecture.sigma, start=1)
        }
        settings: dict[str, Any] = recorded(
            {**found, "functions of the cost": functions_of(self._model.cost)}
        )
        return settings

    def _identity(self) -> dict[str, Any]:
        """What a resumed fit must have in common with the one before."""
        return {
            "architecture": repr(self._model.architecture),
            "cost": self._model.cost.name,
            "optimizer": type(self.optimizer).__name__,
            "batch size": self.batch_size,
            "samples": self._samples,
            "seed": self._trainable.seed,
            "dtype": self.backend.dtype,
            "compute_dtype": self._config.compute,
            "columns": list(self.columns),
            "evaluate_training": self._asked_to_evaluate,
            "network": describe(self._model),
            "settings": {**self._settings, **with_settings(self._callbacks)},
        }

    def _go_back_or_tell(self, snapshot: Snapshot, origin: str) -> None:
        try:
            self._go_back(snapshot)
        except ValueError as error:
            raise ValueError(f"{origin}: {error}") from error

    def _go_back(self, snapshot: Snapshot) -> None:
        """Take up where a snapshot was made."""
        header, store = snapshot.header, self._store
        check_same_fit(snapshot, self._identity(), self._callbacks)
        store.init_optimizer(self._config)
        found = restored_progress(snapshot, self._trainable, self._config, self._feed, self._scorer)
        store.current = Trained(found.published, found.counters, self.optimizer)
        self.steps_done = header["steps"]
        self._sums, self._state = found.sums, found.state
        self._epoch_block_steps = header["block_steps"]
        self.first_epoch = header["first_epoch"]
        self._done = header["epochs"] - self.first_epoch + 1
        self.rate_factor = header["rate_factor"]
        self.history.rows = [dict(row) for row in header["history"]]
        if header["stopped"] is not None:
            self.stop(header["stopped"], now=header["at_once"])
        for callback, kept in found.callback_states(self._callbacks):
            if callback not in self._listeners.callbacks:
                continue
            try:
                callback.set_state(kept)
            except Exception as error:  # of whatever kind: the state is not what it gave
                raise ValueError(
                    f"{type(callback).__name__} cannot go on from what the checkpoint has of it: "
                    f"{type(error).__name__}: {shortened(str(error), 800)}"
                ) from error

    def _epoch(self) -> dict[str, Any] | None:
        self._began = time.perf_counter()
        store = self._store
        if self._sums is None:  # a resumed epoch has sums, and a state with the optimizer's memory
            store.init_optimizer(self._config)  # which may have been reset since the last epoch
            self._sums = EpochSums()
        sums, self._whole = self._sums, self._whole or store.state
        if not sums.steps:  # otherwise blocks end where those of the fit before did
            self._epoch_block_steps = self._block_steps
        run = self._compiled()
        epochs, began = store.counters.epochs, store.counters.optimizer_began
        try:
            lent = store.lend()
            self._state = self._state or with_penalty(lent, self._config, self.backend)
            block_steps = self._epoch_block_steps
            blocks = self._feed.blocks(epochs, sums.steps, block_steps, self._is_to_stop)
            with contextlib.closing(blocks) as rest:  # now: it may wait, and be interrupted again
                for block in rest if sums.steps < self.steps_per_epoch else ():
                    self._block(run, block, sums)
                    if not self._whole_block:
                        self._note_interrupt()
                    if self._at_once:
                        break
            if sums.steps < self.steps_per_epoch and not self._at_once:
                self._note_interrupt()  # while samples were waited for
            costs = self._checked(sums)
        except BaseException:
            store.reset_optimizer()
            # Another `epoch` would begin this one again.
            self._state = self._whole = self._sums = None
            self.steps_done = store.counters.steps
            raise
        whole = sums.steps == self.steps_per_epoch
        store.commit(self._state, Counters(epochs + whole, self.steps_done, began), self.optimizer)
        if not whole:
            return None
        figures = self._means(epochs, costs, self._state.penalty)
        self._state = self._whole = self._sums = None
        self._stopping = self._stopping or self._interrupt()
        if not self._told:
            last = self.steps_done - 1 - began
            first = max(0, last - self.steps_per_epoch + 1)
            self._told = note_if_spent(self.optimizer, first, last, epochs + 1)
        try:
            return self._row(*figures, sums)
        except _NoMoreSamplesError:
            return None

    def _note_interrupt(self) -> None:
        self._stopping, self._at_once = True, True
        self.history.stopped = "interrupted"

    def _compiled(self) -> Any:
        """What `_perform` calls."""
        return self._trainable.runs.step(self._config)

    def _block(self, run: Any, block: Any, sums: EpochSums) -> None:
        """Do a block of steps, or those of it before Ctrl-C."""
        inputs = step_inputs_over(
            self._model,
            self._config,
            self._trainable.seed,
            range(self.steps_done, self.steps_done + block.steps),
            self._store.counters.optimizer_began,
            self.rate_factor,
        )
        outputs, done = self._perform(run, block, inputs)
        self._whole_block = done.steps == block.steps
        if outputs is not None:
            self._scorer.add(outputs, done, sums)
            sums.steps += done.steps
            self.steps_done += done.steps
            self._tell("on_steps", self, done.steps)

    def _perform(
        self, run: Run, block: Block, inputs: list[tuple[float, ...]]
    ) -> tuple[Array | None, Block]:
        """Change the state by a block of steps; z of those done, None without any, and they."""
        x, y, order, _ = block
        self._state, outputs = run(self._state, x, y, order, inputs, self._interrupt)
        count = 0 if outputs is None else int(outputs.shape[0])
        return outputs, block._replace(order=order[:count])

    def _checked(self, sums: EpochSums) -> np.ndarray[Any, Any]:
        """The costs of the epoch's steps; raises, naming the first bad batch, if one is not finite.

        The state must be finite, too.
        """
        if not sums.costs:
            return np.zeros(0)
        assert self._state is not None
        # Everything is asked of the device before the first of it is waited for.
        infinite = not_finite(self._state, self.backend)
        self._scorer.join(sums)
        each = sums.each("costs", self.backend)
        what = next(infinite, "")
        if not what and np.isfinite(each).all():
            return each
        bad = np.flatnonzero(~np.isfinite(each))
        batch = int(bad[0]) + 1 if bad.size else sums.steps
        if bad.size:
            what = f"the cost became {each[batch - 1]}"
        epochs = self._store.counters.epochs
        raise DivergenceError(
            f"{what} in epoch {epochs + 1}, batch {batch} of {self.steps_per_epoch}, with "
            f"{self.optimizer}",
            self.history,
            f"those after epoch {epochs}" if epochs else "those before the first epoch",
            advice_after_divergence(
                self.backend,
                before_any_step=bool(bad.size) and batch == 1 and self.first_epoch == epochs + 1,
                theta=self._store.state.theta,
                samples=self._feed.in_memory(),
            ),
        )

    def _means(
        self, epoch: int, costs: np.ndarray[Any, Any], penalty: tuple[Array, ...]
    ) -> tuple[float, float | None]:
        """Mean over the epoch's samples of the cost, and of the objective where it has a column.

        The objective of a mini-batch is that of the parameters before its step, and counts as often
        as the mini-batch has samples.
        """
        weights = self._feed.step_weights(epoch)
        cost = float(costs.sum() / weights.sum())
        if not penalty:
            return cost, None
        means = costs / (weights + (weights == 0.0))  # 0 where there is no weight
        total = float(means @ step_sizes(self._samples, self.batch_size))
        added = float(self.backend.to_numpy(penalty[0])[0])
        return cost, (total + added) / self._samples

    def _run_all(self) -> None:
        for _ in self:
            pass

    def _left(self) -> bool:
        return self._done < self.epochs and not self._stopping

    def _all_samples(self) -> Any:
        missing = self._samples
        for x, y in self._feed.everything(self._is_to_stop):
            missing -= x.shape[0]
            yield x, y
        if missing:
            if not self._at_once:
                self._note_interrupt()
            raise _NoMoreSamplesError

    def _close(self) -> None:
        self._feed.close()
