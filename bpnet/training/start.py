"""The beginning of a fit: settings checked, samples on the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .._lib.constraints import Boolean, Integer, Number
from .._lib.files import as_path
from .._lib.registry import made
from ..backends import Array
from ..data.sources.base import Source
from ..data.sources.datasets import dataset_source, is_dataset
from ..optimizers import Optimizer
from ..parallel.agreement import check_equal
from ..storage.safetensors import as_damage
from .feeds import BatchFeed, MemoryFeed
from .fit import Fit
from .held_out import checked_validation, with_validation
from .metric_columns import try_metrics
from .mini_batches import MiniBatchFit
from .orders import checked_shuffle
from .samples import SamplePreparer, check_smoothing, smoothed
from .settings import (
    chosen_metrics,
    names_lbfgs,
    step_config,
    with_defaults,
    with_progress,
)
from .snapshot import Snapshot, read_checkpoint
from .snapshot_checks import check_snapshot
from .target_range import warn_if_out_of_range
from .trainable import Trainable
from .weights import weights_of, with_weights

if TYPE_CHECKING:
    from .parallel.exchange import Exchange

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
    parallel, blocks = settings.pop("parallel"), settings.pop("blocks")
    if parallel is None:
        return _begin(trainable, x, y, settings, net)
    from .parallel.exchange import exchange_of
    from .parallel.rank import as_rank

    exchange = exchange_of(parallel, blocks, trainable.backend)
    with as_rank(exchange.communicator):
        return _begin(trainable, x, y, settings, net, exchange)


def _begin(
    trainable: Trainable,
    x: Any,
    y: Any,
    settings: dict[str, Any],
    net: Any,
    exchange: Exchange | None = None,
) -> Fit:
    """See `begin_fit`; with an exchange, the fit is that of several ranks."""
    settings["optimizer"] = optimizer = _solver_or_optimizer(settings["optimizer"])
    if y is None and is_dataset(x):
        x = dataset_source(x)
    if not isinstance(optimizer, Optimizer) and hasattr(optimizer, "begin_fit"):
        if exchange is not None:
            raise ValueError(
                f"{type(optimizer).__name__} trains in one process: leave out parallel, or give an "
                "optimizer that takes mini-batches, as 'adam'"
            )
        solver: Fit = optimizer.begin_fit(trainable, x, y, settings, net)
        return solver
    config = step_config(settings, trainable.backend)
    epochs = Integer(0)("epochs", settings["epochs"])
    batch_size = Integer(1)("batch_size", settings["batch_size"])
    smoothing = Number(0.0, 1.0)("label_smoothing", settings["label_smoothing"])
    evaluate_training = Boolean()("evaluate_training", settings["evaluate_training"])
    if exchange is None:
        resume, origin = _resumed(settings["resume"])
    else:
        check_equal(exchange.communicator, {"what x is": _kind(x)})
        # Other ranks may not see the first one's files.
        resume, origin = exchange.of_first_rank(lambda: _resumed(settings["resume"]))
    callbacks = with_progress(settings["callbacks"], settings["progress"])
    backend, weights = trainable.backend, (settings["sample_weight"], settings["class_weight"])
    with backend.scope():
        # Everything else is checked against the task, which is decided first.
        prepare = SamplePreparer(trainable, resume and resume.header["network"])
        given: Any = None
        targets: Array | None = None
        if isinstance(x, Source):
            if y is not None or any(one is not None for one in weights):
                raise ValueError(
                    "a source has the targets itself, and takes no weights: leave out y, "
                    "sample_weight and class_weight"
                )
            mixes = checked_shuffle(settings["shuffle"], of_source=True) is True
            feed: BatchFeed = _stream(x, prepare, smoothing, batch_size, trainable, mixes, exchange)
            validation = checked_validation(
                settings["validation"], prepare.model, backend, trainable.metadata()
            )
        else:
            shuffle = checked_shuffle(settings["shuffle"])
            x, targets = prepare(x, y)
            if exchange is not None and callable(shuffle):
                from .parallel.blocks import shuffled_by_first_rank

                shuffle = shuffled_by_first_rank(shuffle, exchange, backend)
            warn_if_out_of_range(prepare.model, backend, targets)
            task = prepare.model.task
            x, targets, sample_weight, validation = with_validation(
                settings["validation"], x, targets, weights[0], prepare.model, trainable
            )
            y = smoothed(targets, smoothing, task)
            given, mean = weights_of(
                sample_weight,
                weights[1],
                targets,
                backend=backend,
                task=task,
                classes=prepare.model.classes,
            )
            config = config.for_weights(mean)
            feed = MemoryFeed(
                x,
                with_weights(y, given, backend),
                targets,
                batch_size=batch_size,
                seed=trainable.seed,
                shuffle=shuffle,
                backend=backend,
                weights=given,
            )
        check_smoothing(smoothing, prepare.model.task)
        metrics = chosen_metrics(settings["metrics"], prepare.model)
        try_metrics(
            metrics or (), backend, training=targets, validation=validation and validation[1]
        )
        kind: Callable[..., MiniBatchFit] = MiniBatchFit
        if exchange is not None:
            from .parallel.blocks import PartedFeed
            from .parallel.fit import ParallelFit

            kind = partial(ParallelFit, exchange)
            if isinstance(feed, MemoryFeed):
                feed = PartedFeed(feed, exchange)
        fit = kind(
            trainable._replace(model=prepare.model),
            feed,
            config,
            epochs=epochs,
            validation=validation,
            metrics=metrics,
            callbacks=callbacks,
            evaluate_training=evaluate_training,
            settings={"label_smoothing": smoothing, "weights": given, "reading": feed.identity},
        )
        fit.net = net
        fit.begin(resume, origin)
    return fit


def _kind(x: Any) -> str:
    """What ranks compare of x before they read any of it."""
    if not isinstance(x, Source):
        return "samples in memory"
    columns = "" if x.width is None else f", {x.width} columns"
    return f"{type(x).__name__}, {len(x)} rows{columns}"


def _resumed(resume: Any) -> tuple[Snapshot | None, str]:
    """Where to resume, and what messages call it."""
    if resume is None:
        return None, "resume"
    if isinstance(resume, Snapshot):
        with as_damage("resume"):
            check_snapshot(*resume)
        return resume, "resume"
    path = as_path(resume, "resume")
    return read_checkpoint(path), repr(str(path))


def _solver_or_optimizer(given: Any) -> Any:
    """What was given, but an L-BFGS for its name or class."""
    if names_lbfgs(given):
        from .lbfgs import LBFGS

        return LBFGS()
    if isinstance(given, type) and hasattr(given, "begin_fit"):
        return made(given, "optimizer")
    return given


def _stream(
    source: Source,
    prepare: SamplePreparer,
    smoothing: float,
    batch_size: int,
    trainable: Trainable,
    shuffle: bool,
    exchange: Exchange | None,
) -> BatchFeed:
    warned = False

    def prepared(x: Any, y: Any) -> tuple[Array, Array, Array]:
        nonlocal warned
        x, targets = prepare(x, y)
        warned = warned or warn_if_out_of_range(prepare.model, trainable.backend, targets)
        return x, smoothed(targets, smoothing, prepare.model.task), targets

    uploads = trainable.backend.uploads()
    options: dict[str, Any] = {
        "batch_size": batch_size,
        "seed": trainable.seed,
        "scope": uploads.scope,
        "done": uploads.reads_queued,
        "memory": uploads.host_bytes,
        "shuffle": shuffle,
    }
    if exchange is not None:
        return _sharded(source, prepared, prepare, exchange, options)
    from .streaming import StreamFeed  # not needed by `import bpnet`

    feed = StreamFeed(source, prepared, **options)
    if not prepare.is_decided:
        feed.prepare_first()
    return feed


def _sharded(
    source: Source,
    prepared: Callable[[Any, Any], tuple[Array, Array, Array]],
    prepare: SamplePreparer,
    exchange: Exchange,
    options: Mapping[str, Any],
) -> BatchFeed:
    from .parallel.sharded import ShardedFeed

    feed = ShardedFeed(source, prepared, exchange, **options)
    if not prepare.is_decided:

        def decision() -> Any:
            feed.prepare_first()
            return prepare.decision

        prepare.adopt(exchange.of_first_rank(decision))
    return feed
