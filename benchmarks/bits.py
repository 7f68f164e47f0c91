"""Whether training still comes to the same bits: ``python -m benchmarks.bits --record FILE``.

Small trainings with NumPy, each of which leaves SHA-256 digests of its parameters, its history and
its predictions. ``--compare FILE`` repeats them and names those that came out otherwise. Only what
bpnet documents is used, so that this file runs before and after a change of its insides.

Bits also depend on NumPy's release, on the kernels that it and OpenBLAS choose for the processor,
and on the number of threads: a record is compared only where these are what they were.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import load_file
from tqdm import tqdm

import bpnet
from bpnet import Layer, Network, schedules
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.costs import CustomCost, Huber
from bpnet.data import (
    ArraySource,
    CsvSource,
    IdxSource,
    IterableSource,
    NpySource,
    SequenceSource,
    load_digits,
    load_table,
)
from bpnet.normalization import BatchNorm, LayerNorm

from . import machine

__all__ = ["CONFIGURATIONS", "compare", "differences", "environment", "main", "repeat"]

SEED = 7
WIDTH, CLASSES = 16, 4  # of all layers but the output's, so that any may be residual
SAMPLES, HELD, BATCH = 203, 45, 16  # the last mini-batch has 11 samples
ROWS = 9000  # of a stream: more than one buffer

Found = dict[str, str]
"""The digest of each thing that a training leaves."""


# ------------------------------------------------------------------ what differs in all of them


class Way(NamedTuple):
    """In which type a step is computed, and whether as a plan or call by call.

    Parameters
    ----------
    name : {"plan", "loop"}
    dtype : {"float32", "float64"}
    """

    name: str
    dtype: str

    @property
    def sigma(self) -> Any:
        """The activation of one layer, which decides: no plan knows a sine."""
        return SINE if self.name == "loop" else "tanh"

    def __str__(self) -> str:
        return f"{self.name}, {self.dtype}"


SINE = CustomActivation(
    lambda z, xp: xp.sin(z), lambda z, a, xp: xp.cos(z), name="sine", range=(-1.0, 1.0)
)
WAYS = [Way(name, dtype) for name in ("plan", "loop") for dtype in ("float32", "float64")]


# ------------------------------------------------------------------ data


class Data(NamedTuple):
    """Samples to train on, and others to judge by."""

    x: np.ndarray
    y: np.ndarray
    held: tuple[np.ndarray, np.ndarray]


# Without functions of a mathematical library, so that data are the same everywhere.
TARGETS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "labels": lambda x: x[:, :CLASSES].argmax(axis=1),
    "bits": lambda x: (x[:, :CLASSES] > 0.3).astype(np.float64),
    "counts": lambda x: np.floor(np.abs(2.0 * x[:, :CLASSES])),
    "values": lambda x: x[:, :CLASSES] * x[:, CLASSES : 2 * CLASSES] + 0.5,
    "rows of labels": lambda x: np.eye(CLASSES)[x[:, :CLASSES].argmax(axis=1)],
    "two labels": lambda x: (x[:, 0] > x[:, 1] * x[:, 2]).astype(np.int64),
    "one value": lambda x: x[:, 0] * x[:, 1] + 0.5,
}


def data_of(targets: str = "labels", samples: int = SAMPLES, width: int = WIDTH) -> Data:
    """Seeded data, float64."""
    x = np.random.default_rng(SEED).uniform(-1.5, 1.5, (samples + HELD, width))
    y = TARGETS[targets](x)
    return Data(x[:samples], y[:samples], (x[samples:], y[samples:]))


# ------------------------------------------------------------------ digests


def judged(
    net: Network, histories: Iterable[bpnet.History], data: Data, more: dict[str, Any] | None = None
) -> Found:
    """Digests of a network's parameters, of the history of its fits, and of what it computes.

    Parameters
    ----------
    net : Network
    histories : iterable of History
    data : Data
        Of which it is to predict the held samples.
    more : dict of str to array, optional
        What else counts as parameters.
    """
    parameters: dict[str, Any] = dict(more or {})
    parameters |= {f"weights[{l}]": one for l, one in enumerate(net.weights)}
    parameters |= {f"biases[{l}]": one for l, one in enumerate(net.biases)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        net.save(path)  # has scales, shifts and running statistics, too
        parameters |= load_file(path)
    x, y = data.held
    outputs = {
        "all": net.feedforward(x),
        "few": net.feedforward(x[:5]),  # which a network may compute in another way
        "predictions": net.predict(x),
        "cost and score": np.array([net.total_cost(x, y), net.score(x, y)]),
    }
    return {
        "parameters": _digest_of_arrays(parameters),
        "history": _digest_of_rows(histories),
        "outputs": _digest_of_arrays(outputs),
    }


def _digest_of_arrays(arrays: dict[str, Any]) -> str:
    found = hashlib.sha256()
    for name, given in arrays.items():
        array = np.asarray(given)
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _digest_of_rows(histories: Iterable[bpnet.History]) -> str:
    found = [
        {
            "rows": [{name: row[name] for name in row if name != "seconds"} for row in history],
            "stopped": history.stopped,
            "best epoch": history.best_epoch,
        }
        for history in histories
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


# ------------------------------------------------------------------ trainings by one fit


_BOTTOM, _HIDDEN, _TOP = Layer(WIDTH), Layer(WIDTH, activation="relu"), Layer(CLASSES)
_LARGE = Layer(256, activation="relu")


@dataclass(frozen=True)
class Training:
    """A network of two hidden layers, and two epochs of training.

    Parameters
    ----------
    bottom, hidden, top : Layer
        The input's, the first hidden one, and the output's. The second hidden one has the
        activation that the way asks for.
    targets : str
        Of `TARGETS`.
    net, fit : dict
        Arguments of `Network` and of `Network.fit` that are not as in the other trainings.
    """

    bottom: Layer = _BOTTOM
    hidden: Layer = _HIDDEN
    top: Layer = _TOP
    targets: str = "labels"
    net: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)

    def network(self, way: Way) -> Network:
        """Before training."""
        layers = [self.bottom, self.hidden, Layer(WIDTH, activation=way.sigma), self.top]
        return network(layers, way, **self.net)

    def settings(self, data: Data, **changes: Any) -> dict[str, Any]:
        """Arguments of its fit, some perhaps changed."""
        always = {
            "epochs": 2,
            "batch_size": BATCH,
            "optimizer": bpnet.Momentum(0.05),
            "validation": data.held,
            "progress": False,
        }
        return always | self.fit | changes

    def __call__(self, way: Way) -> Found:
        net, data = self.network(way), data_of(self.targets)
        history = net.fit(data.x, data.y, **self.settings(data))
        return judged(net, [history], data, _averaged(net) if "average" in self.fit else {})


def network(layers: Sequence[int | Layer], way: Way, **options: Any) -> Network:
    """A network on NumPy, whatever the environment asks for."""
    return Network(
        layers,
        **{"cost": "categorical_cross_entropy", "seed": SEED} | options,
        backend="numpy",
        device="cpu",
        dtype=way.dtype,
    )


def _averaged(net: Network) -> dict[str, Any]:
    other = net.averaged()
    return {f"averaged {l}": one for l, one in enumerate([*other.weights, *other.biases])}


PLAIN = Training()
LAYERS = {
    "plain": PLAIN,
    "dropout": Training(hidden=Layer(WIDTH, "relu", dropout=0.3)),
    "input dropout": Training(bottom=Layer(WIDTH, dropout=0.2)),
    "noise": Training(bottom=Layer(WIDTH, noise=0.1)),
    "noise and input dropout": Training(bottom=Layer(WIDTH, noise=0.1, dropout=0.2)),
    "batch norm": Training(hidden=Layer(WIDTH, "relu", normalization="batch")),
    "batch norm, slow": Training(
        hidden=Layer(WIDTH, "sigmoid", normalization=BatchNorm(epsilon=1e-3, momentum=0.02))
    ),
    "layer norm": Training(hidden=Layer(WIDTH, "relu", normalization="layer")),
    "layer norm, large epsilon": Training(
        hidden=Layer(WIDTH, "tanh", normalization=LayerNorm(epsilon=1e-2))
    ),
    "residual": Training(hidden=Layer(WIDTH, "relu", residual=True)),
    "batch norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "silu", dropout=0.2, normalization="batch", residual=True),
    ),
    "layer norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "gelu", dropout=0.2, normalization="layer", residual=True),
    ),
    "function per neuron": Training(
        hidden=Layer(
            WIDTH, PerNeuron(["sigmoid"] * 5 + ["relu"] * 4 + ["tanh", "elu"] * 3 + ["silu"])
        )
    ),
    "outputs with functions of their own": Training(
        top=Layer(CLASSES, PerNeuron(["sigmoid", "identity", "softplus", "softplus"])),
        targets="values",
        net={"cost": "quadratic"},
    ),
}
ACTIVATIONS = {
    f"hidden {name}": Training(hidden=Layer(WIDTH, name), fit={"optimizer": bpnet.SGD(0.05)})
    for name in (
        *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu"),
        *("softplus", "exponential", "identity", "softmax"),
    )
} | {
    "hidden custom": Training(
        hidden=Layer(
            WIDTH,
            CustomActivation(
                lambda z, xp: z / (1.0 + xp.abs(z)),
                lambda z, a, xp: (1.0 - xp.abs(a)) ** 2,
                name="softsign",
            ),
        )
    )
}
SOFTENED = CustomCost(
    lambda a, y, xp: xp.sum(xp.sqrt((a - y) ** 2 + 1.0), axis=-1),
    lambda a, y, xp: (a - y) / xp.sqrt((a - y) ** 2 + 1.0),
    name="softened",
)
COSTS = {
    f"cost {cost if isinstance(cost, str) else cost.name}, {targets}, {top or 'its partner'}": (
        Training(top=Layer(CLASSES, top), targets=targets, net={"cost": cost})
    )
    for cost, targets, top in (
        ("quadratic", "labels", None),
        ("quadratic", "values", "identity"),
        ("quadratic", "values", "tanh"),
        ("quadratic", "labels", "softmax"),
        ("binary_cross_entropy", "bits", None),
        ("categorical_cross_entropy", "labels", "sigmoid"),
        ("huber", "values", None),
        (Huber(delta=0.2), "values", "softplus"),
        ("poisson", "counts", None),
        ("poisson", "counts", "softplus"),
        (SOFTENED, "values", None),
    )
}


class Bounded(bpnet.optimizers.Optimizer):
    """An optimizer of one's own: ``theta - eta tanh(5 g)``."""

    def update(
        self, theta: Any, gradient: Any, memory: Any, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Any, Any]:
        """Parameters and memory after a step."""
        (eta,) = rates
        return theta - eta * xp.tanh(5.0 * gradient), memory


