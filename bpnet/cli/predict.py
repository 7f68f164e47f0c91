"""``bpnet predict``: what a trained network says of new samples."""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.atomic import open_atomically, write_target
from ..data import Preprocessing, read_idx, read_table
from ..loading import load, model_file
from ..network import Network
from .errors import UsageError, usage

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "write a trained network's predictions for a file as CSV"
DESCRIPTION = """\
Write a trained network's predictions for the samples of a file as CSV: the label and the
probability of each class, or in regression the value in the target's own unit."""

_EPILOG = """\
examples:
  bpnet predict runs/iris-1 new.csv
  bpnet predict model.safetensors new.parquet --out predictions.csv
  bpnet predict runs/mnist-1 mnist/t10k-images-idx3-ubyte.gz | head
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="a run folder, or a model.safetensors"
    )
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a CSV, Parquet or NPZ file with the columns that were trained on, or for images "
        "also an IDX file; pixels that are whole numbers are scaled as in training",
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="a column of FILE to leave out, where it is there"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="by default standard output")
    parser.add_argument("--backend", metavar="NAME", help="numpy, cupy, torch, jax or auto")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, ...")


def run(options: argparse.Namespace) -> int:
    """Read, predict, write."""
    with usage():
        model = model_file(options.model)
        net = load(model, backend=options.backend, device=options.device)
        if options.out is not None:
            _check_out(options.out, {"the samples": options.file, "the model": model})
        table = _predictions(net, _inputs(net, options.file, options.target))
    out = open_atomically(options.out, text=True) if options.out else nullcontext(sys.stdout)
    with out as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    return 0


def _check_out(path: Path, inputs: dict[str, Path]) -> None:
    """Raise if the predictions cannot be written there, or would replace what they are made of."""
    try:
        write_target(path)
    except OSError as error:
        words = f"--out {path}: {error.strerror}"
        raise UsageError(f"{words}; without --out predictions go to standard output") from error
    for what, one in inputs.items():
        if path.exists() and path.samefile(one):
            raise UsageError(f"--out {path} would overwrite {what}, {one}: name another file")


def _inputs(net: Network, path: Path, target: str | None) -> NDArray[Any]:
    """The samples of a file as the network was trained on them, shape (m, n_0)."""
    known = net.metadata.get("preprocessing")
    if known is None:
        return _scaled(_plain(net, path, target), net.metadata.get("pixel_maximum"))
    preprocessing = Preprocessing.from_dict(known)
    table = read_table(path, text=preprocessing.text_columns)
    if target is not None:
        table.pop(target, None)
    return preprocessing.transform(table)


def _plain(net: Network, path: Path, target: str | None) -> NDArray[Any]:
    """The columns of a file side by side: those of the features' names, or all of them."""
    if "-ubyte" in path.name:
        images: NDArray[Any] = read_idx(path)
        return images.reshape(len(images), -1)
    table = read_table(path)
    features = net.metadata.get("features", ())
    if not features or not all(name in table for name in features):
        features = [name for name in table if name not in ("", target, net.metadata.get("target"))]
    if len(features) != net.sizes[0]:
        raise UsageError(
            f"{path}: {len(features)} columns, but the network has {net.sizes[0]} inputs; "
            "--target COLUMN leaves one out"
        )
    for name in features:
        if table[name].dtype == np.object_:
            raise UsageError(f"{path}: column {name!r} holds text, expected numbers")
    return np.column_stack([table[name] for name in features])


def _scaled(pixels: NDArray[Any], maximum: int | None) -> NDArray[Any]:
    """Pixels that are whole numbers are divided by the largest; fractions are scaled already."""
    if maximum is None or pixels.dtype.kind == "f":
        return pixels
    warnings.warn(
        f"pixels are whole numbers, and are divided by {maximum} as in training", stacklevel=2
    )
    scaled: NDArray[Any] = np.divide(pixels, maximum, dtype=np.float32)
    return scaled


def _predictions(net: Network, x: NDArray[Any]) -> Iterator[list[Any]]:
    """A header, and a row a sample."""
    to_numpy, target = net.backend.to_numpy, net.metadata.get("target", "prediction")
    values = to_numpy(net.predict(x))
    if net.task == "regression":
        preprocessing = net.metadata.get("preprocessing")
        if preprocessing is not None:
            values = Preprocessing.from_dict(preprocessing).inverse_target(values)
        values = values.reshape(len(values), -1)
        names = (
            [target] if values.shape[1] == 1 else [f"{target}_{j}" for j in range(values.shape[1])]
        )
        return itertools.chain([names], ([f"{v:.8g}" for v in row] for row in values.tolist()))
    probabilities = to_numpy(net.predict_proba(x))
    classes = net.metadata.get("classes") or list(range(probabilities.shape[1]))
    header = [target, *(f"probability_{label}" for label in classes)]
    if net.task == "multilabel":
        return itertools.chain(
            [[*(f"{target}_{label}" for label in classes), *header[1:]]],
            (
                [*row, *(f"{p:.6g}" for p in each)]
                for row, each in zip(values.tolist(), probabilities.tolist(), strict=True)
            ),
        )
    return itertools.chain(
        [header],
        (
            [classes[index], *(f"{p:.6g}" for p in row)]
            for index, row in zip(values.tolist(), probabilities.tolist(), strict=True)
        ),
    )
