"""Callbacks: their moments, and what all of them refuse."""

import io
import math
import signal

import numpy as np
import pytest
from _backends import parameters
from training._fits import Recorder, classifier, fit

import bpnet


def test_the_moments_of_callbacks(data):
    log = []
    fit(classifier(), data, epochs=2, callbacks=(Recorder("a ", log), Recorder("b ", log)))
    moments = ["begin", *["steps 2", "steps 1", "epoch {}"] * 2, "end"]
    moments[3], moments[6] = "epoch 1", "epoch 2"
    assert log == [f"{who} {moment}" for moment in moments for who in "ab"]


def test_callbacks_may_come_as_an_iterator(data):
    recorder = Recorder()
    fit(classifier(), data, epochs=1, callbacks=iter([recorder]))
    assert recorder.log == ["begin", "steps 2", "steps 1", "epoch 1", "end"]


def test_a_callback_may_use_the_network(data, unseen):
    seen, net = [], classifier()

    class Look(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            assert fit.net is net
            assert fit.history.rows[-1] is row
            seen.append((net.accuracy(*unseen), net.epochs, fit.first_epoch))
            net.backprop(*unseen)
            net.copy().fit(*unseen, epochs=1, batch_size=3)

    expected = classifier()
    fit(expected, data)
    fit(net, data, callbacks=[Look()])
    assert [one[1:] for one in seen] == [(1, 1), (2, 1), (3, 1)]
    assert np.array_equal(parameters(net), parameters(expected))


@pytest.mark.parametrize("moment", ["on_steps", "on_epoch_end"])
def test_a_callback_may_end_the_fit_after_its_epoch(data, moment):
    class Enough(bpnet.Callback):
        def on_steps(self, fit, steps):
            if moment == "on_steps" and fit.net.epochs == 1:
                fit.stop("enough")

        def on_epoch_end(self, fit, row):
            if moment == "on_epoch_end" and row["epoch"] == 2:
                fit.stop("enough")

    net = classifier()
    history = fit(net, data, epochs=9, callbacks=[Enough()])
    assert (history.stopped, history["epoch"], net.steps) == ("enough", [1, 2], 6)


def test_an_error_in_a_callback_comes_through_and_ends_the_fit(data, ctrl_c):
    class Broken(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            raise RuntimeError("broken")

    net, twin, recorder = classifier(), classifier(), Recorder()
    with pytest.raises(RuntimeError, match="broken"):
        fit(net, data, callbacks=[recorder, Broken()])
    fit(twin, data, epochs=1)
    assert recorder.log[-1] == "end"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert np.array_equal(parameters(net), parameters(twin))


def everyone(tmp_path):
    return [
        bpnet.EarlyStopping("train_cost"),
        bpnet.KeepBest("train_cost"),
        bpnet.ReduceOnPlateau("train_cost"),
        bpnet.HalveOnPlateau("train_cost"),
        bpnet.Budget(seconds=1000.0, steps=1000),
        bpnet.CSVLog(tmp_path / "log.csv"),
        bpnet.Progress(io.StringIO()),
    ]


def test_watching_changes_nothing(target, data, tmp_path):
    net, twin = classifier(target.backend()), classifier(target.backend())
    fit(net, data, callbacks=everyone(tmp_path))
    fit(twin, data)
    assert np.array_equal(parameters(net), parameters(twin))


@pytest.mark.parametrize("name", ["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau"])
def test_what_is_monitored_must_be_there(data, unseen, name):
    net = classifier()
    before = parameters(net)
    with pytest.raises(
        ValueError, match=f"{name} monitors 'validation_loss', but the history has epoch, train_"
    ):
        fit(
            net,
            data,
            validation=unseen,
            callbacks=[getattr(bpnet, name)(monitor="validation_loss")],
        )
    with pytest.raises(ValueError, match=r"give fit validation=\(x, y\) for validation's"):
        fit(net, data, callbacks=[getattr(bpnet, name)()])
    assert np.array_equal(parameters(net), before)


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("EarlyStopping", {"patience": 0}, ValueError, "patience must be at least 1, not 0"),
        ("EarlyStopping", {"patience": 1.5}, TypeError, "patience must be an integer, not 1.5"),
        (
            "EarlyStopping",
            {"min_delta": -1},
            ValueError,
            "min_delta must be at least 0 .*, not -1",
        ),
        (
            "EarlyStopping",
            {"min_delta": math.nan},
            ValueError,
            "min_delta must be .*, not nan",
        ),
        ("EarlyStopping", {"min_delta": "a"}, TypeError, "min_delta must be a number, not 'a'"),
        ("EarlyStopping", {"mode": "mni"}, ValueError, "unknown mode 'mni': did you mean 'min'"),
        ("KeepBest", {"mode": "up"}, ValueError, "unknown mode 'up': known are min, max"),
        (
            "ReduceOnPlateau",
            {"factor": 1.0},
            ValueError,
            "factor must be greater than 0 and less than 1, not 1",
        ),
        ("ReduceOnPlateau", {"factor": 0.0}, ValueError, "factor must be greater than 0 .*, not 0"),
        ("ReduceOnPlateau", {"patience": -1}, ValueError, "patience must be at least 0, not -1"),
        ("ReduceOnPlateau", {"cooldown": -1}, ValueError, "cooldown must be at least 0, not -1"),
        (
            "ReduceOnPlateau",
            {"min_rate": -0.1},
            ValueError,
            "min_rate must be at least 0 .*, not -0",
        ),
        ("ReduceOnPlateau", {"mode": ""}, ValueError, "unknown mode ''"),
        ("HalveOnPlateau", {"patience": 0}, ValueError, "patience must be at least 1, not 0"),
        ("HalveOnPlateau", {"lowest": 1.0}, ValueError, "lowest must be greater .* than 1, not 1"),
        ("Budget", {}, ValueError, "a budget needs seconds, steps or both"),
        ("Budget", {"seconds": 0}, ValueError, "seconds must be greater than 0 and finite, not 0"),
        ("Budget", {"seconds": math.inf}, ValueError, "seconds must be .* finite, not inf"),
        ("Budget", {"steps": 0}, ValueError, "steps must be at least 1, not 0"),
        ("Budget", {"steps": 2.0}, TypeError, "steps must be an integer, not 2.0"),
    ],
)
def test_settings_out_of_range(name, options, error, words):
    with pytest.raises(error, match=words):
        getattr(bpnet, name)(**options)
