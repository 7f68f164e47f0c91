"""BP1-BP4 against differences, NumPy, PyTorch's autograd and closed forms, over one grid."""

import itertools

import numpy as np
import pytest
from _backends import gradients, parameters, relative
from _cases import (
    ACTIVATIONS,
    BATCHES,
    COSTS,
    DEFINED,
    DEPTHS,
    PARTNERS,
    REFUSED,
    network,
    pairwise,
    samples,
    torch_costs,
    torch_functions,
)

import bpnet
from bpnet.activations import ELU, CustomActivation, LeakyReLU, PerNeuron, Tanh
from bpnet.costs import Huber

ALL_ACTIVATIONS = (*ACTIVATIONS, "softsign", "mixed")
ALL_COSTS = (*COSTS, "quartic")
GRID = list(itertools.product(ALL_ACTIVATIONS, ALL_COSTS, DEPTHS, BATCHES))
COVER = pairwise(ALL_ACTIVATIONS, ALL_COSTS, DEPTHS, BATCHES)


def named(cases):
    return [pytest.param(*case, id="-".join(map(str, case))) for case in cases]


# ------------------------------------------------------------------ the grid


@pytest.mark.parametrize(("activation", "cost", "depth", "batch"), named(GRID))
def test_differences_agree(activation, cost, depth, batch):
    report = bpnet.gradient_check(network(activation, cost, depth), *samples(cost, batch))
    assert report.error < 1e-7, report
    assert sum(report.unresolved.values()) <= 0.01 * report.coordinates, report
    assert report.passed


@pytest.mark.parametrize(("activation", "cost"), named(REFUSED))
def test_outputs_that_a_cost_is_not_defined_for_raise(activation, cost):
    with pytest.raises(ValueError, match=activation) as caught:
        bpnet.Network([2, 2], activations=[activation], cost=cost)
    assert cost in str(caught.value)
    if (activation, cost) == ("softmax", "binary_cross_entropy"):
        assert "categorical_cross_entropy" in str(caught.value)


@pytest.mark.parametrize(
    ("output", "cost", "constructs"),
    [
        (PerNeuron(["sigmoid", "sigmoid"]), "binary_cross_entropy", True),
        (PerNeuron(["sigmoid", "tanh"]), "binary_cross_entropy", False),
        (PerNeuron(["exponential", "softplus"]), "poisson", True),
        (PerNeuron(["exponential", "relu"]), "poisson", False),
        (CustomActivation(lambda z, xp: z, lambda z, a, xp: z, name="own"), "poisson", False),
        (
            CustomActivation(lambda z, xp: z, lambda z, a, xp: z, name="own", range=(0, 1)),
            "binary_cross_entropy",
            True,
        ),
    ],
)
def test_ranges_of_composed_outputs(output, cost, constructs):
    if constructs:
        assert bpnet.Network([2, 2], activations=[output], cost=cost).activations == (output,)
    else:
        with pytest.raises(ValueError, match=cost) as caught:
            bpnet.Network([2, 2], activations=[output], cost=cost)
        assert output.name in str(caught.value)


def test_the_cover_is_a_cover():
    factors = (ALL_ACTIVATIONS, ALL_COSTS, DEPTHS, BATCHES)
    for (i, left), (j, right) in itertools.combinations(enumerate(factors), 2):
        met = {(row[i], row[j]) for row in COVER}
        assert met == set(itertools.product(left, right))
    assert len(COVER) < len(GRID) / 8


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize(("activation", "cost", "depth", "batch"), named(COVER))
def test_every_target_agrees_with_numpy(target, activation, cost, depth, batch, dtype, tolerance):
    x, y = samples(cost, batch)
    expected = gradients(network(activation, cost, depth, "numpy", dtype), x, y)
    net = network(activation, cost, depth, target.backend(dtype))
    found = gradients(net, target.give(x, dtype), target.give(y, dtype))
    for g, reference in zip(found, expected, strict=True):
        assert str(g.dtype) == dtype
        assert relative(g, reference) < tolerance


# ------------------------------------------------------------------ PyTorch's autograd


