"""scikit-learn does with these what it does with its own, to the same figures.

One table: each row is tried on the estimators of both libraries, and their results are compared.
"""

import warnings
from functools import partial

import numpy as np
import pytest
from estimators._cases import BOTH, fitted, ours, samples, theirs
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - allows the next
from sklearn.feature_selection import RFE, SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import check_estimator

import bpnet

pytestmark = pytest.mark.filterwarnings(
    "ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning"
)

CLASSIFIER, REGRESSOR = ("MLPClassifier",), ("MLPRegressor",)
EITHER = CLASSIFIER + REGRESSOR
WEIGHTS = np.random.default_rng(3).uniform(0.5, 2.0, 120)

TABLE = {}
"""By name: an estimator, and what is tried on it, a function of how to make one and of samples."""


def tried_on(*kinds):
    def add(function):
        TABLE.update({f"{function.__name__}-{kind}": (kind, function) for kind in kinds})
        return function

    return add


def frame(library, X):
    columns = {f"number{k}": column for k, column in enumerate(X.T)}
    places = np.array(["north", "south", "west"])[(X[:, 0] > 0.0) + (X[:, 1] > 0.5).astype(int)]
    return library.DataFrame({**columns, "place": places})


# ------------------------------------------------------------------ pipelines and frames


@tried_on(*EITHER)
def cloned(make, X, y):
    used = make().fit(X, y)
    again = clone(used)
    assert not hasattr(again, "coefs_")
    return again.fit(X, y).predict(X)


@tried_on(*EITHER)
def pipeline(make, X, y):
    return make_pipeline(StandardScaler(), make()).fit(X, y).predict(X)


@tried_on(*EITHER)
def columns_of_a_pandas_frame(make, X, y):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    table = frame(pandas, X)
    encoded = ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include=float)),
            ("places", OneHotEncoder(), ["place"]),
        ]
    )
    pipe = make_pipeline(encoded, make()).fit(table, y)
    return [pipe.predict(table), pipe.score(table.iloc[::2], y[::2])]


@tried_on(*EITHER)
def sparse_output_of_an_encoder(make, X, y):
    cells = np.floor(2.0 * X).astype(int)
    encoder = OneHotEncoder(handle_unknown="ignore")
    assert encoder.fit_transform(cells).format == "csr"
    return make_pipeline(encoder, make()).fit(cells, y).predict(cells)


@tried_on(*EITHER)
def frames_within_a_pipeline(make, X, y):
    found = []
    for name in ("pandas", "polars"):
        library = pytest.importorskip(name, reason=f"{name} is not installed")
        table = frame(library, X)
        scaler = make_column_transformer(
            (StandardScaler(), [one for one in table.columns if one != "place"]),
            (OneHotEncoder(sparse_output=False), ["place"]),
        )
        pipe = make_pipeline(scaler, make()).set_output(transform=name).fit(table, y)
        names = list(pipe[-1].feature_names_in_)
        assert names[0] == "standardscaler__number0"
        assert names[-1] == "onehotencoder__place_west"
        found.append(pipe.predict(table))
    return found


# ------------------------------------------------------------------ searches


@tried_on(*EITHER)
def grid_search(make, X, y):
    grid = {"hidden_layer_sizes": [(4,), (8,), (4, 4)], "alpha": [1e-4, 0.1]}
    search = GridSearchCV(make(), grid, cv=2).fit(X, y)
    return [search.cv_results_["mean_test_score"], search.best_estimator_.predict(X)]


@tried_on(*EITHER)
def randomized_search_over_a_pipeline(make, X, y):
    spread = {
        "mlp__learning_rate_init": np.geomspace(1e-3, 0.1, 20),
        "mlp__activation": ["relu", "tanh", "logistic"],
        "mlp__solver": ["sgd", "adam"],
    }
    pipe = make_pipeline(MinMaxScaler(), make())
    pipe.steps[1] = ("mlp", pipe.steps[1][1])
    search = RandomizedSearchCV(pipe, spread, n_iter=4, cv=2, random_state=0).fit(X, y)
    return search.cv_results_["mean_test_score"]


@tried_on(*EITHER)
def halving_search(make, X, y):
    search = HalvingGridSearchCV(
        make(), {"alpha": [1e-4, 1.0]}, cv=2, resource="max_iter", max_resources=8, random_state=0
    )
    return search.fit(X, y).cv_results_["mean_test_score"]


# ------------------------------------------------------------------ validation


