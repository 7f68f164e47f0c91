"""Networks with nothing wrong: before training, and after it."""

import numpy as np
from insight.diagnosis._data import counts, digits, labels, raw, table, two_blobs, wave

import bpnet
from bpnet import Layer, Network


def trained(net, x, y, epochs, optimizer="adam", batch_size=32, **options):
    net.fit(x, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, **options)
    return net, x, y, optimizer


def book_start():
    return Network([64, 30, 10], seed=1, initializer="scaled_normal"), *digits(), bpnet.SGD(3.0)


def book_after():
    net = Network([64, 30, 10], seed=1, initializer="scaled_normal")
    return trained(net, *digits(), 10, bpnet.SGD(3.0), 10)


def rectifiers_start():
    net = Network([64, 100, 50, 10], activations="relu", cost="log_likelihood", seed=2)
    return net, *digits(), bpnet.Adam()


def rectifiers_after():
    net = Network([64, 100, 50, 10], activations="relu", cost="log_likelihood", seed=2)
    return trained(net, *digits(), 10)


def deep_rectifiers_start():
    net = Network([64, *[64] * 10, 10], activations="relu", cost="log_likelihood", seed=3)
    return net, *digits(), bpnet.Adam()


def deep_tanh_on_torch():
    sizes, cost = [64, *[40] * 6, 10], "log_likelihood"
    net = Network(sizes, activations="tanh", cost=cost, seed=4, backend="torch")
    return net, *digits(), bpnet.Momentum(0.01)


def sigmoids_after_on_jax():
    net = Network([4, 8, 3], cost="log_likelihood", seed=5, backend="jax")
    return trained(net, *table("iris"), 60, bpnet.Adam(0.02), 30)


def three_sigmoids_start():
    return Network([64, 30, 30, 30, 10], cost="log_likelihood", seed=6), *digits(), "adam"


def iris_as_measured():
    return Network([4, 10, 3], activations="tanh", cost="nll", seed=7), *raw("iris"), "adam"


def logistic_regression_of_zeros():
    net = Network([13, 3], cost="log_likelihood", initializer="zeros", seed=0)
    return net, *table("wine"), bpnet.SGD(0.1)


def wine_overfitted():
    net = Network([13, 50, 3], activations="relu", cost="log_likelihood", seed=8)
    return trained(net, *table("wine"), 150, bpnet.Adam(0.01))


def diabetes_start():
    net = Network([10, 32, 1], activations=["relu", "identity"], seed=9)
    return net, *table("diabetes"), bpnet.Adam(0.01)


def diabetes_after():
    net = Network([10, 16, 1], activations=["tanh", "identity"], seed=9, dtype="float64")
    return trained(net, *table("diabetes"), 40, bpnet.Adam(0.01))


def regression_by_absolute_errors():
    net = Network([1, 20, 20, 1], activations="gelu", cost="absolute", seed=10)
    return trained(net, *wave(), 60, bpnet.Adam(0.01))


def counts_after():
    net = Network([4, 16, 1], activations="silu", cost="poisson", seed=11)
    return trained(net, *counts(), 20, bpnet.Adam(0.01))


def several_labels():
    return trained(Network([8, 16, 3], cost="bce", seed=12), *labels(), 30, bpnet.Adam(0.01))


def rare_class_start():
    net = Network([6, 8, 1], activations="elu", cost="cross_entropy", seed=13)
    return net, *two_blobs(0.1), bpnet.SGD(0.1)


def rare_class_after():
    net = Network([6, 8, 1], activations="tanh", cost="cross_entropy", seed=13)
    return trained(net, *two_blobs(0.1), 20, bpnet.SGD(0.5))


def mini_batch_of_eight():
    x, y = digits()
    net = Network([64, 30, 10], activations="leaky_relu", cost="log_likelihood", seed=14)
    return net, x[:8], y[:8], bpnet.SGD(0.05)


def single_sample():
    x, y = digits()
    return Network([64, 30, 10], activations="relu", cost="nll", seed=15), x[:1], y[:1], "adam"


def single_number():
    net = Network([1, 1], activations=["identity"], seed=0)
    return net, np.ones((1, 1)), np.full((1, 1), 2.0), bpnet.SGD(0.1)


def autoencoder_after():
    x, _ = digits()
    net = Network([64, 16, 64], activations="relu", cost="cross_entropy", seed=0)
    return trained(net, x, x, 3)


def normalized_and_dropped():
    hidden = [Layer(40, normalization="batch", dropout=0.3) for _ in range(4)]
    net = Network([64, *hidden, 10], cost="log_likelihood", seed=16)
    return trained(net, *digits(), 5, bpnet.Adam(0.01))


def residual_start():
    blocks = [Layer(32, residual=True, normalization="layer") for _ in range(6)]
    net = Network([64, 32, *blocks, 10], activations="relu", cost="log_likelihood", seed=17)
    return net, *digits(), "adam"


def last_layer_of_zeros():
    net = Network([64, 30, 10], activations="relu", cost="log_likelihood", seed=18)
    net.set_parameters([net.weights[0], np.zeros((10, 30))], net.biases)
    return net, *digits(), bpnet.SGD(0.5)


def noisy_regression_after():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 5))
    y = 0.4 * x[:, :1] + rng.standard_normal((500, 1))  # at best an eighth is explained
    net = Network([5, 8, 1], activations=["softplus", "identity"], cost="huber", seed=19)
    return trained(net, x, y, 30, bpnet.Adam(0.01))


HEALTHY = [
    book_start,
    book_after,
    rectifiers_start,
    rectifiers_after,
    deep_rectifiers_start,
    deep_tanh_on_torch,
    sigmoids_after_on_jax,
    three_sigmoids_start,
    iris_as_measured,
    logistic_regression_of_zeros,
    wine_overfitted,
    diabetes_start,
    diabetes_after,
    regression_by_absolute_errors,
    counts_after,
    several_labels,
    rare_class_start,
    rare_class_after,
    mini_batch_of_eight,
    single_sample,
    single_number,
    autoencoder_after,
    normalized_and_dropped,
    residual_start,
    last_layer_of_zeros,
    noisy_regression_after,
]
