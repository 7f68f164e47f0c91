"""Streams of more rows than a buffer has."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bpnet import Layer
from bpnet.data import (
    ArraySource,
    CsvSource,
    IdxSource,
    IterableSource,
    NpySource,
    SequenceSource,
)

from .digests import Found, judged
from .samples import ROWS, WIDTH, Data, data_of
from .training import PLAIN, Training
from .ways import Way

__all__ = ["STREAMS"]


def _streamed(open_source: Callable[[Data, Path], Any], way: Way, **changes: Any) -> Found:
    """Two epochs of a source of more rows than a buffer has."""
    data = data_of(samples=ROWS)
    net = Training(bottom=Layer(WIDTH, dropout=0.1)).network(way)
    settings = PLAIN.settings(data, batch_size=100, **changes)
    with tempfile.TemporaryDirectory() as folder, open_source(data, Path(folder)) as source:
        return judged(net, [net.fit(source, **settings)], data)


def _arrays(data: Data, folder: Path) -> ArraySource:
    return ArraySource(data.x.astype(np.float32), data.y)


def _npy(data: Data, folder: Path) -> NpySource:
    x, y = folder / "x.npy", folder / "y.npy"
    np.save(x, data.x)
    np.save(y, data.y)
    return NpySource(x, y)


def _csv(data: Data, folder: Path) -> CsvSource:
    path = folder / "rows.csv"
    rows = [
        [*sample, label] for sample, label in zip(data.x.tolist(), data.y.tolist(), strict=True)
    ]
    lines = [",".join(map(repr, row)) for row in rows]
    head = ",".join([*(f"x{k}" for k in range(WIDTH)), "label"])
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return CsvSource(path, "label")


def _idx(data: Data, folder: Path) -> IdxSource:
    x, y = folder / "images", folder / "labels"
    images = ((data.x + 1.5) * 85.0).astype(np.uint8)
    x.write_bytes(struct.pack(">BBBBII", 0, 0, 8, 2, *images.shape) + images.tobytes())
    y.write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, ROWS) + data.y.astype(np.uint8).tobytes())
    return IdxSource(x, y, scale=1 / 255)


def _sequence(data: Data, folder: Path) -> SequenceSource:
    return SequenceSource(list(zip(data.x, data.y.tolist(), strict=True)))


def _iterable(data: Data, folder: Path) -> IterableSource:
    return IterableSource(lambda: zip(data.x, data.y.tolist(), strict=True), len(data.x), "pairs")


STREAMS = {
    "stream of arrays": partial(_streamed, _arrays),
    "stream of NPY files": partial(_streamed, _npy),
    "stream of IDX files": partial(_streamed, _idx),
    "stream of a CSV file": partial(_streamed, _csv),
    "stream of a sequence": partial(_streamed, _sequence),
    "stream of an iterable": partial(_streamed, _iterable),
    "stream, evaluated training": partial(_streamed, _arrays, evaluate_training=True),
    "stream, label smoothing": partial(_streamed, _arrays, label_smoothing=0.1),
}
