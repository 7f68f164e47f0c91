"""Fit: what it records, when it stops, what it leaves behind."""

import csv
import io
import itertools
import json
import math
import os
import random
import signal
import sys
import threading
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.randomness import epoch_order

N, SIZE = 25, 10  # batches of 10, 10 and 5


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 4)), rng.integers(0, 3, N)


@pytest.fixture
def unseen():
    rng = np.random.default_rng(1)
    return rng.standard_normal((12, 4)), rng.integers(0, 3, 12)


@pytest.fixture
def single_steps_after(monkeypatch):
    """Called, it makes of each step a block of its own, with its callback after it."""
    return lambda: monkeypatch.setattr("bpnet.training.mini_batches._BLOCK", 1)


@pytest.fixture
def single_steps(single_steps_after):
    single_steps_after()


def classifier(backend=None, **options):
    options = {"cost": "log_likelihood", "seed": 4, "dtype": "float64", **options}
    return bpnet.Network([4, 6, 3], activations="tanh", backend=backend, **options)


def fit(net, data, **options):
    options = {"epochs": 3, "batch_size": SIZE, "optimizer": bpnet.SGD(0.5), **options}
    return net.fit(*data, **options)


def batches(net, n=N, size=SIZE):
    """Row numbers of each mini-batch of the network's next epoch."""
    order = epoch_order(net.seed, net.epochs, n)
    return [order[k : k + size] for k in range(0, n, size)]


def step(net, x, y, eta=0.5):
    """One step of gradient descent by hand."""
    found = net.backprop(x, y)
    net.set_parameters(
        [w - eta * g for w, g in zip(net.weights, found.weights, strict=True)],
        [b - eta * g for b, g in zip(net.biases, found.biases, strict=True)],
    )


class Recorder(bpnet.Callback):
    """Every moment, and the parameters after each epoch."""

    def __init__(self, name="", log=None):
        self.name, self.log, self.after = name, [] if log is None else log, {}

    def on_fit_begin(self, fit):
        self.log.append(f"{self.name}begin")

    def on_steps(self, fit, steps):
        self.log.append(f"{self.name}steps {steps}")

    def on_epoch_end(self, fit, row):
        self.log.append(f"{self.name}epoch {row['epoch']}")
        self.after[row["epoch"]] = parameters(fit.net)

    def on_fit_end(self, fit):
        self.log.append(f"{self.name}end")


# ------------------------------------------------------------------ the history


def test_columns(data, unseen):
    plain = fit(classifier(), data)
    judged = fit(classifier(), data, validation=unseen)
    values = bpnet.Network([4, 2, 1], cost="huber", seed=0)
    regressed = fit(values, (data[0], data[0][:, :1]), validation=(unseen[0], unseen[0][:, :1]))
    assert plain.columns == ("epoch", "train_cost", "train_accuracy", "seconds")
    costs, accuracies = ("train_cost", "validation_cost"), ("train_accuracy", "validation_accuracy")
    assert judged.columns == ("epoch", *costs, *accuracies, "seconds")
    assert regressed.columns == ("epoch", *costs, "train_r2", "validation_r2", "seconds")
    assert plain["epoch"] == [1, 2, 3]
    assert all(type(row["epoch"]) is int for row in judged)
    assert all(type(v) is float for row in judged for k, v in row.items() if k != "epoch")
    assert all(seconds >= 0 for seconds in judged["seconds"])
    assert plain.stopped == "completed"
    assert plain.best_epoch is None
    assert len(plain) == 3


def test_training_figures_are_means_over_samples_of_the_epochs_own_batches(data):
    (x, y), net, twin = data, classifier(), classifier()
    cost, right = 0.0, 0
    for rows in batches(twin):
        assert len(rows) in (10, 5)
        cost += twin.total_cost(x[rows], y[rows]) * len(rows)
        right += int((twin.predict(x[rows]) == y[rows]).sum())
        step(twin, x[rows], y[rows])
    history = fit(net, data, epochs=1)
    assert history["train_cost"] == pytest.approx([cost / N], rel=1e-13)
    assert history["train_accuracy"] == [right / N]
    assert relative(parameters(net), parameters(twin)) < 1e-13


