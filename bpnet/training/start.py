"""What a network is asked to train by: a fit, of which epochs can be asked for, or a step."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .._lib.validation import check_count
from ..backends import Array
from ..data.sources.base import Source
from ..metrics import get_all
from ..optimizers import Optimizer
from .callbacks import Callback
from .evaluation import costs_of, metric_of
from .feeds import BatchFeed, MemoryFeed
from .history import History
from .loop import DivergenceError, Fit
from .preparation import SamplePreparer, weights_of
from .snapshot import Snapshot, read_checkpoint
from .step import StepConfig, step_inputs

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["fitting", "step"]


def fitting(
    net: Network,
    x: Any,
    y: Any = None,
    *,
    epochs: int,
    batch_size: int = 32,
    recipe: StepConfig,
    label_smoothing: float = 0.0,
    sample_weight: Any = None,
    class_weight: Any = None,
    validation: tuple[Any, Any] | None = None,
    metrics: Iterable[Any] = (),
    callbacks: Iterable[Callback] = (),
    progress: bool | None = None,
    evaluate_training: bool = False,
    resume: Snapshot | str | os.PathLike[str] | None = None,
) -> Fit:
    """A fit before its first epoch; `Network.fit` says what each argument means."""
    epochs = check_count("epochs", epochs, 0)
    batch_size = check_count("batch_size", batch_size, 1)
    _check_settings(recipe, label_smoothing)
    chosen = [one for one in get_all(metrics) if one.name != metric_of(net).name]
    if not isinstance(resume, Snapshot | None):
        resume = read_checkpoint(resume)
    for one in chosen:
        one.check(net.task, net.sizes[-1])
    callbacks = list(callbacks)
    if progress or (progress is None and sys.stderr.isatty()):
        from .callbacks import Progress

        callbacks.append(Progress())
    with net.backend.scope(), _undone(net):
        prepare = SamplePreparer(net, label_smoothing)
        feed: BatchFeed
        total = None
        if isinstance(x, Source):
            if y is not None or sample_weight is not None or class_weight is not None:
                raise ValueError("a source has the targets itself, and no weights beside them")
            from .streaming import StreamFeed

            moved = net.backend.uploads()
            feed = StreamFeed(
                x,
                prepare,
                batch_size=batch_size,
                seed=net.seed,
                scope=moved.scope,
                done=moved.reads_queued,
                memory=moved.host_bytes,
            )
        else:
            x, y, total = _weighted(net, *prepare(x, y), sample_weight, class_weight)
            recipe = recipe.replaced(weighted=total is not None)
            feed = MemoryFeed(x, y, batch_size=batch_size, seed=net.seed)
        if validation is not None:
            if len(validation) != 2:
                raise ValueError(f"validation must be (x, y), not {len(validation)} things")
            validation = net._samples(*validation, names=("validation x", "validation y"))
        run = Fit(
            net,
            feed,
            recipe,
            epochs=epochs,
            validation=validation,
            metrics=chosen,
            callbacks=callbacks,
            evaluate_training=evaluate_training,
            total=total,
        )
        run.begin(resume)
    return run


def step(
    net: Network,
    x: Any,
    y: Any,
    *,
    recipe: StepConfig,
    label_smoothing: float = 0.0,
    sample_weight: Any = None,
) -> float:
    """One step; `Network.step` says what each argument means."""
    _check_settings(recipe, label_smoothing)
    backend = net.backend
    with backend.scope():
        with _undone(net):
            x, y = SamplePreparer(net, label_smoothing)(x, y)
            x, y, total = _weighted(net, x, y, sample_weight, None)
            recipe = recipe.replaced(weighted=total is not None)
        net._prepare(recipe)
        order = np.arange(x.shape[0])[None, :]
        rates = step_inputs(recipe, net._architecture, net.seed, net.steps, net.steps - net._since)
        try:
            state, z = net._compiled(recipe)(net._state(), x, y, order, [rates])
            cost = float(backend.xp.mean(costs_of(net, recipe, z[0, :, :], y)))
            finite = math.isfinite(cost)
            if not finite or not backend.all_finite(state[0]):
                what = "a parameter became infinite" if finite else f"the cost became {cost}"
                raise DivergenceError(
                    f"{what} in step {net.steps + 1}, with {recipe.optimizer}; the parameters are "
                    "those before it. A lower learning rate may help",
                    History(),
                )
        except BaseException:
            net._forget()
            raise
        net._receive_state(state, net.steps + 1)
    return cost


def _check_settings(recipe: StepConfig, label_smoothing: float) -> None:
    if not isinstance(recipe.optimizer, Optimizer):
        raise TypeError(f"optimizer must be one of bpnet.optimizers, not {recipe.optimizer!r}")
    if not 0.0 <= label_smoothing < 1.0:
        raise ValueError(
            f"label_smoothing must be at least 0 and less than 1, not {label_smoothing:g}"
        )


@contextlib.contextmanager
def _undone(net: Network) -> Iterator[None]:
    """What targets taught the network of its task is forgotten if they are refused after all."""
    seen = net._seen_regression
    try:
        yield
    except BaseException:
        net._seen_regression = seen
        raise


def _weighted(
    net: Network, x: Array, y: Array, sample_weight: Any, class_weight: Any
) -> tuple[Array, Array, float | None]:
    """Samples, and targets with a last column of weights; their sum, or None without any."""
    weights = weights_of(sample_weight, class_weight, y, net)
    if weights is None:
        return x, y, None
    column = net.backend.asarray(weights[:, None], "sample_weight")
    return x, net.backend.xp.concat([y, column], axis=1), float(weights.sum(dtype=np.float64))
