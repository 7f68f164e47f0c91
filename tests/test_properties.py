"""Whatever the shapes, types and memory layouts: the same numbers, and nothing written to."""

import itertools

import numpy as np
import pytest
from _backends import gradients, host, parameters, relative
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import bpnet
from bpnet.model.layout import Layout

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=5)
SEEDS = st.integers(0, 2**32)
NAMES = st.sampled_from(["sigmoid", "tanh", "relu", "elu", "gelu", "silu", "softplus", "identity"])
OF_NUMBERS = {
    "bool": arrays.boolean_dtypes(),
    "int": arrays.integer_dtypes(),
    "uint": arrays.unsigned_integer_dtypes(),
    "float": arrays.floating_dtypes(sizes=(16, 32, 64)),
}


@st.composite
def networks(draw, dtype="float64"):
    """Any small network; all outputs with the quadratic cost."""
    sizes = draw(SIZES)
    names = draw(st.lists(NAMES, min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    return bpnet.Network(sizes, activations=names, dtype=dtype, seed=draw(SEEDS), task="regression")


@st.composite
def batches(draw, net, least=1):
    """Samples for it, with numbers of ordinary size."""
    m = draw(st.integers(least, 9))
    rng = np.random.default_rng(draw(SEEDS))
    return rng.standard_normal((m, net.sizes[0])), rng.standard_normal((m, net.sizes[-1]))


@st.composite
def laid_out(draw, x):
    """The same numbers otherwise in memory."""
    how = draw(st.sampled_from(["C", "F", "every other", "backwards", "columns", "read-only"]))
    if how == "F":
        x = np.asfortranarray(x)
    elif how == "every other":
        wide = np.full((2 * x.shape[0], *x.shape[1:]), -7, dtype=x.dtype)
        wide[::2] = x
        x = wide[::2]
    elif how == "backwards":
        x = np.ascontiguousarray(x[::-1])[::-1]
    elif how == "columns":
        wide = np.full((*x.shape[:-1], x.shape[-1] + 3), -7, dtype=x.dtype)
        wide[..., 1:-2] = x
        x = wide[..., 1:-2]
    elif how == "read-only":
        x = x.copy()
        x.flags.writeable = False
    return x


def assert_alike(found, expected, tolerance=1e-12):
    for one, other in zip(found, expected, strict=True):
        assert relative(one, other) < tolerance


def assert_sums_alike(found, expected):
    """Sums in another order: terms of size one or so may cancel."""
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() <= 1e-12 * (1 + np.abs(other).max())


@given(st.data())
def test_shapes(data):
    net = data.draw(networks())
    x, y = data.draw(batches(net))
    m = len(x)
    assert net.feedforward(x).shape == (m, net.sizes[-1])
    assert net.predict(x).shape == ((m,) if net.sizes[-1] == 1 else (m, net.sizes[-1]))
    found = net.backprop(x, y)
    assert [g.shape for g in found.weights] == [w.shape for w in net.weights]
    assert [g.shape for g in found.biases] == [b.shape for b in net.biases]
    assert all(g.dtype == np.float64 for g in (*found.weights, *found.biases))


@pytest.mark.filterwarnings("ignore:.*which the network cannot reach")
@given(st.data())
def test_memory_layout_does_not_matter(data):
    net = data.draw(networks())
    x, y = data.draw(batches(net))
    x2, y2 = data.draw(laid_out(x)), data.draw(laid_out(y))
    kept = x2.copy(), y2.copy()
    assert_alike(gradients(net, x2, y2), gradients(net, x, y))
    twin = net.copy()
    for one, pair in ((net, (x, y)), (twin, (x2, y2))):
        one.fit(*pair, epochs=1, batch_size=4, optimizer=bpnet.SGD(0.01), validation=pair)
    assert relative(parameters(twin), parameters(net)) < 1e-12
    assert np.array_equal(x2, kept[0])
    assert np.array_equal(y2, kept[1])


@pytest.mark.parametrize("kind", OF_NUMBERS)
@given(data=st.data())
def test_every_type_of_number_is_taken(kind, data):
    dtype = data.draw(OF_NUMBERS[kind])
    limit = 1 if kind == "bool" else 15
    elements = (
        {} if kind == "bool" else {"min_value": 0 if kind == "uint" else -limit, "max_value": limit}
    )
    x = data.draw(
        arrays.arrays(dtype, (3, 4), elements=arrays.from_dtype(dtype, allow_nan=False, **elements))
    )
    kept = x.copy()
    for ours in ("float32", "float64"):
        net = bpnet.Network([4, 5, 2], activations="tanh", dtype=ours, seed=1)
        y = np.full((3, 2), 0.5)
        found, expected = net.feedforward(x), net.feedforward(x.astype(ours))
        assert found.dtype == ours
        assert np.array_equal(found, expected)
        assert_alike(gradients(net, x, y), gradients(net, x.astype(ours), y), 1e-15)
        rows = (x[:, :2] != 0).astype(dtype)
        assert net.total_cost(x, rows) == net.total_cost(x, rows.astype(ours))
    assert np.array_equal(x, kept)
    assert x.dtype == dtype


@given(st.data())
def test_types_agree_to_their_precision(data):
    net = data.draw(networks())
    x, _ = data.draw(batches(net))
    single = net.to(dtype="float32")
    assert np.abs(single.feedforward(x) - net.feedforward(x)).max() < 1e-4


@given(st.data())
def test_permuting_the_samples_leaves_the_mean_gradient(data):
    net = data.draw(networks())
    x, y = data.draw(batches(net))
    order = data.draw(st.permutations(range(len(x))))
    assert_sums_alike(gradients(net, x[order], y[order]), gradients(net, x, y))
    assert net.total_cost(x[order], y[order]) == pytest.approx(net.total_cost(x, y), rel=1e-13)
    assert relative(net.predict(x[order]), net.predict(x)[order]) < 1e-13


@given(st.data(), st.integers(2, 4))
def test_repeating_the_batch_leaves_the_mean_gradient(data, times):
    net = data.draw(networks())
    x, y = data.draw(batches(net))
    again = np.concatenate([x] * times), np.concatenate([y] * times)
    assert_sums_alike(gradients(net, *again), gradients(net, x, y))
    assert net.total_cost(*again) == pytest.approx(net.total_cost(x, y), rel=1e-13)


@given(st.data())
def test_the_gradient_of_a_batch_is_the_mean_of_its_parts(data):
    net = data.draw(networks())
    x, y = data.draw(batches(net, least=2))
    cut, m = data.draw(st.integers(1, len(x) - 1)), len(x)
    parts = zip(gradients(net, x[:cut], y[:cut]), gradients(net, x[cut:], y[cut:]), strict=True)
    expected = [(cut * one + (m - cut) * other) / m for one, other in parts]
    assert_sums_alike(gradients(net, x, y), expected)


def test_permuting_and_repeating_on_every_target(target):
    rng = np.random.default_rng(0)
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", backend=target.backend(), seed=0)
    x, y = rng.standard_normal((6, 3)), rng.integers(0, 2, 6)
    expected = gradients(net, target.give(x), target.give(y))
    assert_alike(gradients(net, target.give(x[::-1]), target.give(y[::-1])), expected)
    assert_alike(
        gradients(net, target.give(np.tile(x, (2, 1))), target.give(np.tile(y, 2))), expected
    )


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "float32", "float64"])
def test_every_type_of_number_is_taken_by_every_target(target, dtype):
    x = np.asarray([[0, 1, 1], [1, 0, 0]]).astype(dtype)
    net = bpnet.Network([3, 4, 2], backend=target.backend("float32"), seed=0)
    for one in (x, target.give(x, dtype)):
        found = host(net, net.feedforward(one))
        assert found.dtype == np.float32
        assert np.array_equal(found, host(net, net.feedforward(x.astype("float32"))))


