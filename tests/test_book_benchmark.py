"""The benchmark of the book's accuracies, on small data; no time is asserted."""

import random

import numpy as np
import pytest
from book.replays._programs import data

from benchmarks import book, book_loops


def run(cost, best=False, large=False):
    return book.Run("tiny", (784, 6, 10), 3, 0.5, 12.5, "nowhere", cost, 1.0, large, best)


@pytest.mark.parametrize(
    ("cost", "large"), [("quadratic", True), ("cross-entropy", True), ("cross-entropy", False)]
)
def test_a_run_is_that_of_the_book_s_loops(cost, large):
    one, given = run(cost, large=large), data()
    counts = book.train(one, 7, given)
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002 - the book's stream
    if cost == "quadratic":
        net = book_loops.Network(one.sizes, book_loops.QuadraticCost, large=True)
        _, expected, _, _ = net.SGD(list(given[0]), 3, 10, 0.5, 0.0, given[2])
    else:
        net = book_loops.Network(one.sizes)
        if large:
            net.large_weight_initializer()
        _, expected, _, _ = net.SGD(list(given[0]), 3, 10, 0.5, 1.0, given[1])
    assert counts == expected


def test_the_record_and_its_table(capsys):
    *_, found = book.trained([run("cross-entropy", best=True)], [1, 2], data())
    record = found["tiny"]
    assert [one["seed"] for one in record["trainings"]] == [1, 2]
    assert record["percents"] == [max(one["counts"]) / 100 for one in record["trainings"]]
    assert not record["reached"]  # of 11 images, not 10,000
    line = book.table(found).splitlines()[-1]
    assert line.startswith("784-6-10  cross-entropy, eta 0.5, lambda 1, 3 epochs, best epoch")
    assert "12.50 %" in line


def test_the_accuracies_are_those_of_the_text():
    assert [one.percent for one in book.RUNS] == [
        95.42,
        96.59,
        97.92,
        98.04,
        96.48,
        96.90,
        96.57,
        96.53,
    ]


def test_both_sides_of_the_speed_are_timed():
    found = book.speed(data(), rounds=1)
    assert set(found) == {"784-30-10", "784-100-10", "784-30-30-10"}
    assert all(value > 0.0 for one in found.values() for value in one.values())
