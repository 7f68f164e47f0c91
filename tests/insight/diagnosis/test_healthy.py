"""Silence: networks that learn, or would, get no finding."""

import pytest
from insight.diagnosis._data import digits, table
from insight.diagnosis._healthy import HEALTHY

import bpnet


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.__name__)
def test_nothing_is_found_in_a_healthy_network(case):
    if case.__name__.endswith(("_torch", "_jax")):
        pytest.importorskip(case.__name__.rpartition("_")[2])
    net, x, y, optimizer = case()
    for found in (bpnet.diagnose(net, x, y, optimizer=optimizer), bpnet.diagnose(net, x, y)):
        assert found.findings == ()
        assert found.healthy
        assert "\nnothing wrong found.\n" in str(found)


@pytest.mark.parametrize(
    "optimizer", [bpnet.SGD(0.1), bpnet.Adam(0.003), bpnet.Momentum(0.01), bpnet.LBFGS()], ids=str
)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_nothing_is_found_in_a_fit_that_goes_well(activation, optimizer):
    x, y = table("iris")
    net = bpnet.Network([4, 12, 3], activations=activation, cost="log_likelihood", seed=0)
    watch = bpnet.Diagnostics(x, y)
    lbfgs = isinstance(optimizer, bpnet.LBFGS)
    options = {} if lbfgs else {"batch_size": 10}
    net.fit(x, y, epochs=15, optimizer=optimizer, callbacks=[watch], **options)
    assert watch.diagnosis.findings == ()


def test_a_schedule_that_begins_low_is_no_low_rate():
    x, y = digits()
    net = bpnet.Network([64, 30, 10], cost="log_likelihood", seed=0)
    warm = bpnet.SGD(bpnet.schedules.Warmup(bpnet.schedules.Constant(0.5), steps=1000))
    assert warm.learning_rate_at(0) < 1e-3
    assert bpnet.diagnose(net, x, y, optimizer=warm).healthy
