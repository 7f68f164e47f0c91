"""Where runs part that differ in rounding alone."""

import math

import pytest
from book.replays._programs import data

from bpnet.book.replays.departure import Departure, departure
from bpnet.book.replays.programs import Arm, Program

CALM, WILD = Arm("calm", 0.1, 0.0, 2, 6), Arm("wild", 60.0, 0.0, 2, 6)
PROGRAM = Program("small", "Small", (CALM, WILD))


def test_a_calm_run_does_not_part():
    assert departure(PROGRAM, "calm", data(), epochs=2) is None


def test_a_wild_run_parts_step_by_step():
    found = departure(PROGRAM, "wild", data(), epochs=60)
    assert (found.program, found.arm, found.per_epoch) == ("small", "wild", 5)
    levels, steps = list(found.steps), list(found.steps.values())
    assert levels[0] == 1e-12
    assert steps == sorted(steps)
    assert "small, wild: rounding grows" in str(found)
    assert f"1e-12 after {steps[0]:,}" in str(found)


def test_the_growth():
    found = Departure("small", "wild", {1e-12: 10, 1e-6: 20, 1e-3: 1810}, 5)
    assert math.isclose(found.tenfold, 200.0)
    assert str(found).endswith("an epoch has 5. A difference grows tenfold in 200 steps.")
    once = Departure("small", "wild", {1e-12: 10}, 5)
    assert once.tenfold is None
    assert str(once).endswith("apart by 1e-12 after 10 steps; an epoch has 5.")


def test_another_arm_is_refused():
    with pytest.raises(ValueError, match="no arm 'clam', did you mean 'calm'"):
        departure(PROGRAM, "clam", data())
