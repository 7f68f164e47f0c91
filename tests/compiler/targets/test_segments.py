"""A vector as its pieces: what it gives is what the whole vector gives, or it raises."""

import operator

import numpy as np
import pytest

from bpnet.backends import Namespace
from bpnet.compiler.targets.segments import ELEMENTWISE, SegmentNamespace, Segments
from bpnet.model.layout import Layout


def pieces(*lengths, start=1.0):
    """Consecutive numbers in pieces, and in one array."""
    whole = np.arange(start, start + sum(lengths))
    return Segments(np.split(whole, np.cumsum(lengths)[:-1])), whole


def joined(v):
    return np.concatenate(v.pieces) if isinstance(v, Segments) else v


def lengths(v):
    return [piece.size for piece in v.pieces]


def test_it_is_described_like_a_vector():
    v, whole = pieces(3, 1, 2)
    assert (v.shape, v.ndim, v.size, v.dtype) == (whole.shape, 1, 6, whole.dtype)
    assert v.ends == (0, 3, 4, 6)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (slice(None), [3, 1, 2]),
        (slice(0, 4), [3, 1]),
        (slice(3, 6), [1, 2]),
        (slice(-3, None), [1, 2]),
        (slice(1, 5), [2, 1, 1]),
        (slice(2, 4), [1, 1]),
    ],
)
def test_a_slice_over_several_pieces_is_pieces(part, expected):
    v, whole = pieces(3, 1, 2)
    assert np.array_equal(joined(v[part]), whole[part])
    assert lengths(v[part]) == expected


@pytest.mark.parametrize("part", [slice(None, 3), slice(3, 4), slice(4, None), slice(4, 100)])
def test_a_slice_of_one_piece_is_that_piece(part):
    v, whole = pieces(3, 1, 2)
    assert any(v[part] is piece for piece in v.pieces)
    assert np.array_equal(v[part], whole[part])


@pytest.mark.parametrize("part", [slice(1, 3), slice(0, 2), slice(5, 6), slice(4, 4), slice(5, 2)])
def test_a_slice_within_a_piece_is_an_array(part):
    v, whole = pieces(3, 1, 2)
    assert isinstance(v[part], np.ndarray)
    assert np.array_equal(v[part], whole[part])


@pytest.mark.parametrize("part", [slice(None, None, 2), slice(None, None, -1)])
def test_a_slice_with_a_stride_is_refused(part):
    with pytest.raises(TypeError, match="cannot be sliced with stride"):
        pieces(3, 1, 2)[0][part]


def test_it_is_cut_at_further_places():
    v, whole = pieces(3, 1, 2)
    assert lengths(v.cut((0, 2, 3, 5))) == [2, 1, 1, 1, 1]
    assert np.array_equal(joined(v.cut((0, 2, 3, 5))), whole)
    assert all(map(operator.is_, v.cut((4,)).pieces, v.pieces))


@pytest.mark.parametrize("ends", [(0, 6), (0, 2, 6), (0, 4, 6), (0, 3, 4, 6), (0, 3, 4, 5, 6)])
def test_pieces_are_joined_to_end_where_they_are_to(ends):
    v, whole = pieces(3, 1, 2)
    found = v.joined(ends, np.concatenate)
    assert found.ends == ends
    assert np.array_equal(joined(found), whole)


