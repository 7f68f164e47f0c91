"""Constant answers and linear models: what they say, and that they take bounded time."""

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bpnet.tabular import baselines
from bpnet.tabular.baselines import constant_baseline, linear_baseline, stored_baseline

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(300, 4)) * [1, 10, 0.1, 1]).astype(np.float32)
NEW = RNG.normal(size=(7, 4)).astype(np.float32)


def test_the_majority_class_and_the_shares():
    found = constant_baseline("classification", np.array([0, 2, 2, 1, 2]), ("a", "b", "c"))
    assert found.name == "majority class"
    assert found.words == "always predicting 'c'"
    said = found.outputs(NEW)
    np.testing.assert_array_equal(said.predicted, [2] * 7)
    np.testing.assert_allclose(said.probabilities, np.tile([0.2, 0.2, 0.6], (7, 1)))


def test_weights_decide_the_majority_and_the_mean():
    truth, w = np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 1.0, 9.0])
    assert constant_baseline("classification", truth, ("a", "b"), w).words.endswith("'b'")
    found = constant_baseline("regression", truth[:, None] * 1.0, None, w)
    np.testing.assert_allclose(found.outputs(NEW).predicted, np.full((7, 1), 0.75))


def test_the_mean_of_each_target_and_the_majority_of_each_label():
    y = np.array([[1.0, 10.0], [3.0, 30.0]])
    predicted = constant_baseline("regression", y).outputs(NEW).predicted
    np.testing.assert_array_equal(predicted, np.tile([2.0, 20.0], (7, 1)))
    labels = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 1]])
    said = constant_baseline("multilabel", labels, ("a", "b", "c")).outputs(NEW)
    np.testing.assert_array_equal(said.predicted, np.tile([1, 0, 1], (7, 1)))
    np.testing.assert_allclose(said.probabilities[0], [2 / 3, 0, 2 / 3])


def test_long_labels_are_shortened():
    words = constant_baseline("classification", np.array([0]), ("x" * 100, "b")).words
    assert len(words) < 60


@pytest.mark.parametrize("weights", [None, RNG.uniform(0.1, 2.0, 300)], ids=["plain", "weighted"])
def test_logistic_regression_is_that_of_scikit_learn_on_standardized_inputs(weights):
    truth = (X[:, 0] + 0.1 * X[:, 1] > 0).astype(int) + (X[:, 3] > 1)
    found, note = linear_baseline("classification", X, truth, 3, weights)
    assert (found.name, note) == ("logistic regression", "")
    own = make_pipeline(StandardScaler(), LogisticRegression())
    own.fit(X.astype(float), truth, logisticregression__sample_weight=weights)
    said = found.outputs(NEW)
    expected = own.predict_proba(NEW.astype(float))
    np.testing.assert_allclose(said.probabilities, expected, rtol=1e-6)
    np.testing.assert_array_equal(said.predicted, expected.argmax(axis=1))


def test_ridge_regression_of_several_targets():
    y = np.stack([X[:, 0], 3.0 + X[:, 1]], axis=1).astype(float)
    found, note = linear_baseline("regression", X, y)
    assert (found.name, note) == ("ridge regression", "")
    own = make_pipeline(StandardScaler(), Ridge()).fit(X.astype(float), y)
    np.testing.assert_allclose(found.outputs(NEW).predicted, own.predict(NEW.astype(float)))
    one, _ = linear_baseline("regression", X, y[:, :1])
    assert one.outputs(NEW).predicted.shape == (7, 1)


def test_labels_and_classes_that_training_rows_lack():
    labels = np.stack([X[:, 0] > 0, np.ones(300), np.zeros(300)], axis=1).astype(int)
    found, _ = linear_baseline("multilabel", X, labels, 3)
    said = found.outputs(NEW)
    np.testing.assert_array_equal(said.predicted[:, 1:], np.tile([1, 0], (7, 1)))
    clear = np.abs(NEW[:, 0]) > 0.5
    np.testing.assert_array_equal(said.predicted[clear, 0], NEW[clear, 0] > 0)
    found, _ = linear_baseline("classification", X, np.where(X[:, 0] > 0, 3, 1), 4)
    said = found.outputs(NEW)
    assert said.probabilities.shape == (7, 4)
    assert not said.probabilities[:, [0, 2]].any()
    np.testing.assert_array_equal(said.predicted[clear], np.where(NEW[clear, 0] > 0, 3, 1))
    found, _ = linear_baseline("classification", X, np.full(300, 2), 4)
    np.testing.assert_array_equal(found.outputs(NEW).predicted, [2] * 7)


def test_a_constant_input_does_no_harm():
    x = np.hstack([X, np.full((300, 1), 7.0, dtype=np.float32)])
    found, _ = linear_baseline("regression", x, X[:, :1].astype(float))
    assert np.isfinite(found.outputs(x).predicted).all()


def test_of_a_large_table_some_rows_and_of_a_wide_one_none(monkeypatch):
    monkeypatch.setattr(baselines, "_MOST_VALUES", 800)
    found, note = linear_baseline("regression", X, X[:, :1].astype(float))
    assert found is not None
    assert note == "ridge regression is fitted on 200 of the 300 training rows, chosen at random"
    monkeypatch.setattr(baselines, "_MOST_VALUES", 60)
    found, note = linear_baseline("classification", X, (X[:, 0] > 0).astype(int), 2)
    assert found is None
    assert "take long with 4 inputs" in note


def test_without_scikit_learn_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    found, note = linear_baseline("regression", X, X[:, :1].astype(float))
    assert found is None
    assert 'pip install "scikit-learn' in note


def test_what_a_network_remembers_of_the_training_rows():
    found = stored_baseline("classification", [0.25, 0.75], ("a", "b"), 1)
    assert found.words == "always predicting 'b'"
    np.testing.assert_array_equal(found.outputs(NEW).probabilities[0], [0.25, 0.75])
    found = stored_baseline("regression", [3.0, -2], None, 2)
    np.testing.assert_array_equal(found.outputs(NEW).predicted[0], [3.0, -2.0])


@pytest.mark.parametrize("shares", [None, [], [1.0], "ab", [0.5, "x"], [2.0, -1.0], [0.5, np.nan]])
def test_models_that_remember_none_or_nonsense_have_no_baseline(shares):
    assert stored_baseline("classification", shares, ("a", "b"), 1) is None