STEPPERS = {
    "sgd": bpnet.SGD(0.1),
    "momentum": bpnet.Momentum(0.05),
    "nesterov": bpnet.Nesterov(0.05, momentum=0.8),
    "adagrad": bpnet.AdaGrad(0.05),
    "rmsprop": bpnet.RMSProp(0.005),
    "adam": bpnet.Adam(0.01),
    "amsgrad": bpnet.AMSGrad(0.01),
    "adamw": bpnet.AdamW(0.01, weight_decay=0.1),
    "nadam": bpnet.NAdam(0.01),
    "radam": bpnet.RAdam(0.01),
    "lion": bpnet.Lion(0.002),
    "lion, decay": bpnet.Lion(0.002, weight_decay=0.5),
    "muon": bpnet.Muon(0.02),
    "muon, decay": bpnet.Muon(0.02, weight_decay=0.1),
    "optimizer of one's own": Bounded(0.02),
}
OPTIMIZERS = {name: Training(fit={"optimizer": one}) for name, one in STEPPERS.items()}
RATES: dict[str, Any] = {
    "constant": schedules.Constant(0.05),
    "step decay": schedules.StepDecay(0.05, steps=5, factor=0.5),
    "exponential": schedules.Exponential(0.05, steps=3, factor=0.9),
    "inverse time": schedules.InverseTime(0.05, steps=10, power=0.5),
    "polynomial": schedules.Polynomial(0.05, steps=20, power=2.0, minimum=0.001),
    "cosine": schedules.Cosine(0.05, steps=20, minimum=0.001),
    "cosine restarts": schedules.CosineRestarts(0.05, steps=6, multiplier=2),
    "one cycle": schedules.OneCycle(0.1, steps=26),
    "warmup": schedules.Warmup(schedules.Cosine(0.05, steps=20), steps=5),
    "piecewise": schedules.Piecewise((0.05, schedules.Cosine(0.02, steps=9)), (8,)),
    "of one's own": lambda step: 0.05 / (1 + step),
}
SCHEDULES = {
    f"schedule {name}": Training(fit={"optimizer": bpnet.Momentum(rate)})
    for name, rate in RATES.items()
} | {
    f"{name}, cosine": Training(fit={"optimizer": kind(schedules.Cosine(0.01, 20), **decay)})
    for name, kind, decay in (
        ("adam", bpnet.Adam, {}),
        ("adamw", bpnet.AdamW, {"weight_decay": 0.1}),
        ("lion", bpnet.Lion, {"weight_decay": 0.1}),
        ("muon", bpnet.Muon, {"weight_decay": 0.1}),
    )
}
WEIGHTS = np.arange(SAMPLES) % 5 / 2.0
STEPS = {
    "l1": {"l1": 0.001},
    "l2": {"l2": 0.01},
    "l1 and l2": {"l1": 0.001, "l2": 0.01},
    "max norm": {"max_norm": 0.8},
    "clip value": {"clip_value": 0.01},
    "clip norm": {"clip_norm": 0.2},
    "accumulate": {"accumulate": 3},
    "average": {"average": 0.9},
    "label smoothing": {"label_smoothing": 0.1},
    "sample weight": {"sample_weight": WEIGHTS},
    "class weight": {"class_weight": {0: 2.0, 3: 0.5}},
    "class weight, balanced": {"class_weight": "balanced"},
    "sample and class weight, accumulate": {
        "sample_weight": WEIGHTS,
        "class_weight": "balanced",
        "accumulate": 2,
    },
    "all of a step": {
        "optimizer": bpnet.AdamW(schedules.Cosine(0.01, steps=30)),
        "l1": 0.001,
        "l2": 0.01,
        "max_norm": 1.5,
        "clip_value": 0.5,
        "clip_norm": 1.0,
        "accumulate": 2,
        "average": 0.95,
        "label_smoothing": 0.05,
        "sample_weight": WEIGHTS,
        "class_weight": {1: 3.0},
    },
    "batches of one": {"batch_size": 1},
    "equal batches": {"batch_size": 29},
    "one batch": {"batch_size": 1000},
    "evaluated training": {"evaluate_training": True},
    "metrics": {"metrics": ["f1", "auc", "log_loss", "top_2_accuracy", "balanced_accuracy"]},
    "metrics, evaluated training": {"metrics": ["f1", "log_loss"], "evaluate_training": True},
    "no validation": {"validation": None},
}
RECIPES = {name: Training(fit=settings) for name, settings in STEPS.items()} | {
    "accumulate with batch norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "relu", dropout=0.2, normalization="batch", residual=True),
        fit={"accumulate": 3, "average": 0.9, "optimizer": bpnet.Adam(0.01)},
    ),
    "batch norm, evaluated training": Training(
        hidden=Layer(WIDTH, "relu", normalization="batch"), fit={"evaluate_training": True}
    ),
    "labels in rows": Training(targets="rows of labels", fit={"class_weight": "balanced"}),
    "two classes": Training(
        top=Layer(1),
        targets="two labels",
        net={"cost": "binary_cross_entropy"},
        fit={"metrics": ["f1_binary", "auc"], "class_weight": "balanced", "label_smoothing": 0.1},
    ),
    "one value": Training(top=Layer(1), targets="one value", net={"cost": "huber"}),
    "metrics of regression": Training(
        top=Layer(CLASSES, "identity"),
        targets="values",
        net={"cost": "quadratic"},
        fit={"metrics": ["mae", "rmse"]},
    ),
}
INITIALIZERS = {
    f"initializer {name}": Training(net={"initializer": name})
    for name in (
        *("standard_normal", "scaled_normal", "glorot_uniform", "glorot_normal"),
        *("he_uniform", "he_normal", "orthogonal", "zeros"),
    )
}


