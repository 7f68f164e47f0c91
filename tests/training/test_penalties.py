"""alpha, and the objective in the history: the cost with all penalties."""

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import SETTINGS, SIZE, N, assert_refused, batches, classifier, fit
from training._interrupted import broken, network, resumed, samples, whole
from training._interrupted import fit as fit_of_resume

import bpnet
from bpnet.data import ArraySource
from bpnet.training import StepConfig
from bpnet.training.step import make_step

WEIGHTS = np.random.default_rng(8).uniform(0.0, 5.0, N)


def by_hand(data, *, epochs=2, rate=0.5, l1=0.0, l2=0.0, alpha=0.0, weights=None, net=None):
    """Parameters, costs and objectives of gradient descent with scikit-learn's penalty."""
    net = classifier() if net is None else net
    x, y = data
    weights = np.ones(N) if weights is None else weights
    costs, objectives = [], []
    for _ in range(epochs):
        cost = objective = 0.0
        for rows in batches(net):
            m, total = len(rows), weights[rows].sum()
            each = np.array([net.total_cost(x[i : i + 1], y[i : i + 1]) for i in rows])
            squares = sum((w * w).sum() for w in net.weights)
            lengths = sum(np.abs(w).sum() for w in net.weights)
            mean = (weights[rows] * each).sum() / total
            penalty = l1 * lengths + 0.5 * (l2 + alpha / total) * squares
            cost += total * mean
            objective += m * (mean + penalty)
            found = [net.backprop(x[i : i + 1], y[i : i + 1]) for i in rows]
            share = weights[rows] / total
            after = [
                w - rate * (sum(s * g.weights[l] for s, g in zip(share, found, strict=True))
                            + (l2 + alpha / total) * w + l1 * np.sign(w))
                for l, w in enumerate(net.weights)
            ]  # fmt: skip
            bias = [
                b - rate * sum(s * g.biases[l] for s, g in zip(share, found, strict=True))
                for l, b in enumerate(net.biases)
            ]
            net.set_parameters(after, bias)
        costs.append(cost / weights.sum())
        objectives.append(objective / N)
        net._store.current = net._store.current._replace(
            counters=net._store.counters.replaced(epochs=net.epochs + 1)
        )
    return parameters(net), costs, objectives


PENALTIES = [
    {"alpha": 0.0},
    {"alpha": 0.3},
    {"alpha": 0.0, "l2": 0.02},
    {"alpha": 0.3, "l1": 0.01},
    {"alpha": 0.3, "l1": 0.01, "l2": 0.02},
]


@pytest.mark.parametrize("penalties", PENALTIES, ids=str)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weights"])
def test_steps_and_objectives_are_scikit_learns(target, data, penalties, weights):
    theta, costs, objectives = by_hand(data, weights=weights, **penalties)
    net = classifier(target.backend())
    history = fit(net, data, epochs=2, sample_weight=weights, **penalties)
    assert relative(parameters(net), theta) < 1e-12
    assert history["train_cost"] == pytest.approx(costs, rel=1e-12)
    assert history["train_objective"] == pytest.approx(objectives, rel=1e-12)
    assert history.columns[:3] == ("epoch", "train_cost", "train_objective")
    assert net.state.penalty == ()


def test_none_is_no_column_and_alpha_of_zero_no_penalty(target, data):
    nets = [classifier(target.backend()) for _ in "ab"]
    plain, zero = (fit(net, data, alpha=a) for net, a in zip(nets, (None, 0.0), strict=True))
    assert "train_objective" not in plain.columns
    assert relative(*map(parameters, nets)) < 1e-15
    assert zero["train_objective"] == pytest.approx(zero["train_cost"], rel=1e-14)


def test_alpha_is_an_l2_divided_by_the_mini_batchs_samples(target, data):
    whole_batch = {"batch_size": N, "epochs": 3}
    nets = [classifier(target.backend()) for _ in "ab"]
    fit(nets[0], data, alpha=0.7, **whole_batch)
    fit(nets[1], data, l2=0.7 / N, **whole_batch)
    assert relative(*map(parameters, nets)) < 1e-14


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_with_every_setting_steps_are_those_of_an_epoch(target, data, settings):
    (x, y), one, parts = data, classifier(target.backend()), classifier(target.backend())
    history = one.fit(x, y, epochs=1, batch_size=SIZE, alpha=0.4, **settings)
    for rows in batches(parts):
        parts.step(x[rows], y[rows], alpha=0.4, **settings)
    assert relative(parameters(parts), parameters(one)) < 1e-13
    assert history["train_objective"][0] > history["train_cost"][0]
    assert parts.state.penalty == ()


