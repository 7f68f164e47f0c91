"""Rows of arrays."""

from _errors import raises
from _sources import X, Y

from bpnet.data import (
    ArraySource,
)


def test_arrays_that_do_not_go_together():
    with raises("x has 150 rows, y has 149"):
        ArraySource(X, Y[1:])
    with raises("x holds object", kind=TypeError):
        ArraySource(X.astype(object), Y)
