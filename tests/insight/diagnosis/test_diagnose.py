"""bpnet.diagnose: figures, words, every library, what is refused, and what is left alone."""

import json
import math

import numpy as np
import pytest
from _backends import host
from insight.diagnosis._data import digits, labels, table, two_blobs, wave

import bpnet
from bpnet.insight.diagnosis.answers import calibration
from bpnet.insight.diagnosis.diagnose import Subject


def nll(sizes, activations="sigmoid", **options):
    return bpnet.Network(sizes, activations=activations, cost="log_likelihood", seed=0, **options)


def test_the_figures_of_a_layer_are_those_of_bp2(target):
    x, y = digits()
    net = nll([64, 20, 20, 10], backend=target.backend("float64"))
    given = target.give(x[:50], "float64")
    found = bpnet.diagnose(net, given, y[:50])
    w, b = ([host(net, one) for one in part] for part in (net.weights, net.biases))
    a = [x[:50].astype(np.float64)]
    for l in range(2):
        a.append(1.0 / (1.0 + np.exp(-(a[l] @ w[l].T + b[l]))))
    z = a[2] @ w[2].T + b[2]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    deltas = [p - np.eye(10)[y[:50]]]
    for l in (2, 1):
        deltas.insert(0, (deltas[0] @ w[l]) * a[l] * (1.0 - a[l]))
    for layer, delta in zip(found.layers, deltas, strict=True):
        length = math.sqrt(np.mean(np.sum(delta**2, axis=1)))
        assert layer.delta == pytest.approx(length, rel=1e-9)
    assert found.layers[0].slope == pytest.approx(np.mean(a[1] * (1.0 - a[1])), rel=1e-9)
    flat = np.mean(a[1] * (1.0 - a[1]) < 0.025)
    assert found.layers[0].saturated == pytest.approx(flat)
    gradient = net.backprop(given, y[:50])
    for layer, nabla in zip(found.layers, gradient.weights, strict=True):
        assert layer.gradient == pytest.approx(np.linalg.norm(host(net, nabla)), rel=1e-9)
    assert found.answers.cost == pytest.approx(net.total_cost(given, y[:50]), rel=1e-9)


def test_dead_neurons_are_counted():
    net = bpnet.Network([2, 4, 1], activations=["relu", "identity"], seed=0)
    x = np.abs(np.random.default_rng(0).standard_normal((40, 2)))
    w = [np.asarray([[1.0, 1.0], [-1.0, -1.0], [-1.0, -2.0], [1.0, 2.0]]), np.ones((1, 4))]
    net.set_parameters(w, [np.zeros(4), np.zeros(1)])
    found = bpnet.diagnose(net, x, x.sum(axis=1))
    assert found.layers[0].dead == 0.5
    assert found.layers[0].saturated is None


def test_every_verdict_names_its_layer_and_its_factor():
    x, y = digits()
    found = bpnet.diagnose(nll([64, *[30] * 5, 10]), x, y)
    (one,) = found.findings
    assert one.layer == 1
    times = found.layers[-1].delta / found.layers[0].delta
    assert f"layer 1 learns {times:,.3g} times slower than layer 6" in one.verdict
    assert "BP2" in one.equation
    assert "at most 0.25" in one.equation


def test_the_best_constant_costs_what_it_costs():
    x, y = two_blobs(0.25)
    share = y.mean()
    entropy = -share * np.log(share) - (1.0 - share) * np.log(1.0 - share)
    net = bpnet.Network([6, 4, 1], cost="cross_entropy", seed=0)
    assert bpnet.diagnose(net, x, y).answers.constant == pytest.approx(entropy)
    x, y = wave()
    for cost, value in (
        ("quadratic", 0.5 * y.var()),
        ("absolute", np.abs(y - np.median(y)).mean()),
    ):
        net = bpnet.Network([1, 4, 1], activations=["tanh", "identity"], cost=cost, seed=0)
        assert bpnet.diagnose(net, x, y).answers.constant == pytest.approx(value)


