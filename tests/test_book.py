"""The content of the notes on chapter 2, against loops written from its equations.

The reference below is the book's: one sample at a time, column vectors, sums over samples.
"""

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.randomness import epoch_order

SIZES = [4, 5, 3, 2]


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1.0 - sigmoid(z))


def columns(net):
    """Weights, and biases as column vectors."""
    return net.weights, [b.reshape(-1, 1) for b in net.biases]


def errors_of_a_sample(w, b, x, y, sigma=sigmoid, sigma_prime=sigmoid_prime):
    """Steps 1 to 4 of the algorithm: the activations, and delta^l of each layer, as columns."""
    a, z = [x], []
    for w_l, b_l in zip(w, b, strict=True):
        z.append(np.dot(w_l, a[-1]) + b_l)
        a.append(sigma(z[-1]))
    delta = [(a[-1] - y) * sigma_prime(z[-1])]  # (30)
    for l in range(len(w) - 2, -1, -1):
        delta.insert(0, np.dot(w[l + 1].transpose(), delta[0]) * sigma_prime(z[l]))  # (BP2)
    return a, delta


def sums_over_samples(w, b, x, y, **functions):
    """Sums of the gradients of the C_x: step 5 of the algorithm, entry by entry."""
    nabla_w, nabla_b = [np.zeros(v.shape) for v in w], [np.zeros(v.shape) for v in b]
    for one, target in zip(x, y, strict=True):
        a, delta = errors_of_a_sample(w, b, one.reshape(-1, 1), target.reshape(-1, 1), **functions)
        for l in range(len(w)):
            for j in range(w[l].shape[0]):
                nabla_b[l][j] += delta[l][j]  # (BP3)
                for k in range(w[l].shape[1]):
                    nabla_w[l][j, k] += a[l][k, 0] * delta[l][j, 0]  # (BP4)
    return nabla_w, nabla_b


def book_network(**options):
    options = {"initializer": "standard_normal", "dtype": "float64", "seed": 3, **options}
    return bpnet.Network(SIZES, **options)


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    return rng.standard_normal((7, SIZES[0])), rng.uniform(0.0, 1.0, (7, SIZES[-1]))


def assert_mean_gradient(net, x, y, nabla_w, nabla_b):
    found = net.backprop(x, y)
    for g, nabla in zip(found.weights, nabla_w, strict=True):
        assert relative(g, nabla / len(x)) < 1e-13
    for g, nabla in zip(found.biases, nabla_b, strict=True):
        assert relative(g, nabla[:, 0] / len(x)) < 1e-13


# ------------------------------------------------------------------ notation


def test_hadamard_product_of_equation_28():
    g = np.asarray([[3.0, 4.0]])
    derivative = np.asarray([[1.0, 2.0]])
    sigma = CustomActivation(lambda z, xp: z, lambda z, a, xp: derivative)
    assert sigma.pullback(g, g, g).tolist() == [[3.0, 8.0]]
    outer = np.dot(derivative.transpose(), g)
    assert outer.tolist() == [[3.0, 4.0], [6.0, 8.0]]  # the product of matrices is another one


def test_w_jk_goes_from_neuron_k_to_neuron_j():
    net = bpnet.Network([3, 2], activations=["identity"], initializer="zeros")
    net.set_parameters([[[0, 0, 5], [0, 0, 0]]], [[0, 0]])
    assert net.weights[0][0, 2] == 5
    assert net.feedforward(np.eye(3)).tolist() == [[0, 0], [0, 0], [5, 0]]


def test_activation_of_each_neuron_is_sigma_of_its_weighted_input(data):
    net, (x, _) = book_network(), data
    w, b = columns(net)
    a = x[0]
    for l in range(len(w)):
        a = [
            sigmoid(sum(w[l][j, k] * a[k] for k in range(len(a))) + b[l][j, 0])
            for j in range(len(b[l]))
        ]
    assert relative(net.feedforward(x[:1])[0], a) < 1e-14


def test_the_cost_is_a_mean_of_the_samples_costs(data):
    net, (x, y) = book_network(), data
    a = net.feedforward(x)
    assert net.total_cost(x, y) == pytest.approx(np.sum((y - a) ** 2) / (2 * len(x)), rel=1e-14)


# ------------------------------------------------------------------ BP1-BP4


def test_equations_over_a_batch_are_sums_over_single_samples(data):
    net, (x, y) = book_network(), data
    assert_mean_gradient(net, x, y, *sums_over_samples(*columns(net), x, y))


def test_delta_is_the_derivative_by_the_weighted_input(data):
    net, (x, y) = book_network(), data
    w, b = columns(net)
    _, delta = errors_of_a_sample(w, b, x[0].reshape(-1, 1), y[0].reshape(-1, 1))
    found = net.backprop(x[:1], y[:1]).biases
    for l in range(len(w)):
        assert relative(found[l], delta[l][:, 0]) < 1e-13
    h = 1e-6
    net.set_parameters(net.weights, [net.biases[0] + h * np.eye(5)[2], *net.biases[1:]])
    raised = net.total_cost(x[:1], y[:1])
    net.set_parameters(net.weights, [net.biases[0] - 2 * h * np.eye(5)[2], *net.biases[1:]])
    lowered = net.total_cost(x[:1], y[:1])
    assert (raised - lowered) / (2 * h) == pytest.approx(delta[0][2, 0], rel=1e-6)


