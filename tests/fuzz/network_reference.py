"""The same networks written with PyTorch, whose gradients are autograd's."""

import numpy as np
import torch
from _cases import torch_functions

from bpnet.activations import PerNeuron
from bpnet.normalization import BatchNorm

F = torch.nn.functional


def tensor(array):
    return torch.tensor(np.asarray(array), dtype=torch.float64)


def activated(sigma, z):
    """An activation's value, by the kind of the activation and by its parameters."""
    if isinstance(sigma, PerNeuron):
        pairs = enumerate(sigma.functions)
        return torch.stack([activated(one, z[:, k : k + 1])[:, 0] for k, one in pairs], dim=1)
    if sigma.name == "leaky_relu":
        return F.leaky_relu(z, sigma.slope)
    if sigma.name == "elu":
        return F.elu(z, sigma.alpha)
    if sigma.name == "gelu" and sigma.approximate:
        return F.gelu(z, approximate="tanh")
    return torch_functions(torch)[sigma.name](z)


def costs(cost, a, z, y):
    """Cost of each sample, shape (m,), of outputs and of their weighted inputs."""
    if cost.name == "quadratic":
        each = (a - y) ** 2 / 2
    elif cost.name == "binary_cross_entropy":
        each = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    elif cost.name == "categorical_cross_entropy":
        each = -y * torch.log(a)
    elif cost.name == "huber":
        each = F.huber_loss(a, y, reduction="none", delta=cost.delta)
    elif cost.name == "absolute":
        each = (a - y).abs()
    elif cost.name == "poisson":
        each = a - y * torch.log(a)
    else:
        assert cost.name == "quartic"
        each = 0.025 * (a - y) ** 4
    return each.sum(dim=1)


class Reference:
    """A network's parameters as leaves of autograd, and what the network computes from them."""

    def __init__(self, net):
        layout, theta = net.model.layout, net.state.theta
        self.layers, self.sigma, self.cost = (
            net.model.architecture.layers,
            net.activations,
            net.cost,
        )
        self.norms = net.model.architecture.norms
        split = layout.split_norms(theta, np)
        self.weights, self.biases = ([*map(self._leaf, one)] for one in (net.weights, net.biases))
        self.scales, self.shifts = ({l: self._leaf(one[l]) for l in one} for one in split)
        self.running = self._running_of(net)

    @staticmethod
    def _leaf(array):
        return tensor(array).requires_grad_()

    def _running_of(self, net):
        """Mean and variance of each layer with batch normalization."""
        found, start = {}, 0
        for l in net.model.architecture.batch_norm_layers:
            n = net.sizes[l + 1]
            part = net.state.running[0][start : start + 2 * n]
            found[l] = tensor(part[:n]), tensor(part[n:])
            start += 2 * n
        return found

    def leaves(self):
        """Every parameter, in the order of `bpnet.model.Gradients`."""
        return [*self.weights, *self.biases, *self.scales.values(), *self.shifts.values()]

    def outputs(self, x, training):
        """Activations of the output layer, without dropout and noise, and their weighted inputs."""
        a = tensor(x)
        for l, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            below, z = a, a @ w.T + b
            if l in self.norms:
                z = self._normalized(l, z, training) * self.scales[l] + self.shifts[l]
            a = activated(self.sigma[l], z)
            if self.layers[l + 1].residual:
                a = a + below
        return a, z

    def _normalized(self, l, z, training):
        norm = self.norms[l]
        if isinstance(norm, BatchNorm):
            mean, variance = z.mean(dim=0), z.var(dim=0, unbiased=False)
            if not training:
                mean, variance = self.running[l]
        else:
            mean, variance = z.mean(dim=1, keepdim=True), z.var(dim=1, unbiased=False, keepdim=True)
        return (z - mean) / torch.sqrt(variance + norm.epsilon)

    def mean_cost(self, x, y, weights=None, training=True):
        """Mean over samples, which may be weighted."""
        each = costs(self.cost, *self.outputs(x, training), tensor(y))
        if weights is None:
            return each.mean()
        return (tensor(weights) * each).sum() / float(np.sum(weights))

    def step(self, x, y, weights, rate, settings):
        """A step of gradient descent with penalties and bounds, by PyTorch's own functions."""
        cost = self.mean_cost(x, y, weights)
        for w in self.weights:
            cost = cost + settings.get("l1", 0.0) * w.abs().sum()
            cost = cost + settings.get("l2", 0.0) / 2 * (w**2).sum()
        cost.backward()
        leaves = self.leaves()
        if "clip_value" in settings:
            torch.nn.utils.clip_grad_value_(leaves, settings["clip_value"])
        gradient = torch.cat([one.grad.ravel() for one in leaves])
        factor = 1.0
        if "clip_norm" in settings:
            factor = min(1.0, settings["clip_norm"] / max(gradient.norm().item(), 1e-300))
        with torch.no_grad():
            for one in leaves:
                one -= rate * factor * one.grad
            for w in self.weights if "max_norm" in settings else ():
                norms = w.norm(dim=1, keepdim=True).clamp(min=1e-300)
                w *= (settings["max_norm"] / norms).clamp(max=1.0)


def rows_of(y, net):
    """Targets as rows, by hand: labels become zeros and ones."""
    n, y = net.sizes[-1], np.asarray(y)
    if y.ndim == 2:
        return y.astype(float)
    if net.task == "classification" and n > 1:
        return np.eye(n)[y]
    return y.astype(float)[:, None]


def smoothed(rows, share):
    """Targets of which a share is spread evenly over the classes."""
    return (1.0 - share) * rows + share / max(rows.shape[1], 2)


def labels_of(y):
    """Classes of targets that may be rows of zeros and ones."""
    return y.argmax(axis=1) if y.ndim == 2 else y


def weights_of(case):
    """Weight of each sample, by hand; None if none are given."""
    weights = case.fit.get("sample_weight")
    of_class = case.fit.get("class_weight")
    if of_class is None:
        return weights
    labels = labels_of(case.y)
    kinds, counts = np.unique(labels, return_counts=True)
    if of_class == "balanced":
        of_class = dict(zip(kinds, len(labels) / (len(kinds) * counts), strict=True))
    found = np.array([of_class.get(k, 1.0) for k in labels])
    return found if weights is None else weights * found
