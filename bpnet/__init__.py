"""Backpropagation for fully connected networks on NumPy, CuPy, PyTorch and JAX."""

import typing as _typing

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
from ._lib.lazy import lazy_attributes as _lazy_attributes
from .backends import BackendUnavailableError
from .model import Gradients, Layer
from .network import Network
from .optimizers import SGD, Momentum, Nesterov

if _typing.TYPE_CHECKING:
    from . import book as book
    from . import data as data
    from . import parallel as parallel
    from .backends import available_backends, get_backend, use
    from .data import load_table
    from .estimators import MLPClassifier, MLPRegressor
    from .explanation import explain
    from .gradients import GradientCheck, gradient_check
    from .insight.clipping import clipped_gradient_sum
    from .insight.diagnosis.callback import Diagnostics
    from .insight.diagnosis.diagnose import diagnose
    from .insight.diagnosis.result import Diagnosis
    from .insight.per_example import per_example_gradients, per_example_norms
    from .insight.privacy import private_sgd
    from .insight.trace import Trace, trace
    from .loading import load
    from .many_fits import ManyFits, fit_many
    from .optimizers import AdaGrad, Adam, AdamW, AMSGrad, Lion, Muon, NAdam, RAdam, RMSProp
    from .rate_finder import find_learning_rate
    from .tabular.evaluate import evaluate
    from .tabular.report import Report
    from .tabular.train import TableRun, train_table
    from .training import (
        Budget,
        Callback,
        Checkpoint,
        CSVLog,
        DivergenceError,
        EarlyStopping,
        HalveOnPlateau,
        History,
        KeepBest,
        Progress,
        ReduceOnPlateau,
        TensorBoard,
        read_checkpoint,
    )
    from .training.lbfgs import LBFGS

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
    "Checkpoint",
    "Diagnosis",
    "Diagnostics",
    "DivergenceError",
    "EarlyStopping",
    "GradientCheck",
    "Gradients",
    "HalveOnPlateau",
    "History",
    "KeepBest",
    "Layer",
    "Lion",
    "MLPClassifier",
    "MLPRegressor",
    "ManyFits",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "Network",
    "Progress",
    "RAdam",
    "RMSProp",
    "ReduceOnPlateau",
    "Report",
    "TableRun",
    "TensorBoard",
    "Trace",
    "activations",
    "available_backends",
    "backends",
    "clipped_gradient_sum",
    "costs",
    "diagnose",
    "evaluate",
    "explain",
    "find_learning_rate",
    "fit_many",
    "get_backend",
    "gradient_check",
    "initializers",
    "load",
    "load_table",
    "metrics",
    "normalization",
    "optimizers",
    "per_example_gradients",
    "per_example_norms",
    "private_sgd",
    "read_checkpoint",
    "schedules",
    "trace",
    "train_table",
    "use",
]

# What training needs is imported when it is first asked for.
_TRAINING = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "DivergenceError",
    "EarlyStopping",
    "HalveOnPlateau",
    "History",
    "KeepBest",
    "Progress",
    "ReduceOnPlateau",
    "TensorBoard",
    "read_checkpoint",
]
_OPTIMIZERS = ["AdaGrad", "Adam", "AdamW", "AMSGrad", "Lion", "Muon", "NAdam", "RAdam", "RMSProp"]

__getattr__ = _lazy_attributes(
    __name__,
    {
        **dict.fromkeys(_TRAINING, "training"),
        **dict.fromkeys(_OPTIMIZERS, "optimizers"),
        **dict.fromkeys(("available_backends", "get_backend", "use"), "backends"),
        "explain": "explanation",
        "GradientCheck": "gradients",
        "LBFGS": "training.lbfgs",
        "MLPClassifier": "estimators",
        "MLPRegressor": "estimators",
        "book": "",
        "Diagnosis": "insight.diagnosis.result",
        "Diagnostics": "insight.diagnosis.callback",
        "data": "",
        "parallel": "",
        "diagnose": "insight.diagnosis.diagnose",
        "Report": "tabular.report",
        "TableRun": "tabular.train",
        "Trace": "insight.trace",
        "clipped_gradient_sum": "insight.clipping",
        "evaluate": "tabular.evaluate",
        "ManyFits": "many_fits",
        "find_learning_rate": "rate_finder",
        "fit_many": "many_fits",
        "gradient_check": "gradients",
        "load": "loading",
        "load_table": "data",
        "trace": "insight.trace",
        "per_example_gradients": "insight.per_example",
        "per_example_norms": "insight.per_example",
        "private_sgd": "insight.privacy",
        "train_table": "tabular.train",
    },
)
