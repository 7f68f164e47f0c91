"""Nested values packed for a file, and unpacked again."""

import json

import numpy as np
import pytest

from bpnet.training import TrainingState
from bpnet.training.packing import packed, unpacked


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        (),
        [],
        {},
        (1, (2.5, [None, "a"])),
        {"a": {"b": (1, 2)}, "array": 3, "tuple": [4]},
    ],
    ids=repr,
)
def test_values_without_arrays_come_back(value):
    arrays = {}
    text = json.dumps(packed(value, "it", arrays))
    found = unpacked(json.loads(text), arrays)
    assert not arrays
    assert found == value
    assert type(found) is type(value)


def test_arrays_are_named_by_where_they_were():
    one, two, three = np.arange(3.0), np.ones((2, 2)), np.zeros(0)
    arrays = {}
    header = packed({"a": (one, [two]), "b": three}, "it", arrays)
    assert {name: id(array) for name, array in arrays.items()} == {
        "it.a.0": id(one),
        "it.a.1.0": id(two),
        "it.b": id(three),
    }
    found = unpacked(json.loads(json.dumps(header)), arrays)
    assert found["a"][0] is one
    assert found["a"][1][0] is two
    assert found["b"] is three


def test_a_named_tuple_is_kept_by_the_names_of_its_fields():
    theta, v = np.ones(2), np.zeros(2)
    arrays = {}
    header = packed(TrainingState(theta, (v,)), "state", arrays)
    assert sorted(arrays) == ["state.memory.0", "state.theta"]
    found = unpacked(json.loads(json.dumps(header)), arrays)
    assert list(found) == list(TrainingState._fields)
    again = TrainingState(**found)
    assert again.theta is theta
    assert again.memory[0] is v
    assert again[2:] == ((), (), (), ())
