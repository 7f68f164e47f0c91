"""bpnet's own parameters of both estimators: what each does, and what it refuses."""

import copy
import pickle

import numpy as np
import pytest
from estimators._cases import BOTH, binary, fitted, multi_output, ours, samples, without_addresses
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

import bpnet
from bpnet.activations import CustomActivation, Tanh
from bpnet.costs import CustomCost
from bpnet.estimators.random_draws import initial_parameters
from bpnet.optimizers.registry import BUILT_IN as OPTIMIZERS

SMALL = {"hidden_layer_sizes": (6, 5), "max_iter": 4, "random_state": 0}


def of_softsign(z, xp):
    return z / (1 + xp.abs(z))


def slope_of_softsign(z, a, xp):
    return (1 - xp.abs(a)) ** 2


SOFTSIGN = CustomActivation(of_softsign, slope_of_softsign, name="softsign")


def quartic(partner="identity"):
    return CustomCost(
        lambda a, y, xp: xp.sum((a - y) ** 4, axis=-1),
        lambda a, y, xp: 4 * (a - y) ** 3,
        name="quartic",
        partner=partner,
    )


class Rates(bpnet.Callback):
    """The learning rate after each epoch."""

    last = True

    def __init__(self):
        self.seen = []

    def on_epoch_end(self, fit, row):
        self.seen.append(fit.learning_rate_at(fit.steps_done - 1, fit.rate_factor))


class StopAfter(bpnet.Callback):
    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, fit, row):
        if len(fit.history) == self.epochs:
            fit.stop("enough")


# ---------------------------------------------------------------------------- what is refused


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"activation": 3},
        {"activation": ("relu",)},
        {"activation": ("relu", "reluu")},
        {"activation": ("relu", 3)},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": "half"},
        {"dropout": (0.1,)},
        {"dropout": (0.1, 2.0)},
        {"dropout": (0.1, "half")},
        {"loss": "hinge"},
        {"loss": 3},
        {"optimizer": "adamm"},
        {"optimizer": 0.1},
        {"optimizer": bpnet.AdamW},
        {"schedule": 0.1},
        {"callbacks": "early"},
        {"callbacks": [3]},
        {"callbacks": [bpnet.KeepBest]},
        {"dtype": "float16"},
        {"compute_dtype": "int8"},
        {"parallel": "mip"},
        {"parallel": True},
        {"blocks": 0},
        {"blocks": 2.0},
    ],
    ids=without_addresses,
)
def test_a_wrong_parameter_is_refused_by_name(kind, wrong):
    X, y = samples(kind)
    one = ours(kind)(**{**SMALL, **wrong})
    with pytest.raises(InvalidParameterError, match=f"'{next(iter(wrong))}' parameter"):
        one.fit(X, y)
    assert not hasattr(one, "network_")


@pytest.mark.parametrize("wrong", [3, "uniform", (1, 2)])
def test_a_wrong_class_weight_is_refused_by_name(wrong):
    X, y = samples("MLPClassifier")
    with pytest.raises(InvalidParameterError, match="'class_weight' parameter"):
        bpnet.MLPClassifier(class_weight=wrong).fit(X, y)


@BOTH
def test_constraints_are_those_of_the_parameters(kind):
    one = ours(kind)()
    assert set(one._parameter_constraints) == set(one.get_params())


@BOTH
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizer": "adamw", "solver": "lbfgs"}, 'solver="lbfgs" and optimizer='),
        ({"schedule": lambda step: 0.1, "solver": "lbfgs"}, "no learning rate"),
        ({"schedule": lambda step: 0.1, "optimizer": bpnet.LBFGS()}, "no learning rate"),
        ({"schedule": lambda step: 0.1, "learning_rate": "adaptive"}, "leave one out"),
        ({"dropout": 0.5, "solver": "lbfgs"}, "dropout=0.5"),
        ({"dropout": (0.0, 0.5), "optimizer": "lbfgs"}, "dropout="),
        ({"parallel": "serial", "solver": "lbfgs"}, "set parallel=None, or solver='adam'"),
        ({"parallel": "serial", "optimizer": "lbfgs"}, "set parallel=None, or optimizer='adam'"),
        ({"parallel": "serial", "optimizer": bpnet.LBFGS()}, "or optimizer='adam'"),
    ],
    ids=without_addresses,
)
def test_parameters_that_exclude_one_another(kind, wrong, message):
    X, y = samples(kind)
    one = fitted(ours(kind)(**SMALL), X, y)
    before = one.predict(X)
    with pytest.raises(ValueError, match=message):
        one.set_params(**wrong).fit(X[:, :3], y)
    one.set_params(**ours(kind)(**SMALL).get_params())
    assert_array_equal(one.predict(X), before)


