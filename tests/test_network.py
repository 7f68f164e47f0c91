"""Network: how it is made, what it says, and how it refuses what it cannot use."""

import importlib
import sys
import threading
from importlib.util import find_spec

import numpy as np
import pytest
from _backends import host, parameters, relative
from _cases import ACTIVATIONS, PARTNERS

import bpnet
from bpnet.activations import PerNeuron, Tanh, get

# ------------------------------------------------------------------ making one


@pytest.mark.parametrize(
    ("cost", "output"), [one for one in PARTNERS.items() if one[0] != "quartic"]
)
def test_one_activation_is_for_the_hidden_layers(cost, output):
    net = bpnet.Network([2, 3, 4, 5], activations="relu", cost=cost)
    assert [sigma.name for sigma in net.activations] == ["relu", "relu", output]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("cross_entropy", "binary_cross_entropy"), ("log_likelihood", "categorical_cross_entropy")],
)
def test_the_books_names_of_costs(name, meant):
    assert bpnet.Network([2, 2], cost=name).cost == bpnet.costs.get(meant)


def test_activations_by_layer():
    by_list = bpnet.Network([2, 3, 4, 1], activations=["relu", Tanh(), "identity"])
    by_layer = bpnet.Network([2, bpnet.Layer(3, activation="relu"), 4, 1], activations="tanh")
    by_both = bpnet.Network([2, 3, bpnet.Layer(4, "elu"), 1], activations=["relu", "tanh", "silu"])
    by_class = bpnet.Network([2, 3, 1], activations=Tanh)
    at_the_end = bpnet.Network([2, 3, bpnet.Layer(1, "tanh")])
    assert [sigma.name for sigma in by_list.activations] == ["relu", "tanh", "identity"]
    assert [sigma.name for sigma in by_layer.activations] == ["relu", "tanh", "sigmoid"]
    assert [sigma.name for sigma in by_both.activations] == ["relu", "elu", "silu"]
    assert [sigma.name for sigma in by_class.activations] == ["tanh", "sigmoid"]
    assert [sigma.name for sigma in at_the_end.activations] == ["sigmoid", "tanh"]


def test_shapes_and_defaults():
    net = bpnet.Network((4, np.int64(3), bpnet.Layer(2)), seed=5)
    assert net.sizes == (4, 3, 2)
    assert all(type(n) is int for n in net.sizes)
    assert [w.shape for w in net.weights] == [(3, 4), (2, 3)]
    assert [b.shape for b in net.biases] == [(3,), (2,)]
    assert (net.backend.name, net.device, net.dtype, net.seed) == ("numpy", "cpu", "float32", 5)
    assert (net.epochs, net.steps, net.metadata) == (0, 0, {})
    assert net.weights[0].dtype == np.float32


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"sizes": [3]},
            ValueError,
            "at least an input and an output layer, as .*; 1 layer was given",
        ),
        (
            {"sizes": []},
            ValueError,
            "at least an input and an output layer, as .*; 0 layers were given",
        ),
        ({"sizes": [3, 0]}, ValueError, r"sizes\[1\] must be at least 1, not 0"),
        ({"sizes": [-2, 1]}, ValueError, r"sizes\[0\] must be at least 1, not -2"),
        ({"sizes": [3, 2.5]}, TypeError, r"sizes\[1\] must be an integer or a Layer, not 2\.5"),
        ({"sizes": [3, True]}, TypeError, r"sizes\[1\] must be an integer or a Layer, not True"),
        ({"sizes": ["3", 1]}, TypeError, r"sizes\[0\] must be an integer or a Layer, not '3'"),
        (
            {"sizes": [bpnet.Layer(3, "tanh"), 1]},
            ValueError,
            "the input layer computes nothing, so it takes no activation",
        ),
        (
            {"activations": ["tanh"]},
            ValueError,
            "activations has 1 entries, but 2 layers follow the input",
        ),
        (
            {"activations": ["tanh"] * 3},
            ValueError,
            "activations has 3 entries, but 2 layers follow the input",
        ),
        ({"activations": "tanhh"}, ValueError, "unknown activation 'tanhh': did you mean 'tanh'"),
        ({"activations": ["relu", "qqq"]}, ValueError, "unknown activation 'qqq': known are sigm"),
        ({"activations": [None, "relu"]}, TypeError, "activation must be a name or an Activation"),
        ({"cost": "quadratik"}, ValueError, "unknown cost 'quadratik': did you mean 'quadra"),
        ({"cost": "qqq"}, ValueError, "unknown cost 'qqq': known are quadratic, "),
        ({"cost": 3}, TypeError, "cost must be a name or a Cost, not 3"),
        ({"initializer": "he"}, ValueError, "unknown initializer 'he': "),
        ({"initializer": "he_norml"}, ValueError, "did you mean 'he_normal'"),
        ({"dtype": "float16"}, ValueError, "unknown dtype 'float16': did you mean 'float"),
        ({"backend": "nunpy"}, ValueError, "unknown backend 'nunpy': did you mean 'numpy'"),
        ({"device": "cpuu"}, ValueError, "unknown device 'cpuu': did you mean 'cpu'"),
        ({"task": "classify"}, ValueError, "unknown task 'classify': did you mean 'classif"),
        ({"seed": -1}, ValueError, "seed must be at least 0, not -1"),
        ({"seed": 1.5}, TypeError, r"seed must be an integer, not 1\.5"),
        ({"seed": True}, TypeError, "seed must be an integer, not True"),
        (
            {"activations": [PerNeuron(["tanh"] * 3), "sigmoid"]},
            ValueError,
            "layer 1 has 4 neurons, but its PerNeuron 3 functions",
        ),
    ],
)
def test_what_does_not_go_together_raises(options, error, words):
    with pytest.raises(error, match=words):
        bpnet.Network(**{"sizes": [3, 4, 1], **options})


