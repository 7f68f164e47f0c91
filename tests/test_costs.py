"""Costs of extreme weighted inputs, and their settings."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from _cases import PAIRS

import bpnet


def named(cases):
    return [pytest.param(*case, id="-".join(map(str, case))) for case in cases]


EXTREME = (-1e4, -745.0, -40.0, 0.0, 40.0, 700.0, 1e4)


def log_of_one_and(exponent):
    """``log(1 + exp(exponent))`` for an exponent of at most 0."""
    with localcontext() as context:
        context.prec = 60
        small = Decimal(exponent).exp()
        return float(small if small < Decimal("1e-40") else (1 + small).ln())


def cross_entropy(z, y):
    return (z * (1.0 - y) if z > 0 else -z * y) + log_of_one_and(-abs(z))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("z", EXTREME)
def test_sigmoid_with_binary_cross_entropy_is_stable(z, y, dtype):
    net = _fed(z, "sigmoid", "binary_cross_entropy", dtype)
    assert net.total_cost([[1.0]], [[y]]) == pytest.approx(
        cross_entropy(z, y), rel=1e-6 if dtype == "float32" else 1e-14, abs=1e-300
    )
    sigma = 1 / (1 + Decimal(-z).exp())
    assert net.backprop([[1.0]], [[y]]).biases[0][0] == pytest.approx(
        float(sigma) - y, rel=1e-6, abs=1e-7 if dtype == "float32" else 1e-15
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_softmax_with_categorical_cross_entropy_is_stable(label, dtype):
    z = [1e4, -1e4, 0.0]
    net = bpnet.Network([1, 3], cost="log_likelihood", dtype=dtype)
    net.set_parameters([[[one] for one in z]], [[0.0] * 3])
    assert net.total_cost([[1.0]], [label]) == [0.0, 2e4, 1e4][label]
    expected = np.eye(3)[0] - np.eye(3)[label]
    assert net.backprop([[1.0]], [label]).biases[0].tolist() == expected.tolist()
    z = [1e4, 1e4, -1e4]
    net.set_parameters([[[one] for one in z]], [[0.0] * 3])
    assert net.total_cost([[1.0]], [0]) == pytest.approx(math.log(2.0))
    assert net.total_cost([[1.0]], [2]) == pytest.approx(2e4 + math.log(2.0))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("z", [5.0, 17.5, 37.5, 80.0])
def test_a_small_cost_keeps_its_digits(target, z, dtype):
    """What is missing to certainty, ``log(1 + exp(-z))``, however close the probability is to 1."""
    exact = pytest.approx(log_of_one_and(-z), rel=2e-6 if dtype == "float32" else 1e-14)
    backend = target.backend(dtype)
    one = bpnet.Network([1, 1], cost="cross_entropy", backend=backend)
    one.set_parameters([[[z]]], [[0.0]])
    assert one.total_cost(target.give([[1.0]], dtype), target.give([[1.0]], dtype)) == exact
    assert one.total_cost(target.give([[-1.0]], dtype), target.give([[0.0]], dtype)) == exact
    two = bpnet.Network([1, 2], cost="log_likelihood", backend=backend)
    two.set_parameters([[[0.5 * z], [-0.5 * z]]], [[0.0, 0.0]])
    y = target.give([[1.0, 0.0]], dtype)
    assert two.total_cost(target.give([[1.0]], dtype), y) == exact
    history = two.fit(target.give([[1.0]], dtype), y, epochs=1, optimizer=bpnet.SGD(1e-9))
    assert history["train_cost"] == [exact]


def test_sigmoids_of_a_mixed_layer_go_with_the_cross_entropy():
    """Also where 1 - a is 0, and a gradient by a would be without end."""
    mixed = bpnet.activations.PerNeuron(["sigmoid"] * 2)
    for activations in ([mixed], ["sigmoid"]):
        net = bpnet.Network([1, 2], activations=activations, cost="cross_entropy", dtype="float32")
        net.set_parameters([[[30.0], [-30.0]]], [[0.0, 0.0]])
        nabla = net.backprop([[1.0]], [[0.0, 1.0]]).biases[0]
        assert nabla.tolist() == [1.0, -1.0]
        assert net.total_cost([[1.0]], [[0.0, 1.0]]) == 60.0
        assert net.total_cost([[1.0]], [[1.0, 0.0]]) == pytest.approx(2 * math.exp(-30), rel=1e-6)


def test_outputs_that_round_to_one_have_a_bounded_gradient():
    """An activation of one's own does not match the cost, and its derivative may be exact."""

    class Own(bpnet.activations.Sigmoid):
        name = "own"

    net = bpnet.Network([1, 1], activations=[Own()], cost="cross_entropy", dtype="float32")
    for z in (10.0, 16.0, 17.5, 25.0, 100.0):
        net.set_parameters([[[z]]], [[0.0]])
        assert -1e-3 <= net.backprop([[1.0]], [[0.0]]).biases[0][0] <= 2.0


@pytest.mark.parametrize("z", EXTREME)
@pytest.mark.parametrize("y", [-1e4, 0.0, 3.0])
def test_identity_with_quadratic_is_stable(z, y):
    net = _fed(z, "identity", "quadratic", "float64")
    assert net.total_cost([[1.0]], [[y]]) == pytest.approx((z - y) ** 2 / 2, rel=1e-14)
    assert net.backprop([[1.0]], [[y]]).biases[0][0] == z - y


@pytest.mark.parametrize("z", [z for z in EXTREME if z <= 700])
@pytest.mark.parametrize("y", [0.0, 3.0])
def test_exponential_with_poisson_is_stable(z, y):
    net = _fed(z, "exponential", "poisson", "float64")
    a = float(Decimal(z).exp())
    assert net.total_cost([[1.0]], [[y]]) == pytest.approx(a - y * z, rel=1e-12)
    assert net.backprop([[1.0]], [[y]]).biases[0][0] == pytest.approx(a - y, rel=1e-12)


def test_a_poisson_rate_beyond_the_numbers_is_infinite_and_not_nan():
    net = _fed(1e4, "exponential", "poisson", "float64")
    assert net.total_cost([[1.0]], [[3.0]]) == math.inf
    assert net.backprop([[1.0]], [[3.0]]).biases[0][0] == math.inf


@pytest.mark.parametrize(("activation", "cost"), named(PAIRS))
@pytest.mark.parametrize("z", [-1e4, 1e4])
def test_no_pair_gives_nan_however_extreme(activation, cost, z):
    net = bpnet.Network([1, 2], activations=[activation], cost=cost, dtype="float64")
    net.set_parameters([[[z], [-z]]], [[0.0, 0.0]])
    y = [[0.0, 1.0]]
    found = [net.feedforward([[1.0]]), net.backprop([[1.0]], y).biases[0]]
    if activation != "exponential":  # exp(1e4) is beyond the numbers
        assert all(np.isfinite(one).all() for one in found)
        assert math.isfinite(net.total_cost([[1.0]], y))
    assert not any(np.isnan(one).any() for one in found)


def _fed(z, activation, cost, dtype):
    """A network whose one output has weighted input z where it is fed a one."""
    net = bpnet.Network([1, 1], activations=[activation], cost=cost, dtype=dtype)
    net.set_parameters([[[z]]], [[0.0]])
    return net


def test_huber_needs_a_distance():
    for delta in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=f"delta must be greater than 0 .*, not {delta}"):
            bpnet.costs.Huber(delta)