# ---------------------------------------------------------------------------- activation, dropout


@BOTH
def test_an_activation_for_each_layer(kind):
    X, y = samples(kind)
    one = fitted(ours(kind)(activation=["gelu", Tanh()], **SMALL), X, y)
    assert [sigma.name for sigma in one.network_.activations[:-1]] == ["gelu", "tanh"]
    alike = [
        fitted(ours(kind)(activation=given, **SMALL), X, y)
        for given in ("tanh", ("tanh", "tanh"), Tanh(), np.array(["tanh", "tanh"]))
    ]
    for other in alike[1:]:
        assert_array_equal(other.loss_curve_, alike[0].loss_curve_)


@BOTH
def test_each_layers_activation_decides_the_range_of_its_first_parameters(kind):
    X, y = samples(kind)
    ranges = []
    for given in ("relu", ("relu", "logistic")):
        one = ours(kind)(activation=given, hidden_layer_sizes=(4, 4), random_state=0)
        first = one.set_params(learning_rate_init=1e-12).partial_fit(
            X, y, **({"classes": np.unique(y)} if kind == "MLPClassifier" else {})
        )
        ranges.append([abs(w) for w in first.coefs_])
    assert_allclose(ranges[0][0], ranges[1][0], atol=1e-9)
    for layer in (1, 2):
        assert_allclose(ranges[0][layer] / ranges[1][layer], 3**0.5, rtol=1e-6)


@BOTH
def test_an_activation_of_ones_own(kind):
    X, y = samples(kind)
    one = fitted(ours(kind)(activation=SOFTSIGN, **SMALL), X, y)
    W, b = one.coefs_, one.intercepts_
    h = X @ W[0] + b[0]
    h = h / (1 + abs(h))
    h = h @ W[1] + b[1]
    z = (h / (1 + abs(h))) @ W[2] + b[2]
    if kind == "MLPClassifier":
        assert_array_equal(one.predict(X), z.argmax(axis=1))
    else:
        assert_allclose(one.predict(X), z[:, 0])
    assert clone(one).activation.name == "softsign"


@BOTH
def test_dropout_is_that_of_a_network(kind):
    X, y = samples(kind)
    curves = {
        share: fitted(ours(kind)(dropout=share, **SMALL), X, y).loss_curve_
        for share in (0.0, 0.5, (0.5, 0.5), (0.0, 0.5), (0.0, 0.0))
    }
    assert curves[0.5] == curves[0.5, 0.5]
    assert curves[0.0] == curves[0.0, 0.0]
    assert len({curve[0] for curve in curves.values()}) == 3
    one = fitted(ours(kind)(dropout=(0.25, 0.5), **SMALL), X, y)
    assert [layer.dropout for layer in one.network_.model.architecture.layers] == [0, 0.25, 0.5, 0]
    assert_array_equal(one.predict(X), one.predict(X))


@BOTH
def test_dropout_without_hidden_layers_drops_nothing(kind):
    X, y = samples(kind)
    given = {**SMALL, "hidden_layer_sizes": ()}
    curves = [fitted(ours(kind)(dropout=d, **given), X, y).loss_curve_ for d in (0.0, 0.5, ())]
    assert curves[0] == curves[1] == curves[2]


@BOTH
def test_a_random_state_is_drawn_from_for_masks_only_where_there_are_some(kind):
    X, y = samples(kind)
    given = {**SMALL, "shuffle": False}
    for share in (0.0, 0.5):
        state, alike = np.random.RandomState(3), np.random.RandomState(3)
        one = fitted(ours(kind)(**{**given, "random_state": state, "dropout": share}), X, y)
        initial_parameters(one.network_.sizes, one.network_.activations, alike)
        assert one.network_.seed == (alike.randint(2**31 - 1) if share else 0)
        assert state.uniform() == alike.uniform()
    # An int is used as it is, so that the same samples are in the same mini-batches.
    one = fitted(ours(kind)(**{**SMALL, "random_state": 17, "dropout": 0.5}), X, y)
    assert one.network_.seed == 17