def test_training_r2_is_of_the_epochs_own_predictions():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((N, 4)), rng.standard_normal((N, 2))
    net, twin = (bpnet.Network([4, 3, 2], cost="huber", dtype="float64", seed=1) for _ in range(2))
    predicted = np.empty_like(y)
    for rows in batches(twin):
        predicted[rows] = twin.predict(x[rows])
        step(twin, x[rows], y[rows])
    unexplained = ((y - predicted) ** 2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    history = fit(net, (x, y), epochs=1)
    assert history["train_r2"] == pytest.approx([1 - unexplained.mean()], rel=1e-12)


def test_evaluate_training_judges_after_the_epoch(target, data):
    net = classifier(target.backend())

    class Judge(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            assert row["train_cost"] == pytest.approx(fit.net.total_cost(*data), rel=1e-14)
            assert row["train_accuracy"] == fit.net.accuracy(*data)

    history = fit(net, data, evaluate_training=True, callbacks=[Judge()])
    assert len(history) == 3


def test_validation_is_judged_after_each_epoch(target, data, unseen):
    net = classifier(target.backend())

    class Judge(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            cost = fit.net.total_cost(*unseen)
            assert row["validation_cost"] == pytest.approx(cost, rel=1e-14)
            assert row["validation_accuracy"] == fit.net.accuracy(*unseen)

    given = tuple(target.give(part) for part in unseen)
    assert len(fit(net, data, validation=given, callbacks=[Judge()])) == 3


def test_evaluation_in_parts_is_evaluation_at_once(data, monkeypatch):
    net = classifier()
    whole = net.total_cost(*data), net.accuracy(*data)
    monkeypatch.setattr("bpnet.training.scoring._CHUNK", 42)  # seven rows at a time
    assert (net.total_cost(*data), net.accuracy(*data)) == pytest.approx(whole, rel=1e-14)


def test_blocks_of_steps_do_not_show(target, data, single_steps_after):
    whole, parts = classifier(target.backend()), classifier(target.backend())
    expected = fit(whole, data, epochs=2)
    single_steps_after()
    found = fit(parts, data, epochs=2)
    assert relative(parameters(parts), parameters(whole)) < 1e-14
    assert found["train_cost"] == pytest.approx(expected["train_cost"], rel=1e-14)
    assert found["train_accuracy"] == expected["train_accuracy"]


def test_history_files(data, unseen, tmp_path):
    history = fit(classifier(), data, validation=unseen)
    history.to_csv(tmp_path / "history.csv")
    history.to_jsonl(tmp_path / "history.jsonl")
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == history.columns
    assert [{k: float(v) for k, v in row.items()} for row in rows] == list(history)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history.rows


def test_an_unknown_column_names_those_there_are(data):
    history = fit(classifier(), data)
    with pytest.raises(KeyError, match="no column 'loss': there are epoch, train_cost"):
        history["loss"]


def test_curves_are_drawn(data, unseen, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    stopping = bpnet.EarlyStopping(patience=50)
    history = fit(classifier(), data, validation=unseen, callbacks=[stopping])
    history.plot(tmp_path / "curves.svg", "a title")
    picture = (tmp_path / "curves.svg").read_text()
    assert picture.lstrip().startswith("<?xml")
    assert len(picture) > 5000


def test_without_matplotlib_the_extra_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "bpnet-xp\[plot\]"'):
        fit(classifier(), data).plot(tmp_path / "curves.png")


# ------------------------------------------------------------------ R^2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_r2_is_scikit_learns(outputs, dtype):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((40, 4)), rng.standard_normal((40, outputs)) + 100.0
    net = bpnet.Network([4, 5, outputs], cost="huber", dtype=dtype, seed=0)
    history = net.fit(x, y, epochs=4, batch_size=10, validation=(x[:7], y[:7]))
    expected = metrics.r2_score(y[:7], net.predict(x[:7]))
    assert history["validation_r2"][-1] == pytest.approx(
        expected, rel=1e-10 if dtype == "float64" else 1e-3
    )


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 1234.567])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_r2_of_a_constant_target_is_zero_or_one_by_scikit_learns_rule(value, dtype):
    """Zero where it is missed, one where it is met, and never a quotient of roundings."""
    x, y = np.linspace(-1, 1, 7)[:, None], np.full((7, 1), value)
    net = bpnet.Network([1, 1], activations=["identity"], dtype=dtype, initializer="zeros")
    options = {"epochs": 1, "batch_size": 7, "optimizer": bpnet.SGD(0.0), "validation": (x, y)}
    net.set_parameters([[[1.0]]], [[value]])
    missed = net.fit(x, y, **options)
    assert (missed["validation_r2"], missed["train_r2"]) == ([0.0], [0.0])
    net.set_parameters([[[0.0]]], [[value]])
    met = net.fit(x, y, **options)
    assert (met["validation_r2"], met["train_r2"]) == ([1.0], [1.0])


def test_r2_of_one_constant_output_among_others():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((9, 2)), rng.standard_normal((9, 2))
    y[:, 1] = 0.5
    net = bpnet.Network([2, 3, 2], cost="huber", dtype="float64", seed=0)
    history = net.fit(x, y, epochs=1, batch_size=3, validation=(x, y))
    assert history["validation_r2"] == pytest.approx([metrics.r2_score(y, net.predict(x))])


# ------------------------------------------------------------------ early stopping


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
    figures = fit(classifier(), data, **options)[monitor]
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


# ------------------------------------------------------------------ Ctrl-C


class Press(bpnet.Callback):
    """Presses Ctrl-C some times when a number of blocks of steps were done."""

    def __init__(self, ctrl_c, after_blocks, times=1):
        self.ctrl_c, self.left, self.times = ctrl_c, after_blocks, times

    def on_steps(self, fit, steps):
        self.left -= 1
        if self.left == 0:
            for _ in range(self.times):
                self.ctrl_c()


def test_ctrl_c_ends_the_fit_at_the_next_step(target, data, ctrl_c, single_steps):
    """After the first epoch and two more steps: those steps count, their epoch does not."""
    x, y = data
    net, twin = classifier(target.backend()), classifier()
    history = fit(net, data, callbacks=[Press(ctrl_c, 5)])
    fit(twin, data, epochs=1)
    for rows in batches(twin)[:2]:
        step(twin, x[rows], y[rows])
    assert history.stopped == "interrupted"
    assert history["epoch"] == [1]
    assert (net.epochs, net.steps) == (1, 5)
    assert relative(parameters(net), parameters(twin)) < 1e-12
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_training_goes_on_after_ctrl_c(target, data, ctrl_c, single_steps):
    net = classifier(target.backend())
    fit(net, data, callbacks=[Press(ctrl_c, 4)])
    again = fit(net, data, epochs=2)
    assert (again.stopped, again["epoch"]) == ("completed", [2, 3])


def test_ctrl_c_at_the_end_of_an_epoch_keeps_the_epoch(data, ctrl_c, single_steps):
    net, twin = classifier(), classifier()
    history = fit(net, data, callbacks=[Press(ctrl_c, 3)])
    fit(twin, data, epochs=1)
    assert (history.stopped, history["epoch"], net.epochs) == ("interrupted", [1], 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_ctrl_c_between_two_epochs(data, ctrl_c):
    class AfterTheFirst(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            ctrl_c()

    net, twin = classifier(), classifier()
    history = fit(net, data, callbacks=[AfterTheFirst()])
    fit(twin, data, epochs=1)
    assert (history.stopped, history["epoch"], net.epochs) == ("interrupted", [1], 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_ctrl_c_during_the_last_epochs_callbacks_is_told(data, ctrl_c):
    class AfterTheLast(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 3:
                ctrl_c()

    history = fit(classifier(), data, callbacks=[AfterTheLast()])
    assert (history.stopped, len(history)) == ("interrupted", 3)


def test_ctrl_c_is_told_where_early_stopping_stops_as_well(data, unseen, ctrl_c):
    net, recorder = classifier(), Recorder()
    callbacks = [
        recorder,
        Press(ctrl_c, 4),  # the end of the second epoch
        bpnet.EarlyStopping("train_cost", patience=1, min_delta=100.0),
    ]
    history = fit(net, data, callbacks=callbacks)
    assert (history.stopped, len(history)) == ("interrupted", 2)
    assert np.array_equal(parameters(net), recorder.after[2]), "the parameters of that moment"


def test_ctrl_c_before_the_first_step(data, ctrl_c):
    class AtOnce(bpnet.Callback):
        def on_steps(self, fit, steps):
            raise AssertionError("no step should have been done")

    net = classifier()
    before = parameters(net)
    x, y = data

    class Early(bpnet.SGD):
        def rates(self, t):
            ctrl_c()
            return super().rates(t)

    history = net.fit(x, y, epochs=1, batch_size=N, optimizer=Early(0.1), callbacks=[AtOnce()])
    assert (history.stopped, len(history), net.steps) == ("interrupted", 0, 0)
    assert np.array_equal(parameters(net), before)


def test_a_second_ctrl_c_raises_at_once(target, data, ctrl_c, single_steps):
    net, twin = classifier(target.backend()), classifier(target.backend())
    recorder = Recorder()
    optimizer = bpnet.Momentum(0.1)
    with pytest.raises(KeyboardInterrupt):
        fit(net, data, callbacks=[Press(ctrl_c, 5, times=2), recorder], optimizer=optimizer)
    fit(twin, data, epochs=1, optimizer=optimizer)
    assert (net.epochs, net.steps) == (1, 3)
    assert np.array_equal(parameters(net), parameters(twin)), "not those of the last full epoch"
    twin.reset_optimizer()
    assert recorder.log[-1] == "end"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    for one in (net, twin):
        fit(one, data, epochs=1, optimizer=optimizer)
    assert relative(parameters(net), parameters(twin)) < 1e-14, "the optimizer's memory is not new"


def test_a_real_signal_ends_a_long_epoch(ctrl_c):
    """From another thread, into a run of very many steps, which is no run through to the end."""
    steps = 400_000
    x = np.zeros((steps, 1), dtype=np.float32)
    net = bpnet.Network([1, 2, 1], cost="huber", seed=0)
    later = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))

    class Pressed(bpnet.SGD):
        def rates(self, t):
            if t == 0:
                later.start()
            return super().rates(t)

    try:
        history = net.fit(x, x, epochs=50, batch_size=1, optimizer=Pressed(0.1))
    finally:
        later.cancel()
        later.join()
    assert history.stopped == "interrupted"
    assert len(history) < 50
    assert net.steps < 50 * steps


def test_a_handler_of_ones_own_is_left_in_place(data):
    heard = []

    def handler(number, frame):
        heard.append(number)

    previous = signal.signal(signal.SIGINT, handler)
    try:
        press = Press(lambda: signal.raise_signal(signal.SIGINT), 1)
        history = fit(classifier(), data, callbacks=[press])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, previous)
    assert heard == [signal.SIGINT]
    assert (history.stopped, len(history)) == ("completed", 3)


def test_a_fit_in_another_thread_leaves_signals_alone(data, ctrl_c):
    net, found = classifier(), []
    handlers = []

    class Look(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: found.append(fit(net, data, callbacks=[Look()])))
    thread.start()
    thread.join()
    assert found[0].stopped == "completed"
    assert handlers == [signal.default_int_handler] * 3
    expected = classifier()
    fit(expected, data)
    assert np.array_equal(parameters(net), parameters(expected))


# ------------------------------------------------------------------ divergence


def first_bad_batch(net, x, y, eta):
    """The batch whose cost is first not finite, from 1, by plain steps."""
    for number, rows in enumerate(batches(net, len(x)), start=1):
        with np.errstate(all="ignore"):
            if not math.isfinite(net.total_cost(x[rows], y[rows])):
                return number
            try:
                step(net, x[rows], y[rows], eta)
            except ValueError:  # parameters that are not finite
                return number + 1
    raise AssertionError("it does not diverge")


def linear(backend=None):
    return bpnet.Network(
        [4, 6, 3],
        activations=["identity", "identity"],
        backend=backend,
        dtype="float64",
        seed=2,
    )


@pytest.mark.parametrize("eta", [1e3, 1e8, 1e30])
def test_divergence_names_the_first_bad_batch(data, eta):
    x = np.tile(data[0], (8, 1))
    batch = first_bad_batch(linear(), x, x[:, :3], eta)
    assert 2 < batch < 20
    with pytest.raises(bpnet.DivergenceError, match="learning rate") as caught:
        fit(linear(), (x, x[:, :3]), optimizer=bpnet.SGD(eta))
    assert f"in epoch 1, batch {batch} of 20, with SGD(learning_rate={eta!r})" in str(caught.value)


def test_divergence_in_the_first_epoch_leaves_the_start(target, data):
    x, y = data[0], data[0][:, :3]
    net = linear(target.backend())
    before = parameters(net)
    batch = first_bad_batch(linear(), x, y, 1e150)
    with pytest.raises(bpnet.DivergenceError, match="those before the first epoch") as caught:
        fit(net, (x, y), optimizer=bpnet.SGD(1e150))
    assert f"in epoch 1, batch {batch} of 3" in str(caught.value)
    assert len(caught.value.history) == 0
    assert (net.epochs, net.steps) == (0, 0)
    assert np.array_equal(parameters(net), before)


def test_divergence_leaves_the_last_finite_parameters_and_no_memory(target, data):
    x, y = data[0], data[0][:, :3]
    net, twin = linear(target.backend()), linear(target.backend())
    fit(net, (x, y), epochs=2, optimizer=bpnet.Momentum(0.01))
    fit(twin, (x, y), epochs=2, optimizer=bpnet.Momentum(0.01))
    with pytest.raises(bpnet.DivergenceError, match="those after epoch 2") as caught:
        fit(net, (x, y), optimizer=bpnet.Momentum(1e200))
    assert "in epoch 3, batch 2 of 3" in str(caught.value)
    assert isinstance(caught.value, ArithmeticError)
    assert np.array_equal(parameters(net), parameters(twin))
    twin.reset_optimizer()
    for one in (net, twin):
        fit(one, (x, y), epochs=1, optimizer=bpnet.Momentum(0.01))
    assert relative(parameters(net), parameters(twin)) < 1e-14


def test_divergence_keeps_the_history_of_the_epochs_before(data):
    x, y = data[0], data[0][:, :3]
    net, recorder = linear(), Recorder()

    class Rising(bpnet.SGD):
        def rates(self, t):
            return (0.01 if t < 6 else 1e200,)

    with pytest.raises(bpnet.DivergenceError, match="in epoch 3, batch 2 of 3") as caught:
        fit(net, (x, y), epochs=9, optimizer=Rising(), callbacks=[recorder])
    assert caught.value.history["epoch"] == [1, 2]
    assert np.array_equal(parameters(net), recorder.after[2])
    assert (net.epochs, net.steps) == (2, 6)
    assert recorder.log[-1] == "end"


def test_parameters_that_become_infinite_in_the_last_batch_are_found():
    net = bpnet.Network([1, 1], activations=["identity"], dtype="float64", initializer="zeros")
    with pytest.raises(
        bpnet.DivergenceError, match="a parameter became infinite in epoch 1, batch 1 of 1"
    ):
        net.fit([[1e200]], [[1e150]], epochs=1, batch_size=1, optimizer=bpnet.SGD(1.0))
    assert parameters(net).tolist() == [0.0, 0.0]


# ------------------------------------------------------------------ settings of a fit


@pytest.mark.parametrize("size", [N, N + 1, 10**9])
def test_a_batch_larger_than_the_data_is_all_of_it(data, size):
    net, whole = classifier(), classifier()
    assert len(fit(net, data, batch_size=size)) == 3
    fit(whole, data, batch_size=N)
    assert np.array_equal(parameters(net), parameters(whole))
    assert net.steps == 3


def test_no_epochs_change_nothing(data, unseen):
    net = classifier()
    before, recorder = parameters(net), Recorder()
    callbacks = [recorder, bpnet.EarlyStopping()]
    history = fit(net, data, epochs=0, validation=unseen, callbacks=callbacks)
    assert (len(history), history.stopped, history.best_epoch) == (0, "completed", None)
    assert list(history) == history["epoch"] == []
    assert np.array_equal(parameters(net), before)
    assert net.epochs == 0
    assert recorder.log == ["begin", "end"]


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.5), bpnet.Momentum(0.5)])
def test_l2_is_on_weights_only_and_not_in_the_costs(target, data, optimizer):
    plain, decayed = (classifier(target.backend(), initializer="standard_normal") for _ in "ab")
    options = {"epochs": 1, "batch_size": N, "optimizer": optimizer, "evaluate_training": False}
    (w, b), l2 = (plain.weights, plain.biases), 0.2
    histories = fit(plain, data, **options), fit(decayed, data, l2=l2, **options)
    assert histories[0]["train_cost"] == histories[1]["train_cost"]
    numpy = plain.backend.to_numpy
    for start, one, other in zip(w, plain.weights, decayed.weights, strict=True):
        assert relative(numpy(one) - numpy(other), 0.5 * l2 * numpy(start)) < 1e-12
    for one, other in zip(plain.biases, decayed.biases, strict=True):
        # The plans of the two differ in how they sum, and so in the last bits on some processors.
        assert relative(numpy(one), numpy(other)) < 1e-14
    assert any(np.abs(numpy(one)).max() > 0.1 for one in b)


