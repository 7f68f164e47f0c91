"""What scikit-learn's estimators have, these have: parameters, attributes, methods, messages."""

import inspect
import warnings

import numpy as np
import pytest
from estimators._cases import BOTH, binary, fitted, multi_output, ours, samples, theirs
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import bpnet
from bpnet.estimators.scikit_learn import InvalidParameterError


@BOTH
def test_parameters_come_in_the_same_order_with_the_same_defaults(kind):
    own = list(inspect.signature(theirs(kind)).parameters.values())
    mine = list(inspect.signature(ours(kind)).parameters.values())
    for expected, found in zip(own, mine, strict=False):
        assert (found.name, found.default, found.kind) == (
            expected.name,
            expected.default,
            expected.kind,
        )
    further = {one.name: one.default for one in mine[len(own) :]}
    assert further.pop("blocks") == 4  # which counts with parallel alone
    assert all(default in (None, 0.0, "log_loss") for default in further.values())


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_public_attributes_and_methods(kind, solver, early_stopping):
    X, y = samples(kind)
    given = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3}
    mine, own = fitted(ours(kind)(**given), X, y), fitted(theirs(kind)(**given), X, y)

    def public(one):
        return {name for name in dir(one) if not name.startswith("_")}

    # scikit-learn's regressor shows it with every solver, as its test of that is never called.
    shown_by_mistake = {"partial_fit"} if solver == "lbfgs" else set()
    assert public(own) - public(mine) <= shown_by_mistake
    for name in ("n_features_in_", "n_layers_", "n_outputs_", "out_activation_", "t_", "n_iter_"):
        assert getattr(mine, name) == getattr(own, name)
    assert [one.shape for one in mine.coefs_] == [one.shape for one in own.coefs_]
    assert [one.shape for one in mine.intercepts_] == [one.shape for one in own.intercepts_]


@BOTH
def test_kinds(kind):
    assert is_classifier(ours(kind)()) == (kind == "MLPClassifier")
    assert is_regressor(ours(kind)()) == (kind == "MLPRegressor")


