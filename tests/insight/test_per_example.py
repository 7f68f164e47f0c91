"""Per-example gradients and norms: single samples, `Network.backprop`, and PyTorch's vmap."""

import tracemalloc
import warnings

import numpy as np
import pytest
from _backends import host, relative
from _cases import (
    ACTIVATIONS,
    BATCHES,
    COSTS,
    DEFINED,
    DEPTHS,
    PAIRS,
    PARTNERS,
    network,
    pairwise,
    samples,
    torch_costs,
    torch_functions,
)
from insight._reference import special_network

import bpnet
from bpnet.insight import per_example

COVER = pairwise((*ACTIVATIONS, "softsign", "mixed"), (*COSTS, "quartic"), DEPTHS, BATCHES)
ALL = ("weights", "biases", "scales", "shifts")
RNG = np.random.default_rng(0)


def arrays(net, found):
    """Each array of a gradient, as NumPy arrays."""
    return [host(net, one) for name in ALL for one in getattr(found, name)]


def flat(net, found, m):
    """Gradients of m examples, shape (m, size)."""
    return np.concatenate([one.reshape(m, -1) for one in arrays(net, found)], axis=1)


def lengths_by_layer(net, found, m):
    """Norm of each layer's gradient, shape (m, L), from gradients that were formed."""
    squares = np.zeros((m, len(found.weights)))
    for name in ALL:
        parts = getattr(found, name)
        layers = range(len(parts)) if name in ("weights", "biases") else net.model.layout.norms
        for l, one in zip(layers, parts, strict=True):
            squares[:, l] += (host(net, one).astype(float).reshape(m, -1) ** 2).sum(axis=1)
    return np.sqrt(squares)


def assert_consistent(net, x, y):
    """Rows are single samples' gradients, their mean is the batch's, norms are their norms."""
    m = x.shape[0]
    found = bpnet.per_example_gradients(net, x, y)
    for k in range(m):
        alone = net.backprop(x[k : k + 1, :], y[k : k + 1, :])
        for one, expected in zip(arrays(net, found), arrays(net, alone), strict=True):
            assert relative(one[k], expected) < 1e-12
    for one, expected in zip(arrays(net, found), arrays(net, net.backprop(x, y)), strict=True):
        assert np.abs(one.mean(axis=0) - expected).max() < 1e-12 * max(1.0, np.abs(one).max())
    norms = bpnet.per_example_norms(net, x, y)
    expected = lengths_by_layer(net, found, m)
    assert net.backend.owns(norms.total)
    assert len(norms.layers) == expected.shape[1]
    for l, one in enumerate(norms.layers):
        assert relative(host(net, one), expected[:, l]) < 1e-12
    assert relative(host(net, norms.total), np.sqrt((expected**2).sum(axis=1))) < 1e-12


