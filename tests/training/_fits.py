"""A small classifier, its mini-batches, and fits of it."""

import itertools

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.randomness import epoch_order

N, SIZE = 25, 10  # batches of 10, 10 and 5


SETTINGS = {
    "plain": {"optimizer": bpnet.SGD(0.5)},
    "adam": {"optimizer": bpnet.Adam(bpnet.schedules.Cosine(0.1, steps=99)), "l2": 0.01},
    "all": {
        "optimizer": bpnet.Momentum(0.1),
        "l1": 0.001,
        "max_norm": 1.0,
        "clip_value": 0.5,
        "clip_norm": 1.0,
        "accumulate": 2,
        "average": 0.9,
        "label_smoothing": 0.1,
    },
}


def classifier(backend=None, sizes=(4, 6, 3), **options):
    options = {"cost": "log_likelihood", "seed": 4, "dtype": "float64", **options}
    return bpnet.Network(sizes, activations="tanh", backend=backend, **options)


def linear(backend=None):
    return bpnet.Network(
        [4, 6, 3],
        activations=["identity", "identity"],
        backend=backend,
        dtype="float64",
        seed=2,
    )


def fit(net, data, **options):
    options = {"epochs": 3, "batch_size": SIZE, "optimizer": bpnet.SGD(0.5), **options}
    return net.fit(*data, **options)


def assert_refused(data, options, error, words):
    """A fit with these options raises, and leaves its network as it was."""
    net = classifier()
    before = parameters(net)
    with pytest.raises(error, match=words):
        fit(net, data, **options)
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (0, 0)


def batches(net, n=N, size=SIZE):
    """Row numbers of each mini-batch of the network's next epoch."""
    order = epoch_order(net.seed, net.epochs, n)
    return [order[k : k + size] for k in range(0, n, size)]


def step(net, x, y, eta=0.5):
    """One step of gradient descent by hand."""
    found = net.backprop(x, y)
    net.set_parameters(
        [w - eta * g for w, g in zip(net.weights, found.weights, strict=True)],
        [b - eta * g for b, g in zip(net.biases, found.biases, strict=True)],
    )


class Recorder(bpnet.Callback):
    """Every moment, and the parameters after each epoch."""

    def __init__(self, name="", log=None):
        self.name, self.log, self.after = name, [] if log is None else log, {}

    def on_fit_begin(self, fit):
        self.log.append(f"{self.name}begin")

    def on_steps(self, fit, steps):
        self.log.append(f"{self.name}steps {steps}")

    def on_epoch_end(self, fit, row):
        self.log.append(f"{self.name}epoch {row['epoch']}")
        self.after[row["epoch"]] = parameters(fit.net)

    def on_fit_end(self, fit):
        self.log.append(f"{self.name}end")


def fitted(data, target=None, network=classifier, **options):
    """Parameters after a fit, on a target or on NumPy."""
    net = network(target.backend() if target else None)
    given = [target.give(one) if target else one for one in data]
    history = fit(net, given, **options)
    return parameters(net), history


class Rates(bpnet.Callback):
    """The factor of the learning rate after each epoch."""

    def __init__(self):
        self.factors = []

    def on_epoch_end(self, fit, row):
        self.factors.append(fit.rate_factor)


class Stub:
    """What a callback sees of a fit, for series of figures that no training gives."""

    def __init__(self, column="validation_cost", learning_rate=1.0, falls=True):
        self.columns, self.has_validation = ("epoch", column), True
        self.optimizer = bpnet.SGD(learning_rate)
        self.rate_factor, self.steps_done, self.stopped = 1.0, 0, None
        self.lower_is_better = lambda name: falls
        self.learning_rate_at = self.optimizer.learning_rate_at

    def stop(self, reason, now=False):
        self.stopped = reason

    def judge_parameters(self, column):
        """As the fit."""


def played(callback, stub, figures, upto=None):
    """The factor after each epoch of a series of figures."""
    factors = []
    for epoch, figure in enumerate(figures, start=1):
        stub.steps_done += 1
        callback.on_epoch_end(stub, {"epoch": epoch, stub.columns[1]: figure})
        factors.append(stub.rate_factor)
        if stub.stopped:
            break
    return factors


class Transcription:
    """The classifier above, trained by PyTorch alone over the same mini-batches."""

    def __init__(self, torch, net):
        self.torch, self.seed = torch, net.seed
        sizes = list(itertools.pairwise(net.sizes))
        self.linears = [torch.nn.Linear(*pair, dtype=torch.float64) for pair in sizes]
        self.module = torch.nn.Sequential(self.linears[0], torch.nn.Tanh(), self.linears[1])
        with torch.no_grad():
            for linear, w, b in zip(self.linears, net.weights, net.biases, strict=True):
                linear.weight.copy_(torch.tensor(w))
                linear.bias.copy_(torch.tensor(b))

    def train(self, data, *, loss=None, before=None, after=None, epochs=3, rate=0.5):
        """Steps of gradient descent; ``before`` sees gradients, ``after`` parameters."""
        x, y = map(self.torch.tensor, data)
        loss = loss or (lambda z, y, rows: self.torch.nn.functional.cross_entropy(z, y))
        optimizer = self.torch.optim.SGD(self.module.parameters(), rate)
        for epoch in range(epochs):
            order = epoch_order(self.seed, epoch, len(x))
            for rows in (order[k : k + SIZE] for k in range(0, len(x), SIZE)):
                optimizer.zero_grad()
                loss(self.module(x[rows]), y[rows], rows).backward()
                if before:
                    before(list(self.module.parameters()))
                optimizer.step()
                with self.torch.no_grad():
                    if after:
                        after([linear.weight for linear in self.linears])
        return self.parameters()

    def parameters(self, module=None):
        linears = [one for one in module or self.module if hasattr(one, "weight")]
        parts = [*(one.weight for one in linears), *(one.bias for one in linears)]
        return np.concatenate([one.detach().numpy().ravel() for one in parts])
