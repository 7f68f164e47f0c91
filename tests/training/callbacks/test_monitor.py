"""A monitored column that is NaN."""

import math

import numpy as np
import pytest

import bpnet

X = np.linspace(-1, 1, 20)[:, None]


def spread(y, a):
    return math.nan


@pytest.mark.parametrize(
    ("make", "who"),
    [
        (lambda folder: bpnet.EarlyStopping("validation_spread", patience=3), "EarlyStopping"),
        (lambda folder: bpnet.KeepBest("validation_spread"), "KeepBest"),
        (lambda folder: bpnet.ReduceOnPlateau("validation_spread"), "ReduceOnPlateau"),
        (lambda folder: bpnet.HalveOnPlateau("validation_spread"), "HalveOnPlateau"),
        (lambda folder: bpnet.Checkpoint(folder, best="validation_spread"), "Checkpoint"),
    ],
)
def test_nan_in_a_monitored_column_is_named_once_a_fit(make, who, tmp_path):
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    callbacks = [make(tmp_path)]
    for _ in range(2):
        with pytest.warns(
            UserWarning, match=f"{who} monitors 'validation_spread'.* nan in "
        ) as told:
            net.fit(X, X, epochs=4, validation=(X, X), metrics=[spread], callbacks=callbacks)
        assert len(told) == 1


def test_a_column_that_is_nan_at_times_still_has_a_best_epoch():
    figures = iter([0.0, math.nan, 2.0, math.nan, 1.0, 3.0])

    def error(y, a):  # the first call is before the fit
        return next(figures)

    metric = bpnet.metrics.CustomMetric(error, name="odd", lower_is_better=True)
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    best = bpnet.KeepBest("train_odd")
    with pytest.warns(UserWarning, match="'train_odd', which is nan in epoch 1"):
        net.fit(X, X, epochs=5, metrics=[metric], callbacks=[best])
    assert (best.epoch, best.figure) == (4, 1.0)


@pytest.mark.parametrize(("figure", "lower"), [(math.inf, True), (-math.inf, False)])
def test_the_worse_infinity_is_named_too(figure, lower):
    metric = bpnet.metrics.CustomMetric(lambda y, a: figure, name="odd", lower_is_better=lower)
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    stopping = bpnet.EarlyStopping("train_odd", patience=2)
    with pytest.warns(UserWarning, match=f"'train_odd', which is {figure} in epoch 1"):
        history = net.fit(X, X, epochs=9, metrics=[metric], callbacks=[stopping])
    assert (history.stopped, len(history)) == ("early", 2)
