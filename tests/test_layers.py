"""Layers that drop, normalize and are bypassed: their gradients, statistics, masks and plans."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from _backends import TARGETS, Target, host, load_theta, relative
from _cases import ACTIVATIONS, pairwise, samples

import bpnet
from bpnet import Layer
from bpnet.backprop import feedforward
from bpnet.compiler import compile_forward, compile_step
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.trace import trace
from bpnet.normalization import BatchNorm, LayerNorm
from bpnet.randomness import epoch_order, keep_mask
from bpnet.training import StepConfig, make_step
from bpnet.training.step import step_inputs

# Layers without chance in them, and with it.
SHAPES = {
    "batch": [3, Layer(4, normalization="batch"), Layer(3, normalization=BatchNorm(1e-3, 0.3)), 2],
    "layer": [3, Layer(4, normalization="layer"), Layer(3, normalization=LayerNorm(1e-3)), 2],
    "residual": [3, Layer(3, residual=True), Layer(3, residual=True), Layer(3, residual=True), 2],
    "combined": [
        3,
        Layer(3, normalization="batch", residual=True),
        Layer(3, normalization="layer", residual=True),
        3,
        Layer(3, normalization="batch", residual=True),
        2,
    ],
}
CHANCY = {
    "dropout": [Layer(3, dropout=0.2), Layer(4, dropout=0.5), Layer(5, dropout=0.3), 2],
    "noise": [Layer(3, noise=0.5), 4, 2],
    "everything": [
        Layer(3, dropout=0.2, noise=0.1),
        Layer(3, normalization="batch", residual=True, dropout=0.4),
        Layer(3, normalization="layer", residual=True, dropout=0.1),
        Layer(5, normalization="batch", dropout=0.2),
        2,
    ],
}
ALL = {**SHAPES, **CHANCY}
COSTS = ("quadratic", "categorical_cross_entropy", "binary_cross_entropy", "huber", "poisson")
RECIPES = {
    "plain": {},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.01},
    "clip_value": {"clip_value": 0.05},
    "clip_norm": {"clip_norm": 0.1},
    "max_norm": {"max_norm": 0.5},
    "accumulate": {"accumulate": 3},
    "average": {"average": 0.9},
    "weighted": {"weighted": True},
    "all": {"l1": 0.01, "l2": 0.01, "clip_value": 0.05, "clip_norm": 0.1, "max_norm": 0.5,
            "accumulate": 2, "average": 0.9, "weighted": True},
}  # fmt: skip
M = 7


def network(layers, activation="tanh", cost="categorical_cross_entropy", backend="numpy", **more):
    """A network whose parameters, scales and shifts among them, are all of their own."""
    net = bpnet.Network(
        ALL.get(layers, layers) if isinstance(layers, str) else layers,
        activations=activation,
        cost=cost,
        backend=backend,
        **{"dtype": "float64", "seed": 3, **more},
    )
    rng = np.random.default_rng(5)
    theta = rng.uniform(0.2, 0.8, net.model.layout.size) * rng.choice(
        [-1.0, 1.0], net.model.layout.size
    )
    scales = slice(net.model.layout.n_plain, None)
    theta[scales] = np.abs(theta[scales]) + 0.3
    # Of large exponentials, and of softmaxes that hardly vary, differences lose their digits.
    load_theta(net, theta * {"exponential": 0.4, "softmax": 2.0}.get(activation, 1.0))
    return net


def every_gradient(net, x, y):
    """The gradient by weights, biases, scales and shifts, as NumPy arrays."""
    found = net.backprop(x, y)
    parts = *found.weights, *found.biases, *found.scales, *found.shifts
    return [host(net, one) for one in parts]


def theta_of(net):
    return host(net, net.state.theta)


def running_of(net):
    return host(net, net.state.running[0])


def leaves(state):
    return [one for part in state for one in leaves(part)] if isinstance(state, tuple) else [state]


def classes(n, seed=0):
    """Samples of two classes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    return x, (x.sum(axis=1) > 0).astype(int)


def norm_parts(net):
    """Scales and shifts of each layer that normalizes."""
    with net.backend.scope():
        both = net.model.layout.split_norms(net.state.theta, net.backend.xp)
        return [{l: net.backend.to_numpy(v) for l, v in part.items()} for part in both]


