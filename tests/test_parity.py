"""The same seed gives the same on every target: start, batches, masks, parameters."""

import copy
import pickle

import numpy as np
import pytest
from _backends import host, parameters, relative

import bpnet
from bpnet.activations import PerNeuron

OPTIMIZERS = [
    bpnet.SGD(0.5),
    bpnet.Momentum(0.1),
    bpnet.Nesterov(0.1),
    bpnet.Adam(0.01),
]
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def kind(optimizer):
    return type(optimizer).__name__


@pytest.fixture(scope="module")
def digits():
    """Images of 8x8 brightnesses from 0 to 1 in ten classes, as handwritten digits are."""
    rng = np.random.default_rng(0)
    labels = np.arange(250) % 10
    images = np.clip(rng.uniform(0, 1, (10, 64))[labels] + rng.normal(0, 0.3, (250, 64)), 0, 1)
    return np.round(images * 16) / 16, labels


def make(backend="numpy", dtype=None, **options):
    """A network for them; of a backend's own type, else in float64."""
    if backend == "numpy":
        backend = bpnet.get_backend("numpy", dtype=dtype or "float64")
    options = {"cost": "log_likelihood", "seed": 7, **options}
    return bpnet.Network([64, 12, 10], backend=backend, dtype=dtype, **options)


# ------------------------------------------------------------------ the same on every target


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_start_bit_for_bit(target, dtype):
    for initializer in ("auto", "scaled_normal", "orthogonal"):
        expected = make("numpy", dtype, initializer=initializer)
        found = make(target.backend(dtype), initializer=initializer)
        assert found.dtype == dtype
        assert np.array_equal(parameters(found), parameters(expected))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=kind)
