"""The loop's levels below a fit: epochs one by one, and single steps."""

import inspect

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.randomness import epoch_order

N, SIZE = 25, 10
LAYERS = [bpnet.Layer(4, dropout=0.2), bpnet.Layer(6, normalization="batch"), 3]
SETTINGS = {
    "plain": {"optimizer": bpnet.SGD(0.5)},
    "adam": {"optimizer": bpnet.Adam(bpnet.schedules.Cosine(0.1, steps=9)), "l2": 0.01},
    "all": {
        "optimizer": bpnet.Momentum(0.1),
        "l1": 0.001,
        "max_norm": 1.0,
        "clip_value": 0.5,
        "clip_norm": 1.0,
        "accumulate": 2,
        "average": 0.9,
        "label_smoothing": 0.1,
    },
}


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 4)), rng.integers(0, 3, N)


def network(backend=None, sizes=(4, 6, 3), **options):
    options = {"cost": "log_likelihood", "seed": 4, "dtype": "float64", **options}
    return bpnet.Network(sizes, activations="tanh", backend=backend, **options)


def test_defaults_are_those_of_fit():
    """Of `Network.fit` and of the settings of a step."""
    stated = inspect.signature(bpnet.Network.fit).parameters
    for function in (bpnet.training.StepConfig, bpnet.Network.step):
        for name, parameter in inspect.signature(function).parameters.items():
            if name in stated and parameter.default is not parameter.empty:
                assert parameter.default == stated[name].default, name


# ------------------------------------------------------------------ epochs


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_epochs_one_by_one_are_a_fit(target, data, settings):
    whole, parts = network(target.backend()), network(target.backend())
    history = whole.fit(*data, epochs=3, batch_size=SIZE, validation=data, **settings)
    with parts.fitting(*data, epochs=3, batch_size=SIZE, validation=data, **settings) as fit:
        rows = list(fit)
    assert (parameters(parts) == parameters(whole)).all()
    for one in (rows, fit.history.rows):
        assert [{**row, "seconds": 0} for row in one] == [
            {**row, "seconds": 0} for row in history.rows
        ]
    assert fit.history.stopped == "completed"


def test_between_epochs_the_network_can_be_used_and_the_fit_be_left(data):
    class Ends(bpnet.Callback):
        ended = 0

        def on_fit_end(self, fit):
            self.ended += 1

    ends, net, twin = Ends(), network(), network()
    with net.fitting(*data, epochs=9, batch_size=SIZE, callbacks=[ends]) as fit:
        for row in fit:
            assert row["epoch"] == net.epochs
            assert not ends.ended
            if net.epochs == 2:
                break
    assert ends.ended == 1
    assert len(fit.history) == 2
    assert fit.history.stopped == "left"
    twin.fit(*data, epochs=2, batch_size=SIZE)
    assert (parameters(net) == parameters(twin)).all()


def test_ctrl_c_between_two_epochs_ends_them_in_order(data, ctrl_c):
    net = network()
    with net.fitting(*data, epochs=9, batch_size=SIZE) as fit:
        for row in fit:
            if row["epoch"] == 3:
                ctrl_c()
    assert net.epochs == 3
    assert fit.history.stopped == "interrupted"


def test_an_error_between_two_epochs_comes_through(data):
    def look(net):
        with net.fitting(*data, epochs=9, batch_size=SIZE) as fit:
            for _ in fit:
                raise OSError("mine")

    net = network()
    with pytest.raises(OSError, match="mine"):
        look(net)
    assert net.epochs == 1


def test_an_unknown_setting_is_named(data):
    with pytest.raises(TypeError, match="'momentum'"):
        network().fitting(*data, epochs=1, momentum=0.9)


# ------------------------------------------------------------------ steps


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("sizes", [(4, 6, 3), LAYERS], ids=["plain", "layers"])
def test_steps_are_those_of_an_epoch(target, data, settings, sizes):
    (x, y), whole, parts = data, network(target.backend(), sizes), network(target.backend(), sizes)
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
    (x, y), once, twice = data, network(), network()
    weight = np.ones(N)
    weight[3] = 2.0
    cost = once.step(x, y, sample_weight=weight)
    again = twice.step(np.concatenate([x, x[3:4]]), np.concatenate([y, y[3:4]]))
    assert cost == pytest.approx(again, rel=1e-12)
    assert relative(parameters(once), parameters(twice)) < 1e-12


def test_a_fit_goes_on_after_steps(data):
    net, twin = network(), network()
    adam = bpnet.Adam(0.01)
    net.step(*data, optimizer=adam)
    twin.fit(*data, epochs=1, batch_size=N, optimizer=adam)
    assert relative(parameters(net), parameters(twin)) < 1e-13
    store = net._store
    store.current = store.current._replace(counters=store.counters.replaced(epochs=1))
    for one in (net, twin):
        one.fit(*data, epochs=2, batch_size=SIZE, optimizer=adam)
    assert relative(parameters(net), parameters(twin)) < 1e-12


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"epochs": 3}, TypeError, "a step has no argument 'epochs'"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be one of bpnet.optimizers"),
        ({"l2": -1.0}, ValueError, "l2 must be at least 0"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing must be at least 0"),
        ({"sample_weight": [1.0]}, ValueError, r"shape \(1,\), but there are 25 samples"),
    ],
)
def test_a_wrong_setting_raises_and_changes_nothing(data, settings, error, words):
    net = network()
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
