"""Fits by mini-batches: batches, epochs, and what is left as it was."""

import itertools
import random
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import N, Recorder, classifier, fit

import bpnet


@pytest.mark.parametrize("size", [N, N + 1, 10**9])
def test_a_batch_larger_than_the_data_is_all_of_it(data, size):
    net, whole = classifier(), classifier()
    assert len(fit(net, data, batch_size=size)) == 3
    fit(whole, data, batch_size=N)
    assert np.array_equal(parameters(net), parameters(whole))
    assert net.steps == 3


def test_no_epochs_change_nothing(data, unseen):
    net = classifier()
    before, recorder = parameters(net), Recorder()
    callbacks = [recorder, bpnet.EarlyStopping()]
    history = fit(net, data, epochs=0, validation=unseen, callbacks=callbacks)
    assert (len(history), history.stopped, history.best_epoch) == (0, "completed", None)
    assert list(history) == history["epoch"] == []
    assert np.array_equal(parameters(net), before)
    assert net.epochs == 0
    assert recorder.log == ["begin", "end"]


def test_blocks_of_steps_do_not_show(target, data, single_steps_after):
    whole, parts = classifier(target.backend()), classifier(target.backend())
    expected = fit(whole, data, epochs=2)
    single_steps_after()
    found = fit(parts, data, epochs=2)
    assert relative(parameters(parts), parameters(whole)) < 1e-14
    assert found["train_cost"] == pytest.approx(expected["train_cost"], rel=1e-14)
    assert found["train_accuracy"] == expected["train_accuracy"]


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.5), bpnet.Momentum(0.5)])
def test_l2_is_on_weights_only_and_not_in_the_costs(target, data, optimizer):
    plain, decayed = (classifier(target.backend(), initializer="standard_normal") for _ in "ab")
    options = {"epochs": 1, "batch_size": N, "optimizer": optimizer, "evaluate_training": False}
    (w, b), l2 = (plain.weights, plain.biases), 0.2
    histories = fit(plain, data, **options), fit(decayed, data, l2=l2, **options)
    assert histories[0]["train_cost"] == histories[1]["train_cost"]
    numpy = plain.backend.to_numpy
    for start, one, other in zip(w, plain.weights, decayed.weights, strict=True):
        assert relative(numpy(one) - numpy(other), 0.5 * l2 * numpy(start)) < 1e-12
    for one, other in zip(plain.biases, decayed.biases, strict=True):
        # The plans of the two differ in how they sum, and so in the last bits on some processors.
        assert relative(numpy(one), numpy(other)) < 1e-14
    assert any(np.abs(numpy(one)).max() > 0.1 for one in b)


def test_gradients_and_total_cost_are_of_the_cost_without_l2(data):
    net, plain = classifier(), classifier()
    fit(net, data, epochs=1, l2=10.0, optimizer=bpnet.SGD(0.0))
    assert net.total_cost(*data) == plain.total_cost(*data)
    found, expected = net.backprop(*data), plain.backprop(*data)
    assert np.array_equal(found.weights[0], expected.weights[0])


def settings():
    """What belongs to the user and is the same for everybody: global random states, settings."""
    found = {
        "random": random.getstate(),
        "numpy.random": [str(part) for part in np.random.get_state()],  # noqa: NPY002
        "numpy": np.geterr(),
        "warnings": list(warnings.filters),
    }
    if find_spec("torch"):
        import torch

        found["torch.random"] = torch.random.get_rng_state().tolist()
        found["torch"] = (
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
        )
    if "jax" in sys.modules:
        found["jax"] = sys.modules["jax"].config.jax_enable_x64
    return found


def test_settings_and_random_states_of_the_user_are_untouched(target, data):
    net = classifier(target.backend(), seed=None)
    before = settings()
    fit(net, data, epochs=1)
    net.predict(data[0])
    assert settings() == before


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_the_user_are_untouched(order, dtype):
    rng = np.random.default_rng(0)
    x = np.asarray(rng.standard_normal((24, 4)), dtype=dtype, order=order)[::2]
    y = np.asarray(rng.uniform(0, 1, (24, 3)), dtype=dtype, order=order)[::2]
    kept = x.copy(), y.copy()
    net = bpnet.Network([4, 5, 3], activations=["identity", "identity"], dtype=dtype, seed=0)
    for one in (x, y):
        one.flags.writeable = False
    net.fit(x, y, epochs=2, batch_size=5, l2=0.1, validation=(x, y), evaluate_training=True)
    net.backprop(x, y), net.total_cost(x, y), net.predict(x)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])


def test_tensors_of_the_user_are_untouched(torch, data):
    x = torch.tensor(data[0], requires_grad=True)
    y = torch.tensor(data[1])
    kept = x.detach().clone(), y.clone()
    net = classifier("torch")
    fit(net, (x, y), epochs=1)
    assert bool((x == kept[0]).all())
    assert bool((y == kept[1]).all())
    assert x.requires_grad
    assert x.grad is None
    assert not net.feedforward(x).requires_grad


def test_what_a_fit_returns_shares_nothing_with_the_network(data):
    net = classifier()
    w = net.weights
    w[0][:] = 0.0
    assert np.abs(net.weights[0]).max() > 0
    theta = [net.weights, net.biases]
    before = parameters(net)
    fit(net, data)
    kept = np.concatenate([one.ravel() for one in itertools.chain(*theta)])
    assert np.array_equal(kept, before)
