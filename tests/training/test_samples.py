"""Targets: the task that they decide, and label smoothing."""

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import N, classifier, fit, fitted

import bpnet


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
        ([3, 2], {}, ROWS, "multilabel"),
        ([3, 2], {}, [[1, 0], [0, 1], [1, 0], [0, 1]], "classification"),
        ([3, 2], {"cost": "cross_entropy"}, ROWS, "multilabel"),
        ([3, 2], {"activations": ["identity"]}, ROWS, "regression"),
        ([3, 2], {"task": "classification"}, ROWS, "classification"),
        ([3, 1], {"task": "multilabel"}, [[0], [1], [1], [0]], "multilabel"),
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
    assert columns[2] == ("train_r2" if task == "regression" else "train_accuracy")


def test_real_targets_make_sigmoid_outputs_values(data):
    net = bpnet.Network([3, 1], seed=0)
    before, columns, after = trained([0.3, 0.9, 0.1, 0.0], net)
    assert (before, after) == ("classification", "regression")
    assert columns[2] == "train_r2"
    x = np.zeros((2, 3))
    assert np.array_equal(net.predict(x), net.feedforward(x)[:, 0])
    with pytest.raises(ValueError, match="the task is regression: use net"):
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


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_label_smoothing_equals_that_of_pytorch(torch, transcription, target, data, share):
    def loss(z, y, rows):
        return torch.nn.functional.cross_entropy(z, y, label_smoothing=share)

    expected = transcription.train(data, loss=loss)
    found, history = fitted(data, target, label_smoothing=share)
    assert relative(found, expected) < 1e-12
    still = {"optimizer": bpnet.SGD(0.0), "epochs": 1, "batch_size": N}
    _, history = fitted(data, target, label_smoothing=share, validation=data, **still)
    net, (x, y) = classifier(), data
    cost = torch.nn.functional.cross_entropy(
        torch.log(torch.tensor(net.feedforward(x))), torch.tensor(y), label_smoothing=share
    )
    assert history["train_cost"] == [pytest.approx(cost.item(), rel=1e-12)]
    assert history["validation_cost"] == [pytest.approx(net.total_cost(x, y), rel=1e-12)]
    assert history["train_accuracy"] == history["validation_accuracy"]


def test_labels_of_one_output_are_smoothed_towards_a_half():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((N, 4)), rng.integers(0, 2, N)
    found = []
    for targets, share in ((y, 0.2), (0.8 * y[:, None] + 0.1, 0.0)):
        net = bpnet.Network([4, 5, 1], cost="cross_entropy", dtype="float64", seed=0)
        fit(net, (x, targets), label_smoothing=share)
        found.append(parameters(net))
    assert relative(*found) < 1e-14


def hits(y, a):
    """Share of the targets that are exactly 1, and whose output exceeds a half."""
    return float(((y == 1) & (a > 0.5)).sum() / (y == 1).sum())


def spoken(y, a):
    return float(y.sum())


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("evaluate", [False, True])
@pytest.mark.parametrize("kind", ["classes", "binary", "labels"])
def test_metrics_and_evaluations_see_targets_as_they_were_given(target, kind, evaluate, streamed):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((101, 4))
    y = {"classes": (x[:, 0] > 0).astype(int) + (x[:, 1] > 0), "binary": (x[:, :1] > 0) * 1.0,
         "labels": (x[:, :3] > 0) * 1.0}[kind]  # fmt: skip
    cost = "log_likelihood" if kind == "classes" else "cross_entropy"
    sizes = [4, 8, 1 if kind == "binary" else 3]
    net = bpnet.Network(sizes, cost=cost, backend=target.backend(), seed=0)
    given = target.give(x), target.give(y)
    data = (bpnet.data.ArraySource(x, y), None) if streamed else given
    weights = {} if streamed else {"sample_weight": rng.uniform(0.1, 2.0, 101)}
    history = net.fit(
        *data, epochs=2, batch_size=10, validation=given, evaluate_training=evaluate,
        metrics=[hits, spoken], optimizer=bpnet.SGD(0.0), label_smoothing=0.9, **weights,
    )  # fmt: skip
    for name in ("hits", "spoken", "accuracy") + ("cost",) * evaluate:
        expected = pytest.approx(history[f"validation_{name}"], rel=1e-12)
        assert history[f"train_{name}"] == expected
    assert history["train_spoken"][0] == (len(x) if kind == "classes" else y.sum())
    if not evaluate:  # the cost that is minimized is that of smoothed targets
        assert abs(history["train_cost"][0] - history["validation_cost"][0]) > 1e-3


def test_each_of_several_labels_is_smoothed_towards_a_half():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((N, 4)), rng.integers(0, 2, (N, 3)).astype(float)
    found = []
    for targets, share in ((y, 0.2), (0.8 * y + 0.1, 0.0)):
        net = bpnet.Network([4, 5, 3], cost="cross_entropy", dtype="float64", seed=0)
        fit(net, (x, targets), label_smoothing=share)
        found.append(parameters(net))
    assert relative(*found) < 1e-14
