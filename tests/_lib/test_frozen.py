"""Objects whose fields are given once."""

import pytest

from bpnet._lib.frozen import Frozen


class Point(Frozen):
    x: float
    y: float = 0.0


@pytest.mark.parametrize(
    ("fails", "error", "words"),
    [
        (lambda: Point(1, 2, 3), TypeError, "Point takes 2 arguments, 3 were given"),
        (lambda: Point(), TypeError, "Point needs 'x'"),
        (lambda: Point(1, z=2), TypeError, "Point has no argument 'z'; it has x, y"),
        (lambda: Point(1, x=2), TypeError, "Point was given 'x' twice"),
        (lambda: setattr(Point(1), "y", 2), AttributeError, r"replaced\(y=...\) makes a changed"),
        (lambda: delattr(Point(1), "y"), AttributeError, "Point cannot be changed"),
    ],
)
def test_what_is_refused(fails, error, words):
    with pytest.raises(error, match=words):
        fails()


def test_a_changed_copy():
    one = Point(1)
    assert one.replaced(y=2) == Point(1, 2)
    assert one == Point(1)


def test_arrays_of_other_libraries_compare_entry_by_entry(target):
    class Holder(Frozen):
        array: object

    one, same, other = (target.give([1.0, 2.0, last]) for last in (3.0, 3.0, 4.0))
    assert Holder(one) == Holder(same)
    assert Holder(one) != Holder(other)
