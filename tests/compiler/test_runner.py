"""Runs of a plan: rates of each step, stopping between two steps, and what they hand out."""

import itertools

import numpy as np
import pytest
from _backends import relative
from compiler._trials import Trial, training


def test_rates_are_those_of_each_step(backend):
    trial = training(backend, "tanh", "quadratic", "sgd", 0.01, "equal")
    trial.rates = [(0.1,), (0.3,), (0.2,), (0.2,), (0.05,), (0.4,)]
    found = expected = trial.state
    for first, last in ((0, 2), (2, 4), (4, 6), (3, 4)):  # they vary, stay, vary; are of one step
        found, _ = trial.run(trial.planned, found, first, last)
        expected, _ = trial.run(trial.plain, expected, first, last)
        assert relative(*trial.values(found[0], expected[0])) <= 1e-12


@pytest.mark.parametrize("done", [0, 1, 4])
def test_it_stops_between_two_steps(done, backend):
    trial = training(backend, "tanh", "huber", "momentum", 0, "uneven")
    for by in (trial.planned, trial.plain):
        asked = itertools.count(1)
        state, z = trial.run(by, trial.state, stop=lambda asked=asked: next(asked) > done)
        assert next(asked) == done + 2
        if not done:
            assert z is None
            assert all(map(np.array_equal, trial.values(state), trial.values(trial.state)))
            continue
        expected, expected_z = trial.run(trial.plain, trial.state, 0, done)
        assert tuple(z.shape) == (done, 4, 3)
        pairs = zip(trial.values(state, z), trial.values(expected, expected_z), strict=True)
        assert all(relative(*pair) <= 1e-12 for pair in pairs)


@pytest.mark.parametrize("what", ["max", "sum"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_outputs_may_be_reductions(what, keepdims, backend):
    def step(xp, state, x, y, rates):
        reduced = getattr(xp, what)(1.0 * x, axis=1, keepdims=keepdims)
        return state, reduced if keepdims else xp.reshape(reduced, (-1, 1))

    x = np.random.default_rng(0).random((23, 4))
    state = (backend.from_host(np.zeros(3), "float64"),)
    Trial(backend, step, state, x, x, 6, [(0.1,)] * 6).assert_agreement()
