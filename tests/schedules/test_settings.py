"""Settings that schedules refuse, and schedules by name."""

import math
import re

import numpy as np
import pytest

from bpnet import schedules

S = schedules


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: S.Constant(-1), ["learning_rate", "at least 0", "-1"]),
        (lambda: S.Constant(math.nan), ["learning_rate", "nan"]),
        (lambda: S.StepDecay(0.1, 0), ["steps", "at least 1", "0"]),
        (lambda: S.StepDecay(0.1, 10, -0.1), ["factor", "-0.1"]),
        (lambda: S.Exponential(0.1, factor=math.inf), ["factor", "finite", "inf"]),
        (lambda: S.InverseTime(0.1, 10, -1), ["power", "-1"]),
        (lambda: S.Polynomial(0.1, 10, minimum=-0.1), ["minimum", "-0.1"]),
        (lambda: S.Cosine(math.inf, 10), ["learning_rate", "finite", "inf"]),
        (lambda: S.CosineRestarts(0.1, 10, 0), ["multiplier", "at least 1", "0"]),
        (lambda: S.OneCycle(0.1, 10, 1.0), ["warmup", "less than 1", "1"]),
        (lambda: S.OneCycle(0.1, 10, div_factor=0.5), ["div_factor", "at least 1", "0.5"]),
        (lambda: S.Warmup(0.1, -3), ["steps", "at least 1", "-3"]),
        (lambda: S.Warmup(-0.1, 3), ["schedule", "-0.1"]),
        (lambda: S.Piecewise([0.1, 0.2], []), ["0 boundaries", "1 schedules", "2 were given"]),
        (lambda: S.Piecewise([0.1, 0.2, 0.3], [5, 5]), ["boundaries must rise", "(5, 5)"]),
        (lambda: S.Piecewise([0.1, 0.2], [0]), ["boundaries must rise from above 0", "(0,)"]),
    ],
)
def test_settings_out_of_range_raise(make, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


def test_steps_are_whole_numbers():
    with pytest.raises(TypeError, match=r"steps must be an integer, not 2\.5"):
        S.Cosine(0.1, 2.5)
    assert S.Cosine(0.1, np.int64(5)).steps == 5


def test_names():
    for name, kind in S.BUILT_IN.items():
        assert kind.__name__ == name.title().replace("_", "")
    assert S.get("cosine", learning_rate=0.1, steps=5) == S.Cosine(0.1, 5)
    assert S.get(0.1) == S.Constant(0.1)
    schedule = S.Cosine(0.1, 5)
    assert S.get(schedule) is schedule
    with pytest.raises(ValueError, match="unknown schedule 'cosin': did you mean 'cosine'"):
        S.get("cosin")
    with pytest.raises(
        TypeError, match="steps cannot be given with a schedule that is made already, Cosine"
    ):
        S.get(schedule, steps=3)
    with pytest.raises(TypeError, match="Cosine needs 'steps'"):
        S.get("cosine", learning_rate=0.1)
