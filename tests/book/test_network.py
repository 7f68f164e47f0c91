"""bpnet.book.network, against the book's own loops, seed for seed."""

import numpy as np
import pytest
from _backends import relative
from book._samples import evaluation_samples, training_samples
from book.test_network2 import flat, next_numbers, seed

from benchmarks import book_loops as transcription
from bpnet.book import network


def both(sizes=(12, 7, 10)):
    """The book's network and this one, with the same parameters."""
    seed()
    expected = transcription.Network(list(sizes), cost=transcription.QuadraticCost, large=True)
    seed()
    return expected, network.Network(list(sizes))


@pytest.mark.parametrize("size", [1, 10, 100])
def test_seeded_runs_are_the_book_s(capsys, size):
    expected, net = both()
    seed(3)
    _, counts, _, _ = expected.SGD(training_samples(), 3, size, 3.0, 0.0, evaluation_samples())
    used = next_numbers()
    seed(3)
    data = training_samples()
    assert net.SGD(data, 3, size, 3.0, test_data=evaluation_samples()) is None
    assert next_numbers() == used
    assert relative(flat(net), flat(expected)) < 1e-13
    lines = [f"Epoch {k}: {count} / 23" for k, count in enumerate(counts)]
    assert capsys.readouterr().out.splitlines() == lines
    assert net.evaluate(evaluation_samples()) == counts[-1]
    net.SGD(data, 1, size, 3.0)
    assert capsys.readouterr().out == "Epoch 0 complete\n"


def test_backprop_and_a_single_step_are_the_book_s():
    expected, net = both()
    x, y = training_samples()[0]
    for found, right in zip(net.backprop(x, y), expected.backprop(x, y), strict=True):
        for one, other in zip(found, right, strict=True):
            assert one.shape == other.shape
            assert relative(one, other) < 1e-13
    expected.update_mini_batch(training_samples(), 3.0, 0.0, 37)
    net.update_mini_batch(training_samples(), 3.0)
    assert relative(flat(net), flat(expected)) < 1e-14
    assert net.cost_derivative(y, y).tolist() == [[0.0]] * 10


class Cubic(network.Network):
    """The cost ``sum_j (a_j - y_j)^4 / 4``."""

    def cost_derivative(self, output_activations, y):
        return (output_activations - y) ** 3


def test_a_cost_derivative_of_a_subclass_is_used(capsys):
    class Cost:
        @staticmethod
        def fn(a, y):
            return 0.0

        @staticmethod
        def delta(z, a, y):
            return (a - y) ** 3 * transcription.sigmoid_prime(z)

    seed()
    expected = transcription.Network([12, 7, 10], cost=Cost, large=True)
    seed()
    net = Cubic([12, 7, 10])
    seed(3)
    expected.SGD(training_samples(), 2, 10, 3.0)
    seed(3)
    net.SGD(training_samples(), 2, 10, 3.0)
    assert relative(flat(net), flat(expected)) < 1e-13


def test_shapes_are_refused():
    _, net = both()
    x, y = training_samples()[0]
    with pytest.raises(ValueError, match=r"a has shape \(12,\), expected \(12, 1\)"):
        net.feedforward(x[:, 0])
    with pytest.raises(ValueError, match=r"a has shape \(10, 1\) and y has shape \(10,\)"):
        net.cost_derivative(y, y[:, 0])
    with pytest.raises(ValueError, match=r"biases\[0\] has shape \(7,\), expected \(7, 1\)"):
        net.biases = [b[:, 0] for b in net.biases]
    with pytest.raises(ValueError, match=r"y of sample 0 has shape \(10, 1\), expected a digit"):
        net.evaluate(training_samples())


def test_a_network_for_single_outputs(capsys):
    """Of one output the answer is always 0; the labels may be columns of one entry."""
    seed()
    net = network.Network([2, 3, 1])
    inputs = [np.asarray([[a], [b]]) for a in (0, 1) for b in (0, 1)]
    data = [(x, np.asarray([[int(x.sum()) == 1]])) for x in inputs]
    net.SGD(data, 2, 4, 1.0, test_data=data)
    assert capsys.readouterr().out.splitlines() == ["Epoch 0: 2 / 4", "Epoch 1: 2 / 4"]


def test_the_functions():
    z = np.asarray([-1e4, -1.0, 0.0, 2.0])
    with np.errstate(over="ignore"):
        assert network.sigmoid(z).tolist() == transcription.sigmoid(z).tolist()
        assert network.sigmoid_prime(z).tolist() == transcription.sigmoid_prime(z).tolist()