def test_a_step_is_that_of_the_optimizer_and_the_network_stays():
    x, y = table("iris")
    net = nll([4, 8, 3], dtype="float64")
    net.fit(x, y, epochs=2, optimizer=bpnet.Adam(0.01), batch_size=150)
    before = [host(net, one).copy() for one in (net.state.theta, *net.state.memory)]
    found = bpnet.diagnose(net, x, y, optimizer=bpnet.Adam(0.01))
    after = [host(net, one) for one in (net.state.theta, *net.state.memory)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    copy = net.copy()
    copy.step(x, y, optimizer=bpnet.Adam(0.01))
    for l, layer in enumerate(found.layers):
        w, v = net.weights[l], copy.weights[l]
        assert layer.update == pytest.approx(np.linalg.norm(v - w) / np.linalg.norm(w))
    assert found.trial.after == pytest.approx(copy.total_cost(x, y))
    assert bpnet.diagnose(net, x, y).layers[0].update is None


def test_calibration_of_probabilities_that_are_right_and_of_some_that_are_not():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.5, 1.0, 20_000)
    error, chance, deviation = calibration(p, rng.random(20_000) < p)
    assert error < chance + 4.0 * deviation
    surer = np.minimum(p + 0.2, 1.0)
    error, chance, deviation = calibration(surer, rng.random(20_000) < p)
    assert error == pytest.approx(np.mean(surer - p), abs=0.01)
    assert error > chance + 20.0 * deviation
    few, chance, _ = calibration(np.full(10, 0.9), np.ones(10, bool))
    assert few == pytest.approx(0.1)
    assert chance > 0.05


def test_a_network_too_sure_of_itself_gets_a_note_and_no_finding():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 20))
    y = (x[:, 0] + 1.5 * rng.standard_normal(400) > 0).astype(int)
    net = nll([20, 100, 2], "relu")
    net.fit(x[:100], y[:100], epochs=100, batch_size=10, optimizer="adam")
    found = bpnet.diagnose(net, x[100:], y[100:])
    assert found.answers.confidence > found.answers.accuracy + 0.1
    assert any(note.startswith("probabilities are off by") for note in found.notes)
    assert "calibration" not in " ".join(one.kind for one in found.findings)


def test_columns_that_tell_nothing_get_a_note():
    x, y = table("wine")
    x = np.column_stack([x, x[:, 2], np.full(len(x), 3.0)])
    found = bpnet.diagnose(nll([15, 10, 3], "tanh"), x, y)
    assert found.healthy
    told = " ".join(found.notes)
    assert "the same in all samples and can tell nothing: 14" in told
    assert "copies of others, and add nothing: 13 = 2" in told


def test_few_samples_are_not_blamed_for_a_missing_class():
    x, y = two_blobs(0.1, m=30)
    x, y = x[y == 0], y[y == 0]
    net = bpnet.Network([6, 5, 1], cost="cross_entropy", activations="tanh", seed=0)
    assert bpnet.diagnose(net, x[:20], y[:20]).healthy


def test_names_of_classes_are_used():
    x, y = table("iris")
    names = np.asarray(["setosa", "versicolor", "virginica"])[y]
    net = nll([4, 10, 3], "tanh")
    net.classes = ["setosa", "versicolor", "virginica"]
    found = bpnet.diagnose(net, x[y != 1], names[y != 1])
    assert found.findings[0].verdict == "class versicolor: none of 100 samples"


def test_several_labels_of_which_none_occurs():
    x, y = labels()
    net = bpnet.Network([8, 16, 3], cost="cross_entropy", activations="tanh", seed=0)
    found = bpnet.diagnose(net, x, np.zeros_like(y))
    assert found.findings[0].kind == "constant_targets"


def test_as_json_values_and_as_html():
    x, y = digits()
    found = bpnet.diagnose(nll([64, *[30] * 5, 10]), x, y, optimizer="sgd")
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["healthy"] is False
    assert told["findings"][0]["kind"] == "vanishing_gradient"
    assert len(told["layers"]) == 6
    assert told["samples"]["constant"] == [0, 32, 39]
    page = found._repr_html_()
    assert page.count("<tr>") == 7
    assert "Layer 1 learns" in page
    assert "|delta|" in page
    assert repr(found) == str(found)


def test_values_that_are_not_finite_are_null_in_json():
    x, y = digits()
    net = nll([64, 30, 10], "relu")
    net.set_parameters([1e25 * np.asarray(w) for w in net.weights], net.biases)
    found = bpnet.diagnose(net, x, y, optimizer="sgd")
    assert found.findings[0].kind == "not_finite"
    assert "scale what is large" in found.findings[0].advice
    json.dumps(found.to_dict(), allow_nan=False)
    str(found)


def test_errors_too_small_for_their_type_vanish_infinitely():
    x, y = digits()
    (one,) = bpnet.diagnose(nll([64, *[20] * 100, 10]), x[:50], y[:50]).findings
    assert one.kind == "vanishing_gradient"
    assert "learns infinitely slower than layer 101" in one.verdict


def test_large_data_are_looked_at_in_part():
    x, y = digits()
    x, y = np.tile(x, (4, 1)), np.tile(y, 4)
    found = bpnet.diagnose(nll([64, 30, 10]), x, y)
    assert found.samples.samples == len(x) == 5032
    assert found.samples.looked_at <= 2048
    assert "1,678 of 5,032 samples, evenly spaced" in " ".join(str(found).split())


