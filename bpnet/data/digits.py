"""The 8 x 8 digits that come with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

from .dataset import Dataset
from .splitting import split

__all__ = ["load_digits"]


def load_digits(seed: int = 0) -> Dataset:
    """1,797 handwritten digits of 8 x 8 pixels, with no download.

    A stratified 70 % are to train on, 10 % to validate and 20 % to test.

    Parameters
    ----------
    seed : int
        Which samples go to which part.

    Returns
    -------
    Dataset
        ``x`` of shape (m, 64), the pixels row by row, divided by 16 so that they lie in [0, 1];
        ``y`` of shape (m,), the digits.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, doi 10.24432/C50P49, licensed under CC BY 4.0; these are its test part.

    Examples
    --------
    >>> digits = load_digits()
    >>> [len(x) for x, y in (digits.train, digits.validation, digits.test)]
    [1258, 180, 359]
    """
    with (
        resources.files("bpnet.data").joinpath("files", "digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    x = np.divide(images.reshape(len(images), -1), 16, dtype=np.float32)
    train, validation, test = (
        (x[rows], labels[rows]) for rows in split(labels, validation=0.1, test=0.2, seed=seed)
    )
    return Dataset(
        train=train,
        validation=validation,
        test=test,
        task="classification",
        classes=tuple(range(10)),
        features=tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
        targets=("digit",),
    )
