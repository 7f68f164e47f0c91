"""The grid of networks that the gradient checks go through."""

import itertools

import numpy as np

import bpnet
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.costs import CustomCost

ACTIVATIONS = (
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "gelu_tanh",
    "silu",
    "softplus",
    "exponential",
    "identity",
    "softmax",
)
COSTS = (
    "quadratic",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "huber",
    "absolute",
    "poisson",
)
DEPTHS, BATCHES = (1, 2, 3, 4), (1, 3, 32)

PARTNERS = {
    "quadratic": "sigmoid",
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "huber": "identity",
    "absolute": "identity",
    "poisson": "exponential",
    "quartic": "identity",
}
# The outputs for which each cost is defined, written from the mathematics.
DEFINED = {
    "quadratic": set(ACTIVATIONS),
    "huber": set(ACTIVATIONS),
    "absolute": set(ACTIVATIONS),
    "quartic": set(ACTIVATIONS),
    "binary_cross_entropy": {"sigmoid"},
    "categorical_cross_entropy": {"sigmoid", "softmax"},
    "poisson": {"sigmoid", "softmax", "softplus", "exponential"},
}
PAIRS = [(sigma, cost) for cost in COSTS for sigma in ACTIVATIONS if sigma in DEFINED[cost]]
REFUSED = [(sigma, cost) for cost in COSTS for sigma in ACTIVATIONS if sigma not in DEFINED[cost]]

SOFTSIGN = CustomActivation(
    lambda z, xp: z / (1.0 + xp.abs(z)),
    lambda z, a, xp: (1.0 - xp.abs(a)) ** 2,
    name="softsign",
    kinks=(0.0,),
)
QUARTIC = CustomCost(
    lambda a, y, xp: xp.sum((a - y) ** 4, axis=-1),
    lambda a, y, xp: 4.0 * (a - y) ** 3,
    name="quartic",
)
MIXED = PerNeuron(["sigmoid", "tanh", "sigmoid"])  # one for each hidden neuron below
N_IN, N_HIDDEN, N_OUT = 2, 3, 2

# Softmax layers pass on little, exponential ones a lot: each gets weights that keep the gradient
# of four layers far from the rounding of a difference.
# Of the first seeds one with which no neuron lies at a kink, and no rectifier network is dead.
_START = 6
_SCALE = {"softmax": 2.5, "exponential": 0.2}


def pairwise(*factors):
    """Rows of one value a factor, such that each two values of two factors meet in some row."""

    def meeting(row):
        return {((i, row[i]), (j, row[j])) for i, j in itertools.combinations(sorted(row), 2)}

    missing = set()
    for (i, left), (j, right) in itertools.combinations(enumerate(factors), 2):
        missing |= {((i, a), (j, b)) for a in left for b in right}
    rows = []
    while missing:
        row = dict(min(missing))
        for i in sorted(set(range(len(factors))) - set(row), key=lambda i: -len(factors[i])):
            row[i] = max(factors[i], key=lambda value: len(meeting({**row, i: value}) & missing))
        missing -= meeting(row)
        rows.append(tuple(row[i] for i in range(len(factors))))
    return rows


def network(activation, cost, depth, backend="numpy", dtype=None, output=None):
    """A network of ``depth`` hidden layers with ``activation``, and in the output where it may."""
    if output is None:
        output = activation if activation in DEFINED[cost] else PARTNERS[cost]
    hidden = {"softsign": SOFTSIGN, "mixed": MIXED}.get(activation, activation)
    sizes = [N_IN, *[N_HIDDEN] * depth, N_OUT]
    net = bpnet.Network(
        sizes,
        activations=[hidden] * depth + [output],
        cost=QUARTIC if cost == "quartic" else cost,
        backend=backend,
        dtype=dtype,
        seed=1,
    )
    rng = np.random.default_rng([_START, depth])
    scale = _SCALE.get(activation, 0.9)
    weights = [scale * rng.standard_normal(shape) for shape in itertools.pairwise(sizes)]
    biases = [0.4 * np.abs(rng.standard_normal(n)) for n in sizes[1:]]  # rectifiers stay alive
    net.set_parameters([w.T for w in weights], biases)
    return net


def samples(cost, m, n_in=N_IN, n_out=N_OUT):
    """Inputs and targets such as the cost takes."""
    rng = np.random.default_rng(m)
    x = rng.standard_normal((m, n_in))
    if cost == "binary_cross_entropy":
        return x, rng.uniform(0.0, 1.0, (m, n_out))
    if cost == "categorical_cross_entropy":
        return x, rng.dirichlet(np.ones(n_out), m)
    if cost == "poisson":
        return x, rng.poisson(2.0, (m, n_out)).astype(float)
    return x, rng.standard_normal((m, n_out))


def torch_functions(torch):
    """PyTorch's activations by the names here."""
    F = torch.nn.functional
    return {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
        "elu": F.elu,
        "gelu": F.gelu,
        "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
        "silu": F.silu,
        # F.softplus returns z from 20 on.
        "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
        "exponential": torch.exp,
        "identity": lambda z: z,
        "softmax": lambda z: torch.softmax(z, dim=1),
        "softsign": F.softsign,
        "mixed": lambda z: torch.stack(
            [torch.sigmoid(z[:, 0]), torch.tanh(z[:, 1]), torch.sigmoid(z[:, 2])], dim=1
        ),
    }


def torch_costs(torch):
    """PyTorch's costs of a sum over samples, by the names here."""
    F = torch.nn.functional
    return {
        "quadratic": lambda a, y: F.mse_loss(a, y, reduction="sum") / 2,
        "binary_cross_entropy": lambda a, y: F.binary_cross_entropy(a, y, reduction="sum"),
        "categorical_cross_entropy": lambda a, y: -(y * torch.log(a)).sum(),
        "huber": lambda a, y: F.huber_loss(a, y, reduction="sum", delta=1.0),
        "absolute": lambda a, y: F.l1_loss(a, y, reduction="sum"),
        "poisson": lambda a, y: F.poisson_nll_loss(
            a, y, log_input=False, full=False, eps=0.0, reduction="sum"
        ),
        "quartic": lambda a, y: ((a - y) ** 4).sum(),
    }
