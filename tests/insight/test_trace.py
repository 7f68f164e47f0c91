"""Traces: the equations that are shown hold, for every library and dtype; text, HTML and JSON."""

import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from _backends import host, relative
from _cases import COSTS, PARTNERS, network, samples
from insight._reference import autograd, special_network

import bpnet
from bpnet.activations import CustomActivation


def small(**settings):
    return bpnet.Network([2, 3, 1], **{"seed": 0, "dtype": "float64", **settings})


# ------------------------------------------------------------------ the equations hold

SYMBOL = r"(?:dC_x/d)?[a-z_]+\^\d+"


def as_python(formula):
    """A formula of one sample in NumPy's terms, its quantities being columns in a dictionary."""
    text = re.sub(r"mean of (\S+) over the layer", r"average(\1)", formula)
    text = re.sub(r"variance of (\S+) over the layer", r"scatter(\1)", text)
    text = re.sub(rf"sigma('?)\({SYMBOL}\)", lambda found: f"q[{found.group()!r}]", text)
    text = re.sub(
        rf"q\[.*?\]\)*|{SYMBOL}|nabla_a C_x|\by\b|\bx\b",
        lambda found: found.group() if found.group()[0] == "q" else f"q[{found.group()!r}]",
        text,
    )
    text = re.sub(r"\((q\[[^]]*\])\)\^T", r"\1.T", text)
    text = re.sub(r"\|(.*?)\|\^2", r"square(\1)", text)
    return re.sub(r"(\]|\.T) (?=[(q])", r"\1 @ ", text)


def quantities(net, found):
    """Columns and matrices by the symbols of a trace of one sample."""
    layout, theta = net.model.layout, np.asarray(net.state.theta)
    scales, shifts = layout.split_norms(theta, np)
    q = {"x": found.layers[0].a.T, "y": found.y.T}
    for l, (w, b) in enumerate(zip(*layout.split(theta, np), strict=True), start=1):
        q[f"w^{l}"], q[f"b^{l}"] = w, b[:, None]
        if l - 1 in scales:
            q[f"scale^{l}"], q[f"shift^{l}"] = scales[l - 1][:, None], shifts[l - 1][:, None]
    for layer in found.layers:
        for name, equation in layer.equations.items():
            value = getattr(layer, name)
            q[equation.symbol] = value if name == "nabla_w" else value.reshape(-1, 1)
        if layer.number:
            u = "z" if layer.normalized is None else "u"
            q[f"sigma({u}^{layer.number})"] = layer.value.T
    return q


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("case", ["plain", "layer", None])
def test_each_formula_gives_its_quantity(case, cost):
    if case == "plain":
        net = network("tanh", cost, 3, dtype="float64")
        x, y = samples(cost, 1)
    else:
        layer = bpnet.Layer(4, normalization=case)
        above = bpnet.Layer(4, activation="softplus", normalization=case, residual=True)
        net = bpnet.Network(
            [2, layer, above, above, 2],
            activations=["tanh"] * 3 + [PARTNERS[cost]],
            cost=cost,
            dtype="float64",
            seed=0,
        )
        x, y = samples(cost, 1)
    found = bpnet.trace(net, x, y)
    q, checked = quantities(net, found), []
    names = {"q": q, "average": np.mean, "scatter": np.var, "sqrt": np.sqrt}
    L = len(found.layers) - 1
    for l, layer in enumerate(found.layers):
        for name, equation in layer.equations.items():
            if not equation.formula or "dn^" in equation.formula or (name == "nabla_a" and l == L):
                continue  # a derivative, or a product with a matrix of derivatives
            value = eval(as_python(equation.formula), names)
            shown = q[equation.symbol]
            assert np.allclose(value, shown, rtol=1e-11, atol=1e-14), (name, str(equation))
            checked.append(name)
    assert {"z", "a", "nabla_b", "nabla_w"} <= {*checked}
    assert case == "layer" or "delta" in checked
    assert case == "plain" or "nabla_a" in checked
    if case == "layer":
        assert {"mean", "variance", "normalized", "argument", "nabla_argument", "nabla_scale"} <= {
            *checked
        }