@BOTH
def test_nothing_is_answered_before_a_fit(kind):
    X, _ = samples(kind)
    one = ours(kind)()
    assert not hasattr(one, "coefs_")
    with pytest.raises(NotFittedError):
        one.predict(X)


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden_layer_sizes": (3, 0)},
        {"hidden_layer_sizes": (3, -1)},
        {"activation": "reluu"},
        {"solver": "newton"},
        {"alpha": -1},
        {"batch_size": 0},
        {"learning_rate": "fast"},
        {"learning_rate_init": 0},
        {"max_iter": 0},
        {"momentum": 2},
        {"beta_1": 1.0},
        {"epsilon": 0},
        {"n_iter_no_change": 0},
        {"tol": -1},
        {"validation_fraction": 1.0, "early_stopping": True},
        {"shuffle": "yes"},
        {"random_state": "seed"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_the_same_type_of_error(kind, wrong):
    X, y = samples(kind)
    raised = []
    for make in (ours(kind), theirs(kind)):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
            make(**wrong).fit(X, y)
        raised.append(error)
    assert raised[0].type is raised[1].type
    assert next(iter(wrong)) in str(raised[0].value)


@BOTH
@pytest.mark.parametrize("sizes", [(2.5,), (True,), ("3",), (None, 3), [[3]], 2.0])
def test_sizes_of_layers_are_integers(kind, sizes):
    X, y = samples(kind)
    for make in (ours(kind), theirs(kind)):
        with pytest.raises((TypeError, ValueError)):
            make(hidden_layer_sizes=sizes).fit(X, y)
    with pytest.raises(InvalidParameterError, match="'hidden_layer_sizes' parameter"):
        ours(kind)(hidden_layer_sizes=sizes).fit(X, y)


@BOTH
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_numbers_of_every_type(kind, solver):
    """As scikit-learn, whose checks take True for 1 and NumPy's numbers for Python's."""
    X, y = samples(kind)
    given = {
        "hidden_layer_sizes": (np.int64(4), np.uint8(3)),
        "alpha": True,
        "batch_size": np.int32(50),
        "learning_rate_init": np.float32(0.5),
        "power_t": True,
        "max_iter": np.uint8(3),
        "random_state": np.int16(3),
        "tol": np.float16(0.25),
        "momentum": True,
        "nesterovs_momentum": np.False_,
        "epsilon": True,
        "beta_1": False,
        "beta_2": np.float32(0.5),
        "n_iter_no_change": True,
        "max_fun": np.int8(9),
        "verbose": False,
    }
    for further in ({}, {"max_iter": True, "learning_rate_init": True, "max_fun": True}):
        mine, own = (
            fitted(make(solver=solver, **{**given, **further}), X, y)
            for make in (ours(kind), theirs(kind))
        )
        assert mine.n_iter_ == own.n_iter_
        assert mine.loss_ == pytest.approx(own.loss_)


@BOTH
@pytest.mark.parametrize("change", ["in place", "an entry", "the list"])
def test_parameters_may_be_changed(kind, change):
    X, y = samples(kind)
    mine, own = (
        fitted(one, X, y)
        for one in (
            ours(kind)(random_state=0, max_iter=2),
            theirs(kind)(random_state=0, max_iter=2),
        )
    )
    for one in (mine, own):
        if change == "in place":
            one.coefs_[0][:] *= 0.5
            one.intercepts_[-1][0] += 2.0
        elif change == "an entry":
            one.coefs_[0] = 0.5 * one.coefs_[0]
            one.intercepts_[-1] = one.intercepts_[-1] + 2.0
        else:
            one.coefs_ = [0.5 * one for one in one.coefs_]
    assert_allclose(mine.predict(X), own.predict(X))
    if kind == "MLPClassifier":
        assert_allclose(mine.predict_proba(X), own.predict_proba(X))
    for one in (mine, own):
        one.partial_fit(X, y)
    assert mine.loss_ == pytest.approx(own.loss_)


@BOTH
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.coefs_.__setitem__(0, np.ones((2, 2))), r"coefs_ .*\(2, 2\)"),
        (lambda one: one.coefs_.pop(), "coefs_ "),
        (lambda one: one.coefs_.append(np.ones(3)), "coefs_ "),
        (lambda one: one.intercepts_.pop(), r"intercepts_ .*\[\(4,\)\], but this network has"),
        (lambda one: setattr(one, "intercepts_", [np.ones(4), np.ones(9)]), "intercepts_ .*9"),
    ],
)
def test_parameters_of_other_shapes_are_refused_by_name(kind, change, message):
    X, y = samples(kind)
    one = fitted(ours(kind)(hidden_layer_sizes=4, max_iter=1), X, y)
    change(one)
    with pytest.raises(ValueError, match=message):
        one.predict(X)


def test_classes_of_several_labels_are_the_columns():
    X, y = multi_output("MLPClassifier")
    columns = y.shape[1]
    for classes in ([0, 1], range(1, columns + 1)):
        for make in (ours("MLPClassifier"), theirs("MLPClassifier")):
            with pytest.raises(ValueError, match="classes"):
                make().partial_fit(X, y, classes=classes)
    with pytest.raises(ValueError, match=rf"use classes=range\({columns}\)"):
        ours("MLPClassifier")().partial_fit(X, y, classes=[0, 1])
    one = ours("MLPClassifier")()
    for _ in range(2):  # what was accepted once is accepted again
        one.partial_fit(X, y, classes=range(columns))
    assert_array_equal(one.classes_, range(columns))


@BOTH
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_a_warning_as_an_error_comes_last(kind, solver):
    """Whoever catches it has an estimator that knows all it learned."""
    X, y = samples(kind)
    one, other = (ours(kind)(solver=solver, max_iter=3, random_state=0) for _ in range(2))
    with pytest.warns(ConvergenceWarning):
        other.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning):
            one.fit(X, y)
    assert vars(one).keys() == vars(other).keys()
    assert (one.n_iter_, one.loss_) == (other.n_iter_, other.loss_)
    assert_array_equal(one.predict(X), other.predict(X))


