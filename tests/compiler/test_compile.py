"""A compiled step does what the plain loop does, whatever the step; so does a forward pass."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from _backends import relative
from _cases import ACTIVATIONS
from compiler._trials import (
    GRID,
    LAID_OUT,
    MIXTURES,
    OWN,
    OWN_OPTIMIZERS,
    UNKNOWN,
    VIEWS,
    at_random,
    hidden,
    layered,
    training,
    with_own,
)

import bpnet
from bpnet.backends.numpy import NumpyBackend
from bpnet.compiler import compile_forward, compile_step
from bpnet.compiler.compile import target_of
from bpnet.compiler.plain import plain_forward


@pytest.mark.parametrize("case", GRID, ids="-".join)
def test_a_plan_agrees_with_the_loop(case, backend, plans):
    trial = training(backend, *case)
    trial.assert_agreement()
    assert len(plans) == len({trial.m, trial.smaller})  # one for each size of a batch


@pytest.mark.parametrize("what", ["dropout", "noise", "batch", "layer", "residual"])
def test_layers_that_do_more_are_planned_and_agree(what, backend, plans):
    layered(backend, what).assert_agreement()
    assert plans


@pytest.mark.parametrize("kind", OWN_OPTIMIZERS)
def test_an_optimizer_of_ones_own_is_planned(kind, backend, plans):
    training(backend, "sigmoid", "quadratic", kind(0.05), 0.01, "equal").assert_agreement()
    assert plans


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_a_plan_does_not_know_the_loop_does(what, backend, plans):
    trial = with_own(backend, UNKNOWN[what], lambda z, a, xp: 1.0 + 0.0 * z)
    trial.assert_agreement(0.0)
    assert not plans


def test_what_a_plan_does_not_know_numpy_does(numpy_backend, plans):
    trial = with_own(numpy_backend, lambda z, xp: np.sin(z), lambda z, a, xp: np.cos(z))
    trial.assert_agreement(0.0)
    assert not plans


@pytest.mark.parametrize("what", MIXTURES)
def test_types_that_meet_are_those_of_the_loop(what, backend):
    trial = with_own(backend, MIXTURES[what], lambda z, a, xp: xp.astype(z > 0.0, z.dtype))
    trial.assert_agreement()


@pytest.mark.parametrize("what", VIEWS)
def test_views_show_what_they_show_in_the_loop(what, backend, plans):
    if what == "reversed" and backend.name == "torch":
        pytest.skip("PyTorch has no views in reverse")
    trial = with_own(backend, VIEWS[what], lambda z, a, xp: 0.5 * a)
    trial.assert_agreement()
    assert plans


@pytest.mark.parametrize("what", LAID_OUT)
def test_what_is_laid_out_anew_is_so_at_each_step(what, backend):
    with_own(backend, LAID_OUT[what], lambda z, a, xp: 0.5 * a).assert_agreement()


@pytest.mark.parametrize("seed", range(50))
def test_any_step_agrees_with_the_loop(seed, backend):
    at_random(backend, seed).assert_agreement(1e-9)


def test_a_run_continues_its_own_state_and_copies_any_other(backend):
    trial = training(backend, "sigmoid", "quadratic", "adam", 0.01, "equal")
    expected, z = trial.run(trial.plain, trial.state)
    for _ in range(2):
        half, first = trial.run(trial.planned, trial.state, 0, 2)
        kept = trial.values(first)
        found, second = trial.run(trial.planned, half, 2, 6)
        for one, other in zip(trial.values(found), trial.values(expected), strict=True):
            assert relative(one, other) <= 1e-12
        assert np.array_equal(kept, trial.values(first))  # outputs are no buffer
        both = np.concatenate([*trial.values(first), *trial.values(second)])
        assert relative(both, *trial.values(z)) <= 1e-12


def test_no_step_at_all_leaves_the_state(backend):
    trial = training(backend, "tanh", "huber", "momentum", 0, "uneven")
    for by in (trial.plain, trial.planned, trial.planned):
        state, z = trial.run(by, trial.state, 0, 0)
        assert z is None
        assert all(map(np.array_equal, trial.values(state), trial.values(trial.state)))


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OWN])
def test_a_forward_pass_agrees_with_the_plain_one(activation, backend, plans):
    net = bpnet.Network(
        [3, 4, 4, 2],
        activations=[*[hidden(activation, 4)] * 2, "sigmoid"],
        backend=backend,
        seed=1,
    )
    forward = net.model.forward
    run = compile_forward(backend, forward)
    plain = plain_forward(backend, forward)
    x = backend.from_host(np.random.default_rng(0).standard_normal((40, 3)), "float64")
    for theta in ((net.state.theta, ()), (0.5 * net.state.theta, ())):
        found = [run(theta, x[:m, :]) for m in (1, 2, 16, 17, 40, 2)]
        again = run(theta, x[2:4, :])
        views = [run(theta, one) for one in (x[:30:10, :], x[:1, :])]
        for z, m in zip(found, (1, 2, 16, 17, 40, 2), strict=True):
            expected = backend.to_numpy(plain(theta, x[:m, :]))
            assert relative(backend.to_numpy(z), expected) <= 1e-12  # and stays so
        assert relative(backend.to_numpy(again), backend.to_numpy(plain(theta, x[2:4, :]))) <= 1e-12
        every = backend.to_numpy(plain(theta, x[:30:10, :]))
        assert relative(backend.to_numpy(views[0]), every) <= 1e-12
    assert len(plans) == 2 * 4  # of 1, 2, 3 and 16 samples, for each theta


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_forward_pass_takes_samples_as_they_are(order, numpy_backend):
    net = bpnet.Network([30, 4, 2], backend=numpy_backend, seed=1)
    x = np.asarray(np.random.default_rng(0).standard_normal((5, 60)), order=order)[:, ::2]
    x.flags.writeable = False
    expected = np.concatenate([net.feedforward(x[k : k + 1].copy()) for k in range(5)])
    assert relative(net.feedforward(x), expected) <= 1e-12


def test_threads_may_predict_at_the_same_time():
    net = bpnet.Network([300, 300, 300, 10], seed=0)
    x = np.random.default_rng(0).standard_normal((16, 1, 300)).astype("float32")
    expected = [net.feedforward(one) for one in x]

    def all_right(_):
        return all(np.allclose(net.feedforward(x[k]), expected[k]) for k in range(16))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(all_right, range(100)))
    finally:
        sys.setswitchinterval(interval)


class Own:
    """A target of a third party."""

    def compile_step(self, backend, step):
        return "a run"

    def compile_forward(self, backend, forward):
        return "a forward run"


@pytest.mark.parametrize("target", [Own, Own(), f"{__name__}:Own"], ids=["class", "object", "path"])
def test_a_target_is_an_object_a_class_or_a_path(target, monkeypatch):
    monkeypatch.setitem(
        sys.modules, __name__, sys.modules.get(__name__) or SimpleNamespace(Own=Own)
    )
    backend = NumpyBackend("cpu", "float64")
    monkeypatch.setattr(NumpyBackend, "target", target)
    assert compile_step(backend, None) == "a run"
    assert compile_forward(backend, None) == "a forward run"


def test_a_module_may_be_a_target():
    backend = NumpyBackend("cpu", "float64")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NumpyBackend, "target", "bpnet.compiler.compile")
        assert target_of(backend).compile_step is compile_step


def calls_to_compile(depth):
    """Python's calls while a network of so many layers is compiled."""
    backend = bpnet.get_backend("numpy", dtype="float64")
    trial = training(backend, "sigmoid", "quadratic", "sgd", 0, ((4,) * (depth + 1), 3))
    count = 0

    def counted(*_):
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        trial.run(trial.planned, trial.state, last=1)
    finally:
        sys.setprofile(None)
    return count


def test_twice_the_layers_take_little_more_than_twice_the_work(monkeypatch):
    monkeypatch.setenv("BPNET_DEBUG", "0")
    shallow, deep = map(calls_to_compile, (50, 100))
    assert deep < 2.5 * shallow
