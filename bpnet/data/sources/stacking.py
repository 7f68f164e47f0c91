"""Single samples of a person's own, made rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import shown
from ...backends.host_arrays import host_array
from ..labels import NO_TEXT
from .base import Rows, Source

__all__ = ["stack_samples"]


def stack_samples(samples: Iterable[Any], start: int, source: Source) -> Rows:
    """Pairs (x, y) of single samples as rows; the first one that a source sees sets its width.

    Raises
    ------
    TypeError
        If one is no pair, or holds no real numbers; the message gives its number.
    ValueError
        If one differs from others in width; the message gives its number and both widths.
    """
    xs: list[NDArray[Any]] = []
    ys: list[NDArray[Any]] = []
    for k, sample in enumerate(samples, start):
        if not isinstance(sample, tuple | list) or len(sample) != 2:
            what = type(sample).__name__
            size = f" of {len(sample)}" if isinstance(sample, tuple | list) else ""
            raise TypeError(f"{source.place(k)}: a {what}{size}, expected a pair (x, y)")
        x = host_array(sample[0], f"{source.place(k)}: x").reshape(-1)
        if isinstance(sample[1], str):
            raise TypeError(f"{source.place(k)}: y is text, {shown(str(sample[1]))}: {NO_TEXT}")
        y = host_array(sample[1], f"{source.place(k)}: y")
        if source.width is None:
            source.width = x.size
        if x.size != source.width:
            raise ValueError(f"{source.place(k)}: x has {x.size} values, others {source.width}")
        if y.ndim > 1 or (ys and y.shape != ys[0].shape):
            others = f", others {ys[0].shape}" if ys else ", expected a number or a row of them"
            raise ValueError(f"{source.place(k)}: y has shape {y.shape}{others}")
        xs.append(x)
        ys.append(y)
    return np.stack(xs), np.stack(ys)