@pytest.mark.parametrize(
    ("activations", "cost", "error"),
    [
        ("sigmoid", "quadratic", "delta^2 = (a^2 - y) * sigma'(z^2)  (BP1)"),
        (["tanh", "identity"], "quadratic", "delta^2 = a^2 - y  (BP1)"),
        ("tanh", "cross_entropy", "delta^2 = a^2 - y  (BP1)"),
        ("tanh", "log_likelihood", "delta^2 = a^2 - y  (BP1)"),
        ("tanh", "huber", "delta^2 = nabla_a C_x * sigma'(z^2)  (BP1)"),
        (["tanh", "sigmoid"], "absolute", "delta^2 = nabla_a C_x * sigma'(z^2)  (BP1)"),
        (["tanh", "softmax"], "quadratic", "delta^2 = (dsigma(z^2)/dz^2)^T (a^2 - y)  (BP1)"),
        (["tanh", "softmax"], "huber", "delta^2 = (dsigma(z^2)/dz^2)^T nabla_a C_x  (BP1)"),
    ],
)
def test_bp1_is_told_as_it_is_computed(activations, cost, error):
    net = bpnet.Network([2, 3, 2], activations=activations, cost=cost, seed=0)
    layer = bpnet.trace(net, [[1.0, 2.0]], [[0.0, 1.0]]).layers[2]
    assert str(layer.equations["delta"]) == error


@pytest.mark.parametrize(
    ("layer", "above", "error"),
    [
        ({}, {}, "delta^1 = ((w^2)^T delta^2) * sigma'(z^1)  (BP2)"),
        (
            {"activation": "softmax"},
            {},
            "delta^1 = (dsigma(z^1)/dz^1)^T (w^2)^T delta^2  (BP2)",
        ),
        ({}, {"residual": True}, "delta^1 = dC_x/da^1 * sigma'(z^1)  (BP2)"),
        (
            {"normalization": "batch"},
            {},
            "delta^1 = (dn^1/dz^1)^T (scale^1 * dC_x/du^1)  (BP2, batch norm)",
        ),
    ],
)
def test_bp2_is_told_as_it_is_computed(layer, above, error):
    net = bpnet.Network([2, bpnet.Layer(3, **layer), bpnet.Layer(3, **above), 2], seed=0)
    equations = bpnet.trace(net, [[1.0, 2.0]], [[0.0, 1.0]]).layers[1].equations
    assert str(equations["delta"]) == error
    if above:
        expected = "dC_x/da^1 = (w^2)^T delta^2 + dC_x/da^2  (residual)"
        assert str(equations["nabla_a"]) == expected
    if layer.get("normalization"):
        assert str(equations["nabla_argument"]) == (
            "dC_x/du^1 = ((w^2)^T delta^2) * sigma'(u^1)  (BP2)"
        )


# ------------------------------------------------------------------ values


@pytest.mark.parametrize("own", ["float32", "float64"])
def test_float64_on_request_whatever_the_network_computes_in(target, torch, own):
    net = network("tanh", "categorical_cross_entropy", 3, target.backend(own))
    x, y = samples("categorical_cross_entropy", 5)
    found = bpnet.trace(net, target.give(x), target.give(y), dtype="float64")
    layers, costs = autograd(torch, net, x, y, "tanh", "categorical_cross_entropy")
    assert net.dtype == own
    assert found.backend.dtype == "float64"
    assert found.backend.owns(found.layers[1].delta)
    assert relative(found._host(found.costs), costs) < 1e-12
    for layer, expected in zip(found.layers[1:], layers, strict=True):
        for name in ("z", "a", "delta", "nabla_w", "nabla_b"):
            value = found._host(getattr(layer, name))
            assert value.dtype == np.float64
            assert relative(value, expected[name]) < 1e-12, name


def test_a_device_without_float64_leaves_it_to_numpy_and_says_so(torch):
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    from _strict import strict_backend

    backend = strict_backend("no_float64", "float32")
    net = network("tanh", "quadratic", 2, backend)
    x, y = samples("quadratic", 3)
    with backend.scope():
        given = backend.from_host(x, "float32"), backend.from_host(y, "float32")
    found = bpnet.trace(net, *given, dtype=np.float64)
    assert (found.backend.name, found.backend.dtype) == ("numpy", "float64")
    assert any("NumPy computes" in note and "no float64" in note for note in found.notes)
    x, y = x.astype(np.float32), y.astype(np.float32)
    layers, _ = autograd(torch, net, x, y, "tanh", "quadratic", "tanh")
    for layer, expected in zip(found.layers[1:], layers, strict=True):
        assert relative(layer.delta, expected["delta"]) < 1e-12
    assert "float32" in str(bpnet.trace(net, *given))