def twin(torch, net):
    """The same network as a module of PyTorch, with PyTorch's own normalizations."""
    F, layers = torch.nn.functional, net.model.architecture.layers
    functions = {
        "tanh": torch.tanh, "relu": F.relu, "gelu": F.gelu, "sigmoid": torch.sigmoid,
        "silu": F.silu, "softmax": lambda z: torch.softmax(z, 1), "identity": lambda z: z,
        "elu": F.elu, "exponential": torch.exp,
    }  # fmt: skip

    class Twin(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linears, self.norms = torch.nn.ModuleList(), torch.nn.ModuleDict()
            scales, shifts = norm_parts(net)
            for l, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
                linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
                fill(linear, host(net, w), host(net, b))
                self.linears.append(linear)
                norm = layers[l + 1].normalization
                if norm is None:
                    continue
                if norm.name == "batch":
                    made = torch.nn.BatchNorm1d(
                        w.shape[0], norm.epsilon, norm.momentum, dtype=torch.float64
                    )
                else:
                    made = torch.nn.LayerNorm(w.shape[0], norm.epsilon, dtype=torch.float64)
                fill(made, scales[l], shifts[l])
                self.norms[str(l)] = made

        def forward(self, x, masks=None):
            a = x if masks is None or 0 not in masks else x * masks[0]
            for l, linear in enumerate(self.linears):
                u = linear(a)
                u = self.norms[str(l)](u) if str(l) in self.norms else u
                v = functions[net.activations[l].name](u)
                if masks is not None and l + 1 in masks:
                    v = v * masks[l + 1]
                a = v + a if layers[l + 1].residual else v
            return a

        def leaves(self):
            kinds = self.linears, self.norms.values()
            return [getattr(one, what) for kind in kinds for what in ("weight", "bias")
                    for one in kind]  # fmt: skip

    def fill(module, weight, bias):
        with torch.no_grad():
            module.weight.copy_(torch.tensor(weight))
            module.bias.copy_(torch.tensor(bias))

    return Twin()


def torch_cost(torch, name, a, y):
    F = torch.nn.functional
    summed = {
        "quadratic": lambda: F.mse_loss(a, y, reduction="sum") / 2,
        "categorical_cross_entropy": lambda: -(y * torch.log(a)).sum(),
        "binary_cross_entropy": lambda: F.binary_cross_entropy(a, y, reduction="sum"),
        "huber": lambda: F.huber_loss(a, y, reduction="sum"),
        "poisson": lambda: (a - y * torch.log(a)).sum(),
    }[name]()
    return summed / len(y)


# ------------------------------------------------------------------ gradients


@pytest.mark.parametrize(
    ("layers", "activation", "cost"),
    [
        pytest.param(*case, id="-".join(case))
        for case in pairwise(tuple(SHAPES), ACTIVATIONS, COSTS)
    ],
)
def test_differences_agree(layers, activation, cost):
    net, (x, y) = network(layers, activation, cost), samples(cost, 12, 3)
    report = bpnet.gradient_check(net, x, y)
    assert not report.unresolved
    found = every_gradient(net, x, y)
    rounding = 1e-12 * max(1.0, np.linalg.norm(np.concatenate([g.ravel() for g in found])))
    for error, g in zip(report.errors.values(), found, strict=True):
        if np.linalg.norm(g) > rounding:
            assert error < 1e-7, report
        else:  # what a normalization takes away again; the check divides by 1e-6 at least
            assert 1e-6 * error < 10 * rounding, report
    count = sum(one.normalization is not None for one in SHAPES[layers] if isinstance(one, Layer))
    assert sum(name.startswith(("scales", "shifts")) for name in report.errors) == 2 * count


@pytest.mark.parametrize("layers", SHAPES)
def test_every_target_passes_the_check_and_agrees_with_numpy(target, layers):
    x, y = samples("categorical_cross_entropy", M, 3)
    net = network(layers, backend=target.backend())
    given = target.give(x), target.give(y)
    assert bpnet.gradient_check(net, *given).error < 1e-6  # of a zero gradient it is rounding
    expected = every_gradient(network(layers), x, y)
    for g, reference in zip(every_gradient(net, *given), expected, strict=True):
        assert np.abs(g - reference).max() < 1e-14 + 1e-12 * np.abs(reference).max()


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "silu", "softmax"])
@pytest.mark.parametrize("layers", SHAPES)
def test_autograd_agrees(torch, layers, activation, cost):
    x, y = samples(cost, 12, 3)
    net = network(layers, activation, cost)
    module = twin(torch, net).train()
    mean = torch_cost(torch, cost, module(torch.tensor(x)), torch.tensor(y))
    expected = [g.numpy() for g in torch.autograd.grad(mean, module.leaves())]
    rounding = 1e-13 * max(1.0, *(np.linalg.norm(g) for g in expected))
    for g, reference in zip(every_gradient(net, x, y), expected, strict=True):
        # By a bias before batch normalization it is zero, and both find rounding.
        assert relative(g, reference) < 1e-12 or np.linalg.norm(g - reference) < rounding