def test_a_network_of_a_table_takes_the_table():
    pandas = pytest.importorskip("pandas")
    x, y = table("iris")
    frame = pandas.DataFrame(x, columns=["a", "b", "c", "d"])
    frame["kind"] = np.asarray(["setosa", "versicolor", "virginica"])[y]
    net = bpnet.train_table(frame, "kind", epochs=3, progress=False).net
    found = bpnet.diagnose(net, frame[frame["kind"] != "setosa"])
    assert found.findings[0].verdict == "class setosa: none of 100 samples"


def test_sparse_samples():
    sparse = pytest.importorskip("scipy.sparse")
    x, y = digits()
    dense, thin = (bpnet.diagnose(nll([64, 10]), one, y) for one in (x, sparse.csr_array(x)))
    assert dense.to_dict() == thin.to_dict()


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_layers_that_do_more_than_activate(normalization):
    x, y = digits()
    hidden = bpnet.Layer(20, normalization=normalization, residual=True, dropout=0.2)
    net = nll([64, 20, hidden, hidden, 10], "tanh")
    assert bpnet.diagnose(net, x, y, optimizer="adam").healthy


def test_activations_of_ones_own_and_one_for_each_neuron():
    x, y = digits()
    softsign = bpnet.activations.CustomActivation(
        lambda z, xp: z / (1.0 + xp.abs(z)),
        lambda z, a, xp: (1.0 - xp.abs(a)) ** 2,
        name="softsign",
    )
    mixed = bpnet.activations.PerNeuron(["sigmoid", "relu"] * 10)
    found = bpnet.diagnose(nll([64, 20, 20, 10], [softsign, mixed, "softmax"]), x, y)
    assert found.healthy
    assert found.layers[1].saturated is not None
    assert bpnet.diagnose(nll([64, 5, 10], ["softmax", "softmax"]), x, y).layers[0].slope is None


def test_bad_input_is_refused():
    x, y = digits()
    net = nll([64, 10])
    with pytest.raises(TypeError, match="net must be a Network, not str"):
        bpnet.diagnose("net", x, y)
    fitted = bpnet.MLPClassifier(tol=1e9, n_iter_no_change=1).fit(*table("iris"))
    with pytest.raises(TypeError, match="not MLPClassifier, whose network is its network_"):
        bpnet.diagnose(fitted, *table("iris"))
    with pytest.raises(ValueError, match="layer 1 expects 64 inputs, x has 63 columns"):
        bpnet.diagnose(net, x[:, 1:], y)
    with pytest.raises(ValueError, match="x has 1258 samples, y has 3"):
        bpnet.diagnose(net, x, y[:3])
    with pytest.raises(ValueError, match="unknown optimizer 'adm'"):
        bpnet.diagnose(net, x, y, optimizer="adm")
    with pytest.raises(ValueError, match="L-BFGS takes no single steps"):
        bpnet.diagnose(net, x, y, optimizer="lbfgs")


def test_no_warning_comes_from_a_diagnosis():  # warnings are errors here
    x, y = wave()
    net = bpnet.Network([1, 8, 1], seed=0)
    found = bpnet.diagnose(net, x, 100.0 * y, optimizer="sgd")
    assert found.findings[0].kind == "targets_out_of_range"
    assert found.findings[0].advice == (
        "Use activations=['sigmoid', 'identity'], or scale the targets to that range"
    )


def test_pictures_are_written(tmp_path):
    pytest.importorskip("matplotlib")
    x, y = digits()
    found = bpnet.diagnose(nll([64, 70, 10]), x, y)
    found.plot_first_layer(tmp_path / "weights.png")
    found.plot_worst(tmp_path / "worst.svg", title="worst")
    x, y = table("iris")
    found = bpnet.diagnose(nll([4, 3, 3]), x, y)
    found.plot_worst(tmp_path / "bars.png")
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"weights.png", "worst.svg", "bars.png"}
    assert min(sizes.values()) > 5000
    x, y = table("wine")
    with pytest.raises(ValueError, match=r"13 inputs are no square: net\.weights"):
        bpnet.diagnose(nll([13, 3]), x, y).plot_first_layer(tmp_path / "none.png")


def test_the_worst_samples_are_those_that_cost_most():
    x, y = np.tile(digits()[0], (2, 1)), np.tile(digits()[1], 2)
    net = nll([64, 10], dtype="float64")
    worst = Subject(net, x, y).diagnosis()._worst
    costs = -np.log(net.feedforward(x)[np.arange(len(x)), y])
    seen = costs[::2]  # every other sample is looked at
    assert worst.costs == pytest.approx(np.sort(seen)[::-1][:12])
    assert costs[worst.rows] == pytest.approx(worst.costs)
    assert np.array_equal(worst.x, x[worst.rows])
