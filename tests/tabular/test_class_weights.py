"""Weights of classes by label."""

import dataclasses

import pytest

from bpnet.data import load_digits
from bpnet.tabular.class_weights import class_weights

NAMES = ("a", "b=c", "1")


@pytest.fixture(scope="module")
def named():
    return dataclasses.replace(load_digits(), classes=NAMES)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ([], None),
        ("balanced", "balanced"),
        (["balanced"], "balanced"),
        ("a=2", {0: 2.0}),
        (["b=c=0.5", "1=3"], {1: 0.5, 2: 3.0}),
        ({"a": 2, 1: 3}, {0: 2, 2: 3}),
    ],
)
def test_labels_become_indices(named, given, expected):
    assert class_weights(given, named) == expected


def test_they_are_for_classes(named):
    numbers = dataclasses.replace(named, task="regression", classes=None)
    assert class_weights(None, numbers) is None
    for task in ("regression", "multilabel"):
        other = dataclasses.replace(named, task=task)
        with pytest.raises(ValueError, match=f"is for classification, and the task is {task}"):
            class_weights("balanced", other)
