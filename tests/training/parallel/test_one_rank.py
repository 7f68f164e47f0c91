"""A fit in parts by one rank: nearly the plain fit, and wrong use of it."""

import numpy as np
import pytest

import bpnet
from bpnet import Layer
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.costs import CustomCost
from bpnet.parallel import SerialCommunicator

NETWORKS = {
    "plain": [6, 8, 3],
    "dropout and noise": [Layer(6, noise=0.1, dropout=0.1), Layer(8, dropout=0.3), 3],
    "batch norm": [6, Layer(8, normalization="batch"), Layer(8, residual=True, dropout=0.2), 3],
    "layer norm": [6, Layer(8, normalization="layer"), 3],
}
SETTINGS = {
    "sgd": {},
    "adam, weights and penalties": {
        "optimizer": "adam",
        "sample_weight": np.linspace(0.1, 2.0, 53),
        "alpha": 0.1,
        "l1": 1e-3,
        "clip_norm": 0.5,
        "validation": 0.2,
    },
    "metrics, average and class weights": {
        "metrics": ["f1"],
        "average": 0.9,
        "class_weight": "balanced",
        "evaluate_training": True,
        "max_norm": 1.0,
        "label_smoothing": 0.1,
    },
    "without mixing": {"shuffle": False, "metrics": None},
}


def samples():
    rng = np.random.default_rng(1)
    return rng.normal(size=(53, 6)), np.arange(53) % 3


def trained(sizes, backend="numpy", dtype="float64", **settings):
    net = bpnet.Network(sizes, cost="log_likelihood", seed=3, backend=backend, dtype=dtype)
    history = net.fit(*samples(), epochs=2, batch_size=10, progress=False, **settings)
    return net.backend.to_numpy(net.state.theta), history


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("blocks", [1, 3, 4, 16, None])
def test_parts_give_what_the_whole_does(network, settings, blocks):
    """Of the same mini-batches, but for rounding; masks are those of the whole, too."""
    settings = SETTINGS[settings]
    whole, history = trained(NETWORKS[network], **settings)
    parts, of_parts = trained(NETWORKS[network], parallel="serial", blocks=blocks, **settings)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)
    for row, other in zip(history, of_parts, strict=True):
        assert list(other) == [*list(row)[:-1], "communication", "seconds"]
        for column in set(row) - {"seconds"}:
            assert other[column] == pytest.approx(row[column], rel=1e-10, abs=1e-12), column


@pytest.mark.parametrize(("backend", "dtype"), [("torch", "float32"), ("jax", "float32")])
@pytest.mark.parametrize("network", NETWORKS)
def test_other_libraries(network, backend, dtype):
    pytest.importorskip(backend)
    settings = SETTINGS["adam, weights and penalties"]
    whole, _ = trained(NETWORKS[network], backend, dtype, **settings)
    parts, _ = trained(NETWORKS[network], backend, dtype, parallel="serial", **settings)
    np.testing.assert_allclose(parts, whole, rtol=2e-3, atol=2e-5)


def test_accumulation_within_parts():
    whole, _ = trained(NETWORKS["dropout and noise"])
    parts, _ = trained(NETWORKS["dropout and noise"], parallel="serial", accumulate=2)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="leave out accumulate"):
        trained(NETWORKS["batch norm"], parallel="serial", accumulate=2)


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("network", ["plain", "batch norm"])
def test_sparse_samples(network, backend):
    sparse = pytest.importorskip("scipy.sparse")
    pytest.importorskip(backend)
    x, y = samples()
    found = []
    for given in (x, sparse.csr_array(x)):
        net = bpnet.Network(NETWORKS[network], cost="log_likelihood", seed=3, backend=backend)
        net.fit(given, y, epochs=2, batch_size=10, validation=0.3, parallel="serial")
        found.append(net.backend.to_numpy(net.state.theta))
    np.testing.assert_array_equal(*found)


def reshaped(z, xp):
    pairs = xp.reshape(z, (z.shape[0], -1, 2))
    return xp.reshape(pairs / (1.0 + xp.max(xp.abs(pairs), axis=-1, keepdims=True)), z.shape)


def joined(z, xp):
    first, rest = z[:, :1], z[:, 1:]
    return xp.concat([xp.tanh(first), xp.where(rest > 0.0, rest, xp.zeros_like(rest))], axis=-1)


def by_keyword(z, xp):
    above = xp.clip(z, min=-1.0, max=1.0) >= xp.mean(z, axis=1, keepdims=True)
    return z * xp.astype(above, z.dtype)


