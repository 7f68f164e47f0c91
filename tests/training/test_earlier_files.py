"""Checkpoints of earlier releases, which give the parts of the state by position.

``data`` holds two that such a release wrote for the fit below, and the parameters at its end.
"""

from pathlib import Path

import numpy as np
import pytest
from _backends import parameters
from training._interrupted import broken, names, network, resumed, whole

import bpnet
from bpnet.storage.checkpoints import write_checkpoint_file
from bpnet.training import Snapshot

DATA = Path(__file__).with_name("data")
FILES = ["within-epoch", "between-epochs"]


def start():
    layers = [3, bpnet.Layer(4, normalization="batch", dropout=0.25), 3]
    return bpnet.Network(
        layers, activations="tanh", cost="log_likelihood", seed=3, dtype="float64", backend="numpy"
    )


def fit(net, **options):
    i = np.arange(30.0)
    x = np.stack([np.sin(i), np.cos(2.0 * i), np.sin(3.0 * i)], axis=1)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    return net.fit(
        x,
        y,
        epochs=4,
        batch_size=8,
        optimizer=bpnet.Adam(bpnet.schedules.Cosine(0.05, steps=40)),
        average=0.9,
        progress=False,
        **{"callbacks": [bpnet.EarlyStopping("train_cost", patience=9)], **options},
    )


@pytest.mark.parametrize("name", FILES)
def test_a_fit_resumes_and_ends_as_that_release_did(name):
    net, twin = start(), start()
    snapshot = bpnet.read_checkpoint(DATA / f"{name}.safetensors")
    history, unbroken, unwatched = fit(net, resume=snapshot), fit(twin), fit(start(), callbacks=[])
    # Another machine's BLAS may round otherwise than the one that wrote the files.
    np.testing.assert_allclose(parameters(net), np.load(DATA / "end.npy"), rtol=1e-12)
    np.testing.assert_allclose(parameters(net), parameters(twin), rtol=1e-12)
    # That release watched the means over the epochs, this one evaluates the epochs to come.
    kept = len(snapshot.header["history"])
    expected = unwatched["train_cost"][:kept] + unbroken["train_cost"][kept:]
    np.testing.assert_allclose(history["train_cost"], expected, rtol=1e-12)
    assert (net.epochs, net.steps, history.best_epoch) == (4, 16, unbroken.best_epoch)


@pytest.mark.parametrize("name", FILES)
def test_its_network_loads(name):
    path = DATA / f"{name}.safetensors"
    snapshot, net = bpnet.read_checkpoint(path), bpnet.load(path)
    theta = snapshot.arrays["state.0"]
    assert np.array_equal(net.state.theta, theta)
    assert np.array_equal(net.state.running[0], snapshot.arrays["state.2.0"])
    assert (net.dtype, net.seed, net.epochs) == ("float64", 3, snapshot.header["epochs"])


def by_position(snapshot):
    """The same snapshot as an earlier release laid it out."""
    header, arrays = {**snapshot.header}, dict(snapshot.arrays)
    fields = ["theta", "memory", "running", "average", "loss_scale"]
    for what in ("state", "whole"):
        kept = header[what]
        if "dict" not in kept:
            continue  # of a snapshot between two epochs there is no other state
        order = [name for name in fields if what == "state" or name != "memory"]
        parts = []
        for k, field in enumerate(order):
            part = kept["dict"][field]
            if field == "theta":
                arrays[f"{what}.0"] = arrays.pop(part["array"])
                parts.append({"array": f"{what}.0"})
                continue
            own = []
            for i, one in enumerate(part["tuple"]):
                arrays[f"{what}.{k}.{i}"] = arrays.pop(one["array"])
                own.append({"array": f"{what}.{k}.{i}"})
            parts.append({"tuple": own})
        header[what] = {"tuple": parts}
    header["network"] = {k: v for k, v in header["network"].items() if k != "steps"}
    return Snapshot(arrays, header)


@pytest.mark.parametrize("steps", [5, 9, 14, 27, 31])
def test_parts_by_position_resume_to_the_same_bits(tmp_path, steps):
    broken(tmp_path / "new", steps)
    (tmp_path / "old").mkdir()
    for name in names(tmp_path / "new"):
        snapshot = by_position(bpnet.read_checkpoint(tmp_path / "new" / name))
        assert "state.theta" not in snapshot.arrays
        write_checkpoint_file(tmp_path / "old" / name, *snapshot)
    assert resumed(tmp_path / "old") == whole(tmp_path / "whole")


def test_the_network_of_such_a_file_is_the_same(tmp_path):
    broken(tmp_path, 31)
    path = tmp_path / names(tmp_path)[-1]
    write_checkpoint_file(tmp_path / "old", *by_position(bpnet.read_checkpoint(path)))
    new, old = bpnet.load(path), bpnet.load(tmp_path / "old")
    assert parameters(new).tobytes() == parameters(old).tobytes()
    assert repr(new) == repr(old) == repr(network())
