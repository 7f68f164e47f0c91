"""Steps of several ranks: the gradients of parts, their sum, and one update on every rank."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from ...backends import Array, Backend
from ...compiler import Run, Step, compile_step
from ...model import Model, gradient
from ...model.gradient import TINY, PartOfBatch
from ..config import StepConfig
from ..sparse_runs import sparse_too
from ..state import TrainingState
from ..step import make_update, share_of_weight
from .blocks import PartedBlock
from .exchange import Exchange
from .parts import Span, cut, sum_of_parts

__all__ = ["SharedSteps"]

_ONE_ROW = np.zeros((1, 1), np.int64)


class SharedSteps:
    """Runs the steps of a block: each rank computes its parts, and all make the same update.

    What a rank computes of a part, and the update, are compiled, one after another.

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
        self._model, self._backend, self._config = model, backend, config
        self._exchange = exchange
        self._runs: dict[Hashable, Run] = {}
        self._size = model.layout.size + config.weighted
        self._zeros = backend.from_host(np.zeros(self._size), backend.dtype)
        self._vectors: dict[Hashable, Array] = {}  # of the runs of nodes, which overwrite them
        self._rooms: dict[int, Array] = {}  # for what the ranks gather
        self._row = backend.from_host(np.zeros((1, 1)), backend.dtype)

    def __call__(
        self, state: TrainingState, block: PartedBlock, rates: Sequence[tuple[float, ...]]
    ) -> tuple[TrainingState, Array | None]:
        """Do the steps of a block.

        Returns
        -------
        state : TrainingState
        outputs : array, shape (steps, rows, n_L), or None
            z of this rank's parts, side by side; None if they have no samples.
        """
        count = len(rates[0]) - len(self._model.architecture.random)
        outputs: list[Array] = []
        update = self._update(block.m)
        for step in range(block.steps):
            parameters, keys = (state.theta, state.loss_scale), rates[step][count:]

            def node(
                span: Span, step: int = step, given: Any = parameters, keys: Any = keys
            ) -> Array:
                found, z = self._node(span, given, block, step, keys)
                outputs.append(z)
                return found

            total = self._exchange.sum(block.m, node, lambda: self._zeros, self._rooms)
            (state, _), _ = update(
                (state, total), self._row, self._row, _ONE_ROW, [rates[step][:count]]
            )
        return state, self._joined(outputs, block.steps) if outputs else None

    def _joined(self, outputs: list[Array], steps: int) -> Array:
        """z of all steps, of which each has those of one node after another."""
        nodes, xp = len(outputs) // steps, self._backend.xp
        each = [xp.concat(outputs[k::nodes], axis=0) for k in range(nodes)]
        return each[0] if nodes == 1 else xp.concat(each, axis=1)

    def _node(
        self,
        span: Span,
        parameters: tuple[Array, tuple[Array, ...]],
        block: PartedBlock,
        step: int,
        keys: tuple[float, ...],
    ) -> tuple[Array, Array]:
        """The sum of some parts' gradients, in an array of the run's own, and their z."""
        edges = cut(block.m, self._exchange.blocks)
        first = edges[self._exchange.own.start]
        key = span, block.m
        run = self._made(key, lambda: self._gradient_step(span, block.m))
        x, y, order, _ = block.own
        rows = order[step : step + 1, edges[span[0]] - first : edges[span[1]] - first]
        before = self._vectors.get(key, self._zeros)
        (_, _, found), z = run((*parameters, before), x, y, np.ascontiguousarray(rows), [keys])
        self._vectors[key] = found
        return found, z

    def _gradient_step(self, span: Span, m: int) -> Step:
        """A step that puts the gradients of some parts, added, in the place of a vector."""
        model, config = self._model, self._config
        random = model.architecture.random
        edges, sizes = cut(m, self._exchange.blocks), self._exchange.sizes(m)
        offset = edges[span[0]]

        def step(
            xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
        ) -> tuple[Any, Array]:
            theta, loss_scale, _ = state
            outputs = []

            def part(one: Span) -> Array:
                start, stop = edges[one[0]], edges[one[1]]
                rows = slice(start - offset, stop - offset)
                alone = rows == slice(0, x.shape[0])
                y_k = y if alone else y[rows, :]
                found = gradient(
                    model,
                    xp,
                    theta,
                    (),
                    x if alone else 1.0 * x[rows, :],  # a copy: MKL rounds by where rows begin
                    y_k,
                    keys=dict(zip(random, rates, strict=True)),
                    weighted=config.weighted,
                    accumulate=config.accumulate,
                    compute=config.compute,
                    scale=loss_scale[0][:1] if loss_scale else None,
                    part=PartOfBatch(start, m),
                )
                outputs.append(found.z)
                if not config.weighted:
                    return found.theta
                return xp.concat([found.theta, xp.sum(y_k[:, -1:], axis=0)])

            vector = sum_of_parts(span, sizes, part)
            z = outputs[0] if len(outputs) == 1 else xp.concat(outputs, axis=0)
            return (theta, loss_scale, vector), z

        return step

    def _update(self, m: int) -> Run:
        """The run that makes a step of the sum of its parts."""
        config, size = self._config, self._model.layout.size
        update = make_update(self._model, config)

        def step(
            xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
        ) -> tuple[Any, Array]:
            before, vector = state
            nabla, share = vector, 1.0 / m
            if config.weighted:
                nabla, weight = vector[:size], vector[size:]
                nabla = nabla * (m / xp.maximum(weight, TINY))
                share = share_of_weight(weight, xp) if config.alpha else 0.0
            after = update(xp, before, nabla, before.running, m, share, tuple(rates))
            return (after, vector), y

        return self._made(("update", m), lambda: step)

    def _made(self, key: Hashable, make: Callable[[], Step]) -> Run:
        if key not in self._runs:
            self._runs[key] = sparse_too(self._backend, compile_step(self._backend, make()))
        return self._runs[key]
