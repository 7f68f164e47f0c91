"""The compute targets of the tests, and what the tests compare."""

import os
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

import bpnet

# BPNET_TEST_TARGETS names others, as "cupy,torch-cuda,jax-cuda" where there is a GPU.
TARGETS = os.environ.get("BPNET_TEST_TARGETS", "numpy,numpy-readonly,strict,torch,jax,cupy").split(
    ","
)


@dataclass(frozen=True)
class Target:
    """A library on a device, and how inputs are given to it."""

    name: str

    @property
    def library(self):
        return self.name.partition("-")[0]

    @property
    def device(self):
        if self.library == "cupy":
            return "cuda:0"
        return self.name.partition("-")[2] if self.library in ("torch", "jax") else None

    def missing(self):
        """Why it cannot compute here, found without bpnet; empty where it can."""
        module = {"strict": "array_api_strict"}.get(self.library, self.library)
        if find_spec(module) is None:
            return f"{module} is not installed"
        if self.library == "cupy":
            import cupy

            if not cupy.cuda.is_available():
                return f"cupy {cupy.__version__} is installed, but there is no CUDA GPU"
        return ""

    def backend(self, dtype="float64"):
        if self.library == "strict":
            from _strict import strict_backend

            return strict_backend("device1", dtype)
        if self.library == "torch":
            import torch

            torch.set_num_threads(1)
        return bpnet.get_backend(self.library, self.device or None, dtype)

    def give(self, x, dtype=None):
        """A NumPy array as this target's inputs come: of its library, or read-only."""
        x = np.asarray(x)
        if self.name == "numpy":
            return x
        if self.name == "numpy-readonly":
            x = x.copy()
            x.flags.writeable = False
            return x
        dtype = dtype or str(x.dtype)
        backend = self.backend(dtype if dtype == "float64" else "float32")
        with backend.scope():
            return backend.from_host(x, dtype)


def host(net, x):
    """A NumPy copy of an array in the network's library."""
    with net.backend.scope():
        return net.backend.to_numpy(x)


def parameters(net):
    """All parameters of a network in one NumPy vector."""
    return np.concatenate([host(net, one).ravel() for one in (*net.weights, *net.biases)])


def running_of(net):
    """Running means and variances of batch normalization in one NumPy vector."""
    return host(net, net.state.running[0])


def load_theta(net, theta):
    """Give a network other parameters: all of them, scales and shifts included, in one vector."""
    with net.backend.scope():
        net._store.replace(theta=net.backend.from_host(theta, net.dtype))


def load_running(net, running):
    """Give a network other running statistics, in one vector."""
    with net.backend.scope():
        net._store.replace(running=(net.backend.from_host(running, net.dtype),))


def init_optimizer(net, config):
    """Give a network what a way of stepping keeps: the optimizer's memory, an average, a scale."""
    with net.backend.scope():
        net._store.init_optimizer(config)


def set_counters(net, **changes):
    """Give a network other counts of epochs or steps."""
    trained = net._store.current
    net._store.current = trained._replace(counters=trained.counters.replaced(**changes))


def gradients(net, x, y):
    """The gradient by each array of parameters, as NumPy arrays."""
    found = net.backprop(x, y)
    return [host(net, one) for one in (*found.weights, *found.biases)]


def relative(found, expected):
    """Euclidean distance of two arrays in units of the longer."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    longest = max(np.linalg.norm(found), np.linalg.norm(expected), 1e-300)
    return np.linalg.norm(found - expected) / longest
