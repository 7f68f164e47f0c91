"""The arguments of a fit: defaults, ranges, and names that are none."""

import inspect
import math

import numpy as np
import pytest
from training._fits import assert_refused, classifier, fit

import bpnet
from bpnet.training.settings import with_defaults


def test_defaults_are_those_of_fit():
    """Of `Network.fit` and of the settings of a step."""
    stated = inspect.signature(bpnet.Network.fit).parameters
    for function in (bpnet.training.StepConfig, bpnet.Network.step):
        for name, parameter in inspect.signature(function).parameters.items():
            if name in stated and parameter.default is not parameter.empty:
                assert parameter.default == stated[name].default, name


def test_an_unknown_setting_is_named(data):
    with pytest.raises(TypeError, match="'momentum'"):
        classifier().fitting(*data, epochs=1, momentum=0.9)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, not -1"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, not 1.5"),
        ({"epochs": "3"}, TypeError, "epochs must be an integer, not '3'"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, not 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer, not 2.0"),
        ({"l2": -0.1}, ValueError, "l2 must be at least 0 and finite, not -0.1"),
        ({"l2": math.nan}, ValueError, "l2 must be at least 0 and finite, not nan"),
        ({"l2": math.inf}, ValueError, "l2 must be at least 0 and finite, not inf"),
        ({"validation": (1, 2, 3)}, ValueError, r"validation must be a pair \(x, y\), not 3 items"),
        ({"validation": ([[1.0] * 5], [0])}, ValueError, "4 inputs, validation x has 5 columns"),
        (
            {"validation": ([[1.0] * 4], [0, 1])},
            ValueError,
            "validation x has 1 samples, validation y has 2",
        ),
        ({"validation": ([[1.0] * 4], [3])}, ValueError, "labels in validation y go from 3 to 3"),
    ],
)
def test_settings_out_of_range_raise_and_change_nothing(data, options, error, words):
    assert_refused(data, options, error, words)


def test_numpy_integers_will_do(data):
    assert len(fit(classifier(), data, epochs=np.int64(2), batch_size=np.uint8(9))) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("batchsize", "fit has no argument 'batchsize': did you mean 'batch_size'?"),
        ("Optimizer", "fit has no argument 'Optimizer': did you mean 'optimizer'?"),
        ("validations", "fit has no argument 'validations': did you mean 'validation'?"),
        ("xyzzy", "fit has no argument 'xyzzy'"),
    ],
)
def test_an_unknown_setting_suggests_the_one_that_was_meant(data, given, words):
    net = classifier()
    with pytest.raises(TypeError) as caught:
        net.fitting(*data, epochs=1, **{given: 1})
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("optimiser", ": did you mean 'optimizer'?"),
        ("sample_weights", ": did you mean 'sample_weight'?"),
        ("xyzzy", ""),
    ],
)
def test_an_unknown_setting_of_a_step_too(data, given, hint):
    for call in (classifier().step, lambda *_, **k: bpnet.explain(classifier(), **k)):
        with pytest.raises(TypeError) as caught:
            call(*data, **{given: 1})
        assert str(caught.value) == f"a step has no argument {given!r}{hint}"


def test_settings_that_are_given_win_over_defaults():
    defaults = {"a": 1, "b": 2}
    assert with_defaults({"b": 3}, defaults, "it") == {"a": 1, "b": 3}
    assert with_defaults({}, defaults, "it") == defaults
    assert defaults == {"a": 1, "b": 2}


@pytest.mark.parametrize("given", ["lbfgs", "L-BFGS", bpnet.LBFGS, bpnet.LBFGS()])
def test_a_step_by_lbfgs_is_refused_by_name(data, given):
    for call in (classifier().step, lambda *_, **k: bpnet.explain(classifier(), **k)):
        with pytest.raises(
            ValueError, match="L-BFGS trains on all samples at once, by `fit` alone"
        ):
            call(*data, optimizer=given)
