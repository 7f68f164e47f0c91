"""Validation data of the user's own, and the held-out share: what is recorded, and what decides."""

import pickle

import numpy as np
import pytest
import scipy.sparse
import sklearn
from estimators._cases import BOTH, fitted, multi_output, ours, samples, theirs
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import bpnet

GIVEN = {"learning_rate_init": 0.02, "max_iter": 12, "random_state": 0}


def parts(kind):
    X, y = samples(kind)
    return X[:80], y[:80], {"X_val": X[80:], "y_val": y[80:]}


def first_call(kind, y):
    return {"classes": np.unique(y)} if kind == "MLPClassifier" else {}


def loss_of(one, X, y, weight=None):
    if isinstance(one, bpnet.MLPClassifier):
        return log_loss(y, one.predict_proba(X), sample_weight=weight, labels=one.classes_)
    return mean_squared_error(y, one.predict(X), sample_weight=weight) / 2


@BOTH
@pytest.mark.parametrize("weighted", [False, True])
def test_validation_data_is_recorded_and_changes_nothing(kind, weighted):
    X, y, validation = parts(kind)
    weight = np.random.default_rng(0).uniform(0.1, 3.0, 40) if weighted else None
    one = fitted(ours(kind)(**GIVEN), X, y, **validation, sample_weight_val=weight)
    plain = fitted(ours(kind)(**GIVEN), X, y)
    assert one.loss_curve_ == plain.loss_curve_
    assert one.best_loss_ == plain.best_loss_ == min(one.loss_curve_)
    assert_array_equal(one.coefs_[0], plain.coefs_[0])
    assert plain.validation_scores_ is plain.validation_loss_curve_ is None
    assert len(one.validation_scores_) == len(one.validation_loss_curve_) == 12
    assert one.best_validation_score_ == max(one.validation_scores_)
    X_val, y_val = validation.values()
    assert one.validation_scores_[-1] == pytest.approx(one.score(X_val, y_val, weight))
    assert one.validation_loss_curve_[-1] == pytest.approx(loss_of(one, X_val, y_val, weight))


@BOTH
def test_validation_data_decides_with_early_stopping(kind):
    X, y, validation = parts(kind)
    given = {**GIVEN, "max_iter": 400, "early_stopping": True, "n_iter_no_change": 3}
    one = ours(kind)(**given).fit(X, y, **validation)
    assert one.converged_
    assert one.n_iter_ == len(one.validation_scores_) < 400
    assert one.best_loss_ is None
    assert one.best_validation_score_ == max(one.validation_scores_)
    assert one.score(*validation.values()) == one.best_validation_score_
    # All samples were trained on.
    assert one.t_ == one.n_iter_ * len(X)
    best = int(np.argmax(one.validation_scores_)) + 1
    other = fitted(ours(kind)(**{**GIVEN, "max_iter": best}), X, y)
    assert_array_equal(one.coefs_[0], other.coefs_[0])


@BOTH
@pytest.mark.parametrize("weighted", [False, True])
def test_the_held_out_share_has_a_loss_too(kind, weighted):
    X, y = samples(kind)
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X)) if weighted else None
    mine, own = (
        fitted(one(early_stopping=True, **GIVEN), X, y, sample_weight=weight)
        for one in (ours(kind), theirs(kind))
    )
    assert_allclose(mine.validation_scores_, own.validation_scores_)
    assert len(mine.validation_loss_curve_) == mine.n_iter_
    assert all(np.isfinite(mine.validation_loss_curve_))