FUNCTIONS = [
    *(operator.add, operator.sub, operator.mul, operator.truediv),
    *(operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_arithmetic_goes_piece_by_piece(function):
    (v, x), (w, y) = pieces(3, 1, 2), pieces(3, 1, 2, start=0.5)
    for left, right, expected in (
        (v, w, function(x, y)),
        (v, 3.0, function(x, 3.0)),
        (3.0, v, function(3.0, x)),
        (v, np.asarray(3.0), function(x, 3.0)),
        (v, np.asarray([3.0]), function(x, 3.0)),
        (v, Segments([np.asarray([3.0])]), function(x, 3.0)),
    ):
        found = function(left, right)
        assert lengths(found) == [3, 1, 2]
        assert np.array_equal(joined(found), expected)


def test_so_does_what_has_one_argument():
    v, x = pieces(3, 1, 2, start=-2.5)
    assert np.array_equal(joined(-v), -x)
    assert np.array_equal(joined(abs(v)), abs(x))
    assert np.array_equal(joined(v**2), x**2)


def test_vectors_of_different_pieces_are_cut_alike():
    (v, x), (w, y) = pieces(3, 1, 2), pieces(1, 3, 2, start=0.5)
    assert lengths(v + w) == [1, 2, 1, 2]
    assert np.array_equal(joined(v + w), x + y)
    assert lengths(v * Segments([y])) == [3, 1, 2]
    xp = SegmentNamespace(Namespace(np))
    assert np.array_equal(joined(xp.where(v > 2.0, y, w)), np.where(x > 2.0, y, y))
    assert lengths(xp.maximum(y, v)) == [3, 1, 2]


@pytest.mark.parametrize(
    "other", [np.ones(3), np.ones((1, 6)), np.ones((6, 6)), Segments([np.ones(3), np.ones(2)])]
)
def test_a_vector_of_another_length_is_refused(other):
    v, _ = pieces(3, 1, 2)
    with pytest.raises(TypeError, match=r"a vector in pieces meets another shape: .*\(6,\)"):
        operator.add(v, Segments([other]) if other.shape == (3,) else other)


# ------------------------------------------------------------------ the namespace


def test_the_namespace_takes_both():
    xp = SegmentNamespace(Namespace(np))
    (v, x), (w, y) = pieces(3, 1, 2), pieces(3, 1, 2, start=0.5)
    assert np.array_equal(joined(xp.sqrt(v)), np.sqrt(x))
    assert np.array_equal(joined(xp.maximum(v, w)), np.maximum(x, y))
    assert np.array_equal(joined(xp.where(v > 2.0, w, 0.0)), np.where(x > 2.0, y, 0.0))
    assert np.array_equal(joined(xp.clip(v, 2.0, 4.0)), np.clip(x, 2.0, 4.0))
    assert np.array_equal(joined(xp.zeros_like(v)), np.zeros(6))
    assert joined(xp.astype(v, np.float32)).dtype == np.float32
    assert np.array_equal(xp.sum(x.reshape(2, 3), axis=0), x.reshape(2, 3).sum(axis=0))
    assert xp.float64 is np.float64


@pytest.mark.parametrize(
    "call",
    [
        lambda xp, v: xp.sum(v),
        lambda xp, v: xp.mean(v, axis=0),
        lambda xp, v: xp.cumulative_sum(v),
        lambda xp, v: xp.flip(v),
        lambda xp, v: xp.sort(v),
        lambda xp, v: xp.roll(v, 1),
        lambda xp, v: xp.matmul(v, v),
        lambda xp, v: xp.all(v > 0.0),
        lambda xp, v: xp.linalg.vector_norm(v),
        lambda xp, v: xp.add(1.0, x2=v),
    ],
)
def test_what_is_not_elementwise_is_refused(call):
    """Done piece by piece it would give something else."""
    with pytest.raises((TypeError, AttributeError)):
        call(SegmentNamespace(Namespace(np)), pieces(3, 1, 2)[0])


def test_what_is_called_elementwise_is():
    """Functions of NumPy that depend on the same places alone, on floats or truth values."""
    rng = np.random.default_rng(0)
    others = {"erf", "sigmoid", "quick_sigmoid", "astype", "clip", "full_like", "where"}
    for name in ELEMENTWISE - others:
        function = getattr(np, name)
        count = getattr(function, "nin", 1)
        given = [rng.uniform(0.1, 0.9, 6) for _ in range(count)]
        if name == "acosh":
            given = [1.0 + given[0]]
        v = [Segments([one[:4], one[4:]]) for one in given]
        found = getattr(SegmentNamespace(np), name)(*v)
        assert np.array_equal(joined(found), function(*given)), name


def test_pieces_are_joined_for_another_shape():
    xp = SegmentNamespace(Namespace(np))
    v, x = pieces(3, 1, 2)
    assert xp.reshape(v, (-1,)) is v
    assert xp.reshape(v, (6,)) is v
    assert np.array_equal(xp.reshape(v, (2, 3)), x.reshape(2, 3))
    assert np.array_equal(xp.reshape(Segments([x]), (3, -1)), x.reshape(3, 2))
    assert xp.reshape(x, (2, 3)).shape == (2, 3)


def test_what_is_joined_becomes_pieces():
    xp = SegmentNamespace(Namespace(np))
    v, x = pieces(3, 1)
    found = xp.concat([v, np.zeros(2), np.zeros(0), v])
    assert lengths(found) == [3, 1, 2, 3, 1]
    assert np.array_equal(joined(found), np.concatenate([x, np.zeros(2), x]))
    assert lengths(xp.concat([np.zeros(0), np.zeros(0)])) == [0]
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


def test_vecdot_is_the_sum_over_pieces():
    (v, whole), (w, other) = pieces(3, 1, 2), pieces(2, 4, start=5.0)
    xp = SegmentNamespace(Namespace(np))
    for pair in ((v, v), (v, w), (v, other), (whole, w), (whole, other)):
        assert xp.vecdot(*pair) == np.dot(*map(joined, pair))
