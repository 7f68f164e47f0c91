"""A share of the samples held out for validation."""

import numpy as np
import pytest

import bpnet
from bpnet.data import ArraySource
from bpnet.training.held_out import held_out_rows

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
LABELS = np.repeat([0, 1, 2], [30, 15, 5])
NUMPY = bpnet.get_backend("numpy", dtype="float32")


def network(seed=0, **settings):
    return bpnet.Network([3, 4, 3], cost="log_likelihood", seed=seed, **settings)


def rows_of(share, labels=LABELS, seed=0):
    return held_out_rows(share, np.eye(3)[labels], task="classification", seed=seed, backend=NUMPY)


def comparable(history):
    return [{name: row[name] for name in row if name != "seconds"} for row in history.rows]


def test_a_share_is_what_a_pair_of_those_rows_is(target):
    rows = rows_of(0.2)
    nets = network(backend=target.backend()), network(backend=target.backend())
    one = nets[0].fit(X, LABELS, epochs=2, batch_size=8, validation=0.2, metrics="f1")
    two = nets[1].fit(
        X[rows.train],
        LABELS[rows.train],
        epochs=2,
        batch_size=8,
        validation=(X[rows.validation], LABELS[rows.validation]),
        metrics=["f1"],
    )
    assert comparable(one) == comparable(two)
    host = nets[0].backend.to_numpy
    assert np.array_equal(host(nets[0].weights[0]), host(nets[1].weights[0]))


def test_classes_keep_their_share_and_the_seed_alone_decides():
    rows = rows_of(0.2)
    assert np.bincount(LABELS[rows.validation]).tolist() == [6, 3, 1]
    assert sorted([*rows.train, *rows.validation]) == list(range(50))
    assert (np.diff(rows.train) > 0).all()
    assert rows_of(0.2).validation.tolist() == rows.validation.tolist()
    assert rows_of(0.2, seed=1).validation.tolist() != rows.validation.tolist()


def test_targets_that_are_no_classes_are_divided_at_random():
    for y, task in ((X, "regression"), (np.asarray([[1, 1], [0, 0]] * 25), "classification")):
        rows = held_out_rows(0.2, y, task=task, seed=0, backend=NUMPY)
        assert len(rows.validation) == 10
        assert len(np.unique(rows.train)) == 40


def test_smoothing_and_weights_are_of_the_training_rows():
    rows, weights = rows_of(0.2), np.linspace(0.5, 2.0, 50)
    given = {"epochs": 2, "batch_size": 8, "label_smoothing": 0.1, "class_weight": "balanced"}
    one, two = network(), network()
    first = one.fit(X, LABELS, validation=0.2, sample_weight=weights, **given)
    second = two.fit(
        X[rows.train],
        LABELS[rows.train],
        validation=(X[rows.validation], LABELS[rows.validation]),
        sample_weight=weights[rows.train],
        **given,
    )
    assert comparable(first) == comparable(second)


def test_a_fit_that_resumes_holds_out_the_same_rows(tmp_path):
    whole, part, rest = network(), network(), network()
    given = {"batch_size": 8, "validation": 0.2, "optimizer": "adam"}
    unbroken = whole.fit(X, LABELS, epochs=4, **given)
    part.fit(X, LABELS, epochs=2, callbacks=bpnet.Checkpoint(tmp_path), **given)
    resumed = rest.fit(X, LABELS, epochs=4, resume=tmp_path, **given)
    assert comparable(resumed) == comparable(unbroken)
    assert np.array_equal(rest.weights[0], whole.weights[0])
    other = network()
    with pytest.raises(ValueError, match="its samples is 40, here it is 25"):
        other.fit(X, LABELS, epochs=4, resume=tmp_path, **{**given, "validation": 0.5})


def test_every_way_to_train_takes_a_share():
    pytest.importorskip("scipy", reason="scipy is not installed")
    net = network()
    with net.fitting(X, LABELS, epochs=1, validation=np.float32(0.5)) as fit:
        assert "validation_cost" in next(iter(fit))
    history = network(dtype="float64").fit(X, LABELS, epochs=3, optimizer="L-BFGS", validation=0.2)
    assert "validation_accuracy" in history.columns


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (0.0, ValueError, "share of samples in validation must be greater than 0 and less than 1"),
        (1, ValueError, "must be greater than 0 and less than 1, not 1.0"),
        (20, ValueError, "not 20.0"),
        (float("nan"), ValueError, "not nan"),
        (0.001, ValueError, "validation=0.001 of 50 samples holds out 0 and leaves 50"),
        (True, TypeError, r"a pair \(x, y\) of arrays, or the share .* as 0.2, not True"),
        ("0.2", TypeError, "not '0.2'"),
        (X[:2], TypeError, r"not an array of shape \(2, 3\)"),
        ({"x": X, "y": LABELS}, TypeError, "must be a pair"),
        (X.tolist(), ValueError, "not 50 items"),
        (ArraySource(X, LABELS), TypeError, r"a source, .*: validation=source.read\(0, 50\)"),
    ],
)
def test_what_is_no_share_and_no_pair(given, error, words):
    net = network()
    with pytest.raises(error, match=words):
        net.fit(X, LABELS, epochs=1, validation=given)
    assert net.epochs == 0


def test_a_source_is_not_divided():
    source = ArraySource(X, LABELS)
    with pytest.raises(TypeError, match=r"not 0.2 beside a source, whose rows bpnet does not"):
        network().fit(source, epochs=1, validation=0.2)
    history = network().fit(source, epochs=1, validation=source.read(0, 50))
    assert "validation_cost" in history.columns
