"""`bpnet.explain`: what a training step of a network becomes."""

import copy

import numpy as np
import pytest
from _backends import parameters
from model._networks import CHANCY

import bpnet
from bpnet.activations import CustomActivation

CUBE = CustomActivation(lambda z, xp: z**3, lambda z, a, xp: 3.0 * z * z, name="cube")
X, Y = np.random.default_rng(0).standard_normal((12, 4)), np.arange(12) % 2


def network(library="numpy", **options):
    return bpnet.Network([4, 3, 2], cost="log_likelihood", seed=0, backend=library, **options)


def test_it_names_passes_buffers_calls_and_the_source():
    told = bpnet.explain(network(), batch_size=10, optimizer=bpnet.Adam(0.1), l2=0.01)
    assert not told.reason
    names = [one.name for one in told.passes]
    assert "accumulate" in names
    assert "fold_scale" in names
    assert any(line.split()[1:3] == ["(10,", "3)"] for line in told.buffers)  # a hidden layer's
    assert any("matmul(x, " in line for line in told.calls)
    assert "def " in told.source
    text = str(told)
    assert text.startswith("backend: <numpy on cpu, float32>\ntarget: NumpyTarget\n")
    for title in ("passes", "buffers", "calls", "source"):
        assert f"\n\n{title}\n" in text


@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_buffers_are_those_of_the_batch_size(batch_size):
    told = bpnet.explain(network(), batch_size)
    assert any(f"({batch_size}, 3)" in line for line in told.buffers)


def test_settings_show():
    plain, clipped = bpnet.explain(network()), bpnet.explain(network(), clip_norm=1.0, average=0.9)
    assert len(clipped.calls) > len(plain.calls)
    weighted = bpnet.explain(network(), batch_size=12, sample_weight=np.ones(12))
    assert str(weighted) != str(bpnet.explain(network(), batch_size=12))


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ((3,), {}, TypeError, "net must be a Network, not int"),
        ((network(), 0), {}, ValueError, "batch_size must be at least 1, not 0"),
        ((network(),), {"epochs": 2}, TypeError, "epochs"),
        ((network(),), {"l2": -1.0}, ValueError, "l2"),
    ],
)
def test_what_it_refuses(arguments, settings, error, message):
    with pytest.raises(error, match=message):
        bpnet.explain(*arguments, **settings)


def test_it_says_why_the_plain_loop_runs():
    net = bpnet.Network([4, 3, 2], activations=[CUBE, "sigmoid"], seed=0)
    told = bpnet.explain(net)
    reason = "the plain loop runs this step: power 3 is not known to the compiler"
    assert told.reason == reason
    assert str(told).splitlines()[-1] == reason
    assert not told.passes
    assert not told.source


def test_so_does_a_library_without_a_compiler():
    namespace = pytest.importorskip("array_api_strict", reason="it is not installed")
    told = bpnet.explain(bpnet.Network([4, 3, 2], backend=namespace, seed=0))
    assert told.reason.startswith("the plain loop runs this step: ")
    assert told.reason.endswith("has no compiler target")


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("layers", ["plain", "everything"])
def test_it_changes_nothing(library, layers):
    pytest.importorskip(library, reason=f"{library} is not installed")
    sizes = [4, 3, 2] if layers == "plain" else CHANCY[layers]
    x = X[:, : getattr(sizes[0], "size", sizes[0])]
    net = bpnet.Network(sizes, cost="log_likelihood", seed=0, backend=library)
    net.fit(x, Y, epochs=1, batch_size=5, optimizer=bpnet.Adam(0.1))
    twin = copy.deepcopy(net)
    before = net.state
    told = bpnet.explain(net, batch_size=5, optimizer=bpnet.Momentum(0.1), average=0.9)
    assert library in str(told)
    bpnet.explain(net, batch_size=3)
    assert all(one is other for one, other in zip(net.state, before, strict=True))
    assert (net.steps, net.epochs) == (twin.steps, twin.epochs) == (3, 1)
    for one in (net, twin):
        one.fit(x, Y, epochs=2, batch_size=5, optimizer=bpnet.Adam(0.1))
    assert parameters(net).tobytes() == parameters(twin).tobytes()


def test_it_may_be_asked_while_the_network_is_trained():
    net, told = network(), []

    class Ask(bpnet.Callback):
        def on_steps(self, fit, steps):
            told.append(str(bpnet.explain(fit.net, batch_size=5)))

    net.fit(X, Y, epochs=2, batch_size=5, optimizer=bpnet.Adam(0.1), callbacks=[Ask()])
    assert told == [str(bpnet.explain(network(), batch_size=5))] * len(told)
    assert told


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, not 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be a name or an Optimizer, not 0.1"),
        ({"l2": -1.0}, ValueError, "l2 must be at least 0"),
        ({"epochs": 3}, TypeError, "a step has no argument 'epochs'"),
        ({"acumulate": 3}, TypeError, "'acumulate': did you mean 'accumulate'"),
    ],
    ids=str,
)
def test_wrong_arguments(given, error, words):
    with pytest.raises(error, match=words):
        bpnet.explain(network(), **given)