def autograd(torch, net, hidden, output, cost, x, y):
    """Mean cost and gradient, by PyTorch alone, from a network's parameters."""
    leaves = [torch.tensor(np.asarray(p), requires_grad=True) for p in (*net.weights, *net.biases)]
    w, b = leaves[: len(leaves) // 2], leaves[len(leaves) // 2 :]
    functions = [torch_functions(torch)[name] for name in [hidden] * (len(w) - 1) + [output]]
    a = torch.tensor(x)
    for weights, biases, function in zip(w, b, functions, strict=True):
        a = function(torch.nn.functional.linear(a, weights, biases))
    mean = torch_costs(torch)[cost](a, torch.tensor(y)) / len(x)
    return mean.item(), [g.numpy() for g in torch.autograd.grad(mean, leaves)]


EVERY_PAIR = [
    (sigma, cost) for cost in ALL_COSTS for sigma in ACTIVATIONS if sigma in DEFINED[cost]
]


@pytest.mark.parametrize("hidden", ["tanh", "softmax", "mixed", "softsign"])
@pytest.mark.parametrize(("output", "cost"), named(EVERY_PAIR))
def test_autograd_agrees_for_every_output(torch, hidden, output, cost):
    x, y = samples(cost, 7)
    net = network(hidden, cost, 2, dtype="float64", output=output)
    mean, expected = autograd(torch, net, hidden, output, cost, x, y)
    assert net.total_cost(x, y) == pytest.approx(mean, rel=1e-12)
    for g, reference in zip(gradients(net, x, y), expected, strict=True):
        assert relative(g, reference) < 1e-12


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("cost", ALL_COSTS)
@pytest.mark.parametrize("hidden", ALL_ACTIVATIONS)
def test_autograd_agrees_for_every_hidden_layer(torch, hidden, cost, depth):
    x, y = samples(cost, 7)
    output = PARTNERS[cost]
    net = network(hidden, cost, depth, dtype="float64", output=output)
    _, expected = autograd(torch, net, hidden, output, cost, x, y)
    for g, reference in zip(gradients(net, x, y), expected, strict=True):
        assert relative(g, reference) < 1e-12


PARAMETRIZED = [
    (
        LeakyReLU(0.3),
        "quadratic",
        lambda F, z: F.leaky_relu(z, 0.3),
        lambda F, a, y: (a - y) ** 2 / 2,
    ),
    (ELU(0.4), "quadratic", lambda F, z: F.elu(z, 0.4), lambda F, a, y: (a - y) ** 2 / 2),
    (Tanh(), Huber(0.3), lambda F, z: F.tanh(z), lambda F, a, y: F.huber_loss(a, y, "none", 0.3)),
    (Tanh(), Huber(2.5), lambda F, z: F.tanh(z), lambda F, a, y: F.huber_loss(a, y, "none", 2.5)),
]


@pytest.mark.parametrize(("activation", "cost", "function", "loss"), PARAMETRIZED)
def test_parameters_of_functions(torch, activation, cost, function, loss):
    net = bpnet.Network(
        [3, 5, 2], activations=[activation, "identity"], cost=cost, dtype="float64", seed=0
    )
    x, y = samples("huber", 9, 3)
    assert bpnet.gradient_check(net, x, y).passed
    leaves = [torch.tensor(p, requires_grad=True) for p in (*net.weights, *net.biases)]
    F = torch.nn.functional
    a = F.linear(function(F, F.linear(torch.tensor(x), leaves[0], leaves[2])), leaves[1], leaves[3])
    mean = loss(F, a, torch.tensor(y)).sum() / len(x)
    assert net.total_cost(x, y) == pytest.approx(mean.item(), rel=1e-13)
    for g, reference in zip(gradients(net, x, y), torch.autograd.grad(mean, leaves), strict=True):
        assert relative(g, reference) < 1e-12


# ------------------------------------------------------------------ the check itself

WRONG = CustomActivation(lambda z, xp: xp.tanh(z), lambda z, a, xp: 1.0001 - a * a, name="wrong")


def test_a_wrong_derivative_is_found():
    net = bpnet.Network([2, 3, 2], activations=[WRONG, "sigmoid"], seed=0)
    report = bpnet.gradient_check(net, *samples("quadratic", 3))
    assert not report.passed
    assert report.error == report.errors["weights[0]"] or report.error == report.errors["biases[0]"]
    assert 1e-7 < report.error < 1e-2
    assert report.errors["weights[1]"] < 1e-7  # the layer after is right
    assert "gradient check FAILED: 17 parameters" in str(report)
    assert bpnet.gradient_check(net, *samples("quadratic", 3), tolerance=0.01).passed


def test_coordinates_at_a_kink_are_counted():
    net = bpnet.Network([2, 3, 1], activations="relu", cost="huber", initializer="zeros")
    report = bpnet.gradient_check(net, [[1.0, 2.0]], [[0.5]])
    assert report.unresolved == {"weights[0]": 6, "biases[0]": 3}
    assert report.coordinates == 13
    assert not report.passed
    assert "3 at a kink, not compared" in str(report)


def test_a_kink_near_by_is_resolved_by_a_smaller_step():
    net = bpnet.Network([1, 1], activations=["relu"], cost="quadratic")
    net.set_parameters([[[1.0]]], [[0.0]])
    report = bpnet.gradient_check(net, [[1e-3]], [[1.0]])
    assert report.unresolved == {}
    assert report.passed


def test_the_kink_of_a_cost_counts_too():
    net = bpnet.Network([1, 1], activations=["identity"], cost="huber", initializer="zeros")
    report = bpnet.gradient_check(net, [[1.0]], [[1.0]])
    assert sum(report.unresolved.values()) == 2


def test_a_dead_rectifier_has_no_gradient_and_no_difference():
    net = bpnet.Network([2, 3, 1], activations=["relu", "identity"], seed=0)
    net.set_parameters(net.weights, [[-9.0] * 3, [0.0]])
    report = bpnet.gradient_check(net, [[0.1, 0.2]], [[1.0]])
    assert report.passed


def test_a_network_is_checked_in_float64_and_left_as_it_is():
    net = network("tanh", "quadratic", 2, dtype="float32")
    before = parameters(net)
    report = bpnet.gradient_check(net, *samples("quadratic", 3))
    assert "five-point differences in float64" in report.reference
    assert report.error < 1e-9
    assert net.dtype == "float32"
    assert np.array_equal(parameters(net), before)


def test_every_target_passes_the_check(target):
    net = network("gelu", "categorical_cross_entropy", 2, target.backend("float32"))
    x, y = samples("categorical_cross_entropy", 3)[0], np.eye(2)[[0, 1, 1]]
    report = bpnet.gradient_check(net, target.give(x, "float32"), target.give(y, "float32"))
    assert report.passed
    assert "float64" in report.reference


def test_a_device_without_float64_is_compared_with_numpy_and_the_report_says_so():
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    from _strict import strict_backend

    backend = strict_backend("no_float64", "float32")
    report = bpnet.gradient_check(
        network("tanh", "quadratic", 2, backend), *samples("quadratic", 3)
    )
    assert report.passed
    assert report.tolerance == 1e-5
    words = "NumPy's gradient in float32 (its floating-point dtypes there are float32)"
    assert words in str(report)


SCALES = [1e-6, 1.0, 1e3, 1e6]


def stack(activation, normalization):
    """Two layers with a function, of which the second is bypassed."""
    layer = bpnet.Layer(4, activation=activation, normalization=normalization, dropout=0.2)
    above = bpnet.Layer(4, activation=activation, normalization=normalization, residual=True)
    return bpnet.Network([3, layer, above, 1], activations=["tanh"] * 2 + ["identity"], seed=1)


def own(factor, name):
    sigma = bpnet.activations.get(name)
    return CustomActivation(
        lambda z, xp: sigma.value(z, xp),
        lambda z, a, xp: factor * sigma.derivative(z, a, xp),
        name=f"{factor} {name}",
        kinks=sigma.kinks,
    )


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_right_networks_pass_whatever_the_units(normalization, scale, size):
    """A bias before batch normalization has the gradient 0, and differences of rounding."""
    rng = np.random.default_rng(0)
    x, y = size * rng.standard_normal((20, 3)), scale * rng.standard_normal((20, 1))
    report = bpnet.gradient_check(stack("tanh", normalization), x, y)
    assert report.passed, report


@pytest.mark.parametrize("factor", [1.01, -1.0, 2.0])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus", "relu"])
def test_wrong_derivatives_fail_whatever_the_units(name, normalization, scale, factor):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((9, 3)), scale * rng.standard_normal((9, 1))
    report = bpnet.gradient_check(stack(own(factor, name), normalization), x, y)
    assert report.error > report.tolerance, report


@pytest.mark.parametrize("factor", [1.01, -1.0, 2.0])
@pytest.mark.parametrize("scale", [1e-4, 1.0])
@pytest.mark.parametrize(
    ("cost", "output"), [("quadratic", "tanh"), ("huber", "identity"), ("poisson", "softplus")]
)
def test_wrong_gradients_of_costs_fail(cost, output, scale, factor):
    right = bpnet.costs.get(cost)
    wrong = bpnet.costs.CustomCost(
        lambda a, y, xp: scale * right.value(a, y, xp),
        lambda a, y, xp: scale * factor * right.gradient(a, y, xp),
    )
    rng = np.random.default_rng(0)
    net = bpnet.Network([3, 4, 1], activations=["tanh", output], cost=wrong, seed=0)
    report = bpnet.gradient_check(net, rng.standard_normal((9, 3)), rng.uniform(0.1, 0.9, (9, 1)))
    assert not report.passed, report


def test_costs_whose_squares_are_infinite():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), 1e100 * rng.standard_normal((20, 1))
    net = bpnet.Network([3, 4, 1], activations=["tanh", "identity"], seed=0)
    report = bpnet.gradient_check(net, x, y)
    assert report.passed
    assert report.error < 1e-7


def test_without_float64_a_gradient_that_is_zero_by_construction_passes():
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    from _strict import strict_backend

    net = stack("tanh", "batch").to(strict_backend("no_float64", "float32"))
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), 1e3 * rng.standard_normal((20, 1))
    report = bpnet.gradient_check(net, x, y)
    assert report.passed, report
    assert "float32" in report.reference