def stochastic_cost(net, keys, x, y, weight=None):
    """The mean cost as a function of theta, with the masks and the noise of a step."""
    structure, xp = net.model.architecture, net.backend.xp

    def cost(theta):
        w, b = net.model.layout.split(theta, xp)
        x_k = structure.input(x, keys, 0, xp)
        stages = structure.passes(theta, None, x_k, xp, keys)
        z, _ = feedforward(w, b, stages, x_k, xp)
        each = net.cost.of_output(net.model.output, z[-1], y, xp)
        return np.average(each, weights=weight)

    return cost


def five_point(function, theta, h=1e-3):
    found = np.empty_like(theta)
    for i in range(theta.size):
        move = np.zeros_like(theta)
        move[i] = h
        ahead = [function(theta + k * move) for k in (-2, -1, 1, 2)]
        found[i] = (ahead[0] - 8 * ahead[1] + 8 * ahead[2] - ahead[3]) / (12 * h)
    return found


def one_step(net, x, y, step=4, **recipe):
    """Theta less theta after a step of rate 1, and the keys of the step."""
    recipe = StepConfig(bpnet.SGD(1.0), **recipe)
    net._store.init_optimizer(recipe)
    rates = step_inputs(net.model, recipe, net.seed, step, 0)
    backend = net.backend
    with backend.scope():
        given = backend.from_host(np.asarray(x), net.dtype), backend.from_host(y, net.dtype)
        made = make_step(net.model, recipe)
        (theta, *_), z = made(backend.xp, net.state, *given, rates)
        found = backend.to_numpy(net.state.theta) - backend.to_numpy(theta)
        return (
            found,
            backend.to_numpy(z),
            dict(zip(net.model.architecture.random, rates[1:], strict=True)),
        )


@pytest.mark.parametrize("activation", ["tanh", "silu"])
@pytest.mark.parametrize("layers", CHANCY)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_differences_agree_while_masks_and_noise_are_held(layers, activation, weighted):
    x, y = samples("categorical_cross_entropy", 12, 3)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, 12) if weighted else None
    rows = np.c_[y, weight] if weighted else y
    net = network(layers, activation)
    found, _, keys = one_step(net, x, rows, weighted=weighted)
    expected = five_point(stochastic_cost(net, keys, x, y, weight), net.state.theta)
    assert relative(found, expected) < 1e-9
    without = five_point(stochastic_cost(net, {}, x, y, weight), net.state.theta)
    assert relative(found, without) > 1e-2  # something was dropped


@pytest.mark.parametrize("layers", ["dropout", "everything"])
def test_autograd_agrees_with_the_masks_of_a_step(torch, target, layers):
    plain = [Layer(3, dropout=0.2), *ALL[layers][1:]]  # PyTorch is given masks, and no noise
    net = network(plain, backend=target.backend())
    x, y = samples("categorical_cross_entropy", M, 3)
    found, z, _ = one_step(net, x, y, step=9)
    masks = {}
    for l, layer in enumerate(net.model.architecture.layers):
        if layer.dropout:
            kept = keep_mask(
                (M, layer.size), 1 - layer.dropout, seed=net.seed, step=9, layer=2 * l, xp=np
            )
            masks[l] = torch.tensor(kept / (1 - layer.dropout))
    module = twin(torch, net).train()
    a = module(torch.tensor(x), masks)
    mean = torch_cost(torch, "categorical_cross_entropy", a, torch.tensor(y))
    parts = [g.numpy() for g in torch.autograd.grad(mean, module.leaves())]
    assert relative(found, np.concatenate([one.ravel() for one in parts])) < 1e-12
    assert relative(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), a.detach().numpy()) < 1e-12


