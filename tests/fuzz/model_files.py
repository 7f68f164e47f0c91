"""Damaged model files: of bytes, of the header's values, of arrays."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
from fuzz.mutations import mutated_bytes
from fuzz.safetensors_files import canonical, decoded, mutated_file

import bpnet
from bpnet.storage.header import MODEL

x = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)


def networks():
    """Networks that together have every part of a model file."""
    layer = bpnet.Layer
    plain = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=1)
    plain.metadata = {"classes": ["no", "yes"], "target": "y"}
    rich = bpnet.Network(
        [
            layer(3, noise=0.1, dropout=0.1),
            layer(4, activation=bpnet.activations.LeakyReLU(0.2), normalization="batch"),
            layer(4, activation="elu", normalization="layer", residual=True, dropout=0.5),
            1,
        ],
        cost="huber",
        seed=2,
        dtype="float64",
    )
    mixed = bpnet.activations.PerNeuron(["tanh", "gelu_tanh", "relu"])
    neurons = bpnet.Network([3, 3, 1], activations=[mixed, "sigmoid"], cost="cross_entropy", seed=3)
    return [plain, rich, neurons]


class ModelFiles:
    """Models of `networks`, loaded and asked for predictions."""

    name, suffix = "model", ".safetensors"
    errors = (ValueError,)

    def good(self):
        found = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            for net in networks():
                net.save(path)
                found.append(canonical(path.read_bytes()))
        return found

    def mutated(self, content, others, random):
        if random.random() < 0.3:
            return mutated_bytes(content, others, random)
        return mutated_file(decoded(content, MODEL), MODEL, random)

    def use(self, path):
        net = bpnet.load(path)
        inputs = np.resize(x, (4, net.sizes[0]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with np.errstate(over="ignore", invalid="ignore"):  # of huge parameters
                net.predict(inputs)
                outputs = net.feedforward(inputs)
        assert outputs.shape == (4, net.sizes[-1]), outputs.shape
        assert outputs.dtype.name == net.dtype, outputs.dtype
