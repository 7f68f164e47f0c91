"""Gradients of every kind of layer against differences and autograd."""

import numpy as np
import pytest
from _backends import relative
from _cases import ACTIVATIONS, pairwise, samples
from model._networks import ALL, CHANCY, COSTS, SHAPES, M, every_gradient, network, torch_cost, twin
from model._steps import five_point, one_step, stochastic_cost

import bpnet
from bpnet import Layer
from bpnet.randomness import keep_mask


@pytest.mark.parametrize(
    ("layers", "activation", "cost"),
    [
        pytest.param(*case, id="-".join(case))
        for case in pairwise(tuple(SHAPES), ACTIVATIONS, COSTS)
    ],
)
def test_differences_agree(layers, activation, cost):
    net, (x, y) = network(layers, activation, cost), samples(cost, 12, 3)
    report = bpnet.gradient_check(net, x, y)
    assert not report.unresolved
    found = every_gradient(net, x, y)
    rounding = 1e-12 * max(1.0, np.linalg.norm(np.concatenate([g.ravel() for g in found])))
    for error, g in zip(report.errors.values(), found, strict=True):
        if np.linalg.norm(g) > rounding:
            assert error < 1e-7, report
        else:  # what a normalization takes away again; the check divides by 1e-6 at least
            assert 1e-6 * error < 10 * rounding, report
    count = sum(one.normalization is not None for one in SHAPES[layers] if isinstance(one, Layer))
    assert sum(name.startswith(("scales", "shifts")) for name in report.errors) == 2 * count


@pytest.mark.parametrize("layers", SHAPES)
def test_every_target_passes_the_check_and_agrees_with_numpy(target, layers):
    x, y = samples("categorical_cross_entropy", M, 3)
    net = network(layers, backend=target.backend())
    given = target.give(x), target.give(y)
    assert bpnet.gradient_check(net, *given).error < 1e-6  # of a zero gradient it is rounding
    expected = every_gradient(network(layers), x, y)
    for g, reference in zip(every_gradient(net, *given), expected, strict=True):
        assert np.abs(g - reference).max() < 1e-14 + 1e-12 * np.abs(reference).max()


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "silu", "softmax"])
@pytest.mark.parametrize("layers", SHAPES)
def test_autograd_agrees(torch, layers, activation, cost):
    x, y = samples(cost, 12, 3)
    net = network(layers, activation, cost)
    module = twin(torch, net).train()
    mean = torch_cost(torch, cost, module(torch.tensor(x)), torch.tensor(y))
    expected = [g.numpy() for g in torch.autograd.grad(mean, module.leaves())]
    rounding = 1e-13 * max(1.0, *(np.linalg.norm(g) for g in expected))
    for g, reference in zip(every_gradient(net, x, y), expected, strict=True):
        # By a bias before batch normalization it is zero, and both find rounding.
        assert relative(g, reference) < 1e-12 or np.linalg.norm(g - reference) < rounding


@pytest.mark.parametrize("activation", ["tanh", "silu"])
@pytest.mark.parametrize("layers", CHANCY)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_differences_agree_while_masks_and_noise_are_held(layers, activation, weighted):
    x, y = samples("categorical_cross_entropy", 12, 3)
    weight = np.random.default_rng(1).uniform(0.0, 2.0, 12) if weighted else None
    rows = np.c_[y, weight] if weighted else y
    net = network(layers, activation)
    found, _, keys = one_step(net, x, rows, weighted=weighted)
    expected = five_point(stochastic_cost(net, keys, x, y, weight), net.state.theta)
    assert relative(found, expected) < 1e-9
    without = five_point(stochastic_cost(net, {}, x, y, weight), net.state.theta)
    assert relative(found, without) > 1e-2  # something was dropped


@pytest.mark.parametrize("layers", ["dropout", "everything"])
def test_autograd_agrees_with_the_masks_of_a_step(torch, target, layers):
    plain = [Layer(3, dropout=0.2), *ALL[layers][1:]]  # PyTorch is given masks, and no noise
    net = network(plain, backend=target.backend())
    x, y = samples("categorical_cross_entropy", M, 3)
    found, z, _ = one_step(net, x, y, step=9)
    masks = {}
    for l, layer in enumerate(net.model.architecture.layers):
        if layer.dropout:
            kept = keep_mask(
                (M, layer.size), 1 - layer.dropout, seed=net.seed, step=9, layer=2 * l, xp=np
            )
            masks[l] = torch.tensor(kept / (1 - layer.dropout))
    module = twin(torch, net).train()
    a = module(torch.tensor(x), masks)
    mean = torch_cost(torch, "categorical_cross_entropy", a, torch.tensor(y))
    parts = [g.numpy() for g in torch.autograd.grad(mean, module.leaves())]
    assert relative(found, np.concatenate([one.ravel() for one in parts])) < 1e-12
    assert relative(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), a.detach().numpy()) < 1e-12
