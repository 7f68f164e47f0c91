"""The faster forms of hidden layers: where they are used, and that they are the same functions."""

import numpy as np
import pytest
from _backends import host, relative
from _cases import ACTIVATIONS, SOFTSIGN, samples

import bpnet
from bpnet.activations import ELU, GELU, PerNeuron, Sigmoid, get, hidden_form

FASTER = {"sigmoid", "tanh", "elu", "gelu", "gelu_tanh", "silu", "softplus", "softmax"}
SMALLER = ["float16", "bfloat16"]


def test_which_activations_have_a_faster_form():
    assert {name for name in ACTIVATIONS if hidden_form(get(name)) != get(name)} == FASTER


def test_parameters_are_kept():
    assert hidden_form(ELU(0.3)).alpha == 0.3
    for approximate in (False, True):
        assert hidden_form(GELU(approximate)).approximate is approximate
    mixed = hidden_form(PerNeuron(["tanh", "relu", ELU(2.0)]))
    assert mixed.functions == (hidden_form(get("tanh")), get("relu"), hidden_form(ELU(2.0)))


def test_what_users_write_is_never_replaced():
    class Own(Sigmoid):
        name = "own"

    assert hidden_form(SOFTSIGN) is SOFTSIGN
    own = Own()
    assert hidden_form(own) is own


def test_only_hidden_layers_compute_them():
    for options in ({}, {"normalization": "layer"}):
        layers = [
            2,
            bpnet.Layer(3, activation="tanh", **options),
            bpnet.Layer(2, activation="tanh"),
        ]
        net = bpnet.Network(layers, cost="quadratic")
        architecture = net.model.architecture
        assert architecture.sigma == net.activations == (get("tanh"), get("tanh"))
        assert architecture.computed == (hidden_form(get("tanh")), get("tanh"))


@pytest.mark.parametrize("name", sorted(FASTER))
def test_they_are_the_same_functions(name):
    rng = np.random.default_rng(0)
    z, g = rng.normal(0.0, 3.0, (40, 5)), rng.standard_normal((40, 5))
    exact, fast = get(name), hidden_form(get(name))
    a = exact.value(z)
    np.testing.assert_allclose(fast.value(z), a, rtol=0.0, atol=1e-14)
    assert relative(fast.pullback(g, z, a), exact.pullback(g, z, a)) < 1e-14
    assert (fast.name, fast.range, fast.kinks) == (exact.name, exact.range, exact.kinks)


def finite_numbers(backend, kind):
    """Of every size that the type has, of both signs, in two columns."""
    largest = {"float16": 65504.0, "bfloat16": 3.3e38, "float32": 3.4e38, "float64": 1.7e308}[kind]
    z = np.concatenate([[0.0], np.geomspace(1e-7, largest, 400), np.linspace(0.0, 40.0, 401)])
    z = np.stack([z, -z], axis=1)
    if kind in SMALLER:
        wide = backend.from_host(np.clip(z, -largest, largest), "float32")
        return backend.xp.astype(wide, getattr(backend.xp, kind))
    return backend.from_host(z, kind)


@pytest.mark.parametrize("kind", ["float32", "float64", *SMALLER])
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "exponential"])
def test_no_finite_number_gives_nan(target, name, kind):
    if kind in SMALLER and target.library not in ("torch", "jax"):
        pytest.skip(f"{target.library} computes in no type as small as {kind}")
    backend = target.backend("float64" if kind == "float64" else "float32")
    with backend.scope():
        xp, z = backend.xp, finite_numbers(backend, kind)
        for sigma in (get(name), hidden_form(get(name))):
            a = sigma.value(z, xp)
            d = sigma.pullback(xp.ones_like(z), z, a, xp)
            assert a.dtype == d.dtype == z.dtype
            for one in (a, d):
                assert np.isfinite(backend.to_numpy(xp.astype(one, xp.float32))).all() or (
                    kind == "float64" and backend.all_finite(one)
                )


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "exponential"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_direct_calls_do_not_warn(name, dtype):
    """Of an overflow on the way to a result that is right."""
    z = np.asarray([[-1e38, 1e38], [-745.0, 745.0], [-89.0, 89.0], [-0.0, 0.0]], dtype)
    sigma = get(name)
    a = sigma.value(z)
    assert a.dtype == sigma.pullback(np.ones_like(z), z, a).dtype == z.dtype


@pytest.mark.parametrize("name", ["gelu_tanh", "gelu", "silu"])
@pytest.mark.parametrize("where", ["hidden", "output"])
def test_large_weighted_inputs_do_not_stop_training_in_float16(torch, name, where):
    """A derivative that is no number would have every step skipped."""
    activations = [name, "identity"] if where == "hidden" else ["identity", name]
    net = bpnet.Network(
        [1, 2, 1],
        activations=activations,
        cost="quadratic",
        backend="torch",
        compute_dtype="float16",
        seed=0,
    )
    net.set_parameters([[[2000.0], [-2000.0]], [[0.5, -0.5]]], [[0.0, 0.0], [0.0]])
    x, a = np.ones((8, 1)), 1000.0 if where == "hidden" else 2000.0
    # The scale of gradients begins too large, and halves with each step that overflows.
    net.fit(x, (a - 1.0) * x, epochs=40, batch_size=8, optimizer=bpnet.SGD(1e-7))
    (bias,) = host(net, net.biases[1])
    assert -1e-3 < bias < 0.0


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_training_does_not_change(kind):
    """With the faster forms and without them: the difference is rounding."""
    x, y = samples("binary_cross_entropy", 32)
    thetas = []
    for replaced in (False, True):
        net = bpnet.Network([2, 3, 3, 2], activations="tanh", cost="quadratic", dtype=kind, seed=1)
        if replaced:
            net.model.architecture.computed = net.model.architecture.sigma
        net.fit(x, y, epochs=20, batch_size=8, optimizer=bpnet.SGD(0.5))
        thetas.append(net.state.theta)
    assert 0.0 < relative(*thetas) < (1e-4 if kind == "float32" else 1e-12)