# ------------------------------------------------------------------ normalization


def test_weighted_inputs_are_normalized_scaled_and_shifted():
    z = np.random.default_rng(0).normal(5.0, 3.0, (50, 4))
    for norm, axis in ((BatchNorm(), 0), (LayerNorm(), 1)):
        n, inverse, mean, variance = norm.normalize(z, np)
        np.testing.assert_allclose(mean, z.mean(axis=axis, keepdims=True))
        np.testing.assert_allclose(variance, z.var(axis=axis, keepdims=True))
        np.testing.assert_allclose(inverse, 1 / np.sqrt(variance + 1e-5))
        np.testing.assert_allclose(n.mean(axis=axis), 0, atol=1e-13)
        np.testing.assert_allclose(n.std(axis=axis), 1, rtol=1e-3)


@pytest.mark.parametrize("layers", ["batch", "combined"])
def test_training_and_running_statistics_equal_those_of_pytorch(torch, target, layers):
    x, labels = classes(25)
    net = network(layers, backend=target.backend())
    module = twin(torch, net)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module.train()
    for epoch in range(2):
        order = epoch_order(net.seed, epoch, 25)
        for rows in (order[k : k + 10] for k in (0, 10, 20)):  # the last has five
            a = module(torch.tensor(x[rows]))
            optimizer.zero_grad()
            torch_cost(torch, net.cost.name, a, torch.tensor(np.eye(2)[labels[rows]])).backward()
            optimizer.step()
    options = {"epochs": 2, "batch_size": 10, "optimizer": bpnet.SGD(0.1)}
    net.fit(target.give(x), target.give(labels), **options)
    norms = [one for one in module.norms.values() if hasattr(one, "running_mean")]
    expected = [part.numpy() for one in norms for part in (one.running_mean, one.running_var)]
    assert relative(running_of(net), np.concatenate(expected)) < 1e-12
    parts = [one.detach().numpy().ravel() for one in module.leaves()]
    assert relative(theta_of(net), np.concatenate(parts)) < 1e-12
    module.eval()
    with torch.no_grad():
        a = module(torch.tensor(x)).numpy()
    assert relative(host(net, net.feedforward(target.give(x))), a) < 1e-12
    assert net.total_cost(target.give(x), target.give(labels)) == pytest.approx(
        -np.log(a[np.arange(25), labels]).mean(), rel=1e-12
    )


def test_prediction_of_a_sample_does_not_depend_on_others(target):
    x, labels = classes(40)
    for layers in SHAPES:
        net = network(layers, backend=target.backend())
        net.fit(target.give(x), target.give(labels), epochs=1, batch_size=8)
        together = host(net, net.feedforward(target.give(x)))
        alone = [host(net, net.feedforward(target.give(x[k : k + 1]))) for k in range(3)]
        assert relative(np.concatenate(alone), together[:3]) < 1e-13


def test_statistics_are_a_running_mean_of_those_of_the_batches():
    x, labels = classes(10)
    net = network([3, Layer(4, normalization=BatchNorm(momentum=0.25)), 2])
    assert running_of(net).tolist() == [0.0] * 4 + [1.0] * 4
    z = x @ net.weights[0].T + net.biases[0]
    net.fit(x, labels, epochs=1, batch_size=10)
    expected = [0.25 * z.mean(axis=0), 0.75 + 0.25 * z.var(axis=0, ddof=1)]
    assert relative(running_of(net), np.concatenate(expected)) < 1e-13


