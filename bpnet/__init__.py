"""Backpropagation for fully connected networks on NumPy, CuPy, PyTorch and JAX."""

from . import activations, backends, costs, initializers, optimizers
from .backends import BackendUnavailableError, available_backends, get_backend, use
from .gradients import GradientCheck, gradient_check
from .network import Gradients, Layer, Network, load
from .optimizers import SGD, Adam, Momentum, Nesterov
from .training import Callback, DivergenceError, EarlyStopping, History, Progress

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "BackendUnavailableError",
    "Callback",
    "DivergenceError",
    "EarlyStopping",
    "GradientCheck",
    "Gradients",
    "History",
    "Layer",
    "Momentum",
    "Nesterov",
    "Network",
    "Progress",
    "activations",
    "available_backends",
    "backends",
    "costs",
    "get_backend",
    "gradient_check",
    "initializers",
    "load",
    "optimizers",
    "use",
]
