"""The samples of a file together with their targets, some rows at a time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.registry import no_such
from ..data import read_table_parts
from ..network import Network
from .errors import UsageError
from .samples import is_array_file, read_array, samples

__all__ = ["add_labelled_file", "labelled_blocks", "refuse_labels"]


def add_labelled_file(parser: argparse.ArgumentParser, others: str = "") -> None:
    """Add FILE, --target and --labels; ``others`` is what else FILE may be."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a table with the columns that were trained on and the target; for images also an IDX "
        f"or NPY file, with --labels{others}",
    )
    parser.add_argument(
        "--target",
        nargs="+",
        metavar="COLUMN",
        help="the columns of the true values; by default those that were trained on",
    )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="an IDX or NPY file with the labels of images"
    )


def refuse_labels(labels: Path | None) -> None:
    """Raise if a file of labels was named, for a network that was trained on a table."""
    if labels is not None:
        raise UsageError(
            "--labels goes with networks for images; this one was trained on a table: name its "
            "column by --target"
        )


def labelled_blocks(
    net: Network, path: Path, labels: Path | None, target: str | None, max_bytes: int | None
) -> Iterator[tuple[NDArray[Any], list[NDArray[Any]]]]:
    """Blocks of samples, (m, n_0) each, and of their targets as they are in the file, (m,) each.

    Parameters
    ----------
    net : Network
        One that knows nothing of tables' columns.
    path : Path
    labels : Path or None
        An array of labels, of samples that are an array.
    target : str or None
        The column of the targets, of samples that are a table.
    max_bytes : int or None
        As for `read_table`.

    Raises
    ------
    UsageError, ValueError, OSError
        If there is no such file or column, or the files do not go together or with the network.
    """
    blocks = samples(net, path, target, max_bytes)
    if labels is not None:
        yield from _beside(blocks, path, labels, max_bytes)
        return
    if is_array_file(path):
        raise UsageError(
            f"{path} has no labels: --labels FILE names the IDX or NPY file that has them"
        )
    column = _column(path, target or net.metadata.get("target"), max_bytes)
    for x, values in zip(blocks, column, strict=True):
        yield x, [values]


def _beside(
    blocks: Iterator[NDArray[Any]], path: Path, labels: Path, max_bytes: int | None
) -> Iterator[tuple[NDArray[Any], list[NDArray[Any]]]]:
    """The samples of one file with the labels of another."""
    values = _labels(labels, max_bytes)
    start = 0
    for x in blocks:
        if start + len(x) > len(values):
            raise UsageError(f"{labels}: {len(values):,} labels, but {path} has more samples")
        yield x, [values[start : start + len(x)]]
        start += len(x)
    if start < len(values):
        raise UsageError(f"{labels}: {len(values):,} labels for the {start:,} samples of {path}")


def _labels(path: Path, max_bytes: int | None) -> NDArray[Any]:
    labels = read_array(path, max_bytes)
    if labels.ndim != 1:
        raise UsageError(f"{path}: an array of shape {labels.shape}, expected one label per sample")
    return np.asarray(labels)


def _column(path: Path, name: str | None, max_bytes: int | None) -> Iterator[NDArray[Any]]:
    """A column of a table, in the parts in which its samples come."""
    for part in read_table_parts(path, max_bytes=max_bytes):
        if name is None:
            raise UsageError("--target COLUMN must name the column of the true values")
        if name not in part:
            raise UsageError(f"{path}: {no_such('column', name, part)}; --target COLUMN names it")
        yield part[name]
