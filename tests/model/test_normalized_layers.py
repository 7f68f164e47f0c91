"""Normalization in training, its running statistics in prediction."""

import copy
import pickle

import numpy as np
import pytest
from _backends import TARGETS, Target, host, relative, running_of
from model._networks import SHAPES, classes, network, theta_of, torch_cost, twin

import bpnet
from bpnet import Layer
from bpnet.normalization import BatchNorm, LayerNorm
from bpnet.randomness import epoch_order


def test_weighted_inputs_are_normalized_scaled_and_shifted():
    z = np.random.default_rng(0).normal(5.0, 3.0, (50, 4))
    for norm, axis in ((BatchNorm(), 0), (LayerNorm(), 1)):
        n, inverse, mean, variance = norm.normalize(z, np)
        np.testing.assert_allclose(mean, z.mean(axis=axis, keepdims=True))
        np.testing.assert_allclose(variance, z.var(axis=axis, keepdims=True))
        np.testing.assert_allclose(inverse, 1 / np.sqrt(variance + 1e-5))
        np.testing.assert_allclose(n.mean(axis=axis), 0, atol=1e-13)
        np.testing.assert_allclose(n.std(axis=axis), 1, rtol=1e-3)


@pytest.mark.parametrize("layers", ["batch", "combined"])
def test_training_and_running_statistics_equal_those_of_pytorch(torch, target, layers):
    x, labels = classes(25)
    net = network(layers, backend=target.backend())
    module = twin(torch, net)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module.train()
    for epoch in range(2):
        order = epoch_order(net.seed, epoch, 25)
        for rows in (order[k : k + 10] for k in (0, 10, 20)):  # the last has five
            a = module(torch.tensor(x[rows]))
            optimizer.zero_grad()
            torch_cost(torch, net.cost.name, a, torch.tensor(np.eye(2)[labels[rows]])).backward()
            optimizer.step()
    options = {"epochs": 2, "batch_size": 10, "optimizer": bpnet.SGD(0.1)}
    net.fit(target.give(x), target.give(labels), **options)
    norms = [one for one in module.norms.values() if hasattr(one, "running_mean")]
    expected = [part.numpy() for one in norms for part in (one.running_mean, one.running_var)]
    assert relative(running_of(net), np.concatenate(expected)) < 1e-12
    parts = [one.detach().numpy().ravel() for one in module.leaves()]
    assert relative(theta_of(net), np.concatenate(parts)) < 1e-12
    module.eval()
    with torch.no_grad():
        a = module(torch.tensor(x)).numpy()
    assert relative(host(net, net.feedforward(target.give(x))), a) < 1e-12
    assert net.total_cost(target.give(x), target.give(labels)) == pytest.approx(
        -np.log(a[np.arange(25), labels]).mean(), rel=1e-12
    )


def test_prediction_of_a_sample_does_not_depend_on_others(target):
    x, labels = classes(40)
    for layers in SHAPES:
        net = network(layers, backend=target.backend())
        net.fit(target.give(x), target.give(labels), epochs=1, batch_size=8)
        together = host(net, net.feedforward(target.give(x)))
        alone = [host(net, net.feedforward(target.give(x[k : k + 1]))) for k in range(3)]
        assert relative(np.concatenate(alone), together[:3]) < 1e-13


def test_statistics_are_a_running_mean_of_those_of_the_batches():
    x, labels = classes(10)
    net = network([3, Layer(4, normalization=BatchNorm(momentum=0.25)), 2])
    assert running_of(net).tolist() == [0.0] * 4 + [1.0] * 4
    z = x @ net.weights[0].T + net.biases[0]
    net.fit(x, labels, epochs=1, batch_size=10)
    expected = [0.25 * z.mean(axis=0), 0.75 + 0.25 * z.var(axis=0, ddof=1)]
    assert relative(running_of(net), np.concatenate(expected)) < 1e-13


def test_reading_a_network_leaves_its_statistics_alone():
    x, labels = classes(10)
    net = network("batch")
    net.fit(x, labels, epochs=1, batch_size=5)
    before = running_of(net)
    net.backprop(x, labels), net.predict(x), net.total_cost(x, labels)
    bpnet.gradient_check(net, x, labels)
    assert np.array_equal(running_of(net), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_bias_that_is_normalized_away_stays_as_it_is(dtype):
    """Its gradient is zero; of rounding Adam would make steps of its full length."""
    x, labels = classes(40)
    net = network("batch", dtype=dtype)
    before = net.biases
    net.fit(x, labels, epochs=3, batch_size=8, optimizer=bpnet.Adam(0.1))
    assert np.array_equal(net.biases[0], before[0])
    assert np.array_equal(net.biases[1], before[1])
    assert not np.array_equal(net.biases[2], before[2])


def test_a_batch_of_one_and_a_layer_of_one_stay_finite():
    x, labels = classes(9)  # the last mini-batch has one sample
    for kind in ("batch", "layer"):
        net = network([3, Layer(1, normalization=kind), Layer(4, normalization=kind), 2])
        net.fit(x, labels, epochs=2, batch_size=4, optimizer=bpnet.SGD(0.1))
        assert np.isfinite(theta_of(net)).all()
        assert np.isfinite(net.feedforward(x)).all()


def other_targets():
    return [one for one in map(Target, TARGETS) if not one.missing() and one.library != "strict"]


def test_statistics_are_kept_bit_for_bit(target, tmp_path):
    x, labels = classes(20)
    net = network("everything", backend=target.backend())
    net.fit(target.give(x), target.give(labels), epochs=2, batch_size=6)
    net.save(tmp_path / "net.safetensors")
    same = [
        bpnet.load(tmp_path / "net.safetensors", backend=target.backend()),
        pickle.loads(pickle.dumps(net)),
        net.copy(),
        copy.deepcopy(net),
        net.to(dtype="float64"),
        *(net.to(one.backend()) for one in other_targets()),
    ]
    for one in same:
        assert np.array_equal(theta_of(one), theta_of(net))
        assert np.array_equal(running_of(one), running_of(net))
        assert one.model.architecture.layers == net.model.architecture.layers
    for one in same[:5]:
        assert repr(one) == repr(net)
        assert np.array_equal(
            host(one, one.feedforward(target.give(x))), host(net, net.feedforward(target.give(x)))
        )
    # A copy goes on like its original, and each by itself.
    for one in (net, same[2]):
        one.fit(target.give(x), target.give(labels), epochs=1, batch_size=6)
    assert np.array_equal(running_of(same[2]), running_of(net))
    assert not np.array_equal(running_of(same[1]), running_of(net))


def test_a_fit_that_diverges_keeps_the_statistics():
    x, y = classes(20)[0], np.random.default_rng(0).standard_normal((20, 2))
    net = network("batch", cost="huber")
    net.fit(x, y, epochs=1, batch_size=5)
    before = theta_of(net), running_of(net)
    with pytest.raises(bpnet.DivergenceError):
        net.fit(x, y, epochs=5, batch_size=5, optimizer=bpnet.SGD(1e308))
    assert np.array_equal(theta_of(net), before[0])
    assert np.array_equal(running_of(net), before[1])
