"""Trainings with each optimizer, against PyTorch's and optax's, and on every library."""

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.compiler.targets.numpy import NumpyTarget
from bpnet.optimizers import BUILT_IN
from bpnet.randomness import epoch_order

# (ours, PyTorch's class, its settings); a decay is that of weights alone
TABLE = [
    (bpnet.SGD(0.3), "SGD", {"lr": 0.3}),
    (bpnet.Momentum(0.1), "SGD", {"lr": 0.1, "momentum": 0.9}),
    (bpnet.Momentum(0.05, 0.5), "SGD", {"lr": 0.05, "momentum": 0.5}),
    (bpnet.Momentum(0.2, 0.0), "SGD", {"lr": 0.2}),
    (bpnet.Nesterov(0.1), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (bpnet.Nesterov(0.05, 0.6), "SGD", {"lr": 0.05, "momentum": 0.6, "nesterov": True}),
    (bpnet.AdaGrad(), "Adagrad", {}),
    (bpnet.AdaGrad(0.1, 1e-3), "Adagrad", {"lr": 0.1, "eps": 1e-3}),
    (bpnet.RMSProp(), "RMSprop", {}),
    (bpnet.RMSProp(0.02, 0.9, 1e-3), "RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3}),
    (bpnet.Adam(), "Adam", {"lr": 0.001}),
    (bpnet.Adam(0.02, 0.8, 0.95, 1e-3), "Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3}),
    (bpnet.AMSGrad(), "Adam", {"amsgrad": True}),
    (bpnet.AMSGrad(0.02, 0.8, 0.6), "Adam", {"lr": 0.02, "betas": (0.8, 0.6), "amsgrad": True}),
    (bpnet.AdamW(), "AdamW", {"weight_decay": 0.01}),
    (bpnet.AdamW(0.02, weight_decay=0.5), "AdamW", {"lr": 0.02, "weight_decay": 0.5}),
    (bpnet.NAdam(), "NAdam", {}),
    (bpnet.NAdam(0.02, 0.8, 0.95, 1e-3, 0.1), "NAdam",
     {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3, "momentum_decay": 0.1}),
    (bpnet.RAdam(), "RAdam", {}),  # rectified from the sixth step on
    (bpnet.RAdam(0.02, 0.8, 0.9, 1e-3), "RAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3}),
    (bpnet.RAdam(0.02, beta2=0.6), "RAdam", {"lr": 0.02, "betas": (0.9, 0.6)}),  # never
    (bpnet.Lion(), "lion", {"learning_rate": 1e-4, "weight_decay": 0.0}),
    (bpnet.Lion(3e-3, 0.8, 0.95, 0.4), "lion",
     {"learning_rate": 3e-3, "b1": 0.8, "b2": 0.95, "weight_decay": 0.4}),
    (bpnet.Muon(), "Muon", {"lr": 0.02, "weight_decay": 0.0}),
    (bpnet.Muon(0.01, 0.8, 0.3, 0.5, 0.95), "Muon",
     {"lr": 0.01, "momentum": 0.8, "weight_decay": 0.3}),
]  # fmt: skip
N, SIZE, EPOCHS = 46, 10, 10  # five steps an epoch, the last of six samples: fifty in all
ALL = [kind() for kind in BUILT_IN.values()]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 6)), rng.integers(0, 3, N)


def start(backend=None, dtype=None):
    backend = backend or bpnet.get_backend("numpy", dtype=dtype or "float64")
    return bpnet.Network(
        [6, 8, 3], activations="tanh", cost="log_likelihood", backend=backend, seed=2
    )


@pytest.fixture
def double(torch, monkeypatch):
    """PyTorch in double precision throughout."""
    # Its NAdam keeps a product in the default type, its Muon multiplies matrices in half precision.
    torch.set_default_dtype(torch.float64)
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())
    yield torch
    torch.set_default_dtype(torch.float32)


class ByOptax:
    """One of optax's optimizers, in double precision, on PyTorch's parameters."""

    def __init__(self, kind, weights, biases, settings):
        self.optax = pytest.importorskip("optax", reason="optax is not installed")
        mask = [True] * len(weights) + [False] * len(biases)
        self.rule = getattr(self.optax, kind)(**settings, mask=mask)
        self.parts, self.state = [*weights, *biases], None

    def zero_grad(self):
        for part in self.parts:
            part.grad = None

    def step(self):
        with bpnet.get_backend("jax", dtype="float64").scope():
            before = [part.detach().numpy() for part in self.parts]
            if self.state is None:
                self.state = self.rule.init(before)
            gradient = [part.grad.numpy() for part in self.parts]
            changes, self.state = self.rule.update(gradient, self.state, before)
            for part, change in zip(self.parts, changes, strict=True):
                part.data += part.new_tensor(np.array(change))


def reference(torch, ours, kind, settings, weights, biases):
    """Optimizers which together do what ours does."""
    if kind == "lion":
        return [ByOptax(kind, weights, biases, settings)]
    decay = {"weight_decay": settings.get("weight_decay", 0.0)}
    rest = {name: value for name, value in settings.items() if name != "weight_decay"}
    if kind == "Muon":
        of_biases = {"betas": (ours.momentum, ours.beta2), "eps": ours.epsilon}
        rate = settings["lr"] * ours.bias_factor
        return [
            torch.optim.Muon(weights, **settings),
            torch.optim.Adam(biases, lr=rate, **of_biases),
        ]
    groups = [{"params": weights, **decay}, {"params": biases, "weight_decay": 0.0}]
    return [getattr(torch.optim, kind)(groups, **rest)]


def trained_by_torch(torch, ours, net, x, y, kind, settings, l2):
    """The same steps in PyTorch: its layers, its loss, its autograd and its optimizer."""
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    layers = [model[0], model[2]]
    with torch.no_grad():
        for layer, w, b in zip(layers, net.weights, net.biases, strict=True):
            layer.weight.copy_(torch.tensor(w))
            layer.bias.copy_(torch.tensor(b))
    weights, biases = [layer.weight for layer in layers], [layer.bias for layer in layers]
    optimizers = reference(torch, ours, kind, settings, weights, biases)
    for epoch in range(EPOCHS):
        order = epoch_order(net.seed, epoch, N)
        for first in range(0, N, SIZE):
            rows = order[first : first + SIZE]
            loss = torch.nn.functional.cross_entropy(
                model(torch.tensor(x[rows])), torch.tensor(y[rows])
            )
            loss = loss + 0.5 * l2 * sum((w**2).sum() for w in weights)
            for one in optimizers:
                one.zero_grad()
            loss.backward()
            for one in optimizers:
                one.step()
    return np.concatenate([part.detach().numpy().ravel() for part in weights + biases])


@pytest.mark.parametrize("l2", [0.0, 0.03])
@pytest.mark.parametrize(("optimizer", "kind", "settings"), TABLE, ids=lambda value: str(value))
def test_fifty_steps_are_pytorchs(double, data, optimizer, kind, settings, l2):
    net = start()
    expected = trained_by_torch(double, optimizer, net, *data, kind, settings, l2)
    net.fit(*data, epochs=EPOCHS, batch_size=SIZE, optimizer=optimizer, l2=l2)
    assert net.steps == 50
    assert relative(parameters(net), expected) < 1e-10
    assert relative(parameters(start()), expected) > 1e-3


def test_every_optimizer_is_compared():
    assert {type(ours) for ours, _, _ in TABLE} == {type(ours) for ours in ALL}


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_libraries_agree(target, optimizer, data):
    """By a plan, by a compiled loop, or, where there is neither, by one call after another."""
    found, expected = start(target.backend()), start()
    x, y = data
    found.fit(target.give(x), target.give(y), epochs=4, batch_size=SIZE, optimizer=optimizer)
    expected.fit(x, y, epochs=4, batch_size=SIZE, optimizer=optimizer)
    assert relative(parameters(found), parameters(expected)) < 1e-11


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_a_step_is_planned(optimizer, data, monkeypatch):
    """What a plan does not know the slow loop does."""
    made = []

    def watched(*args, make=NumpyTarget.plan, **options):
        made.append(make(*args, **options))
        return made[-1]

    monkeypatch.setattr(NumpyTarget, "plan", watched)
    start().fit(*data, epochs=1, batch_size=SIZE, optimizer=optimizer, l2=0.01)
    assert len(made) == 2  # one for each size of a batch


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_types_stay(optimizer, dtype, data):
    net = start(dtype=dtype)
    history = net.fit(*data, epochs=20, batch_size=SIZE, optimizer=optimizer)
    assert {one.dtype.name for one in (net.state.theta, *net.state.memory)} == {dtype}
    assert history["train_cost"][-1] < history["train_cost"][0]


def test_weights_decay_and_biases_do_not(data):
    x, y = data
    for kind in (bpnet.AdamW, bpnet.Lion, bpnet.Muon):
        plain, decayed = start(), start()
        plain.fit(x, y, epochs=1, batch_size=N, optimizer=kind(0.01, weight_decay=0.0))
        decayed.fit(x, y, epochs=1, batch_size=N, optimizer=kind(0.01, weight_decay=0.5))
        for before, one, other in zip(start().weights, plain.weights, decayed.weights, strict=True):
            assert relative(one - 0.005 * before, other) < 1e-12
        for one, other in zip(plain.biases, decayed.biases, strict=True):
            assert np.array_equal(one, other)


def test_an_optimizer_of_ones_own(data):
    """The two functions are all that is needed, whatever the backend makes of them."""

    class Clipped(bpnet.SGD):
        def rates(self, t, factor=1.0):
            return (self.learning_rate_at(t, factor) / (t + 1),)

        def update(self, theta, gradient, memory, rates, xp):
            return theta - rates[0] * xp.clip(gradient, -0.01, 0.01), memory

    x, y = data
    net, expected = start(), start()
    net.fit(x, y, epochs=3, batch_size=N, optimizer=Clipped(0.1))
    for step in range(3):
        found = expected.backprop(x, y)
        expected.set_parameters(
            *(
                [p - 0.1 / (step + 1) * np.clip(g, -0.01, 0.01) for p, g in zip(*pair, strict=True)]
                for pair in ((expected.weights, found.weights), (expected.biases, found.biases))
            )
        )
    assert relative(parameters(net), parameters(expected)) < 1e-12


def test_only_an_optimizer_will_do(data):
    for wrong in (0.1, None, int, [bpnet.SGD()]):
        with pytest.raises(TypeError, match=r"optimizer must be a name or an Optimizer, not"):
            start().fit(*data, epochs=1, batch_size=5, optimizer=wrong)
