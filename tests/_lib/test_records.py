"""Constraints of mappings: what is missing, of another kind or nested too deep is named."""

import re

import numpy as np
import pytest

from bpnet._lib.constraints import Each, Integer, Text
from bpnet._lib.records import Json, MapOf, Record
from bpnet._lib.wording import shown

NESTED = Record({"a": Integer(0), "b": Record({"c": Each(Integer(1))})}, {"d": Text()})


def test_values_are_converted_and_others_kept():
    given = {"a": np.int64(3), "b": {"c": [1, 2]}, "more": [None]}
    found = NESTED("", given)
    assert found == {"a": 3, "b": {"c": (1, 2)}, "more": [None]}
    assert type(found["a"]) is int
    assert type(given["a"]) is np.int64, "what was given is as it was"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"b": {"c": []}}, ValueError, "a is missing"),
        ({"a": 1, "b": {}}, ValueError, "b.c is missing"),
        ({"a": -1, "b": {"c": []}}, ValueError, "a must be at least 0, not -1"),
        ({"a": 1, "b": {"c": [2, 0]}}, ValueError, "b.c[1] must be at least 1, not 0"),
        ({"a": 1, "b": [3]}, TypeError, "b must be a mapping of keys to values, not [3]"),
        ({"a": 1, "b": {"c": []}, "d": 4}, TypeError, "d must be a string, not 4"),
        (None, TypeError, "it must be a mapping of keys to values, not None"),
    ],
)
def test_what_is_wrong_is_named(value, error, message):
    with pytest.raises(error, match=re.escape(message)):
        NESTED("", value)


def test_the_place_begins_with_what_holds_it():
    with pytest.raises(ValueError, match=r"^network\.b\.c is missing$"):
        NESTED("network", {"a": 1, "b": {}})
    with pytest.raises(TypeError, match=r"^it\.x must be an integer, not 'y'$"):
        MapOf(Integer())("it", {"w": 1, "x": "y"})


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "text", [], {}, [{"a": (1, [None])}]])
def test_what_json_can_say(value):
    assert Json()("it", value) is value


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (
            [1, {"a": {2}}],
            TypeError,
            "it[1].a must be None, True, False, a number, text, a list or a dictionary, not {2}",
        ),
        ({"a": np.ones(2)}, TypeError, "it.a must be None, True, False, a number"),
        ({3: 4}, TypeError, "it has the key 3: JSON has only text as keys"),
        ([float("nan")], ValueError, "it[0] is nan, which JSON cannot hold: use None or a number"),
        ({"a": "\ud800"}, ValueError, "it.a holds half a surrogate pair"),
        ({"\ud800": 1}, ValueError, "it holds half a surrogate pair"),
    ],
)
def test_what_json_cannot_say(value, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Json()("it", value)


def test_infinity_where_it_is_allowed():
    value = [float("inf"), float("nan")]
    assert Json(finite=False)("it", value) is value


def test_what_is_nested_too_deep():
    value = []
    for _ in range(100):
        value = [value]
    assert Json()("it", value) is value
    with pytest.raises(ValueError, match=r"^it\[0\] is nested more than 100 levels deep$|^it"):
        Json()("it", [value])
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="more than 100 levels"):
        Json()("it", value)


def test_long_values_are_shortened_in_messages():
    for value in ("x" * 10_000, list(range(10_000)), 10**4000, {"a": ["b" * 10_000] * 10_000}):
        assert len(shown(value)) <= 400
    assert shown(["a", 1.5, None]) == "['a', 1.5, None]"


def test_what_is_nested_deeply_is_named_by_its_beginning():
    deep = None
    for _ in range(200):
        deep = [{"a": deep}]
    with pytest.raises(ValueError, match=r"^it is nested more than 100 levels deep$"):
        Json()("it", deep)
