"""A fit by several ranks: the loop is that of one process, and what they must agree on."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...backends import Array, Backend
from ...data.sparse import SparseRows
from ...parallel.agreement import check_equal, environment, warn_of_threads
from ..config import StepConfig
from ..feeds import BatchFeed, Block
from ..history import History
from ..listeners import Listeners
from ..mini_batches import MiniBatchFit
from ..scoring import evaluate
from ..snapshot import Snapshot
from ..sums import EpochSums
from ..trainable import Trainable
from .blocks import PartedBlock, PartedFeed
from .exchange import Exchange
from .forward import gathered, outputs_and_targets, shared_forward
from .lockstep import LockstepSteps
from .rank import as_rank
from .sharded import ShardedFeed
from .steps import SharedSteps

__all__ = ["ParallelFit"]

# Floating-point operations of a block of steps, after which the ranks ask each other about Ctrl-C,
# deadlines and whatever else may end the fit: a second's work or so.
_BLOCK_WORK = 2**36


class ParallelFit(MiniBatchFit):
    """A fit by several ranks, each of which computes parts of every mini-batch.

    All have the same parameters, sums and history at any time, and go the same way: what only one
    of them knows, as that its user pressed Ctrl-C, they tell each other after each block of steps
    and after each epoch.

    Parameters
    ----------
    exchange : Exchange
    trainable : Trainable
    feed : PartedFeed or ShardedFeed
    config : StepConfig
    **options
        Further ones of `MiniBatchFit`.

    Raises
    ------
    ValueError
        If a mini-batch is to be accumulated, and normalized as a whole.
    """

    def __init__(
        self,
        exchange: Exchange,
        trainable: Trainable,
        feed: PartedFeed | ShardedFeed,
        config: StepConfig,
        **options: Any,
    ) -> None:
        settings = {**options.pop("settings", {}), "blocks": exchange.blocks}
        super().__init__(trainable, feed, config, settings=settings, **options)
        if config.accumulate > 1 and self._model.architecture.batch_norm_layers:
            raise ValueError(
                f"accumulate={config.accumulate} would normalize each of its parts by itself, and "
                "with parallel a mini-batch is normalized as a whole: leave out accumulate, as "
                "ranks share the mini-batch's memory anyway"
            )
        self._exchange, self._communicator = exchange, exchange.communicator
        if self._communicator.rank:
            heard = [one for one in self._callbacks if not getattr(one, "first_rank_only", False)]
            self._listeners = Listeners(heard)
        work = 6 * self._model.layout.size * feed.batch_size
        self.limit_block(max(1, _BLOCK_WORK // work))
        self._epoch_block_steps = self._block_steps
        self._waited = 0.0
        self._is_rank = False

    @property
    def columns(self) -> tuple[str, ...]:
        *others, seconds = super().columns
        return (*others, "communication", seconds)

    def lower_is_better(self, column: str) -> bool:
        return column == "communication" or super().lower_is_better(column)

    # ------------------------------------------------------------------ what ranks must agree on

    @contextlib.contextmanager
    def _begin_callbacks(self) -> Iterator[None]:
        with super()._begin_callbacks():
            # The first rank's own callbacks may have asked for something.
            wanted = self._block_steps, self._evaluates_training
            told = self._communicator.gather_objects(wanted)
            self.limit_block(min(steps for steps, _ in told))
            if any(evaluates for _, evaluates in told):
                self.judge_parameters("train_")
            yield

    def begin(self, resume: Snapshot | None = None, origin: str = "resume") -> None:
        identity = self._identity()
        settings = identity.pop("settings")
        check_equal(
            self._communicator,
            {
                **environment(self.backend),
                **identity,
                **settings,
                "epochs": self.epochs,
                "parameters": _digest(self._store.state.theta, self.backend),
                "samples and targets": _digest_of_samples(self._feed, self.backend),
                "validation": [_digest(one, self.backend) for one in self._validation or ()],
            },
        )
        warn_of_threads(self._communicator)
        super().begin(resume, origin)

    def _tell(self, moment: str, *arguments: Any) -> None:
        super()._tell(moment, *arguments)
        self._agree()

    def _continues(self) -> bool:
        # One may have been stopped where no moment was told, as between two epochs; or has left.
        with self._as_rank():
            self._agree()
        return super()._continues()

    def _agree(self) -> None:
        """Go on or stop together: as soon as one rank is to stop, all are."""
        super()._is_to_stop()  # notes deadlines
        mine = (self._stopping, self._at_once, self._reason, self._interrupt(), self.rate_factor)
        told = self._communicator.gather_objects(mine)
        self._stopping = any(stopping for stopping, *_ in told)
        self._at_once = any(at_once for _, at_once, *_ in told)
        self._reason = next((one[2] for one in told if one[2] is not None), None)
        if self._reason is not None:
            self.history.stopped = self._reason
        self.rate_factor = told[0][4]
        if any(interrupted for *_, interrupted, _ in told):
            self._note_interrupt()

    def _is_to_stop(self) -> bool:
        return self._at_once  # agreed on; a rank that stops by itself would be waited for

    def _epoch(self) -> dict[str, Any] | None:
        self._waited = self._communicator.seconds
        return super()._epoch()

    def _row(self, cost: float, objective: float | None, sums: EpochSums) -> dict[str, Any]:
        row = super()._row(cost, objective, sums)
        digest = _digest(self._store.state.theta, self.backend)
        told = self._communicator.gather_objects((row, digest))
        for rank, (_, other) in enumerate(told):
            if other != told[0][1]:
                raise RuntimeError(
                    f"after epoch {row['epoch']} the parameters of rank {rank} differ from those "
                    f"of rank 0 (digests {other} and {told[0][1]}): start all ranks on the same "
                    "type of processor, with the same releases and number of threads"
                )
        *figures, seconds = told[0][0].items()  # the times are the first rank's
        communication = self._communicator.seconds - self._waited
        told = self._communicator.gather_objects(communication)
        return dict([*figures, ("communication", told[0]), seconds])

    def _evaluated(self, samples: Iterable[tuple[Array, Array]], part: str) -> list[float]:
        runs = self._trainable.runs
        n = self._model.sizes[-1]
        forward = shared_forward(runs.forward, self.backend, self._exchange, n)
        if part == "train" and isinstance(self._feed, ShardedFeed):
            forward = _as_given  # `_all_samples` gave outputs in place of samples
        given = self._model, self.backend, runs, self._store.state
        return evaluate(*given, samples, self._metrics, part, forward)

    def _all_samples(self) -> Iterator[tuple[Array, Array]]:
        """As ever; but of samples that are spread over the ranks, outputs and targets."""
        if not isinstance(self._feed, ShardedFeed):
            yield from super()._all_samples()
            return
        runs, state = self._trainable.runs, self._store.state
        for block in self._feed.everything():
            yield from outputs_and_targets(
                block,
                runs.forward,
                (state.theta, state.running),
                backend=self.backend,
                exchange=self._exchange,
                outputs=self._model.sizes[-1],
                most=runs.rows_per_block,
            )

    # ------------------------------------------------------------------ steps in parts

    @functools.cached_property
    def _steps(self) -> SharedSteps | LockstepSteps:
        kind = LockstepSteps if self._model.architecture.batch_norm_layers else SharedSteps
        return kind(self._model, self.backend, self._config, self._exchange)

    def _compiled(self) -> Any:
        return self._steps

    def _perform(
        self, run: Any, block: Any, inputs: list[tuple[float, ...]]
    ) -> tuple[Array | None, Block]:
        self._state, own = run(self._state, block, inputs)
        n = self._model.sizes[-1]
        outputs = self._exchange.rows(own, block.m, block.steps, n)
        return outputs, block.whole or self._gathered(block)

    def _gathered(self, block: PartedBlock) -> Block:
        """The targets of the mini-batches that the ranks have their parts of, for scoring."""
        n, xp = self._model.sizes[-1], self.backend.xp

        def whole(array: Array) -> Array:
            found = gathered(array, block, self.backend, self._exchange, n)
            return xp.reshape(found, (-1, n))

        targets = y = whole(block.own.targets)
        if self._given["label_smoothing"]:
            y = whole(block.own.y)
        order = np.arange(block.steps * block.m).reshape(block.steps, block.m)
        return Block(None, y, order, targets)

    # ------------------------------------------------------------------ failures

    def run(self) -> History:
        with self._as_rank():
            return super().run()

    def epoch(self) -> dict[str, Any] | None:
        with self._as_rank():
            return super().epoch()

    @contextlib.contextmanager
    def _as_rank(self) -> Iterator[None]:
        """`as_rank`, but for what is within it already."""
        if self._is_rank:
            yield
            return
        self._is_rank = True
        try:
            with as_rank(self._communicator):
                yield
        finally:
            self._is_rank = False


def _as_given(state: Any, x: Array) -> Array:
    return x


def _digest(samples: Array | SparseRows, backend: Backend) -> str:
    """Of the entries of an array, or of what is stored of a sparse matrix."""
    digest = hashlib.blake2b(digest_size=8)
    for array in samples.stored if isinstance(samples, SparseRows) else (samples,):
        host = array if isinstance(array, np.ndarray) else backend.to_numpy(array)
        digest.update(np.ascontiguousarray(host).tobytes())
    return digest.hexdigest()


def _digest_of_samples(feed: BatchFeed, backend: Backend) -> list[str]:
    """Of samples and targets in memory."""
    return [_digest(one, backend) for one in feed.in_memory() or ()]
