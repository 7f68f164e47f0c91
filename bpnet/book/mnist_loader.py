"""MNIST as the book's programs load it.

After M. Nielsen, Neural Networks and Deep Learning (2015), chapter 1; ``mnist_loader.py``.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if not __package__:  # imported by way of its folder, on sys.path
    importlib.import_module("by_folder").replace_module(__name__, __file__)

from bpnet.book.data_folders import mnist_folder
from bpnet.book.matrix_form.columns import vectorized_result
from bpnet.data.mnist import N_VALIDATION, read_mnist

__all__ = ["load_data", "load_data_wrapper", "vectorized_result"]

Images: TypeAlias = tuple[NDArray[np.float32], NDArray[np.int64]]
Samples: TypeAlias = list[tuple[Any, Any]]


def load_data(directory: str | os.PathLike[str] | None = None) -> tuple[Images, Images, Images]:
    """Images and digits to train on, to validate and to test.

    Parameters
    ----------
    directory : path, optional
        The folder of MNIST's four IDX files. By default ``mnist`` in the folder that the
        environment variable ``BPNET_DATA`` names; without it in ``data``, ``../data`` or
        ``../shared/data``, seen from where the program runs.

    Returns
    -------
    training_data, validation_data, test_data : (images, digits)
        Arrays of shapes (m, 784), float32, and (m,): 50,000 to train on and 10,000 to validate, the
        first and the last of one file, and 10,000 to test. Pixels are divided by 256, as in the
        book's file: a pixel is less than 1.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where it was looked for.
    ValueError
        If a file is damaged.
    """
    (x, y), test = read_mnist(mnist_folder(directory))
    return (
        _divided(x[:-N_VALIDATION], y[:-N_VALIDATION]),
        _divided(x[-N_VALIDATION:], y[-N_VALIDATION:]),
        _divided(*test),
    )


def load_data_wrapper(
    directory: str | os.PathLike[str] | None = None,
) -> tuple[Samples, Samples, Samples]:
    """The same as lists of samples, for the book's networks.

    Parameters
    ----------
    directory : path, optional
        As of `load_data`.

    Returns
    -------
    training_data : list of (x, y)
        x of shape (784, 1), y of shape (10, 1).
    validation_data, test_data : list of (x, digit)

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_data`.
    """
    (x, digits), validation, test = load_data(directory)
    results = [vectorized_result(digit) for digit in digits]
    return (
        list(zip(_columns(x), results, strict=True)),
        _with_digits(validation),
        _with_digits(test),
    )


def _divided(images: NDArray[Any], digits: NDArray[Any]) -> Images:
    pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(256)
    return pixels, digits.astype(np.int64)


def _columns(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return list(images[:, :, None])


def _with_digits(data: Images) -> Samples:
    images, digits = data
    return list(zip(_columns(images), digits, strict=True))