def test_gradients_and_total_cost_are_of_the_cost_without_l2(data):
    net, plain = classifier(), classifier()
    fit(net, data, epochs=1, l2=10.0, optimizer=bpnet.SGD(0.0))
    assert net.total_cost(*data) == plain.total_cost(*data)
    found, expected = net.backprop(*data), plain.backprop(*data)
    assert np.array_equal(found.weights[0], expected.weights[0])


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
        ({"validation": (1, 2, 3)}, ValueError, r"validation must be \(x, y\), not 3 things"),
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
    net = classifier()
    before = parameters(net)
    with pytest.raises(error, match=words):
        fit(net, data, **options)
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (0, 0)


def test_numpy_integers_will_do(data):
    assert len(fit(classifier(), data, epochs=np.int64(2), batch_size=np.uint8(9))) == 2


# ------------------------------------------------------------------ callbacks


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


# ------------------------------------------------------------------ the progress bar


def test_the_progress_bar_tells_epochs_and_figures(data, unseen):
    file = io.StringIO()
    history = fit(classifier(), data, validation=unseen, callbacks=[bpnet.Progress(file)])
    text = file.getvalue()
    assert "epoch 3" in text
    assert "100%" in text
    assert f"cost {history['train_cost'][-1]:.3g}/" in text
    assert f"/{history['validation_accuracy'][-1]:.3g}" in text
    assert "seconds" not in text


