"""Plans are kept for the sizes that were used last."""

import gc
import weakref

import numpy as np
import pytest
from compiler._trials import training, with_own

import bpnet
from bpnet.compiler import compile_forward
from bpnet.compiler.planned import MOST_PLANS, PlanCache


def test_what_was_asked_for_least_recently_is_forgotten():
    cache, made = PlanCache(2), []

    def ask(key):
        def make():
            made.append(key)
            return key.upper()

        assert cache.get_or_make(key, make) == key.upper()

    for key in "abacab":
        ask(key)
    assert made == ["a", "b", "c", "b"]
    assert [*cache] == ["a", "b"]


def test_a_run_keeps_a_bounded_number_of_plans(numpy_backend, plans):
    trial = training(numpy_backend, "tanh", "quadratic", "sgd", 0, "equal")
    references = []
    state = trial.state
    for m in range(1, 21):
        order = np.zeros((1, m), int)
        state, _ = trial.planned(state, trial.x, trial.y, order, trial.rates[:1])
        references.append(weakref.ref(plans.pop().runner))
    gc.collect()
    assert [one() is not None for one in references] == [False] * 12 + [True] * MOST_PLANS
    assert [*trial.planned.compiled] == [*range(13, 21)]


def test_a_size_that_comes_back_continues_with_the_same_state(numpy_backend):
    trial = training(numpy_backend, "tanh", "quadratic", "momentum", 0, "equal")
    found = expected = trial.state
    for k, m in enumerate([*range(1, 12), 1, 2, 11]):
        order = np.full((1, m), k)
        found, _ = trial.planned(found, trial.x, trial.y, order, trial.rates[:1])
        expected, _ = trial.plain(expected, trial.x, trial.y, order, trial.rates[:1])
        for one, other in zip(trial.values(found), trial.values(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_forward_pass_keeps_a_bounded_number_of_plans(numpy_backend):
    net = bpnet.Network([3, 4, 2], backend=numpy_backend, seed=1)
    run = compile_forward(numpy_backend, net.model.forward)
    for m in range(1, 17):
        run((net.state.theta, ()), np.zeros((m, 3)))
    assert [shape[0] for shape in run.plans] == [*range(9, 17)]


def test_a_step_that_is_not_known_says_why(numpy_backend):
    trial = with_own(numpy_backend, lambda z, xp: xp.sin(z), lambda z, a, xp: xp.cos(z))
    trial.run(trial.planned, trial.state)
    (made,) = trial.planned.compiled.values()
    assert (made.plan, made.reason) == (None, "function sin")


def test_without_a_plain_loop_that_is_an_error(numpy_backend):
    from bpnet.compiler.planned import PlannedStep
    from bpnet.compiler.targets.numpy import NumpyTarget

    trial = with_own(numpy_backend, lambda z, xp: xp.sin(z), lambda z, a, xp: xp.cos(z))
    run = PlannedStep(numpy_backend, trial.step, NumpyTarget(), None)
    with pytest.raises(ValueError, match="as a step has function sin; compute_dtype=None can"):
        trial.run(run, trial.state)