def in_place(z, xp):
    a = xp.asarray(z, copy=True)
    a[a < 0.0] = 0.0
    a += xp.zeros(z.shape, dtype=z.dtype)
    a **= 1.0
    return a


def split(z, xp):
    return xp.stack([0.5 * one for one in xp.unstack(z, axis=1)], axis=1)


def of_numpy(z, xp):
    return np.vectorize(lambda entry: entry / (1.0 + abs(entry)))(z).clip(-2.0, 2.0)


def like_a(z, a, xp):
    """Not the derivative, but one function of the same arguments for all of them."""
    return (
        xp.linalg.vector_norm(a, axis=-1, keepdims=True)
        * xp.ones(a.shape, dtype=a.dtype)
        / (1.0 + xp.sum(z * z, axis=(1,), keepdims=True) + a.ndim)
    )


def mean_of_outputs(a, y, xp):
    return xp.reshape(xp.mean((a - y) ** 2, axis=1), (a.shape[0],))


def its_gradient(a, y, xp):
    found = xp.zeros_like(a)
    found += 2.0 * (a - y) / a.shape[-1]
    return xp.max(xp.stack([found, xp.full(a.shape, -1e3, dtype=a.dtype)]), axis=0)


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("value", [reshaped, joined, by_keyword, in_place, split, of_numpy])
def test_functions_of_the_program_see_arrays_like_any_other(value, normalization):
    """A mini-batch of one sample among them, and fewer samples than parts."""
    sigma = CustomActivation(value, like_a, name="own")
    cost = CustomCost(mean_of_outputs, its_gradient, name="own mean")
    x, y = samples()
    found = []
    for settings in ({}, {"parallel": "serial"}, {"parallel": "serial", "blocks": 16}):
        hidden = Layer(8, activation=sigma, normalization=normalization, residual=True)
        single = PerNeuron(["tanh", sigma, sigma, *["relu"] * 5]) if value is in_place else sigma
        last = Layer(8, activation=single, normalization=normalization, dropout=0.2)
        net = bpnet.Network(
            [6, 8, hidden, last, 3], cost=cost, seed=3, dtype="float64", task="regression"
        )
        net.fit(x, np.eye(3)[y], epochs=2, batch_size=13, **settings)
        found.append(net.state.theta)
    for theta in found[1:]:
        np.testing.assert_allclose(theta, found[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compute", ["float16", "bfloat16"])
def test_small_types_with_batch_normalization(compute):
    pytest.importorskip("torch")
    found = []
    for settings in ({}, {"parallel": "serial"}):
        net = bpnet.Network(
            NETWORKS["batch norm"],
            cost="log_likelihood",
            seed=3,
            backend="torch",
            dtype="float32",
            compute_dtype=compute,
        )
        net.fit(*samples(), epochs=2, batch_size=10, **settings)
        found.append(net.backend.to_numpy(net.state.theta))
    np.testing.assert_allclose(*found, rtol=0.05, atol=0.01)


def test_a_communicator_may_be_given():
    by_name, _ = trained(NETWORKS["plain"], parallel="serial")
    given, _ = trained(NETWORKS["plain"], parallel=SerialCommunicator())
    np.testing.assert_array_equal(by_name, given)


def test_blocks_shape_the_bits_and_so_a_fit_that_is_resumed():
    x, y = samples()
    net = bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3)
    fit = net.fitting(x, y, epochs=4, batch_size=10, parallel="serial")
    with fit:
        next(iter(fit))
        snapshot = fit.snapshot()
    whole = bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3)
    whole.fit(x, y, epochs=4, batch_size=10, parallel="serial")
    settings = {"epochs": 4, "batch_size": 10, "resume": snapshot}
    again = bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3)
    again.fit(x, y, parallel="serial", **settings)
    np.testing.assert_array_equal(again.state.theta, whole.state.theta)
    with pytest.raises(ValueError, match="blocks"):
        bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3).fit(
            x, y, parallel="serial", blocks=2, **settings
        )
    with pytest.raises(ValueError, match=r"columns|blocks"):
        bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3).fit(x, y, **settings)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"parallel": "mpy"}, ValueError, "mpi"),
        ({"parallel": 2}, TypeError, "parallel"),
        ({"parallel": "serial", "blocks": 0}, ValueError, "blocks"),
        ({"parallel": "serial", "blocks": 2.5}, TypeError, "blocks"),
        ({"parallel": "serial", "optimizer": "lbfgs"}, ValueError, "one process"),
    ],
)
def test_wrong_use(settings, error, words):
    with pytest.raises(error, match=words):
        trained([6, 8, 3], **settings)
