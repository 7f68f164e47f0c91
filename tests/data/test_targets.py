"""Targets as a user gives them, on every backend and without a network."""

import numpy as np
import pytest

from bpnet import costs
from bpnet.data.targets import as_targets

QUADRATIC = costs.Quadratic()


def rows_of(target, y, width, *, task="classification", cost=QUADRATIC, m=None):
    """What `as_targets` makes of y, on the host, and whether it took labels."""
    backend, m = target.backend(), len(y) if m is None else m
    with backend.scope():
        given = target.give(np.asarray(y))
        rows, labelled = as_targets(given, m, backend=backend, width=width, task=task, cost=cost)
        assert backend.owns(rows)
        return backend.to_numpy(rows), labelled


def test_labels_become_rows(target):
    rows, labelled = rows_of(target, [2, 0, 1], 3)
    assert labelled
    np.testing.assert_array_equal(rows, np.eye(3)[[2, 0, 1]])


@pytest.mark.parametrize("y", [[1, 0, 1], [True, False, True]])
def test_two_labels_of_one_output_stay_as_they_are(target, y):
    rows, labelled = rows_of(target, y, 1)
    assert labelled
    np.testing.assert_array_equal(rows, [[1.0], [0.0], [1.0]])


def test_numbers_of_one_output_become_a_column(target):
    for y in ([0.5, 0.25], [3, 4]):
        rows, labelled = rows_of(target, y, 1, task="regression")
        assert not labelled
        np.testing.assert_array_equal(rows, np.asarray(y)[:, None])


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([0, 1], {"m": 3}, "x has 3 samples, y has 2"),
        ([[[0.0]]], {}, r"y has 3 dimensions, shape \(1, 1, 1\)"),
        ([0, 2], {}, "labels in y go from 0 to 2, but with 2 outputs they must be from 0 to 1"),
        ([0.0, 1.0], {}, "2 neurons, but y has one number.*class labels must be integers"),
        ([0, 1], {"task": "regression"}, "2 neurons, but y has one number.*are for softmax"),
        ([[0], [1]], {}, r"2 neurons, y has 1 columns; for class labels y.ravel\(\)"),
        ([[0.0, np.nan]], {}, "y is not finite everywhere: row 0, column 1 is nan"),
        (
            [[0.0, 1.5]],
            {"cost": costs.BinaryCrossEntropy()},
            "y goes from 0 to 1.5, but the cost binary_cross_entropy takes targets from 0 to 1",
        ),
        (
            [[0.0, 1.0], [0.25, 0.5]],
            {"cost": costs.CategoricalCrossEntropy()},
            "row 1 of y sums to 0.75, but the cost categorical_cross_entropy takes prob",
        ),
    ],
)
def test_what_is_refused(target, y, options, words):
    with pytest.raises(ValueError, match=words):
        rows_of(target, y, 2, **options)


def test_targets_that_are_missing(target):
    with pytest.raises(TypeError, match="y is missing: each sample in x needs a target"):
        as_targets(None, 2, backend=target.backend(), width=1, task="regression", cost=QUADRATIC)
