"""Parameters as the named arrays of a file, and those that do not fit."""

import numpy as np
import pytest
from model._networks import ALL

import bpnet
from bpnet.model.arrays import checked_arrays, flat_parameters, named_arrays

NETWORKS = {
    "plain": bpnet.Network([2, 3, 1], seed=0),
    **{name: bpnet.Network(layers, cost="log_likelihood", seed=0) for name, layers in ALL.items()},
}


def parts(net):
    """Architecture, and theta and running statistics whose entries all differ."""
    architecture = net.model.architecture
    theta = np.arange(float(architecture.layout.size))
    running = -1.0 - np.arange(float(architecture.running_size))
    return architecture, theta, running if running.size else None


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_come_back(name):
    architecture, theta, running = parts(NETWORKS[name])
    arrays = named_arrays(architecture, theta, running)
    assert [arrays[f"weights.{l}"].shape for l in range(len(architecture.sizes) - 1)] == [
        *architecture.layout.weight_shapes
    ]
    found, statistics = flat_parameters(architecture, arrays)
    assert np.array_equal(found, theta)
    assert np.array_equal(statistics, np.zeros(0) if running is None else running)
    kept = {"theta": theta} if running is None else {"theta": theta, "running": running}
    for one, other in zip(flat_parameters(architecture, kept), (found, statistics), strict=True):
        assert np.array_equal(one, other)


def test_the_names_say_what_they_are():
    architecture, theta, running = parts(NETWORKS["combined"])
    layers = len(architecture.sizes) - 1
    names = [f"{what}.{l}" for l in range(layers) for what in ("weights", "biases")]
    assert list(named_arrays(architecture, theta, running)) == [*names, "norms", "running"]
    architecture, theta, running = parts(NETWORKS["plain"])
    arrays = named_arrays(architecture, theta, running)
    assert arrays["weights.0"].tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert arrays["biases.1"].tolist() == [12.0]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"weights.0": None}, KeyError, "weights.0"),
        ({"biases.3": None}, KeyError, "biases.3"),
        ({"norms": None}, ValueError, r"norms has shape \(0,\), its header means \(\d+,\)"),
        ({"running": None}, ValueError, r"running has shape \(0,\), its header means \(\d+,\)"),
        ({"running": np.zeros(3)}, ValueError, r"running has shape \(3,\)"),
        ({"weights.0": np.zeros((3, 2))}, ValueError, r"weights.0 has shape \(3, 2\)"),
        ({"biases.0": np.zeros((3, 1))}, ValueError, r"biases.0 has shape \(3, 1\)"),
        ({"more": np.zeros(2), "others": np.zeros(2)}, ValueError, "unknown more, others"),
        ({"theta": np.zeros(5)}, ValueError, r"theta has shape \(5,\)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_arrays_that_do_not_fit_raise(change, error, words):
    architecture, theta, running = parts(NETWORKS["combined"])
    arrays = {**named_arrays(architecture, theta, running), **change}
    with pytest.raises(error, match=words):
        flat_parameters(architecture, {k: v for k, v in arrays.items() if v is not None})


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([], ValueError, "the network has 2 weights, 0 were given"),
        ([[[1.0, 2.0]]], ValueError, "the network has 2 weights, 1 were given"),
        ([[[1.0, 2.0]], [[1.0]]], ValueError, r"weights\[1\] has shape \(1, 1\), .* \(3, 1\)"),
        ([[1.0, 2.0], [[1.0]] * 3], ValueError, r"weights\[0\] has shape \(2,\), .* \(1, 2\)"),
        ([[[1.0, np.nan]], [[1.0]] * 3], ValueError, r"weights\[0\] is not finite"),
        ([[[1.0, 2.0]], [[np.inf]] * 3], ValueError, r"weights\[1\] is not finite"),
        ([[["a", "b"]], [[1.0]] * 3], (TypeError, ValueError), r"weights\[0\]"),
    ],
)
def test_a_users_arrays_that_do_not_fit_raise(target, given, error, words):
    backend, shapes = target.backend(), [(1, 2), (3, 1)]
    with backend.scope(), pytest.raises(error, match=words):
        checked_arrays(backend, "weights", given, shapes)


def test_a_users_arrays_come_flat_and_on_the_host(target):
    backend = target.backend()
    w = np.arange(6.0).reshape(2, 3)
    with backend.scope():
        given = [w.tolist(), target.give(w.T), w[:, ::-1]]
        found = checked_arrays(backend, "weights", given, [(2, 3), (3, 2), (2, 3)])
    assert all(type(one) is np.ndarray for one in found)
    for one, expected in zip(found, (w, w.T, w[:, ::-1]), strict=True):
        assert one.tolist() == expected.ravel().tolist()
