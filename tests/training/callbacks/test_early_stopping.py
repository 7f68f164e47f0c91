"""Early stopping."""

import math

import numpy as np
import pytest
from _backends import parameters
from training._fits import N, Recorder, Stub, classifier, fit, played

import bpnet


def stopped_at(figures, patience, min_delta=0.0):
    """Where a series that should fall ends, and its best place, both from 1; by the definition."""
    best, at = math.inf, 0
    for epoch, figure in enumerate(figures, start=1):
        if figure < best - min_delta:
            best, at = figure, epoch
        elif epoch - at >= patience:
            return epoch, at
    return len(figures), at


@pytest.mark.parametrize(
    ("monitor", "patience", "min_delta"),
    [
        ("validation_cost", 1, 0.0),
        ("validation_cost", 4, 0.0),
        ("validation_cost", 3, 0.01),
        ("validation_accuracy", 3, 0.0),
        ("train_accuracy", 5, 0.02),
        ("train_cost", 2, 0.05),
    ],
)
@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.8), bpnet.Adam(0.05)])
def test_early_stopping(data, unseen, monitor, patience, min_delta, optimizer):
    options = {"epochs": 60, "validation": unseen, "optimizer": optimizer}
    judged = {"evaluate_training": monitor.startswith("train")}
    figures = fit(classifier(), data, **options, **judged)[monitor]
    sign = 1 if monitor.endswith("cost") else -1
    last, best = stopped_at([sign * figure for figure in figures], patience, min_delta)
    assert 1 < last < 60, "this series shows nothing"
    recorder, net = Recorder(), classifier()
    stopping = bpnet.EarlyStopping(monitor, patience, min_delta)
    history = fit(net, data, callbacks=[recorder, stopping], **options)
    assert (history.stopped, len(history), history.best_epoch) == ("early", last, best)
    assert history[monitor] == figures[:last]
    assert np.array_equal(parameters(net), recorder.after[best])
    assert not np.array_equal(parameters(net), recorder.after[last])
    assert net.epochs == last


def test_the_best_parameters_are_restored_on_every_target(target, data, unseen):
    recorder, net = Recorder(), classifier(target.backend())
    callbacks = [recorder, bpnet.EarlyStopping(patience=3)]
    options = {"epochs": 40, "batch_size": N, "optimizer": bpnet.SGD(3.0)}
    history = fit(net, data, validation=unseen, callbacks=callbacks, **options)
    assert history.stopped == "early"
    assert np.array_equal(parameters(net), recorder.after[history.best_epoch])


def test_the_best_parameters_are_restored_after_the_last_epoch_too(data, unseen):
    recorder, net = Recorder(), classifier()
    callbacks = [recorder, bpnet.EarlyStopping(patience=1000)]
    history = fit(net, data, epochs=40, validation=unseen, callbacks=callbacks)
    best = 1 + int(np.argmin(history["validation_cost"]))
    assert (history.stopped, len(history), history.best_epoch) == ("completed", 40, best)
    assert best < 40
    assert np.array_equal(parameters(net), recorder.after[best])


def test_one_early_stopping_serves_two_fits(data, unseen):
    stopping, net = bpnet.EarlyStopping(patience=2), classifier()
    options = {"epochs": 60, "validation": unseen, "callbacks": [stopping]}
    first, second = fit(net, data, **options), fit(net, data, **options)
    assert first.stopped == second.stopped == "early"
    assert second["epoch"][0] == first["epoch"][-1] + 1
    assert second.best_epoch >= second["epoch"][0]


def test_an_unknown_monitor_raises_before_anything_changes(data, unseen):
    net, twin = classifier(), classifier()
    for one in (net, twin):
        fit(one, data, optimizer=bpnet.Momentum(0.1))
    before = parameters(net)
    for monitor, words in (("validation_loss", "validation_cost"), ("epochs", "train_cost")):
        with pytest.raises(
            ValueError, match=f"monitors '{monitor}', but the history has"
        ) as caught:
            fit(
                net,
                data,
                optimizer=bpnet.Adam(),
                validation=unseen,
                callbacks=[bpnet.EarlyStopping(monitor)],
            )
        assert words in str(caught.value)
    with pytest.raises(ValueError, match=r"give fit validation=\(x, y\)"):
        fit(net, data, optimizer=bpnet.Adam(), callbacks=[bpnet.EarlyStopping()])
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (twin.epochs, twin.steps)
    for one in (net, twin):  # the optimizer's memory is what it was
        fit(one, data, optimizer=bpnet.Momentum(0.1))
    assert np.array_equal(parameters(net), parameters(twin))


def test_settings_of_early_stopping():
    with pytest.raises(ValueError, match="patience must be at least 1, not 0"):
        bpnet.EarlyStopping(patience=0)
    with pytest.raises(ValueError, match=r"min_delta must be at least 0 and finite, not -0\.5"):
        bpnet.EarlyStopping(min_delta=-0.5)


def test_the_column_says_which_way_is_better(data):
    """A cost and a metric of which lower is better are to fall, others to rise; mode overrules."""

    def lateness(y, a):
        return calls.append(1) or float(len(calls))

    later = bpnet.metrics.CustomMetric(lateness, lower_is_better=False)
    for metric, mode, stopped in (
        (lateness, None, "completed"),
        (lateness, "min", "early"),
        (later, None, "completed"),
        (bpnet.metrics.CustomMetric(lateness, lower_is_better=True), None, "early"),
        (bpnet.metrics.CustomMetric(lateness, lower_is_better=True), "max", "completed"),
    ):
        calls = []
        stopping = bpnet.EarlyStopping("train_lateness", patience=1, mode=mode)
        history = fit(classifier(), data, epochs=4, metrics=[metric], callbacks=[stopping])
        assert (history.stopped, len(history)) == (stopped, 4 if stopped == "completed" else 2)


@pytest.mark.parametrize("patience", [1, 2])
def test_nan_is_no_improvement(patience):
    stopping, stub = bpnet.EarlyStopping("validation_cost", patience), Stub()
    stub.parameters = lambda: None
    stopping.on_fit_begin(stub)
    with pytest.warns(UserWarning, match="'validation_cost', which is nan in epoch 2"):
        played(stopping, stub, [1.0, math.nan])
    assert (stub.stopped == "early") == (patience == 1)
    played(stopping, stub, [math.nan])
    assert stub.stopped == "early"
