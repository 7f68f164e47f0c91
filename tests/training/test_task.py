"""The task of a network: decided once, by targets or when it is made, and kept."""

import pickle
import threading

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.data import ArraySource, IterableSource

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 2))
CLASSES = (X[:, :1] > 0).astype(float)
NUMBERS = 0.2 + 0.6 / (1 + np.exp(-X[:, :1]))
LABELS = (X > 0).astype(float)
ONE_HOT = np.eye(2)[(X[:, 0] > 0).astype(int)]


def sigmoids(outputs=1, **options):
    return bpnet.Network([2, 6, outputs], activations="tanh", seed=0, dtype="float64", **options)


def fit(net, x, y=None, **options):
    return net.fit(x, y, **{"epochs": 2, "batch_size": 8, **options})


KINDS = [
    (1, NUMBERS, "regression"),
    (1, CLASSES, "classification"),
    (2, LABELS, "multilabel"),
    (2, ONE_HOT, "classification"),
    (2, X / 10 + 0.5, "regression"),
]


@pytest.mark.parametrize(("outputs", "y", "task"), KINDS)
def test_a_stream_decides_as_arrays_do(target, outputs, y, task):
    histories = []
    for data in ((target.give(X), target.give(y)), (ArraySource(X, y), None)):
        net = sigmoids(outputs, backend=target.backend())
        histories.append(fit(net, *data, validation=(target.give(X), target.give(y))))
        assert net.task == task
    assert histories[0].columns == histories[1].columns
    assert ("train_r2" in histories[0].columns) == (task == "regression")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("outputs", "y", "task"), KINDS)
def test_a_resumed_fit_has_the_task_of_the_checkpoint(tmp_path, outputs, y, task, streamed):
    data = (ArraySource(X, y), None) if streamed else (X, y)
    whole = sigmoids(outputs)
    fit(whole, *data, epochs=4, validation=(X, y))
    fit(sigmoids(outputs), *data, validation=(X, y), callbacks=[bpnet.Checkpoint(tmp_path)])
    net = sigmoids(outputs)
    history = fit(net, *data, epochs=4, validation=(X, y), resume=tmp_path)
    assert (net.task, len(history)) == (task, 4)
    assert np.array_equal(parameters(net), parameters(whole))
    assert bpnet.load(next(tmp_path.glob("*.safetensors"))).task == task


def test_a_checkpoint_of_another_task_is_refused(tmp_path):
    fit(sigmoids(2), X, LABELS, callbacks=[bpnet.Checkpoint(tmp_path)])
    net = sigmoids(2, task="classification")
    with pytest.raises(ValueError, match=r"its task is 'multilabel', here it is 'classification'"):
        fit(net, X, LABELS, epochs=4, resume=tmp_path)
    assert (net.task, net.epochs) == ("classification", 0)


def from_file(net, folder):
    net.save(folder / "model.safetensors")
    return bpnet.load(folder / "model.safetensors")


@pytest.mark.parametrize(
    "keep",
    [
        lambda net, folder: net,
        lambda net, folder: net.copy(),
        lambda net, folder: net.to(dtype="float32"),
        lambda net, folder: pickle.loads(pickle.dumps(net)),
        from_file,
    ],
    ids=["same", "copy", "to", "pickle", "file"],
)  # fmt: skip
def test_what_was_decided_is_kept_and_what_was_not_stays_open(keep, tmp_path):
    net = sigmoids()
    open_still = keep(net, tmp_path)
    fit(open_still, X, NUMBERS)
    assert open_still.task == "regression"
    net = sigmoids()
    net.step(X, NUMBERS)
    kept = keep(net, tmp_path)
    assert kept.task == "regression"
    for _ in range(2):
        kept.step(X, CLASSES)
        assert kept.task == "regression"
    assert "train_r2" in fit(kept, X, CLASSES).columns
    assert "train_r2" in fit(kept, ArraySource(X, CLASSES)).columns
    given = keep(sigmoids(task="classification"), tmp_path)
    fit(given, X, NUMBERS)
    assert given.task == "classification"


