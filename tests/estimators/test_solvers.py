"""Solvers by their public face: the step, its gradient, learning rates, and when they stop."""

import math

import numpy as np
import pytest
from estimators._cases import BOTH, binary, fitted, ours, samples, theirs
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

import bpnet


class Rates(bpnet.Callback):
    """The learning rate after each epoch."""

    last = True

    def __init__(self):
        self.seen = []

    def on_epoch_end(self, fit, row):
        self.seen.append(fit.learning_rate_at(fit.steps_done, fit.rate_factor))


def test_a_step_that_was_worked_out_by_hand():
    """Three inputs, two hidden neurons, one output; the numbers of scikit-learn's own test."""
    X, y = [[0.6, 0.8, 0.7]], [0]
    mlp = bpnet.MLPClassifier(
        2, "logistic", solver="sgd", learning_rate_init=0.1, alpha=0.1, momentum=0, random_state=1
    )
    mlp.partial_fit(X, y, classes=[0, 1])
    mlp.coefs_ = [np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.0]]), np.array([[0.1], [0.2]])]
    mlp.intercepts_ = [np.array([0.1, 0.1]), np.array([1.0])]
    mlp.partial_fit(X, y)

    def sigma(z):
        return 1.0 / (1.0 + math.exp(-z))

    h1, h2 = sigma(0.06 + 0.24 + 0.35 + 0.1), sigma(0.12 + 0.08 + 0.1)
    error = sigma(0.1 * h1 + 0.2 * h2 + 1.0)
    d1, d2 = error * 0.1 * h1 * (1 - h1), error * 0.2 * h2 * (1 - h2)
    w1 = np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.0]])
    assert_allclose(mlp.coefs_[0], w1 - 0.1 * (np.outer(X[0], [d1, d2]) + 0.1 * w1), atol=1e-12)
    w2 = np.array([0.1, 0.2])
    assert_allclose(mlp.coefs_[1][:, 0], w2 - 0.1 * (error * np.array([h1, h2]) + 0.1 * w2))
    assert_allclose(mlp.intercepts_[0], [0.1 - 0.1 * d1, 0.1 - 0.1 * d2])
    assert_allclose(mlp.intercepts_[1], [1.0 - 0.1 * error])
    assert mlp.predict_proba(X)[0, 1] == pytest.approx(0.739, abs=1e-3)


@BOTH
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_step_follows_the_gradient_of_the_reported_loss(kind, activation, classes):
    """Differences of the loss, in place of scikit-learn's own look at its private gradient."""
    rng = np.random.RandomState(42)
    X = rng.rand(5, 4)
    y = np.arange(1, 6) % classes
    first = {"classes": range(classes)} if kind == "MLPClassifier" else {}
    given = {
        "hidden_layer_sizes": 3,
        "activation": activation,
        "solver": "sgd",
        "momentum": 0,
        "alpha": 0.3,
        "shuffle": False,
        "random_state": 1,
    }

    def at(parameters, rate=1e-12):
        mlp = ours(kind)(learning_rate_init=rate, **given)
        mlp.partial_fit(X, y, **first)
        mlp.coefs_, mlp.intercepts_ = [one.copy() for one in parameters[:2]], parameters[2:]
        return mlp.partial_fit(X, y)

    mlp = ours(kind)(**given).partial_fit(X, y, **first)
    start = [one.copy() for one in (*mlp.coefs_, *mlp.intercepts_)]
    after = at(start, rate=1.0)
    step = [before - now for before, now in zip(start[:2], after.coefs_, strict=True)]
    for layer in (0, 1):
        for index in np.ndindex(start[layer].shape):
            losses = []
            for change in (1e-5, -1e-5):
                moved = [one.copy() for one in start]
                moved[layer][index] += change
                losses.append(at(moved).loss_)
            slope = (losses[0] - losses[1]) / 2e-5
            assert step[layer][index] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling"])
def test_the_learning_rate_after_a_warm_start(learning_rate):
    X, y, rates = [[3, 2], [1, 6], [5, 6], [-2, -4]], [1, 1, 1, 0], Rates()
    mlp = bpnet.MLPClassifier(
        4,
        solver="sgd",
        learning_rate=learning_rate,
        max_iter=1,
        power_t=0.25,
        warm_start=True,
        callbacks=rates,
    )
    fitted(mlp, X, y)
    fitted(mlp, X, y)
    expected = {"constant": [0.001] * 2, "invscaling": [0.001 / 5**0.25, 0.001 / 9**0.25]}
    assert_allclose(rates.seen, expected[learning_rate])


