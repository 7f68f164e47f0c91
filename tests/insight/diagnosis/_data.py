"""Samples of the cases: small, real where possible, standardized unless said otherwise."""

import functools

import numpy as np

from bpnet.data import load_digits


def standardized(x):
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)


@functools.cache
def digits():
    return load_digits().train


@functools.cache
def table(name):
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return standardized(x), y if name != "diabetes" else standardized(y)


def raw(name):
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(return_X_y=True)


def two_blobs(share, m=400, seed=0):
    """Two classes of which the second has a share of the samples."""
    rng = np.random.default_rng(seed)
    y = (rng.random(m) < share).astype(int)
    return rng.standard_normal((m, 6)) + 1.5 * y[:, None], y


def wave(m=300, seed=0, noise=0.1):
    """A function of one number."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2.0, 2.0, (m, 1))
    return x, np.sin(2.0 * x) + noise * rng.standard_normal((m, 1))


def labels(m=300, seed=0):
    """Three labels that may occur together."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((m, 8))
    return x, (x @ rng.standard_normal((8, 3)) > 0.3).astype(float)


def counts(m=300, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((m, 4))
    return x, rng.poisson(np.exp(0.5 * x[:, :1] + 1.0)).astype(float)
