"""How long a step takes on so many ranks: computation, latency and bandwidth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["Link", "StepModel", "busiest_share", "fitted_link", "fitted_step", "waits"]


class Link(NamedTuple):
    """What an exchange between ranks costs.

    Parameters
    ----------
    latency : float
        Seconds of a gathering, whatever its size, for each other rank.
    bandwidth : float
        Bytes a second that a rank receives.
    """

    latency: float
    bandwidth: float

    def seconds(self, ranks: int, size: int) -> float:
        """Of gathering ``size`` bytes of each rank on every rank."""
        return (ranks - 1) * (self.latency + size / self.bandwidth)


class StepModel(NamedTuple):
    """Seconds of a step: ``own + samples * busiest share + exchange``.

    Parameters
    ----------
    own : float
        What every rank does whatever its share of the samples: the update, and the loop.
    samples : float
        Computing with all samples of a mini-batch, by one rank.
    link : Link
    size : int
        Bytes of the parameters.
    blocks : int
    cores : int
        Of all hosts: more ranks share them.
    """

    own: float
    samples: float
    link: Link
    size: int
    blocks: int
    cores: int

    def seconds(self, ranks: int) -> float:
        """Of a step on so many ranks, of one thread each."""
        crowded = max(1.0, ranks / self.cores)
        share = busiest_share(self.blocks, ranks) * crowded
        return self.own * crowded + self.samples * share + waits(self, ranks)


def busiest_share(blocks: int, ranks: int) -> float:
    """The share of a mini-batch that the rank with most parts of it computes.

    Examples
    --------
    >>> from benchmarks.scaling.model import busiest_share
    >>> [busiest_share(4, ranks) for ranks in (1, 2, 3, 4, 8)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    return -(-blocks // min(ranks, blocks)) / blocks


def waits(model: StepModel, ranks: int) -> float:
    """Seconds of a step's exchange."""
    return model.link.seconds(ranks, model.size)


def fitted_link(measured: Mapping[int, Mapping[int, float]]) -> Link:
    """Least squares, of relative errors, over seconds by ranks and by bytes of each rank."""
    rows, ones = [], []
    for ranks, by_size in measured.items():
        for size, seconds in by_size.items():
            rows.append([(ranks - 1) / seconds, (ranks - 1) * size / seconds])
            ones.append(1.0)
    latency, per_byte = _not_negative(rows, ones)
    return Link(latency, 1.0 / max(per_byte, 1e-15))


def fitted_step(
    measured: Mapping[int, float], link: Link, size: int, blocks: int, cores: int
) -> StepModel:
    """Least squares, of relative errors, over seconds of a step by ranks."""
    unit = (
        StepModel(1.0, 0.0, link, size, blocks, cores),
        StepModel(0.0, 1.0, link, size, blocks, cores),
    )
    rows, ones = [], []
    for ranks, seconds in measured.items():
        exchange = link.seconds(ranks, size)
        rows.append([(one.seconds(ranks) - exchange) / seconds for one in unit])
        ones.append((seconds - exchange) / seconds)
    own, samples = _not_negative(rows, ones)
    return StepModel(own, samples, link, size, blocks, cores)


def _not_negative(rows: list[list[float]], values: list[float]) -> tuple[float, float]:
    """The least squares of two numbers, neither of them below 0."""
    a, b = np.asarray(rows), np.asarray(values)
    found = np.linalg.lstsq(a, b, rcond=None)[0]
    if (found >= 0.0).all():
        return float(found[0]), float(found[1])
    alone = [max(0.0, float(a[:, k] @ b / (a[:, k] @ a[:, k]))) for k in range(2)]
    errors = [float(np.sum((a[:, k] * alone[k] - b) ** 2)) for k in range(2)]
    return (alone[0], 0.0) if errors[0] <= errors[1] else (0.0, alone[1])
