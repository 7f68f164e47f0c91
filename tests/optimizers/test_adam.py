"""Adam's corrections."""

import math

import pytest

import bpnet


@pytest.mark.parametrize("step", [0, 1, 10, 10_000, 10_000_000])
def test_adam_divides_by_what_the_memory_lacks(step):
    eta, epsilon = bpnet.Adam(0.5, 0.9, 0.999, 1e-8).rates(step)
    mean, square = ((1 - beta) / (1 - beta ** (step + 1)) for beta in (0.9, 0.999))
    assert eta == pytest.approx(0.5 * mean / math.sqrt(square), rel=1e-12)
    assert epsilon == pytest.approx(1e-8 / math.sqrt(square), rel=1e-12)
