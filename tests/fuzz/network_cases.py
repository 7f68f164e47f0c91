"""Random networks, samples and settings of fits: each a function of a seed."""

import random
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from _cases import PAIRS

import bpnet
from bpnet import Layer
from bpnet import schedules as s
from bpnet.activations import ELU, GELU, CustomActivation, LeakyReLU, PerNeuron
from bpnet.costs import CustomCost, Huber
from bpnet.normalization import BatchNorm, LayerNorm


def softsign(z, xp):
    return z / (1.0 + xp.abs(z))


def softsign_derivative(z, a, xp):
    return (1.0 - xp.abs(a)) ** 2


def quartic(a, y, xp):
    return 0.025 * xp.sum((a - y) ** 4, axis=-1)


def quartic_gradient(a, y, xp):
    return 0.1 * (a - y) ** 3


SOFTSIGN = CustomActivation(softsign, softsign_derivative, name="softsign", kinks=(0.0,))
QUARTIC = CustomCost(quartic, quartic_gradient, name="quartic")
HIDDEN = (
    *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "softplus"),
    *("identity", "softmax"),
    *(LeakyReLU(0.3), ELU(0.4), GELU(approximate=True), SOFTSIGN),
    "exponential",
)
NAMES = ("sigmoid", "tanh", "elu", "silu", "identity", "softplus")  # of single neurons
OUTPUTS = (*PAIRS, *((sigma, "quartic") for sigma in ("identity", "tanh", "sigmoid")))

# With their usual epsilon these divide the rounding of gradients that are zero by themselves.
ADAPTIVE = {
    bpnet.AdaGrad: {"epsilon": 0.01},
    bpnet.RMSProp: {"epsilon": 0.01},
    bpnet.Adam: {"epsilon": 0.01},
    bpnet.AdamW: {"epsilon": 0.01},
    bpnet.AMSGrad: {"epsilon": 0.01},
    bpnet.NAdam: {"epsilon": 0.01},
    bpnet.RAdam: {"epsilon": 0.01},
}
# These take signs or directions of gradients, of rounding too.
UNSTEADY = (bpnet.Lion, bpnet.Muon)


class Case(NamedTuple):
    """A network, samples, and how they are trained.

    Parameters
    ----------
    seed : int
    network : dict
        Arguments of `bpnet.Network`.
    x, y : array
    held : (array, array)
        Other samples.
    fit : dict
        Arguments of `Network.fit` beside samples.
    """

    seed: int
    network: dict
    x: np.ndarray
    y: np.ndarray
    held: tuple
    fit: dict

    def make(self, backend="numpy", **changes):
        """The network before it is trained; its parameters are random, too."""
        net = bpnet.Network(**{**self.network, "backend": backend, "dtype": "float64", **changes})
        draw = np.random.default_rng(self.seed)
        size = net.sizes
        weights = [draw.normal(0.0, 1.2 / np.sqrt(n), (m, n)) for n, m in pairwise(size)]
        net.set_parameters(weights, [draw.normal(0.0, 0.3, n) for n in size[1:]])
        return net

    def told(self):
        """What it is, in words."""
        shapes = f"x {self.x.shape}, y {self.y.dtype} {self.y.shape}"
        settings = ", ".join(f"{name}={_short(one)}" for name, one in self.fit.items())
        return f"{self.make()!r}; {shapes}; fit({settings})".replace("\n", " ")


def _short(value):
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, tuple) and any(isinstance(one, np.ndarray) for one in value):
        return f"({', '.join(map(_short, value))})"
    return repr(value)


def drawn(seed):
    """The case of a seed."""
    dice = random.Random(seed)
    sigma, cost = dice.choice(OUTPUTS)
    depth = dice.choice((0, 1, 1, 2, 2, 3))
    sizes = [dice.randint(1, 6) for _ in range(depth + 2)]
    if sigma == "softmax" and sizes[-1] == 1:
        sizes[-1] = 2
    layers = _layers(dice, sizes)
    output = PerNeuron(dice.choices(NAMES, k=sizes[-1])) if _one_in(dice, 12) else sigma
    if cost not in ("quadratic", "huber", "absolute", "quartic"):
        output = sigma
    network = {
        "sizes": layers,
        "activations": [*(_hidden(dice, n, depth == 1) for n in sizes[1:-1]), output],
        "cost": {"quartic": QUARTIC, "huber": Huber(dice.choice((0.1, 1.0, 3.0)))}.get(cost, cost),
        "seed": dice.randrange(2**40),
    }
    classes = _takes_classes(cost, sigma, sizes[-1]) and output == sigma and not _one_in(dice, 3)
    network["task"] = "classification" if classes else "regression"
    n = dice.choice((1, 2, 3, *range(4, 24)))
    draw = np.random.default_rng(seed)
    kind = cost, classes, _one_in(dice, 4)
    x, y = _samples(draw, *kind, n, sizes[0], sizes[-1])
    held = _samples(draw, *kind, dice.randint(2, 9), sizes[0], sizes[-1])
    return Case(seed, network, x, y, held, _settings(dice, draw, layers, classes, y, held))


