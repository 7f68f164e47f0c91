"""JAX's compiled loop: it ends where the plain loop does, compiles once for each size, and goes."""

import gc
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="jax is not installed")

from _backends import relative  # noqa: E402 - these tests need jax
from compiler._trials import OPTIMIZERS, OWN_OPTIMIZERS, training, with_own  # noqa: E402

import bpnet  # noqa: E402
from bpnet.compiler import compile_step  # noqa: E402
from bpnet.compiler.targets import jax as on_jax  # noqa: E402
from bpnet.compiler.targets import jax_loop  # noqa: E402

SHAPE = (3, 4, 4, 2), 5
ENDS = (0, 12, 28, 36, 40, 44, 46)  # of the weights, then of the biases


@pytest.fixture
def ends(monkeypatch):
    """Where the loops of a test cut their vectors, one entry for each that was compiled."""
    found = []

    def watched(*args, made=jax_loop._pieces):
        found.append(made(*args)[0])
        return made(*args)

    monkeypatch.setattr(jax_loop, "_pieces", watched)
    return found


@pytest.fixture
def backend():
    chosen = bpnet.get_backend("jax", dtype="float64")
    with chosen.scope():
        yield chosen


# ------------------------------------------------------------------ the same results


def assert_agreement(make, backend):
    """A trial's compiled run on JAX ends where the plain loop does, on NumPy."""
    trial, reference = (make(on) for on in (backend, bpnet.get_backend("numpy", dtype="float64")))
    found, expected, before = trial.state, reference.state, trial.values(trial.state)
    for first, last in ((0, 3), (3, 6)):
        found, z = trial.run(trial.planned, found, first, last)
        expected, expected_z = reference.run(reference.plain, expected, first, last)
        pairs = zip(trial.values(found, z), reference.values(expected, expected_z), strict=True)
        assert all(relative(*pair) <= 1e-12 for pair in pairs)
    assert all(map(np.array_equal, trial.values(trial.state), before))


@pytest.mark.parametrize("l2", [0, 0.01])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_by_pieces_agrees_with_the_loop(optimizer, l2, backend, ends):
    assert_agreement(lambda on: training(on, "tanh", "quadratic", optimizer, l2, SHAPE), backend)
    assert set(ends) == {ENDS}


@pytest.mark.parametrize("activation", ["gelu", "softmax", "mixed", "leaky_relu"])
def test_so_it_does_with_other_layers(activation, backend, ends):
    assert_agreement(lambda on: training(on, activation, "huber", "adam", 0.01, SHAPE), backend)
    assert set(ends) == {ENDS}


def test_a_network_without_hidden_layers_has_two_pieces(backend, ends):
    assert_agreement(lambda on: training(on, "tanh", "huber", "adam", 0.01, "shallow"), backend)
    assert set(ends) == {(0, 12, 15)}


@pytest.mark.parametrize(
    "value", [lambda z, xp: xp.sin(z), lambda z, xp: z - 0.1 * xp.mean(z)], ids=["sin", "mean"]
)
def test_a_layer_may_compute_what_it_likes(value, backend, ends):
    assert_agreement(lambda on: with_own(on, value, lambda z, a, xp: 1.0 + 0.0 * z), backend)
    assert set(ends) == {(0, 12, 28, 44, 52, 56, 60, 64, 66)}


@pytest.mark.parametrize("kind", OWN_OPTIMIZERS)
def test_an_optimizer_of_ones_own_agrees_with_the_loop(kind, backend):
    optimizer = kind(0.05)
    assert_agreement(lambda on: training(on, "tanh", "huber", optimizer, 0.01, SHAPE), backend)


class Clipping(bpnet.SGD):
    """Operations that a vector knows by itself, each entry by its value."""

    def update(self, theta, gradient, memory, rates, xp):
        size = abs(gradient)
        small = xp.where(size == 0.0, 1.0, size)
        return theta - rates[0] * gradient / (1.0 + small**2), memory


def test_operators_mean_what_they_mean_in_the_loop(backend, ends):
    optimizer = Clipping(1e-4)
    assert_agreement(lambda on: training(on, "relu", "huber", optimizer, 0.01, SHAPE), backend)
    assert set(ends) == {ENDS}


class Halved(bpnet.SGD):
    """A vector cut where no layer ends: its parts are cut once more."""

    def update(self, theta, gradient, memory, rates, xp):
        theta = theta - rates[0] * gradient
        half = theta.shape[0] // 2
        return xp.concat([theta[:half], 0.5 * theta[half:]]), memory


def test_a_step_may_cut_its_vectors_anywhere(backend, ends):
    assert_agreement(lambda on: training(on, "tanh", "huber", Halved(0.01), 0.01, SHAPE), backend)
    assert set(ends) == {(0, 12, 23, 28, 36, 40, 44, 46)}


class Normed(bpnet.SGD):
    """A number that depends on all entries."""

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * gradient / (1.0 + xp.sum(gradient * gradient)), memory


class Flipped(bpnet.SGD):
    """A function of the whole vector that gives one as long."""

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * xp.flip(gradient), memory


class Indexed(bpnet.SGD):
    """An entry, not a slice."""

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * gradient * gradient[3], memory


class Shrinking(bpnet.SGD):
    """The norm of a part, which is one slice of a whole vector and several pieces of a cut one."""

    def update(self, theta, gradient, memory, rates, xp):
        part = theta[:36]
        return theta - rates[0] * gradient / (1.0 + xp.sum(part * part)), memory