# ------------------------------------------------------------------ large ones


@dataclass(frozen=True)
class Large:
    """A training whose parameters and activations are too many to lie in a core's cache.

    Parameters
    ----------
    hidden : Layer
    fit : dict
        Arguments of `Network.fit` that are not as in the others.
    """

    hidden: Layer = _LARGE
    fit: dict[str, Any] = field(default_factory=dict)

    def __call__(self, way: Way) -> Found:
        data = data_of(samples=640, width=300)
        layers = [300, self.hidden, Layer(64, activation=way.sigma), CLASSES]
        net = network(layers, way)
        settings = {"batch_size": 256, "optimizer": bpnet.Adam(0.002), **self.fit}
        history = net.fit(data.x, data.y, **PLAIN.settings(data, **settings))
        return judged(net, [history], data, _averaged(net) if "average" in self.fit else {})


LARGE = (
    {f"large, {name}": Large(fit={"optimizer": one}) for name, one in STEPPERS.items()}
    | {
        f"large, {name}": Large(Layer(256, name))
        for name in ("sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu", "softplus")
    }
    | {
        "large, dropout": Large(Layer(256, "relu", dropout=0.5)),
        "large, batch norm": Large(Layer(256, "relu", normalization="batch")),
        "large, layer norm": Large(Layer(256, "relu", normalization="layer")),
        "large, penalties": Large(fit={"l1": 1e-4, "l2": 1e-3, "max_norm": 2.0}),
        "large, clipped": Large(fit={"clip_value": 0.1, "clip_norm": 0.5}),
        "large, accumulate": Large(fit={"accumulate": 4}),
        "large, average": Large(fit={"average": 0.9}),
        "large, small batches": Large(fit={"batch_size": 32}),
    }
)


