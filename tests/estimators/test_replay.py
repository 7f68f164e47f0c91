"""One seed, one program: the figures that scikit-learn's own estimators give."""

import numpy as np
import pytest
from estimators._cases import BOTH, binary, fitted, multi_output, ours, samples, theirs
from numpy.testing import assert_allclose, assert_array_equal

SETTINGS = {
    "default": {},
    "seed 7, two layers": {"random_state": 7, "hidden_layer_sizes": (20, 10)},
    "tanh": {"activation": "tanh"},
    "logistic": {"activation": "logistic"},
    "identity": {"activation": "identity"},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "one size": {"hidden_layer_sizes": 12},
    "alpha": {"alpha": 3.0},
    "no alpha": {"alpha": 0},
    "small batches": {"batch_size": 7},
    "in order": {"batch_size": 32, "shuffle": False},
    "adam's own": {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4, "learning_rate_init": 0.01},
    "early stopping": {"early_stopping": True, "max_iter": 60, "learning_rate_init": 0.01},
    "sgd": {"solver": "sgd"},
    "sgd without momentum": {"solver": "sgd", "momentum": 0},
    "heavy ball": {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.01},
    "falling rate": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
    "its power": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.1},
    "adaptive rate": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.1,
        "tol": 0.05,
        "n_iter_no_change": 2,
        "max_iter": 200,
    },
    "converges": {"tol": 0.01, "n_iter_no_change": 3, "max_iter": 300, "learning_rate_init": 0.01},
}


def pair(kind, **settings):
    given = {"random_state": 0, "max_iter": 25, **settings}
    return ours(kind)(**given), theirs(kind)(**given)


def assert_same_training(mine, own):
    assert mine.n_iter_ == own.n_iter_
    assert mine.t_ == own.t_
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=0, atol=1e-6)
    assert mine.loss_ == pytest.approx(own.loss_, abs=1e-6)
    for name in ("best_loss_", "best_validation_score_"):
        expected = getattr(own, name)
        found = getattr(mine, name)
        assert found == (expected if expected is None else pytest.approx(expected, abs=1e-6))
    if own.validation_scores_ is None:
        assert mine.validation_scores_ is None
    else:
        assert_allclose(mine.validation_scores_, own.validation_scores_, atol=1e-6)
    for name in ("coefs_", "intercepts_"):
        for found, expected in zip(getattr(mine, name), getattr(own, name), strict=True):
            assert found.shape == expected.shape
            assert_allclose(found, expected, atol=1e-6)


@BOTH
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_training_is_that_of_scikit_learn(kind, settings):
    X, y = samples(kind)
    mine, own = (fitted(one, X, y) for one in pair(kind, **settings))
    assert_same_training(mine, own)
    assert_allclose(mine.predict(X[:9]), own.predict(X[:9]), atol=1e-6)
    assert mine.score(X, y) == pytest.approx(own.score(X, y), abs=1e-6)


@BOTH
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("weighted", [False, True])
def test_several_outputs_and_weights(kind, solver, weighted):
    X, y = multi_output(kind)
    weight = np.random.default_rng(1).uniform(0.1, 3.0, len(X)) if weighted else None
    mine, own = (
        fitted(one, X, y, sample_weight=weight)
        for one in pair(kind, solver=solver, batch_size=50, max_iter=15)
    )
    if solver == "lbfgs":
        assert mine.loss_ == pytest.approx(own.loss_, rel=1e-6)
    else:
        assert_same_training(mine, own)
    assert_allclose(mine.predict(X), own.predict(X), atol=1e-5)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_two_classes(solver):
    X, y = binary()
    mine, own = (fitted(one, X, y) for one in pair("MLPClassifier", solver=solver))
    assert_array_equal(mine.classes_, own.classes_)
    assert mine.out_activation_ == own.out_activation_ == "logistic"
    assert_allclose(mine.predict_proba(X), own.predict_proba(X), atol=1e-6)
    assert_allclose(mine.predict_log_proba(X), own.predict_log_proba(X), atol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_counts(solver):
    X, _ = samples("MLPRegressor")
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    given = {"loss": "poisson", "solver": solver, "learning_rate_init": 1e-3}
    mine, own = (fitted(one, X, y) for one in pair("MLPRegressor", **given))
    assert mine.out_activation_ == own.out_activation_ == "exp"
    assert mine.loss_ == pytest.approx(own.loss_, abs=1e-6)
    assert_allclose(mine.predict(X), own.predict(X), rtol=1e-6)


@BOTH
def test_unscaled_samples_whose_outputs_saturate(kind):
    """Where probabilities are clipped the losses are scikit-learn's too."""
    X, y = samples(kind)
    mine, own = (fitted(one, 1000.0 * X, y) for one in pair(kind, max_iter=10))
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-6)


@BOTH
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fits(kind, solver):
    X, y = samples(kind)
    mine, own = pair(kind, solver=solver, learning_rate="adaptive", tol=0.1, n_iter_no_change=2)
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    for k in range(12):
        rows = slice(0, 50) if k % 2 else slice(40, 120)
        for one in (mine, own):
            one.partial_fit(X[rows], y[rows], **first)
        if k == 5:  # the optimizer was made in the first call, and stays
            for one in (mine, own):
                one.set_params(learning_rate_init=0.5)
    assert_same_training(mine, own)
    assert_allclose(mine.predict(X), own.predict(X), atol=1e-6)


@BOTH
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_warm_starts(kind, solver):
    X, y = samples(kind)
    mine, own = pair(kind, solver=solver, warm_start=True, max_iter=4)
    for _ in range(3):
        fitted(mine, X, y)
        fitted(own, X, y)
        for one in (mine, own):
            one.set_params(activation="tanh")
    assert mine.n_iter_ == own.n_iter_
    assert mine.loss_ == pytest.approx(own.loss_, abs=1e-6)
    assert_allclose(mine.predict(X), own.predict(X), atol=1e-6)


@BOTH
def test_a_random_state_is_drawn_from_as_often(kind):
    """What a program draws from it afterwards is the same, too."""
    X, y = samples(kind)
    drawn = []
    for one in pair(kind, early_stopping=True):
        state = np.random.RandomState(3)
        fitted(one.set_params(random_state=state), X, y)
        drawn.append(state.uniform(size=3))
    assert_array_equal(*drawn)


@BOTH
def test_without_a_seed_numpys_global_one_counts(kind):
    X, y = samples(kind)
    curves = []
    for one in pair(kind, random_state=None, max_iter=5):
        np.random.seed(5)  # noqa: NPY002 - that of a program which seeds so
        curves.append(fitted(one, X, y).loss_curve_)
    assert_allclose(*curves, atol=1e-6)


@BOTH
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_lbfgs_comes_to_the_same_parameters(kind, activation):
    X, y = samples(kind)
    given = {"solver": "lbfgs", "activation": activation, "max_iter": 15, "alpha": 0.1}
    mine, own = (fitted(one, X, y) for one in pair(kind, **given))
    assert mine.n_iter_ == own.n_iter_
    assert mine.loss_ == pytest.approx(own.loss_, abs=1e-6)
    for name in ("coefs_", "intercepts_"):
        for found, expected in zip(getattr(mine, name), getattr(own, name), strict=True):
            assert_allclose(found, expected, atol=1e-6)


@BOTH
def test_float32_is_float32(kind):
    X, y = samples(kind)
    mine, own = (fitted(one, X.astype("f4"), y) for one in pair(kind))
    assert {one.dtype.name for one in mine.coefs_ + mine.intercepts_} == {"float32"}
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-4)
