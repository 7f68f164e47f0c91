"""The source of a plan: as few calls as now, and lines that tracebacks show."""

import pytest
from compiler._trials import digits

import bpnet


@pytest.mark.parametrize(
    ("activation", "optimizer", "l2", "most"),
    [("sigmoid", "sgd", 0, 25), ("relu", "sgd", 0, 19), ("relu", "adam", 0.01, 29)],
)
@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_step_makes_no_more_calls_than_now(name, activation, optimizer, l2, most, plans):
    trial = digits(bpnet.get_backend(name, dtype="float64"), activation, optimizer, l2)
    with trial.backend.scope():
        trial.run(trial.planned, trial.state)
    body = plans[0].source.partition("fill(cell, values[k])\n")[2].splitlines()
    assert len(body) - 1 <= most  # but for the line that returns
