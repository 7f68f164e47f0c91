"""Numbers that a user gives, over every class that takes one: Python's own from then on."""

import math

import numpy as np
import pytest

import bpnet
from bpnet import activations, costs, initializers, metrics, normalization, optimizers, schedules

FAMILIES = (activations, costs, initializers, metrics, normalization, optimizers, schedules)
# What a class needs that has no default.
NEEDED = {
    activations.CustomActivation: {"value_of": max, "derivative_of": max},
    activations.PerNeuron: {"functions": ["tanh"]},
    costs.CustomCost: {"value_of": max, "gradient_of": max},
    metrics.CustomMetric: {"value_of": max},
    schedules.Constant: {"learning_rate": 0.1},
    schedules.Cosine: {"learning_rate": 0.1, "steps": 5},
    schedules.CosineRestarts: {"learning_rate": 0.1, "steps": 5},
    schedules.Exponential: {"learning_rate": 0.1},
    schedules.InverseTime: {"learning_rate": 0.1, "steps": 5},
    schedules.OneCycle: {"learning_rate": 0.1, "steps": 5},
    schedules.Piecewise: {"schedules": [0.1, 0.2], "boundaries": [3]},
    schedules.Polynomial: {"learning_rate": 0.1, "steps": 5},
    schedules.StepDecay: {"learning_rate": 0.1, "steps": 5},
    schedules.Warmup: {"schedule": 0.1, "steps": 5},
}


def classes():
    """Every class that a module of the mathematics lists, with its arguments."""
    for module in FAMILIES:
        for name in module.__all__:
            kind = getattr(module, name)
            if isinstance(kind, type) and getattr(kind, "fields", None):
                yield kind, NEEDED.get(kind, {})


def fields(*types):
    """Each field whose value is of one of these types."""
    for kind, needed in classes():
        if kind is optimizers.Optimizer:
            continue
        made = kind(**needed)
        for name in made.fields:
            if type(getattr(made, name)) in types:
                yield pytest.param(kind, needed, name, id=f"{kind.__name__}.{name}")


NUMBERS = list(fields(float))
COUNTS = list(fields(int))
SWITCHES = list(fields(bool))


def test_the_table_has_every_kind_of_number():
    found = {param.id for param in (*NUMBERS, *COUNTS, *SWITCHES)}
    assert found >= {
        "LeakyReLU.slope",
        "ELU.alpha",
        "GELU.approximate",
        "Huber.delta",
        "BatchNorm.momentum",
        "LayerNorm.epsilon",
        "SGD.learning_rate",
        "Muon.bias_factor",
        "OneCycle.warmup",
        "Cosine.steps",
        "TopKAccuracy.k",
    }
    assert len(found) > 70


@pytest.mark.parametrize(("kind", "needed", "name"), [*NUMBERS, *COUNTS])
def test_numbers_of_numpy_become_pythons(kind, needed, name):
    made = kind(**needed)
    own = getattr(made, name)
    scalars = (np.float64, np.float32) if type(own) is float else (np.int64, np.uint8)
    for scalar in (*scalars, lambda value: np.asarray(value)):
        other = kind(**{**needed, name: scalar(own)})
        assert type(getattr(other, name)) is type(own)
        assert getattr(other, name) == pytest.approx(own, rel=1e-6)
        assert repr(np.float64(0.0))[:3] not in repr(other)
    whole = kind(**{**needed, name: scalars[0](own)})
    assert whole == made
    assert hash(whole) == hash(made)


@pytest.mark.parametrize("value", ["steep", b"1", True, np.False_, 1j, [0.5], np.ones(1), {}, ()])
@pytest.mark.parametrize(("kind", "needed", "name"), [*NUMBERS, *COUNTS])
def test_what_is_no_number_raises_when_it_is_given(kind, needed, name, value):
    with pytest.raises(TypeError, match=f"^{name} must be a"):
        kind(**{**needed, name: value})


@pytest.mark.parametrize(("kind", "needed", "name"), [*NUMBERS, *COUNTS])
def test_none_is_no_number(kind, needed, name):
    with pytest.raises(TypeError, match=f"^{name} must be an? (number|integer).*, not None"):
        kind(**{**needed, name: None})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400])