def test_by_default_the_bits_are_those_of_backprop(target):
    net = special_network("batch", True, target.backend("float32"), "float32")
    x = target.give(np.random.default_rng(0).standard_normal((6, 3)), "float32")
    y = target.give(np.eye(2)[[0, 1, 1, 0, 1, 0]], "float32")
    found, expected = bpnet.trace(net, x, y), net.backprop(x, y)
    for layer, w, b in zip(found.layers[1:], expected.weights, expected.biases, strict=True):
        assert np.array_equal(host(net, layer.nabla_w), host(net, w))
        assert np.array_equal(host(net, layer.nabla_b), host(net, b))


def test_gradients_of_one_sample_are_its_own_and_of_several_the_mean():
    net, (x, y) = small(), samples("quadratic", 4, n_out=1)
    together = bpnet.trace(net, x, y)
    alone = [bpnet.trace(net, x[k : k + 1], y[k : k + 1]) for k in range(4)]
    for l in (1, 2):
        mean = np.mean([one.layers[l].nabla_w for one in alone], axis=0)
        assert relative(together.layers[l].nabla_w, mean) < 1e-14
        deltas = np.concatenate([one.layers[l].delta for one in alone])
        assert relative(together.layers[l].delta, deltas) < 1e-14
    assert together.cost == pytest.approx(np.mean([one.cost for one in alone]), rel=1e-14)
    assert together.cost == pytest.approx(net.total_cost(x, y), rel=1e-14)


def test_delta_is_the_derivative_of_the_cost_by_z():
    net, x, y = small(), np.array([[0.3, -0.8]]), np.array([[0.25]])
    found, h = bpnet.trace(net, x, y), 1e-6

    def cost_at(l, shift):
        a = x
        for k, (w, b) in enumerate(zip(net.weights, net.biases, strict=True), start=1):
            z = a @ w.T + b + (shift if k == l else 0.0)
            a = 1.0 / (1.0 + np.exp(-z))
        return float(((a - y) ** 2).sum() / 2.0)

    for l, n in ((1, 3), (2, 1)):
        for j in range(n):
            step = h * np.eye(n)[j]
            difference = (cost_at(l, step) - cost_at(l, -step)) / (2.0 * h)
            assert found.layers[l].delta[0, j] == pytest.approx(difference, rel=1e-7)


# ------------------------------------------------------------------ what it leaves alone


def test_neither_network_nor_samples_change_and_the_trace_keeps_its_own():
    net, x, y = small(), np.array([[0.5, 1.0]]), np.array([[1.0]])
    history = net.fit(x, y, epochs=1, optimizer="adam")
    before = pickle.dumps(net.__getstate__()[-1])
    found = bpnet.trace(net, x, y)
    assert pickle.dumps(net.__getstate__()[-1]) == before
    assert (net.epochs, len(history)) == (1, 1)
    assert (x.tolist(), y.tolist()) == ([[0.5, 1.0]], [[1.0]])
    text = str(found)
    x[:], y[:] = 0.25, 0.125
    net.fit(x, y, epochs=3)
    assert str(found) == text


def test_a_trace_can_be_copied_and_pickled():
    found = bpnet.trace(small(), [[0.5, 1.0]], [[1.0]])
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert str(other) == str(found)
        assert other.to_dict() == found.to_dict()


# ------------------------------------------------------------------ notes


def test_where_a_trace_is_not_a_training_step_a_note_says_so():
    net = special_network("batch")
    notes = bpnet.trace(net, [[1.0, 2.0, 3.0]], [1]).notes
    assert notes == (
        "dropout and noise are off, as in predictions",
        "a single sample is its own mean: batch normalization makes every n 0",
    )
    assert len(bpnet.trace(net, np.eye(3), [1, 0, 1]).notes) == 1
    assert bpnet.trace(small(), [[1.0, 2.0]], [[1.0]]).notes == ()


def test_a_smaller_type_of_training_is_noted(torch):
    net = small(backend="torch", dtype="float32", compute_dtype="bfloat16")
    assert "bfloat16" in bpnet.trace(net, [[1.0, 2.0]], [[1.0]]).notes[0]
    assert bpnet.trace(net, [[1.0, 2.0]], [[1.0]], dtype="float64").backend.dtype == "float64"


# ------------------------------------------------------------------ text, HTML, JSON