def many_outputs(way: Way) -> Found:
    """So many outputs that an epoch is several blocks of steps, judged part by part."""
    rng = np.random.default_rng(SEED)
    x, y = rng.uniform(-1.0, 1.0, (1300 + HELD, 8)), rng.uniform(0.0, 1.0, (1300 + HELD, 512))
    data = Data(x[:1300], y[:1300], (x[1300:], y[1300:]))
    net = network([8, Layer(24, way.sigma), Layer(512, "identity")], way, cost="quadratic")
    settings = PLAIN.settings(data, batch_size=256, evaluate_training=True)
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def wide_layer(way: Way) -> Found:
    """A layer so wide that samples are judged in several parts."""
    data = data_of(samples=700)
    net = network([WIDTH, Layer(4096, way.sigma), CLASSES], way)
    settings = PLAIN.settings(data, batch_size=100, evaluate_training=True)
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def many_steps(way: Way) -> Found:
    """So many small steps that their samples are gathered in several goes."""
    data, net = data_of(samples=2003), PLAIN.network(way)
    settings = PLAIN.settings(data, batch_size=8, optimizer=bpnet.Adam(0.003))
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


# ------------------------------------------------------------------ streams


def _streamed(open_source: Callable[[Data, Path], Any], way: Way, **changes: Any) -> Found:
    """Two epochs of a source of more rows than a buffer has."""
    data = data_of(samples=ROWS)
    net = Training(bottom=Layer(WIDTH, dropout=0.1)).network(way)
    settings = PLAIN.settings(data, batch_size=100, **changes)
    with tempfile.TemporaryDirectory() as folder, open_source(data, Path(folder)) as source:
        return judged(net, [net.fit(source, **settings)], data)


