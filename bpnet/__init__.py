"""Backpropagation for fully connected networks on NumPy, CuPy, PyTorch and JAX."""

from . import (
    activations,
    backends,
    costs,
    initializers,
    metrics,
    normalization,
    optimizers,
    schedules,
)
from .backends import BackendUnavailableError, available_backends, get_backend, use
from .gradients import GradientCheck, gradient_check
from .lbfgs import LBFGS
from .network import Gradients, Layer, Network, load
from .optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    Momentum,
    Muon,
    NAdam,
    Nesterov,
    RAdam,
    RMSProp,
)
from .rate_finder import find_learning_rate
from .training import (
    Budget,
    Callback,
    CSVLog,
    DivergenceError,
    EarlyStopping,
    HalveOnPlateau,
    History,
    KeepBest,
    Progress,
    ReduceOnPlateau,
    TensorBoard,
)

__version__ = "0.1.0"

__all__ = [
    "LBFGS",
    "SGD",
    "AMSGrad",
    "AdaGrad",
    "Adam",
    "AdamW",
    "BackendUnavailableError",
    "Budget",
    "CSVLog",
    "Callback",
    "DivergenceError",
    "EarlyStopping",
    "GradientCheck",
    "Gradients",
    "HalveOnPlateau",
    "History",
    "KeepBest",
    "Layer",
    "Lion",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "Network",
    "Progress",
    "RAdam",
    "RMSProp",
    "ReduceOnPlateau",
    "TensorBoard",
    "activations",
    "available_backends",
    "backends",
    "costs",
    "find_learning_rate",
    "get_backend",
    "gradient_check",
    "initializers",
    "load",
    "metrics",
    "normalization",
    "optimizers",
    "schedules",
    "use",
]
