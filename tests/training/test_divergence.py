"""A fit whose cost or parameters are no longer finite."""

import math

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import Recorder, batches, fit, linear, step

import bpnet
from bpnet.training.divergence import not_finite


def first_bad_batch(net, x, y, eta):
    """The batch whose cost is first not finite, from 1, by plain steps."""
    for number, rows in enumerate(batches(net, len(x)), start=1):
        with np.errstate(all="ignore"):
            if not math.isfinite(net.total_cost(x[rows], y[rows])):
                return number
            try:
                step(net, x[rows], y[rows], eta)
            except ValueError:  # parameters that are not finite
                return number + 1
    raise AssertionError("it does not diverge")


@pytest.mark.parametrize("eta", [1e3, 1e8, 1e30])
def test_divergence_names_the_first_bad_batch(data, eta):
    x = np.tile(data[0], (8, 1))
    batch = first_bad_batch(linear(), x, x[:, :3], eta)
    assert 2 < batch < 20
    with pytest.raises(bpnet.DivergenceError, match="learning rate") as caught:
        fit(linear(), (x, x[:, :3]), optimizer=bpnet.SGD(eta))
    assert f"in epoch 1, batch {batch} of 20, with SGD(learning_rate={eta!r})" in str(caught.value)


def test_divergence_in_the_first_epoch_leaves_the_start(target, data):
    x, y = data[0], data[0][:, :3]
    net = linear(target.backend())
    before = parameters(net)
    batch = first_bad_batch(linear(), x, y, 1e150)
    with pytest.raises(bpnet.DivergenceError, match="those before the first epoch") as caught:
        fit(net, (x, y), optimizer=bpnet.SGD(1e150))
    assert f"in epoch 1, batch {batch} of 3" in str(caught.value)
    assert len(caught.value.history) == 0
    assert (net.epochs, net.steps) == (0, 0)
    assert np.array_equal(parameters(net), before)


def test_divergence_leaves_the_last_finite_parameters_and_no_memory(target, data):
    x, y = data[0], data[0][:, :3]
    net, twin = linear(target.backend()), linear(target.backend())
    fit(net, (x, y), epochs=2, optimizer=bpnet.Momentum(0.01))
    fit(twin, (x, y), epochs=2, optimizer=bpnet.Momentum(0.01))
    with pytest.raises(bpnet.DivergenceError, match="those after epoch 2") as caught:
        fit(net, (x, y), optimizer=bpnet.Momentum(1e200))
    assert "in epoch 3, batch 2 of 3" in str(caught.value)
    assert isinstance(caught.value, ArithmeticError)
    assert np.array_equal(parameters(net), parameters(twin))
    twin.reset_optimizer()
    for one in (net, twin):
        fit(one, (x, y), epochs=1, optimizer=bpnet.Momentum(0.01))
    assert relative(parameters(net), parameters(twin)) < 1e-14


def test_divergence_keeps_the_history_of_the_epochs_before(data):
    x, y = data[0], data[0][:, :3]
    net, recorder = linear(), Recorder()

    class Rising(bpnet.SGD):
        def rates(self, t):
            return (0.01 if t < 6 else 1e200,)

    with pytest.raises(bpnet.DivergenceError, match="in epoch 3, batch 2 of 3") as caught:
        fit(net, (x, y), epochs=9, optimizer=Rising(), callbacks=[recorder])
    assert caught.value.history["epoch"] == [1, 2]
    assert np.array_equal(parameters(net), recorder.after[2])
    assert (net.epochs, net.steps) == (2, 6)
    assert recorder.log[-1] == "end"


def test_parameters_that_become_infinite_in_the_last_batch_are_found():
    net = bpnet.Network([1, 1], activations=["identity"], dtype="float64", initializer="zeros")
    with pytest.raises(
        bpnet.DivergenceError, match="a parameter became infinite in epoch 1, batch 1 of 1"
    ):
        net.fit([[1e200]], [[1e150]], epochs=1, batch_size=1, optimizer=bpnet.SGD(1.0))
    assert parameters(net).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("theta", "a parameter"),
        ("running", "a running mean or variance"),
        ("memory", "the memory of the optimizer"),
    ],
)
def test_every_part_of_a_state_is_examined(target, part, what, bad):
    layers = [2, bpnet.Layer(3, normalization="batch"), 1]
    net = bpnet.Network(layers, backend=target.backend(), seed=0)
    net.step([[0.0, 1.0], [1.0, 0.0]], [[0.0], [1.0]], optimizer=bpnet.Adam())
    backend = net.backend
    with backend.scope():
        assert not list(not_finite(net.state, backend))
        arrays = getattr(net.state, part)
        array = backend.to_numpy(arrays[-1] if part != "theta" else arrays)
        array[-1] = bad
        one = backend.from_host(array, "float64")
        spoilt = one if part == "theta" else (*arrays[:-1], one)
        found = list(not_finite(net.state._replace(**{part: spoilt}), backend))
    assert found == [f"{what} became infinite"]