def _arrays(data: Data, folder: Path) -> ArraySource:
    return ArraySource(data.x.astype(np.float32), data.y)


def _npy(data: Data, folder: Path) -> NpySource:
    x, y = folder / "x.npy", folder / "y.npy"
    np.save(x, data.x)
    np.save(y, data.y)
    return NpySource(x, y)


def _csv(data: Data, folder: Path) -> CsvSource:
    path = folder / "rows.csv"
    rows = [
        [*sample, label] for sample, label in zip(data.x.tolist(), data.y.tolist(), strict=True)
    ]
    lines = [",".join(map(repr, row)) for row in rows]
    head = ",".join([*(f"x{k}" for k in range(WIDTH)), "label"])
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return CsvSource(path, "label")


def _idx(data: Data, folder: Path) -> IdxSource:
    x, y = folder / "images", folder / "labels"
    images = ((data.x + 1.5) * 85.0).astype(np.uint8)
    x.write_bytes(struct.pack(">BBBBII", 0, 0, 8, 2, *images.shape) + images.tobytes())
    y.write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, ROWS) + data.y.astype(np.uint8).tobytes())
    return IdxSource(x, y, scale=1 / 255)


def _sequence(data: Data, folder: Path) -> SequenceSource:
    return SequenceSource(list(zip(data.x, data.y.tolist(), strict=True)))


def _iterable(data: Data, folder: Path) -> IterableSource:
    return IterableSource(lambda: zip(data.x, data.y.tolist(), strict=True), len(data.x), "pairs")