@BOTH
def test_two_states_that_are_alike_give_the_same_masks(kind):
    X, y = samples(kind)
    curves = [
        fitted(
            ours(kind)(**{**SMALL, "random_state": np.random.RandomState(5), "dropout": 0.4}), X, y
        ).loss_curve_
        for _ in range(2)
    ]
    assert curves[0] == curves[1]


@BOTH
def test_masks_differ_from_call_to_call_of_partial_fit(kind):
    X, y = samples(kind)
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    given = {"dropout": 0.5, "learning_rate_init": 1e-12, "shuffle": False, "random_state": 0}
    one = ours(kind)(**given)
    losses = [one.partial_fit(X, y, **first).loss_ for _ in range(3)]
    assert len(set(losses)) == 3


# ---------------------------------------------------------------------------- loss

TARGETS = {"binary": "logistic", "several": "softmax", "labels": "logistic"}


def classes(which):
    if which == "binary":
        return binary()
    return samples("MLPClassifier") if which == "several" else multi_output("MLPClassifier")


@pytest.mark.parametrize("which", TARGETS)
@pytest.mark.parametrize("loss", ["squared_error", "quadratic", "absolute_error", "huber"])
def test_outputs_of_a_classifier_are_probabilities_whatever_the_loss(which, loss):
    X, y = classes(which)
    one = fitted(bpnet.MLPClassifier(loss=loss, max_iter=100, random_state=0), X, y)
    p = one.predict_proba(X)
    assert one.out_activation_ == TARGETS[which]
    assert p.min() >= 0.0
    assert p.max() <= 1.0
    if which != "labels":
        assert_allclose(p.sum(axis=1), 1.0)
        assert_array_equal(one.predict(X), one.classes_[p.argmax(axis=1)])
        assert one.score(X, y) > 0.8
    else:
        assert_array_equal(one.predict(X), p > 0.5)
    assert_allclose(one.predict_log_proba(X), np.log(p))


def test_the_squared_error_is_the_brier_score():
    X, y = classes("several")
    one = bpnet.MLPClassifier(
        loss="quadratic", alpha=0, batch_size=len(X), learning_rate_init=1e-12, random_state=0
    )
    one.partial_fit(X, y, classes=[0, 1, 2])
    p = one.predict_proba(X)
    brier = ((p - np.eye(3)[y]) ** 2).sum(axis=1).mean()
    assert one.loss_ == pytest.approx(brier / 2)
    one.set_params(loss="squared_error").partial_fit(X, y)
    assert one.loss_ == pytest.approx(brier / 6)


def test_separate_estimates_of_classes_are_divided_by_their_sum():
    X, y = classes("several")
    one = fitted(bpnet.MLPClassifier(loss="binary_cross_entropy", random_state=0), X, y)
    assert one.out_activation_ == "logistic"
    outputs = one.network_.feedforward(X)
    assert not np.allclose(outputs.sum(axis=1), 1.0)
    assert_allclose(one.predict_proba(X), outputs / outputs.sum(axis=1, keepdims=True))
    assert_array_equal(one.predict(X), outputs.argmax(axis=1))
    one.intercepts_[-1][:] = -1e6  # all estimates are 0
    assert_array_equal(one.predict_proba(X), np.zeros((len(X), 3)))


@pytest.mark.parametrize("which", TARGETS)
def test_cross_entropies_by_other_names_train_as_the_log_loss(which):
    X, y = classes(which)
    names = {"several": ["categorical_cross_entropy", "log_likelihood"]}.get(
        which, ["binary_cross_entropy", "cross_entropy"]
    )
    first, *others = (
        fitted(bpnet.MLPClassifier(loss=name, max_iter=9, random_state=0), X, y).loss_curve_
        for name in ["log_loss", *names, bpnet.costs.get(names[0])]
    )
    for other in others:
        assert_allclose(other, first)