def _one_in(dice, k):
    return dice.random() * k < 1.0


def _layers(dice, sizes):
    """Sizes, some of them layers that drop, normalize or are bypassed."""
    layers = list(sizes)
    if _one_in(dice, 4):
        layers[0] = Layer(sizes[0], noise=dice.choice((0.0, 0.2)), dropout=dice.choice((0.0, 0.3)))
    for l in range(1, len(sizes) - 1):
        if not _one_in(dice, 2):
            continue
        if _one_in(dice, 3):
            sizes[l] = sizes[l - 1]
        norms = [None, "batch", BatchNorm(1e-2, momentum=0.7)]
        if sizes[l] > 1:  # what is normalized by itself is 0: its rounding decides what follows
            norms += ["layer", LayerNorm(1e-3)]
        layers[l] = Layer(
            sizes[l],
            dropout=dice.choice((0.0, 0.0, 0.5)),
            normalization=dice.choice(norms),
            residual=sizes[l] == sizes[l - 1] and _one_in(dice, 2),
        )
    return layers


def _hidden(dice, n, only):
    """The activation of a hidden layer; exponentials of exponentials overflow."""
    if _one_in(dice, 10):
        return PerNeuron(dice.choices(NAMES, k=n))
    found = dice.choice(HIDDEN if only else HIDDEN[:-1])
    return "tanh" if found == "softmax" and n == 1 else found  # of one neuron it is constant


def _takes_classes(cost, sigma, n_out):
    if cost == "categorical_cross_entropy":
        return sigma == "softmax"
    return cost in ("binary_cross_entropy", "quadratic") and sigma in ("sigmoid", "softmax")


def _samples(draw, cost, classes, as_rows, n, n_in, n_out):
    x = draw.standard_normal((n, n_in))
    if classes:
        labels = draw.integers(0, max(n_out, 2), n)
        return x, np.eye(n_out)[labels] if n_out > 1 and as_rows else labels
    if cost in ("binary_cross_entropy",):
        return x, draw.uniform(0.0, 1.0, (n, n_out))
    if cost == "categorical_cross_entropy":
        return x, draw.dirichlet(np.ones(n_out), n)
    if cost == "poisson":
        return x, draw.poisson(2.0, (n, n_out)).astype(float)
    y = draw.normal(0.3, 0.5, (n, n_out))
    return x, y[:, 0] if n_out == 1 and n % 2 else y


def _schedule(dice, rate):
    steps = dice.randint(2, 12)
    return dice.choice(
        (
            *(rate, rate, rate),
            s.Cosine(rate, steps=steps, minimum=0.1 * rate),
            s.StepDecay(rate, steps=steps),
            s.InverseTime(rate, steps=steps),
            s.Exponential(rate, factor=0.9),
            s.CosineRestarts(rate, steps=steps, minimum=0.1 * rate),
            s.Warmup(rate, steps=steps),
        )
    )


def _optimizer(dice, steady):
    plain = (bpnet.SGD, bpnet.Momentum, bpnet.Nesterov)
    kind = dice.choice((*plain, *plain, *ADAPTIVE, *(() if steady else UNSTEADY)))
    rate = 10 ** dice.uniform(-3.0, -1.3)
    return kind(_schedule(dice, rate), **ADAPTIVE.get(kind, {}))


def _weights(draw, n):
    """Some of them 0, though not all."""
    found = draw.uniform(0.1, 3.0, n) * (draw.random(n) > 0.2)
    return found if found.any() else found + 1.0


def _settings(dice, draw, layers, classes, y, held):
    n = len(y)
    normal = any(isinstance(one, Layer) and one.normalization for one in layers)
    fit = {
        "epochs": dice.randint(1, 3),
        "batch_size": dice.randint(1, n + 2),
        "optimizer": _optimizer(dice, steady=normal),
    }
    rare = {
        "l1": lambda: dice.choice((0.001, 0.02)),
        "l2": lambda: dice.choice((0.01, 0.3)),
        "max_norm": lambda: dice.choice((0.3, 2.0)),
        "clip_value": lambda: dice.choice((0.05, 1.0)),
        "clip_norm": lambda: dice.choice((0.1, 2.0)),
        "accumulate": lambda: dice.choice((2, 3, n + 1)),
        "average": lambda: dice.choice((0.5, 0.99)),
        "evaluate_training": lambda: True,
        "validation": lambda: held,
        "sample_weight": lambda: _weights(draw, n),
    }
    if classes:
        rare["label_smoothing"] = lambda: dice.choice((0.1, 0.4))
        rare["class_weight"] = lambda: dice.choice(("balanced", {0: 2.0, 1: 0.5}))
    for name, value in rare.items():
        if _one_in(dice, 3):
            fit[name] = value()
    if classes and _one_in(dice, 4):
        fit["metrics"] = ["balanced_accuracy", "log_loss"]
    elif not classes and _one_in(dice, 4):
        fit["metrics"] = ["mae", "rmse"]
    return fit
