"""A vector as its pieces: what JAX carries through a run, and that the results are the same."""

import operator

import numpy as np
import pytest
from _backends import relative
from compiler._trials import OPTIMIZERS, OWN_OPTIMIZERS, training, with_own

import bpnet
from bpnet.backends import Namespace
from bpnet.compiler.targets.segments import SegmentNamespace, Segments, boundaries
from bpnet.compiler.trace import trace
from bpnet.model.layout import Layout

SHAPE = (3, 4, 4, 2), 5
ENDS = (0, 12, 28, 36, 40, 44, 46)  # of the weights, then of the biases


@pytest.fixture
def on_jax():
    pytest.importorskip("jax", reason="jax is not installed")
    from bpnet.compiler.targets import jax

    return jax


@pytest.fixture
def cuts(on_jax, monkeypatch):
    """Where the runs of a test cut their vectors."""
    found = []

    def watched(*args, made=on_jax._cuts):
        found.append(made(*args))
        return found[-1]

    monkeypatch.setattr(on_jax, "_cuts", watched)
    return found


@pytest.fixture
def backend(on_jax):
    chosen = bpnet.get_backend("jax", dtype="float64")
    with chosen.scope():
        yield chosen


# ------------------------------------------------------------------ runs on JAX


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
def test_a_run_by_pieces_agrees_with_the_loop(optimizer, l2, backend, cuts):
    assert_agreement(lambda on: training(on, "tanh", "quadratic", optimizer, l2, SHAPE), backend)
    assert cuts == [ENDS]


@pytest.mark.parametrize("activation", ["gelu", "softmax", "mixed", "leaky_relu"])
def test_so_it_does_with_other_layers(activation, backend, cuts):
    assert_agreement(lambda on: training(on, activation, "huber", "adam", 0.01, SHAPE), backend)
    assert cuts == [ENDS]


def test_a_network_without_hidden_layers_has_two_pieces(backend, cuts):
    assert_agreement(lambda on: training(on, "tanh", "huber", "adam", 0.01, "shallow"), backend)
    assert cuts == [(0, 12, 15)]


@pytest.mark.parametrize(
    "value", [lambda z, xp: xp.sin(z), lambda z, xp: z - 0.1 * xp.mean(z)], ids=["sin", "mean"]
)
def test_what_cannot_be_recorded_is_carried_whole(value, backend, cuts):
    assert_agreement(lambda on: with_own(on, value, lambda z, a, xp: 1.0 + 0.0 * z), backend)
    assert cuts == [()]


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


def test_operators_mean_what_they_mean_in_the_loop(backend):
    optimizer = Clipping(1e-4)
    assert_agreement(lambda on: training(on, "relu", "huber", optimizer, 0.01, SHAPE), backend)


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


# ------------------------------------------------------------------ a vector of pieces


def pieces(*lengths, start=1.0):
    """Consecutive numbers in pieces, and in one array."""
    whole = np.arange(start, start + sum(lengths))
    return Segments(np.split(whole, np.cumsum(lengths)[:-1])), whole


def joined(v):
    return np.concatenate(v.pieces) if isinstance(v, Segments) else v


def test_it_is_told_like_a_vector():
    v, whole = pieces(3, 1, 2)
    assert (v.shape, v.ndim, v.size, v.dtype) == (whole.shape, 1, 6, whole.dtype)


@pytest.mark.parametrize(
    ("part", "lengths"),
    [
        (slice(None), [3, 1, 2]),
        (slice(0, 4), [3, 1]),
        (slice(None, 3), None),
        (slice(3, 4), None),
        (slice(4, None), None),
        (slice(3, 6), [1, 2]),
        (slice(-3, None), [1, 2]),
        (slice(4, 100), None),
    ],
)
def test_a_slice_is_a_piece_or_a_run_of_pieces(part, lengths):
    v, whole = pieces(3, 1, 2)
    found = v[part]
    assert np.array_equal(joined(found), whole[part])
    if lengths is None:
        assert any(found is piece for piece in v.pieces)
    else:
        assert [piece.size for piece in found.pieces] == lengths


