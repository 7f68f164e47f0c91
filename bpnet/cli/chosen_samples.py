"""Some samples by their numbers, encoded as the network was trained: of a file, or of MNIST."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._lib.wording import count, listing, shown
from ..data import Preprocessing, load_digits, load_mnist
from ..data.tables.cell_parsing import as_numbers, is_missing
from ..network import Network
from ..tabular.labelled import labelled_parts, named_file, target_columns
from ..tabular.outputs import class_index, class_labels, preprocessing_of
from .errors import UsageError
from .labelled_samples import labelled_blocks, refuse_labels

__all__ = ["chosen_samples"]

T = TypeVar("T")


def chosen_samples(
    net: Network, options: argparse.Namespace
) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Inputs and targets of the samples ``options.sample``, and what their file is called.

    Only these samples are encoded: what is wrong with others does not matter.

    Parameters
    ----------
    net : Network
    options : Namespace
        ``file``, ``sample``, ``target``, ``labels``, ``part``, ``data_dir`` and ``max_bytes``.

    Returns
    -------
    x : array, shape (k, n_0)
    y : array, shape (k,) of class indices, or (k, n_L)
    name : str

    Raises
    ------
    UsageError, ValueError, OSError
        If a number is out of range, with the range; or the data do not suit the network.
    """
    path, numbers = options.file, options.sample
    preprocessing = preprocessing_of(net)
    if str(path) in ("digits", "mnist"):  # no file: those that can be read have a suffix
        return _of_package(net, options, preprocessing)
    for flag in ("part", "data_dir"):
        if getattr(options, flag) is not None:
            written = f"--{flag.replace('_', '-')}"
            raise UsageError(
                f"{written} goes with digits or mnist, and {path} is a file: leave it out"
            )
    if preprocessing is not None:
        refuse_labels(options.labels)
        x, y = _of_table(preprocessing, path, options)
        return x, y, str(path)
    target = None if options.target is None else options.target[0]
    blocks = labelled_blocks(net, path, options.labels, target, options.max_bytes)
    rows = _picked(
        blocks,
        numbers,
        lambda block: len(block[0]),
        lambda block, row: (block[0][row], [column[row : row + 1] for column in block[1]]),
        str(path),
    )
    x = np.stack([row[0] for row in rows])
    columns = [np.concatenate(parts) for parts in zip(*(row[1] for row in rows), strict=True)]
    _check_there(columns, [net.metadata.get("target") or "label"], numbers, str(path))
    return x, _targets(net, columns, numbers, str(path)), str(path)


def _of_package(
    net: Network, options: argparse.Namespace, preprocessing: Preprocessing | None
) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Samples of the digits or of MNIST."""
    name = str(options.file)
    if preprocessing is not None:
        raise UsageError(
            f"the network was trained on a table, and {name} are images: name a table with the "
            f"columns {listing(column.name for column in preprocessing.columns)}"
        )
    for flag in ("labels", "target"):
        if getattr(options, flag) is not None:
            raise UsageError(f"--{flag} goes with a file; {name} has its own labels: leave it out")
    if name == "mnist" and options.data_dir is None:
        raise UsageError(
            "mnist needs --data-dir DIR, the folder with its four files: "
            "train-images-idx3-ubyte.gz, ... (gzipped or not)"
        )
    if name == "digits" and options.data_dir is not None:
        raise UsageError("--data-dir goes with mnist; the digits are in the package: leave it out")
    data = load_digits() if name == "digits" else load_mnist(options.data_dir)
    part = options.part or "test"
    x, y = getattr(data, part)
    if x.shape[1] != net.sizes[0]:
        raise UsageError(
            f"{name}: {x.shape[1]} values per sample, but the network has {net.sizes[0]} inputs"
        )
    called = f"{name} ({part} part)"
    rows = _picked([x], options.sample, len, lambda _, row: row, called)
    return x[rows], _targets(net, [y[rows]], options.sample, called), called


def _of_table(
    preprocessing: Preprocessing, path: Path, options: argparse.Namespace
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Samples of a table with the columns that were trained on."""
    names = target_columns(preprocessing, options.target)
    with named_file(path):
        parts = _picked(
            labelled_parts(preprocessing, names, path, options.max_bytes),
            options.sample,
            lambda part: part.n_rows,
            lambda part, row: part.take([row]),
            str(path),
        )
        targets: list[NDArray[Any]] = []
        features = []
        for part in parts:
            columns = [part[name] for name in names]
            _check_there(columns, names, [options.sample[len(targets)]], str(path))
            found = part.select([])
            found.update(zip(preprocessing.targets, columns, strict=True))
            targets.append(preprocessing.transform_target(found))
            features.append(part.select(name for name in part if name not in names))
        return np.concatenate([*preprocessing.transform_parts(features)]), np.concatenate(targets)


def _picked(
    blocks: Iterable[T],
    numbers: Sequence[int],
    size: Callable[[T], int],
    pick: Callable[[T, int], Any],
    name: str,
) -> list[Any]:
    """A row for each number, in their order; no more blocks are read than that takes."""
    found: dict[int, Any] = {}
    start = 0
    for block in blocks:
        stop = start + size(block)
        found |= {k: pick(block, k - start) for k in numbers if start <= k < stop}
        start = stop
        if all(k in found for k in numbers):
            return [found[k] for k in numbers]
    wrong = next(k for k in numbers if k not in found)
    there = "no samples"
    if start:
        there = f"{count(start, 'sample')}, so numbers go from 0 to {start - 1}"
    raise UsageError(f"--sample {wrong}: {name} has {there}")


def _check_there(
    columns: Sequence[NDArray[Any]], names: Sequence[str], numbers: Sequence[int], name: str
) -> None:
    """Raise if a sample has no target."""
    for target, column in zip(names, columns, strict=True):
        for k, missing in zip(numbers, is_missing(column), strict=True):
            if missing:
                raise UsageError(
                    f"--sample {k}: that sample of {name} has no value in column {shown(target)}: "
                    "choose another"
                )


def _targets(
    net: Network, columns: Sequence[NDArray[Any]], numbers: Sequence[int], name: str
) -> NDArray[Any]:
    """Targets as `Network.fit` takes them: class indices, or rows of numbers."""
    if net.task != "classification":
        return np.stack([as_numbers("target", column) for column in columns], axis=1)
    classes = class_labels(net) or ()
    indices = [class_index(label, classes) for label in columns[0].tolist()]
    for k, index, label in zip(numbers, indices, columns[0].tolist(), strict=True):
        if index < 0:
            raise UsageError(
                f"--sample {k}: that sample of {name} has the label {shown(label)}, expected one "
                f"of {listing(classes)}"
            )
    return np.asarray(indices, dtype=np.int64)