def test_settings_are_checked_against_the_task_that_the_targets_decide(tmp_path):
    for data in ((X, NUMBERS), (ArraySource(X, NUMBERS), None)):
        net = sigmoids()
        with pytest.raises(
            ValueError, match=r"label_smoothing is for .*, and the task is regression"
        ):
            fit(net, *data, label_smoothing=0.1)
        with pytest.raises(
            ValueError, match=r"f1 is for classification, and the task is regression"
        ):
            fit(net, *data, metrics=["f1"])
        with pytest.raises(ValueError, match="EarlyStopping monitors 'train_accuracy'"):
            fit(net, *data, callbacks=[bpnet.EarlyStopping("train_accuracy")])
        assert (net.task, net.epochs) == ("classification", 0)
        fit(net, *data, metrics=["mae"], callbacks=[bpnet.EarlyStopping("train_mae")])
        assert net.task == "regression"
        with pytest.raises(
            ValueError, match=r"label_smoothing is for .*, and the task is regression"
        ):
            net.step(X, NUMBERS, label_smoothing=0.1)
    net = sigmoids()
    with pytest.raises(ValueError, match=r"label_smoothing is for classification"):
        net.step(X, NUMBERS, label_smoothing=0.1)
    fit(net, X, CLASSES, label_smoothing=0.1)
    assert net.task == "classification"


def test_targets_that_are_refused_decide_nothing():
    damaged = NUMBERS.copy()
    damaged[3] = np.nan
    for data in ((X, damaged), (ArraySource(X, damaged), None)):
        net = sigmoids()
        with pytest.raises(ValueError, match="row 3"):
            fit(net, *data)
        assert net.task == "classification"
        fit(net, X, NUMBERS)
        assert net.task == "regression"


def test_a_row_refused_in_the_first_epoch_leaves_the_task_open():
    many = 20_000
    x, y = np.zeros((many, 2)), np.full((many, 1), 0.5)
    y[-1] = np.inf
    net = sigmoids()
    with pytest.raises(ValueError, match=f"row {many - 1}"):
        fit(net, ArraySource(x, y), batch_size=1000)
    assert (net.task, net.steps) == ("classification", 0)


def test_later_rows_of_a_stream_that_contradict_the_first_are_refused():
    many = 20_000
    rows = np.tile([[1.0, 0.0]], (many, 1))
    rows[-5] = 1.0

    def samples():
        yield from zip(np.zeros((many, 2)), rows, strict=True)

    net = sigmoids(2)
    with pytest.raises(
        ValueError, match=rf"row {many - 5}: .* taken for classification .*'multila"
    ):
        fit(net, IterableSource(samples, many), batch_size=1000)
    net = sigmoids(2, task="multilabel")
    fit(net, IterableSource(samples, many), batch_size=1000, epochs=1)
    assert net.task == "multilabel"


def test_a_divergence_in_the_first_epoch_leaves_the_task_open():
    net = bpnet.Network([2, 1], cost="quadratic", seed=0)
    with pytest.raises(bpnet.DivergenceError):
        fit(net, X, NUMBERS, optimizer=bpnet.SGD(1e38), l2=1e3)
    assert (net.task, net.steps) == ("classification", 0)


def test_evaluating_before_the_first_fit_goes_by_the_targets_and_decides_nothing():
    net = sigmoids(2)
    rows = np.asarray(net.feedforward(X)) > 0.5
    assert net.accuracy(X, LABELS) == np.mean((rows == LABELS).all(axis=1))
    assert net.score(X, X / 10 + 0.5) < 1.0
    with pytest.raises(ValueError, match="the task is regression"):
        net.accuracy(X, X / 10 + 0.5)
    assert net.task == "classification"
    fit(net, X, ONE_HOT)
    assert net.task == "classification"


def test_lbfgs_decides_too():
    net = sigmoids(2)
    history = fit(net, X, LABELS, optimizer=bpnet.LBFGS(), metrics=["f1"])
    assert net.task == "multilabel"
    assert "train_f1" in history.columns
    with pytest.raises(ValueError, match="rmse is for regression"):
        fit(net, X, X / 10 + 0.5, optimizer=bpnet.LBFGS(), metrics=["rmse"])


def test_a_fit_that_is_refused_for_another_changes_nothing_of_its_task():
    net, seen, entered = sigmoids(), [], threading.Event()

    class Wait(bpnet.Callback):
        def on_steps(self, fit, steps):
            entered.wait(20)
            seen.append(fit.net.task)

    thread = threading.Thread(
        target=lambda: fit(net, X, NUMBERS, epochs=1, batch_size=64, callbacks=[Wait()])
    )
    thread.start()
    while net.task != "regression":
        pass
    with pytest.raises(RuntimeError, match="is being trained already"):
        fit(net, X, CLASSES)
    entered.set()
    thread.join()
    assert seen == ["regression"]
    assert net.task == "regression"
