"""L-BFGS: SciPy's iterations, the bottom of a convex cost, and a fit like any other."""

import itertools
import sys

import numpy as np
import pytest
from _backends import gradients, parameters, relative

import bpnet
from bpnet.training.runs import CompiledRuns

optimize = pytest.importorskip("scipy.optimize", reason="scipy is not installed")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((90, 4))
    return x, (x[:, 0] * x[:, 1] + 0.3 * x[:, 2] + 0.3 * rng.standard_normal(90) > 0).astype(int)


def start(backend=None, **options):
    options = {"activations": "tanh", "cost": "log_likelihood", "seed": 3, **options}
    if backend is None:
        options = {"dtype": "float64", **options}
    return bpnet.Network([4, 6, 2], backend=backend, **options)


def transcribed(theta, x, y, l2):
    """Cost and gradient of the network 4 -> 6 tanh -> 2 softmax, written out."""
    w1, w2 = theta[:24].reshape(6, 4), theta[24:36].reshape(2, 6)
    b1, b2 = theta[36:42], theta[42:]
    a1 = np.tanh(x @ w1.T + b1)
    z2 = a1 @ w2.T + b2
    p = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    cost = -np.log(p[rows, y]).mean() + 0.5 * l2 * ((w1**2).sum() + (w2**2).sum())
    p[rows, y] -= 1.0
    d2 = p / len(x)
    d1 = (d2 @ w2) * (1.0 - a1**2)
    parts = d1.T @ x + l2 * w1, d2.T @ a1 + l2 * w2, d1.sum(axis=0), d2.sum(axis=0)
    return cost, np.concatenate([part.ravel() for part in parts])


@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_iterations_are_scipys(data, l2):
    x, y = data
    costs = []

    def note(theta):
        weights = theta[:36]
        costs.append(transcribed(theta, x, y, l2)[0] - 0.5 * l2 * weights @ weights)

    net = start()
    expected = optimize.minimize(
        transcribed, parameters(net), (x, y, l2), "L-BFGS-B", jac=True, callback=note,
        options={"maxcor": 7, "gtol": 1e-5, "ftol": 1e-9, "maxls": 20, "maxiter": 25},
    )  # fmt: skip
    history = bpnet.LBFGS(7).fit(net, x, y, epochs=25, l2=l2)
    assert history["train_cost"] == pytest.approx(costs, rel=1e-8)
    assert len(history) == expected.nit == 25
    assert history.stopped == "completed"
    assert relative(parameters(net), expected.x) < 1e-7
    assert net.total_cost(x, y) == pytest.approx(history["train_cost"][-1], rel=1e-12)
    assert net.accuracy(x, y) == pytest.approx(history["train_accuracy"][-1])


@pytest.mark.parametrize("outputs", [1, 3])
def test_it_finds_the_optimum_of_logistic_regression(outputs):
    """A convex cost has one minimum, which scikit-learn's solver finds by Newton's method."""
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((120, 5))
    y = (x @ rng.standard_normal((5, 3)) + rng.gumbel(size=(120, 3))).argmax(axis=1)
    y = y if outputs > 1 else (y > 0).astype(int)
    l2 = 0.01
    kind = "cross_entropy" if outputs == 1 else "log_likelihood"
    net = bpnet.Network([5, outputs], cost=kind, dtype="float64", seed=0)
    precise = bpnet.LBFGS(gradient_tolerance=1e-10, cost_tolerance=0.0)
    history = precise.fit(net, x, y, epochs=500, l2=l2)
    solver = linear.LogisticRegression(
        C=1.0 / (len(x) * l2), solver="newton-cg" if outputs > 1 else "newton-cholesky", tol=1e-12
    )
    solver.fit(x, y)
    assert history.stopped in ("converged", "stalled")  # as near as double precision goes
    nabla_w, nabla_b = gradients(net, x, y)
    assert np.abs(nabla_w + l2 * net.weights[0]).max() < 1e-8
    assert np.abs(nabla_b).max() < 1e-8
    assert relative(net.weights[0], solver.coef_) < 1e-6
    shift = net.biases[0] - solver.intercept_
    assert np.ptp(shift) < 1e-6 if outputs > 1 else abs(shift[0]) < 1e-6