@pytest.mark.parametrize(("kind", "needed", "name"), NUMBERS)
def test_numbers_are_finite(kind, needed, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be .*, not (nan|-?inf)"):
        kind(**{**needed, name: value})


@pytest.mark.parametrize("value", [1.5, 2.0, math.nan, math.inf])
@pytest.mark.parametrize(("kind", "needed", "name"), COUNTS)
def test_counts_are_whole(kind, needed, name, value):
    with pytest.raises(TypeError, match=f"^{name} must be an integer, not {value}"):
        kind(**{**needed, name: value})


@pytest.mark.parametrize("value", ["yes", 1, 0.0, [True]])
@pytest.mark.parametrize(("kind", "needed", "name"), SWITCHES)
def test_switches_are_true_or_false(kind, needed, name, value):
    with pytest.raises(TypeError, match=f"^{name} must be True or False, not "):
        kind(**{**needed, name: value})
    assert getattr(kind(**{**needed, name: np.True_}), name) is True


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: activations.CustomActivation(3, max), TypeError, r"value_of .* \(z, xp\), not 3"),
        (lambda: activations.CustomActivation(max, 3), TypeError, r"derivative_of .* \(z, a, xp\)"),
        (lambda: activations.CustomActivation(max, max, 3), TypeError, "name must be a string"),
        (lambda: own(range=(0,)), ValueError, "range must have 2 items, not 1"),
        (lambda: own(range=(1, 0)), ValueError, "range must go from low to high, not from 1 to 0"),
        (lambda: own(range=("a", 0)), TypeError, r"range\[0\] must be a number, not 'a'"),
        (lambda: own(range=(0, math.nan)), ValueError, r"range\[1\] must be a number, not nan"),
        (lambda: own(kinks=[math.inf]), ValueError, r"kinks\[0\] must be finite, not inf"),
        (lambda: own(kinks=0.0), TypeError, "kinks must be a sequence, not 0.0"),
        (lambda: activations.PerNeuron("tanh"), TypeError, "one per neuron, not 'tanh'"),
        (lambda: costs.CustomCost(max, 3), TypeError, r"gradient_of .* \(a, y, xp\), not 3"),
        (lambda: costs.CustomCost(max, max, partner="tanhh"), ValueError, "did you mean 'tanh'"),
        (lambda: metrics.F1(3), ValueError, "unknown average 3"),
        (lambda: optimizers.SGD(schedules.Cosine), TypeError, "not the class Cosine: Cosine"),
        (lambda: schedules.Piecewise([0.1, "b"], [3]), TypeError, r"schedules\[1\] must be a num"),
        (lambda: schedules.Piecewise([0.1, 1], [3.0]), TypeError, r"boundaries\[0\] must be an in"),
        (lambda: schedules.Piecewise(0.1, [3]), TypeError, "schedules must be a sequence, not 0.1"),
        (
            lambda: schedules.Warmup(True, 3),
            TypeError,
            "schedule must be a number or a funct",
        ),
        (lambda: schedules.get(None), TypeError, "function of the step, .* not None"),
    ],
)
def test_what_else_is_of_the_wrong_kind(make, error, words):
    with pytest.raises(error, match=words):
        make()


def own(**options):
    return activations.CustomActivation(lambda z, xp: z, lambda z, a, xp: 1.0, **options)


def test_several_numbers_are_a_tuple_of_floats():
    made = own(range=[np.float32(0), 1], kinks=np.asarray([0, 2]))
    assert (made.range, made.kinks) == ((0.0, 1.0), (0.0, 2.0))
    assert {type(one) for one in (*made.range, *made.kinks)} == {float}
    hash(made)
    boundaries = schedules.Piecewise([0.1, np.float64(0.2)], np.asarray([3])).boundaries
    assert [type(one) for one in boundaries] == [int]


def test_a_cost_may_name_its_partner():
    made = costs.CustomCost(max, max, partner="softplus")
    assert made.partner == activations.Softplus()


@pytest.mark.parametrize(
    "base", [activations.Activation, costs.Cost, metrics.Metric, optimizers.Optimizer]
)
def test_a_users_own_class_is_held_to_its_annotations(base):
    class Own(base):
        scale: float = np.float64(2.0)
        count: int = np.int64(2)

    given = {"learning_rate": 0.1} if base is optimizers.Optimizer else {}
    assert [type(getattr(Own(**given), name)) for name in ("scale", "count")] == [float, int]
    with pytest.raises(TypeError, match="scale must be a number, not 'large'"):
        Own(**given, scale="large")


# ------------------------------------------------------------------ the network's own type

WIDE = np.float64(0.5)
SIGMAS = {
    "leaky_relu": activations.LeakyReLU(WIDE),
    "elu": activations.ELU(WIDE),
    "per_neuron": activations.PerNeuron([activations.ELU(WIDE)] * 3),
    "custom": activations.CustomActivation(
        lambda z, xp: WIDE * z, lambda z, a, xp: WIDE + 0.0 * z, name="half"
    ),
}
COSTS = {
    "huber": costs.Huber(WIDE),
    "custom": costs.CustomCost(
        lambda a, y, xp: WIDE * xp.sum((a - y) ** 2, axis=-1), lambda a, y, xp: 2 * WIDE * (a - y)
    ),
}


@pytest.mark.parametrize("sigma", SIGMAS.values(), ids=SIGMAS)
@pytest.mark.parametrize("norm", [None, normalization.BatchNorm(WIDE, WIDE)], ids=["plain", "norm"])
def test_a_results_type_does_not_depend_on_the_number_of_rows(sigma, norm):
    """Few rows are computed by a plan, more of them by the plain loop."""
    layer = bpnet.Layer(3, activation=sigma, normalization=norm)
    net = bpnet.Network([2, layer, 1], activations=["tanh", "identity"], seed=0)
    for rows in (1, 2, 16, 17, 100):
        x = -np.ones((rows, 2), "f4")
        assert net.feedforward(x).dtype == "float32"
        assert net.predict(x).dtype == "float32"


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("sigma", SIGMAS.values(), ids=SIGMAS)
def test_a_training_keeps_the_networks_type(sigma, cost):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 2)).astype("f4"), rng.standard_normal((40, 1)).astype("f4")
    net = bpnet.Network([2, 3, 1], activations=[sigma, "identity"], cost=cost, seed=0)
    for size in (4, 20):
        rate = schedules.StepDecay(np.float32(0.01), np.int64(3), WIDE)
        net.fit(x, y, epochs=1, batch_size=size, optimizer=bpnet.Adam(rate, WIDE, WIDE))
        assert {one.dtype.name for one in (*net.weights, *net.biases)} == {"float32"}
        assert {part.dtype.name for part in net.backprop(x, y).weights} == {"float32"}