@pytest.mark.parametrize("layout", ["F", "every other", "backwards"])
def test_every_target_takes_every_layout(target, layout):
    base = np.random.default_rng(0).standard_normal((8, 3))
    net = bpnet.Network([3, 2], backend=target.backend(), seed=0)
    if layout == "F":
        x, moved = base, target.give(np.ascontiguousarray(base.T)).T
    elif layout == "every other":
        x, moved = base[::2], target.give(base)[::2, :]
    else:
        with net.backend.scope():
            x, moved = base[::-1], net.backend.xp.flip(target.give(base), axis=0)
    expected = net.feedforward(np.ascontiguousarray(x))
    assert relative(host(net, net.feedforward(moved)), host(net, expected)) < 1e-14


@given(networks(), SEEDS)
def test_theta_is_its_layers_and_nothing_else(net, seed):
    layout, n = Layout(net.sizes), sum(b.size for b in net.biases)
    theta = np.random.default_rng(seed).standard_normal(layout.size)
    cuts = np.cumsum([a * b for a, b in itertools.pairwise(net.sizes)] + list(net.sizes[1:-1]))
    parts = np.split(theta, cuts)
    half = len(net.sizes) - 1
    weights = [w.reshape(s) for w, s in zip(parts[:half], layout.weight_shapes, strict=True)]
    net.set_parameters(weights, parts[half:])
    assert np.array_equal(parameters(net), theta)
    assert np.array_equal(layout.join(weights, parts[half:], np), theta)
    assert layout.n_weights == layout.size - n
    doubled = layout.on_weights(theta, 2.0, np)
    assert np.array_equal(doubled[:-n], 2 * theta[:-n])
    assert not doubled[-n:].any()


@given(st.data(), st.sampled_from(["float32", "float64"]))
def test_a_model_file_keeps_every_bit(tmp_path_factory, data, dtype):
    net = data.draw(networks(dtype=dtype))
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    net.save(path)
    assert np.array_equal(parameters(bpnet.load(path)), parameters(net))
    assert repr(bpnet.load(path)) == repr(net)
