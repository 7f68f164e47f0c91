"""Samples of an iterable, made anew for every epoch."""

import pytest
from _errors import raises

from bpnet.data import (
    IterableSource,
)


def test_an_iterable_is_made_anew_for_every_epoch_and_passed_over():
    made, closed = [], []

    def make():
        made.append(0)
        try:
            for k in range(20):
                yield [k], k
        finally:
            closed.append(0)

    rows = IterableSource(make, 20)
    for _ in range(2):
        assert rows.read(0, 8)[1].tolist() == list(range(8))
        assert rows.read(8, 20)[1].tolist() == list(range(8, 20))
    assert len(made) == len(closed) == 2  # what is left of it is closed
    assert rows.read(15, 18)[1].tolist() == [15, 16, 17]
    assert rows.read(3, 5)[1].tolist() == [3, 4]
    assert rows.name == "make"
    rows.close()
    assert len(made) == len(closed) == 4


def test_an_iterable_that_ends_or_raises():
    rows = IterableSource(lambda: (([k], k) for k in range(5)), 20, "five")
    with raises("five ended after 5 samples, 20 were promised"):
        rows.read(0, 8)
    with raises("five ended after 5 samples"):
        rows.read(8, 9)
    rows = IterableSource(lambda: (([1 / (3 - k)], k) for k in range(5)), 5, "quotients")
    with pytest.raises(ZeroDivisionError) as caught:
        rows.read(0, 5)
    assert caught.value.__notes__ == ["while reading quotients, row 3"]


def test_what_is_used_up_after_an_epoch():
    with raises("make must be a function", "generator", kind=TypeError):
        IterableSource((k for k in range(3)), 3)
    with raises("samples must be at least 1, not 0"):
        IterableSource(list, 0)
