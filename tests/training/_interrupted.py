"""A fit that is broken off and resumed, and all that it comes to."""

import numpy as np
import pytest

import bpnet
import bpnet.cli.run_folder
import bpnet.training.streaming
from bpnet import schedules

N, SIZE, PER_EPOCH = 70, 8, 9  # the last mini-batch has 6 samples


EPOCHS, EVERY = 4, 4


class Crash(Exception):  # noqa: N818 - what a power cut is to a process, not an error of its own
    """The end of a fit."""


class CrashAt(bpnet.Callback):
    """Breaks the fit off after so many steps; before or after the end of their epoch."""

    last = True

    def __init__(self, steps, ended=False):
        self.steps, self.ended = steps, ended

    def on_steps(self, fit, steps):
        if fit.steps_done >= self.steps and not self.ended:
            raise Crash

    def on_epoch_end(self, fit, row):
        if fit.steps_done >= self.steps:
            raise Crash


def samples(seed=0, n=N):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def network(backend="numpy", dtype="float32", **options):
    """One with all that has a state of its own."""
    return bpnet.Network(
        [
            5,
            bpnet.Layer(7, activation="relu", normalization="batch", dropout=0.2),
            bpnet.Layer(7, activation="tanh", residual=True),
            3,
        ],
        **{
            "cost": "log_likelihood",
            "seed": 3,
            "backend": backend,
            "dtype": None if isinstance(backend, bpnet.backends.Backend) else dtype,
            **options,
        },
    )


def fit(net, callbacks=(), **options):
    x, y = samples()
    options = {
        "x": x,
        "y": y,
        "epochs": EPOCHS,
        "batch_size": SIZE,
        "optimizer": bpnet.Adam(schedules.Cosine(0.05, steps=99)),
        "average": 0.9,
        "validation": samples(1, 20),
        "metrics": ["log_loss"],
        "callbacks": callbacks,
        "progress": False,
        **options,
    }
    return net.fit(**options)


def end(net, history):
    """All that a fit came to, but for the seconds."""
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
    with net.backend.scope():
        state = [a for part in net.state[1:] for a in part]
        arrays = [net.state.theta, *state]
        bits = [net.backend.to_numpy(one).tobytes() for one in arrays]
    about = net.epochs, net.steps, history.stopped, history.best_epoch
    return list(map(list, rows)), rows, bits, about


def broken(folder, steps, make=list, backend="numpy", ended=False, **options):
    """A fit that is broken off after so many steps, with a checkpoint every few."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    callbacks = [*make(), bpnet.Checkpoint(folder, **written), CrashAt(steps, ended)]
    with pytest.raises(Crash):
        fit(network(backend), callbacks, **options)


def resumed(folder, make=list, backend="numpy", resume=None, **options):
    """The end of a fit that goes on from a folder."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    net = network(backend)
    checkpoint = bpnet.Checkpoint(folder, **written)
    resume = folder if resume is None else resume
    history = fit(net, [*make(), checkpoint], resume=resume, **options)
    return end(net, history)


def whole(folder, make=list, backend="numpy", **options):
    """The end of the same fit, not broken off."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    net = network(backend)
    return end(net, fit(net, [*make(), bpnet.Checkpoint(folder, **written)], **options))


def names(folder):
    return sorted(path.name for path in folder.iterdir())