@pytest.mark.parametrize("loss", ["categorical_cross_entropy", "log_likelihood"])
@pytest.mark.parametrize("which", ["binary", "labels"])
def test_a_loss_of_several_classes_needs_several(which, loss):
    X, y = classes(which)
    with pytest.raises(ValueError, match="log_loss"):
        bpnet.MLPClassifier(loss=loss).fit(X, y)


def test_a_classifier_refuses_a_loss_of_counts():
    X, y = classes("several")
    with pytest.raises(InvalidParameterError, match="'log_loss'"):
        bpnet.MLPClassifier(loss="poisson").fit(X, y)
    with pytest.raises(ValueError, match="counts"):
        bpnet.MLPClassifier(loss=bpnet.costs.Poisson()).fit(X, y)


def test_a_regressor_refuses_a_loss_of_classes():
    X, y = samples("MLPRegressor")
    with pytest.raises(InvalidParameterError, match="'huber'"):
        bpnet.MLPRegressor("log_loss").fit(X, y)
    with pytest.raises(ValueError, match="classes"):
        bpnet.MLPRegressor(bpnet.costs.get("log_likelihood")).fit(X, y)


@pytest.mark.parametrize(
    ("loss", "output"),
    [
        ("squared_error", "identity"),
        ("quadratic", "identity"),
        (bpnet.costs.Quadratic(), "identity"),
        ("absolute_error", "identity"),
        ("huber", "identity"),
        (bpnet.costs.Huber(0.1), "identity"),
        ("poisson", "exp"),
        (bpnet.costs.Poisson(), "exp"),
        ("cross_entropy", "logistic"),
        (quartic(), "identity"),
        (quartic("softplus"), "softplus"),
    ],
    ids=without_addresses,
)
def test_a_regressors_losses(loss, output):
    X, y = samples("MLPRegressor")
    y = 1 / (1 + np.exp(-y))
    given = {"max_iter": 300, "learning_rate_init": 0.01, "random_state": 0}
    one = fitted(bpnet.MLPRegressor(loss, **given), X, y)
    assert one.out_activation_ == output
    assert one.loss_ < one.loss_curve_[0]
    assert one.score(X, y) > 0.0


def test_a_loss_is_minimized_by_what_it_is_named_for():
    """The mean, the median, and Huber's between them, of a constant."""
    y = np.array([0.0, 0.0, 0.0, 1.0, 9.0])
    X = np.zeros((5, 1))
    found = {}
    for loss in ("squared_error", "absolute_error", bpnet.costs.Huber(1.0), "poisson"):
        one = bpnet.MLPRegressor(
            loss, (), alpha=0, learning_rate_init=0.01, max_iter=9000, tol=0, n_iter_no_change=9000
        )
        found[str(loss)] = fitted(one, X, y).predict(X)[0]
    assert found["squared_error"] == pytest.approx(2.0, abs=0.02)
    assert found["poisson"] == pytest.approx(2.0, abs=0.02)
    assert found["absolute_error"] == pytest.approx(0.0, abs=0.02)
    assert found["Huber(delta=1.0)"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("poisson", -1.0, "needs targets of at least 0, but y goes from -1 to "),
        ("binary_cross_entropy", 1.5, "needs targets from 0 to 1, but y goes from "),
    ],
)
def test_targets_outside_a_loss_are_refused_before_anything_changes(loss, y, message):
    X, good = samples("MLPRegressor")
    good = 1 / (1 + np.exp(-good))
    bad = np.concatenate([good[:-1], [y]])
    one = fitted(bpnet.MLPRegressor(loss, **SMALL), X, good)
    before, network = vars(one).copy(), one.network_
    for call in (one.fit, one.partial_fit):
        with pytest.raises(ValueError, match=message):
            call(X[:, :3], bad) if call == one.fit else call(X, bad)
    assert one.network_ is network
    assert vars(one) == before
    with pytest.raises(ValueError, match="but y_val goes from"):
        one.fit(X, good, X_val=X, y_val=bad)


