"""Several fits of one network, single steps, copies and files in between."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import bpnet

from .digests import Found, judged
from .samples import data_of
from .training import ALL, averaged
from .ways import SINE, Way

__all__ = ["SEQUENCES"]


def step_by_step(way: Way) -> Found:
    """Single steps of several sizes."""
    data, net = data_of(), ALL.network(way)
    costs = []
    for k, size in enumerate((16, 16, 11, 16, 1, 30, 16, 11)):
        rows = slice(17 * k, 17 * k + size)
        costs.append(
            net.step(
                data.x[rows],
                data.y[rows],
                optimizer=bpnet.Adam(0.01),
                l2=0.001,
                clip_norm=1.0,
                label_smoothing=0.1,
                sample_weight=1.0 + np.arange(size) if k % 2 else None,
            )
        )
    return judged(net, [], data, {"costs": np.array(costs)})


def epoch_by_epoch(way: Way) -> Found:
    """Epochs that are asked for one by one, and left before the last."""
    data, net = data_of(), ALL.network(way)
    outputs = []
    with net.fitting(data.x, data.y, **ALL.settings(data, epochs=9)) as fit:
        for row in fit:
            outputs.append(net.feedforward(data.x[:20]))
            if row["epoch"] == 2:
                break
    return judged(net, [fit.history], data, {"outputs": np.stack(outputs)} | averaged(net))


def continued(way: Way) -> Found:
    """A fit, another with the same kind of optimizer, one with another kind, and a single step."""
    data, net = data_of(), ALL.network(way)
    optimizers = (bpnet.Adam(0.01), bpnet.Adam(0.003), bpnet.Nesterov(0.02), bpnet.Adam(0.003))
    histories = [
        net.fit(data.x, data.y, **ALL.settings(data, epochs=1, optimizer=one)) for one in optimizers
    ]
    net.step(data.x[:16], data.y[:16], optimizer=bpnet.Adam(0.003))
    return judged(net, histories, data)


def copied(way: Way) -> Found:
    """A copy in the other type that goes on; the network itself does, too."""
    data, net = data_of(), ALL.network(way)
    settings = ALL.settings(data, epochs=1)
    histories = [net.fit(data.x, data.y, **settings)]
    other = net.to(dtype="float64" if way.dtype == "float32" else "float32")
    histories += [one.fit(data.x, data.y, **settings) for one in (other, net)]
    more = {f"other {l}": one for l, one in enumerate([*other.weights, *other.biases])}
    return judged(net, histories, data, more)


def loaded(way: Way) -> Found:
    """A network that goes on from its file."""
    data, net = data_of(), ALL.network(way)
    settings = ALL.settings(data, epochs=1)
    histories = [net.fit(data.x, data.y, **settings)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        net.save(path)
        net = bpnet.load(path, backend="numpy", custom={"sine": SINE})
    histories.append(net.fit(data.x, data.y, **settings))
    return judged(net, histories, data)


def loaded_from_checkpoint(way: Way) -> Found:
    """A network that goes on from a checkpoint, without what the optimizer remembered."""
    data = data_of()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = bpnet.Checkpoint(folder)
        settings = ALL.settings(data, epochs=1, callbacks=[checkpoint])
        histories = [ALL.network(way).fit(data.x, data.y, **settings)]
        (path,) = Path(folder).iterdir()
        net = bpnet.load(path, backend="numpy", custom={"sine": SINE})
    histories.append(net.fit(data.x, data.y, **ALL.settings(data, epochs=1)))
    return judged(net, histories, data)


SEQUENCES: dict[str, Callable[[Way], Found]] = {
    "step by step": step_by_step,
    "epoch by epoch": epoch_by_epoch,
    "continued": continued,
    "copied": copied,
    "loaded": loaded,
    "loaded from a checkpoint": loaded_from_checkpoint,
}
