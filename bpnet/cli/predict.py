"""``bpnet predict``: what a trained network says of new samples."""

from __future__ import annotations

import argparse
import contextlib
import csv
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from .._lib.atomic import open_atomically, write_target
from ..data import Preprocessing
from ..loading import load, model_file
from ..network import Network
from .errors import UsageError, usage
from .samples import samples

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

_IN_MEMORY = 2**23  # characters of the output; more wait in a temporary file

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
        help="a CSV, Parquet or NPZ file with the columns that were trained on, for images or "
        "columns without names also an IDX or NPY file; pixels that are whole numbers are scaled "
        "as in training",
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="a column of FILE to leave out, where it is there"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="by default standard output")
    parser.add_argument(
        "--max-bytes",
        type=int,
        metavar="N",
        help="memory that FILE may take once unpacked; by default 64 MiB, or 32 times its size",
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy, cupy, torch, jax or auto")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, ...")


def run(options: argparse.Namespace) -> int:
    """Read, predict, write."""
    with usage():
        model = model_file(options.model)
        net = load(model, backend=options.backend, device=options.device)
        if options.out is not None:
            _check_out(options.out, {"the samples": options.file, "the model": model})
        blocks = samples(net, options.file, options.target, options.max_bytes)
    table = _predictions(net, _with_usage_errors(blocks))
    with _output(options.out) as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    return 0


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[IO[str]]:
    """A file that appears when all of it is written; so does the text on standard output."""
    if path is not None:
        with open_atomically(path, text=True) as file:
            yield file
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as spool:
        yield spool
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout)


def _with_usage_errors(blocks: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The same blocks; errors in the file they are read from become usage errors."""
    while True:
        with usage():
            block = next(blocks, None)
        if block is None:
            return
        yield block


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


def _predictions(net: Network, blocks: Iterator[NDArray[Any]]) -> Iterator[list[Any]]:
    """A header, and a row per sample."""
    for number, x in enumerate(blocks):
        header, *rows = _predicted(net, x)
        yield from rows if number else [header, *rows]


def _predicted(net: Network, x: NDArray[Any]) -> Iterator[list[Any]]:
    """A header, and a row per sample."""
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
    classes = net.classes or tuple(range(probabilities.shape[1]))
    header = [target, *(f"probability_{label}" for label in classes)]
    if net.task == "multilabel":
        return itertools.chain(
            [[*(f"{target}_{label}" for label in classes), *header[1:]]],
            (
                [*row, *(f"{p:.6g}" for p in each)]
                for row, each in zip(values.tolist(), probabilities.tolist(), strict=True)
            ),
        )
    labels = values.tolist()
    if net.model.classes is None:  # otherwise the network gives labels itself
        labels = [classes[index] for index in labels]
    return itertools.chain(
        [header],
        (
            [label, *(f"{p:.6g}" for p in row)]
            for label, row in zip(labels, probabilities.tolist(), strict=True)
        ),
    )
