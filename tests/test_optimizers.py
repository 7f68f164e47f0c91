"""Optimizers against PyTorch's, and the settings that they refuse."""

import math

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.optimizers import get
from bpnet.randomness import epoch_order

# (ours, PyTorch's class, its settings)
TABLE = [
    (bpnet.SGD(0.3), "SGD", {"lr": 0.3}),
    (bpnet.Momentum(0.1), "SGD", {"lr": 0.1, "momentum": 0.9}),
    (bpnet.Momentum(0.05, 0.5), "SGD", {"lr": 0.05, "momentum": 0.5}),
    (bpnet.Momentum(0.2, 0.0), "SGD", {"lr": 0.2}),
    (bpnet.Nesterov(0.1), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (bpnet.Nesterov(0.05, 0.6), "SGD", {"lr": 0.05, "momentum": 0.6, "nesterov": True}),
    (bpnet.Adam(), "Adam", {"lr": 0.001}),
    (bpnet.Adam(0.02, 0.8, 0.95, 1e-3), "Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3}),
]
N, SIZE, EPOCHS = 46, 10, 10  # five steps an epoch, the last of six samples: fifty in all


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 6)), rng.integers(0, 3, N)


def start():
    return bpnet.Network(
        [6, 8, 3], activations="tanh", cost="log_likelihood", dtype="float64", seed=2
    )


def trained_by_torch(torch, net, x, y, kind, settings, l2):
    """The same steps in PyTorch: its layers, its loss, its autograd and its optimizer."""
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)
    ).double()
    layers = [model[0], model[2]]
    with torch.no_grad():
        for layer, w, b in zip(layers, net.weights, net.biases, strict=True):
            layer.weight.copy_(torch.tensor(w))
            layer.bias.copy_(torch.tensor(b))
    groups = [
        {"params": [layer.weight for layer in layers], "weight_decay": l2},
        {"params": [layer.bias for layer in layers]},
    ]
    optimizer = getattr(torch.optim, kind)(groups, **settings)
    for epoch in range(EPOCHS):
        order = epoch_order(net.seed, epoch, N)
        for first in range(0, N, SIZE):
            rows = order[first : first + SIZE]
            loss = torch.nn.functional.cross_entropy(
                model(torch.tensor(x[rows])), torch.tensor(y[rows])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    parts = [layer.weight for layer in layers] + [layer.bias for layer in layers]
    return np.concatenate([part.detach().numpy().ravel() for part in parts])


@pytest.mark.parametrize("l2", [0.0, 0.03])
@pytest.mark.parametrize(("optimizer", "kind", "settings"), TABLE, ids=lambda value: str(value))
def test_fifty_steps_are_pytorchs(torch, data, optimizer, kind, settings, l2):
    net = start()
    expected = trained_by_torch(torch, net, *data, kind, settings, l2)
    net.fit(*data, epochs=EPOCHS, batch_size=SIZE, optimizer=optimizer, l2=l2)
    assert net.steps == 50
    assert relative(parameters(net), expected) < 1e-10
    assert relative(parameters(start()), expected) > 1e-3


def test_updates_are_pure():
    rng = np.random.default_rng(1)
    theta, gradient = rng.standard_normal(5), rng.standard_normal(5)
    for optimizer in (bpnet.SGD(), bpnet.Momentum(), bpnet.Nesterov(), bpnet.Adam()):
        memory = optimizer.init(theta, np)
        kept = [part.copy() for part in (theta, gradient, *memory)]
        once = optimizer.update(theta, gradient, memory, optimizer.rates(0), np)
        twice = optimizer.update(theta, gradient, memory, optimizer.rates(0), np)
        for before, after in zip(kept, (theta, gradient, *memory), strict=True):
            assert np.array_equal(before, after)
        assert np.array_equal(once[0], twice[0])
        assert all(part.shape == theta.shape for part in once[1])


@pytest.mark.parametrize("step", [0, 1, 10, 10_000, 10_000_000])
def test_adam_divides_by_what_the_memory_lacks(step):
    eta, epsilon = bpnet.Adam(0.5, 0.9, 0.999, 1e-8).rates(step)
    mean, square = ((1 - beta) / (1 - beta ** (step + 1)) for beta in (0.9, 0.999))
    assert eta == pytest.approx(0.5 * mean / math.sqrt(square), rel=1e-12)
    assert epsilon == pytest.approx(1e-8 / math.sqrt(square), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bpnet.SGD(-0.1), ["learning_rate", "at least 0", "-0.1"]),
        (lambda: bpnet.SGD(math.nan), ["learning_rate", "finite", "nan"]),
        (lambda: bpnet.SGD(math.inf), ["learning_rate", "finite", "inf"]),
        (lambda: bpnet.Momentum(-1), ["learning_rate", "-1"]),
        (lambda: bpnet.Momentum(0.1, 1.0), ["momentum", "at least 0 and less than 1", "1"]),
        (lambda: bpnet.Momentum(0.1, -0.5), ["momentum", "-0.5"]),
        (lambda: bpnet.Nesterov(0.1, 1.5), ["momentum", "1.5"]),
        (lambda: bpnet.Nesterov(-2), ["learning_rate", "-2"]),
        (lambda: bpnet.Adam(-0.1), ["learning_rate", "-0.1"]),
        (lambda: bpnet.Adam(beta1=1.0), ["beta1", "less than 1"]),
        (lambda: bpnet.Adam(beta2=-0.1), ["beta2", "-0.1"]),
        (lambda: bpnet.Adam(beta2=2), ["beta2", "2"]),
        (lambda: bpnet.Adam(epsilon=-1e-8), ["epsilon", "-1e-08"]),
    ],
)
def test_settings_out_of_range_raise(make, words):
    with pytest.raises(ValueError, match=words[0]) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sgd", bpnet.SGD()),
        ("momentum", bpnet.Momentum()),
        ("nesterov", bpnet.Nesterov()),
        ("adam", bpnet.Adam()),
    ],
)
def test_names(name, expected):
    assert get(name) == expected
    assert get(expected) is expected


def test_an_unknown_name_says_what_was_meant():
    with pytest.raises(ValueError, match="unknown optimizer 'adma': did you mean 'adam'"):
        get("adma")


def test_numpy_numbers_do_not_widen_the_type():
    """A numpy.float64 would turn a float32 array into a float64 one."""
    for optimizer in (bpnet.SGD(np.float64(0.1)), bpnet.Momentum(np.float64(0.1), np.float32(0.5))):
        settings = [v for v in vars(optimizer).values() if isinstance(v, float)]
        assert all(type(value) is float for value in settings)
        theta = np.ones(2, dtype=np.float32)
        memory = optimizer.init(theta, np)
        assert optimizer.update(theta, theta, memory, optimizer.rates(0), np)[0].dtype == "float32"


def test_an_optimizer_of_ones_own(data):
    """The two functions are all that is needed, whatever the backend makes of them."""

    class Clipped(bpnet.SGD):
        def rates(self, t):
            return (self.learning_rate / (t + 1),)

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
    for wrong in ("sgd", 0.1, None, bpnet.SGD):
        with pytest.raises(TypeError, match=r"optimizer must be one of bpnet\.optimizers, not"):
            start().fit(*data, epochs=1, batch_size=5, optimizer=wrong)
