"""Forward passes of which each rank computes a part."""

from __future__ import annotations

from typing import Any

from ...backends import Array, Backend
from ...compiler import ForwardRun
from ...compiler.rows import join_rows, take_rows
from .exchange import Exchange
from .parts import cut

__all__ = ["shared_forward"]


def shared_forward(
    forward: ForwardRun, backend: Backend, exchange: Exchange, outputs: int
) -> ForwardRun:
    """A forward pass, ``run(parameters, x) -> z``, that all ranks call with the same samples.

    Parameters
    ----------
    forward : callable
        That of a rank.
    backend : Backend
    exchange : Exchange
    outputs : int
        Neurons of the output layer.
    """

    def run(state: Any, x: Array) -> Array:
        m = x.shape[0]
        edges = cut(m, exchange.blocks)
        parts = [
            forward(state, take_rows(backend, x, slice(edges[k], edges[k + 1])))
            for k in exchange.own
            if edges[k] < edges[k + 1]
        ]
        own = join_rows(backend, parts)[None, ...] if parts else None
        return exchange.rows(own, m, 1, outputs)[0, ...]

    return run
