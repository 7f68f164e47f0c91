"""Values, counts and names in the sentences of messages."""

import numpy as np
import pytest

from bpnet._lib.wording import count, described, listing, shortened, shown


@pytest.mark.parametrize("longest", [4, 5, 80])
def test_text_is_shortened_in_the_middle(longest):
    text = "".join(map(str, range(1000)))
    found = shortened(text, longest)
    assert len(found) == longest
    first, last = found.split("...")
    assert text.startswith(first)
    assert text.endswith(last)
    assert shortened(text[:longest], longest) == text[:longest]


VALUES = {"text": "a" * 10**6, "lists": [list(range(10**4))] * 99, "integer": 10**5000}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_is_shown_in_few_characters(value):
    assert 0 < len(shown(value)) <= 400


def test_an_array_is_described_by_its_shape():
    assert described(np.zeros((3, 2))) == "an array of shape (3, 2)"
    assert described(np.float64(1.5)) == repr(np.float64(1.5))


def test_counts_and_lists():
    assert [count(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert listing(["a", 1]) == "'a', 1"
    assert listing(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
