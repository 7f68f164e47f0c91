"""Budgets of steps and of time."""

import numpy as np
import pytest
from _backends import parameters
from training._fits import classifier, fit

import bpnet


@pytest.mark.parametrize("steps", [1, 3, 4, 8, 9, 10])
def test_a_budget_of_steps(target, data, steps):
    net, twin = classifier(target.backend()), classifier(target.backend())
    history = fit(net, data, epochs=50, callbacks=[bpnet.Budget(steps=steps)])
    assert (history.stopped, net.steps, len(history)) == ("budget", steps, steps // 3)
    fit(twin, data, epochs=steps // 3)
    if steps % 3 == 0:
        assert np.array_equal(parameters(net), parameters(twin))
    else:
        assert not np.array_equal(parameters(net), parameters(twin))


def test_a_budget_that_is_enough(data):
    net = classifier()
    assert fit(net, data, callbacks=[bpnet.Budget(seconds=1e6, steps=100)]).stopped == "completed"
    assert net.steps == 9


def test_a_budget_of_time(data, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("bpnet.training.callbacks.budget.time.monotonic", lambda: next(clock))
    net = classifier()
    history = fit(net, data, epochs=50, callbacks=[bpnet.Budget(seconds=5)])
    assert history.stopped == "budget"  # five looks at the clock: batches 2, 1, 2, 1, 2
    assert (net.steps, len(history)) == (8, 2)


def test_a_budget_counts_anew_in_each_fit(data):
    net, budget = classifier(), bpnet.Budget(steps=4)
    for steps in (4, 8):
        assert fit(net, data, epochs=50, callbacks=[budget]).stopped == "budget"
        assert net.steps == steps
