"""The plain loop: states of any type, and no array handed out twice."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from compiler._trials import Remembering, Trial, training

from bpnet.compiler.plain import PlainRun
from bpnet.compiler.state import leaves_of


class State(NamedTuple):
    theta: Any
    memory: tuple[Any, ...] = ()


def trial(backend, step, *arrays, make=tuple):
    x = np.random.default_rng(0).random((23, 4))
    state = make(backend.from_host(np.asarray(one), "float64") for one in arrays)
    return Trial(backend, step, state, x, x, 6, [(0.1,)] * 6)


def remembering(xp, state, x, y, rates):
    """The next memory is theta as it was."""
    (theta, before) = state
    return (theta - 0.1 * (theta - before) - 0.1, theta), x * 1.0


STEPS = {
    "remembered": remembering,
    "twice": lambda xp, s, x, y, r: ((s[0] + 1.0,) * 2, x * 1.0),
    "exchanged": lambda xp, s, x, y, r: ((s[1], s[0]), x * 1.0),
    "view": lambda xp, s, x, y, r: ((s[0] + 1.0, xp.reshape(s[0], (-1,))), x * 1.0),
    "one base": lambda xp, s, x, y, r: (halves(xp.concat([s[0], s[1]]) * 2.0), x * 1.0),
}


def halves(v):
    return v[:3], v[3:]


@pytest.mark.parametrize("by", ["plain", "planned"])
@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize("what", STEPS)
def test_no_two_arrays_of_a_state_share_memory(what, steps, by, numpy_backend):
    given = trial(numpy_backend, STEPS[what], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    state, _ = given.run(getattr(given, by), given.state, last=steps)
    first, second = state
    assert not np.shares_memory(first, second)
    for one, other in ((first, given.state[1]), (second, given.state[0])):
        assert not np.shares_memory(one, other)  # whose owner may overwrite it


@pytest.mark.parametrize("what", STEPS)
def test_one_step_a_run_is_as_many_steps_in_one(what, numpy_backend):
    """Whoever holds the state overwrites its arrays, as a network does."""
    given = trial(numpy_backend, STEPS[what], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    held = tuple(one.copy() for one in given.state)
    for k in range(4):
        after, _ = given.run(given.plain, held, k, k + 1)
        for mine, new in zip(held, after, strict=True):
            if mine is not new:
                mine[...] = new
    expected, _ = given.run(given.planned, given.state, 0, 4)
    for one, other in zip(held, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_what_does_not_change_is_not_copied(numpy_backend):
    given = trial(numpy_backend, lambda xp, s, x, y, r: ((s[0] * 2.0, s[1]), x), [1.0], [2.0])
    state, _ = given.run(given.plain, given.state)
    assert state[1] is given.state[1]


@pytest.mark.parametrize("by", ["plain", "planned"])
def test_a_state_keeps_the_types_of_its_tuples(by, backend):
    def step(xp, state, x, y, rates):
        (v,) = state.memory
        v = 0.9 * v + 0.1 * state.theta
        return State(state.theta - v, (v,)), x * 1.0

    def make(arrays):
        theta, v = arrays
        return State(theta, (v,))

    given = trial(backend, step, [1.0, 2.0], [0.0, 0.0], make=make)
    given.assert_agreement()
    state, _ = given.run(getattr(given, by), given.state)
    assert type(state) is State
    assert len(leaves_of(state)) == 2


def test_an_optimizer_that_keeps_theta_trains_alike(backend):
    trial = training(backend, "tanh", "quadratic", Remembering(0.05), 0, "equal")
    found = expected = trial.state
    for k in range(6):
        found, _ = trial.run(trial.plain, found, k, k + 1)
        expected, _ = trial.run(trial.planned, expected, k, k + 1)
    pairs = zip(trial.values(found), trial.values(expected), strict=True)
    assert all(np.allclose(one, other, rtol=1e-12) for one, other in pairs)


def test_it_tells_its_backend(numpy_backend):
    run = PlainRun(numpy_backend, remembering)
    assert (run.backend, run.step) == (numpy_backend, remembering)
