"""Compiled runs: one per way of stepping, and memory that many sizes of mini-batches share."""

import gc
import tracemalloc

import numpy as np
import pytest

import bpnet
from bpnet.training import StepConfig
from bpnet.training.runs import CompiledRuns

MIB = 2**20


def held_by_numpy():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def held_by_torch():
    import torch

    gc.collect()
    tensors = [one for one in gc.get_objects() if type(one) is torch.Tensor]
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage() for one in tensors}
    return tracemalloc.get_traced_memory()[0] + sum(one.nbytes() for one in storages.values())


@pytest.fixture(params=["numpy", "torch"])
def held(request):
    """Library, and a function that tells how many bytes its arrays and Python's objects hold."""
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    tracemalloc.start()
    yield request.param, {"numpy": held_by_numpy, "torch": held_by_torch}[request.param]
    tracemalloc.stop()


@pytest.mark.parametrize("what", ["step", "predict", "cost"])
def test_sizes_of_mini_batches_hold_bounded_memory(held, what):
    """A plan of each of 60 sizes would hold about 60 MiB."""
    library, bytes_held = held
    net = bpnet.Network([784, 256, 10], cost="log_likelihood", seed=0, backend=library)
    x = np.random.default_rng(0).standard_normal((320, 784)).astype(np.float32)
    y = np.arange(320) % 10
    ways = {
        "step": lambda m: net.step(x[:m], y[:m]),
        "predict": lambda m: net.predict(x[:m]),
        "cost": lambda m: net.total_cost(x[:m], y[:m]),
    }
    ways[what](320)
    first = bytes_held()
    for m in range(200, 320, 2):
        ways[what](m)
    second = bytes_held()
    for m in range(201, 321, 2):
        ways[what](m)
    assert second - first < 25 * MIB
    assert bytes_held() - second < 5 * MIB


def test_what_held_counts_is_what_arrays_hold(held):
    library, bytes_held = held
    backend = bpnet.get_backend(library)
    before = bytes_held()
    kept = backend.from_host(np.ones((MIB,)), "float32")
    # What PyTorch took over from NumPy is counted twice.
    assert bytes_held() - before == pytest.approx(6 * MIB, abs=2.5 * MIB)
    del kept
    assert bytes_held() - before < MIB / 2


@pytest.fixture
def runs():
    net = bpnet.Network([2, 3, 1], seed=0)
    return CompiledRuns(net.model, net.backend)


def test_each_kind_is_compiled_once(runs):
    assert runs.forward is runs.forward
    assert runs.gradient is runs.gradient
    config = StepConfig(bpnet.SGD(0.1))
    assert runs.step(config) is runs.step(StepConfig(bpnet.SGD(0.1)))


def test_another_rate_is_the_same_run_and_other_settings_are_not(runs):
    first = runs.step(StepConfig(bpnet.Momentum(0.1)))
    assert runs.step(StepConfig(bpnet.Momentum(bpnet.schedules.Cosine(0.1, 9)))) is first
    for config in (
        StepConfig(bpnet.Momentum(0.1, momentum=0.5)),
        StepConfig(bpnet.Adam(0.1)),
        StepConfig(bpnet.Momentum(0.1), l2=0.1),
        StepConfig(bpnet.Momentum(0.1), weighted=True),
    ):
        assert runs.step(config) is not first


def test_the_gradients_of_mini_batches_are_added(runs):
    net = bpnet.Network([2, 3, 1], seed=0)
    x, y = np.random.default_rng(0).random((2, 6, 2)).astype(np.float32)
    y = y[:, :1]
    theta = net.state.theta
    state = theta, np.zeros_like(theta)
    order = np.arange(6).reshape(2, 3)
    (_, total), z = runs.gradient(state, x, y, order, [(0.0,)] * 2)
    found = net.backprop(x, y)
    expected = np.concatenate([one.ravel() for one in (*found.weights, *found.biases)])
    np.testing.assert_allclose(total, 6 * expected, rtol=1e-5)
    assert z.shape == (2, 3, 1)
