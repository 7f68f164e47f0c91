"""Damaged checkpoints: of bytes, of the header's values, of arrays."""

import tempfile
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
from fuzz.mutations import mutated_bytes
from fuzz.safetensors_files import canonical, decoded, mutated_file

import bpnet
from bpnet.storage.checkpoints import _digest
from bpnet.storage.header import CHECKPOINT

_KINDS = ("classification", "regression")


def begin(kind, steps, folder=None, resume=None):
    """A fit of so many steps at most, with checkpoints in a folder, or from one."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3)).astype("float32")
    callbacks = [bpnet.Budget(steps=steps)]
    if kind == "classification":
        y = (x[:, 0] > 0).astype(int)
        layers = [3, bpnet.Layer(4, normalization="batch", dropout=0.2), 2]
        options = {"cost": "log_likelihood", "activations": "tanh"}
        settings = {"average": 0.9, "optimizer": bpnet.Adam(0.01), "metrics": ["log_loss"]}
        callbacks += [bpnet.EarlyStopping("train_cost"), bpnet.ReduceOnPlateau("train_cost")]
    else:
        y = x[:, :2] * 2.0
        layers, options = [3, 4, 2], {"task": "regression", "dtype": "float64"}
        options["activations"] = ["tanh", "identity"]
        settings = {"optimizer": bpnet.Momentum(0.01), "validation": (x, y)}
        callbacks += [bpnet.KeepBest("validation_cost"), bpnet.HalveOnPlateau("train_cost")]
    if folder is not None:
        callbacks.append(bpnet.Checkpoint(folder, every_steps=1, keep=100))
    net = bpnet.Network(layers, seed=1, **options)
    given = {"epochs": 4, "batch_size": 8, "callbacks": callbacks, "progress": False, **settings}
    return net, net.fit(x, y, resume=resume, **given)


class CheckpointFiles:
    """Checkpoints within epochs and between them, resumed for a step or two."""

    name, suffix = "checkpoint", ".safetensors"
    errors = (ValueError,)

    def good(self):
        found = []
        still = mock.patch.multiple("time", perf_counter=float, monotonic=float)
        with still, tempfile.TemporaryDirectory() as folder:  # the same bytes in every process
            for kind in _KINDS:
                begin(kind, 8, Path(folder, kind))
                for step in (2, 6, 8):
                    (path,) = Path(folder, kind).glob(f"*-step-{step:08d}.safetensors")
                    found.append(canonical(path.read_bytes()))
        return found

    def mutated(self, content, others, random):
        if random.random() < 0.2:
            return mutated_bytes(content, others, random)

        def sign(arrays, text):
            return {"digest": _digest(arrays, text)}

        return mutated_file(decoded(content, CHECKPOINT), CHECKPOINT, random, sign)

    def use(self, path):
        refusals = []
        for kind in _KINDS:
            try:
                net, history = self._resumed(kind, path)
            except ValueError as error:
                refusals.append(error)
            except bpnet.DivergenceError:
                pass  # of values that are finite, but huge
            else:
                assert np.isfinite(net.state.theta).all(), "parameters are not finite"
                assert net.feedforward(np.ones((2, 3))).shape == (2, 2), "outputs of another shape"
                assert all("train_cost" in row for row in history), "columns are missing"
        self._loaded(path)
        if len(refusals) == len(_KINDS):
            raise ValueError(f"{path.name}: " + " / ".join(map(str, refusals)))

    def _resumed(self, kind, path):
        snapshot = bpnet.read_checkpoint(path)
        steps = snapshot.header["steps"] + 2
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)  # as of a cost that becomes infinite
            with np.errstate(all="ignore"):  # of huge parameters
                return begin(kind, steps, resume=path)

    def _loaded(self, path):
        try:
            net = bpnet.load(path)
        except ValueError as error:
            if path.name not in str(error):
                raise
            return
        with np.errstate(all="ignore"):
            net.predict(np.ones((2, net.sizes[0])))