@pytest.mark.parametrize("which", TARGETS)
def test_a_classifier_with_a_loss_of_ones_own(which):
    X, y = classes(which)
    one = fitted(bpnet.MLPClassifier(loss=quartic(), max_iter=60, random_state=0), X, y)
    assert one.out_activation_ == TARGETS[which]
    assert one.loss_ < one.loss_curve_[0]
    sigmoid = fitted(bpnet.MLPClassifier(loss=quartic("sigmoid"), **SMALL), X, y)
    assert sigmoid.out_activation_ == "logistic"


# ---------------------------------------------------------------------------- optimizer, schedule


@BOTH
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_by_name_and_as_an_object(kind, name):
    X, y = samples(kind)
    rates = Rates()
    one = fitted(
        ours(kind)(optimizer=name, learning_rate_init=0.003, callbacks=rates, **SMALL), X, y
    )
    assert rates.seen == [0.003] * 4
    same = bpnet.optimizers.get(name).replaced(learning_rate=0.003)
    other = fitted(ours(kind)(optimizer=same, **SMALL), X, y)  # its rate is its own
    assert_array_equal(one.loss_curve_, other.loss_curve_)


@BOTH
def test_an_optimizer_takes_the_place_of_the_solver(kind):
    X, y = samples(kind)
    own = fitted(ours(kind)(optimizer=bpnet.Nesterov(0.01, 0.5), **SMALL), X, y)
    other = fitted(
        ours(kind)(optimizer=bpnet.Nesterov(0.01, 0.5), solver="sgd", momentum=0.0, **SMALL), X, y
    )
    assert own.loss_curve_ == other.loss_curve_
    plain = fitted(ours(kind)(solver="sgd", momentum=0.0, learning_rate_init=0.01, **SMALL), X, y)
    sgd = fitted(ours(kind)(optimizer="sgd", learning_rate_init=0.01, **SMALL), X, y)
    assert_allclose(plain.loss_curve_, sgd.loss_curve_)


@BOTH
@pytest.mark.parametrize("given", ["lbfgs", "L-BFGS object"])
def test_lbfgs_as_an_optimizer(kind, given):
    X, y = samples(kind)
    optimizer = given if given == "lbfgs" else bpnet.LBFGS(gradient_tolerance=1e-4)
    mine = fitted(ours(kind)(optimizer=optimizer, **SMALL), X, y)
    own = fitted(ours(kind)(solver="lbfgs", **SMALL), X, y)
    assert mine.n_iter_ == own.n_iter_ == 4
    assert mine.loss_ == pytest.approx(own.loss_)
    # scikit-learn's regressor has it with L-BFGS, its classifier has not
    assert hasattr(mine, "partial_fit") == (kind == "MLPRegressor")
    assert not hasattr(mine, "loss_curve_")


@BOTH
def test_lbfgs_as_an_optimizer_has_its_own_limits(kind):
    X, y = samples(kind)
    one = ours(kind)(optimizer=bpnet.LBFGS(max_evaluations=3), random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"evaluations is reached \(LBFGS\(.*=3\)\)"):
        one.fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"evaluations is reached \(max_fun=4\)"):
        one.set_params(optimizer="lbfgs", max_fun=4).fit(X, y)


@BOTH
@pytest.mark.parametrize("optimizer", [None, "adamw", bpnet.Nesterov(0.5)], ids=without_addresses)
def test_a_schedule_is_the_learning_rate(kind, optimizer):
    X, y = samples(kind)
    rates = Rates()
    schedule = bpnet.schedules.Exponential(0.01, 10)
    one = ours(kind)(optimizer=optimizer, schedule=schedule, batch_size=40, callbacks=rates)
    fitted(one.set_params(**SMALL), X, y)
    assert_allclose(rates.seen, [schedule(step) for step in (2, 5, 8, 11)])


@BOTH
def test_a_schedule_goes_on_in_partial_fit_and_begins_anew_in_a_warm_start(kind):
    X, y = samples(kind)
    rates = Rates()
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    one = ours(kind)(schedule=lambda step: 0.01 / (1 + step), callbacks=rates, warm_start=True)
    for _ in range(3):
        one.partial_fit(X, y, **first)
    assert_allclose(rates.seen, [0.01, 0.01 / 2, 0.01 / 3])
    fitted(one.set_params(max_iter=2), X, y)
    assert_allclose(rates.seen[3:], [0.01, 0.01 / 2])