TABLE = """\
network: 2 -> 2 sigmoid -> 1 sigmoid, cost quadratic
samples: 1, float64, numpy on cpu
notation: the input is layer 0 (the book's layer 1); * multiplies entry by entry

forward, layer 0: 2 input
  a^0 = x  (input)                                   1  0.5

forward, layer 1: 2 sigmoid
  z^1 = w^1 a^0 + b^1  (25)                          0  1.5
  a^1 = sigma(z^1)  (25)                             0.5  0.8176

forward, layer 2: 1 sigmoid
  z^2 = w^2 a^1 + b^2  (25)                          0.09121
  a^2 = sigma(z^2)  (25)                             0.5228

cost
  y  (target)                                        1
  C_x = |a^2 - y|^2 / 2  (quadratic)                 0.1139

back, layer 2: 1 sigmoid
  sigma'(z^2)  (sigmoid)                             0.2495
  delta^2 = (a^2 - y) * sigma'(z^2)  (BP1)           -0.1191
  dC/db^2 = delta^2  (BP3)                           -0.1191
  dC/dw^2 = delta^2 (a^1)^T  (BP4)                   -0.05953  -0.09734

back, layer 1: 2 sigmoid
  sigma'(z^1)  (sigmoid)                             0.25  0.1491
  delta^1 = ((w^2)^T delta^2) * sigma'(z^1)  (BP2)   -0.02976  0.008878
  dC/db^1 = delta^1  (BP3)                           -0.02976  0.008878
  dC/dw^1 = delta^1 (a^0)^T  (BP4)                   -0.02976  -0.01488
                                                     0.008878  0.004439"""


def test_the_table_reads_as_the_book():
    net = bpnet.Network([2, 2, 1], dtype="float64")
    net.set_parameters([[[1.0, -2.0], [1.0, 1.0]], [[1.0, -0.5]]], [[0.0, 0.0], [0.0]])
    found = bpnet.trace(net, [[1.0, 0.5]], [[1.0]])
    assert str(found) == repr(found) == TABLE
    assert str(found.table(1)).splitlines()[0] == "layer 1: 2 sigmoid"
    rows = [line for part in TABLE.split("\n\n") if "layer 1:" in part for line in part.split("\n")]
    assert str(found.table(1)).splitlines()[1:] == [line for line in rows if line[0] == " "]
    assert repr(found.layers[1]).splitlines()[-1] == "  dC/dw^1 = delta^1 (a^0)^T  (BP4)"


def test_the_page_shows_a_real_table():
    page = (Path(__file__).parents[2] / "docs" / "trace.md").read_text(encoding="utf-8")
    net = bpnet.Network([2, 3, 1], backend="numpy", seed=0)
    found = bpnet.trace(net, [[0.5, -1.0]], [[1.0]], dtype="float64")
    assert f"```text\n{found}\n```" in page


def test_wide_layers_are_shortened_with_counts_and_ranges():
    net = bpnet.Network([784, 30, 10], seed=0)
    x = np.zeros((2, 784))
    x[0, :100] = 0.5
    text = str(bpnet.trace(net, x, [3, 4]))
    assert "784 values, 0 to 0.5, mean 0.06378, 684 of them 0" in text
    assert "30 x 784 values, " in text
    assert max(map(len, text.splitlines())) < 140
    assert len(text.splitlines()) < 70
    many = str(bpnet.trace(net, np.zeros((50, 784)), np.arange(50) % 10))
    assert "50 x 30 values" in many
    assert len(many.splitlines()) < 50


def test_a_notebook_shows_tables():
    found = bpnet.trace(small(), [[0.0, 1.0]], [[1.0]])
    html = found._repr_html_()
    assert html.count("<table>") == 6  # forward through three layers, cost, back through two
    assert "sigma&#x27;(z^1)" in html
    assert "<script" not in html
    assert found.table(1)._repr_html_().count("<table>") == 1


def test_to_dict_holds_everything_in_jsons_types():
    net = special_network("layer")
    found = bpnet.trace(net, np.eye(3), [0, 1, 0])
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record == found.to_dict()
    assert record["samples"] == 3
    assert record["sizes"] == [3, 4, 4, 2]
    assert record["cost"] == found.cost
    assert [one["layer"] for one in record["layers"]] == [0, 1, 2, 3]
    for one, layer in zip(record["layers"], found.layers, strict=True):
        assert one["quantities"].keys() == layer.equations.keys()
        for name, entry in one["quantities"].items():
            assert entry["shape"] == list(getattr(layer, name).shape)
            assert np.array_equal(entry["values"], getattr(layer, name))
    delta = record["layers"][1]["quantities"]["delta"]
    assert delta["symbol"] == "delta^1"
    assert delta["source"] == "BP2, layer norm"
    assert record["targets"]["values"] == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]