@BOTH
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_partial_fit_is_there_where_scikit_learn_has_it(kind, solver):
    """Its regressor has it with L-BFGS too."""
    mine, own = ours(kind)(solver=solver), theirs(kind)(solver=solver)
    assert hasattr(mine, "partial_fit") == hasattr(own, "partial_fit")


def test_partial_fits_of_a_regressor_by_lbfgs():
    X, y = samples("MLPRegressor")
    given = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    mine, own = ours("MLPRegressor")(**given), theirs("MLPRegressor")(**given)
    for rows in (slice(0, 60), slice(60, 120)):
        for one in (mine, own):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                one.partial_fit(X[rows], y[rows])
    assert mine.loss_ == pytest.approx(own.loss_)
    assert_allclose(mine.predict(X), own.predict(X))


@BOTH
def test_printed_progress_is_that_of_scikit_learn(kind, capsys):
    X, y = samples(kind)
    told = []
    for make in (ours(kind), theirs(kind)):
        one = make(
            solver="sgd",
            learning_rate="adaptive",
            early_stopping=True,
            tol=0.3,
            n_iter_no_change=2,
            max_iter=30,
            random_state=0,
            verbose=True,
        )
        fitted(one, X, y)
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "Setting learning rate to" in told[0]


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warnings_are_those_of_scikit_learn(kind, solver):
    X, y = samples(kind)
    told = []
    for make in (ours(kind), theirs(kind)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make(solver=solver, max_iter=4, batch_size=500, random_state=0).fit(X, y)
        told.append([(one.category, str(one.message)) for one in caught])
        assert all(one.filename == __file__ for one in caught) or make is theirs(kind)
    assert [kind for kind, _ in told[0]] == [kind for kind, _ in told[1]]
    assert told[0][-1][0] is ConvergenceWarning
    if solver == "adam":
        assert told[0] == told[1]
    else:  # SciPy's words come in between
        assert told[0][-1][1].startswith("lbfgs failed to converge after 4 iteration(s)")
        assert told[1][-1][1].startswith("lbfgs failed to converge after 4 iteration(s)")


@BOTH
def test_lbfgs_that_begins_at_a_minimum_has_a_loss(kind):
    X, y = np.zeros((4, 2)), [1, 1, 1, 1]
    given = {"solver": "lbfgs", "tol": 1e9, "random_state": 0}
    mine, own = ours(kind)(**given).fit(X, y), theirs(kind)(**given).fit(X, y)
    assert mine.n_iter_ == own.n_iter_ == 0
    assert mine.loss_ == pytest.approx(own.loss_)


@BOTH
def test_a_warm_start_with_other_layers_is_refused(kind):
    X, y = samples(kind)
    one = fitted(ours(kind)(hidden_layer_sizes=4, max_iter=1, warm_start=True), X, y)
    one.set_params(hidden_layer_sizes=5)
    with pytest.raises(ValueError, match=r"from \[\d+, 4, \d\] to \[\d+, 5, \d\]"):
        one.fit(X, y)


def test_labels_of_any_type():
    X, y = binary()
    for labels in (np.array(["no", "yes"]), np.array([-5, 3]), np.array([False, True])):
        one = fitted(bpnet.MLPClassifier(max_iter=60, random_state=0), X, labels[y])
        assert_array_equal(one.classes_, np.unique(labels))
        assert_array_equal(one.predict(X), labels[y])
        assert one.predict(X).dtype == labels.dtype


def test_neither_is_imported_with_the_package():
    import subprocess
    import sys

    code = "import bpnet, sys; assert 'sklearn' not in sys.modules; bpnet.MLPClassifier"
    subprocess.run([sys.executable, "-c", code], check=True)