STREAMS = {
    "stream of arrays": partial(_streamed, _arrays),
    "stream of NPY files": partial(_streamed, _npy),
    "stream of IDX files": partial(_streamed, _idx),
    "stream of a CSV file": partial(_streamed, _csv),
    "stream of a sequence": partial(_streamed, _sequence),
    "stream of an iterable": partial(_streamed, _iterable),
    "stream, evaluated training": partial(_streamed, _arrays, evaluate_training=True),
    "stream, label smoothing": partial(_streamed, _arrays, label_smoothing=0.1),
}


# ------------------------------------------------------------------ resumed from checkpoints


ALL = Training(
    bottom=Layer(WIDTH, noise=0.1),
    hidden=Layer(WIDTH, "relu", dropout=0.2, normalization="batch", residual=True),
    fit={"optimizer": bpnet.Adam(schedules.Cosine(0.01, steps=40)), "average": 0.9, "epochs": 3},
)


def _resumed(way: Way, at: str, stream: bool = False) -> Found:
    """A fit that goes on from a checkpoint of another, which went to its end."""
    data = data_of(samples=ROWS if stream else SAMPLES)
    given = (ArraySource(data.x, data.y),) if stream else (data.x, data.y)
    changes = {"epochs": 2, "batch_size": 100} if stream else {}

    def fit(net: Network, folder: str, resume: Path | None = None) -> bpnet.History:
        callbacks = [
            bpnet.EarlyStopping(patience=3),
            bpnet.ReduceOnPlateau(patience=0, min_delta=9.0),
            bpnet.Checkpoint(folder, every_steps=5, keep=99),
        ]
        settings = ALL.settings(data, callbacks=callbacks, **changes)
        return net.fit(*given, **settings, resume=resume)

    first, second = ALL.network(way), ALL.network(way)
    with tempfile.TemporaryDirectory() as folder:
        before = fit(first, folder)
        (path,) = Path(folder).glob(at)
        kept = bpnet.read_checkpoint(path).arrays
        with tempfile.TemporaryDirectory() as other:
            after = fit(second, other, resume=path)
    more = {f"checkpoint {name}": kept[name] for name in sorted(kept)} | _averaged(second)
    return judged(second, [before, after], data, more)


RESUMED = {
    "resumed within an epoch": partial(_resumed, at="epoch-0001-step-00000018.safetensors"),
    "resumed after an epoch": partial(_resumed, at="epoch-0001-step-00000013.safetensors"),
    "resumed within an epoch, stream": partial(
        _resumed, at="epoch-0001-step-00000095.safetensors", stream=True
    ),
}


# ------------------------------------------------------------------ one after another


def _called(way: Way, *callbacks: bpnet.Callback, **changes: Any) -> Found:
    """A fit with callbacks."""
    data, net = data_of(), PLAIN.network(way)
    settings = PLAIN.settings(data, callbacks=callbacks, **{"epochs": 6, **changes})
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def early_stopping(way: Way) -> Found:
    """Stopped, and given the best parameters back."""
    stopping = bpnet.EarlyStopping("train_cost", patience=2, min_delta=0.5)
    return _called(way, stopping)


def keep_best(way: Way) -> Found:
    """The parameters of the epoch that is called best."""
    return _called(way, bpnet.KeepBest("train_cost", mode="max"))


def reduce_on_plateau(way: Way) -> Found:
    """A rate that is reduced every other epoch."""
    plateau = bpnet.ReduceOnPlateau(factor=0.3, patience=1, min_delta=9.0)
    return _called(way, plateau, optimizer=bpnet.Adam(0.01))


def halve_on_plateau(way: Way) -> Found:
    """A rate that is halved each epoch until it ends the fit."""
    return _called(way, bpnet.HalveOnPlateau("train_cost", patience=1, lowest=0.1, mode="max"))


def budget(way: Way) -> Found:
    """An epoch that is not completed."""
    return _called(way, bpnet.Budget(steps=20))


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
    return judged(net, [fit.history], data, {"outputs": np.stack(outputs)} | _averaged(net))


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


def digits(way: Way) -> Found:
    """The digits that come with bpnet."""
    found = load_digits(seed=SEED)
    data, net = Data(*found.train, found.validation), network([64, Layer(30, way.sigma), 10], way)
    settings = PLAIN.settings(data, batch_size=32, optimizer=bpnet.Adam(0.003))
    return judged(net, [net.fit(data.x, data.y, **settings)], data, {"test": found.test[0]})