def test_libraries_agree(target, data):
    x, y = data
    found, expected = start(target.backend()), start()
    history = bpnet.LBFGS().fit(found, target.give(x), target.give(y), epochs=12, l2=1e-3)
    bpnet.LBFGS().fit(expected, x, y, epochs=12, l2=1e-3)
    assert len(history) == 12
    assert relative(parameters(found), parameters(expected)) < 1e-8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_stops_where_a_tolerance_is_met(dtype, data):
    x, y = data
    net = start(dtype=dtype)
    history = bpnet.LBFGS(cost_tolerance=1e-6).fit(net, x, y, epochs=2000, l2=0.01)
    assert history.stopped == "converged"
    assert len(history) < 500
    falling = np.asarray(history["train_cost"])
    assert falling[-1] < 0.6 * falling[0]
    assert net.state.theta.dtype == dtype
    assert net.epochs == len(history)
    again = bpnet.LBFGS(cost_tolerance=1e-6).fit(net, x, y, epochs=2000, l2=0.01)
    assert len(again) <= 3
    assert net.epochs == len(history) + len(again)


def test_blocks_of_samples_add_up(data, monkeypatch):
    """Activations of a large batch are never all there at once."""
    x, y = data
    whole, parts = start(), start()
    bpnet.LBFGS().fit(whole, x, y, epochs=5, l2=0.01)
    monkeypatch.setattr(
        bpnet.training.runs, "_CHUNK", 6 * 16
    )  # five blocks of 16 samples, one of ten
    bpnet.LBFGS().fit(parts, x, y, epochs=5, l2=0.01)
    assert relative(parameters(whole), parameters(parts)) < 1e-10


def test_the_history_has_a_fits_columns(data):
    x, y = data
    net = start()
    history = bpnet.LBFGS().fit(net, x[:60], y[:60], epochs=4, validation=(x[60:], y[60:]))
    other = start().fit(x[:60], y[:60], epochs=1, batch_size=60, validation=(x[60:], y[60:]))
    assert history.columns == other.columns
    assert history["epoch"] == [1, 2, 3, 4]
    assert history["validation_cost"][-1] == pytest.approx(net.total_cost(x[60:], y[60:]))
    assert all(seconds > 0 for seconds in history["seconds"])
    regression = bpnet.Network([4, 1], activations=["identity"], seed=0)
    assert "train_r2" in bpnet.LBFGS().fit(regression, x, x[:, :1] * 2.5, epochs=3).columns
    more = bpnet.LBFGS().fit(start(), x, y, epochs=2, metrics=["f1", "accuracy"])
    assert [c for c in more.columns if "f1" in c]


class Noting(bpnet.Callback):
    """What it was told, and perhaps a stop."""

    def __init__(self, stop_at=None):
        self.told, self.stop_at = [], stop_at

    def on_fit_begin(self, fit):
        self.told.append(("begin", fit.epochs, fit.steps_per_epoch))

    def on_steps(self, fit, steps):
        self.told.append(("steps", steps))

    def on_epoch_end(self, fit, row):
        self.told.append(("epoch", row["epoch"]))
        if row["epoch"] == self.stop_at:
            fit.stop("enough")

    def on_fit_end(self, fit):
        self.told.append(("end",))


def test_callbacks_are_told(data):
    noting = Noting(stop_at=2)
    history = bpnet.LBFGS().fit(start(), *data, epochs=9, callbacks=[noting])
    inner = [("steps", 1), ("epoch", 1), ("steps", 1), ("epoch", 2)]
    assert noting.told == [("begin", 9, 1), *inner, ("end",)]
    assert history.stopped == "enough"
    assert len(history) == 2


def test_early_stopping_restores_the_best(data):
    x, y = data
    net = start()
    stopping = bpnet.EarlyStopping(patience=8)
    history = bpnet.LBFGS().fit(
        net, x[:40], y[:40], epochs=300, validation=(x[40:], y[40:]), callbacks=[stopping]
    )
    costs = history["validation_cost"]
    assert history.stopped == "early"
    assert history.best_epoch == 1 + int(np.argmin(costs)) < len(history)
    assert net.total_cost(x[40:], y[40:]) == pytest.approx(min(costs), rel=1e-12)


def test_progress_is_shown(data, capsys):
    bpnet.LBFGS().fit(start(), *data, epochs=3, progress=True)
    assert "epoch 3" in capsys.readouterr().err


