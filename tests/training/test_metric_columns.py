"""Metrics of epochs whose outputs are not finite, or for which they are not defined."""

import math
import warnings

import numpy as np
import pytest
from training._interrupted import broken, resumed, whole

import bpnet

X, COUNTS = [[0.0], [1.0]], [[1.0], [2.0]]


def counting(target=None):
    backend = target.backend() if target else None
    return bpnet.Network([1, 1], cost="poisson", backend=backend, dtype="float64", seed=0)


def steep(net):
    """The network with outputs of e^x."""
    net.set_parameters([[[1.0]]], [[0.0]])
    return net


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("evaluate", [False, True])
def test_infinite_predictions_make_columns_infinite_and_the_fit_goes_on(target, evaluate):
    net = steep(counting(target))
    far = target.give([[1e4], [0.0]]), target.give([[1.0], [3.0]])
    history = net.fit(
        target.give(X),
        target.give(COUNTS),
        epochs=3,
        validation=far,
        metrics=["mae", "rmse"],
        optimizer=bpnet.SGD(1e-3),
        evaluate_training=evaluate,
    )
    assert len(history) == net.epochs == 3
    for name in ("cost", "mae", "rmse"):
        assert history[f"validation_{name}"] == [math.inf] * 3
        assert np.isfinite(history[f"train_{name}"]).all()
    assert history["validation_r2"] == [-math.inf] * 3


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_outputs_that_are_no_numbers_make_every_column_nan(target):
    net = bpnet.Network(
        [2, 2, 2], activations="relu", cost="log_likelihood", backend=target.backend(), seed=0
    )
    net.set_parameters([[[1e300, 1e300], [1e300, 1]], [[1, -1], [1, 1]]], [[0, 0], [0, 0]])
    x, y = target.give([[0.0, 0.0], [0.0, 0.0]]), np.asarray([0, 1])
    names = ["log_loss", "auc", "f1", "balanced_accuracy"]
    history = net.fit(
        x, y, epochs=2, validation=(target.give([[1e300, 1.0]] * 2), y), metrics=names,
        optimizer=bpnet.SGD(0.0),
    )  # fmt: skip
    assert len(history) == 2
    for name in ("cost", "accuracy", *names):
        assert np.isnan(history[f"validation_{name}"]).all(), name


def test_a_metric_that_raises_for_later_outputs_is_nan_and_told_once():
    calls = []

    def fussy(y, a):
        calls.append(len(y))
        if len(calls) > 4:  # the first is before the fit
            raise ValueError("never below 0")
        return 1.0

    net = counting()
    with pytest.warns(UserWarning, match="train_fussy is nan .*: never below 0") as told:
        history = net.fit(X, COUNTS, epochs=9, metrics=[fussy], optimizer=bpnet.SGD(1e-3))
    assert len(told) == 1
    assert len(history) == 9
    assert math.isnan(history["train_fussy"][-1])


def test_mistakes_in_a_metric_are_not_swallowed():
    def broken(y, a):
        return y.shapes

    with pytest.raises(AttributeError, match="shapes"):
        counting().fit(X, COUNTS, epochs=2, metrics=[broken])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("outputs", "cost"), [(1, "cross_entropy"), (3, "log_likelihood")])
