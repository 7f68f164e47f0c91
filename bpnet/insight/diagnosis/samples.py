"""Figures of the samples: columns of x, and the balance of y."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.frozen import Frozen

__all__ = ["SampleFigures", "measured_samples"]


class SampleFigures(Frozen):
    """The samples.

    Parameters
    ----------
    samples : int
        How many there are.
    looked_at : int
        How many of them went through the network.
    sizes : array, shape (n_0,)
        Root mean square of each column of x.
    low, high : float
        Bounds of x.
    constant : tuple of int
        Columns with one value in all rows.
    duplicates : tuple of (int, int)
        Pairs of columns that are equal, and not constant.
    identical : bool
        Whether all rows of x are the same.
    kind : {"classes", "labels", "numbers"}
        What the targets are.
    shares : array or None
        Share of each class or label among all targets.
    centre, target_size, target_spread : array, shape (n_L,)
        Mean, root mean square and standard deviation of each column of y.
    """

    samples: int
    looked_at: int
    sizes: NDArray[Any]
    low: float
    high: float
    constant: tuple[int, ...]
    duplicates: tuple[tuple[int, int], ...]
    identical: bool
    kind: str
    shares: NDArray[Any] | None
    centre: NDArray[Any]
    target_size: NDArray[Any]
    target_spread: NDArray[Any]

    def to_dict(self) -> dict[str, Any]:
        """The fields, by name, in numbers and lists."""
        found = {name: getattr(self, name) for name in self.fields}
        return {
            name: one.tolist() if isinstance(one, np.ndarray) else one
            for name, one in found.items()
        } | {"constant": list(self.constant), "duplicates": [list(p) for p in self.duplicates]}


def measured_samples(x: NDArray[Any], y: NDArray[Any], kind: str) -> SampleFigures:
    """Figures of rows of inputs, some of the samples, and of the targets of all of them."""
    same = (x == x[:1]).all(axis=0)
    shares = None
    if kind != "numbers":
        shares = y.mean(axis=0)
        if kind == "classes" and y.shape[1] == 1:
            shares = np.asarray([1.0 - shares[0], shares[0]])
    return SampleFigures(
        samples=len(y),
        looked_at=len(x),
        sizes=np.sqrt(np.mean(x * x, axis=0)),
        low=float(x.min()),
        high=float(x.max()),
        constant=tuple(np.flatnonzero(same).tolist()) if len(x) > 1 else (),
        duplicates=_duplicates(x, same) if len(x) > 1 else (),
        identical=len(x) > 1 and bool(same.all()),
        kind=kind,
        shares=shares,
        centre=y.mean(axis=0),
        target_size=np.sqrt(np.mean(y * y, axis=0)),
        target_spread=y.std(axis=0),
    )


def _duplicates(x: NDArray[Any], constant: NDArray[Any]) -> tuple[tuple[int, int], ...]:
    first: dict[bytes, int] = {}
    pairs = []
    for k in np.flatnonzero(~constant).tolist():
        content = x[:, k].tobytes()
        if content in first:
            pairs.append((first[content], k))
        first.setdefault(content, k)
    return tuple(pairs)