@tried_on(*EITHER)
def cross_validation(make, X, y):
    several = cross_validate(
        make(), X, y, cv=3, return_train_score=True, params={"sample_weight": WEIGHTS}
    )
    return [cross_val_score(make(), X, y, cv=3), several["train_score"], several["test_score"]]


@tried_on(*CLASSIFIER)
def cross_validated_probabilities(make, X, y):
    return [
        cross_val_predict(make(), X, y, cv=3, method=method)
        for method in ("predict", "predict_proba", "predict_log_proba")
    ]


@tried_on(*EITHER)
def curves(make, X, y):
    sizes, *scores = learning_curve(
        make(), X, y, cv=2, train_sizes=[0.3, 1.0], exploit_incremental_learning=True
    )
    assert len(sizes) == 2
    values = validation_curve(make(), X, y, param_name="alpha", param_range=[1e-4, 1.0], cv=2)
    return [*scores, *values]


@tried_on(*CLASSIFIER)
def scorers(make, X, y):
    binary = make().fit(X, y > 0)
    names = ("accuracy", "neg_log_loss", "roc_auc", "average_precision", "neg_brier_score")
    several = make().fit(X, y)
    scores = [get_scorer(name)(binary, X, y > 0) for name in names]
    return [scores, get_scorer("roc_auc_ovr")(several, X, y)]


# ------------------------------------------------------------------ inspection and selection


@tried_on(*EITHER)
def importances(make, X, y):
    one = make().fit(X, y)
    found = permutation_importance(one, X, y, n_repeats=2, random_state=0)
    pair = partial_dependence(one, X, [(1, 2)], grid_resolution=5)
    return [found.importances, partial_dependence(one, X, [0])["average"], pair["average"]]


@tried_on(*EITHER)
def feature_selection(make, X, y):
    few = X[:, :4]
    chosen = SequentialFeatureSelector(make(), n_features_to_select=2, cv=2).fit(few, y)
    size = RFE(make(), importance_getter=lambda one: np.abs(one.coefs_[0]).sum(axis=1)).fit(few, y)
    return [chosen.get_support(), size.ranking_]


# ------------------------------------------------------------------ estimators of estimators


@tried_on(*CLASSIFIER)
def calibrated(make, X, y):
    return CalibratedClassifierCV(make(), cv=2).fit(X, y).predict_proba(X)


@tried_on(*CLASSIFIER)
def voting_classifier(make, X, y):
    members = [("net", make()), ("line", LogisticRegression())]
    return VotingClassifier(members, voting="soft").fit(X, y).predict_proba(X)


@tried_on(*REGRESSOR)
def voting_regressor(make, X, y):
    return VotingRegressor([("net", make()), ("line", LinearRegression())]).fit(X, y).predict(X)


@tried_on(*CLASSIFIER)
def stacked_classifier(make, X, y):
    return StackingClassifier([("net", make())], cv=2).fit(X, y).predict_proba(X)


@tried_on(*REGRESSOR)
def stacked_regressor(make, X, y):
    return StackingRegressor([("net", make())], cv=2).fit(X, y).predict(X)


@tried_on(*EITHER)
def bagged(make, X, y):
    if isinstance(make(), ours("MLPClassifier") | theirs("MLPClassifier")):
        bag = BaggingClassifier(make(), n_estimators=2, random_state=0)
        return bag.fit(X, y, sample_weight=WEIGHTS).predict_proba(X)
    bag = BaggingRegressor(make(), n_estimators=2, max_features=0.5, random_state=0)
    return bag.fit(X, y).predict(X)


@tried_on(*CLASSIFIER)
def boosted_classifier(make, X, y):
    one = make(max_iter=60, learning_rate_init=0.01)
    return AdaBoostClassifier(one, n_estimators=3, random_state=0).fit(X, y).predict_proba(X)


@tried_on(*REGRESSOR)
def boosted_regressor(make, X, y):
    return AdaBoostRegressor(make(), n_estimators=2, random_state=0).fit(X, y).predict(X)


@tried_on(*CLASSIFIER)
def one_for_each_class(make, X, y):
    rest = OneVsRestClassifier(make()).fit(X, y)
    pairs = OneVsOneClassifier(make()).fit(X, y)
    return [rest.predict_proba(X), pairs.predict(X)]


@tried_on(*CLASSIFIER)
def incremental_one_for_each_class(make, X, y):
    rest = OneVsRestClassifier(make())
    for k in range(3):
        rest.partial_fit(X[k::3], y[k::3], classes=np.unique(y))
    return rest.predict_proba(X)