def test_ctrl_c_keeps_the_last_iteration(data, ctrl_c):
    class Pressing(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 3:
                ctrl_c()

    net, expected = start(), start()
    history = bpnet.LBFGS().fit(net, *data, epochs=50, callbacks=[Pressing()])
    bpnet.LBFGS().fit(expected, *data, epochs=3)
    assert history.stopped == "interrupted"
    assert len(history) == net.epochs == 3
    assert np.array_equal(parameters(net), parameters(expected))


def test_ctrl_c_within_an_evaluation_keeps_the_last_iteration(data, ctrl_c, monkeypatch):
    asked = itertools.count()
    compiled = CompiledRuns.gradient

    def watched(runs):
        run = compiled.func(runs)

        def pressing(*args):
            if next(asked) == 5:
                ctrl_c()
            return run(*args)

        return pressing

    monkeypatch.setattr(CompiledRuns, "gradient", property(watched))
    net = start()
    history = bpnet.LBFGS().fit(net, *data, epochs=50)
    assert history.stopped == "interrupted"
    assert 0 < len(history) == net.epochs < 6
    assert net.total_cost(*data) == pytest.approx(history["train_cost"][-1], rel=1e-12)


def test_a_cost_that_is_not_finite_is_told(data):
    x, y = data
    net = bpnet.Network([4, 2], activations=["exponential"], cost="quadratic", seed=0)
    net.set_parameters([np.full((2, 4), 30.0)], [np.full(2, 60.0)])
    before = parameters(net)
    with pytest.raises(bpnet.DivergenceError, match=r"in iteration 1, with LBFGS\(") as caught:
        bpnet.LBFGS().fit(net, x, np.eye(2)[y], epochs=5)
    assert len(caught.value.history) == 0
    assert np.array_equal(parameters(net), before)


def test_no_iteration_changes_nothing(data):
    net, noting = start(), Noting()
    before = parameters(net)
    assert len(bpnet.LBFGS().fit(net, *data, epochs=0, callbacks=[noting])) == 0
    assert np.array_equal(parameters(net), before)
    assert [what for what, *_ in noting.told] == ["begin", "end"]


def test_an_optimizer_begins_anew_thereafter(data):
    x, y = data
    net = start()
    net.fit(x, y, epochs=1, batch_size=30, optimizer=bpnet.Momentum(0.1))
    bpnet.LBFGS().fit(net, x, y, epochs=1)
    other = net.copy()
    other.reset_optimizer()
    for one in (net, other):
        one.fit(x, y, epochs=1, batch_size=30, optimizer=bpnet.Momentum(0.1))
    assert np.array_equal(parameters(net), parameters(other))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout": 0.5}, "layer 1 has dropout"),
        (
            {"normalization": "batch"},
            'a layer has normalization="batch": use normalization="layer"',
        ),
    ],
)
def test_what_differs_from_batch_to_batch_is_refused(options, words, data):
    net = bpnet.Network([4, bpnet.Layer(6, **options), 2], cost="log_likelihood", seed=0)
    with pytest.raises(ValueError, match=words):
        bpnet.LBFGS().fit(net, *data, epochs=1)