def test_what_is_not_finite_is_told_in_text_and_null_in_json():
    net = bpnet.Network([1, 1], activations=["exponential"], cost="quadratic", dtype="float64")
    net.set_parameters([[[1000.0]]], [[0.0]])
    with np.errstate(all="ignore"):
        found = bpnet.trace(net, [[1.0]], [[1.0]])
        assert "inf" in str(found)
        record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["layers"][1]["quantities"]["a"]["values"] == [[None]]
    assert record["cost"] is None


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("net", [[1.0, 2.0]], [[1.0]]), TypeError, "net must be a Network, not str"),
        ((small(), [[1.0]], [[1.0]]), ValueError, "layer 1 expects 2 inputs, x has 1 columns"),
        ((small(), [1.0, 2.0], [1.0]), ValueError, r"for a single sample numpy.asarray\(x\)\[None"),
        ((small(), np.zeros((0, 2)), np.zeros((0, 1))), ValueError, "0 samples"),
        ((small(), [[1.0, 2.0]], [[1.0], [2.0]]), ValueError, "2"),
        ((small(), [[1.0, np.nan]], [[1.0]]), ValueError, "nan"),
        ((small(), [[1.0, 2.0]]), TypeError, "y is missing"),
    ],
)
def test_samples_that_do_not_fit_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        bpnet.trace(*arguments)


def test_an_estimator_is_refused_with_its_network():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    x, y = np.eye(3), [0, 1, 0]
    estimator = bpnet.MLPClassifier(random_state=0)
    with pytest.raises(TypeError, match=r"net must be a Network, not MLPClassifier$"):
        bpnet.trace(estimator, x, y)
    estimator.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(TypeError, match="MLPClassifier, whose network is its network_"):
        bpnet.trace(estimator, x, y)
    assert bpnet.trace(estimator.network_, x, y).y.shape[0] == 3


def test_long_names_of_functions_are_shortened():
    names = ["sigmoid", "tanh", "relu", "elu", "silu", "softplus", "identity", "leaky_relu"]
    mixed = bpnet.activations.PerNeuron(names)
    net = bpnet.Network([2, 8, 1], activations=[mixed, "sigmoid"], seed=0)
    equation = bpnet.trace(net, [[1.0, 2.0]], [[1.0]]).layers[1].equations["sigma_prime"]
    assert len(str(equation)) < 60
    assert "..." in equation.source


def test_a_dtype_that_is_none_is_refused():
    with pytest.raises(ValueError, match="float16"):
        bpnet.trace(small(), [[1.0, 2.0]], [[1.0]], dtype="float16")


@pytest.mark.parametrize("layer", [3, -1])
def test_a_layer_that_is_not_there_is_refused_with_the_range(layer):
    found = bpnet.trace(small(), [[1.0, 2.0]], [[1.0]])
    with pytest.raises(ValueError, match=rf"layer must be .*0.*2.*{layer}"):
        found.table(layer)


def test_texts_frames_and_custom_functions_are_traced():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    net = bpnet.Network([1, 2], cost="log_likelihood", seed=0)
    net.fit([[1.0], [-1.0]], ["up", "down"], epochs=1)
    assert bpnet.trace(net, [[1.0]], ["up"]).y.tolist() == [[0.0, 1.0]]
    frame = pandas.DataFrame({"size": [1.0, 2.0, 4.0] * 6, "kind": ["a", "b", "b"] * 6})
    run = bpnet.train_table(frame, "kind", epochs=1, seed=0, validation=0.2, test=0.2)
    found = bpnet.trace(run.net, frame.iloc[[0]], dtype="float64")
    assert relative(found.cost, run.net.total_cost(frame.iloc[[0]])) < 1e-6
    cube = CustomActivation(lambda z, xp: z**3, lambda z, a, xp: 3.0 * z * z, name="cube")
    found = bpnet.trace(small(activations=[cube, "sigmoid"]), [[1.0, 2.0]], [[0.0]])
    assert "sigma'(z^1)  (cube)" in str(found)


def test_traces_of_a_network_are_equal_where_their_numbers_are(target):
    net = bpnet.Network([2, 3, 1], backend=target.backend("float64"), seed=0)

    def traced(first):
        x = target.give([[first, 1.0], [0.5, 0.5]])
        return bpnet.trace(net, x, target.give([[1.0], [0.0]]))

    assert traced(0.25) == traced(0.25)
    assert traced(0.25) != traced(0.75)