@tried_on(*CLASSIFIER)
def several_targets_of_classes(make, X, y):
    both = np.stack([y, y[::-1]], axis=1)
    apart = MultiOutputClassifier(make()).fit(X, both)
    chain = ClassifierChain(make(), random_state=0).fit(X, both > 0)
    return [*apart.predict_proba(X), chain.predict(X)]


@tried_on(*REGRESSOR)
def several_targets(make, X, y):
    both = np.stack([y, y[::-1]], axis=1)
    apart = MultiOutputRegressor(make()).fit(X, both)
    apart.partial_fit(X, both)
    chain = RegressorChain(make(), random_state=0).fit(X, both)
    return [apart.predict(X), chain.predict(X)]


@tried_on(*CLASSIFIER)
def thresholds(make, X, y):
    tuned = TunedThresholdClassifierCV(make(), cv=2, random_state=0).fit(X, y > 0)
    fixed = FixedThresholdClassifier(make(), threshold=0.3).fit(X, y > 0)
    return [tuned.best_threshold_, tuned.predict(X), fixed.predict(X)]


@tried_on(*REGRESSOR)
def transformed_target(make, X, y):
    model = TransformedTargetRegressor(make(), func=np.sinh, inverse_func=np.arcsinh)
    return model.fit(X, y).predict(X)


# ------------------------------------------------------------------ metadata routing


@tried_on(*EITHER)
def routed_weights(make, X, y):
    with config_context(enable_metadata_routing=True):
        one = make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        grid = GridSearchCV(one, {"alpha": [1e-4, 0.1]}, cv=2).fit(X, y, sample_weight=WEIGHTS)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        pipe = make_pipeline(scaler, one).fit(X, y, sample_weight=WEIGHTS)
        ignoring = make().set_fit_request(sample_weight=False)
        plain = make_pipeline(scaler, ignoring).fit(X, y, sample_weight=WEIGHTS)
        scored = pipe.score(X, y, sample_weight=WEIGHTS)
    results = [grid.cv_results_["mean_test_score"], pipe.predict(X), plain.predict(X), scored]
    assert not np.array_equal(pipe[-1].coefs_[0], plain[-1].coefs_[0])
    return results


@tried_on(*EITHER)
def routed_weights_of_a_part(make, X, y):
    with config_context(enable_metadata_routing=True):
        one = make().set_fit_request(sample_weight=False)
        one.set_partial_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        params = {"sample_weight": WEIGHTS}
        *_, scores = learning_curve(
            one, X, y, cv=2, exploit_incremental_learning=True, params=params
        )
    return scores


def results(make, function, X, y):
    made = partial(make, hidden_layer_sizes=(8,), max_iter=12, random_state=0)
    found = function(made, X.copy(), y.copy())
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("row", TABLE)
def test_results_are_those_of_scikit_learns_own(row):
    kind, function = TABLE[row]
    X, y = samples(kind)
    mine, own = (results(make, function, X, y) for make in (ours(kind), theirs(kind)))
    assert len(mine) == len(own)
    for found, expected in zip(mine, own, strict=True):
        assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


# ------------------------------------------------------------------ what scikit-learn's have not