def test_layers_that_normalize_each_sample(data):
    net = bpnet.Network(
        [4, bpnet.Layer(6, "tanh", normalization="layer"), 2],
        cost="log_likelihood", dtype="float64", seed=0,
    )  # fmt: skip
    before = net.total_cost(*data)
    bpnet.LBFGS().fit(net, *data, epochs=30)
    found = net.backprop(*data)
    assert net.total_cost(*data) < 0.7 * before
    assert len(found.scales) == len(found.shifts) == 1


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: bpnet.LBFGS(0), ValueError, "history_size must be at least 1, not 0"),
        (lambda: bpnet.LBFGS(line_search=2.5), TypeError, "line_search must be an integer"),
        (lambda: bpnet.LBFGS(gradient_tolerance=-1), ValueError, "gradient_tolerance must be at"),
        (lambda: bpnet.LBFGS(cost_tolerance=np.nan), ValueError, "cost_tolerance .* not nan"),
        (lambda: bpnet.LBFGS().fit(start(), [[0.0]], [0], epochs=1), ValueError, "4 inputs"),
        (
            lambda: bpnet.LBFGS().fit(start(), [[0.0] * 4], [0], epochs=1, l2=-1.0),
            ValueError,
            "l2 must be at least 0",
        ),
        (
            lambda: bpnet.LBFGS().fit(start(), [[0.0] * 4], [0], epochs=-1),
            ValueError,
            "epochs must be at least 0, not -1",
        ),
        (
            lambda: bpnet.LBFGS().fit(start(), [[0.0] * 4], [0], epochs=1, validation=[1]),
            ValueError,
            "not 1 items",
        ),
    ],
)
def test_bad_input_raises(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_without_scipy_an_error_says_what_installs_it(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r'pip install "scipy>=1.11"'):
        bpnet.LBFGS().fit(start(), *data, epochs=1)


def test_it_forgets_what_was_trained_after_it_was_asked_for(data):
    x, y = data
    net = start()
    fit = net.fitting(x, y, epochs=2, optimizer=bpnet.LBFGS())
    net.fit(x, y, epochs=1, batch_size=30, optimizer=bpnet.Adam(), average=0.9)
    fit.run()
    assert (net.state.memory, net.state.average) == ((), ())


def test_costs_in_a_callback_are_the_iterations_means(data):
    seen = []

    class Costs(bpnet.Callback):
        def on_steps(self, fit, steps):
            seen.extend(fit.costs().tolist())

    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 4))
    net = bpnet.Network([4, 6, 3], cost="log_likelihood", dtype="float64", seed=0)
    history = net.fit(
        x, rng.integers(0, 3, 30), epochs=4, optimizer=bpnet.LBFGS(), callbacks=[Costs()]
    )
    assert seen == pytest.approx(history["train_cost"], rel=1e-12)


def weighted(theta, x, y, l2, weights):
    """`transcribed`, of samples with weights: their mean, sample by sample."""
    parts = [transcribed(theta, x[i : i + 1], y[i : i + 1], 0.0) for i in range(len(x))]
    share = weights / weights.sum()
    nabla = sum(s * g for s, (_, g) in zip(share, parts, strict=True))
    nabla[:36] += l2 * theta[:36]
    cost = sum(s * c for s, (c, _) in zip(share, parts, strict=True))
    return cost + 0.5 * l2 * theta[:36] @ theta[:36], nabla


WEIGHTS = np.random.default_rng(4).uniform(0.0, 3.0, 90)
OPTIONS = {"maxcor": 10, "gtol": 1e-5, "ftol": 1e-9, "maxls": 20, "maxiter": 12}


@pytest.mark.parametrize(
    ("alpha", "l2", "weights", "classes"),
    [
        (None, 0.01, WEIGHTS, None),
        (0.5, 0.0, None, None),
        (0.5, 0.0, WEIGHTS, None),
        (0.5, 0.01, WEIGHTS, {0: 3.0}),
        (0.0, 0.0, None, "balanced"),
    ],
)
def test_weights_and_alpha(target, data, alpha, l2, weights, classes):
    """As scikit-learn's: alpha is divided by the sum of the weights as they were given."""
    x, y = data
    w = np.ones(90) if weights is None else weights
    if classes == "balanced":
        w = w * (90 / (2 * np.bincount(y)))[y]
    elif classes:
        w = w * np.where(y == 0, classes[0], 1.0)
    decay, values = l2 + (alpha or 0.0) / w.sum(), []
    net = start(target.backend())
    expected = optimize.minimize(
        weighted, parameters(net), (x, y, decay, w), "L-BFGS-B", jac=True, options=OPTIONS,
        callback=lambda theta: values.append(
            [weighted(theta, x, y, l2, w)[0] for l2 in (0.0, decay)]
        ),
    )  # fmt: skip
    given = {"l2": l2, "alpha": alpha, "sample_weight": weights, "class_weight": classes}
    history = bpnet.LBFGS().fit(net, x, y, epochs=12, **given)
    costs, objectives = zip(*values, strict=True)
    assert history["train_cost"] == pytest.approx(costs, rel=1e-9)
    assert relative(parameters(net), expected.x) < 1e-7
    assert ("train_objective" in history.columns) == (alpha is not None)
    if alpha is not None:
        assert history["train_objective"] == pytest.approx(objectives, rel=1e-9)
        assert history["train_objective"][-1] == pytest.approx(expected.fun, rel=1e-9)
        assert history.columns[1:3] == ("train_cost", "train_objective")


