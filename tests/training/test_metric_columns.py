"""Metrics of epochs whose outputs are not finite, or for which they are not defined."""

import math
import warnings

import numpy as np
import pytest

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
