"""Samples as a user gives them, on every backend and without a network."""

import numpy as np
import pytest

import bpnet
from bpnet.data.inputs import as_inputs

X = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def host(backend, array):
    with backend.scope():
        return backend.to_numpy(array)


def test_rows_come_to_the_device_in_its_dtype(target):
    backend = target.backend("float32")
    with backend.scope():
        own = as_inputs(X, 2, backend)
        again = as_inputs(own, 2, backend)
    assert backend.owns(own)
    np.testing.assert_array_equal(host(backend, again), X)
    assert host(backend, own).dtype == np.float32
    np.testing.assert_array_equal(host(backend, own), X)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (X[0], r"t has one dimension, shape \(2,\).*numpy.asarray\(t\)\[None, :\]"),
        ([X], r"t has 3 dimensions, shape \(1, 3, 2\).*numpy.asarray\(t\).reshape\(1, -1\)"),
        ([[1.0]], "layer 1 expects 2 inputs, t has 1 columns"),
        (np.zeros((0, 2)), "t is empty: it has 0 samples"),
        ([X[0], [np.inf, 0.0]], "t is not finite everywhere: row 1, column 0 is inf"),
    ],
)
def test_what_is_refused(target, x, words):
    backend = target.backend()
    with backend.scope(), pytest.raises(ValueError, match=words):
        as_inputs(x, 2, backend, "t")


def test_integers_beyond_sixteen_are_told():
    backend = bpnet.get_backend("numpy", dtype="float32")
    as_inputs([[16, -16]], 2, backend)
    with pytest.warns(UserWarning, match="x holds integers from -17 to 0"):
        as_inputs([[0, -17]], 2, backend)
