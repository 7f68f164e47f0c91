"""Compiled runs: one per way of stepping, and memory that many sizes of mini-batches share."""

import gc
import tracemalloc

import numpy as np
import pytest
from _backends import parameters

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


def test_a_changed_constant_of_a_cost_is_used_after_recompile(target):
    factor = [1.0]
    cost = bpnet.costs.CustomCost(
        lambda a, y, xp: factor[0] * xp.sum((a - y) ** 2, axis=-1),
        lambda a, y, xp: 2.0 * factor[0] * (a - y),
    )
    net = bpnet.Network(
        [2, 1], activations=["identity"], cost=cost, seed=0, backend=target.backend()
    )
    x, y = target.give(np.ones((4, 2))), target.give(np.ones((4, 1)))
    still = {"optimizer": bpnet.SGD(0.0)}
    first = net.step(x, y, **still)
    before = net.total_cost(x, y)
    factor[0] = 3.0
    net.recompile()
    assert net.step(x, y, **still) == pytest.approx(3.0 * first, rel=1e-6)
    assert net.total_cost(x, y) == pytest.approx(3.0 * before, rel=1e-6)
    history = net.fit(x, y, epochs=1, batch_size=2, **still)
    assert history["train_cost"] == pytest.approx([3.0 * before], rel=1e-6)


def test_a_changed_constant_of_an_activation_is_used_after_recompile(target):
    slope = [1.0]
    line = bpnet.activations.CustomActivation(
        lambda z, xp: slope[0] * z, lambda z, a, xp: slope[0] * (z * 0.0 + 1.0)
    )
    net = bpnet.Network([2, 1], activations=[line], seed=0, backend=target.backend())
    x, y = target.give(np.ones((4, 2))), target.give(np.zeros((4, 1)))
    before = np.asarray(net.backend.to_numpy(net.feedforward(x)))
    net.step(x, y, optimizer=bpnet.SGD(0.0))
    slope[0] = 0.0  # the gradient is zero from now on
    net.recompile()
    theta = parameters(net)
    net.step(x, y, optimizer=bpnet.SGD(0.5))
    assert np.array_equal(parameters(net), theta)
    assert before.any()
    assert not np.asarray(net.backend.to_numpy(net.feedforward(x))).any()