def test_what_only_one_piece_can_do_is_done_with_whole_vectors(backend, ends):
    trial = lambda on: training(on, "tanh", "huber", Shrinking(0.01), 0.01, SHAPE)  # noqa: E731
    assert_agreement(trial, backend)
    assert set(ends) == {ENDS}  # they were tried


@pytest.mark.parametrize("kind", [Normed, Flipped, Indexed])
def test_what_pieces_cannot_do_is_done_with_whole_vectors(kind, backend, ends):
    assert_agreement(lambda on: training(on, "tanh", "huber", kind(0.01), 0.01, SHAPE), backend)
    assert set(ends) == {()}


def test_a_run_takes_blocks_of_any_length_batches_of_any_size_and_any_state(backend):
    trial = training(backend, "tanh", "quadratic", "adam", 0.01, SHAPE)
    reference = training(
        bpnet.get_backend("numpy", dtype="float64"), "tanh", "quadratic", "adam", 0.01, SHAPE
    )
    kept = trial.values(trial.state)
    for first, last, m in ((0, 2, 5), (0, 6, 5), (2, 3, 5), (3, 4, 2), (4, 5, 5)):
        found, z = trial.run(trial.planned, trial.state, first, last, m)
        expected, expected_z = reference.run(reference.plain, reference.state, first, last, m)
        pairs = zip(trial.values(found, z), reference.values(expected, expected_z), strict=True)
        assert all(relative(*pair) <= 1e-12 for pair in pairs)
    for options in ({"last": 0}, {"stop": lambda: True}):
        state, z = trial.run(trial.planned, trial.state, **options)
        assert z is None
        assert state is trial.state
    assert all(map(np.array_equal, trial.values(trial.state), kept))


# ------------------------------------------------------------------ states with names


class State(NamedTuple):
    theta: Any
    memory: tuple[Any, ...] = ()
    other: tuple[Any, ...] = ()


def named_step(xp, state, x, y, rates):
    """A vector of parameters, one as long, and one that is not."""
    z = x @ xp.reshape(state.theta[:4], (2, 2)) + state.theta[4:]
    flat = xp.concat([xp.reshape(x.T @ (z - y), (-1,)), xp.sum(z - y, axis=0)])
    (velocity,) = state.memory
    velocity = 0.5 * velocity - rates[0] * flat
    mean = xp.concat([xp.mean(x, axis=0), xp.mean(y, axis=0)])
    return State(state.theta + velocity, (velocity,), (0.9 * state.other[0] + mean,)), z


def test_a_state_keeps_its_types(backend, ends):
    rng = np.random.default_rng(0)
    x, y = (backend.from_host(rng.standard_normal((9, 2)), "float64") for _ in range(2))
    zeros = [backend.from_host(np.zeros(n), "float64") for n in (6, 6, 4)]
    state = State(zeros[0], (zeros[1],), (zeros[2],))
    run = compile_step(backend, named_step)
    order = np.arange(6).reshape(2, 3)
    expected = state
    for rows in order:
        expected, _ = named_step(backend.xp, expected, x[rows], y[rows], (0.1,))
    for given in (state, state):
        found, _ = run(given, x, y, order, [(0.1,)] * 2)
        assert isinstance(found, State)
        assert set(ends) == {(0, 4, 6)}
        pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
        assert all(relative(*map(np.asarray, pair)) <= 1e-12 for pair in pairs)
        assert jax.tree.structure(found) == jax.tree.structure(state)
    found, _ = run(found, x, y, order, [(0.1,)] * 2)  # its own, which it may change in place
    assert isinstance(found, State)


# ------------------------------------------------------------------ what is compiled and kept


def test_a_loop_is_compiled_once_for_each_size_and_no_operation_beside_it(backend, jax_compiled):
    trial = training(backend, "tanh", "quadratic", "adam", 0.01, ((3, 4, 4, 2), 8))
    state, _ = trial.run(trial.planned, trial.state, 0, 3, 8)
    jax_compiled()
    for m in (7, 6, 5):
        state, _ = trial.run(trial.planned, state, 0, 3, m)
        assert jax_compiled() == ["jit(training_loop)"]
        for last in (3, 2, 1):
            state, _ = trial.run(trial.planned, state, 0, last, m)
        assert jax_compiled() == []


def test_of_many_sizes_the_last_ones_are_kept(backend, jax_compiled, monkeypatch):
    monkeypatch.setattr(on_jax, "MOST_LOOPS", 2)
    trial = training(backend, "tanh", "quadratic", "sgd", 0, ((3, 4, 4, 2), 8))
    state = trial.state
    for m, count in ((8, 1), (7, 1), (8, 0), (6, 1), (8, 0), (7, 1)):
        jax_compiled()
        state, _ = trial.run(trial.planned, state, 0, 1, m)
        assert jax_compiled().count("jit(training_loop)") == count


def test_what_was_compiled_goes_with_the_run(backend, monkeypatch):
    """JAX holds a function's compiled code as long as the function."""
    made = []

    def watched(function, *args, jit=jax.jit, **options):
        made.append(weakref.ref(function))
        return jit(function, *args, **options)

    monkeypatch.setattr(jax, "jit", watched)
    trial = training(backend, "tanh", "quadratic", "sgd", 0, SHAPE)
    trial.run(trial.planned, trial.state)
    assert made
    assert all(one() is not None for one in made)
    del trial
    gc.collect()
    assert all(one() is None for one in made)