def test_an_adaptive_learning_rate_falls_to_its_bound():
    X, y, rates = [[3, 2], [1, 6]], [1, 0], Rates()
    mlp = bpnet.MLPClassifier(
        tol=0.5, max_iter=3000, solver="sgd", learning_rate="adaptive", callbacks=[rates]
    )
    mlp.fit(X, y)
    assert mlp.n_iter_ < 3000
    assert rates.seen[0] == 0.001
    assert 1e-6 > rates.seen[-1] > 1e-6 / 5
    assert {round(a / b) for a, b in zip(rates.seen, rates.seen[1:], strict=False)} == {1, 5}


@BOTH
@pytest.mark.parametrize("patience", [2, 5, 10, 50])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_it_stops_when_nothing_improves_for_so_many_epochs(kind, patience, early_stopping):
    X, y = binary(100)
    mlp = ours(kind)(
        tol=0.01,
        max_iter=3000,
        solver="sgd",
        n_iter_no_change=patience,
        early_stopping=early_stopping,
        random_state=0,
    )
    mlp.fit(X, y)
    if early_stopping:
        curve, best, stuck = mlp.validation_scores_, -np.inf, 0
        for score in curve:
            stuck = stuck + 1 if score < best + 0.01 else 0
            best = max(best, score)
    else:
        curve, best, stuck = mlp.loss_curve_, np.inf, 0
        for loss in curve:
            stuck = stuck + 1 if loss > best - 0.01 else 0
            best = min(best, loss)
    assert len(curve) == mlp.n_iter_ < 3000
    assert stuck == patience + 1


@BOTH
@pytest.mark.parametrize("learning_rate", ["invscaling", "adaptive"])
@pytest.mark.parametrize(
    "change", [{"learning_rate": "constant"}, {"power_t": 0.1}, {"solver": "adam"}], ids=str
)
def test_partial_fit_keeps_the_rule_of_its_learning_rate(kind, learning_rate, change):
    """As the optimizer, and as scikit-learn: that of the first call."""
    X, y = samples(kind)
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    given = {"solver": "sgd", "learning_rate_init": 0.1, "tol": 1.0, "n_iter_no_change": 1}
    mine, own = (
        make(**given, learning_rate=learning_rate, random_state=0)
        for make in (ours(kind), theirs(kind))
    )
    for k in range(8):
        for one in (mine, own):
            if k == 2:
                one.set_params(**change)
            one.partial_fit(X, y, **first)
    np.testing.assert_allclose(mine.loss_curve_, own.loss_curve_)


@BOTH
def test_lbfgs_ends_by_the_same_tolerances(kind):
    X, y = samples(kind)
    given = {"alpha": 0.1 if kind == "MLPClassifier" else 1.0, "hidden_layer_sizes": ()}
    mine, own = (
        make(solver="lbfgs", tol=0.0, max_iter=1000, random_state=0, **given).fit(X, y)
        for make in (ours(kind), theirs(kind))
    )
    assert mine.n_iter_ == own.n_iter_ < 1000
    assert mine.converged_


@pytest.mark.parametrize("scale", [30.0, 100.0, 1e4])
def test_lbfgs_whose_loss_overflows_has_the_parameters_before(scale):
    """As scikit-learn's, of which SciPy ends the line search."""
    X, y = samples("MLPRegressor")
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    given = {"loss": "poisson", "solver": "lbfgs", "hidden_layer_sizes": (), "random_state": 1}
    mine, own = ours("MLPRegressor")(**given), theirs("MLPRegressor")(**given)
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed.*: the loss or its gradient became"):
        mine.fit(scale * X, y)
    with np.errstate(all="ignore"):
        fitted(own, scale * X, y)
    assert all(np.isfinite(one).all() for one in mine.coefs_)
    assert mine.n_iter_ == own.n_iter_
    assert not mine.converged_
    np.testing.assert_allclose(mine.coefs_[0], own.coefs_[0])


@BOTH
def test_it_never_stops_early_with_infinite_patience(kind):
    X, y = samples(kind, 40)
    mlp = ours(kind)(
        hidden_layer_sizes=4, tol=1e9, max_iter=120, solver="sgd", n_iter_no_change=np.inf
    )
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(120\) reached"):
        mlp.fit(X, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == 120
