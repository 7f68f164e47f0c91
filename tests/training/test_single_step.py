"""Steps on mini-batches of the user's own."""

import numpy as np
import pytest
from _backends import parameters, relative, set_counters
from training._fits import SETTINGS, SIZE, N, classifier

import bpnet
from bpnet.randomness import epoch_order

LAYERS = [bpnet.Layer(4, dropout=0.2), bpnet.Layer(6, normalization="batch"), 3]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("sizes", [(4, 6, 3), LAYERS], ids=["plain", "layers"])
def test_steps_are_those_of_an_epoch(target, data, settings, sizes):
    (x, y), whole, parts = (
        data,
        classifier(target.backend(), sizes),
        classifier(target.backend(), sizes),
    )
    order = epoch_order(whole.seed, 0, N)
    history = whole.fit(x, y, epochs=1, batch_size=SIZE, **settings)
    batches = [order[k : k + SIZE] for k in range(0, N, SIZE)]
    costs = [parts.step(x[rows], y[rows], **settings) * len(rows) for rows in batches]
    assert relative(parameters(parts), parameters(whole)) < 1e-13
    assert sum(costs) / N == pytest.approx(history["train_cost"][0], rel=1e-12)
    assert (parts.steps, parts.epochs) == (3, 0)
    if settings.get("average"):
        assert relative(parameters(parts.averaged()), parameters(whole.averaged())) < 1e-13


def test_a_weight_of_two_is_the_sample_twice(data):
    (x, y), once, twice = data, classifier(), classifier()
    weight = np.ones(N)
    weight[3] = 2.0
    cost = once.step(x, y, sample_weight=weight)
    again = twice.step(np.concatenate([x, x[3:4]]), np.concatenate([y, y[3:4]]))
    assert cost == pytest.approx(again, rel=1e-12)
    assert relative(parameters(once), parameters(twice)) < 1e-12


def test_a_fit_goes_on_after_steps(data):
    net, twin = classifier(), classifier()
    adam = bpnet.Adam(0.01)
    net.step(*data, optimizer=adam)
    twin.fit(*data, epochs=1, batch_size=N, optimizer=adam)
    assert relative(parameters(net), parameters(twin)) < 1e-13
    set_counters(net, epochs=1)
    for one in (net, twin):
        one.fit(*data, epochs=2, batch_size=SIZE, optimizer=adam)
    assert relative(parameters(net), parameters(twin)) < 1e-12


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"epochs": 3}, TypeError, "a step has no argument 'epochs'"),
        ({"optimizer": "lbfgs"}, ValueError, "L-BFGS trains on all samples at once"),
        ({"optimizer": "lbf"}, ValueError, "unknown optimizer 'lbf': known are sgd"),
        ({"optimizer": 3}, TypeError, "optimizer must be a name or an Optimizer, not 3"),
        ({"l2": -1.0}, ValueError, "l2 must be at least 0"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing must be at least 0"),
        ({"sample_weight": [1.0]}, ValueError, r"shape \(1,\), but there are 25 samples"),
    ],
)
def test_a_wrong_setting_raises_and_changes_nothing(data, settings, error, words):
    net = classifier()
    before = parameters(net)
    with pytest.raises(error, match=words):
        net.step(*data, **settings)
    assert (parameters(net) == before).all()
    assert net.steps == 0


@pytest.mark.parametrize("rate", [1e8, 1e308])
def test_a_step_that_diverges_is_not_done(rate):
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    seen = [parameters(net)]

    def go_on():
        while True:
            net.step([[1.0], [2.0]], [[3.0], [5.0]], optimizer=bpnet.SGD(rate))
            seen.append(parameters(net))

    with pytest.raises(bpnet.DivergenceError, match=r"in step \d+, with SGD\(learning_rate=1"):
        go_on()
    before = seen[-1]
    assert np.isfinite(before).all()
    assert (parameters(net) == before).all()


def test_a_step_that_is_refused_leaves_the_task():
    x, real = np.ones((4, 2)), np.full((4, 1), 0.5)
    net, tasks = bpnet.Network([2, 1], seed=0), []

    class Steps(bpnet.Callback):
        def on_steps(self, fit, steps):
            with pytest.raises(RuntimeError, match="trained already"):
                net.step(x, np.round(real))
            tasks.append(net.task)

    net.fit(x, real, epochs=1, callbacks=[Steps()])
    assert tasks == ["regression"]
