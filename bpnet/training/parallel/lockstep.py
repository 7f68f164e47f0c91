"""Steps of several ranks that need each other within forward and backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...backends import Array, Backend
from ...data.sparse import SparseRows
from ...model import Model
from ..config import StepConfig
from ..feeds import Block
from ..state import TrainingState
from ..step import make_step
from .blocks import PartedBlock
from .by_part import by_part
from .exchange import Exchange
from .partitioned import Partitioned, PartitionedNamespace
from .parts import cut

__all__ = ["LockstepSteps"]


class LockstepSteps:
    """Runs the steps of a block where layers normalize over the mini-batch.

    Parts are computed layer by layer beside each other, and their sums are exchanged in between. It
    is the plain step, over arrays in parts, by the library's own calls.

    Parameters
    ----------
    model : Model
    backend : Backend
    config : StepConfig
    exchange : Exchange
    """

    def __init__(
        self, model: Model, backend: Backend, config: StepConfig, exchange: Exchange
    ) -> None:
        self._backend, self._exchange = backend, exchange
        self._step = make_step(by_part(model), config)
        widths = model.sizes[0], model.sizes[-1] + config.weighted
        self._no_samples = [[backend.from_host(np.zeros((1, n)), backend.dtype)] for n in widths]

    def __call__(
        self, state: TrainingState, block: PartedBlock, rates: Sequence[tuple[float, ...]]
    ) -> tuple[TrainingState, Array | None]:
        """Do the steps of a block; see `SharedSteps`."""
        exchange, xp = self._exchange, self._backend.xp
        edges = cut(block.m, exchange.blocks)
        own = [k for k in exchange.own if edges[k] < edges[k + 1]]
        namespace = PartitionedNamespace(xp, [edges[k] for k in own] or [0])
        first = edges[exchange.own.start]
        outputs = []
        for step in range(block.steps):
            rows = block.own.order[step]
            each = [
                self._samples(block.own, rows[edges[k] - first : edges[k + 1] - first]) for k in own
            ]
            x, y = zip(*each, strict=True) if each else self._no_samples
            whole = [Partitioned(one, block.m, exchange) for one in (x, y)]
            state, z = self._step(namespace, state, whole[0], whole[1], rates[step])
            if own:
                outputs.append(xp.concat(z.parts, axis=0))
        return state, xp.stack(outputs) if outputs else None

    def _samples(self, block: Block, rows: np.ndarray[Any, Any]) -> tuple[Array, Array]:
        """Some samples, and their targets."""
        xp, taken = self._backend.xp, self._backend.from_host(rows, "int64")
        sparse = isinstance(block.x, SparseRows)
        x = block.x.dense(rows) if sparse else xp.take(block.x, taken, axis=0)
        return x, xp.take(block.y, taken, axis=0)
