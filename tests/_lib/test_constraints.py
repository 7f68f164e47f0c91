"""What each constraint makes of a value, and what it says of one that it refuses."""

import math
from fractions import Fraction

import numpy as np
import pytest

from bpnet._lib.constraints import Boolean, Choice, Each, Function, Integer, Number, Text


def refused(constraint, value, error):
    with pytest.raises(error) as caught:
        constraint("it", value)
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float16(0.5),
        np.float64(0.5),
        np.longdouble(0.5),
        np.asarray(0.5, "f4"),
        np.asarray(0.5, ">f8"),
        Fraction(1, 2),
    ],
    ids=repr,
)
def test_numbers_are_python_floats(value):
    found = Number()("it", value)
    assert type(found) is float
    assert found == 0.5


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.asarray(3)], ids=repr)
def test_integers_are_python_ints_and_do_for_numbers(value):
    assert type(Integer()("it", value)) is int
    assert Integer()("it", value) == 3
    assert type(Number()("it", value)) is float
    assert Number()("it", value) == 3.0


def test_arrays_without_dimensions_of_every_library(target):
    backend = target.backend()
    with backend.scope():
        array = backend.from_host(np.asarray([0.5, 0.25]), "float64")
        assert Number()("it", array[0]) == 0.5
        assert "not an array of shape (2,)" in refused(Number(), array, TypeError)
        assert "must be a number" in refused(Number(), array[0] > 0.0, TypeError)
        assert "must be an integer" in refused(Integer(), array[0], TypeError)
        assert "must be an integer" in refused(Integer(), array[0] > 0.0, TypeError)


@pytest.mark.parametrize(
    "value",
    ["0.5", b"1", np.str_("1"), None, True, np.True_, 1j, np.complex64(1), [1], {}, max, int],
    ids=repr,
)
@pytest.mark.parametrize("constraint", [Number(), Integer(), Number(0, 1), Integer(1)])
def test_what_is_no_number_is_named(constraint, value):
    assert repr(value) in refused(constraint, value, TypeError)


@pytest.mark.parametrize("shape", [(1,), (3,), (1, 1)])
def test_arrays_are_refused_however_small(shape):
    for constraint, what in ((Number(), "a number"), (Integer(), "an integer")):
        said = refused(constraint, np.ones(shape, int), TypeError)
        assert said == f"it must be {what}, not an array of shape {shape}"


@pytest.mark.parametrize(
    ("constraint", "allowed", "refusals", "limits"),
    [
        (Number(), (-1e300, 0, 1e300), (), "finite"),
        (Number(0), (0, 5), (-1, -1e-300), "at least 0 and finite"),
        (Number(0, 1), (0, 0.999), (-0.5, 1, 2), "at least 0 and less than 1"),
        (Number(0, 1, closed="right"), (1e-300, 1), (0, 1.5), "greater than 0 and at most 1"),
        (Number(0, 1, closed="both"), (0, 1), (-0.5, 1.5), "at least 0 and at most 1"),
        (Number(0, 1, closed="neither"), (0.5,), (0, 1), "greater than 0 and less than 1"),
        (Number(0, closed="neither"), (1e-300,), (0, -1), "greater than 0 and finite"),
        (Number(high=2), (-7, 1.5), (2,), "less than 2 and finite"),
    ],
)
def test_bounds_of_numbers(constraint, allowed, refusals, limits):
    for value in allowed:
        assert constraint("it", value) == value
    for value in (*refusals, math.nan, math.inf, -math.inf):
        assert refused(constraint, value, ValueError) == f"it must be {limits}, not {float(value)}"
    for value, shown in ((10**400, "inf"), (-(10**400), "-inf")):
        assert refused(constraint, value, ValueError) == f"it must be {limits}, not {shown}"


def test_infinity_only_where_it_is_allowed():
    assert Number(finite=False)("it", math.inf) == math.inf
    assert Number(0, finite=False)("it", math.inf) == math.inf
    assert (
        refused(Number(0, finite=False), -math.inf, ValueError) == "it must be at least 0, not -inf"
    )
    assert refused(Number(finite=False), math.nan, ValueError) == "it must be a number, not nan"


@pytest.mark.parametrize(
    ("constraint", "refusals", "limits"),
    [
        (Integer(1), (0, -3), "at least 1"),
        (Integer(high=5), (6,), "at most 5"),
        (Integer(1, 5), (0, 6, 10**30), "at least 1 and at most 5"),
    ],
)
def test_bounds_of_integers(constraint, refusals, limits):
    assert constraint("it", 3) == 3
    for value in refusals:
        assert refused(constraint, value, ValueError) == f"it must be {limits}, not {value}"


def test_booleans():
    for value in (True, np.True_, np.asarray(True)):
        assert Boolean()("it", value) is True
    for value in (1, 0, "yes", None, np.asarray([True])):
        assert "it must be True or False, not" in refused(Boolean(), value, TypeError)


def test_names():
    assert Choice("mean", "sum")("it", "sum") == "sum"
    assert (
        refused(Choice("mean", "sum"), "som", ValueError) == "unknown it 'som': did you mean 'sum'?"
    )
    assert Text()("it", "any") == "any"
    assert refused(Text(), 3, TypeError) == "it must be a string, not 3"


def test_functions():
    assert Function("(y, a)")("it", max) is max
    assert refused(Function("(y, a)"), 3, TypeError) == "it must be a function of (y, a), not 3"


def test_sequences_name_the_item():
    assert Each(Number())("it", np.asarray([1, 2])) == (1.0, 2.0)
    assert [type(one) for one in Each(Number())("it", [np.float32(1)])] == [float]
    assert refused(Each(Number()), [1, "2"], TypeError) == "it[1] must be a number, not '2'"
    assert refused(Each(Number()), 3, TypeError) == "it must be a sequence, not 3"
    assert refused(Each(Number()), "12", TypeError) == "it must be a sequence, not '12'"
    assert refused(Each(Number(), 2), (1, 2, 3), ValueError) == "it must have 2 items, not 3"


@pytest.mark.parametrize("kind", [Number, Integer, Boolean])
def test_none_where_it_is_allowed(kind):
    assert kind(optional=True)("it", None) is None
    assert "not None" in refused(kind(), None, TypeError)
