"""Networks that do not learn: what is wrong, how it is repaired, and what follows the advice.

Each case is the kind of the first finding, and a network with samples and an optimizer; beside it
stands what the advice of that finding makes of it.
"""

import contextlib
import warnings
from typing import NamedTuple

import numpy as np
from insight.diagnosis._data import digits, raw, standardized, table, two_blobs, wave

import bpnet
from bpnet import Network

ADAM = bpnet.Adam(0.003)


class Setup(NamedTuple):
    net: Network
    x: np.ndarray
    y: np.ndarray
    optimizer: object = ADAM
    epochs: int = 0  # of a fit that is watched; 0 for a network that is looked at once


def nll(sizes, activations="relu", seed=0, **options):
    return Network(sizes, activations=activations, cost="log_likelihood", seed=seed, **options)


def with_biases(net, layer, value):
    biases = [np.asarray(b) for b in net.biases]
    biases[layer] = biases[layer] + value
    net.set_parameters(net.weights, biases)
    return net


def pixels_784(m=300):
    """The digits, each pixel repeated to 32 x 32, less a margin: 28 x 28."""
    x, y = digits()
    large = np.kron(x[:m].reshape(-1, 8, 8), np.ones((1, 4, 4)))[:, 2:-2, 2:-2]
    return large.reshape(m, 784), y[:m]


def saturated_start(repaired):
    start = "scaled_normal" if repaired else "standard_normal"
    return Setup(Network([784, 30, 10], initializer=start, seed=0), *pixels_784(), bpnet.SGD(3.0))


def saturated_start_of_tanh(repaired):
    start = "auto" if repaired else "standard_normal"
    return Setup(nll([784, 40, 40, 10], "tanh", initializer=start), *pixels_784())


def deep_sigmoids(repaired):
    return Setup(nll([64, *[30] * 6, 10], "relu" if repaired else "sigmoid"), *digits())


def small_weights(repaired):
    net = nll([64, 30, 30, 30, 10], "tanh")
    if not repaired:
        net.set_parameters([0.02 * np.asarray(w) for w in net.weights], net.biases)
    return Setup(net, *digits())


def exploding_rectifiers(repaired):
    start = "auto" if repaired else "standard_normal"
    return Setup(nll([64, 60, 60, 60, 60, 10], initializer=start), *digits())


def dead_by_biases(repaired):
    net = nll([64, 30, 10])
    return Setup(net if repaired else with_biases(net, 0, -50.0), *digits())


def dead_by_a_step(repaired):
    rate = bpnet.SGD(0.1 if repaired else 10.0)
    return Setup(nll([64, 30, 10]), *digits(), rate, epochs=5)


def rate_too_high(repaired):
    net = Network([64, 30, 10], seed=0)
    return Setup(net, *digits(), bpnet.SGD(3.0 if repaired else 300.0), epochs=10)


def rate_diverges(repaired):
    net = Network([10, 20, 1], activations=["relu", "identity"], seed=0)
    return Setup(net, *table("diabetes"), bpnet.SGD(0.05 if repaired else 5.0), epochs=10)


def rate_too_low(repaired):
    return Setup(nll([64, 30, 10]), *digits(), bpnet.SGD(0.1 if repaired else 1e-5), epochs=5)


def rate_of_adam_too_low(repaired):
    return Setup(nll([64, 30, 10]), *digits(), bpnet.Adam(0.003 if repaired else 1e-6), epochs=5)


def bytes_as_inputs(repaired):
    x, y = digits()
    return Setup(nll([64, 30, 10], "sigmoid"), x if repaired else x * 255.0, y, bpnet.SGD(1.0))


def one_large_column(repaired):
    x, y = table("wine")
    x = x.copy()
    x[:, 3] = 1e6 * (1.0 + np.random.default_rng(0).random(len(x)))
    return Setup(nll([13, 20, 3]), standardized(x) if repaired else x, y, bpnet.SGD(0.1))


def wine_as_measured(repaired):
    x, y = raw("wine")
    return Setup(nll([13, 20, 3], "tanh"), standardized(x) if repaired else x, y)


def tiny_columns(repaired):
    x, y = table("wine")
    return Setup(nll([13, 20, 3], "tanh"), x if repaired else 1e-5 * x, y, bpnet.SGD(0.1))


def constant_labels(repaired):
    x, y = digits()
    return Setup(nll([64, 30, 10]), x, y if repaired else np.full_like(y, 4))


def constant_numbers(repaired):
    x, y = wave()
    net = Network([1, 20, 1], activations=["tanh", "identity"], seed=0)
    return Setup(net, x, y if repaired else np.full_like(y, 2.5), bpnet.Adam(0.01))


