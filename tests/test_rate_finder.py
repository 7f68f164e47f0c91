"""The range test: it finds a rate at which networks learn, and changes nothing."""

import sys

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.rate_finder import RateTest


@pytest.fixture(scope="module")
def digits():
    from bpnet.data import load_digits

    return load_digits()


def classifier(backend=None, **options):
    options = {"cost": "log_likelihood", "seed": 0, **options}
    return bpnet.Network([64, 20, 10], activations="relu", backend=backend, **options)


def find(net, digits, **options):
    return bpnet.find_learning_rate(net, *digits.train, **{"batch_size": 32, **options})


@pytest.mark.parametrize(
    ("optimizer", "low", "high"),
    [
        (bpnet.SGD(), 0.02, 1.0),
        (bpnet.Momentum(), 0.005, 0.5),
        (bpnet.Adam(), 0.001, 0.1),
    ],
)
def test_the_suggestion_is_a_rate_to_learn_with(digits, optimizer, low, high):
    net = classifier()
    test = find(net, digits, optimizer=optimizer)
    assert low < test.suggestion < high
    chosen = type(optimizer)(test.suggestion)
    far_less = type(optimizer)(test.suggestion / 300)
    options = {"epochs": 5, "batch_size": 32}
    one, other = net.copy(), net.copy()
    one.fit(*digits.train, optimizer=chosen, **options)
    other.fit(*digits.train, optimizer=far_less, **options)
    assert one.accuracy(*digits.validation) > 0.85
    assert other.accuracy(*digits.validation) < 0.7


def test_the_rates_grow_evenly(digits):
    test = find(classifier(), digits, low=1e-4, high=1e-2, steps=21)
    assert test.rates == pytest.approx(np.logspace(-4, -2, 21))
    assert test.costs.shape == test.smoothed.shape == (21,)


def test_it_is_the_training_that_fit_does(target, digits):
    """Costs are those of a fit whose rate grows, from batch to batch."""
    net = classifier(target.backend())
    test = find(net, digits, batch_size=400, low=1e-3, high=1.0, steps=10, l2=0.01)
    costs, twin = [], classifier(target.backend())

    class Costs(bpnet.Callback):
        def on_steps(self, fit, steps):
            costs.extend(fit.costs().tolist())

    growing = bpnet.schedules.Exponential(1e-3, steps=9, factor=1e3)
    batches = -(-len(digits.train[0]) // 400)
    twin.fit(
        *digits.train,
        epochs=-(-10 // batches),
        batch_size=400,
        optimizer=bpnet.SGD(growing),
        l2=0.01,
        callbacks=[Costs()],
    )
    assert test.costs == pytest.approx(costs[:10], rel=1e-12)


def test_the_network_is_left_as_it_is(target, digits):
    net, twin = classifier(target.backend()), classifier(target.backend())
    options = {"epochs": 1, "batch_size": 64, "optimizer": bpnet.Adam(0.01)}
    for one in (net, twin):
        one.fit(*digits.train, **options)
    before = parameters(net)
    find(net, digits, optimizer=bpnet.Adam(), steps=30)
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (twin.epochs, twin.steps)
    for one in (net, twin):  # the optimizer's memory too
        one.fit(*digits.train, **options)
    assert np.array_equal(parameters(net), parameters(twin))


def test_an_optimizer_by_its_name_or_class(digits):
    net = bpnet.Network([64, 10], seed=0)
    tests = [find(net, digits, optimizer=one, steps=20) for one in ("adam", bpnet.Adam)]
    expected = find(net, digits, optimizer=bpnet.Adam(), steps=20)
    assert all(np.array_equal(one.costs, expected.costs) for one in tests)


def test_the_optimizers_memory_begins_anew(digits):
    trained = classifier()
    trained.fit(*digits.train, epochs=1, batch_size=64, optimizer=bpnet.Adam(0.01))
    fresh = trained.copy()
    fresh.reset_optimizer()
    tests = [find(net, digits, optimizer=bpnet.Adam(), steps=20) for net in (trained, fresh)]
    assert np.array_equal(tests[0].costs, tests[1].costs)


def test_it_ends_where_the_cost_diverges(digits):
    whole = find(classifier(), digits, high=0.1)
    broken = find(classifier(), digits, high=1e4)
    assert len(whole.rates) == 100
    assert len(broken.rates) < 100
    assert np.isfinite(broken.costs).all()


def test_a_cost_that_is_not_finite_is_left_out():
    x = np.linspace(-1, 1, 16)[:, None]
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    test = bpnet.find_learning_rate(net, x, x, batch_size=16, low=1e10, high=1e300, steps=10)
    assert np.isfinite(test.costs).all()
    assert test.suggestion is None


def test_costs_below_zero_do_not_count_as_diverging():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((64, 2)), rng.poisson(9.0, 64)
    net = bpnet.Network([2, 1], cost="poisson", seed=0)
    test = bpnet.find_learning_rate(net, x, y, batch_size=64, high=0.1)
    assert test.costs.min() < 0
    assert len(test.rates) == 100


def test_where_the_cost_never_falls_nothing_is_suggested(tmp_path):
    rates = np.logspace(-3, 0, 20)
    assert RateTest(rates, np.linspace(1, 2, 20), 1.0).suggestion is None
    nothing = RateTest(np.empty(0), np.empty(0), 1.0)
    assert nothing.suggestion is None
    assert "no step" in repr(nothing)
    with pytest.raises(ValueError, match="no step of the test had a finite cost"):
        nothing.plot(tmp_path / "rates.png")


def test_the_suggestion_is_the_steepest_descent():
    rates = np.logspace(-6, 0, 121)
    costs = 1.0 - 0.8 / (1 + np.exp(-4 * (np.log10(rates) + 2.5)))  # steepest at 10^-2.5
    rng = np.random.default_rng(0)
    for noise in (0.0, 0.02):
        test = RateTest(rates, costs + rng.normal(0, noise, 121), 5.0)
        assert np.log10(test.suggestion) == pytest.approx(-2.5, abs=0.2)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"steps": 9}, ValueError, "steps must be at least 10, not 9"),
        ({"steps": 20.0}, TypeError, "steps must be an integer, not 20.0"),
        ({"low": 0.0}, ValueError, "low must be greater than 0 and less than 10, not 0"),
        (
            {"low": 1.0, "high": 1.0},
            ValueError,
            "low must be greater than 0 and less than 1, not 1",
        ),
        ({"high": float("inf")}, ValueError, "high must be greater than 0 and finite, not inf"),
        ({"diverge": 1.0}, ValueError, "diverge must be greater than 1 and finite, not 1"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be a name or an Optimizer, not 0.1"),
        ({"optimizer": "lbfgs"}, ValueError, "L-BFGS has no learning rate"),
        ({"optimizer": bpnet.LBFGS()}, ValueError, "L-BFGS has no learning rate"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, not 0"),
        ({"l2": -1.0}, ValueError, "l2 must be at least 0"),
    ],
)
def test_settings_out_of_range(digits, options, error, words):
    with pytest.raises(error, match=words):
        find(classifier(), digits, **options)


def test_the_picture(digits, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    find(classifier(), digits).plot(tmp_path / "rates.svg", "a title")
    assert (tmp_path / "rates.svg").read_text().lstrip().startswith("<?xml")


def test_without_matplotlib_the_extra_is_named(digits, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "matplotlib>=3.8"'):
        find(classifier(), digits).plot(tmp_path / "rates.png")