@pytest.mark.parametrize("weights", [None, WEIGHTS[:SIZE]])
def test_a_step(target, data, weights):
    x, y = (part[:SIZE] for part in data)
    net, by_l2 = classifier(target.backend()), classifier(target.backend())
    total = SIZE if weights is None else weights.sum()
    given = {"optimizer": bpnet.SGD(0.5), "sample_weight": weights}
    cost = net.step(x, y, alpha=0.6, **given)
    assert cost == pytest.approx(by_l2.step(x, y, l2=0.6 / total, **given), rel=1e-14)
    assert relative(parameters(net), parameters(by_l2)) < 1e-13


@pytest.mark.parametrize("factor", [1e-3, 2.0, 1e200])
def test_for_alpha_the_size_of_weights_counts(data, factor):
    """As in scikit-learn: weights of 2 are each sample twice, beside the same penalty."""
    nets = [classifier() for _ in "ab"]
    histories = [
        fit(net, data, sample_weight=weights, alpha=alpha)
        for net, weights, alpha in zip(
            nets, (factor * WEIGHTS, WEIGHTS), (0.3 * factor, 0.3), strict=True
        )
    ]
    assert relative(*map(parameters, nets)) < 1e-12
    assert histories[0]["train_objective"] == pytest.approx(histories[1]["train_objective"])