def test_log_loss_is_scikit_learns_in_the_history_and_alone(target, outputs, cost, dtype):
    """Outputs of exactly 0 and 1 are held to the machine precision of their own type."""
    sk = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    classes = max(outputs, 2)
    x, y = rng.normal(size=(60, 2)), rng.integers(0, classes, 60)
    net = bpnet.Network([2, outputs], cost=cost, backend=target.backend(dtype), seed=0)
    net.set_parameters([1e3 * rng.normal(size=(outputs, 2))], [np.zeros(outputs)])
    rows = y[:, None] if outputs == 1 else np.eye(classes)[y]
    given = target.give(x.astype(dtype))
    a = net.backend.to_numpy(net.feedforward(given))
    expected = sk.log_loss(y, a if outputs > 1 else a[:, 0])
    assert expected > 1.0
    assert sk.log_loss(y, net.backend.to_numpy(net.predict_proba(given))) == pytest.approx(
        expected,
        rel=1e-3,  # of one output, 1 - a has fewer digits than the probability of class 0
    )
    alone = bpnet.metrics.LogLoss()(rows, a)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = []
        for targets in (y, target.give(rows.astype(dtype))):
            history = net.copy().fit(
                given, targets, epochs=1, batch_size=60, optimizer=bpnet.SGD(1e-30),
                metrics=["log_loss"], validation=(given, targets),
            )  # fmt: skip
            found += [history["validation_log_loss"][0], history["train_log_loss"][0]]
    assert [alone, *found] == pytest.approx([expected] * 5, rel=1e-6)


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize("optimizer", [bpnet.SGD(), bpnet.LBFGS()])
def test_a_metric_that_targets_leave_undefined_is_refused_before_the_fit(target, part, optimizer):
    net = bpnet.Network([1, 1], cost="cross_entropy", backend=target.backend(), seed=0)
    x = target.give(np.linspace(-1, 1, 8)[:, None])
    both, one = np.arange(8) % 2, np.ones(8, int)
    y, validation = (one, both) if part == "training" else (both, one)
    callbacks = [bpnet.EarlyStopping("validation_auc")]
    options = {"validation": (x, validation), "metrics": ["auc"], "callbacks": callbacks}
    words = rf"the metric auc is not defined for the {part} targets: auc needs samples of two clas"
    with pytest.raises(ValueError, match=words):
        net.fit(x, y, epochs=3, optimizer=optimizer, **options)
    assert (net.epochs, net.steps) == (0, 0)


def test_a_stream_of_sorted_classes_is_not_refused_by_its_first_rows():
    x, y = np.zeros((9000, 1)), (np.arange(9000) > 8000).astype(int)
    net = bpnet.Network([1, 1], cost="cross_entropy", seed=0)
    history = net.fit(
        bpnet.data.ArraySource(x, y), epochs=1, metrics=["auc"], optimizer=bpnet.SGD(0.0)
    )
    assert history["train_auc"] == [0.5]
    with pytest.raises(ValueError, match="for the validation targets"):
        net.fit(bpnet.data.ArraySource(x, y), epochs=1, metrics=["auc"], validation=(x[:5], y[:5]))


def test_streamed_targets_that_leave_a_metric_undefined_are_told_and_the_fit_goes_on():
    net = bpnet.Network([1, 1], cost="cross_entropy", seed=0)
    source = bpnet.data.ArraySource(np.zeros((9, 1)), np.zeros(9, int))
    with pytest.warns(UserWarning, match="train_auc is nan .* two classes"):
        history = net.fit(source, epochs=2, metrics=["auc"])
    assert np.isnan(history["train_auc"]).all()


def test_functions_of_ones_own_are_tried_too():
    def inverse_error(y, a):
        return 1.0 / float(((a - y) ** 2).sum())  # of right outputs it is infinite

    def none(y, a):
        return None

    def one_class(y, a):
        raise RuntimeError("not today")

    net = counting()
    assert len(net.fit(X, COUNTS, epochs=1, metrics=[inverse_error])) == 1
    for metric, error in ((none, TypeError), (one_class, RuntimeError)):
        with pytest.raises(error) as caught:
            net.fit(X, COUNTS, epochs=1, metrics=[metric])
        told = f"the metric {metric.__name__} is not defined for the training targets"
        assert caught.value.__notes__ == [told]
    assert net.epochs == 1


COSTS = ("epoch", "train_cost", "validation_cost", "seconds")


def classified(task="classification"):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 4))
    y = np.stack([x[:, 0] > 0, x[:, 0] <= 0, x[:, 1] > 0], axis=1).astype(float)
    return x, {
        "classification": y[:, 0].astype(int),
        "multilabel": y,
        "regression": np.tanh(x[:, :3]) ** 2,
    }[task]