def test_progress_is_shown_where_it_was_asked_for(data, capfd):
    fit(classifier(), data)  # standard error is no terminal here
    fit(classifier(), data, progress=False)
    assert capfd.readouterr() == ("", "")
    fit(classifier(), data, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epoch 3" in err


def test_the_bar_counts_epochs_from_where_training_stopped(data):
    net, file = classifier(), io.StringIO()
    fit(net, data)
    fit(net, data, epochs=2, callbacks=[bpnet.Progress(file)])
    assert "epoch 4" in file.getvalue()
    assert "epoch 5" in file.getvalue()


def test_the_bar_is_closed_after_an_error(data):
    file = io.StringIO()
    options = {"optimizer": bpnet.SGD(1e200), "callbacks": [bpnet.Progress(file)]}
    with pytest.raises(bpnet.DivergenceError):
        fit(linear(), (data[0], data[0][:, :3]), **options)
    assert file.getvalue().endswith("\n")


# ------------------------------------------------------------------ the task


def trained(y, net):
    x = np.random.default_rng(0).standard_normal((len(y), net.sizes[0]))
    return net.task, net.fit(x, y, epochs=1, batch_size=2).columns, net.task


ROWS = [[1, 0], [0, 1], [1, 1], [0, 0]]
REAL = [[0.25, 0.5], [0.1, 0.9], [0.3, 0.2], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("sizes", "options", "y", "task"),
    [
        ([3, 1], {}, [0, 1, 1, 0], "classification"),
        ([3, 1], {}, [True, False, True, False], "classification"),
        ([3, 1], {}, [0.0, 1.0, 1.0, 0.0], "classification"),
        ([3, 1], {}, [[0], [1], [1], [0]], "classification"),
        ([3, 1], {}, [0.3, 0.9, 0.1, 0.0], "regression"),
        ([3, 2], {}, ROWS, "classification"),
        ([3, 2], {}, REAL, "regression"),
        ([3, 4], {}, [0, 3, 1, 2], "classification"),
        ([3, 2], {"cost": "cross_entropy"}, REAL, "classification"),
        ([3, 2], {"activations": ["softmax"]}, [[0.5, 0.5]] * 4, "classification"),
        ([3, 2], {"activations": ["tanh"]}, REAL, "regression"),
        ([3, 1], {"activations": ["identity"]}, [0, 1, 2, 30], "regression"),
        ([3, 1], {"cost": "huber"}, [0, 1, 1, 0], "regression"),
        ([3, 1], {"cost": "poisson"}, [0, 1, 7, 2], "regression"),
        ([3, 1], {"task": "regression"}, [0, 1, 1, 0], "regression"),
        ([3, 2], {"task": "classification"}, REAL, "classification"),
        (
            [3, 3],
            {"activations": ["identity"], "task": "classification"},
            [0, 1, 2, 0],
            "classification",
        ),
    ],
)
def test_the_task_is_seen_from_outputs_cost_and_targets(sizes, options, y, task):
    net = bpnet.Network(sizes, seed=0, **options)
    _, columns, after = trained(y, net)
    assert after == task
    assert columns[2] == {"classification": "train_accuracy", "regression": "train_r2"}[task]


def test_real_targets_make_sigmoid_outputs_values(data):
    net = bpnet.Network([3, 1], seed=0)
    before, columns, after = trained([0.3, 0.9, 0.1, 0.0], net)
    assert (before, after) == ("classification", "regression")
    assert columns[2] == "train_r2"
    x = np.zeros((2, 3))
    assert np.array_equal(net.predict(x), net.feedforward(x)[:, 0])
    with pytest.raises(
        ValueError, match="accuracy is for classification, and the task is regression"
    ):
        net.accuracy(x, [0, 1])


def test_a_fit_that_fails_does_not_change_the_task():
    x, real = np.zeros((4, 3)), [0.3, 0.9, 0.1, 0.0]
    net = bpnet.Network([3, 1], seed=0)
    with pytest.raises(ValueError, match="validation x has 5 columns"):
        net.fit(x, real, epochs=1, batch_size=2, validation=(np.zeros((4, 5)), real))
    assert net.task == "classification"


def test_an_unknown_task_says_what_was_meant():
    with pytest.raises(ValueError, match="unknown task 'regresion': did you mean 'regression'"):
        bpnet.Network([3, 1], task="regresion")


# ------------------------------------------------------------------ what is the user's


def settings():
    """What belongs to the user and is the same for everybody: global random states, settings."""
    found = {
        "random": random.getstate(),
        "numpy.random": [str(part) for part in np.random.get_state()],  # noqa: NPY002
        "numpy": np.geterr(),
        "warnings": list(warnings.filters),
    }
    if find_spec("torch"):
        import torch

        found["torch.random"] = torch.random.get_rng_state().tolist()
        found["torch"] = (
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
        )
    if "jax" in sys.modules:
        found["jax"] = sys.modules["jax"].config.jax_enable_x64
    return found


def test_settings_and_random_states_of_the_user_are_untouched(target, data):
    net = classifier(target.backend(), seed=None)
    before = settings()
    fit(net, data, epochs=1)
    net.predict(data[0])
    assert settings() == before


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_the_user_are_untouched(order, dtype):
    rng = np.random.default_rng(0)
    x = np.asarray(rng.standard_normal((24, 4)), dtype=dtype, order=order)[::2]
    y = np.asarray(rng.uniform(0, 1, (24, 3)), dtype=dtype, order=order)[::2]
    kept = x.copy(), y.copy()
    net = bpnet.Network([4, 5, 3], activations=["identity", "identity"], dtype=dtype, seed=0)
    for one in (x, y):
        one.flags.writeable = False
    net.fit(x, y, epochs=2, batch_size=5, l2=0.1, validation=(x, y), evaluate_training=True)
    net.backprop(x, y), net.total_cost(x, y), net.predict(x)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])


def test_tensors_of_the_user_are_untouched(torch, data):
    x = torch.tensor(data[0], requires_grad=True)
    y = torch.tensor(data[1])
    kept = x.detach().clone(), y.clone()
    net = classifier("torch")
    fit(net, (x, y), epochs=1)
    assert bool((x == kept[0]).all())
    assert bool((y == kept[1]).all())
    assert x.requires_grad
    assert x.grad is None
    assert not net.feedforward(x).requires_grad


def test_what_a_fit_returns_shares_nothing_with_the_network(data):
    net = classifier()
    w = net.weights
    w[0][:] = 0.0
    assert np.abs(net.weights[0]).max() > 0
    theta = [net.weights, net.biases]
    before = parameters(net)
    fit(net, data)
    kept = np.concatenate([one.ravel() for one in itertools.chain(*theta)])
    assert np.array_equal(kept, before)