@BOTH
def test_a_search_over_objects_of_bpnet(kind):
    X, y = samples(kind)
    grid = {
        "optimizer": [None, "adamw", bpnet.AdamW(0.01), bpnet.Nesterov(0.05)],
        "activation": ["relu", bpnet.activations.LeakyReLU(0.1), ["tanh"]],
    }
    one = ours(kind)(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    search = GridSearchCV(one, grid, cv=2, error_score="raise").fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 6
    for name, chosen in search.best_params_.items():
        assert getattr(search.best_estimator_, name) == chosen


@BOTH
def test_a_search_over_settings_of_an_optimizer(kind):
    X, y = samples(kind)
    optimizer = bpnet.AdamW(0.01)
    one = ours(kind)(hidden_layer_sizes=(8,), optimizer=optimizer, max_iter=5, random_state=0)
    model = make_pipeline(StandardScaler(), one)
    step = kind.lower()
    grid = {
        f"{step}__optimizer__learning_rate": [1e-5, 0.1],
        f"{step}__optimizer__weight_decay": [0.0, 0.5],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    best = search.best_estimator_[-1].optimizer
    assert best.learning_rate == search.best_params_[f"{step}__optimizer__learning_rate"]
    assert optimizer == one.optimizer == bpnet.AdamW(0.01)


@BOTH
def test_settings_of_parameters_by_name(kind):
    one = ours(kind)(loss=bpnet.costs.Huber(), activation=bpnet.activations.LeakyReLU(0.1))
    assert one.set_params(loss__delta=3.0, activation__slope=0.3, alpha=1.0) is one
    assert one.get_params()["loss"] == bpnet.costs.Huber(3.0)
    assert one.activation == bpnet.activations.LeakyReLU(0.3)
    one.set_params(optimizer__momentum=0.5, optimizer=bpnet.Momentum())  # in any order
    assert one.optimizer == bpnet.Momentum(momentum=0.5)
    with pytest.raises(TypeError, match="momentum"):
        one.set_params(optimizer__momentun=0.5)
    with pytest.raises(ValueError, match="momentum"):
        one.set_params(optimizer__momentum=2.0)
    with pytest.raises(ValueError, match="Invalid parameter 'optimiser'"):
        one.set_params(optimiser__momentum=0.5)
    with pytest.raises(AttributeError, match="set_params"):
        one.set_params(solver__momentum=0.5)


@BOTH
@pytest.mark.parametrize(
    "callback", [bpnet.EarlyStopping("train_cost"), bpnet.KeepBest("train_cost"), bpnet.Progress()]
)
def test_callbacks_that_have_seen_a_fit_are_cloned(kind, callback, capsys):
    X, y = samples(kind)
    one = fitted(ours(kind)(max_iter=3, random_state=0, callbacks=[callback]), X, y)
    again = fitted(clone(one), X, y)
    assert_allclose(again.predict(X), one.predict(X))
    assert again.callbacks[0] is not callback


@BOTH
def test_two_processes_find_what_one_finds(kind):
    X, y = samples(kind)
    one = ours(kind)(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    scores = []
    for jobs in (1, 2):
        search = GridSearchCV(one, {"alpha": [1e-4, 0.1]}, cv=2, n_jobs=jobs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            scores.append(search.fit(X, y).cv_results_["mean_test_score"])
    assert_allclose(scores[0], scores[1])


# ------------------------------------------------------------------ how they are shown


@BOTH
def test_repr_has_what_was_changed(kind):
    assert repr(ours(kind)()) == f"{kind}()"
    given = ours(kind)(hidden_layer_sizes=(5, 2), alpha=0.0001, backend="torch", max_iter=3)
    assert repr(given) == f"{kind}(backend='torch', hidden_layer_sizes=(5, 2), max_iter=3)"
    given.set_params(optimizer=bpnet.AdamW(0.01), max_iter=200, backend=None)
    assert "optimizer=AdamW(learning_rate=0.01, " in repr(given)


@BOTH
def test_a_notebook_shows_them_without_links_to_another_projects_page(kind):
    X, y = samples(kind)
    one = ours(kind)(max_iter=3, hidden_layer_sizes=(5, 2), activation=["tanh", "relu"])
    for made in (one, fitted(one, X, y)):
        for html in (estimator_html_repr(made), made._repr_html_()):
            assert kind in html
            assert "hidden_layer_sizes" in html
            assert "https://scikit-learn.org" not in html
        assert kind in made._repr_mimebundle_()["text/html"]
    pipe = make_pipeline(StandardScaler(), one)
    assert f"modules/generated/sklearn.neural_network.{kind}" not in estimator_html_repr(pipe)
    assert kind in estimator_html_repr(pipe)


# ------------------------------------------------------------------ scikit-learn's checks

CHECKED = {
    "default": {},
    "small": {"hidden_layer_sizes": 5, "learning_rate_init": 0.1, "max_iter": 30},
    "sgd": {"solver": "sgd"},
    "lbfgs": {"solver": "lbfgs", "max_iter": 100},
    "torch": {
        "backend": "torch",
        "hidden_layer_sizes": 8,
        "learning_rate_init": 0.1,
        "max_iter": 40,
    },
}


@BOTH
@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator_has_no_failures(kind, name):
    given = CHECKED[name]
    if "backend" in given:
        pytest.importorskip(given["backend"], reason=f"{given['backend']} is not installed")
    records = check_estimator(ours(kind)(**given), on_fail=None)
    failed = {one["check_name"]: one["exception"] for one in records if one["status"] == "failed"}
    assert failed == {}, failed
    assert not any(one["status"] == "xfail" for one in records)
    assert sum(one["status"] == "passed" for one in records) > 50
