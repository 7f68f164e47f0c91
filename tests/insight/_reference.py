"""What a trace should hold, by PyTorch's autograd alone."""

import numpy as np
from _cases import PARTNERS, torch_costs, torch_functions

import bpnet

EPSILON = 1e-5


def special_network(normalization="batch", residual=True, backend="numpy", dtype="float64"):
    """Layers that normalize, drop and add the one below, with scales and shifts of their own."""
    from _backends import load_theta

    layer = bpnet.Layer(4, activation="tanh", normalization=normalization, dropout=0.3)
    above = bpnet.Layer(4, activation="sigmoid", normalization=normalization, residual=residual)
    net = bpnet.Network(
        [bpnet.Layer(3, dropout=0.2, noise=0.1), layer, above, 2],
        cost="log_likelihood",
        backend=backend,
        dtype=dtype,
        seed=1,
    )
    theta = np.random.default_rng(5).normal(0.0, 0.8, net.model.layout.size)
    load_theta(net, theta)
    return net


def autograd(torch, net, x, y, hidden, cost, output=None):
    """z, a, delta and gradients of each layer, and the costs, as NumPy arrays.

    A leaf of zeros is added to each z: the derivative of the sum of the costs by it is delta.
    """
    functions = torch_functions(torch)
    layout, layers = net.model.layout, net.model.architecture.layers[1:]
    with net.backend.scope():
        theta = torch.tensor(net.backend.to_numpy(net.state.theta).astype(float))
    leaves = [part.clone().requires_grad_() for part in layout.split(theta, torch)[0]]
    biases = [part.clone().requires_grad_() for part in layout.split(theta, torch)[1]]
    scales, shifts = layout.split_norms(theta, torch)
    scales = {l: one.clone().requires_grad_() for l, one in scales.items()}
    shifts = {l: one.clone().requires_grad_() for l, one in shifts.items()}
    names = [hidden] * (len(layers) - 1) if isinstance(hidden, str) else list(hidden)
    names.append(output or PARTNERS[cost])
    a, found = torch.tensor(np.asarray(x, float)), []
    m = len(a)
    for l, layer in enumerate(layers):
        z = a @ leaves[l].T + biases[l]
        z = z + (added := torch.zeros_like(z).requires_grad_())
        u = z
        if layer.normalization is not None:
            axis = 0 if layer.normalization.name == "batch" else 1
            mean = z.mean(dim=axis, keepdim=True)
            variance = ((z - mean) ** 2).mean(dim=axis, keepdim=True)
            u = (z - mean) / torch.sqrt(variance + EPSILON) * scales[l] + shifts[l]
        v = functions[names[l]](u)
        a = v + a if layer.residual else v
        a = a + (by_a := torch.zeros_like(a).requires_grad_())
        found.append({"z": z, "a": a, "argument": u, "value": v, "added": added, "by_a": by_a})
    t = torch.tensor(np.asarray(y, float))
    costs = [torch_costs(torch)[cost](a[k : k + 1], t[k : k + 1]) for k in range(m)]
    sum(costs).backward()
    for l, one in enumerate(found):
        one["delta"], one["nabla_a"] = one.pop("added").grad, one.pop("by_a").grad
        one["nabla_w"], one["nabla_b"] = leaves[l].grad / m, biases[l].grad / m
        if l in scales:
            one["nabla_scale"], one["nabla_shift"] = scales[l].grad / m, shifts[l].grad / m
    return (
        [{name: part.detach().numpy() for name, part in one.items()} for one in found],
        np.array([one.item() for one in costs]),
    )