def test_reading_a_network_leaves_its_statistics_alone():
    x, labels = classes(10)
    net = network("batch")
    net.fit(x, labels, epochs=1, batch_size=5)
    before = running_of(net)
    net.backprop(x, labels), net.predict(x), net.total_cost(x, labels)
    bpnet.gradient_check(net, x, labels)
    assert np.array_equal(running_of(net), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_bias_that_is_normalized_away_stays_as_it_is(dtype):
    """Its gradient is zero; of rounding Adam would make steps of its full length."""
    x, labels = classes(40)
    net = network("batch", dtype=dtype)
    before = net.biases
    net.fit(x, labels, epochs=3, batch_size=8, optimizer=bpnet.Adam(0.1))
    assert np.array_equal(net.biases[0], before[0])
    assert np.array_equal(net.biases[1], before[1])
    assert not np.array_equal(net.biases[2], before[2])


def test_a_batch_of_one_and_a_layer_of_one_stay_finite():
    x, labels = classes(9)  # the last mini-batch has one sample
    for kind in ("batch", "layer"):
        net = network([3, Layer(1, normalization=kind), Layer(4, normalization=kind), 2])
        net.fit(x, labels, epochs=2, batch_size=4, optimizer=bpnet.SGD(0.1))
        assert np.isfinite(theta_of(net)).all()
        assert np.isfinite(net.feedforward(x)).all()


def other_targets():
    return [one for one in map(Target, TARGETS) if not one.missing() and one.library != "strict"]


def test_statistics_are_kept_bit_for_bit(target, tmp_path):
    x, labels = classes(20)
    net = network("everything", backend=target.backend())
    net.fit(target.give(x), target.give(labels), epochs=2, batch_size=6)
    net.save(tmp_path / "net.safetensors")
    same = [
        bpnet.load(tmp_path / "net.safetensors", backend=target.backend()),
        pickle.loads(pickle.dumps(net)),
        net.copy(),
        copy.deepcopy(net),
        net.to(dtype="float64"),
        *(net.to(one.backend()) for one in other_targets()),
    ]
    for one in same:
        assert np.array_equal(theta_of(one), theta_of(net))
        assert np.array_equal(running_of(one), running_of(net))
        assert one.model.architecture.layers == net.model.architecture.layers
    for one in same[:5]:
        assert repr(one) == repr(net)
        assert np.array_equal(
            host(one, one.feedforward(target.give(x))), host(net, net.feedforward(target.give(x)))
        )
    # A copy goes on like its original, and each by itself.
    for one in (net, same[2]):
        one.fit(target.give(x), target.give(labels), epochs=1, batch_size=6)
    assert np.array_equal(running_of(same[2]), running_of(net))
    assert not np.array_equal(running_of(same[1]), running_of(net))


def test_a_fit_that_diverges_keeps_the_statistics():
    x, y = classes(20)[0], np.random.default_rng(0).standard_normal((20, 2))
    net = network("batch", cost="huber")
    net.fit(x, y, epochs=1, batch_size=5)
    before = theta_of(net), running_of(net)
    with pytest.raises(bpnet.DivergenceError):
        net.fit(x, y, epochs=5, batch_size=5, optimizer=bpnet.SGD(1e308))
    assert np.array_equal(theta_of(net), before[0])
    assert np.array_equal(running_of(net), before[1])


def test_single_precision_stays_single_whatever_the_options_are(torch):
    half = np.float64(0.5)
    layers = [
        Layer(3, dropout=half, noise=half),
        Layer(4, dropout=half, normalization=BatchNorm(np.float64(1e-3), half)),
        Layer(4, normalization=LayerNorm(np.float64(1e-3)), residual=np.bool_(True)),
        2,
    ]
    for backend in ("numpy", "torch"):
        net = network(layers, backend=backend, dtype="float32")
        recipe = StepConfig(bpnet.SGD(0.1), l1=half, l2=half, max_norm=half, average=half)
        net._store.init_optimizer(recipe)
        x, y = (net.backend.from_host(one, "float32") for one in samples("quadratic", M, 3))
        rates = step_inputs(net.model, recipe, 0, 0, 0)
        after, z = make_step(net.model, recipe)(net.backend.xp, net.state, x, y, rates)
        assert {str(one.dtype)[-7:] for one in (*leaves(after), z)} == {"float32"}


# ------------------------------------------------------------------ residual connections


def test_a_residual_layer_adds_the_activations_of_the_layer_below():
    x, _ = classes(5)
    net = network("residual")
    w, b = net.weights, net.biases
    a = x
    for l in range(3):
        a = np.tanh(a @ w[l].T + b[l]) + a
    z = a @ w[3].T + b[3]
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(net.feedforward(x), expected, rtol=1e-13)


# ------------------------------------------------------------------ dropout and noise


def masks_of(net, step, m=64, first=0):
    """What each layer's activations are multiplied by in a step, the input's being 0."""
    backend, structure = net.backend, net.model.architecture
    with backend.scope():
        xp, keys = (
            backend.xp,
            dict(zip(structure.random, structure.keys(net.seed, step), strict=True)),
        )
        ones = backend.from_host(np.ones((m, net.sizes[0])), net.dtype)
        found = {}
        if (0, "dropout") in keys:
            found[0] = structure.input(ones, keys, first, xp)
        x = structure.input(ones, keys, first, xp)
        stages = structure.passes(net.state.theta, None, x, xp, keys, first)
        w, b = net.model.layout.split(net.state.theta, xp)
        feedforward(w, b, stages, x, xp)
        found |= {l + 1: s.kept for l, s in enumerate(stages) if getattr(s, "mask", None)}
        return {l: backend.to_numpy(one) for l, one in found.items()}


def test_masks_are_those_of_randomness_on_every_target(target):
    net = network("dropout", backend=target.backend())
    for step in (0, 1, 2**32 + 7):
        found = masks_of(net, step)
        assert sorted(found) == [0, 1, 2]
        for l, rate in enumerate((0.2, 0.5, 0.3)):
            kept = keep_mask(found[l].shape, 1 - rate, seed=3, step=step, layer=2 * l, xp=np)
            assert np.array_equal(found[l] != 0, kept)
            assert set(np.unique(found[l])) == {0.0, 1.0 / (1.0 - rate)}


def test_masks_differ_by_step_layer_and_seed():
    layers = [Layer(6, dropout=0.5), *[Layer(6, dropout=0.5)] * 2, 2]
    net, other = network(layers), network(layers, seed=4)
    found = [m for one in (net, other) for t in range(3) for m in masks_of(one, t).values()]
    for one, another in itertools.combinations(found, 2):
        agreement = np.mean((one != 0) == (another != 0))
        assert 0.35 < agreement < 0.65  # 384 coins: 0.5 with a deviation of 0.026


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_is_dropped_and_the_mean_is_kept(rate):
    net = network([3, Layer(50, dropout=rate), 2])
    kept = np.concatenate([masks_of(net, t, m=200)[1] for t in range(10)])
    deviation = math.sqrt(rate * (1 - rate) / kept.size)
    assert abs(np.mean(kept == 0) - rate) < 5 * deviation
    assert abs(kept.mean() - 1) < 5 * deviation / (1 - rate)
    assert np.abs(np.mean(kept == 0, axis=0) - rate).max() < 0.06  # of each unit
    assert np.abs(np.mean(kept == 0, axis=1) - rate).max() < 0.35  # of each sample


def test_nothing_is_dropped_in_prediction_and_evaluation(target):
    x, labels = classes(20)
    net = network("dropout", backend=target.backend())
    plain = network([3, 4, 5, 2], backend=target.backend())
    given = target.give(x), target.give(labels)
    assert np.array_equal(
        host(net, net.feedforward(given[0])), host(plain, plain.feedforward(given[0]))
    )
    assert net.total_cost(*given) == plain.total_cost(*given)
    noisy = network([Layer(3, noise=9.0), 4, 5, 2], backend=target.backend())
    assert noisy.total_cost(*given) == plain.total_cost(*given)
    for g, reference in zip(
        every_gradient(net, *given), every_gradient(plain, *given), strict=True
    ):
        assert np.array_equal(g, reference)


def test_the_history_judges_training_as_it_went_and_evaluation_without_masks():
    x, labels = classes(40)
    still = {"epochs": 1, "batch_size": 40, "optimizer": bpnet.SGD(0.0)}
    net = network("dropout")
    asked = net.fit(x, labels, **still, evaluate_training=True, validation=(x, labels))
    went = net.fit(x, labels, **still)
    assert asked["train_cost"] == asked["validation_cost"] == [net.total_cost(x, labels)]
    assert abs(went["train_cost"][0] - net.total_cost(x, labels)) > 1e-3


@pytest.mark.parametrize("layers", CHANCY)
def test_parts_of_a_batch_are_masked_as_the_whole(target, layers):
    x, labels = classes(23)
    simple = [one.replaced(normalization=None) if isinstance(one, Layer) else one
              for one in ALL[layers]]  # fmt: skip
    found = []
    for parts in (1, 4):
        net = network(simple, backend=target.backend())
        options = {"epochs": 2, "batch_size": 10, "optimizer": bpnet.Momentum(0.1)}
        net.fit(target.give(x), target.give(labels), accumulate=parts, **options)
        found.append(theta_of(net))
    assert relative(*found) < 1e-12


def test_noise_has_the_mean_and_deviation_that_were_asked_for(target):
    net = network([Layer(40, noise=0.25), 2], backend=target.backend())
    structure, backend = net.model.architecture, net.backend
    with backend.scope():
        zeros = backend.from_host(np.zeros((500, 40)), "float64")
        keys = [dict(zip(structure.random, structure.keys(3, t))) for t in (0, 1)]  # noqa: B905
        noise, next_one = (
            backend.to_numpy(structure.input(zeros, key, 0, backend.xp)) for key in keys
        )
        rest = backend.to_numpy(structure.input(zeros[300:, :], keys[0], 300, backend.xp))
    scaled = noise / 0.25
    assert abs(scaled.mean()) < 4 / math.sqrt(scaled.size)
    assert abs(scaled.std() - 1) < 4 / math.sqrt(2 * scaled.size)
    assert abs((scaled**4).mean() - 3) < 0.3  # as that of a normal distribution
    assert np.abs(scaled).max() < 6
    assert abs(np.corrcoef(noise.ravel(), next_one.ravel())[0, 1]) < 0.03
    assert np.array_equal(rest, noise[300:])
    expected = structure.input(np.zeros((500, 40)), keys[0], 0, bpnet.get_backend("numpy").xp)
    assert np.abs(noise - expected).max() < 1e-14


# ------------------------------------------------------------------ one result everywhere


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("layers", ALL)
def test_every_target_trains_alike(target, layers, dtype, tolerance):
    x, labels = classes(50)
    options = {"epochs": 1, "batch_size": 8, "optimizer": bpnet.Momentum(0.02), "l2": 0.01}
    found = []
    for backend, give in (("numpy", np.asarray), (target.backend(dtype), target.give)):
        net = network(layers, backend=backend, dtype=dtype)
        history = net.fit(give(x), give(labels), **options)
        running = net.state.running[0] if net.state.running else net.state.theta
        found.append((theta_of(net), host(net, running), history["train_cost"]))
    for one, other in zip(*found, strict=True):
        assert relative(one, other) < tolerance


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Adam(0.01)])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("layers", ALL)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_each_is_planned_and_agrees_with_the_plain_loop(
    library, layers, recipe, optimizer, request
):
    if library == "torch":
        request.getfixturevalue("torch")
    recipe = StepConfig(optimizer, **RECIPES[recipe])
    net = network(layers, backend=library)
    backend = net.backend
    net._store.init_optimizer(recipe)
    x, y = samples("categorical_cross_entropy", 23, 3)
    if recipe.weighted:
        y = np.c_[y, np.random.default_rng(2).uniform(0, 2, 23)]
    step, state = make_step(net.model, recipe), net.state
    rates = [step_inputs(net.model, recipe, net.seed, t, t) for t in range(6)]
    for m in (M, 1):  # raises where a plan does not know what to do
        trace(step, "float64", state, (m, 3), (m, y.shape[1]), rates[0])
    order = np.random.default_rng(0).integers(0, 23, (6, M))
    x, y = (backend.from_host(one, "float64") for one in (x, y))
    runs = compile_step(backend, step), PlainRun(backend, step)
    states = [state, state]
    for first, last, m in ((0, 3, M), (3, 4, 4), (4, 6, M)):  # a smaller one among them
        outputs = []
        for k, run in enumerate(runs):
            states[k], z = run(states[k], x, y, order[first:last, :m], rates[first:last])
            outputs.append(z)
        for one, other in zip(*map(leaves, zip(states, outputs, strict=True)), strict=True):
            assert relative(backend.to_numpy(one), backend.to_numpy(other)) < 1e-12
    forward = net.model.forward
    state = states[1][0], states[1][2]
    z = compile_forward(backend, forward)(state, x[:5, :]), forward(backend.xp, state, x[:5, :])
    assert relative(*map(backend.to_numpy, z)) < 1e-13


