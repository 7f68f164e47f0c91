"""Networks with each kind of layer, and the same in PyTorch."""

import numpy as np
from _backends import host, load_theta

import bpnet
from bpnet import Layer
from bpnet.normalization import BatchNorm, LayerNorm

# Layers without chance in them, and with it.
SHAPES = {
    "batch": [3, Layer(4, normalization="batch"), Layer(3, normalization=BatchNorm(1e-3, 0.3)), 2],
    "layer": [3, Layer(4, normalization="layer"), Layer(3, normalization=LayerNorm(1e-3)), 2],
    "residual": [3, Layer(3, residual=True), Layer(3, residual=True), Layer(3, residual=True), 2],
    "combined": [
        3,
        Layer(3, normalization="batch", residual=True),
        Layer(3, normalization="layer", residual=True),
        3,
        Layer(3, normalization="batch", residual=True),
        2,
    ],
}


CHANCY = {
    "dropout": [Layer(3, dropout=0.2), Layer(4, dropout=0.5), Layer(5, dropout=0.3), 2],
    "noise": [Layer(3, noise=0.5), 4, 2],
    "everything": [
        Layer(3, dropout=0.2, noise=0.1),
        Layer(3, normalization="batch", residual=True, dropout=0.4),
        Layer(3, normalization="layer", residual=True, dropout=0.1),
        Layer(5, normalization="batch", dropout=0.2),
        2,
    ],
}


ALL = {**SHAPES, **CHANCY}


COSTS = ("quadratic", "categorical_cross_entropy", "binary_cross_entropy", "huber", "poisson")


RECIPES = {
    "plain": {},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.01},
    "clip_value": {"clip_value": 0.05},
    "clip_norm": {"clip_norm": 0.1},
    "max_norm": {"max_norm": 0.5},
    "accumulate": {"accumulate": 3},
    "average": {"average": 0.9},
    "weighted": {"weighted": True},
    "all": {"l1": 0.01, "l2": 0.01, "clip_value": 0.05, "clip_norm": 0.1, "max_norm": 0.5,
            "accumulate": 2, "average": 0.9, "weighted": True},
}  # fmt: skip


M = 7


def network(layers, activation="tanh", cost="categorical_cross_entropy", backend="numpy", **more):
    """A network whose parameters, scales and shifts among them, are all of their own."""
    net = bpnet.Network(
        ALL.get(layers, layers) if isinstance(layers, str) else layers,
        activations=activation,
        cost=cost,
        backend=backend,
        **{"dtype": "float64", "seed": 3, **more},
    )
    rng = np.random.default_rng(5)
    theta = rng.uniform(0.2, 0.8, net.model.layout.size) * rng.choice(
        [-1.0, 1.0], net.model.layout.size
    )
    scales = slice(net.model.layout.n_plain, None)
    theta[scales] = np.abs(theta[scales]) + 0.3
    # Of large exponentials, and of softmaxes that hardly vary, differences lose their digits.
    load_theta(net, theta * {"exponential": 0.4, "softmax": 2.0}.get(activation, 1.0))
    return net


def every_gradient(net, x, y):
    """The gradient by weights, biases, scales and shifts, as NumPy arrays."""
    found = net.backprop(x, y)
    parts = *found.weights, *found.biases, *found.scales, *found.shifts
    return [host(net, one) for one in parts]


def theta_of(net):
    return host(net, net.state.theta)


def leaves(state):
    return [one for part in state for one in leaves(part)] if isinstance(state, tuple) else [state]


def classes(n, seed=0):
    """Samples of two classes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    return x, (x.sum(axis=1) > 0).astype(int)


def norm_parts(net):
    """Scales and shifts of each layer that normalizes."""
    with net.backend.scope():
        both = net.model.layout.split_norms(net.state.theta, net.backend.xp)
        return [{l: net.backend.to_numpy(v) for l, v in part.items()} for part in both]


def twin(torch, net):
    """The same network as a module of PyTorch, with PyTorch's own normalizations."""
    F, layers = torch.nn.functional, net.model.architecture.layers
    functions = {
        "tanh": torch.tanh, "relu": F.relu, "gelu": F.gelu, "sigmoid": torch.sigmoid,
        "silu": F.silu, "softmax": lambda z: torch.softmax(z, 1), "identity": lambda z: z,
        "elu": F.elu, "exponential": torch.exp,
    }  # fmt: skip

    class Twin(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linears, self.norms = torch.nn.ModuleList(), torch.nn.ModuleDict()
            scales, shifts = norm_parts(net)
            for l, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
                linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
                fill(linear, host(net, w), host(net, b))
                self.linears.append(linear)
                norm = layers[l + 1].normalization
                if norm is None:
                    continue
                if norm.name == "batch":
                    made = torch.nn.BatchNorm1d(
                        w.shape[0], norm.epsilon, norm.momentum, dtype=torch.float64
                    )
                else:
                    made = torch.nn.LayerNorm(w.shape[0], norm.epsilon, dtype=torch.float64)
                fill(made, scales[l], shifts[l])
                self.norms[str(l)] = made

        def forward(self, x, masks=None):
            a = x if masks is None or 0 not in masks else x * masks[0]
            for l, linear in enumerate(self.linears):
                u = linear(a)
                u = self.norms[str(l)](u) if str(l) in self.norms else u
                v = functions[net.activations[l].name](u)
                if masks is not None and l + 1 in masks:
                    v = v * masks[l + 1]
                a = v + a if layers[l + 1].residual else v
            return a

        def leaves(self):
            kinds = self.linears, self.norms.values()
            return [getattr(one, what) for kind in kinds for what in ("weight", "bias")
                    for one in kind]  # fmt: skip

    def fill(module, weight, bias):
        with torch.no_grad():
            module.weight.copy_(torch.tensor(weight))
            module.bias.copy_(torch.tensor(bias))

    return Twin()


def torch_cost(torch, name, a, y):
    F = torch.nn.functional
    summed = {
        "quadratic": lambda: F.mse_loss(a, y, reduction="sum") / 2,
        "categorical_cross_entropy": lambda: -(y * torch.log(a)).sum(),
        "binary_cross_entropy": lambda: F.binary_cross_entropy(a, y, reduction="sum"),
        "huber": lambda: F.huber_loss(a, y, reduction="sum"),
        "absolute": lambda: F.l1_loss(a, y, reduction="sum"),
        "poisson": lambda: (a - y * torch.log(a)).sum(),
    }[name]()
    return summed / len(y)