def test_one_evaluation_with_weights_and_alpha_is_the_objective(target, data, monkeypatch):
    """Of samples in several parts; value and gradient to twelve digits."""
    x, y = data
    found = []

    def minimize(function, theta, **options):
        found.append((theta, *function(theta)))
        return optimize.OptimizeResult(status=0)

    monkeypatch.setattr("scipy.optimize.minimize", minimize)
    monkeypatch.setattr("bpnet.training.runs._CHUNK", 6 * 16)
    given = {"alpha": 0.5, "l2": 0.01, "sample_weight": WEIGHTS}
    bpnet.LBFGS().fit(start(target.backend()), x, y, epochs=1, **given)
    ((theta, value, nabla),) = found
    expected = weighted(theta, x, y, 0.01 + 0.5 / WEIGHTS.sum(), WEIGHTS)
    assert value == pytest.approx(expected[0], rel=1e-12)
    assert relative(nabla, expected[1]) < 1e-12


def test_a_weight_of_two_is_the_sample_twice(data):
    x, y = data
    times = np.random.default_rng(5).integers(0, 4, 90)
    nets = [start(), start()]
    bpnet.LBFGS().fit(nets[0], x, y, epochs=9, alpha=0.3, sample_weight=times)
    bpnet.LBFGS().fit(nets[1], x.repeat(times, 0), y.repeat(times), epochs=9, alpha=0.3)
    assert relative(*map(parameters, nets)) < 1e-8


def test_held_out_samples_take_their_weights_with_them(data):
    net = start()
    given = {"validation": 0.2, "sample_weight": WEIGHTS, "class_weight": "balanced"}
    history = bpnet.LBFGS().fit(net, *data, epochs=3, evaluate_training=True, **given)
    assert len(history) == 3
    history = bpnet.LBFGS().fit(start(), *data, epochs=3, metrics=["auc"], alpha=0.0, **given)
    assert history["train_objective"] == history["train_cost"]
    assert history.columns[1:4] == ("train_cost", "train_objective", "validation_cost")


@pytest.mark.parametrize("most", [1, 5, 12])
def test_evaluations_are_bounded_as_by_scipy(data, most):
    x, y = data
    net = start()
    expected = optimize.minimize(
        transcribed, parameters(net), (x, y, 0.0), "L-BFGS-B", jac=True,
        options={**OPTIONS, "maxiter": 200, "maxfun": most},
    )  # fmt: skip
    history = bpnet.LBFGS(max_evaluations=most).fit(net, x, y, epochs=200)
    assert (len(history), history.stopped) == (expected.nit, "completed")
    assert relative(parameters(net), expected.x) < 1e-9


def test_scikit_learns_solver_comes_to_the_same():
    network = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    rng = np.random.default_rng(2)
    x = rng.standard_normal((90, 4))
    y = (x[:, 0] - x[:, 1] > 0).astype(int)
    given = {"hidden_layer_sizes": (5,), "activation": "tanh", "random_state": 0}
    theirs = network.MLPClassifier(solver="lbfgs", alpha=0.2, max_iter=15, **given)
    begun = network.MLPClassifier(
        solver="sgd", learning_rate_init=1e-300, momentum=0.0, max_iter=1, **given
    )
    with pytest.warns(match="hasn't converged"):
        begun.fit(x, y)
    with pytest.warns(match="lbfgs failed to converge"):
        theirs.fit(x, y, sample_weight=WEIGHTS)
    net = bpnet.Network([4, 5, 1], activations="tanh", cost="cross_entropy", dtype="float64")
    net.set_parameters([w.T for w in begun.coefs_], begun.intercepts_)
    solver = bpnet.LBFGS(gradient_tolerance=1e-4, cost_tolerance=2.220446049250313e-09)
    history = net.fit(x, y, epochs=15, optimizer=solver, alpha=0.2, sample_weight=WEIGHTS)
    assert history["train_objective"][-1] == pytest.approx(theirs.loss_, rel=1e-9)
    for w, coef in zip(net.weights, theirs.coefs_, strict=True):
        assert relative(w, coef.T) < 1e-6
