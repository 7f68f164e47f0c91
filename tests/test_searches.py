"""The benchmark of a grid search in two processes."""

from benchmarks import searches
from benchmarks.search_seconds import search


def test_ratios_are_those_of_each_round():
    rounds = [
        {1: {"seconds": 10.0}, 2: {"seconds": 5.0}},
        {1: {"seconds": 20.0}, 2: {"seconds": 12.0}},
        {1: {"seconds": 4.0}, 2: {"seconds": 4.0}},
    ]
    assert searches.summary(rounds) == {"seconds": {"one": 10.0, "two": 5.0, "ratio": 0.6}}


def test_a_search_takes_time_of_processors():
    found = search("bpnet", 1, 1)
    assert found["of all processors"] > 0.0
    assert found["seconds"] > 0.0