@BOTH
def test_several_outputs(kind):
    X, y = multi_output(kind)
    one = fitted(ours(kind)(**GIVEN), X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert one.validation_scores_[-1] == pytest.approx(one.score(X[80:], y[80:]))


@BOTH
@pytest.mark.parametrize("early_stopping", [False, True])
def test_lbfgs_records_only(kind, early_stopping):
    X, y, validation = parts(kind)
    given = {"solver": "lbfgs", "max_iter": 6, "random_state": 0}
    one = fitted(ours(kind)(early_stopping=early_stopping, **given), X, y, **validation)
    plain = fitted(ours(kind)(**given), X, y)
    assert_array_equal(one.coefs_[0], plain.coefs_[0])
    assert len(one.validation_scores_) == len(one.validation_loss_curve_) == 6
    assert one.best_validation_score_ == max(one.validation_scores_)
    assert one.validation_scores_[-1] == pytest.approx(one.score(*validation.values()))


@BOTH
@pytest.mark.parametrize("form", ["csr", "csc"])
def test_sparse_validation_data(kind, form):
    X, y, validation = parts(kind)
    convert = {"csr": scipy.sparse.csr_array, "csc": scipy.sparse.csc_matrix}[form]
    X_val, y_val = validation.values()
    dense = fitted(ours(kind)(**GIVEN), X, y, **validation)
    one = ours(kind)(callbacks=bpnet.KeepBest(), **GIVEN)
    fitted(one, convert(X), y, X_val=convert(X_val), y_val=y_val)
    assert_allclose(one.validation_loss_curve_, dense.validation_loss_curve_)
    assert_allclose(one.validation_scores_, dense.validation_scores_)


@BOTH
def test_a_pipeline_transforms_validation_data(kind):
    X, y, validation = parts(kind)
    X_val, y_val = validation.values()
    with sklearn.config_context(enable_metadata_routing=True):
        one = ours(kind)(**GIVEN).set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("mlp", one)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        fitted(pipeline, 9 * X + 5, y, X_val=9 * X_val + 5, y_val=y_val)
    scaler = StandardScaler().fit(X)
    by_hand = ours(kind)(**GIVEN)
    fitted(by_hand, scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val)
    found = pipeline["mlp"].validation_loss_curve_
    assert_allclose(found, by_hand.validation_loss_curve_)


# ---------------------------------------------------------------------------- what is refused


@BOTH
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_val": None}, "X_val is provided, but y_val was not"),
        ({"X_val": None}, "y_val is provided, but X_val was not"),
        ({"X_val": None, "y_val": None, "sample_weight_val": 1}, "sample_weight_val is provided"),
        ({"X_val": np.zeros((40, 3))}, "X_val and y_val: X has 3 features"),
        ({"X_val": np.zeros((39, 4))}, "X_val and y_val: .*(inconsistent|features)"),
        ({"X_val": np.full((40, 4), np.nan)}, "X_val and y_val: (Input X contains NaN|X has)"),
        ({"X_val": np.zeros((1, 4)), "y_val": [0]}, "X_val has 1 sample|X has 4 features"),
        ({"sample_weight_val": np.ones(3)}, "X_val and y_val: .*sample_weight"),
        ({"sample_weight_val": np.zeros(40)}, "X_val and y_val: .*at least one|.*non-zero"),
        ({"sample_weight_val": -np.ones(40)}, "X_val and y_val: .*[Nn]egative"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_validation_data_that_does_not_fit_is_refused_by_name(kind, how, change, message):
    X, y, validation = parts(kind)
    one = ours(kind)(**GIVEN)
    fitted(one, X, y)
    before = vars(one).copy()
    with pytest.raises(ValueError, match=message):
        getattr(one, how)(X, y, **{**validation, **change})
    assert vars(one) == before


@BOTH
def test_feature_names_of_validation_data(kind):
    pandas = pytest.importorskip("pandas")
    X, y, validation = parts(kind)
    names = [f"feature {k}" for k in range(X.shape[1])]
    frame = pandas.DataFrame(X, columns=names)
    good = pandas.DataFrame(validation["X_val"], columns=names)
    one = fitted(ours(kind)(**GIVEN), frame, y, X_val=good, y_val=validation["y_val"])
    assert len(one.validation_scores_) == 12
    with pytest.raises(ValueError, match=r"X_val and y_val: The feature names"):
        one.fit(frame, y, X_val=good[names[::-1]], y_val=validation["y_val"])


def test_labels_of_validation_data_that_are_not_among_the_classes():
    X, y, validation = parts("MLPClassifier")
    names = np.array(["a", "b", "c"])
    one = fitted(
        bpnet.MLPClassifier(**GIVEN), X, names[y], **{**validation, "y_val": names[y[:40]]}
    )
    with pytest.raises(ValueError, match=r"y_val has labels that y has not: 'z'; .*'a', 'b', 'c'"):
        one.fit(X, names[y], X_val=X[:2], y_val=["a", "z"])
    # Fewer of them are no fault.
    fitted(one, X, names[y], X_val=X[:2], y_val=["a", "a"])
    assert len(one.validation_scores_) == 12


@BOTH
def test_a_number_of_outputs_that_differs(kind):
    X, y = multi_output(kind)
    with pytest.raises(ValueError, match=r"y_val|X_val"):
        ours(kind)(**GIVEN).fit(X, y, X_val=X, y_val=y[:, :2])


# ---------------------------------------------------------------------------- warm start, streams


@BOTH
def test_curves_grow_in_a_warm_start(kind):
    X, y, validation = parts(kind)
    one = ours(kind)(**{**GIVEN, "max_iter": 3, "warm_start": True})
    fitted(one, X, y)
    fitted(one, X, y, **validation)
    assert len(one.loss_curve_) == 6
    assert len(one.validation_scores_) == 3
    fitted(one.set_params(early_stopping=True), X, y, **validation)
    assert len(one.validation_scores_) == len(one.validation_loss_curve_) == 6
    fitted(one.set_params(early_stopping=False), X, y)
    assert len(one.loss_curve_) == 12
    fitted(one.set_params(warm_start=False), X, y)
    assert one.validation_scores_ is None


@BOTH
def test_partial_fit_records(kind):
    X, y, validation = parts(kind)
    one = ours(kind)(**GIVEN)
    for k in range(4):
        one.partial_fit(X, y, **first_call(kind, y), **(validation if k != 2 else {}))
    assert len(one.loss_curve_) == 4
    assert len(one.validation_scores_) == len(one.validation_loss_curve_) == 3
    assert one.validation_scores_[-1] == one.score(*validation.values())


@BOTH
def test_a_stream_with_early_stopping(kind):
    """The best parameters are shown, while training goes on from the last."""
    X, y, validation = parts(kind)
    given = {**GIVEN, "n_iter_no_change": 4, "learning_rate_init": 0.05}
    one = ours(kind)(early_stopping=True, **given)
    plain = ours(kind)(**given)
    scores = []
    for _ in range(200):
        one.partial_fit(X, y, **first_call(kind, y), **validation)
        plain.partial_fit(X, y, **first_call(kind, y))
        scores.append(plain.score(*validation.values()))
        assert one.score(*validation.values()) == max(scores)
        if one.converged_:
            break
    assert one.converged_
    assert one.loss_curve_ == plain.loss_curve_
    assert_allclose(one.validation_scores_, scores)
    assert one.best_validation_score_ == max(scores)
    # It had converged once more epochs than these brought no improvement by `tol`.
    best = np.maximum.accumulate(scores)
    stuck = 0
    for k in range(1, len(scores)):
        stuck = stuck + 1 if scores[k] < best[k - 1] + one.tol else 0
    assert stuck == given["n_iter_no_change"] + 1


@BOTH
def test_a_stream_goes_on_from_parameters_that_were_changed(kind):
    X, y, validation = parts(kind)
    one = ours(kind)(early_stopping=True, **{**GIVEN, "learning_rate_init": 0.5})
    for _ in range(50):
        one.partial_fit(X, y, **first_call(kind, y), **validation)
        if one.validation_scores_[-1] < one.best_validation_score_:
            break
    assert one.score(*validation.values()) > one.validation_scores_[-1]
    one.coefs_ = [np.zeros_like(w) for w in one.coefs_]
    one.intercepts_ = [np.zeros_like(b) for b in one.intercepts_]
    one.partial_fit(X, y, **validation)
    start = np.log(3) if kind == "MLPClassifier" else np.mean(y**2) / 2
    assert one.loss_ == pytest.approx(start)


@BOTH
def test_a_stream_goes_on_after_a_pickle(kind):
    X, y, validation = parts(kind)
    one = ours(kind)(early_stopping=True, **{**GIVEN, "learning_rate_init": 0.3})
    for _ in range(9):
        one.partial_fit(X, y, **first_call(kind, y), **validation)
    other = pickle.loads(pickle.dumps(one))
    for each in (one, other):
        for _ in range(3):
            each.partial_fit(X, y, **validation)
    assert other.loss_curve_ == one.loss_curve_
    assert_array_equal(other.predict(X), one.predict(X))


def test_a_part_of_a_stream_for_lbfgs_records_only():
    """scikit-learn's regressor has `partial_fit` with that solver."""
    X, y, validation = parts("MLPRegressor")
    given = {"solver": "lbfgs", "max_iter": 3, "random_state": 0}
    one = bpnet.MLPRegressor(early_stopping=True, **given)
    own = theirs("MLPRegressor")(early_stopping=True, **given)
    with pytest.warns(ConvergenceWarning):
        own.partial_fit(X, y)
    with pytest.warns(ConvergenceWarning):
        one.partial_fit(X, y)
    assert_allclose(one.predict(X), own.predict(X), atol=1e-6)
    with pytest.warns(ConvergenceWarning):
        one.partial_fit(X, y, **validation)
    assert len(one.validation_scores_) == 3


@BOTH
def test_a_source_is_for_partial_fit(kind):
    X, y, validation = parts(kind)
    source = bpnet.data.source((X, y))
    one = ours(kind)(**GIVEN)
    with pytest.raises(TypeError, match=r"partial_fit\(\*source.read\(start, stop\)\)"):
        one.fit(source, None)
    other = ours(kind)(**GIVEN)
    for start in range(0, len(source), 30):
        one.partial_fit(*source.read(start, start + 30), **first_call(kind, y), **validation)
        rows = slice(start, start + 30)
        other.partial_fit(X[rows], y[rows], **first_call(kind, y), **validation)
    assert one.loss_curve_ == other.loss_curve_


@BOTH
def test_converged_in_a_stream_without_validation_data(kind):
    X, y, _ = parts(kind)
    one = ours(kind)(tol=1e9, n_iter_no_change=2, random_state=0)
    seen = []
    for _ in range(5):
        seen.append(one.partial_fit(X, y, **first_call(kind, y)).converged_)
    assert seen == [False, False, False, True, True]


@BOTH
def test_early_stopping_in_a_stream_needs_validation_data(kind):
    X, y, _ = parts(kind)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        ours(kind)(early_stopping=True).partial_fit(X, y, **first_call(kind, y))
