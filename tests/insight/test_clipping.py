"""The sum of clipped gradients beside gradients that were formed and clipped."""

import numpy as np
import pytest
from _backends import host, relative
from _cases import ACTIVATIONS, BATCHES, COSTS, DEPTHS, network, pairwise, samples
from insight._reference import special_network
from insight.test_per_example import arrays, flat

import bpnet
from bpnet.insight import per_example

COVER = pairwise((*ACTIVATIONS, "softsign", "mixed"), (*COSTS, "quartic"), DEPTHS, BATCHES)


def explicit(net, x, y, clip_norm):
    """The sum of clipped gradients, shape (size,)."""
    each = flat(net, bpnet.per_example_gradients(net, x, y), x.shape[0])
    norms = np.linalg.norm(each, axis=1)
    factors = np.minimum(1.0, clip_norm / np.where(norms > 0.0, norms, 1.0))
    return (factors[:, None] * each).sum(axis=0), norms


def summed(net, x, y, clip_norm):
    found = bpnet.clipped_gradient_sum(net, x, y, clip_norm=clip_norm)
    assert net.backend.owns(found.weights[0])
    return np.concatenate([one.ravel() for one in arrays(net, found)])


def assert_clipped(net, x, y):
    _, norms = explicit(net, x, y, 1.0)
    for clip_norm in (0.5 * norms.min(), float(np.median(norms)), 2.0 * norms.max()):
        if clip_norm > 0.0:
            expected, _ = explicit(net, x, y, clip_norm)
            assert relative(summed(net, x, y, clip_norm), expected) < 1e-12


@pytest.mark.parametrize(("activation", "cost", "depth", "batch"), COVER[::6])
def test_the_sum_is_that_of_clipped_gradients(target, activation, cost, depth, batch):
    net = network(activation, cost, depth, target.backend("float64"))
    assert_clipped(net, *(target.give(one, "float64") for one in samples(cost, batch)))


@pytest.mark.parametrize("normalization", ["layer", None])
def test_layers_that_normalize_drop_or_add(target, normalization):
    net = special_network(normalization, True, target.backend("float64"))
    x = np.random.default_rng(0).standard_normal((5, 3))
    y = np.eye(2)[[0, 1, 1, 0, 1]]
    assert_clipped(net, target.give(x, "float64"), target.give(y, "float64"))


def test_no_example_adds_more_than_the_bound():
    net = network("tanh", "quadratic", 2, dtype="float64")
    x, y = samples("quadratic", 32)
    for k in range(32):
        assert np.linalg.norm(summed(net, x[k : k + 1, :], y[k : k + 1, :], 0.01)) < 0.01 * (
            1 + 1e-12
        )


def test_wide_bounds_leave_backprops_sum(target):
    net = network("tanh", "quadratic", 2, target.backend("float64"))
    x, y = (target.give(one, "float64") for one in samples("quadratic", 7))
    expected = np.concatenate([7 * one.ravel() for one in arrays(net, net.backprop(x, y))])
    assert relative(summed(net, x, y, 1e9), expected) < 1e-12


def test_blocks_and_sparse_samples_add_up(monkeypatch):
    scipy = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    net = network("tanh", "quadratic", 2, dtype="float64")
    x, y = samples("quadratic", 32)
    whole = summed(net, x, y, 0.3)
    monkeypatch.setattr(per_example, "_ENTRIES", 5 * sum(net.sizes))
    assert relative(summed(net, x, y, 0.3), whole) < 1e-13
    assert relative(summed(net, scipy.csr_array(x), y, 0.3), whole) < 1e-13


def test_an_example_without_gradient_is_no_division_by_zero():
    net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
    assert not summed(net, np.ones((2, 2)), np.zeros((2, 1)), 1.0).any()


@pytest.mark.parametrize("clip_norm", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bound_is_a_number_above_zero(clip_norm):
    net = bpnet.Network([2, 1], seed=0)
    with pytest.raises(ValueError, match=f"clip_norm must be .*{clip_norm}"):
        bpnet.clipped_gradient_sum(net, [[1.0, 2.0]], [[1.0]], clip_norm=clip_norm)


def test_batch_normalization_is_refused_by_name():
    with pytest.raises(ValueError, match="batch normalization in layers 1, 2"):
        bpnet.clipped_gradient_sum(special_network(), np.zeros((2, 3)), [0, 1], clip_norm=1.0)


def test_the_network_is_as_before(target):
    net = special_network("layer", True, target.backend("float64"))
    before = host(net, net.state.theta).copy()
    bpnet.clipped_gradient_sum(net, target.give(np.eye(3)), [0, 1, 1], clip_norm=0.1)
    assert np.array_equal(host(net, net.state.theta), before)