# ------------------------------------------------------------------ where it starts


def test_a_seed_is_the_whole_start():
    one, same, other = (bpnet.Network([5, 4, 3], seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(parameters(one), parameters(same))
    assert not np.array_equal(parameters(one), parameters(other))
    assert bpnet.Network([5, 4, 3]).seed != bpnet.Network([5, 4, 3]).seed


def test_a_drawn_seed_is_kept_and_repeats_the_start():
    drawn = bpnet.Network([5, 4, 3])
    again = bpnet.Network([5, 4, 3], seed=drawn.seed)
    assert np.array_equal(parameters(drawn), parameters(again))


def test_types_start_alike_to_rounding():
    single, double = (bpnet.Network([5, 4, 3], seed=1, dtype=t) for t in ("float32", "float64"))
    assert np.array_equal(parameters(single), parameters(double).astype(np.float32))


# ------------------------------------------------------------------ what it says


def test_repr():
    net = bpnet.Network([784, bpnet.Layer(1000, "relu"), 10], cost="log_likelihood")
    assert repr(net) == (
        "Network(784 -> 1000 relu -> 10 softmax, cost=categorical_cross_entropy, "
        "795,010 parameters, numpy on cpu, float32)"
    )


def test_feedforward_belongs_to_the_networks_library(target):
    net = bpnet.Network([2, 3, 2], backend=target.backend("float32"), seed=0)
    a = net.feedforward([[1, 2], [3, 4], [5, 6]])
    assert net.backend.owns(a)
    assert net.backend.device_of(a) == net.device
    assert (a.shape, str(host(net, a).dtype)) == ((3, 2), "float32")


def test_parameters_are_read_and_never_written(target):
    net = bpnet.Network([2, 3, 1], backend=target.backend(), seed=0)
    before = parameters(net)
    for name in ("weights", "biases", "activations", "device", "dtype", "task"):
        with pytest.raises(AttributeError):
            setattr(net, name, [])
    if target.library != "jax":  # whose arrays nobody can write to
        for part in (*net.weights, *net.biases):
            part *= 0.0
    net.weights.clear()
    assert np.array_equal(parameters(net), before)


def test_given_parameters_are_copied(target):
    net = bpnet.Network([2, 1], activations=["identity"], backend=target.backend())
    w, b = np.asarray([[2.0, 3.0]]), np.asarray([1.0])
    for weights, biases in (
        ([w], [b]),
        ([target.give(w)], [target.give(b)]),
        (w[None].tolist(), [[1]]),
        ([np.asfortranarray(w)], [b.astype("int8")]),
    ):
        net.set_parameters([0 * w], [0 * b])
        net.set_parameters(weights, biases)
        assert host(net, net.feedforward([[10.0, 100.0]])).tolist() == [[321.0]]
    w *= 0.0
    assert host(net, net.weights[0]).tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize(
    ("weights", "biases", "error", "words"),
    [
        ([np.ones((3, 2))], [np.ones(3)], ValueError, "the network has 2 weights, 1 were given"),
        (
            [np.ones((3, 2)), np.ones((1, 3))],
            [np.ones(3)] * 3,
            ValueError,
            "the network has 2 biases, 3 were given",
        ),
        (
            [np.ones((2, 3)), np.ones((1, 3))],
            [np.ones(3), np.ones(1)],
            ValueError,
            r"weights\[0\] has shape \(2, 3\), the network's \(3, 2\)",
        ),
        (
            [np.ones((3, 2)), np.ones((1, 3))],
            [np.ones(3), np.ones((1, 1))],
            ValueError,
            r"biases\[1\] has shape \(1, 1\), the network's \(1,\)",
        ),
        (
            [np.ones((3, 2)), np.full((1, 3), np.nan)],
            [np.ones(3), np.ones(1)],
            ValueError,
            r"weights\[1\] is not finite everywhere",
        ),
        (
            [np.ones((3, 2)), np.ones((1, 3))],
            [np.ones(3), np.asarray(["1"])],
            TypeError,
            r"biases\[1\] holds text, such as '1': numpy.asarray\(biases\[1\], float\)",
        ),
    ],
)
def test_wrong_parameters_raise_and_change_nothing(target, weights, biases, error, words):
    net = bpnet.Network([2, 3, 1], backend=target.backend(), seed=0)
    before = parameters(net)
    with pytest.raises(error, match=words):
        net.set_parameters(weights, biases)
    assert np.array_equal(parameters(net), before)


# ------------------------------------------------------------------ predictions


def passing(n, output, **options):
    """A network that hands its inputs to the output's function as they are."""
    net = bpnet.Network([n, n], activations=[output], dtype="float64", **options)
    net.set_parameters([np.eye(n)], [np.zeros(n)])
    return net


def test_the_class_is_the_largest_output(target):
    net = passing(3, "softmax", cost="log_likelihood", backend=target.backend())
    x = [[1.0, 2.0, 0.0], [5.0, 2.0, 0.0], [0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]
    found = net.predict(x)
    assert net.backend.owns(found)
    assert host(net, found).tolist() == [1, 0, 2, 0]  # of equals the first
    assert host(net, found).dtype.kind == "i"


def test_one_output_is_a_class_from_a_half_on(target):
    net = passing(1, "sigmoid", backend=target.backend())
    x = [[-3.0], [-1e-6], [0.0], [1e-6], [3.0]]
    assert host(net, net.predict(x)).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("output", [*ACTIVATIONS, PerNeuron(["tanh", "sigmoid", "identity"])])
def test_the_class_is_that_of_feedforward(output):
    rng = np.random.default_rng(0)
    net = passing(3, output, cost="quadratic", task="classification")
    x = rng.uniform(-3, 3, (200, 3))
    a = net.feedforward(x)
    assert np.array_equal(net.predict(x), np.argmax(a, axis=1))
    assert net.accuracy(x, np.argmax(a, axis=1)) == 1.0
    one = passing(1, get(output) if isinstance(output, str) else "tanh", task="classification")
    found = one.predict(x[:, :1])
    assert np.array_equal(found, one.feedforward(x[:, :1])[:, 0] > 0.5)
    assert one.predict([[1e-30]])[0] == (one.feedforward([[1e-30]])[0, 0] > 0.5)


def test_results_of_two_calls_are_two_arrays(target):
    net = passing(2, "identity", backend=target.backend())
    one = net.feedforward([[1.0, 2.0]])
    two = net.feedforward([[3.0, 4.0]])
    assert host(net, one).tolist() == [[1.0, 2.0]]
    assert host(net, two).tolist() == [[3.0, 4.0]]
    x = target.give([[5.0, 6.0]])
    given = net.feedforward(x)
    if target.library != "jax":  # whose arrays nobody can write to
        given *= 0.0
    assert host(net, net.feedforward(x)).tolist() == [[5.0, 6.0]]


def test_threads_may_predict_with_one_network():
    rng = np.random.default_rng(0)
    net = bpnet.Network([60, 200, 200, 5], activations="tanh", seed=0)
    inputs = [rng.standard_normal((16, 60)).astype("float32") for _ in range(4)]
    expected = [net.feedforward(x) for x in inputs]
    wrong = []

    def predict(k):
        for _ in range(100):
            if not np.array_equal(net.feedforward(inputs[k]), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=predict, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_values_of_regression(target):
    one = passing(1, "identity", backend=target.backend())
    two = passing(2, "identity", backend=target.backend())
    assert host(one, one.predict([[1.5], [-2.0]])).tolist() == [1.5, -2.0]
    assert host(two, two.predict([[1.5, -2.0]])).tolist() == [[1.5, -2.0]]


def test_probabilities(target):
    softmax = passing(3, "softmax", cost="log_likelihood", backend=target.backend())
    one = passing(1, "sigmoid", cost="cross_entropy", backend=target.backend())
    several = passing(2, "sigmoid", backend=target.backend())
    p = host(softmax, softmax.predict_proba(np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]])))
    np.testing.assert_allclose(p, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-14)
    p = host(one, one.predict_proba([[0.0], [np.log(3.0)]]))
    np.testing.assert_allclose(p, [[0.5, 0.5], [0.25, 0.75]], rtol=1e-14)
    p = host(several, several.predict_proba([[0.0, np.log(3.0)]]))
    np.testing.assert_allclose(p, [[0.5, 0.75]], rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_probabilities_keep_their_digits(target, dtype):
    z = np.linspace(-40.0, 40.0, 81)  # exact in float32, too
    small = 1.0 / (1.0 + np.exp(np.abs(z)))
    first, second = np.where(z > 0, small, 1.0 - small), np.where(z > 0, 1.0 - small, small)
    x, same = target.give(z[:, None], dtype), {"rtol": 8 * float(np.finfo(dtype).eps)}
    options = {"backend": target.backend(dtype)}
    mixed = bpnet.activations.PerNeuron(["sigmoid"])
    for activations in (["sigmoid"], [mixed]):
        options |= {"activations": activations, "cost": "cross_entropy"}
        one = bpnet.Network([1, 1], **options)
        one.set_parameters([[[1.0]]], [[0.0]])
        np.testing.assert_allclose(host(one, one.feedforward(x))[:, 0], second, **same)
        p = host(one, one.predict_proba(x))
        np.testing.assert_allclose(p, np.stack([first, second], axis=1), **same)
    two = bpnet.Network([1, 2], cost="log_likelihood", backend=options["backend"])
    two.set_parameters([[[0.0], [1.0]]], [[0.0, 0.0]])
    p = host(two, two.predict_proba(x))
    np.testing.assert_allclose(p, np.stack([first, second], axis=1), **same)


def test_accuracy_is_the_share_of_right_classes(target):
    net = passing(3, "softmax", cost="log_likelihood", backend=target.backend())
    x = np.eye(3)[[0, 1, 2, 0, 1]]
    assert net.accuracy(x, [0, 1, 2, 1, 2]) == 0.6
    assert net.accuracy(x, np.eye(3)[[0, 1, 2, 1, 2]]) == 0.6
    one = passing(1, "sigmoid", backend=target.backend())
    assert one.accuracy([[3.0], [-3.0], [3.0], [0.0]], [1, 0, 0, 0]) == 0.75
    assert one.accuracy([[3.0], [-3.0], [3.0], [0.0]], [[1.0], [0.0], [0.0], [1.0]]) == 0.5
    assert type(one.accuracy([[3.0]], [1])) is float


def test_total_cost_is_a_mean_over_samples(target):
    net = passing(2, "identity", cost="quadratic", backend=target.backend())
    assert net.total_cost([[1.0, 2.0], [3.0, 5.0]], [[0.0, 0.0], [0.0, 1.0]]) == 7.5
    assert type(net.total_cost([[1.0, 2.0]], [[0.0, 0.0]])) is float


@pytest.mark.parametrize("cost", ["quadratic", "log_likelihood", "cross_entropy"])
def test_labels_are_rows_with_a_one(target, cost):
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((6, 4)), np.asarray([0, 2, 1, 1, 0, 2])
    net = bpnet.Network([4, 5, 3], cost=cost, backend=target.backend(), seed=0)
    rows = np.eye(3)[labels]
    for dtype in ("int64", "int32", "uint8"):
        assert net.total_cost(x, labels.astype(dtype)) == net.total_cost(x, rows)
    for one, other in zip(
        net.backprop(x, labels).weights, net.backprop(x, rows).weights, strict=True
    ):
        assert np.array_equal(host(net, one), host(net, other))


def test_probabilities_and_accuracy_are_for_classification():
    net = passing(1, "identity")
    with pytest.raises(ValueError, match=r"the task is regression: use net\.predict\(x\), not"):
        net.predict_proba([[1.0]])
    with pytest.raises(ValueError, match=r"the task is regression: use net\.score\(x, y\), not"):
        net.accuracy([[1.0]], [1])


def test_gradients_are_of_the_mean_cost(target):
    net = passing(2, "identity", backend=target.backend())
    x, y = np.asarray([[1.0, 2.0], [3.0, 5.0]]), np.asarray([[0.0, 0.0], [0.0, 1.0]])
    found = net.backprop(target.give(x), target.give(y))
    assert isinstance(found, bpnet.Gradients)
    assert net.backend.owns(found.weights[0])
    assert host(net, found.biases[0]).tolist() == [2.0, 3.0]
    assert host(net, found.weights[0]).tolist() == [[5.0, 8.5], [7.0, 12.0]]


# ------------------------------------------------------------------ bad input

X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
LABELS = np.asarray([0, 1, 1, 0])


def with_one(value, row=2, column=1):
    x = X.copy()
    x[row, column] = value
    return x


BAD_X = [
    (np.ones((4, 5)), ValueError, ["layer 1 expects 3 inputs", "x has 5 columns"]),
    (np.ones((0, 3)), ValueError, ["x is empty", "0 samples"]),
    (np.ones(3), ValueError, ["x has one dimension, shape (3,)", "(m, 3)", "x[None, :]"]),
    (np.ones((4, 1, 3)), ValueError, ["x has 3 dimensions, shape (4, 1, 3)", "x.reshape(4, -1)"]),
    (1.0, ValueError, ["x has 0 dimensions"]),
    (with_one(np.nan), ValueError, ["x is not finite", "row 2, column 1 is nan"]),
    (with_one(np.inf), ValueError, ["x is not finite", "row 2, column 1 is inf"]),
    (with_one(-np.inf, 0, 0), ValueError, ["x is not finite", "row 0, column 0 is -inf"]),
    (X.astype(object), TypeError, ["x holds Python objects", "numpy.asarray(x, float)"]),
    (X.astype(str), TypeError, ["x holds text, such as '-1.0'", "numpy.asarray(x, float)"]),
    (X.astype(complex), TypeError, ["x holds complex numbers (complex128)", "numpy.real(x)"]),
    (X.astype("datetime64[s]"), TypeError, ["x holds dates (datetime64[s])", "numpy.timedelta64"]),
    ([["a", "b", "c"]] * 4, TypeError, ["x holds text, such as 'a'", "numbers are needed"]),
    (
        [[1.0, 2.0, 3.0], [1.0, 2.0]],
        ValueError,
        ["x is ragged: row 0 has 3", "row 1 has 2 values"],
    ),
    (None, TypeError, ["x is None"]),
]
BAD_Y = [
    ([0, 1], ValueError, ["x has 4 samples, y has 2"]),
    (np.ones((5, 2)), ValueError, ["x has 4 samples, y has 5"]),
    ([], ValueError, ["x has 4 samples, y has 0"]),
    ([0, 1, 2, 0], ValueError, ["labels in y go from 0 to 2", "2 outputs", "from 0 to 1"]),
    ([0, -1, 1, 0], ValueError, ["labels in y go from -1 to 1", "from 0 to 1"]),
    ([0, 2**32, 1, 0], ValueError, ["labels in y", str(2**32), "from 0 to 1"]),
    ([0, -(2**32) + 1, 1, 0], ValueError, ["labels in y", str(-(2**32) + 1), "from 0 to 1"]),
    (
        [0.0, 1.0, 1.0, 0.0],
        ValueError,
        ["2 neurons", "one number per", "numpy.asarray(y, int)"],
    ),
    (np.ones((4, 3)), ValueError, ["the output layer has 2 neurons, y has 3 columns"]),
    ([[0], [1], [1], [0]], ValueError, ["2 neurons, y has 1 columns", "y.ravel()"]),
    (np.ones((4, 2, 1)), ValueError, ["y has 3 dimensions, shape (4, 2, 1)", "1 or 2"]),
    (1, ValueError, ["y has 0 dimensions"]),
    ([[0.5, np.nan]] * 4, ValueError, ["y is not finite", "row 0, column 1 is nan"]),
    ([["a", "b"]] * 4, TypeError, ["y holds text, such as 'a'", "load_table"]),
    (["cat", "dog", "cow", "cat"], ValueError, ["3 different labels", "are for 2 classes"]),
    (np.asarray(["cat"] * 4), ValueError, ["1 different label, 'cat'", "net.classes = [...]"]),
    ([b"cat", b"dog"] * 2, TypeError, ["y holds text, such as b'cat'", "numpy.unique(y"]),
    (LABELS.astype(object), TypeError, ["y holds Python objects", "numpy.asarray(y, int)"]),
    ([[0, 1], [1]] * 2, ValueError, ["y is ragged: row 0 has 2 values, row 1 has 1 value;"]),
    (None, TypeError, ["y is missing: each sample in x needs a target"]),
]


def state(net):
    """What must be as it was when something raised."""
    return parameters(net).tobytes(), net.epochs, net.steps, net.task, net.seed, dict(net.metadata)


def assert_raises(net, error, words, call, *arguments, **options):
    before = state(net)
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    assert type(caught.value) is error
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2
    assert state(net) == before


@pytest.fixture
def trained():
    """Two alike with an optimizer's memory: one for what goes wrong, one to compare it with."""
    nets = []
    for _ in range(2):
        net = bpnet.Network([3, 4, 2], cost="log_likelihood", dtype="float64", seed=0)
        net.fit(X, LABELS, epochs=2, batch_size=3, optimizer=bpnet.Momentum(0.1))
        nets.append(net)
    return nets


@pytest.mark.parametrize(("x", "error", "words"), BAD_X)
def test_bad_inputs(trained, x, error, words):
    net, twin = trained
    for call in (net.feedforward, net.predict, net.predict_proba):
        assert_raises(net, error, words, call, x)
    for call in (net.backprop, net.total_cost, net.accuracy):
        assert_raises(net, error, words, call, x, LABELS)
    options = {"epochs": 1, "batch_size": 2}
    assert_raises(net, error, words, net.fit, x, LABELS, optimizer=bpnet.Adam(), **options)
    words = [word.replace("x ", "validation x ", 1) if word[0] == "x" else word for word in words]
    options.update(optimizer=bpnet.Adam(), validation=(x, LABELS))
    assert_raises(net, error, words[:1], net.fit, X, LABELS, **options)
    assert_still_alike(net, twin)


@pytest.mark.parametrize(("y", "error", "words"), BAD_Y)
def test_bad_targets(trained, y, error, words):
    net, twin = trained
    for call in (net.backprop, net.total_cost, net.accuracy):
        assert_raises(net, error, words, call, X, y)
    options = {"epochs": 1, "batch_size": 2}
    assert_raises(net, error, words, net.fit, X, y, optimizer=bpnet.Adam(), **options)
    assert_still_alike(net, twin)


def assert_still_alike(net, twin):
    for one in (net, twin):
        one.fit(X, LABELS, epochs=1, batch_size=3, optimizer=bpnet.Momentum(0.1))
    assert np.array_equal(parameters(net), parameters(twin))


@pytest.mark.parametrize(
    ("options", "y", "words"),
    [
        ({"cost": "cross_entropy"}, [[0.0, 1.5]] * 4, ["y goes from 0 to 1.5", "from 0 to 1"]),
        ({"cost": "cross_entropy"}, [[-0.5, 1.0]] * 4, ["y goes from -0.5 to 1", "binary"]),
        ({"cost": "log_likelihood"}, [[0.5, 0.2]] * 4, ["row 0 of y sums to 0.7", "sum is 1"]),
        ({"cost": "log_likelihood"}, [[1.0, 0.0]] * 3 + [[1.0, 1.0]], ["row 3 of y sums to 2"]),
        ({"cost": "poisson"}, [[3.0, -1.0]] * 4, ["y goes from -1 to 3", "poisson", "0 to inf"]),
        (
            {"activations": ["tanh"]},
            [0, 1, 1, 0],
            ["2 neurons", "y has one number per sample", "class labels are for softmax"],
        ),
    ],
)
def test_targets_that_a_cost_does_not_take(options, y, words):
    net = bpnet.Network([3, 2], seed=0, **options)
    for call in (net.backprop, net.total_cost):
        assert_raises(net, ValueError, words, call, X, y)
    assert_raises(net, ValueError, words, net.fit, X, y, epochs=1, batch_size=2)


def test_labels_of_one_output():
    net = bpnet.Network([3, 1], cost="cross_entropy", seed=0)
    words = ["labels in y go from 0 to 2", "with 1 output they must be from 0 to 1"]
    assert_raises(net, ValueError, words, net.total_cost, X, [0, 1, 2, 0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_found_on_every_target(target, bad):
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", backend=target.backend(), seed=0)
    words = ["x is not finite everywhere: row 2, column 1 is"]
    assert_raises(net, ValueError, words, net.backprop, target.give(with_one(bad)), LABELS)
    words = ["labels in y go from 0 to 7"]
    assert_raises(net, ValueError, words, net.backprop, X, target.give([0, 7, 1, 0]))


def test_a_number_too_large_for_the_type_is_told_with_its_limit_and_taken_in_float64(target):
    net = bpnet.Network([3, 2], backend=target.backend("float32"), seed=0)
    told = "is 1e+300 in row 2, column 1, which float32 cannot hold: its largest number is 3.4e+38"
    assert_raises(
        net, ValueError, ["x " + told, "dtype='float64'"], net.feedforward, with_one(1e300)
    )
    y = np.where(with_one(0.0)[:, :2] == 0.0, -4e38, 0.5)
    words = ["y is -4e+38 in row 2, column 1, which float32"]
    assert_raises(net, ValueError, words, net.total_cost, X, y)
    words = ["y is 4e+38 in row 1, column 0, which float32"]
    single = bpnet.Network([3, 1], activations=["identity"], backend=target.backend("float32"))
    assert_raises(single, ValueError, words, single.total_cost, X, [0.0, 4e38, 0.0, 0.0])
    words = ["weights[0] is 1e+39 at (1, 2), which float32 cannot hold"]
    weights = [np.where(np.arange(6).reshape(2, 3) == 5, 1e39, 0.0)]
    assert_raises(net, ValueError, words, net.set_parameters, weights, [np.zeros(2)])
    wide = net.to(dtype="float64")
    assert np.isfinite(host(wide, wide.predict(with_one(1e300)))).all()


# ------------------------------------------------------------------ integers and booleans


@pytest.mark.parametrize("dtype", ["uint8", "int64", "int16"])
def test_unscaled_images_are_converted_and_told_of(target, dtype):
    images = np.asarray([[0, 17, 120], [100, 3, 44]]).astype(dtype)
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", backend=target.backend(), seed=0)
    with pytest.warns(UserWarning, match="x holds integers from 0 to 120, which are conv") as told:
        found = net.feedforward(target.give(images))
    assert len(told) == 1
    assert "x / 120" in str(told[0].message)
    assert np.array_equal(host(net, found), host(net, net.feedforward(images.astype(float))))


def test_a_fit_tells_of_unscaled_images_once_and_by_name():
    images = np.asarray([[0, 255, 120], [100, 3, 44]], dtype="uint8")
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0)
    with pytest.warns(UserWarning, match="holds integers from 0 to 255") as told:
        net.fit(images, [0, 1], epochs=2, batch_size=1, validation=(images, [0, 1]))
    names = [str(one.message).split(" holds")[0] for one in told]
    assert names == ["x", "validation x"]


@pytest.mark.parametrize(
    "x",
    [
        np.asarray([[True, False, True]]),
        np.asarray([[0, 1, 1]]),
        np.asarray([[-16, 0, 16]], dtype="int8"),  # as digits of 8x8 images have
        np.asarray([[0.0, 255.0, 7.0]]),
        [[0, 1, 2]],
    ],
)
def test_small_integers_and_booleans_are_taken_silently(x):
    net = bpnet.Network([3, 2], seed=0, dtype="float64")
    assert np.array_equal(net.feedforward(x), net.feedforward(np.asarray(x, dtype=float)))


# ------------------------------------------------------------------ other libraries and devices


MODULES = {"torch": "torch", "jax": "jax.numpy", "array-api-strict": "array_api_strict"}
INSTALLED = [name for name, module in MODULES.items() if find_spec(module.partition(".")[0])]


def foreign(name, x, dtype):
    """An array of a library, by name."""
    return importlib.import_module(MODULES[name]).asarray(np.asarray(x, dtype=dtype))


def test_arrays_of_a_third_library_name_both(target):
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", backend=target.backend("float32"), seed=0)
    for name in INSTALLED:
        given, labels = foreign(name, X, "float32"), foreign(name, LABELS, "int32")
        if net.backend.owns(given):
            continue
        of = f"is an array of {name}, but the network computes with {net.backend.name} on "
        words = [of + net.device, "net.to(backend="]
        assert_raises(net, TypeError, ["x " + of, *words], net.feedforward, given)
        assert_raises(net, TypeError, ["y " + of, *words], net.backprop, X, labels)
        named = ["weights[0] " + of]
        assert_raises(net, TypeError, named, net.set_parameters, [given, given], net.biases)


@pytest.mark.skipif("array-api-strict" not in INSTALLED, reason="array-api-strict is not installed")
def test_integer_arrays_of_a_third_library_name_both_too():
    given = foreign("array-api-strict", np.ones((4, 3)), "int32")
    net = bpnet.Network([3, 2], cost="log_likelihood", seed=0)
    words = ["x is an array of array-api-strict, but the network computes with numpy on cpu"]
    assert_raises(net, TypeError, words, net.feedforward, given)


def test_arrays_of_an_unknown_library_name_it():
    class Lazy:
        shape, ndim, dtype = (4, 3), 2, "float32"

        def __array_namespace__(self, api_version=None):
            raise AssertionError("nobody should compute with it")

    Lazy.__module__ = "lazybones.arrays"
    net = bpnet.Network([3, 2], seed=0)
    words = ["x is an array of lazybones, but the network computes with numpy on cpu"]
    assert_raises(net, TypeError, words, net.feedforward, Lazy())


def test_arrays_on_another_device_name_both():
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    from _strict import strict_backend

    net = bpnet.Network(
        [3, 4, 2], cost="log_likelihood", backend=strict_backend("device1", "float32"), seed=0
    )
    for device in ("CPU_DEVICE", "device2"):
        x = strict.asarray(X, dtype=strict.float32, device=strict.Device(device))
        y = strict.asarray(LABELS, device=strict.Device(device))
        words = [
            f"is on {device}, but the network computes with array_api_strict on device1",
            f"net.to(device={device!r})",
        ]
        assert_raises(net, TypeError, ["x " + words[0], words[1]], net.feedforward, x)
        assert_raises(net, TypeError, ["y " + words[0], words[1]], net.backprop, X, y)
    there = net.to(device="device2")
    x = strict.asarray(X, dtype=strict.float32, device=strict.Device("device2"))
    assert relative(host(there, there.feedforward(x)), host(net, net.feedforward(X))) < 1e-6


def test_wrong_types_of_ones_own_library(target):
    net = bpnet.Network([3, 2], backend=target.backend("float32"), seed=0)
    given = target.give(X.astype("complex64"), "complex64")
    words = ["x h", "complex", "needed"]
    assert_raises(net, TypeError, words, net.feedforward, given)


def test_a_subclass_may_have_a_fit_of_its_own():
    class Mine(bpnet.Network):
        def fit(self, x, y, **settings):
            return super().fit(x, y, epochs=2, **settings)

    net = Mine([1, 1], seed=0)
    assert len(net.fit([[0.0]], [[1.0]])) == 2
    assert net.step([[0.0]], [[1.0]]) > 0.0


def test_fit_runs_under_a_debugger():
    """Until Python 3.12 one that looks at local variables changes the dictionary of them."""

    def trace(frame, event, argument):
        return trace if frame.f_code is bpnet.Network.fit.__code__ and frame.f_locals else None

    net, before = bpnet.Network([1, 1], seed=0), sys.gettrace()
    sys.settrace(trace)
    try:
        history = net.fit([[0.0]], [[1.0]], epochs=2)
    finally:
        sys.settrace(before)
    assert len(history) == 2