def test_weights_of_classes(data):
    y = data[1]
    factors = {0: 2.0, 1: 0.5, 2: 3.0}
    nets = [classifier() for _ in "ab"]
    first = fit(nets[0], data, class_weight=factors, sample_weight=WEIGHTS, alpha=0.3)
    weights = WEIGHTS * np.array([factors[k] for k in y])
    second = fit(nets[1], data, sample_weight=weights, alpha=0.3)
    assert relative(*map(parameters, nets)) < 1e-13
    assert first["train_objective"] == pytest.approx(second["train_objective"], rel=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_mini_batch_without_weight_moves_nothing_and_has_no_penalty(target, data, dtype):
    net = classifier(target.backend(dtype), dtype=dtype)
    before, weights = parameters(net), np.zeros(N)
    weights[batches(net)[2]] = 1.0
    given = {"epochs": 1, "sample_weight": weights, "alpha": 0.5, "optimizer": bpnet.SGD(0.0)}
    history = fit(net, data, **given)
    squares = sum(float((w * w).sum()) for w in (net.backend.to_numpy(w) for w in net.weights))
    last = 5 * history["train_cost"][0] + 0.5 * 0.5 * squares
    assert history["train_objective"][0] == pytest.approx(last / N, rel=1e-6)
    weights = np.zeros(N)
    weights[batches(net)[0]] = 1.0
    fit(net, data, epochs=1, shuffle=False, sample_weight=np.arange(N) == N - 1, alpha=0.0)
    assert np.isfinite(parameters(net)).all()
    assert np.isfinite(before).all()


def test_alpha_beside_samples_without_weight_gives_no_nan(target, data):
    weights = np.zeros(N)
    weights[-1] = 1.0  # of three mini-batches two have no weight
    net = classifier(target.backend())
    history = fit(net, data, shuffle=False, sample_weight=weights, alpha=0.5)
    assert np.isfinite(history["train_objective"]).all()
    assert np.isfinite(parameters(net)).all()


def test_a_source(target, data):
    nets = [classifier(target.backend()) for _ in "ab"]
    first = fit(nets[0], (ArraySource(*data),), shuffle=False, alpha=0.3)
    second = fit(nets[1], data, shuffle=False, alpha=0.3)
    assert relative(*map(parameters, nets)) < 1e-13
    assert first["train_objective"] == pytest.approx(second["train_objective"], rel=1e-13)


def test_blocks_of_steps_do_not_show(target, data, single_steps_after):
    one, parts = classifier(target.backend()), classifier(target.backend())
    expected = fit(one, data, alpha=0.3)
    single_steps_after()
    found = fit(parts, data, alpha=0.3)
    assert found["train_objective"] == pytest.approx(expected["train_objective"], rel=1e-14)


def test_the_plain_loop(data):
    """A custom activation that no plan is made of."""
    cube = bpnet.activations.CustomActivation(
        lambda z, xp: z**3, lambda z, a, xp: 3.0 * z * z, name="cube"
    )

    def net():
        return bpnet.Network(
            [4, 6, 3], activations=[cube, "softmax"], cost="log_likelihood", seed=4, dtype="float64"
        )

    assert "plain loop" in str(bpnet.explain(net(), alpha=0.3))
    theta, _, objectives = by_hand(data, alpha=0.3, l1=0.01, net=net())
    found = net()
    history = fit(found, data, epochs=2, alpha=0.3, l1=0.01)
    assert relative(parameters(found), theta) < 1e-12
    assert history["train_objective"] == pytest.approx(objectives, rel=1e-12)


def test_layers_that_normalize_have_the_weights_alone_penalized(target, data):
    layers = [4, bpnet.Layer(6, normalization="batch"), 3]
    net = classifier(target.backend(), layers)
    given = {"epochs": 1, "batch_size": N, "optimizer": bpnet.SGD(0.0), "alpha": 0.8}
    history = fit(net, data, **given)
    squares = sum(float((w * w).sum()) for w in map(net.backend.to_numpy, net.weights))
    expected = history["train_cost"][0] + 0.5 * 0.8 / N * squares
    assert history["train_objective"][0] == pytest.approx(expected, rel=1e-13)


def test_evaluated_after_the_epoch_the_objective_is_that_of_the_steps(data, unseen):
    nets = [classifier() for _ in "ab"]
    during = fit(nets[0], data, alpha=0.3, validation=unseen)
    after = fit(nets[1], data, alpha=0.3, validation=unseen, evaluate_training=True)
    assert during["train_objective"] == after["train_objective"]
    assert during["train_cost"] != after["train_cost"]
    assert during.columns[1:4] == ("train_cost", "train_objective", "validation_cost")


def test_a_skipped_step_counts_as_its_cost_does(torch):
    """In float16, whose gradients overflow; parameters are those before the step."""
    net = bpnet.Network(
        [2, 3, 1], activations=["identity"] * 2, backend="torch", compute_dtype="float16", seed=0
    )
    config = StepConfig(bpnet.SGD(0.1), compute="float16", l1=0.5, alpha=3.0)
    state = net.state._replace(
        loss_scale=(net.backend.asarray([[2.0**15, 0.0]])[0],),
        penalty=(net.backend.asarray([[7.0]])[0],),
    )
    x, y = net.backend.asarray([[1.0, 2.0]] * 4), net.backend.asarray([[3e4]] * 4)
    step = make_step(net.model, config)
    with net.backend.scope():
        after, _ = step(net.backend.xp, state, x, y, config.optimizer.rates(0))
    assert torch.equal(after.theta, state.theta)
    assert after.loss_scale[0].tolist() == [2.0**14, 0.0]
    w = np.concatenate([one.numpy().ravel() for one in net.weights]).astype(float)
    expected = 7.0 + 4 * (0.5 * np.abs(w).sum() + 0.5 * 3.0 / 4 * (w * w).sum())
    assert after.penalty[0].numpy() == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
def test_smaller_types(torch, data, compute_dtype):
    nets = [
        classifier("torch", dtype="float32", compute_dtype=one) for one in (compute_dtype, None)
    ]
    found, expected = (fit(net, data, alpha=0.3)["train_objective"] for net in nets)
    assert found == pytest.approx(expected, rel=0.02)


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_objective_beyond_the_type_is_infinite_and_the_fit_goes_on(target):
    net = bpnet.Network([1, 1], activations=["identity"], backend=target.backend("float32"), seed=0)
    net.set_parameters([[[2e19]]], [[0.0]])
    given = {"epochs": 2, "alpha": 1.0, "optimizer": bpnet.SGD(0.0), "batch_size": 1}
    history = net.fit(np.zeros((3, 1)), np.zeros((3, 1)), **given)
    assert history["train_objective"] == [np.inf] * 2
    assert history["train_cost"] == [0.0] * 2


class TestCallbacks:
    def test_the_column_is_logged_shown_watched_and_drawn(self, data, unseen, tmp_path, capsys):
        callbacks = [
            bpnet.CSVLog(tmp_path / "log.csv"),
            bpnet.Progress(),
            bpnet.EarlyStopping("train_objective", patience=1, min_delta=9.0),
            bpnet.TensorBoard(tmp_path / "board"),
        ]
        net = classifier()
        history = fit(net, data, alpha=0.3, validation=unseen, callbacks=callbacks, epochs=9)
        assert (len(history), history.stopped, history.best_epoch) == (2, "early", 1)
        header, *lines = (tmp_path / "log.csv").read_text().splitlines()
        assert header.split(",")[:4] == [
            "epoch",
            "train_cost",
            "train_objective",
            "validation_cost",
        ]
        assert float(lines[1].split(",")[2]) == history["train_objective"][1]
        assert f"objective {history['train_objective'][0]:.3g}," in capsys.readouterr().err
        history.plot(tmp_path / "curves.svg")
        assert "objective" in history._repr_html_()

    def test_lower_is_better_and_parameters_are_those_of_the_best_epoch(self, data):
        best, recorded = bpnet.KeepBest("train_objective"), {}

        class Note(bpnet.Callback):
            def on_epoch_end(self, fit, row):
                recorded[row["epoch"]] = parameters(fit.net)

        net = classifier()
        history = fit(net, data, alpha=0.3, epochs=4, callbacks=[Note(), best])
        figures = history["train_objective"]
        assert history.best_epoch == 1 + int(np.argmin(figures))
        assert best.figure == min(figures)
        assert np.array_equal(parameters(net), recorded[history.best_epoch])

    def test_a_fit_epoch_by_epoch_begins_each_sum_anew(self, data):
        given = {"epochs": 3, "batch_size": SIZE, "alpha": 0.3, "optimizer": bpnet.SGD(0.5)}
        one, parts = classifier(), classifier()
        expected = one.fit(*data, **given)["train_objective"]
        with parts.fitting(*data, **given) as fitting:
            assert [row["train_objective"] for row in fitting] == expected
        others = classifier()
        found = [
            others.fit(*data, **{**given, "epochs": 1})["train_objective"][0] for _ in range(3)
        ]
        assert found == expected


class TestResumed:
    OPTIONS = (
        {"alpha": 0.2},
        {"alpha": 0.2, "l1": 1e-3, "l2": 0.01, "accumulate": 2},
        {"alpha": 0.0, "evaluate_training": True, "metrics": None},
        {"alpha": 0.2, "sample_weight": np.linspace(0.0, 2.0, 70)},
    )

    @pytest.mark.parametrize("options", OPTIONS, ids=lambda one: "-".join(one))
    @pytest.mark.parametrize("steps", [5, 14, 18, 27])
    def test_to_the_same_bits(self, tmp_path, steps, options):
        broken(tmp_path / "a", steps, **options)
        found = resumed(tmp_path / "a", **options)
        assert found == whole(tmp_path / "b", **options)
        assert "train_objective" in found[0][0]

    @pytest.mark.parametrize("steps", [8, 27])
    def test_on_every_library(self, tmp_path, target, steps):
        given = {"backend": target.backend("float64"), "alpha": 0.2}
        broken(tmp_path / "a", steps, **given)
        assert resumed(tmp_path / "a", **given) == whole(tmp_path / "b", **given)

    def test_from_a_source(self, tmp_path):
        x, y = samples()
        options = {"x": ArraySource(x.astype("float32"), y), "y": None, "alpha": 0.2}
        broken(tmp_path / "a", 14, **options)
        assert resumed(tmp_path / "a", **options) == whole(tmp_path / "b", **options)

    @pytest.mark.parametrize(
        ("theirs", "mine", "words"),
        [
            (0.2, 0.3, r"its alpha is 0\.2, here it is 0\.3"),
            (None, 0.3, "its columns is"),
            (0.2, None, "its columns is"),
        ],
    )
    def test_another_alpha_is_refused(self, tmp_path, theirs, mine, words):
        broken(tmp_path, 14, alpha=theirs)
        with pytest.raises(ValueError, match=words):
            resumed(tmp_path, alpha=mine)

    def test_a_snapshot_between_epochs_and_what_is_published_have_no_sum(self, tmp_path):
        net = network()
        fit_of_resume(net, [bpnet.Checkpoint(tmp_path, every_steps=4, keep=9)], alpha=0.2, epochs=2)
        within = bpnet.read_checkpoint(tmp_path / "epoch-0001-step-00000013.safetensors")
        between = bpnet.read_checkpoint(tmp_path / "epoch-0002-step-00000018.safetensors")
        assert within.arrays["state.penalty.0"].shape == (1,)
        assert not any("penalty" in name for name in between.arrays)
        assert not any("whole.penalty" in name for name in within.arrays)

    def test_a_checkpoint_of_before_there_were_sums(self, tmp_path):
        broken(tmp_path / "a", 14)
        expected = whole(tmp_path / "b")
        snapshot = bpnet.read_checkpoint(tmp_path / "a")
        for what in ("state", "whole"):
            assert snapshot.header[what]["dict"].pop("penalty") == {"tuple": []}
        del snapshot.header["run"]["settings"]["alpha"]
        assert resumed(tmp_path / "c", resume=snapshot) == expected


@pytest.mark.parametrize(
    ("alpha", "error", "words"),
    [
        (-0.1, ValueError, r"alpha must be at least 0 and finite, not -0\.1"),
        (np.inf, ValueError, "alpha must be at least 0 and finite, not inf"),
        (np.nan, ValueError, "alpha must be at least 0 and finite, not nan"),
        ("much", TypeError, "alpha must be a number, not 'much'"),
        (True, TypeError, "alpha must be a number, not True"),
        ([0.1], TypeError, "alpha must be a number"),
    ],
)
def test_what_is_no_penalty_is_refused(data, alpha, error, words):
    assert_refused(data, {"alpha": alpha}, error, words)


def test_what_is_explained_is_what_runs(data):
    """With the sum of squares as one product."""
    text = str(bpnet.explain(classifier(), batch_size=SIZE, alpha=0.3))
    source = str(bpnet.explain(classifier(), batch_size=SIZE, l2=0.3))
    assert "plain loop" not in text
    assert text.count("dot(") == source.count("dot(") + 1