def test_cross_entropy_leaves_the_plain_error_of_chapter_3(data):
    x, y = data
    plain, crossed = book_network(), book_network(cost="cross_entropy")
    a = plain.feedforward(x[:1])
    assert relative(crossed.feedforward(x[:1]), a) == 0.0
    assert relative(crossed.backprop(x[:1], y[:1]).biases[-1], (a - y[:1])[0]) < 1e-13
    sigma_prime = (a * (1 - a))[0]
    assert relative(plain.backprop(x[:1], y[:1]).biases[-1], (a - y[:1])[0] * sigma_prime) < 1e-13


# ------------------------------------------------------------------ exercise 1


def test_exercise_1_one_neuron_with_another_function(data):
    """f' replaces sigma' in that neuron's component alone."""
    x, y = data
    changed = PerNeuron(["sigmoid", "sigmoid", "tanh", "sigmoid", "sigmoid"])
    net = book_network(activations=[changed, "sigmoid", "sigmoid"])

    def sigma(z):
        a = sigmoid(z)
        if len(z) == 5:
            a[2] = np.tanh(z[2])
        return a

    def sigma_prime(z):
        derivative = sigmoid_prime(z)
        if len(z) == 5:
            derivative[2] = 1.0 - np.tanh(z[2]) ** 2
        return derivative

    nabla = sums_over_samples(*columns(net), x, y, sigma=sigma, sigma_prime=sigma_prime)
    assert_mean_gradient(net, x, y, *nabla)
    everywhere = book_network(activations=["tanh", "sigmoid", "sigmoid"]).backprop(x, y)
    assert relative(everywhere.biases[0], nabla[1][0][:, 0] / len(x)) > 0.1


def test_exercise_1_in_the_output_layer(data):
    x, y = data
    net = book_network(activations=["sigmoid", "sigmoid", PerNeuron(["sigmoid", "tanh"])])

    def sigma(z):
        return np.asarray([sigmoid(z[0]), np.tanh(z[1])]) if len(z) == 2 else sigmoid(z)

    def sigma_prime(z):
        if len(z) == 2:
            return np.asarray([sigmoid_prime(z[0]), 1.0 - np.tanh(z[1]) ** 2])
        return sigmoid_prime(z)

    assert_mean_gradient(
        net, x, y, *sums_over_samples(*columns(net), x, y, sigma=sigma, sigma_prime=sigma_prime)
    )


# ------------------------------------------------------------------ exercise 2


def test_exercise_2_the_linear_network_is_one_affine_map(data):
    """With sigma(z) = z: delta^L = a - y, delta^l = (w^{l+1})^T delta^{l+1}."""
    x, y = data
    net = book_network(activations=["identity"] * 3)
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    product, constant = w3 @ w2 @ w1, w3 @ (w2 @ b1 + b2) + b3
    assert relative(net.feedforward(x), x @ product.T + constant) < 1e-13
    delta3 = (x @ product.T + constant - y).T / len(x)  # one column a sample
    delta2 = w3.T @ delta3
    delta1 = (w3 @ w2).T @ delta3
    inputs = [x.T, w1 @ x.T + b1[:, None], w2 @ (w1 @ x.T + b1[:, None]) + b2[:, None]]
    found = net.backprop(x, y)
    for l, delta in enumerate([delta1, delta2, delta3]):
        assert relative(found.weights[l], delta @ inputs[l].T) < 1e-13
        assert relative(found.biases[l], delta.sum(axis=1)) < 1e-13


# ------------------------------------------------------------------ gradient descent


def descend(net, x, y, epochs, size, eta, lmbda):
    """The notes' update rule, with chapter 3's weight decay, over the network's own batches."""
    (w, b), n = columns(net), len(x)
    for epoch in range(epochs):
        order = epoch_order(net.seed, net.epochs + epoch, n)
        for start in range(0, n, size):
            rows = order[start : start + size]
            m = len(rows)
            nabla_w, nabla_b = sums_over_samples(w, b, x[rows], y[rows])
            w = [
                (1 - eta * lmbda / n) * w_l - eta / m * nabla
                for w_l, nabla in zip(w, nabla_w, strict=True)
            ]
            b = [b_l - eta / m * nabla for b_l, nabla in zip(b, nabla_b, strict=True)]
    return np.concatenate([part.ravel() for part in (*w, *b)])


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("lmbda", [0.0, 0.5])
def test_the_update_rule(data, size, lmbda):
    net, (x, y) = book_network(), data
    expected = descend(net, x, y, 3, size, 0.7, lmbda)
    net.fit(x, y, epochs=3, batch_size=size, optimizer=bpnet.SGD(0.7), l2=lmbda / len(x))
    assert relative(parameters(net), expected) < 1e-12


def test_the_book_s_initial_parameters():
    plain = bpnet.Network([400, 100, 10], initializer="standard_normal", dtype="float64", seed=0)
    scaled = bpnet.Network([400, 100, 10], initializer="scaled_normal", dtype="float64", seed=0)
    for net, deviation in ((plain, 1.0), (scaled, 1.0 / 20.0)):
        assert np.std(net.weights[0]) == pytest.approx(deviation, rel=0.02)
        assert np.mean(net.weights[0]) == pytest.approx(0.0, abs=0.02 * deviation)
        assert np.std(net.biases[0]) == pytest.approx(1.0, rel=0.3)
    assert relative(scaled.weights[0] * 20.0, plain.weights[0]) < 1e-15
