"""Single samples become rows."""

import pytest
from _errors import raises

from bpnet.data import (
    IterableSource,
    SequenceSource,
)


@pytest.mark.parametrize(
    ("bad", "words", "kind"),
    [
        (5, ("mine, row 3: a int, expected a pair",), TypeError),
        ((1, 2, 3), ("mine, row 3: a tuple of 3, expected a pair",), TypeError),
        (([0.0], 1), ("mine, row 3: x has 1 values, others 2",), ValueError),
        (([0.0, "a"], 1), ("mine, row 3: x holds text, such as 'a'",), TypeError),
        (
            ([0.0, 1.0], "a"),
            ("mine, row 3: y is text, 'a'", "integers from 0 on", "net.classes"),
            TypeError,
        ),
        (([0.0, 1.0], [1]), ("mine, row 3: y has shape (1,), others ()",), ValueError),
    ],
)
@pytest.mark.parametrize(
    "make", [SequenceSource, lambda d, name: IterableSource(lambda: d, 6, name)]
)
def test_samples_that_are_none(bad, words, kind, make):
    data = [([0.0, 1.0], 1)] * 6
    data[3] = bad
    with raises(*words, kind=kind):
        make(data, name="mine").read(0, 6)