def network_for(task, backend=None):
    cost = {"classification": "log_likelihood", "multilabel": "cross_entropy"}.get(
        task, "quadratic"
    )
    return bpnet.Network([4, 5, 3], cost=cost, task=task, backend=backend, dtype="float64", seed=1)


class TestCostsAlone:
    @pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
    @pytest.mark.parametrize("evaluate", [False, True])
    @pytest.mark.parametrize("weights", [None, np.linspace(0.0, 2.0, 30)])
    def test_other_columns_and_parameters_are_the_same(self, target, task, evaluate, weights):
        given = {"epochs": 3, "batch_size": 8, "evaluate_training": evaluate}
        given |= {"sample_weight": weights, "validation": classified(task)}
        histories, thetas = [], []
        for metrics in ((), None):
            net = network_for(task, target.backend())
            histories.append(net.fit(*classified(task), metrics=metrics, **given))
            thetas.append(net.backend.to_numpy(net.state.theta))
        with_figure, alone = histories
        assert len(with_figure.columns) == 6
        assert alone.columns == COSTS
        for column in COSTS[:-1]:
            assert alone[column] == pytest.approx(with_figure[column], rel=1e-14)  # on JAX
        assert np.array_equal(*thetas)

    def test_of_a_source(self):
        source = bpnet.data.ArraySource(*classified())
        history = network_for("classification").fit(source, epochs=2, metrics=None)
        assert history.columns == ("epoch", "train_cost", "seconds")

    def test_by_l_bfgs(self):
        x, y = classified()
        net = network_for("classification")
        given = {"epochs": 3, "optimizer": "lbfgs", "validation": (x, y)}
        history = net.fit(x, y, metrics=None, **given)
        assert history.columns == COSTS
        other = network_for("classification").fit(x, y, **given)
        assert history["train_cost"] == other["train_cost"]

    def test_callbacks_that_watch_a_cost(self, tmp_path, capsys):
        callbacks = [
            bpnet.EarlyStopping(patience=1, min_delta=10.0),
            bpnet.KeepBest("train_cost"),
            bpnet.CSVLog(tmp_path / "log.csv"),
            bpnet.Progress(),
        ]
        net = network_for("classification")
        given = {"metrics": None, "validation": classified(), "callbacks": callbacks}
        history = net.fit(*classified(), epochs=9, **given)
        assert (len(history), history.stopped) == (2, "early")
        assert (tmp_path / "log.csv").read_text().splitlines()[0] == ",".join(COSTS)
        assert capsys.readouterr().err.count("accuracy") == 0

    def test_a_callback_that_watches_another_column_says_what_there_is(self):
        stopping = bpnet.EarlyStopping("validation_accuracy")
        given = {"metrics": None, "validation": classified(), "callbacks": [stopping], "epochs": 1}
        words = "monitors 'validation_accuracy', but the history has epoch, train_cost, valid"
        with pytest.raises(ValueError, match=words):
            network_for("classification").fit(*classified(), **given)

    @pytest.mark.parametrize("steps", [5, 14, 27])
    @pytest.mark.parametrize("evaluate", [False, True])
    def test_resumed(self, tmp_path, steps, evaluate):
        options = {"metrics": None, "evaluate_training": evaluate}
        broken(tmp_path / "a", steps, **options)
        assert resumed(tmp_path / "a", **options) == whole(tmp_path / "b", **options)
        with pytest.raises(ValueError, match=r"its columns is \['epoch', 'train_cost', 'valid"):
            resumed(tmp_path / "a", **{**options, "metrics": ()})

    def test_curves(self, tmp_path):
        history = network_for("regression").fit(*classified("regression"), epochs=2, metrics=None)
        history.plot(tmp_path / "curves.svg")
        assert (tmp_path / "curves.svg").exists()
