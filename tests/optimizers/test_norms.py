"""Norms beside a bound."""

import numpy as np
import pytest
from _backends import host

import bpnet
from bpnet.optimizers.muon import orthogonalized
from bpnet.optimizers.norms import scaled_norm


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bound", [1e-30, 1e-7, 0.3, 1.0, 1e30])
def test_the_scale_is_a_power_of_two_and_ordinary_norms_keep_their_bits(dtype, bound):
    rows = np.random.default_rng(0).standard_normal((3, 5)).astype(dtype)
    scale, norms = scaled_norm(rows, bound, np)
    assert np.log2(scale) == round(np.log2(scale))
    assert norms.dtype == dtype
    assert np.array_equal(norms / scale, np.sqrt(np.sum(rows * rows, axis=1, keepdims=True)))


def test_norms_whose_squares_are_no_numbers(target):
    backend = target.backend("float32")
    rows = np.asarray([[3e28, 4e28], [3e-9, 4e-9], [0.0, 0.0]])
    with backend.scope():
        scale, norms = scaled_norm(backend.asarray(rows), 1.0, backend.xp)
        found = backend.to_numpy(norms).astype("float64") / scale
    assert found == pytest.approx(np.asarray([[5e28], [5e-9], [0.0]]), rel=1e-6, abs=1e-7)


def test_what_has_no_norm_is_nan(target):
    backend = target.backend("float32")
    rows = np.asarray([[3e38, 3e38], [np.inf, 0.0], [np.nan, 0.0]])
    with backend.scope():
        _, norms = scaled_norm(backend.asarray(rows), 1e-3, backend.xp)
        assert np.isnan(backend.to_numpy(norms)).all()


@pytest.mark.parametrize("size", [1.0, 1e10, 1e20])
def test_muons_steps_are_those_of_the_direction(target, size):
    matrix = np.random.default_rng(0).standard_normal((3, 4))
    backend = target.backend("float32")
    with backend.scope():
        found = backend.to_numpy(orthogonalized(backend.asarray(size * matrix), backend.xp))
    assert np.allclose(found, orthogonalized(matrix, np), atol=1e-4)


def test_muon_tells_of_a_gradient_without_a_norm():
    net = bpnet.Network([1, 1], activations=["identity"], initializer="zeros")
    with pytest.raises(bpnet.DivergenceError, match="a parameter became infinite"):
        net.fit([[1e17]], [[-1e18]], epochs=1, batch_size=1, optimizer=bpnet.Muon(0.1))
    assert host(net, net.weights[0]).tolist() == [[0.0]]