@BOTH
def test_learning_rates_that_fall_go_with_any_optimizer(kind):
    X, y = samples(kind)
    rates = Rates()
    given = {"learning_rate": "adaptive", "tol": 1e9, "n_iter_no_change": 1, "callbacks": rates}
    one = ours(kind)(optimizer=bpnet.AdamW(0.1), max_iter=9, **given)
    fitted(one, X, y)
    assert rates.seen[0] == 0.1
    assert rates.seen[-1] < 0.1 / 5
    rates.seen.clear()
    one.set_params(learning_rate="invscaling", power_t=0.5, max_iter=2)
    fitted(one, X, y)
    assert_allclose(rates.seen, [0.1 / 121**0.5, 0.1 / 241**0.5])


# ---------------------------------------------------------------------------- callbacks


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_that_stops_the_fit(kind, solver):
    X, y = samples(kind)
    one = ours(kind)(solver=solver, callbacks=StopAfter(2), random_state=0)
    one.fit(X, y)  # without a warning
    assert one.n_iter_ == 2
    assert not one.converged_
    other = fitted(ours(kind)(solver=solver, max_iter=2, random_state=0), X, y)
    assert one.loss_ == other.loss_
    assert_array_equal(one.predict(X), other.predict(X))
    if solver == "adam":
        assert one.loss_curve_ == other.loss_curve_
        assert one.t_ == other.t_ == 240


def cost(one, X, y):
    """The mean cost of samples, by the network."""
    return one.network_.total_cost(X, y if isinstance(one, bpnet.MLPClassifier) else y[:, None])


@BOTH
@pytest.mark.parametrize("callback", [bpnet.KeepBest, bpnet.EarlyStopping])
def test_callbacks_that_keep_the_parameters_with_the_lowest_cost(kind, callback):
    X, y = samples(kind)
    given = {"learning_rate_init": 0.3, "random_state": 0}
    each = [cost(fitted(ours(kind)(max_iter=k, **given), X, y), X, y) for k in range(1, 10)]
    one = fitted(ours(kind)(max_iter=9, callbacks=callback("train_cost"), **given), X, y)
    plain = fitted(ours(kind)(max_iter=9, **given), X, y)
    assert_allclose(one.loss_curve_, plain.loss_curve_)
    assert cost(one, X, y) == pytest.approx(min(each))
    assert_array_equal(one.coefs_[0], one.network_.weights[0].T)


@BOTH
def test_callbacks_watch_the_loss_with_its_penalty(kind):
    X, y = samples(kind)
    given = {"learning_rate_init": 0.3, "random_state": 0, "alpha": 9.0}
    best = bpnet.KeepBest("train_objective")
    one = fitted(ours(kind)(max_iter=9, callbacks=best, **given), X, y)
    assert best.figure == min(one.loss_curve_)
    other = fitted(ours(kind)(max_iter=best.epoch, **given), X, y)
    assert_array_equal(one.coefs_[0], other.coefs_[0])
    one = ours(kind)(callbacks=bpnet.EarlyStopping("train_objective", 1, 1e9), **given)
    assert fitted(one, X, y).n_iter_ == 2


@BOTH
def test_callbacks_watch_validation_data(kind):
    X, y = samples(kind)
    stopping = bpnet.EarlyStopping(patience=2, min_delta=9.0)  # of the validation cost
    one = ours(kind)(callbacks=[stopping], random_state=0)
    one.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert one.n_iter_ == 3
    with pytest.raises(ValueError, match="validation_cost"):
        one.fit(X, y)
    one.set_params(early_stopping=True).fit(X, y)
    assert one.n_iter_ == 3


