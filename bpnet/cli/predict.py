"""``bpnet predict``: what a trained network says of new samples."""

from __future__ import annotations

import argparse
import contextlib
import csv
import itertools
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeVar

from numpy.typing import NDArray

from .._lib.atomic import open_atomically, write_target
from .._lib.wording import listing
from ..data.tables.reading.options import ReadOptions
from ..data.tables.reading.raw_cells import raw_rows
from ..loading import load, model_file
from ..network import Network
from ..tabular.outputs import preprocessing_of
from .errors import UsageError, usage
from .model_flags import add_backend_flags, add_model
from .predictions import PredictedColumns
from .reading_flags import add_reading_flags, read_as_asked
from .samples import is_array_file, samples

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

T = TypeVar("T")

_IN_MEMORY = 2**23  # characters of the output; more wait in a temporary file

SUMMARY = "write a trained network's predictions for a file as CSV"
DESCRIPTION = """\
Write a trained network's predictions for the samples of a file as CSV: the label and the
probability of each class, or in regression the value in the target's own unit; beside it columns
of the file that --keep names."""

_EPILOG = """\
examples:
  bpnet predict runs/iris-1 new.csv
  bpnet predict runs/iris-1 new.csv --keep id name --no-proba
  bpnet predict model.safetensors new.parquet --out predictions.csv
  bpnet predict runs/mnist-1 mnist/t10k-images-idx3-ubyte.gz | head
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.epilog = _EPILOG
    add_model(parser)
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
    parser.add_argument(
        "--keep",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="columns of FILE to write beside the predictions, such as identifiers, as they are "
        "spelled there; a prediction of the same name is called predicted_NAME",
    )
    parser.add_argument(
        "--proba",
        action=argparse.BooleanOptionalAction,
        help="whether the probability of each class is written; by default it is",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="by default standard output")
    add_reading_flags(parser)
    add_backend_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Read, predict, write."""
    with usage():
        model = model_file(options.model)
        net = load(model, backend=options.backend, device=options.device)
        read_as_asked(net, options)
        if options.out is not None:
            _check_out(options.out, {"the samples": options.file, "the model": model})
        if options.keep and is_array_file(options.file):
            raise UsageError(f"--keep names columns of a table, and {options.file} is an array")
        if options.proba and net.task == "regression":
            raise UsageError("--proba is for classes, and the network predicts numbers")
        blocks = samples(net, options.file, options.target, options.max_bytes)
    table = _table(net, _with_usage_errors(blocks), options)
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


def _with_usage_errors(parts: Iterator[T]) -> Iterator[T]:
    """The same parts; errors in the file they are read from become usage errors."""
    while True:
        with usage():
            part = next(parts, None)
        if part is None:
            return
        yield part


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


def _table(
    net: Network, blocks: Iterator[NDArray[Any]], options: argparse.Namespace
) -> Iterator[list[Any]]:
    """A header, and a row per sample: the columns that are kept, then the predictions."""
    predicted = PredictedColumns(net, options.proba is not False)
    keep = tuple(dict.fromkeys(options.keep))
    names = _apart(predicted.names, keep)
    kept: Iterator[tuple[str, ...]] = itertools.repeat(())
    if keep:
        known = preprocessing_of(net)
        reading = ReadOptions() if known is None else known.reading
        reading = replace(reading, max_bytes=options.max_bytes)
        rows = raw_rows(options.file, keep, reading)
        kept = _with_usage_errors(rows)
        kept = itertools.chain(list(itertools.islice(kept, 1)), kept)  # if it is wrong, tell now
    yield [*keep, *names]
    for x in blocks:
        for row in predicted.rows(x):
            yield [*next(kept), *row]


def _apart(names: list[str], keep: Sequence[str]) -> list[str]:
    """Names of predictions that are not those of columns that are kept."""
    renamed = [f"predicted_{name}" if name in keep else name for name in names]
    if renamed != names:
        both = listing(name for name in names if name in keep)
        new = listing(one for one, name in zip(renamed, names, strict=True) if one != name)
        warnings.warn(f"predictions are called {new}, as {both} is kept", stacklevel=2)
    if len({*renamed, *keep}) < len(renamed) + len(keep):
        again = next(name for name in renamed if name in keep or renamed.count(name) > 1)
        raise UsageError(f"--keep {again}: a column of predictions has that name too")
    return renamed
