"""The source of a plan: as few calls as now, and lines that tracebacks show."""

import re
import traceback

import pytest
from compiler._trials import digits

import bpnet


@pytest.mark.parametrize(
    ("activation", "optimizer", "l2", "most"),
    [
        # NumPy has no sigmoid: that of an output layer, which is exact, takes more calls than tanh.
        ("sigmoid", "sgd", 0, {"numpy": 27, "torch": 25}),
        ("relu", "sgd", 0, {"numpy": 19, "torch": 19}),
        ("relu", "adam", 0.01, {"numpy": 29, "torch": 29}),
    ],
)
@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_step_makes_no_more_calls_than_now(name, activation, optimizer, l2, most, plans):
    pytest.importorskip(name, reason=f"{name} is not installed")
    trial = digits(bpnet.get_backend(name, dtype="float64"), activation, optimizer, l2)
    with trial.backend.scope():
        trial.run(trial.planned, trial.state)
    body = plans[0].source.partition("fill(cell, values[k])\n")[2].splitlines()
    assert len(body) - 1 <= most[name]  # but for the line that returns


def test_the_same_step_has_the_same_source(numpy_backend, plans):
    for _ in range(2):
        trial = digits(numpy_backend, "relu", "adam", 0.01)
        trial.run(trial.planned, trial.state)
    first, second = plans
    assert first.source == second.source


def test_a_step_that_fails_shows_its_line(numpy_backend, plans):
    def refuse():
        raise KeyboardInterrupt

    trial = digits(numpy_backend, "sigmoid", "sgd")
    with pytest.raises(KeyboardInterrupt) as error:
        trial.run(trial.planned, trial.state, stop=refuse)
    shown = "".join(traceback.format_exception(error.value))
    assert re.search(r'File "<bpnet plan \d+>", line 3, in run\n +if stop\(\):\n', shown)


def test_names_of_arrays_tell_their_nodes(numpy_backend, plans):
    trial = digits(numpy_backend, "sigmoid", "sgd")
    trial.run(trial.planned, trial.state)
    plan = plans[0]
    assert {*plan.named} <= {*plan.names}
    shapes = {name: node.shape for name, node in plan.named.items()}
    assert all(plan.names[name].shape == shape for name, shape in shapes.items())