@pytest.mark.parametrize("part", [slice(1, 3), slice(0, 2), slice(2, 5), slice(3, 5), slice(-1)])
def test_a_slice_within_a_piece_is_refused(part):
    with pytest.raises(TypeError, match=r"is no run of pieces, which end at \[0, 3, 4, 6\]"):
        pieces(3, 1, 2)[0][part]


@pytest.mark.parametrize("part", [slice(None, None, 2), slice(None, None, -1)])
def test_a_slice_that_leaves_out_or_turns_is_refused(part):
    with pytest.raises(TypeError):
        pieces(3, 1, 2)[0][part]


@pytest.mark.parametrize(
    "function",
    [
        *(operator.add, operator.sub, operator.mul, operator.truediv),
        *(operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne),
    ],
    ids=lambda function: function.__name__,
)
def test_arithmetic_goes_piece_by_piece(function):
    (v, x), (w, y) = pieces(3, 1, 2), pieces(3, 1, 2, start=0.5)
    for left, right, expected in (
        (v, w, function(x, y)),
        (v, 3.0, function(x, 3.0)),
        (3.0, v, function(3.0, x)),
    ):
        found = function(left, right)
        assert [piece.size for piece in found.pieces] == [3, 1, 2]
        assert np.array_equal(joined(found), expected)


def test_so_does_what_has_one_argument():
    v, x = pieces(3, 1, 2, start=-2.5)
    assert np.array_equal(joined(-v), -x)
    assert np.array_equal(joined(abs(v)), abs(x))
    assert np.array_equal(joined(v**2), x**2)


def test_vectors_of_different_pieces_are_refused():
    with pytest.raises(TypeError, match="vectors of different pieces"):
        pieces(3, 1, 2)[0] + pieces(1, 3, 2)[0]


def test_the_namespace_takes_both():
    xp = SegmentNamespace(Namespace(np))
    (v, x), (w, y) = pieces(3, 1, 2), pieces(3, 1, 2, start=0.5)
    assert np.array_equal(joined(xp.sqrt(v)), np.sqrt(x))
    assert np.array_equal(joined(xp.maximum(v, w)), np.maximum(x, y))
    assert np.array_equal(joined(xp.where(v > 2.0, w, 0.0)), np.where(x > 2.0, y, 0.0))
    assert np.array_equal(joined(xp.zeros_like(v)), np.zeros(6))
    assert np.array_equal(xp.sum(x.reshape(2, 3), axis=0), x.reshape(2, 3).sum(axis=0))
    assert xp.float64 is np.float64


def test_what_is_joined_becomes_pieces():
    xp = SegmentNamespace(Namespace(np))
    v, x = pieces(3, 1)
    found = xp.concat([v, np.zeros(2), v])
    assert [piece.size for piece in found.pieces] == [3, 1, 2, 3, 1]
    assert np.array_equal(joined(found), np.concatenate([x, np.zeros(2), x]))
    matrix = xp.concat([np.ones((2, 1)), np.zeros((2, 2))], axis=1)
    assert np.array_equal(matrix, [[1, 0, 0], [1, 0, 0]])


def test_a_layout_splits_and_joins_pieces():
    layout, xp = Layout([2, 3, 1]), SegmentNamespace(Namespace(np))
    v, whole = pieces(6, 3, 3, 1)
    for one, other in zip(layout.split(v, xp), layout.split(whole, np), strict=True):
        assert all(map(np.array_equal, one, other))
    back = layout.join(*layout.split(v, xp), xp)
    assert all(map(np.array_equal, back.pieces, v.pieces))
    on_weights = layout.on_weights(v, 2.0, xp)
    assert np.array_equal(joined(on_weights), layout.on_weights(whole, 2.0, np))


@pytest.mark.parametrize("l2", [0, 0.01])
def test_the_boundaries_are_those_of_the_layers(l2):
    backend = bpnet.get_backend("numpy", dtype="float64")
    trial = training(backend, "tanh", "quadratic", "adam", l2, SHAPE)
    graph = trace(trial.step, "float64", trial.state, (5, 3), (5, 2), (0.1, 0.2))
    assert tuple(boundaries(graph)) == ENDS