@pytest.mark.parametrize(("activation", "cost", "depth", "batch"), COVER[::3])
def test_rows_are_gradients_of_single_samples(target, activation, cost, depth, batch):
    net = network(activation, cost, depth, target.backend("float64"))
    assert_consistent(net, *(target.give(one[:5], "float64") for one in samples(cost, batch)))


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalization", ["layer", None])
def test_layers_that_normalize_drop_or_add(target, normalization, residual):
    net = special_network(normalization, residual, target.backend("float64"))
    x, y = RNG.standard_normal((5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
    assert_consistent(net, target.give(x, "float64"), target.give(y, "float64"))


# ------------------------------------------------------------------ PyTorch


def by_vmap(torch, net, x, y, functions, cost):
    """Gradients of m examples, shape (m, size), in the order of theta."""
    layers, layout = net.model.architecture.layers[1:], net.model.layout

    def cost_of(theta, x, y):
        w, b = layout.split(theta, torch)
        scales, shifts = layout.split_norms(theta, torch)
        a = x[None]
        for l, layer in enumerate(layers):
            u = a @ w[l].T + b[l]
            if layer.normalization is not None:
                mean = u.mean(dim=1, keepdim=True)
                variance = ((u - mean) ** 2).mean(dim=1, keepdim=True)
                u = (u - mean) / torch.sqrt(variance + 1e-5) * scales[l] + shifts[l]
            v = functions[l](u)
            a = v + a if layer.residual else v
        return torch_costs(torch)[cost](a, y[None])

    theta = torch.tensor(net.backend.to_numpy(net.state.theta))
    each = torch.func.vmap(torch.func.grad(cost_of), in_dims=(None, 0, 0))
    return each(theta, torch.tensor(x), torch.tensor(y)).numpy()


def assert_vmaps(torch, net, x, y, functions, cost):
    expected = by_vmap(torch, net, x, y, functions, cost)
    found = flat(net, bpnet.per_example_gradients(net, x, y), len(x))
    for k in range(len(x)):
        assert relative(found[k], expected[k]) < 1e-12
    norms = bpnet.per_example_norms(net, x, y).total
    assert relative(norms, np.linalg.norm(expected, axis=1)) < 1e-12


@pytest.mark.parametrize(
    ("hidden", "cost", "output"),
    [
        *((sigma, cost, sigma) for sigma, cost in PAIRS),
        *((s, c, PARTNERS[c]) for c in COSTS for s in ACTIVATIONS if s not in DEFINED[c]),
        *((sigma, cost, PARTNERS[cost]) for cost in COSTS for sigma in ("softsign", "mixed")),
        ("tanh", "quartic", "identity"),
    ],
)
def test_every_pair_is_vmaps(torch, hidden, cost, output):
    net = network(hidden, cost, 2, dtype="float64", output=output)
    functions = [torch_functions(torch)[name] for name in (hidden, hidden, output)]
    assert_vmaps(torch, net, *samples(cost, 6), functions, cost)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalization", ["layer", None])
def test_layers_that_do_more_are_vmaps(torch, normalization, residual):
    net = special_network(normalization, residual)
    functions = [torch.tanh, torch.sigmoid, torch_functions(torch)["softmax"]]
    x, y = RNG.standard_normal((5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
    assert_vmaps(torch, net, x, y, functions, "categorical_cross_entropy")


# ------------------------------------------------------------------ samples of every kind


def same(net, pair, other):
    for function in (bpnet.per_example_gradients, bpnet.per_example_norms):
        one, two = function(net, *pair), function(net, *other)
        for name in vars(one):
            for left, right in zip(getattr(one, name), getattr(two, name), strict=True):
                assert np.array_equal(left, right)


def test_samples_are_taken_as_backprop_takes_them():
    scipy = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    net = special_network("layer")
    x, rows = np.eye(3)[[0, 2, 1, 1]], np.eye(2)[[0, 1, 1, 0]]
    same(net, (x, rows), (x, [0, 1, 1, 0]))
    same(net, (x, rows), (x.tolist(), np.asarray(["no", "yes", "yes", "no"])))
    same(net, (x, rows), (scipy.csr_array(x), [0, 1, 1, 0]))
    table = {"size": [1.0, 2.0, 4.0, 3.0] * 5, "kind": ["a", "b", "b", "a"] * 5}
    run = bpnet.train_table(table, "kind", epochs=2, seed=0, validation=0.2, test=0.2)
    frame = {name: column[:3] for name, column in table.items()}
    same(run.net, (run.data.preprocessing.transform(frame), [0, 1, 1]), (frame, None))


@pytest.mark.parametrize("function", [bpnet.per_example_gradients, bpnet.per_example_norms])
def test_what_does_not_fit_is_refused(function):
    with pytest.raises(ValueError, match=r"batch normalization in layers 1, 2 makes .*'layer'"):
        function(special_network("batch"), np.zeros((2, 3)), [0, 1])
    net = special_network("layer")
    with pytest.raises(ValueError, match=r"4 .*3"):
        function(net, np.zeros((2, 4)), [0, 1])
    with pytest.raises(ValueError, match=r"2 .*3|3 .*2"):
        function(net, np.zeros((2, 3)), [0, 1, 1])


@pytest.mark.parametrize("name", ["per_example_gradients", "per_example_norms"])
def test_an_estimator_is_refused_with_its_network_named(name):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    estimator = bpnet.MLPClassifier(max_iter=1, hidden_layer_sizes=(3,), random_state=0)
    x, y = RNG.standard_normal((20, 3)), [0, 1] * 10
    with warnings.catch_warnings(action="ignore"):  # it has not converged
        estimator.fit(x, y)
    with pytest.raises(TypeError, match=r"net must be a Network, not MLPClassifier.* network_"):
        getattr(bpnet, name)(estimator, x, y)
    getattr(bpnet, name)(estimator.network_, x, y)


def test_nothing_of_the_users_changes(target):
    net = special_network("layer", True, target.backend("float64"))
    x, y = target.give(RNG.standard_normal((4, 3))), target.give(np.eye(2)[[0, 1, 1, 0]])
    before = [np.array(host(net, one)) for one in (x, y, net.state.theta)]
    bpnet.per_example_gradients(net, x, y)
    bpnet.per_example_norms(net, x, y)
    for one, copy in zip((x, y, net.state.theta), before, strict=True):
        assert np.array_equal(host(net, one), copy)


# ------------------------------------------------------------------ many samples, extreme numbers


def test_blocks_give_what_one_pass_gives(target, monkeypatch):
    net = network("tanh", "quadratic", 2, target.backend("float64"))
    x, y = (target.give(one, "float64") for one in samples("quadratic", 32))
    whole, seen = bpnet.per_example_norms(net, x, y), []

    def watched(model, xp, theta, x, y, record=per_example.record):
        seen.append(x.shape[0])
        return record(model, xp, theta, x, y)

    monkeypatch.setattr(per_example, "record", watched)
    monkeypatch.setattr(per_example, "_ENTRIES", 7 * sum(net.sizes))
    parts = bpnet.per_example_norms(net, x, y)
    assert sum(seen) == 32
    assert max(seen) <= 7
    for one, two in zip((whole.total, *whole.layers), (parts.total, *parts.layers), strict=True):
        assert relative(host(net, one), host(net, two)) < 1e-14


def test_memory_does_not_grow_with_the_number_of_samples():
    net = bpnet.Network([50, 200, 10], dtype="float64", seed=0)
    peaks = []
    for m in (8_000, 64_000):
        x, y = np.zeros((m, 50)), np.zeros((m, 10))
        tracemalloc.start()
        bpnet.per_example_norms(net, x, y)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    gradients = 56_000 * net.model.layout.size * 8
    kept = 56_000 * 3 * 8  # the norms, twice while they are joined
    assert peaks[1] - peaks[0] < 3 * kept < gradients / 1000


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_squares_may_leave_the_dtype(target, scale):
    """Of three layers in float32 the gradients' squares underflow, or overflow."""
    nets = [
        bpnet.Network([2, 2, 2], activations=["identity"] * 2, backend=target.backend(dtype))
        for dtype in ("float32", "float64")
    ]
    w = np.asarray([[1.0, 0.5], [-0.25, 0.75]])
    found = []
    for net in nets:
        net.set_parameters([w * scale, w * scale], [np.zeros(2)] * 2)
        x = target.give(np.asarray([[1.0, 2.0], [3.0, -1.0]]), net.dtype)
        y = target.give(np.zeros((2, 2)), net.dtype)
        norms = bpnet.per_example_norms(net, x, y)
        found.append(np.stack([host(net, one) for one in (*norms.layers, norms.total)]))
    assert np.isfinite(found[0]).all()
    assert (found[0] > 0.0).all()
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_an_example_without_gradient_has_norm_zero(target):
    net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
    assert bpnet.per_example_norms(net, [[1.0, 2.0]], [[0.0]]).total.tolist() == [0.0]
