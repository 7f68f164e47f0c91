"""Loaders, divergence, L-BFGS, gradients and the range test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import bpnet
from bpnet import Layer
from bpnet.data import load_digits, load_table

from .digests import Found, judged
from .samples import BATCH, CLASSES, SEED, WIDTH, Data, data_of
from .training import ALL, PLAIN, Training, network
from .ways import Way

__all__ = ["OTHERS"]


def digits(way: Way) -> Found:
    """The digits that come with bpnet."""
    found = load_digits(seed=SEED)
    data, net = Data(*found.train, found.validation), network([64, Layer(30, way.sigma), 10], way)
    settings = PLAIN.settings(data, batch_size=32, optimizer=bpnet.Adam(0.003))
    return judged(net, [net.fit(data.x, data.y, **settings)], data, {"test": found.test[0]})


def table(way: Way) -> Found:
    """Numbers, of which some are missing, and words, prepared for training."""
    data = data_of()
    words = np.array(["small", "middle", "large"])[(data.x[:, 0] + 1.5).astype(int)]
    lines = ["a,b,c,size,kind"]
    for k, (sample, word, label) in enumerate(zip(data.x.tolist(), words, data.y, strict=True)):
        numbers = [repr(number) if (k + l) % 9 else "" for l, number in enumerate(sample[1:4])]
        lines.append(",".join([*numbers, word, f"kind {label}"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        found = load_table(path, "kind", seed=SEED)
    data = Data(*found.train, found.validation)
    net = network([data.x.shape[1], Layer(WIDTH, way.sigma), len(found.classes)], way)
    history = net.fit(data.x, data.y, **PLAIN.settings(data))
    return judged(net, [history], data, {"x": data.x, "test": found.test[0]})


def diverged(way: Way) -> Found:
    """Parameters and history after an epoch that could not be completed."""
    data = data_of("values")
    training = Training(top=Layer(CLASSES, "identity"), net={"cost": "quadratic"})
    net = training.network(way)
    settings = training.settings(data, epochs=1)
    histories = [net.fit(data.x, data.y, **settings)]
    try:
        net.fit(data.x, data.y, **training.settings(data, optimizer=bpnet.SGD(1e9)))
    except bpnet.DivergenceError as error:
        histories.append(error.history)
    histories.append(net.fit(data.x, data.y, **settings))
    return judged(net, histories, data)


def lbfgs(way: Way) -> Found:
    """Iterations over the whole batch."""
    data, net = data_of(), PLAIN.network(way)
    settings = PLAIN.settings(data, epochs=5, optimizer=bpnet.LBFGS(), l2=0.001, metrics=["f1"])
    del settings["batch_size"]
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def lbfgs_regression(way: Way) -> Found:
    """Iterations over the whole batch, with layer normalization and a residual layer."""
    data = data_of("values")
    hidden = Layer(WIDTH, "softplus", normalization="layer", residual=True)
    net = Training(hidden=hidden, net={"cost": "huber"}).network(way)
    history = bpnet.LBFGS(history_size=4).fit(
        net, data.x, data.y, epochs=5, validation=data.held, progress=False
    )
    return judged(net, [history], data)


def gradients(way: Way) -> Found:
    """The gradient over all samples, of a network with all that a layer can have."""
    data, net = data_of(), ALL.network(way)
    found = net.backprop(data.x, data.y)
    each = [*found.weights, *found.biases, *found.scales, *found.shifts]
    return judged(net, [], data, {f"gradient {k}": one for k, one in enumerate(each)})


def gradient_check(way: Way) -> Found:
    """How far the gradient is from differences of the cost."""
    data, net = data_of(), PLAIN.network(way)
    errors = bpnet.gradient_check(net, data.x[:20], data.y[:20]).errors
    return judged(net, [], data, {"errors": np.array([*errors.values()])})


def rate_test(way: Way) -> Found:
    """What the range test finds."""
    data, net = data_of(), ALL.network(way)
    test = bpnet.find_learning_rate(
        net, data.x, data.y, batch_size=BATCH, optimizer=bpnet.Adam(), steps=40
    )
    return judged(net, [], data, {"rates": test.rates, "costs": test.costs})


OTHERS: dict[str, Callable[[Way], Found]] = {
    "digits": digits,
    "table": table,
    "diverged": diverged,
    "l-bfgs": lbfgs,
    "l-bfgs, regression": lbfgs_regression,
    "gradients": gradients,
    "gradient check": gradient_check,
    "rate test": rate_test,
}