def test_the_same_seed_gives_the_same_bits(target):
    x, labels = classes(30)

    def trained(seed):
        net = bpnet.Network(
            ALL["everything"], cost="log_likelihood", backend=target.backend(), seed=seed
        )
        net.fit(target.give(x), target.give(labels), epochs=2, batch_size=7)
        return np.concatenate([theta_of(net), running_of(net)])

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


# ------------------------------------------------------------------ what a layer says


def test_layers_say_what_they_do():
    net = network("everything", activation="relu")
    assert str(net.model.architecture) == (
        "3 (dropout 0.2, noise 0.1) -> 3 relu (batch norm, dropout 0.4, residual) -> "
        "3 relu (layer norm, dropout 0.1, residual) -> 5 relu (batch norm, dropout 0.2) -> "
        "2 softmax"
    )
    assert repr(Layer(3, "tanh", dropout=0.5)).startswith("Layer(size=3, activation='tanh'")
    assert Layer(3, normalization="batch") == Layer(3, normalization="batch")


def test_parameters_are_counted_and_start_at_one_and_zero():
    net = bpnet.Network(SHAPES["combined"], seed=0, dtype="float64")
    assert net.model.layout.size == net.model.layout.n_plain + 2 * 3 * 3
    scales, shifts = norm_parts(net)
    assert sorted(scales) == sorted(shifts) == [0, 1, 3]
    assert all((one == 1).all() for one in scales.values())
    assert not any(one.any() for one in shifts.values())
    shapes = [one.shape for one in net.backprop(*classes(4)).scales]
    assert shapes == [(3,)] * 3
    plain = bpnet.Network([3, 3, 3, 3, 3, 2], seed=0, dtype="float64")
    for one, other in zip(net.weights, plain.weights, strict=True):
        assert np.array_equal(one, other)  # the start is the plain network's


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ([3, Layer(4, dropout=1.0), 2], ValueError, "layer 1: dropout must be .* not 1.0"),
        ([3, Layer(4, dropout=-0.1), 2], ValueError, "layer 1: dropout must be .* not -0.1"),
        ([3, Layer(4, dropout=math.nan), 2], ValueError, "layer 1: dropout must be .* not nan"),
        (
            [3, Layer(4, dropout="0.5"), 2],
            TypeError,
            "layer 1: dropout must be a number, not '0.5'",
        ),
        ([Layer(3, noise=-1.0), 2], ValueError, "layer 0: noise must be at least 0 .* not -1.0"),
        ([Layer(3, noise=math.inf), 2], ValueError, "layer 0: noise must be .* finite, not inf"),
        ([Layer(3, noise=None), 2], TypeError, "layer 0: noise must be a number, not None"),
        ([3, Layer(4, noise=0.5), 2], ValueError, "layer 1 has noise 0.5: noise is for the input"),
        ([Layer(3, "tanh"), 2], ValueError, "the input layer has no activation"),
        ([Layer(3, normalization="batch"), 2], ValueError, "the input layer computes nothing"),
        ([Layer(3, residual=True), 2], ValueError, "the input layer computes nothing"),
        ([3, Layer(2, dropout=0.5)], ValueError, "the output layer has dropout"),
        ([3, Layer(2, normalization="layer")], ValueError, "the output layer has normalization"),
        ([2, Layer(2, residual=True)], ValueError, "the output layer has residual"),
        (
            [3, Layer(4, residual=True), 2],
            ValueError,
            "layer 1 has 4 neurons and is residual, but layer 0 has 3",
        ),
        ([3, Layer(4, normalization="bach"), 2], ValueError, "'bach': did you mean 'batch'"),
        ([3, Layer(4, normalization=3), 2], TypeError, "a name or a Normalization, not 3"),
        ([3, Layer(0), 2], ValueError, r"sizes\[1\] must be at least 1, not 0"),
        ([3, Layer("4"), 2], TypeError, r"sizes\[1\] must be an integer or a Layer, not '4'"),
    ],
)
def test_layers_that_cannot_be_raise(sizes, error, words):
    with pytest.raises(error, match=words):
        bpnet.Network(sizes)
