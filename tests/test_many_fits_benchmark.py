"""The benchmark of many fits in two processes."""

from benchmarks import many_fits
from benchmarks.many_fit_seconds import fits


def test_ratios_are_those_of_each_round_and_bits_are_compared():
    rounds = [
        {"1": {"seconds": 10.0, "digest": "a"}, "2": {"seconds": 5.0, "digest": "a"}},
        {"1": {"seconds": 20.0, "digest": "a"}, "2": {"seconds": 12.0, "digest": "a"}},
        {"1": {"seconds": 4.0, "digest": "a"}, "2": {"seconds": 4.0, "digest": "a"}},
    ]
    expected = {"one": 10.0, "two": 5.0, "ratio": 0.6, "same bits": True}
    assert many_fits.summary(rounds) == expected
    rounds[1]["2"]["digest"] = "b"
    assert not many_fits.summary(rounds)["same bits"]


def test_a_call_takes_time_and_has_bits():
    found = fits("four folds", 1, 0)
    assert found["seconds"] > 0.0
    assert len(found["digest"]) == 16
