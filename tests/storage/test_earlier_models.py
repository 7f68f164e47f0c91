"""A model of an earlier release, which did not keep the number of steps."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import bpnet
from bpnet.activations import LeakyReLU

PATH = Path(__file__).with_name("data") / "model.safetensors"


def test_it_loads():
    net, arrays = bpnet.load(PATH), load_file(PATH)
    assert net.sizes == (2, 3, 3, 2)
    assert net.activations[1] == LeakyReLU(0.2)
    assert (net.epochs, net.steps, net.seed, net.metadata) == (2, 0, 1, {"a": 1})
    for l, w in enumerate(net.weights):
        assert np.array_equal(w, arrays[f"weights.{l}"])
    assert np.array_equal(net.state.running[0], arrays["running"])
    norms = net.state.theta[net.model.layout.n_plain :]
    assert np.array_equal(norms, arrays["norms"])


def test_it_is_trained_on_and_saved_anew(tmp_path):
    net = bpnet.load(PATH)
    net.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=1, batch_size=1)
    net.save(tmp_path / "net.safetensors")
    assert bpnet.load(tmp_path / "net.safetensors").steps == net.steps == 2
