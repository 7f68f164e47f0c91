"""Accuracy and R2 summed over blocks of samples on the device: the figures of NumPy arrays."""

import numpy as np
import pytest

from bpnet import activations, metrics
from bpnet.compiler.rows import RowReductions
from bpnet.metrics.classes import classes_of_rows, predicted_classes, target_classes
from bpnet.metrics.r2 import R2

BLOCKS = (7, 1, 20)


def by_sums(metric, target, z, sigma, y):
    """The figure from sums over blocks of different sizes, as an epoch collects them."""
    backend = target.backend()
    found, cuts = {"counts": [], "sums": [], "moments": []}, np.cumsum(BLOCKS)[:-1]
    with backend.scope():
        for z_k, y_k in zip(np.split(z, cuts), np.split(y, cuts), strict=True):
            z_k, y_k = (backend.from_host(one, "float64") for one in (z_k, y_k))
            found["counts"].append(z_k.shape[0])
            block = metric.block(z_k, sigma, y_k, backend.xp, RowReductions(backend.xp))
            for name, one in zip(("sums", "moments"), block, strict=False):
                found[name].append(backend.to_numpy(one))
    return metric.figure(*(np.asarray(found[name], dtype=float) for name in metric.wants))


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "identity", "relu"])
@pytest.mark.parametrize(("outputs", "multilabel"), [(1, False), (3, False), (3, True)])
def test_accuracy(target, name, outputs, multilabel):
    rng = np.random.default_rng(outputs)
    sigma = activations.get(name)
    z = rng.standard_normal((sum(BLOCKS), outputs))
    y = (np.eye(outputs)[rng.integers(0, outputs, len(z))] if outputs > 1 else z > 0.3) * 1.0
    y[::3] = 1 - y[::3]
    accuracy = metrics.Accuracy(multilabel)
    expected = accuracy(y, sigma.value(z))
    assert 0.0 < expected < 1.0 or outputs == 1
    assert by_sums(accuracy, target, z, sigma, y) == expected


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("constant", [False, True])
def test_r2(target, outputs, constant):
    rng = np.random.default_rng(outputs)
    z, y = rng.standard_normal((2, sum(BLOCKS), outputs))
    if constant:
        y[:, -1] = 0.1
    expected = metrics.get("r2")(y, np.tanh(z))
    found = by_sums(R2(), target, z, activations.get("tanh"), y)
    assert found == pytest.approx(expected, rel=1e-12)


def test_classes_on_the_device_are_those_of_numpy_arrays(target):
    rows = np.asarray([[0.2, 0.7, 0.7], [0.5, 0.5, 0.5], [3.0, -1.0, 2.0]])
    column = np.asarray([[0.5], [0.50001], [-2.0], [1.0]])
    identity, backend = activations.get("identity"), target.backend()
    for one, expected in ((rows, [1, 0, 0]), (column, [0, 1, 0, 1])):
        assert classes_of_rows(one).tolist() == expected
        with backend.scope():
            array = backend.from_host(one, "float64")
            for found in (
                predicted_classes(array, identity, backend.xp),
                target_classes(array, backend.xp),
            ):
                assert backend.to_numpy(found).tolist() == expected
