"""Trainings too large for a core's cache, or for one block of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import bpnet
from bpnet import Layer

from .digests import Found, judged
from .optimizers import STEPPERS
from .samples import CLASSES, HELD, SEED, WIDTH, Data, data_of
from .training import PLAIN, averaged, network
from .ways import Way

__all__ = ["BLOCKS", "LARGE"]

_LARGE = Layer(256, activation="relu")


@dataclass(frozen=True)
class Large:
    """A training whose parameters and activations are too many to lie in a core's cache.

    Parameters
    ----------
    hidden : Layer
    fit : dict
        Arguments of `Network.fit` that are not as in the others.
    """

    hidden: Layer = _LARGE
    fit: dict[str, Any] = field(default_factory=dict)

    def __call__(self, way: Way) -> Found:
        data = data_of(samples=640, width=300)
        layers = [300, self.hidden, Layer(64, activation=way.sigma), CLASSES]
        net = network(layers, way)
        settings = {"batch_size": 256, "optimizer": bpnet.Adam(0.002), **self.fit}
        history = net.fit(data.x, data.y, **PLAIN.settings(data, **settings))
        return judged(net, [history], data, averaged(net) if "average" in self.fit else {})


LARGE = (
    {f"large, {name}": Large(fit={"optimizer": one}) for name, one in STEPPERS.items()}
    | {
        f"large, {name}": Large(Layer(256, name))
        for name in ("sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu", "softplus")
    }
    | {
        "large, dropout": Large(Layer(256, "relu", dropout=0.5)),
        "large, batch norm": Large(Layer(256, "relu", normalization="batch")),
        "large, layer norm": Large(Layer(256, "relu", normalization="layer")),
        "large, penalties": Large(fit={"l1": 1e-4, "l2": 1e-3, "max_norm": 2.0}),
        "large, clipped": Large(fit={"clip_value": 0.1, "clip_norm": 0.5}),
        "large, accumulate": Large(fit={"accumulate": 4}),
        "large, average": Large(fit={"average": 0.9}),
        "large, small batches": Large(fit={"batch_size": 32}),
    }
)


def many_outputs(way: Way) -> Found:
    """So many outputs that an epoch is several blocks of steps, judged part by part."""
    rng = np.random.default_rng(SEED)
    x, y = rng.uniform(-1.0, 1.0, (1300 + HELD, 8)), rng.uniform(0.0, 1.0, (1300 + HELD, 512))
    data = Data(x[:1300], y[:1300], (x[1300:], y[1300:]))
    net = network([8, Layer(24, way.sigma), Layer(512, "identity")], way, cost="quadratic")
    settings = PLAIN.settings(data, batch_size=256, evaluate_training=True)
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def wide_layer(way: Way) -> Found:
    """A layer so wide that samples are judged in several parts."""
    data = data_of(samples=700)
    net = network([WIDTH, Layer(4096, way.sigma), CLASSES], way)
    settings = PLAIN.settings(data, batch_size=100, evaluate_training=True)
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def many_steps(way: Way) -> Found:
    """So many small steps that their samples are gathered in several goes."""
    data, net = data_of(samples=2003), PLAIN.network(way)
    settings = PLAIN.settings(data, batch_size=8, optimizer=bpnet.Adam(0.003))
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


BLOCKS: dict[str, Callable[[Way], Found]] = {
    "many outputs": many_outputs,
    "wide layer": wide_layer,
    "many steps": many_steps,
}