def missing_class(repaired):
    x, y = digits()
    kept = slice(None) if repaired else y != 7
    return Setup(nll([64, 30, 10]), x[kept], y[kept])


def targets_of_bytes(repaired):
    x, y = wave()
    y = 127.5 + 127.5 * np.tanh(y)
    return Setup(Network([1, 20, 1], seed=0), x, y / 255.0 if repaired else y, bpnet.Adam(0.02))


def targets_of_two_signs(repaired):
    x, y = two_blobs(0.4)
    sigma = ["sigmoid", "identity" if repaired else "sigmoid"]
    return Setup(Network([6, 8, 1], activations=sigma, seed=0), x, 2.0 * y - 1.0)


def targets_as_measured(repaired):
    x, y = raw("diabetes")
    y = standardized(y) if repaired else y
    net = Network([10, 20, 1], activations=["relu", "identity"], seed=0)
    return Setup(net, standardized(x), y, bpnet.SGD(0.02))


def all_weights_zero(repaired):
    start = "auto" if repaired else "zeros"
    return Setup(nll([64, 30, 30, 10], "tanh", initializer=start), *digits())


def equal_neurons(repaired):
    net = nll([64, 30, 10], "sigmoid")
    if not repaired:
        same = [np.full(np.shape(w), 0.1) for w in net.weights]
        net.set_parameters(same, net.biases)
    return Setup(net, *digits())


def parameters_not_finite(repaired):
    net = nll([64, 30, 10])
    if not repaired:
        net.state.theta[5] = np.nan  # no public way leads there
    return Setup(net, *digits())


def overflow(repaired):
    net = nll([64, 30, 30, 10])
    if not repaired:
        net.set_parameters([1e18 * np.asarray(w) for w in net.weights], net.biases)
    return Setup(net, *digits())


def saturated_outputs(repaired):
    net = Network([64, 10], cost="cross_entropy" if repaired else "quadratic", seed=0)
    return Setup(with_biases(net, 0, 5.0), *digits(), bpnet.SGD(0.5))


def equal_samples(repaired):
    x, y = digits()
    return Setup(nll([64, 30, 10]), x if repaired else np.repeat(x[:1], len(x), axis=0), y)


def no_relation(repaired):
    x, y = digits()
    y = y if repaired else np.random.default_rng(0).permutation(y)
    return Setup(nll([64, 10]), x, y, bpnet.SGD(0.1), epochs=10)


ILL = {
    saturated_start: "saturated",
    saturated_start_of_tanh: "saturated",
    deep_sigmoids: "vanishing_gradient",
    small_weights: "vanishing_gradient",
    exploding_rectifiers: "exploding_gradient",
    dead_by_biases: "dead_neurons",
    dead_by_a_step: "learning_rate_too_high",
    rate_too_high: "learning_rate_too_high",
    rate_diverges: "learning_rate_too_high",
    rate_too_low: "learning_rate_too_low",
    rate_of_adam_too_low: "learning_rate_too_low",
    bytes_as_inputs: "unscaled_inputs",
    one_large_column: "unscaled_inputs",
    wine_as_measured: "unscaled_inputs",
    tiny_columns: "tiny_inputs",
    constant_labels: "constant_targets",
    constant_numbers: "constant_targets",
    missing_class: "missing_class",
    targets_of_bytes: "targets_out_of_range",
    targets_of_two_signs: "targets_out_of_range",
    targets_as_measured: "unscaled_targets",
    all_weights_zero: "symmetric",
    equal_neurons: "symmetric",
    parameters_not_finite: "not_finite",
    overflow: "not_finite",
    saturated_outputs: "saturated_outputs",
    equal_samples: "identical_samples",
    no_relation: "nothing_learned",
}


def diagnosed(setup):
    """What is said of a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if not setup.epochs:
            return bpnet.diagnose(setup.net, setup.x, setup.y)
        watch = bpnet.Diagnostics(setup.x, setup.y)
        with contextlib.suppress(bpnet.DivergenceError):
            fit(setup, setup.epochs, callbacks=[watch])
        return watch.diagnosis


def fit(setup, epochs, **options):
    setup.net.fit(
        setup.x, setup.y, epochs=epochs, batch_size=32, optimizer=setup.optimizer, **options
    )


def learned(setup, epochs=15):
    """Share of the constant's cost that training saves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            fit(setup, epochs)
        except bpnet.DivergenceError:
            return 0.0
        return bpnet.diagnose(setup.net, setup.x, setup.y).answers.gain
