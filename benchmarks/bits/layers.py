"""Options of layers, activations and costs."""

from __future__ import annotations

import bpnet
from bpnet import Layer
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.costs import CustomCost, Huber
from bpnet.normalization import BatchNorm, LayerNorm

from .samples import CLASSES, WIDTH
from .training import PLAIN, Training

__all__ = ["ACTIVATIONS", "COSTS", "LAYERS"]

LAYERS = {
    "plain": PLAIN,
    "dropout": Training(hidden=Layer(WIDTH, "relu", dropout=0.3)),
    "input dropout": Training(bottom=Layer(WIDTH, dropout=0.2)),
    "noise": Training(bottom=Layer(WIDTH, noise=0.1)),
    "noise and input dropout": Training(bottom=Layer(WIDTH, noise=0.1, dropout=0.2)),
    "batch norm": Training(hidden=Layer(WIDTH, "relu", normalization="batch")),
    "batch norm, slow": Training(
        hidden=Layer(WIDTH, "sigmoid", normalization=BatchNorm(epsilon=1e-3, momentum=0.02))
    ),
    "layer norm": Training(hidden=Layer(WIDTH, "relu", normalization="layer")),
    "layer norm, large epsilon": Training(
        hidden=Layer(WIDTH, "tanh", normalization=LayerNorm(epsilon=1e-2))
    ),
    "residual": Training(hidden=Layer(WIDTH, "relu", residual=True)),
    "batch norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "silu", dropout=0.2, normalization="batch", residual=True),
    ),
    "layer norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "gelu", dropout=0.2, normalization="layer", residual=True),
    ),
    "function per neuron": Training(
        hidden=Layer(
            WIDTH, PerNeuron(["sigmoid"] * 5 + ["relu"] * 4 + ["tanh", "elu"] * 3 + ["silu"])
        )
    ),
    "outputs with functions of their own": Training(
        top=Layer(CLASSES, PerNeuron(["sigmoid", "identity", "softplus", "softplus"])),
        targets="values",
        net={"cost": "quadratic"},
    ),
}
ACTIVATIONS = {
    f"hidden {name}": Training(hidden=Layer(WIDTH, name), fit={"optimizer": bpnet.SGD(0.05)})
    for name in (
        *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu"),
        *("softplus", "exponential", "identity", "softmax"),
    )
} | {
    "hidden custom": Training(
        hidden=Layer(
            WIDTH,
            CustomActivation(
                lambda z, xp: z / (1.0 + xp.abs(z)),
                lambda z, a, xp: (1.0 - xp.abs(a)) ** 2,
                name="softsign",
            ),
        )
    )
}
SOFTENED = CustomCost(
    lambda a, y, xp: xp.sum(xp.sqrt((a - y) ** 2 + 1.0), axis=-1),
    lambda a, y, xp: (a - y) / xp.sqrt((a - y) ** 2 + 1.0),
    name="softened",
)
COSTS = {
    f"cost {cost if isinstance(cost, str) else cost.name}, {targets}, {top or 'its partner'}": (
        Training(top=Layer(CLASSES, top), targets=targets, net={"cost": cost})
    )
    for cost, targets, top in (
        ("quadratic", "labels", None),
        ("quadratic", "values", "identity"),
        ("quadratic", "values", "tanh"),
        ("quadratic", "labels", "softmax"),
        ("binary_cross_entropy", "bits", None),
        ("categorical_cross_entropy", "labels", "sigmoid"),
        ("huber", "values", None),
        (Huber(delta=0.2), "values", "softplus"),
        ("poisson", "counts", None),
        ("poisson", "counts", "softplus"),
        (SOFTENED, "values", None),
    )
}
