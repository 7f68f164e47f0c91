"""Optimizers against PyTorch's and optax's, and the settings that they refuse."""

import math

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.compiler.targets.numpy import NumpyTarget
from bpnet.model.layout import Layout
from bpnet.optimizers import get
from bpnet.optimizers.muon import orthogonalized
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
ALL = [kind() for kind in bpnet.optimizers._BUILT_IN.values()]


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
    assert {one.dtype.name for one in (net._theta, *net._memory)} == {dtype}
    assert history["train_cost"][-1] < history["train_cost"][0]


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_rates_are_numbers_of_the_host(optimizer):
    for t in (0, 1, 5, 1000, 10**7):
        rates = optimizer.rates(t)
        assert all(type(rate) is float and math.isfinite(rate) for rate in rates)
    assert optimizer.learning_rate_at(3) == optimizer.learning_rate


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_a_factor_is_a_lower_learning_rate(optimizer):
    settings = {name: getattr(optimizer, name) for name in optimizer.fields}
    lower = type(optimizer)(**{**settings, "learning_rate": 0.25 * optimizer.learning_rate})
    for t in (0, 7, 1000):
        assert optimizer.rates(t, factor=0.25) == pytest.approx(lower.rates(t), rel=1e-14)


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_a_schedule_is_asked_at_each_step(optimizer):
    settings = {name: getattr(optimizer, name) for name in optimizer.fields}
    schedule = bpnet.schedules.Exponential(0.5, factor=0.9)
    found = type(optimizer)(**{**settings, "learning_rate": schedule})
    assert found.learning_rate_at(3) == schedule(3)
    for t in (0, 7):
        fixed = type(optimizer)(**{**settings, "learning_rate": schedule(t)})
        assert found.rates(t) == fixed.rates(t)
    assert found == type(optimizer)(**{**settings, "learning_rate": schedule})
    assert hash(found) == hash(type(optimizer)(**{**settings, "learning_rate": schedule}))
    assert found != optimizer
    assert "Exponential(learning_rate=0.5, steps=1, factor=0.9)" in repr(found)


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


@pytest.mark.parametrize("shape", [(5, 5), (3, 9), (20, 4), (1, 7), (7, 1)])
def test_singular_values_come_near_one(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    found = orthogonalized(matrix, np)
    assert found.shape == shape
    values = u.T @ found @ vt.T
    assert np.allclose(values, np.diag(np.diag(values)), atol=1e-12)
    assert np.all(np.diag(values) > 0.3)
    assert np.all(np.diag(values) < 1.25)
    assert relative(orthogonalized(1e3 * matrix, np), found) < 1e-12
    assert not orthogonalized(0.0 * matrix, np).any()


def test_updates_are_pure():
    rng = np.random.default_rng(1)
    theta, gradient = rng.standard_normal(7), rng.standard_normal(7)
    for optimizer in ALL:
        memory = optimizer.init(theta, np)
        given = {"layout": Layout([1, 2, 1])} if optimizer.uses_layout else {}
        kept = [part.copy() for part in (theta, gradient, *memory)]
        once = optimizer.update(theta, gradient, memory, optimizer.rates(0), np, **given)
        twice = optimizer.update(theta, gradient, memory, optimizer.rates(0), np, **given)
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
        (lambda: bpnet.AdaGrad(epsilon=-1), ["epsilon", "-1"]),
        (lambda: bpnet.RMSProp(alpha=1.0), ["alpha", "less than 1"]),
        (lambda: bpnet.RMSProp(-0.5), ["learning_rate", "-0.5"]),
        (lambda: bpnet.AMSGrad(beta2=1.0), ["beta2", "less than 1"]),
        (lambda: bpnet.AdamW(weight_decay=-0.1), ["weight_decay", "-0.1"]),
        (lambda: bpnet.NAdam(momentum_decay=-1), ["momentum_decay", "-1"]),
        (lambda: bpnet.RAdam(beta1=1.5), ["beta1", "1.5"]),
        (lambda: bpnet.Lion(beta1=math.nan), ["beta1", "nan"]),
        (lambda: bpnet.Lion(weight_decay=math.inf), ["weight_decay", "finite", "inf"]),
        (lambda: bpnet.Muon(momentum=1.0), ["momentum", "less than 1"]),
        (lambda: bpnet.Muon(bias_factor=-1), ["bias_factor", "-1"]),
    ],
)
def test_settings_out_of_range_raise(make, words):
    with pytest.raises(ValueError, match=words[0]) as caught:
        make()
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("expected", ALL, ids=lambda value: type(value).__name__)
def test_names(expected):
    assert get(type(expected).__name__.lower()) == expected
    assert get(expected) is expected


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (lambda t: -0.1 if t == 3 else 0.1, ["learning_rate is -0.1 at step 3"]),
        (lambda t: math.nan if t == 3 else 0.1, ["learning_rate is nan at step 3"]),
        (
            bpnet.schedules.Exponential(1.0, factor=1e200),
            ["inf at step 3", "Exponential(", "1e+200"],
        ),
    ],
)
def test_a_bad_rate_says_at_which_step(rate, words):
    for kind in (bpnet.SGD, bpnet.Adam, bpnet.Muon):
        optimizer = kind(rate)
        optimizer.rates(1)
        with pytest.raises(ValueError, match="at least 0 and finite") as caught:
            optimizer.rates(3)
        assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_a_bad_factor_says_so(factor):
    with pytest.raises(ValueError, match=r"learning_rate is 0.1 times a factor of .* at step 5"):
        bpnet.SGD(0.1).rates(5, factor=factor)


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
    for wrong in ("sgd", 0.1, None, bpnet.SGD):
        with pytest.raises(TypeError, match=r"optimizer must be one of bpnet\.optimizers, not"):
            start().fit(*data, epochs=1, batch_size=5, optimizer=wrong)
