"""MNIST and every data set in the same four files, such as Fashion-MNIST."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._lib.files import as_path
from .dataset import Dataset, Pair
from .idx import read_idx

__all__ = ["N_VALIDATION", "load_mnist", "read_mnist"]

RawPair: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
N_VALIDATION = 10_000
"""How many of the images to train on are to validate: the last ones."""


def load_mnist(directory: str | os.PathLike[str]) -> Dataset:
    """Read MNIST from its four IDX files.

    The last 10,000 training images are to validate, the ones before to train on, the test images
    to test, all in the order of the files.

    Parameters
    ----------
    directory : str or path
        Where ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
        and ``t10k-labels-idx1-ubyte`` lie. The names may end in ``.gz``, and may have a dot before
        ``idx``.

    Returns
    -------
    Dataset
        ``x`` of shape (m, rows * columns), the pixels row by row, divided by 255 so that they lie
        in [0, 1]; ``y`` of shape (m,), the digits.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message gives the directory and the names looked for.
    ValueError
        If a file is damaged, if images and labels differ in number, or if a label is no digit;
        the message gives the file and both values.

    Examples
    --------
    >>> load_mnist("no-such-directory")
    Traceback (most recent call last):
    FileNotFoundError: no-such-directory: no such directory
    """
    (x, y), (test_x, test_y) = read_mnist(directory)
    rows, columns = x.shape[1:]
    return Dataset(
        train=_scaled(x[:-N_VALIDATION], y[:-N_VALIDATION]),
        validation=_scaled(x[-N_VALIDATION:], y[-N_VALIDATION:]),
        test=_scaled(test_x, test_y) if len(test_x) else None,
        task="classification",
        classes=tuple(range(10)),
        features=tuple(f"pixel_{row}_{column}" for row in range(rows) for column in range(columns)),
        targets=("digit",),
    )


def read_mnist(directory: str | os.PathLike[str]) -> tuple[RawPair, RawPair]:
    """Images and labels as they are in MNIST's four files, to train on and to test.

    Parameters
    ----------
    directory : str or path
        As of `load_mnist`.

    Returns
    -------
    train, test : (images, labels)
        Of uint8, shapes (m, rows, columns) and (m,), in the order of the files. The last
        `N_VALIDATION` to train on are those that are to validate.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_mnist`.
    """
    directory = as_path(directory, "directory")
    if not directory.is_dir():
        raise FileNotFoundError(f"{directory}: no such directory")
    images = _find(directory, "train-images", "idx3-ubyte")
    x, y = _read_pair(images, _find(directory, "train-labels", "idx1-ubyte"))
    test_images = _find(directory, "t10k-images", "idx3-ubyte")
    test_x, test_y = _read_pair(test_images, _find(directory, "t10k-labels", "idx1-ubyte"))
    if len(x) <= N_VALIDATION:
        raise ValueError(
            f"{images}: {len(x)} images; the last {N_VALIDATION} are to validate, "
            "and none is left to train on"
        )
    if x.shape[1:] != test_x.shape[1:]:
        raise ValueError(
            f"{test_images}: images of shape {test_x.shape[1:]}, those to train on have shape "
            f"{x.shape[1:]}"
        )
    return (x, y), (test_x, test_y)


def _find(directory: Path, stem: str, kind: str) -> Path:
    names = [f"{stem}{mark}{kind}{packed}" for packed in ("", ".gz") for mark in "-."]
    for name in names:
        if (directory / name).is_file():
            return directory / name
    raise FileNotFoundError(f"{directory}: none of {', '.join(names)} is there")


def _read_pair(images: Path, labels: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    x, y = read_idx(images), read_idx(labels)
    for path, array, n_dims in ((images, x, 3), (labels, y, 1)):
        if array.ndim != n_dims or array.dtype != np.uint8:
            raise ValueError(
                f"{path}: {array.ndim}-dimensional {array.dtype} data, "
                f"expected {n_dims}-dimensional uint8"
            )
    if len(x) != len(y):
        raise ValueError(f"{labels}: {len(y)} labels, {images.name} has {len(x)} images")
    if len(y) and y.max() > 9:
        raise ValueError(f"{labels}: label {y.max()} at position {y.argmax()}, expected 0 to 9")
    return x, y


def _scaled(images: NDArray[Any], labels: NDArray[Any]) -> Pair:
    pixels = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    return pixels, labels.astype(np.int64)
