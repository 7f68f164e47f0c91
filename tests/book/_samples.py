"""Samples for the book's networks, the same in every test."""

import numpy as np

from benchmarks import book_loops as transcription


def training_samples(n=37, n_in=12, n_out=10, dtype=np.float32):
    """Pairs of columns, as ``mnist_loader`` gives them."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, 1.0, (n, n_in, 1)).astype(dtype)
    digits = rng.integers(0, n_out, n)
    return [(x[k], transcription.vectorized_result(digits[k], n_out)) for k in range(n)]


def evaluation_samples(n=23, n_in=12, n_out=10):
    """Columns with digits."""
    rng = np.random.default_rng(4)
    x = rng.uniform(0.0, 1.0, (n, n_in, 1)).astype(np.float32)
    return list(zip(x, rng.integers(0, n_out, n), strict=True))
