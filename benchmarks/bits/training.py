"""Networks of two hidden layers, and two epochs of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import bpnet
from bpnet import Layer, Network, schedules

from .digests import Found, judged
from .samples import BATCH, CLASSES, SEED, WIDTH, Data, data_of
from .ways import Way

__all__ = ["ALL", "PLAIN", "Training", "averaged", "network"]

_BOTTOM, _HIDDEN, _TOP = Layer(WIDTH), Layer(WIDTH, activation="relu"), Layer(CLASSES)


@dataclass(frozen=True)
class Training:
    """A network of two hidden layers, and two epochs of training.

    Parameters
    ----------
    bottom, hidden, top : Layer
        The input's, the first hidden one, and the output's. The second hidden one has the
        activation that the way asks for.
    targets : str
        Of `TARGETS`.
    net, fit : dict
        Arguments of `Network` and of `Network.fit` that are not as in the other trainings.
    """

    bottom: Layer = _BOTTOM
    hidden: Layer = _HIDDEN
    top: Layer = _TOP
    targets: str = "labels"
    net: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)

    def network(self, way: Way) -> Network:
        """Before training."""
        layers = [self.bottom, self.hidden, Layer(WIDTH, activation=way.sigma), self.top]
        return network(layers, way, **self.net)

    def settings(self, data: Data, **changes: Any) -> dict[str, Any]:
        """Arguments of its fit, some perhaps changed."""
        always = {
            "epochs": 2,
            "batch_size": BATCH,
            "optimizer": bpnet.Momentum(0.05),
            "validation": data.held,
            "progress": False,
        }
        return always | self.fit | changes

    def __call__(self, way: Way) -> Found:
        net, data = self.network(way), data_of(self.targets)
        history = net.fit(data.x, data.y, **self.settings(data))
        return judged(net, [history], data, averaged(net) if "average" in self.fit else {})


def network(layers: Sequence[int | Layer], way: Way, **options: Any) -> Network:
    """A network on NumPy, whatever the environment asks for."""
    return Network(
        layers,
        **{"cost": "categorical_cross_entropy", "seed": SEED} | options,
        backend="numpy",
        device="cpu",
        dtype=way.dtype,
    )


def averaged(net: Network) -> dict[str, Any]:
    """The moving average of the parameters, by names."""
    other = net.averaged()
    return {f"averaged {l}": one for l, one in enumerate([*other.weights, *other.biases])}


PLAIN = Training()
ALL = Training(
    bottom=Layer(WIDTH, noise=0.1),
    hidden=Layer(WIDTH, "relu", dropout=0.2, normalization="batch", residual=True),
    fit={"optimizer": bpnet.Adam(schedules.Cosine(0.01, steps=40)), "average": 0.9, "epochs": 3},
)