@BOTH
@pytest.mark.parametrize(
    "callback", [bpnet.EarlyStopping("train_cost", 1), bpnet.KeepBest("train_cost"), Rates()]
)
def test_an_estimator_with_callbacks_is_cloned_and_pickled_before_and_after_a_fit(kind, callback):
    X, y = samples(kind)
    one = ours(kind)(callbacks=[callback], **SMALL)
    for _ in range(2):
        for other in (clone(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert other.callbacks[0] is not callback
            assert type(other.callbacks[0]) is type(callback)
            fitted(other, X, y)
        fitted(one, X, y)
    assert_array_equal(pickle.loads(pickle.dumps(one)).predict(X), one.predict(X))


@BOTH
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_callbacks_that_reduce_the_learning_rate(kind, learning_rate):
    X, y = samples(kind)
    rates = Rates()
    reduce = bpnet.ReduceOnPlateau("train_cost", factor=0.5, patience=0, min_delta=1e9)
    given = {"solver": "sgd", "learning_rate": learning_rate, "tol": 1e9, "n_iter_no_change": 2}
    one = ours(kind)(callbacks=[reduce, rates], **given)
    fitted(one.set_params(**{**SMALL, "max_iter": 5}), X, y)
    # Nothing improves after the first epoch; after the fourth an adaptive rate is divided by 5.
    expected = np.array([1, 0.5, 0.25, 0.125, 0.0625])
    if learning_rate == "adaptive":
        expected[3:] /= 5
        assert_allclose(rates.seen, 0.001 * expected)
    else:
        assert_allclose(rates.seen, 0.001 * expected[:4])


@BOTH
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_a_fit_that_a_callback_refuses_changes_nothing(kind, how):
    X, y = samples(kind)
    one = ours(kind)(early_stopping=True, **SMALL)
    fitted(one, X, y)
    for _ in range(3):
        one.partial_fit(X, y, X_val=X, y_val=y)
    before = {name: copy.copy(value) for name, value in vars(one).items() if name[-1] == "_"}
    told = one.predict(X)
    one.set_params(callbacks=bpnet.EarlyStopping("no such column"))
    with pytest.raises(ValueError, match="no such column"):
        getattr(one, how)(X[:60], y[:60], X_val=X, y_val=y)
    assert_array_equal(one.predict(X), told)
    for name in before.keys() - {"network_", "coefs_", "intercepts_", "classes_"}:
        assert getattr(one, name) == before[name]
    one.set_params(callbacks=None)
    assert one.partial_fit(X, y, X_val=X, y_val=y).t_ == before["t_"] + 120


@BOTH
def test_checkpoints_are_networks(kind, tmp_path):
    X, y = samples(kind)
    one = fitted(ours(kind)(callbacks=bpnet.Checkpoint(tmp_path), **SMALL), X, y)
    newest = max(tmp_path.glob("epoch-0004*"))
    assert_array_equal(bpnet.load(newest).weights[0], one.network_.weights[0])


# ---------------------------------------------------------------------------- libraries


@BOTH
@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize(
    "given",
    [
        {"dropout": 0.3},
        {"loss": "huber"},
        {"loss": "binary_cross_entropy"},
        {"activation": ("gelu", SOFTSIGN)},
        {"optimizer": "adamw", "schedule": bpnet.schedules.Cosine(0.01, 40)},
        {"callbacks": bpnet.KeepBest("train_cost")},
        {"early_stopping": True},
        {"optimizer": bpnet.LBFGS()},
    ],
    ids=without_addresses,
)
def test_options_are_the_same_on_every_library(kind, library, given):
    pytest.importorskip(library)
    X, y = samples(kind)
    if given == {"loss": "binary_cross_entropy"} and kind == "MLPRegressor":
        y = 1 / (1 + np.exp(-y))
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    curves = []
    for backend in ("numpy", library):
        one = ours(kind)(backend=backend, device="cpu", **given, **SMALL)
        fitted(one, X, y, weight, X_val=X, y_val=y, sample_weight_val=weight)
        curves.append([*one.validation_loss_curve_, *one.validation_scores_, one.loss_])
    assert_allclose(*curves, rtol=1e-9)


@BOTH
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_streams_are_the_same_on_every_library(kind, library):
    pytest.importorskip(library)
    X, y = samples(kind)
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    curves = []
    for backend in ("numpy", library):
        one = ours(kind)(backend=backend, device="cpu", early_stopping=True, random_state=0)
        for k in range(6):
            one.set_params(activation="tanh" if k > 3 else "relu", learning_rate_init=0.3)
            one.partial_fit(X, y, **first, X_val=X, y_val=y)
        curves.append([*one.loss_curve_, *one.validation_scores_, *one.validation_loss_curve_])
    assert_allclose(*curves, rtol=1e-9)


# ---------------------------------------------------------------------------- compute_dtype


@BOTH
def test_compute_dtype(kind):
    pytest.importorskip("torch")
    X, y = samples(kind)
    one = ours(kind)(backend="torch", device="cpu", compute_dtype="bfloat16", **SMALL)
    fitted(one, X.astype("float32"), y)
    assert one.network_.backend.compute_dtype == "bfloat16"
    exact = fitted(one.set_params(compute_dtype=None), X.astype("float32"), y).loss_curve_
    one.set_params(compute_dtype="bfloat16")
    rough = fitted(one, X.astype("float32"), y).loss_curve_
    assert rough != exact
    assert_allclose(rough, exact, rtol=0.05)


# ---------------------------------------------------------------------------- all together


def everything():
    return {
        "loss": bpnet.costs.Huber(0.5),
        "activation": ["gelu", SOFTSIGN],
        "dropout": [0.1, 0.2],
        "optimizer": bpnet.AdamW(weight_decay=0.01),
        "schedule": bpnet.schedules.Cosine(0.01, 40),
        "callbacks": [StopAfter(3)],
        "backend": "numpy",
        "device": "cpu",
        "dtype": "float32",
    }


@BOTH
def test_parameters_are_read_set_cloned_and_shown(kind):
    given = everything()
    one = ours(kind)(**given)
    assert {name: one.get_params()[name] for name in given} == given
    other = clone(one)
    for name in ("loss", "optimizer", "schedule", "dropout", "dtype"):
        assert getattr(other, name) == getattr(one, name)
    assert ours(kind)().set_params(**given).get_params() == one.get_params()
    assert "Huber(delta=0.5)" in repr(one)
    assert "AdamW" in repr(one)
    assert "AdamW" in one._repr_html_()
    assert repr(ours(kind)()) == f"{kind}()"


@BOTH
def test_all_options_at_once(kind):
    X, y = samples(kind)
    one = ours(kind)(**{**SMALL, **everything(), "max_iter": 9})
    one.fit(X, y, X_val=X, y_val=y)
    assert one.n_iter_ == len(one.loss_curve_) == len(one.validation_loss_curve_) == 3
    again = pickle.loads(pickle.dumps(one))
    assert_array_equal(again.predict(X), one.predict(X))


CHANGES = {
    "activation": {"activation": ["tanh", "gelu"]},
    "dropout": {"dropout": 0.5},
    "loss": {"loss": "huber"},
    "dtype": {"dtype": "float32"},
}


@BOTH
@pytest.mark.parametrize("how", ["warm start", "partial_fit"])
@pytest.mark.parametrize("change", CHANGES)
def test_further_training_is_by_the_present_settings(kind, change, how):
    X, y = samples(kind)
    one = fitted(ours(kind)(warm_start=True, **SMALL), X, y)
    before = [w.copy() for w in one.coefs_]
    steps = one.network_.steps
    one.set_params(learning_rate_init=1e-9, max_iter=1, **CHANGES[change])
    fitted(one, X, y) if how == "warm start" else one.partial_fit(X, y)
    assert_allclose(one.coefs_[0], before[0], atol=1e-2 if how == "partial_fit" else 1e-5)
    assert one.network_.steps == steps + 1
    settings = one.network_.model.architecture.layers
    if change == "activation":
        assert [sigma.name for sigma in one.network_.activations[:2]] == ["tanh", "gelu"]
    elif change == "dropout":
        assert [layer.dropout for layer in settings] == [0.0, 0.5, 0.5, 0.0]
    elif change == "loss":
        assert one.network_.cost == bpnet.costs.Huber()
    elif how == "warm start":  # partial_fit keeps the arrays it trains
        assert one.network_.dtype == "float32"


@BOTH
def test_partial_fit_keeps_its_optimizer(kind):
    X, y = samples(kind)
    first = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    one, other = (ours(kind)(optimizer="adamw", random_state=0) for _ in range(2))
    for k in range(4):
        for each in (one, other):
            each.partial_fit(X, y, **first)
        if k == 1:
            one.set_params(optimizer="sgd", learning_rate_init=9.0)
    assert one.loss_curve_ == other.loss_curve_
