"""The beginning of a fit: settings checked, samples on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._lib.validation import check_count
from ..data.sources.base import Source
from ..optimizers import Optimizer
from .feeds import BatchFeed, MemoryFeed
from .fit import Fit
from .mini_batches import MiniBatchFit
from .samples import SamplePreparer, task_undone_on_error
from .settings import (
    check_smoothing,
    checked_validation,
    chosen_metrics,
    step_config,
    with_defaults,
    with_progress,
)
from .snapshot import Snapshot, read_checkpoint
from .trainable import Trainable
from .weights import with_weights

__all__ = ["begin_fit"]


def begin_fit(
    trainable: Trainable,
    x: Any,
    y: Any,
    settings: Mapping[str, Any],
    defaults: Mapping[str, Any],
    net: Any = None,
) -> Fit:
    """A fit before its first epoch.

    Parameters
    ----------
    trainable : Trainable
    x, y : array, or source and None
    settings : mapping
        Other arguments of `Network.fit`, by name: ``epochs`` and more.
    defaults : mapping
        Of those that may be missing.
    net : Network, optional
        For callbacks, as ``fit.net``.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError, TypeError
        As `Network.fit`; nothing has changed then.
    """
    settings = with_defaults(settings, {"epochs": None, **defaults}, "fit")
    optimizer, smoothing = settings["optimizer"], settings["label_smoothing"]
    if not isinstance(optimizer, Optimizer) and hasattr(optimizer, "begin_fit"):
        solver: Fit = optimizer.begin_fit(trainable, x, y, settings, net)
        return solver
    config = step_config(settings, trainable.backend)
    epochs = check_count("epochs", settings["epochs"], 0)
    batch_size = check_count("batch_size", settings["batch_size"], 1)
    check_smoothing(smoothing)
    metrics = chosen_metrics(settings["metrics"], trainable.model)
    resume = settings["resume"]
    if not isinstance(resume, Snapshot | None):
        resume = read_checkpoint(resume)
    callbacks = with_progress(settings["callbacks"], settings["progress"])
    backend, weights = trainable.backend, (settings["sample_weight"], settings["class_weight"])
    with backend.scope(), task_undone_on_error(trainable):
        prepare = SamplePreparer(trainable, smoothing)
        total: float | None = None
        feed: BatchFeed
        if isinstance(x, Source):
            if y is not None or any(one is not None for one in weights):
                raise ValueError("a source has the targets itself, and no weights beside them")
            feed = _stream(x, prepare, batch_size, trainable)
        else:
            x, y = prepare(x, y)
            x, y, total = with_weights(x, y, *weights, backend=backend, task=prepare.model.task)
            config = config.replaced(weighted=total is not None)
            feed = MemoryFeed(x, y, batch_size=batch_size, seed=trainable.seed)
        fit = MiniBatchFit(
            trainable.replaced(model=prepare.model),
            feed,
            config,
            epochs=epochs,
            validation=checked_validation(settings["validation"], prepare.model, backend),
            metrics=metrics,
            callbacks=callbacks,
            evaluate_training=settings["evaluate_training"],
            total_weight=total,
        )
        fit.net = net
        fit.begin(resume)
    return fit


def _stream(
    source: Source, prepare: SamplePreparer, batch_size: int, trainable: Trainable
) -> BatchFeed:
    from .streaming import StreamFeed  # not needed by `import bpnet`

    uploads = trainable.backend.uploads()
    return StreamFeed(
        source,
        prepare,
        batch_size=batch_size,
        seed=trainable.seed,
        scope=uploads.scope,
        done=uploads.reads_queued,
        memory=uploads.host_bytes,
    )
