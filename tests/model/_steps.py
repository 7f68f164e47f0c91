"""One step of a network with chance in it, by hand."""

import numpy as np
from _backends import init_optimizer

import bpnet
from bpnet.backprop import feedforward
from bpnet.training import StepConfig, make_step
from bpnet.training.step import step_inputs


def one_step(net, x, y, step=4, **recipe):
    """Theta less theta after a step of rate 1, and the keys of the step."""
    recipe = StepConfig(bpnet.SGD(1.0), **recipe)
    init_optimizer(net, recipe)
    rates = step_inputs(net.model, recipe, net.seed, step, 0)
    backend = net.backend
    with backend.scope():
        given = backend.from_host(np.asarray(x), net.dtype), backend.from_host(y, net.dtype)
        made = make_step(net.model, recipe)
        (theta, *_), z = made(backend.xp, net.state, *given, rates)
        found = backend.to_numpy(net.state.theta) - backend.to_numpy(theta)
        return (
            found,
            backend.to_numpy(z),
            dict(zip(net.model.architecture.random, rates[1:], strict=True)),
        )


def five_point(function, theta, h=1e-3):
    found = np.empty_like(theta)
    for i in range(theta.size):
        move = np.zeros_like(theta)
        move[i] = h
        ahead = [function(theta + k * move) for k in (-2, -1, 1, 2)]
        found[i] = (ahead[0] - 8 * ahead[1] + 8 * ahead[2] - ahead[3]) / (12 * h)
    return found


def stochastic_cost(net, keys, x, y, weight=None):
    """The mean cost as a function of theta, with the masks and the noise of a step."""
    structure, xp = net.model.architecture, net.backend.xp

    def cost(theta):
        w, b = net.model.layout.split(theta, xp)
        x_k = structure.input(x, keys, 0, xp)
        stages = structure.passes(theta, None, x_k, xp, keys)
        z, _ = feedforward(w, b, stages, x_k, xp)
        each = net.cost.of_output(net.model.output, z[-1], y, xp)
        return np.average(each, weights=weight)

    return cost