def table(way: Way) -> Found:
    """Numbers, of which some are missing, and words, prepared for training."""
    data = data_of()
    words = np.array(["small", "middle", "large"])[(data.x[:, 0] + 1.5).astype(int)]
    lines = ["a,b,c,size,kind"]
    for k, (sample, word, label) in enumerate(zip(data.x.tolist(), words, data.y, strict=True)):
        numbers = [repr(number) if (k + l) % 9 else "" for l, number in enumerate(sample[1:4])]
        lines.append(",".join([*numbers, word, f"kind {label}"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        found = load_table(path, "kind", seed=SEED)
    data = Data(*found.train, found.validation)
    net = network([data.x.shape[1], Layer(WIDTH, way.sigma), len(found.classes)], way)
    history = net.fit(data.x, data.y, **PLAIN.settings(data))
    return judged(net, [history], data, {"x": data.x, "test": found.test[0]})


def diverged(way: Way) -> Found:
    """Parameters and history after an epoch that could not be completed."""
    data = data_of("values")
    training = Training(top=Layer(CLASSES, "identity"), net={"cost": "quadratic"})
    net = training.network(way)
    settings = training.settings(data, epochs=1)
    histories = [net.fit(data.x, data.y, **settings)]
    try:
        net.fit(data.x, data.y, **training.settings(data, optimizer=bpnet.SGD(1e9)))
    except bpnet.DivergenceError as error:
        histories.append(error.history)
    histories.append(net.fit(data.x, data.y, **settings))
    return judged(net, histories, data)


def lbfgs(way: Way) -> Found:
    """Iterations over the whole batch."""
    data, net = data_of(), PLAIN.network(way)
    settings = PLAIN.settings(data, epochs=5, optimizer=bpnet.LBFGS(), l2=0.001, metrics=["f1"])
    del settings["batch_size"]
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def lbfgs_regression(way: Way) -> Found:
    """Iterations over the whole batch, with layer normalization and a residual layer."""
    data = data_of("values")
    hidden = Layer(WIDTH, "softplus", normalization="layer", residual=True)
    net = Training(hidden=hidden, net={"cost": "huber"}).network(way)
    history = bpnet.LBFGS(history_size=4).fit(
        net, data.x, data.y, epochs=5, validation=data.held, progress=False
    )
    return judged(net, [history], data)


def gradients(way: Way) -> Found:
    """The gradient over all samples, of a network with all that a layer can have."""
    data, net = data_of(), ALL.network(way)
    found = net.backprop(data.x, data.y)
    each = [*found.weights, *found.biases, *found.scales, *found.shifts]
    return judged(net, [], data, {f"gradient {k}": one for k, one in enumerate(each)})


def gradient_check(way: Way) -> Found:
    """How far the gradient is from differences of the cost."""
    data, net = data_of(), PLAIN.network(way)
    errors = bpnet.gradient_check(net, data.x[:20], data.y[:20]).errors
    return judged(net, [], data, {"errors": np.array([*errors.values()])})


def rate_test(way: Way) -> Found:
    """What the range test finds."""
    data, net = data_of(), ALL.network(way)
    test = bpnet.find_learning_rate(
        net, data.x, data.y, batch_size=BATCH, optimizer=bpnet.Adam(), steps=40
    )
    return judged(net, [], data, {"rates": test.rates, "costs": test.costs})


OTHERS: dict[str, Callable[[Way], Found]] = {
    "many outputs": many_outputs,
    "wide layer": wide_layer,
    "many steps": many_steps,
    "early stopping": early_stopping,
    "keep best": keep_best,
    "reduce on plateau": reduce_on_plateau,
    "halve on plateau": halve_on_plateau,
    "budget": budget,
    "step by step": step_by_step,
    "epoch by epoch": epoch_by_epoch,
    "continued": continued,
    "copied": copied,
    "loaded": loaded,
    "loaded from a checkpoint": loaded_from_checkpoint,
    "digits": digits,
    "table": table,
    "diverged": diverged,
    "l-bfgs": lbfgs,
    "l-bfgs, regression": lbfgs_regression,
    "gradients": gradients,
    "gradient check": gradient_check,
    "rate test": rate_test,
}


def _named() -> dict[str, Callable[[], Found]]:
    every = (LAYERS, ACTIVATIONS, COSTS, OPTIMIZERS, SCHEDULES, RECIPES, INITIALIZERS, LARGE)
    every = (*every, STREAMS, RESUMED, OTHERS)
    names = [name for group in every for name in group]
    assert len(set(names)) == len(names), "a name stands for one training"
    return {
        f"{name}; {way}": partial(make, way)
        for group in every
        for name, make in group.items()
        for way in WAYS
    }


CONFIGURATIONS = _named()
"""Each training by its name, which also says in which way and type it is computed."""


# ------------------------------------------------------------------ records


def environment() -> dict[str, Any]:
    """What bits depend on besides bpnet."""
    try:
        import threadpoolctl

        scipy = importlib.metadata.version("scipy")
    except ImportError as error:
        needed = "SciPy, and threadpoolctl, which knows OpenBLAS's core type"
        raise SystemExit(f"bits need {needed}: pip install scipy threadpoolctl") from error
    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    blas = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    return {
        "NumPy": np.__version__,
        "SciPy": scipy,
        "BLAS": [f"{one['internal_api']} {one['version']}" for one in blas],
        "core type": [one.get("architecture", "unknown") for one in blas],
        "threads": [one["num_threads"] for one in blas],
        "vector extensions": [*simd["baseline"], *simd["found"]],
        "system": f"{platform.system()} {platform.machine()}",
        "C library": " ".join(platform.libc_ver()),
    }


def repeat() -> dict[str, Found]:
    """Train each; of one that fails, the error takes the place of its digests."""
    found: dict[str, Found] = {}
    with tqdm(CONFIGURATIONS.items(), unit="training", dynamic_ncols=True, disable=None) as bar:
        for name, make in bar:
            try:
                found[name] = make()
            except Exception as error:
                bar.write(f"{name}:\n{traceback.format_exc()}", file=sys.stderr)
                found[name] = {"error": f"{type(error).__name__}: {error}"}
    return found


def differences(recorded: dict[str, Found], found: dict[str, Found]) -> list[str]:
    """A line for each training that did not leave what was recorded."""
    lines = []
    for name in {**recorded, **found}:
        if name not in found:
            lines.append(f"{name}: recorded, but there is no such training")
        elif name not in recorded:
            lines.append(f"{name}: not in the record")
        elif "error" in found[name]:
            lines.append(f"{name}: failed with {found[name]['error']}")
        elif found[name] != recorded[name]:
            before, after = recorded[name], found[name]
            what = [one for one in {**before, **after} if before.get(one) != after.get(one)]
            lines.append(f"{name}: {', '.join(what)}")
    return lines


def record(path: Path, here: dict[str, Any]) -> int:
    """Write what each training leaves; 1, and nothing written, where one failed."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    about = {"date": now, "machine": machine.facts(1), "environment": here}
    found = repeat()
    failed = [name for name, one in found.items() if "error" in one]
    if failed:
        print(f"{len(failed)} of {len(found)} trainings failed; nothing was written")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(about | {"configurations": found}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {path}: {len(found)} configurations")
    return 0


def compare(recorded: dict[str, Found]) -> int:
    """Print what differs from a record; 1 where anything does."""
    found = repeat()
    lines = differences(recorded, found)
    total = len({**recorded, **found})
    print("\n".join([*lines, f"{total - len(lines)} of {total} configurations equal"]))
    return int(bool(lines))


def main(arguments: list[str] | None = None) -> int:
    """Record or compare; 0 if all is as it was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bits", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", type=Path, metavar="FILE", help="write what training comes to")
    what.add_argument("--compare", type=Path, metavar="FILE", help="name what is no longer so")
    options = parser.parse_args(arguments)
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("set OPENBLAS_NUM_THREADS=1: sums that threads share have other bits")
    if options.compare and not options.compare.is_file():
        parser.error(f"there is no record {options.compare}")
    here = environment()
    print(f"bpnet {bpnet.__version__} from {Path(bpnet.__file__).parent}")
    print(", ".join(f"{name} {_words(value)}" for name, value in here.items()))
    if options.record:
        return record(options.record, here)
    recorded = json.loads(options.compare.read_text(encoding="utf-8"))
    there = recorded["environment"]
    others = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    if others:
        told = "; ".join(
            f"{name}: recorded {_words(there.get(name))}, here {_words(here.get(name))}"
            for name in others
        )
        parser.error(f"bits cannot be compared with {options.compare}: {told}")
    return compare(recorded["configurations"])


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    sys.exit(main())
