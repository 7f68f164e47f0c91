"""Places in buffers: which bytes a view shows."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from bpnet.compiler.ir import Node
from bpnet.compiler.layout import Buffer, Layout, Place

NODE = Node("tanh", (), (), "float64")


def span(shape, path, role="work", moving=False, dtype="float32"):
    buffer = Buffer(0, shape, np.dtype(dtype), role, moving)
    return Layout((buffer,), {NODE: Place(0, tuple(path))}, {}, ()).span(NODE)


def bytes_of(array, base):
    """From which byte of a buffer to which an array lies."""
    low, high = np.lib.array_utils.byte_bounds(array)
    start, _ = np.lib.array_utils.byte_bounds(base)
    return low - start, high - start


def keys(n, start):
    return [slice(None), slice(start, n), slice(0, start + 1), slice(None, None, -1)]


@st.composite
def views(draw):
    """A buffer's shape, and some views one after another."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=2)))
    array, path = np.empty(shape, np.float32), []
    for _ in range(draw(st.integers(0, 4))):
        op = draw(st.sampled_from(["transpose", "slice", "reshape"]))
        if op == "reshape":
            if not array.flags.c_contiguous:
                continue
            option = draw(st.sampled_from([(array.size,), (1, array.size), (array.size, 1)]))
            array = array.reshape(option)
        elif op == "transpose":
            option, array = None, array.T
        else:
            option = tuple(
                draw(st.sampled_from(keys(n, draw(st.integers(0, n - 1))))) for n in array.shape
            )
            array = array[option]
        path.append((op, option))
    return shape, path, array


@hypothesis.given(views())
def test_a_span_is_where_numpys_view_lies(given):
    shape, path, view = given
    base = view
    while base.base is not None:
        base = base.base
    assert span(shape, path) == (0, *bytes_of(view, base))


def test_a_slice_of_leading_axes_spans_the_rest():
    assert span((4, 3), [("slice", (slice(1, 3),))]) == (0, 12, 36)


def test_what_moves_is_spanned_whole():
    assert span((4, 3), [("slice", (slice(1, 3),))], "z", moving=True) == (0, 0, 48)


@pytest.mark.parametrize("role", ["zeros", "ones"])
def test_what_no_step_writes_has_no_span(role):
    assert span((4, 3), [], role) is None


def test_what_lies_nowhere_has_no_span():
    assert Layout((), {}, {}, ()).span(NODE) is None
