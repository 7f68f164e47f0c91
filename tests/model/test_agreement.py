"""Every kind of layer trains alike everywhere, by a plan and in the plain loop."""

import numpy as np
import pytest
from _backends import host, init_optimizer, relative, running_of
from _cases import samples
from model._networks import ALL, RECIPES, M, classes, leaves, network, theta_of

import bpnet
from bpnet import Layer
from bpnet.compiler import compile_forward, compile_step
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.trace import trace
from bpnet.normalization import BatchNorm, LayerNorm
from bpnet.training import StepConfig, make_step
from bpnet.training.step import step_inputs


def test_single_precision_stays_single_whatever_the_options_are(torch):
    half = np.float64(0.5)
    layers = [
        Layer(3, dropout=half, noise=half),
        Layer(4, dropout=half, normalization=BatchNorm(np.float64(1e-3), half)),
        Layer(4, normalization=LayerNorm(np.float64(1e-3)), residual=np.bool_(True)),
        2,
    ]
    for backend in ("numpy", "torch"):
        net = network(layers, backend=backend, dtype="float32")
        recipe = StepConfig(bpnet.SGD(0.1), l1=half, l2=half, max_norm=half, average=half)
        init_optimizer(net, recipe)
        x, y = (net.backend.from_host(one, "float32") for one in samples("quadratic", M, 3))
        rates = step_inputs(net.model, recipe, 0, 0, 0)
        after, z = make_step(net.model, recipe)(net.backend.xp, net.state, x, y, rates)
        assert {str(one.dtype)[-7:] for one in (*leaves(after), z)} == {"float32"}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("layers", ALL)
def test_every_target_trains_alike(target, layers, dtype, tolerance):
    x, labels = classes(50)
    options = {"epochs": 1, "batch_size": 8, "optimizer": bpnet.Momentum(0.02), "l2": 0.01}
    found = []
    for backend, give in (("numpy", np.asarray), (target.backend(dtype), target.give)):
        net = network(layers, backend=backend, dtype=dtype)
        history = net.fit(give(x), give(labels), **options)
        running = net.state.running[0] if net.state.running else net.state.theta
        found.append((theta_of(net), host(net, running), history["train_cost"]))
    for one, other in zip(*found, strict=True):
        assert relative(one, other) < tolerance


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Adam(0.01)])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("layers", ALL)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_each_is_planned_and_agrees_with_the_plain_loop(
    library, layers, recipe, optimizer, request
):
    if library == "torch":
        request.getfixturevalue("torch")
    recipe = StepConfig(optimizer, **RECIPES[recipe])
    net = network(layers, backend=library)
    backend = net.backend
    init_optimizer(net, recipe)
    x, y = samples("categorical_cross_entropy", 23, 3)
    if recipe.weighted:
        y = np.c_[y, np.random.default_rng(2).uniform(0, 2, 23)]
    step, state = make_step(net.model, recipe), net.state
    rates = [step_inputs(net.model, recipe, net.seed, t, t) for t in range(6)]
    for m in (M, 1):  # raises where a plan does not know what to do
        trace(step, "float64", state, (m, 3), (m, y.shape[1]), rates[0])
    order = np.random.default_rng(0).integers(0, 23, (6, M))
    x, y = (backend.from_host(one, "float64") for one in (x, y))
    runs = compile_step(backend, step), PlainRun(backend, step)
    states = [state, state]
    for first, last, m in ((0, 3, M), (3, 4, 4), (4, 6, M)):  # a smaller one among them
        outputs = []
        for k, run in enumerate(runs):
            states[k], z = run(states[k], x, y, order[first:last, :m], rates[first:last])
            outputs.append(z)
        for one, other in zip(*map(leaves, zip(states, outputs, strict=True)), strict=True):
            assert relative(backend.to_numpy(one), backend.to_numpy(other)) < 1e-12
    forward = net.model.forward
    state = states[1][0], states[1][2]
    z = compile_forward(backend, forward)(state, x[:5, :]), forward(backend.xp, state, x[:5, :])
    assert relative(*map(backend.to_numpy, z)) < 1e-13


def test_the_same_seed_gives_the_same_bits(target):
    x, labels = classes(30)

    def trained(seed):
        net = bpnet.Network(
            ALL["everything"], cost="log_likelihood", backend=target.backend(), seed=seed
        )
        net.fit(target.give(x), target.give(labels), epochs=2, batch_size=7)
        return np.concatenate([theta_of(net), running_of(net)])

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))
