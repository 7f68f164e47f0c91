"""Schedules that end before the training does are told, once."""

import contextlib
import io
import warnings

import numpy as np
import pytest

import bpnet
from bpnet import schedules
from bpnet.data import ArraySource

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2


def network():
    return bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0)


def fit(net, rate, epochs, optimizer=bpnet.SGD, **options):
    """Two steps an epoch; what was told, each of it."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        net.fit(X, Y, epochs=epochs, batch_size=20, optimizer=optimizer(rate), **options)
    return [str(one.message) for one in told]


@pytest.mark.parametrize(
    ("rate", "end"),
    [
        (schedules.Cosine(0.1, steps=4), 4),
        (schedules.Cosine(0.1, steps=5, minimum=0.01), 5),
        (schedules.OneCycle(0.1, steps=8), 8),
        (schedules.Polynomial(0.1, steps=6, power=2.0), 6),
        (schedules.Warmup(schedules.Cosine(0.1, steps=4), steps=3), 7),
        (schedules.Warmup(schedules.Warmup(schedules.Polynomial(0.1, steps=4), 1), 3), 8),
        (schedules.Piecewise([0.1, schedules.Cosine(0.1, steps=4)], [5]), 9),
    ],
    ids=str,
)
def test_one_that_has_an_end(rate, end):
    assert rate.used_up_at == end
    assert len({rate(step) for step in range(end, end + 20)}) == 1
    assert rate(end - 2) != rate(end)
    assert fit(network(), rate, epochs=end // 2) == []
    (told,) = fit(network(), rate, epochs=10)
    assert f"{rate!r} is used up after {end} steps: steps {end + 1} to 20 of the " in told
    assert (
        f"will have the learning rate {rate(end):g}. Give it 20 steps to last until the end" in told
    )


@pytest.mark.parametrize(
    "rate",
    [
        0.1,
        schedules.Constant(0.1),
        schedules.CosineRestarts(0.1, steps=3),
        schedules.StepDecay(0.1, steps=4),
        schedules.Exponential(0.1, steps=4),
        schedules.InverseTime(0.1, steps=2),
        schedules.Warmup(0.1, steps=3),
        schedules.Warmup(lambda t: 0.1, steps=15),
        schedules.Piecewise([schedules.Cosine(0.1, steps=4), 0.001], [4]),
        lambda t: 0.1 / (1 + t),
        lambda t: 0.1 * (t % 2),
        lambda t: 0.1 * (t > 1),
    ],
)
def test_one_that_has_none(rate):
    assert fit(network(), rate, epochs=10) == []


@pytest.mark.parametrize(
    ("rate", "epoch"),
    [
        (lambda t: max(0.0, 0.1 * (1 - t / 6)), 4),
        (schedules.Exponential(0.1, factor=1e-3), 3),
        (schedules.StepDecay(0.1, steps=2, factor=0.0), 2),
    ],
    ids=["function", "exponential", "step decay"],
)
def test_one_that_falls_to_nothing_is_told_after_the_first_epoch_of_that(rate, epoch):
    assert fit(network(), rate, epochs=epoch - 1) == []
    (told,) = fit(network(), rate, epochs=9)
    assert f"in epoch {epoch}, by {rate!r}: training goes on, but changes next to nothing" in told


@pytest.mark.parametrize("optimizer", [bpnet.SGD, bpnet.Momentum, bpnet.Adam, bpnet.Muon])
def test_a_second_fit_and_the_way_out(optimizer):
    net, rate = network(), schedules.Cosine(0.1, steps=8)
    assert fit(net, rate, 4, optimizer) == []
    (told,) = fit(net, rate, 4, optimizer)
    assert "steps 9 to 16 of the optimizer will have the learning rate 0. net.reset_optim" in told
    net.reset_optimizer()
    assert fit(net, rate, 4, optimizer) == []
    other = bpnet.RMSProp if optimizer is not bpnet.RMSProp else bpnet.SGD
    assert fit(net, rate, 4, other) == [], "another kind of optimizer begins at its own step 0"


def test_a_resumed_fit_and_the_way_out(tmp_path):
    rate = schedules.Cosine(0.1, steps=8)
    assert fit(network(), rate, 4, callbacks=[bpnet.Checkpoint(tmp_path)]) == []
    assert fit(network(), rate, 4, resume=tmp_path) == []
    (told,) = fit(network(), rate, 6, resume=tmp_path)
    assert "steps 9 to 12 of the optimizer will have the learning rate 0. bpnet.load" in told
    net = bpnet.load(tmp_path / "epoch-0004-step-00000008.safetensors")
    assert fit(net, schedules.Cosine(0.05, steps=4), 2) == []


def test_a_source():
    rate = schedules.OneCycle(0.1, steps=8)
    with pytest.warns(UserWarning, match="used up after 8 steps: steps 9 to 12 of") as told:
        network().fit(ArraySource(X, Y), epochs=6, batch_size=20, optimizer=bpnet.SGD(rate))
    assert len(told) == 1


def test_single_steps_tell_when_it_ends():
    net, optimizer = network(), bpnet.SGD(schedules.Cosine(0.1, steps=3))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for step in range(6):
            net.step(X, Y, optimizer=optimizer)
            assert len(told) == (step >= 3)
    assert "used up after 3 steps: step 4 of the" in str(told[0].message)


def test_where_warnings_are_errors_nothing_has_changed():
    net, rate = network(), schedules.Cosine(0.1, steps=4)
    before = net.state.theta.copy()
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(UserWarning, match="used up"):
        net.fit(X, Y, epochs=9, batch_size=20, optimizer=bpnet.SGD(rate))
    assert np.array_equal(net.state.theta, before)
    assert net.epochs == 0