def test_the_same_parameters_after_an_epoch(target, optimizer, dtype, digits):
    x, y = digits
    size = 32 if kind(optimizer) == "SGD" else 50  # with and without a smaller last batch
    options = {"epochs": 1, "batch_size": size, "optimizer": optimizer, "l2": 1e-3}
    reference, net = make("numpy", dtype), make(target.backend(dtype))
    expected = reference.fit(x, y, **options)
    found = net.fit(target.give(x, dtype), target.give(y, "int64"), **options)
    assert relative(parameters(net), parameters(reference)) < TOLERANCE[dtype]
    assert relative(parameters(net), parameters(make("numpy", dtype))) > 1e-3
    assert found["train_cost"] == pytest.approx(expected["train_cost"], rel=TOLERANCE[dtype])
    assert found["train_accuracy"] == expected["train_accuracy"]
    assert (net.epochs, net.steps) == (1, -(-250 // size))


def test_numpy_arrays_and_lists_may_accompany_every_network(target, digits):
    (x, y), net = digits, make(target.backend())
    expected = net.backprop(target.give(x), target.give(y))
    for given in (x, y), (x.tolist(), y.tolist()), (x.astype("float32"), y.astype("uint8")):
        for one, other in zip(net.backprop(*given).weights, expected.weights, strict=True):
            assert np.array_equal(host(net, one), host(net, other))
            assert net.backend.owns(one)
            assert net.backend.device_of(one) == net.device


@pytest.mark.parametrize("cost", ["quadratic", "huber", "poisson", "binary_cross_entropy"])
def test_regression_is_the_same_on_every_target(target, cost, digits):
    x, _ = digits
    y = np.clip(x[:, :2] + 0.1, 0, 1)
    nets = [
        bpnet.Network(
            [64, 6, 2],
            activations=PerNeuron(["relu", "tanh", "gelu", "silu", "softplus", "elu"]),
            cost=cost,
            task="regression",
            backend=backend,
            seed=1,
        )
        for backend in (bpnet.get_backend("numpy", dtype="float64"), target.backend())
    ]
    expected, found = (
        net.fit(x, y, epochs=2, batch_size=50, optimizer=bpnet.SGD(0.05), validation=(x, y))
        for net in nets
    )
    assert relative(parameters(nets[1]), parameters(nets[0])) < 1e-12
    for column in ("train_cost", "validation_cost", "train_r2", "validation_r2"):
        assert found[column] == pytest.approx(expected[column], rel=1e-11)


# ------------------------------------------------------------------ going on, and elsewhere


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=kind)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_second_fit_goes_on_bit_for_bit(optimizer, dtype, digits):
    options = {"batch_size": 32, "optimizer": optimizer, "l2": 1e-3}
    whole, parts = make("numpy", dtype), make("numpy", dtype)
    one = whole.fit(*digits, epochs=5, **options)
    two = [parts.fit(*digits, epochs=epochs, **options) for epochs in (2, 3)]
    assert np.array_equal(parameters(whole), parameters(parts))
    assert [*two[0]["epoch"], *two[1]["epoch"]] == one["epoch"] == [1, 2, 3, 4, 5]
    assert [*two[0]["train_cost"], *two[1]["train_cost"]] == one["train_cost"]
    assert parts.steps == whole.steps == 40


def test_a_second_fit_goes_on_on_every_target(target, digits):
    options = {"batch_size": 50, "optimizer": bpnet.Adam(0.01)}
    whole, parts = make(), make(target.backend())
    whole.fit(*digits, epochs=3, **options)
    parts.fit(*digits, epochs=2, **options)
    parts.fit(*digits, epochs=1, **options)
    assert relative(parameters(parts), parameters(whole)) < 1e-12


def test_another_learning_rate_keeps_the_memory_and_another_optimizer_does_not(digits):
    def trained(*optimizers):
        net = make()
        for one in optimizers:
            net.fit(*digits, epochs=1, batch_size=250, optimizer=one)
        return net

    first, second = trained(bpnet.Momentum(0.1, 0.8)), trained(bpnet.Momentum(0.1, 0.8))
    velocity = (parameters(make()) - parameters(first)) / 0.1
    gradient = first.backprop(*digits)
    gradient = np.concatenate([g.ravel() for g in (*gradient.weights, *gradient.biases)])
    for net, optimizer, step in (
        (first, bpnet.Momentum(0.05, 0.8), 0.05 * (0.8 * velocity + gradient)),
        (second, bpnet.Nesterov(0.05, 0.8), 0.05 * 1.8 * gradient),
    ):
        before = parameters(net)
        net.fit(*digits, epochs=1, batch_size=250, optimizer=optimizer)
        assert relative(before - parameters(net), step) < 1e-9


def copies(net, tmp_path):
    net.save(tmp_path / "net.safetensors")
    return {
        "copy.copy": copy.copy(net),
        "copy.deepcopy": copy.deepcopy(net),
        "net.copy": net.copy(),
        "net.to": net.to(),
        "pickle": pickle.loads(pickle.dumps(net)),
        "load": bpnet.load(tmp_path / "net.safetensors", backend=net.backend),
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_copies_are_equal_bit_for_bit_and_independent(target, dtype, digits, tmp_path):
    net = make(target.backend(dtype))
    net.metadata["labels"] = ["zero", "one"]
    net.fit(*digits, epochs=1, batch_size=50, optimizer=bpnet.Momentum(0.1))
    before = parameters(net)
    for way, other in copies(net, tmp_path).items():
        assert np.array_equal(parameters(other), before), way
        assert repr(other) == repr(net), way
        assert other.backend == net.backend, way
        for name in ("sizes", "epochs", "seed", "metadata", "task", "cost", "activations"):
            assert getattr(other, name) == getattr(net, name), (way, name)
        other.set_parameters(other.weights, [np.zeros(n) for n in net.sizes[1:]])
        other.metadata["labels"] = None
        assert np.array_equal(parameters(net), before), way
        assert net.metadata == {"labels": ["zero", "one"]}, way


def test_copies_go_on_as_the_original_does(digits, tmp_path):
    net = make()
    options = {"epochs": 1, "batch_size": 50, "optimizer": bpnet.Adam(0.01)}
    net.fit(*digits, **options)
    others = copies(net, tmp_path)
    others.pop("load")  # a model's file has no optimizer's memory
    net.fit(*digits, **options)
    for way, other in others.items():
        other.fit(*digits, **options)
        assert np.array_equal(parameters(other), parameters(net)), way


def test_a_nested_part_of_the_metadata_is_a_copy_too():
    net = make()
    net.metadata["preprocessing"] = {"means": [1.0]}
    other = copy.deepcopy(net)
    other.metadata["preprocessing"]["means"].append(2.0)
    assert net.metadata == {"preprocessing": {"means": [1.0]}}


def test_there_and_back(target, digits):
    net = make()
    options = {"epochs": 1, "batch_size": 50, "optimizer": bpnet.Adam(0.01)}
    net.fit(*digits, **options)
    there = net.to(target.backend())
    assert there.backend == target.backend()
    assert np.array_equal(parameters(there), parameters(net))
    back = there.to("numpy")
    assert (back.backend.name, back.device, back.dtype) == ("numpy", "cpu", "float64")
    there.fit(*digits, **options)
    back.fit(*digits, **options)
    net.fit(*digits, **options)
    assert np.array_equal(parameters(back), parameters(net))
    assert relative(parameters(there), parameters(net)) < 1e-12


def test_to_another_type(target, digits):
    net = make(target.backend("float64"))
    single = net.to(dtype="float32")
    assert (single.dtype, single.device, net.dtype) == ("float32", net.device, "float64")
    assert np.array_equal(parameters(single), parameters(net).astype(np.float32))
    assert str(host(single, single.feedforward(digits[0])).dtype) == "float32"


def test_two_models_files_of_one_network_are_equal(digits, tmp_path):
    net = make()
    net.fit(*digits, epochs=1, batch_size=50)
    net.metadata.update({"b": 1, "a": {"d": 2, "c": [3]}})
    net.save(tmp_path / "one")
    net.copy().save(tmp_path / "two")
    again = make()
    again.metadata.update({"a": {"c": [3], "d": 2}, "b": 1})
    again.fit(*digits, epochs=1, batch_size=50)
    again.save(tmp_path / "three")
    contents = {(tmp_path / name).read_bytes() for name in ("one", "two", "three")}
    assert len(contents) == 1


def test_a_model_made_on_one_target_is_read_on_another(target, tmp_path):
    net = make(target.backend("float32"))
    net.save(tmp_path / "model")
    assert np.array_equal(parameters(bpnet.load(tmp_path / "model")), parameters(net))
    make("numpy", "float32").save(tmp_path / "host")
    assert (tmp_path / "host").read_bytes() == (tmp_path / "model").read_bytes()


# ------------------------------------------------------------------ nothing hidden on the device


def transfers(n, epochs, batch_size, **options):
    """What a fit on a counting device moves, and what waits for the device unasked."""
    from _strict import CountingBackend

    rng = np.random.default_rng(0)
    net = bpnet.Network(
        [3, 4, 2], cost="log_likelihood", backend=CountingBackend("device1", "float64"), seed=1
    )
    x, y = rng.standard_normal((n, 3)), np.arange(n) % 2
    with CountingBackend.watching() as counts:
        net.fit(x, y, epochs=epochs, batch_size=batch_size, **options)
        return dict(counts)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=kind)
@pytest.mark.parametrize("validated", [False, True])
def test_a_step_makes_no_transfer_and_never_waits(optimizer, validated):
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    rng = np.random.default_rng(1)
    options = {"optimizer": optimizer, "l2": 0.1}
    if validated:
        options["validation"] = rng.standard_normal((9, 3)), np.arange(9) % 2
    few = transfers(60, 1, 30, **options)
    many = transfers(60, 1, 2, **options)
    assert few == many, "what is moved depends on the number of steps"
    longer = transfers(60, 2, 2, **options)
    an_epoch = {what: longer[what] - many[what] for what in longer}
    assert an_epoch.pop("from_host") <= 2
    assert sum(an_epoch.values()) <= (6 if validated else 3)


def test_the_watch_sees_what_waits():
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    from _strict import CountingBackend

    backend = CountingBackend("device1", "float64")
    with CountingBackend.watching() as counts:
        one = backend.from_host(np.ones(1), "float64")
        float(one[0]), bool(one[0]), backend.to_numpy(one)
        np.from_dlpack(one)
    assert counts == {
        "from_host": 1,
        "to_numpy": 1,
        "__float__": 1,
        "__bool__": 1,
        "__dlpack__": 1,
    }
    float(one[0])
    assert counts["__float__"] == 1
