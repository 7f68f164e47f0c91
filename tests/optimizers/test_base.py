"""What each optimizer computes on the host, and the settings that it refuses."""

import math

import numpy as np
import pytest

import bpnet
from bpnet.model.layout import Layout
from bpnet.optimizers import BUILT_IN

ALL = [kind() for kind in BUILT_IN.values()]


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_rates_are_numbers_of_the_host(optimizer):
    for t in (0, 1, 5, 1000, 10**7):
        rates = optimizer.rates(t)
        assert all(type(rate) is float and math.isfinite(rate) for rate in rates)
    assert optimizer.learning_rate_at(3) == optimizer.learning_rate


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_a_factor_is_a_lower_learning_rate(optimizer):
    settings = {name: getattr(optimizer, name) for name in optimizer.fields}
    lower = type(optimizer)(**{**settings, "learning_rate": 0.25 * optimizer.learning_rate})
    for t in (0, 7, 1000):
        assert optimizer.rates(t, factor=0.25) == pytest.approx(lower.rates(t), rel=1e-14)


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_a_schedule_is_asked_at_each_step(optimizer):
    settings = {name: getattr(optimizer, name) for name in optimizer.fields}
    schedule = bpnet.schedules.Exponential(0.5, factor=0.9)
    found = type(optimizer)(**{**settings, "learning_rate": schedule})
    assert found.learning_rate_at(3) == schedule(3)
    for t in (0, 7):
        fixed = type(optimizer)(**{**settings, "learning_rate": schedule(t)})
        assert found.rates(t) == fixed.rates(t)
    assert found == type(optimizer)(**{**settings, "learning_rate": schedule})
    assert hash(found) == hash(type(optimizer)(**{**settings, "learning_rate": schedule}))
    assert found != optimizer
    assert "Exponential(learning_rate=0.5, steps=1, factor=0.9)" in repr(found)


def test_updates_are_pure():
    rng = np.random.default_rng(1)
    theta, gradient = rng.standard_normal(7), rng.standard_normal(7)
    for optimizer in ALL:
        memory = optimizer.init(theta, np)
        given = {"layout": Layout([1, 2, 1])} if optimizer.uses_layout else {}
        kept = [part.copy() for part in (theta, gradient, *memory)]
        once = optimizer.update(theta, gradient, memory, optimizer.rates(0), np, **given)
        twice = optimizer.update(theta, gradient, memory, optimizer.rates(0), np, **given)
        for before, after in zip(kept, (theta, gradient, *memory), strict=True):
            assert np.array_equal(before, after)
        assert np.array_equal(once[0], twice[0])
        assert all(part.shape == theta.shape for part in once[1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bpnet.SGD(-0.1), ["learning_rate", "at least 0", "-0.1"]),
        (lambda: bpnet.SGD(math.nan), ["learning_rate", "finite", "nan"]),
        (lambda: bpnet.SGD(math.inf), ["learning_rate", "finite", "inf"]),
        (lambda: bpnet.Momentum(-1), ["learning_rate", "-1"]),
        (lambda: bpnet.Momentum(0.1, 1.0), ["momentum", "at least 0 and less than 1", "1"]),
        (lambda: bpnet.Momentum(0.1, -0.5), ["momentum", "-0.5"]),
        (lambda: bpnet.Nesterov(0.1, 1.5), ["momentum", "1.5"]),
        (lambda: bpnet.Nesterov(-2), ["learning_rate", "-2"]),
        (lambda: bpnet.Adam(-0.1), ["learning_rate", "-0.1"]),
        (lambda: bpnet.Adam(beta1=1.0), ["beta1", "less than 1"]),
        (lambda: bpnet.Adam(beta2=-0.1), ["beta2", "-0.1"]),
        (lambda: bpnet.Adam(beta2=2), ["beta2", "2"]),
        (lambda: bpnet.Adam(epsilon=-1e-8), ["epsilon", "-1e-08"]),
        (lambda: bpnet.AdaGrad(epsilon=-1), ["epsilon", "-1"]),
        (lambda: bpnet.RMSProp(alpha=1.0), ["alpha", "less than 1"]),
        (lambda: bpnet.RMSProp(-0.5), ["learning_rate", "-0.5"]),
        (lambda: bpnet.AMSGrad(beta2=1.0), ["beta2", "less than 1"]),
        (lambda: bpnet.AdamW(weight_decay=-0.1), ["weight_decay", "-0.1"]),
        (lambda: bpnet.NAdam(momentum_decay=-1), ["momentum_decay", "-1"]),
        (lambda: bpnet.RAdam(beta1=1.5), ["beta1", "1.5"]),
        (lambda: bpnet.Lion(beta1=math.nan), ["beta1", "nan"]),
        (lambda: bpnet.Lion(weight_decay=math.inf), ["weight_decay", "finite", "inf"]),
        (lambda: bpnet.Muon(momentum=1.0), ["momentum", "less than 1"]),
        (lambda: bpnet.Muon(bias_factor=-1), ["bias_factor", "-1"]),
    ],
)
def test_settings_out_of_range_raise(make, words):
    with pytest.raises(ValueError, match=words[0]) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (lambda t: -0.1 if t == 3 else 0.1, ["learning_rate is -0.1 at step 3"]),
        (lambda t: math.nan if t == 3 else 0.1, ["learning_rate is nan at step 3"]),
        (
            bpnet.schedules.Exponential(1.0, factor=1e200),
            ["inf at step 3", "Exponential(", "1e+200"],
        ),
    ],
)
def test_a_bad_rate_says_at_which_step(rate, words):
    for kind in (bpnet.SGD, bpnet.Adam, bpnet.Muon):
        optimizer = kind(rate)
        optimizer.rates(1)
        with pytest.raises(ValueError, match="at least 0 and finite") as caught:
            optimizer.rates(3)
        assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_a_bad_factor_says_so(factor):
    with pytest.raises(ValueError, match=r"learning_rate is 0.1 times a factor of .* at step 5"):
        bpnet.SGD(0.1).rates(5, factor=factor)


def test_numpy_numbers_do_not_widen_the_type():
    """A numpy.float64 would turn a float32 array into a float64 one."""
    for optimizer in (bpnet.SGD(np.float64(0.1)), bpnet.Momentum(np.float64(0.1), np.float32(0.5))):
        settings = [v for v in vars(optimizer).values() if isinstance(v, float)]
        assert all(type(value) is float for value in settings)
        theta = np.ones(2, dtype=np.float32)
        memory = optimizer.init(theta, np)
        assert optimizer.update(theta, theta, memory, optimizer.rates(0), np)[0].dtype == "float32"
