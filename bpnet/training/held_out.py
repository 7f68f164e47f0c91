"""Validation samples: given as such, or a share of the samples that is held out of training."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from .._lib.constraints import Number
from .._lib.wording import described
from ..backends import Array, Backend
from ..data.frames import is_table
from ..data.sources.base import Source
from ..data.sources.datasets import is_dataset
from ..data.sparse import SparseRows
from ..data.splitting import Split, split
from ..data.targets import LARGEST_SUM_ERROR
from ..model import Model
from .samples import check_samples
from .target_range import warn_if_out_of_range
from .trainable import Trainable
from .weights import host_weights

__all__ = ["checked_validation", "held_out_rows", "with_validation"]

_SHARE = Number(0.0, 1.0, closed="neither")


def with_validation(
    validation: Any,
    x: Array,
    y: Array,
    sample_weight: Any,
    model: Model,
    trainable: Trainable,
) -> tuple[Array, Array, Any, tuple[Array, Array] | None]:
    """The samples to train on, and those to validate with.

    Parameters
    ----------
    validation : (x, y), float or None
        A number is the share of the samples that is held out, by `held_out_rows`.
    x, y : array, shape (m, n_0) and (m, n_L)
        Samples and targets on the device.
    sample_weight : array, shape (m,), or None
    model : Model
        Whose task is decided.
    trainable : Trainable

    Returns
    -------
    x, y, sample_weight
        Of the samples that are left.
    validation : (x, y) or None
        On the device.

    Raises
    ------
    ValueError, TypeError
        If the share leaves no sample on a side, or a pair does not fit.
    """
    backend = trainable.backend
    if not _is_number(validation):
        return (
            x,
            y,
            sample_weight,
            checked_validation(validation, model, backend, trainable.metadata()),
        )
    share = _SHARE("the share of samples in validation", validation)
    rows = held_out_rows(share, y, task=model.task, seed=trainable.seed, backend=backend)
    if sample_weight is not None:
        sample_weight = host_weights(sample_weight, x.shape[0], backend)[rows.train]
    held_out = _taken(x, rows.validation, backend), _taken(y, rows.validation, backend)
    left = _taken(x, rows.train, backend), _taken(y, rows.train, backend)
    return *left, sample_weight, held_out


def checked_validation(
    validation: Any, model: Model, backend: Backend, metadata: Mapping[str, Any]
) -> tuple[Array, Array] | None:
    """Validation samples and targets on the device.

    Raises
    ------
    ValueError, TypeError
        If they are no pair, or do not fit.
    """
    if validation is None:
        return None
    if metadata.get("preprocessing") is not None and is_table(validation):
        validation = validation, None
    if not isinstance(validation, tuple | list):
        raise TypeError(
            f"validation must be a pair (x, y) of arrays, or the share of x and y held out for it, "
            f"as 0.2, not {_in_words(validation)}"
        )
    if len(validation) != 2:
        raise ValueError(f"validation must be a pair (x, y), not {len(validation)} items")
    x, y = validation
    x, y = check_samples(model, backend, x, y, metadata, ("validation x", "validation y"))
    warn_if_out_of_range(model, backend, y, "validation y")
    return x, y


def held_out_rows(share: float, y: Array, *, task: str, seed: int, backend: Backend) -> Split:
    """Row numbers to train on and to validate with, ascending.

    They depend on ``share``, ``seed`` and the targets alone: a further fit of the same network on
    the same samples holds out the same rows, as one that resumes does. In classification every
    class keeps its share, as far as its samples can be divided.

    Parameters
    ----------
    share : float
        Between 0 and 1.
    y : array, shape (m, n_L)
    task : {"classification", "multilabel", "regression"}
    seed : int
        The network's.
    backend : Backend

    Raises
    ------
    ValueError
        If a side would be without samples.
    """
    rows = backend.to_numpy(y)
    labels = np.zeros(len(rows), np.int64)
    if task == "classification" and rows.shape[1] == 1:
        labels[:] = rows[:, 0] > 0.5
    elif task == "classification" and np.all(abs(rows.sum(axis=1) - 1.0) < LARGEST_SUM_ERROR):
        labels[:] = rows.argmax(axis=1)
    labels = np.unique(labels, return_inverse=True)[1]
    found = split(labels, validation=share, test=0.0, seed=seed)
    if not (found.train.size and found.validation.size):
        raise ValueError(
            f"validation={share:g} of {len(rows)} samples holds out {found.validation.size} and "
            f"leaves {found.train.size}: both need at least one; give another share, or (x, y)"
        )
    return Split(np.sort(found.train), np.sort(found.validation), found.test)


def _is_number(validation: Any) -> bool:
    if isinstance(validation, bool | np.bool_):
        return False
    return isinstance(validation, Real) or (
        getattr(validation, "shape", None) == () and hasattr(validation, "dtype")
    )


def _taken(array: Array, rows: np.ndarray[Any, Any], backend: Backend) -> Array:
    if isinstance(array, SparseRows):
        return array.take(rows)
    return backend.xp.take(array, backend.from_host(rows, "int64"), axis=0)


def _in_words(validation: Any) -> str:
    """What was given in place of a pair, and what makes one of it."""
    if isinstance(validation, float | int) and not isinstance(validation, bool):
        return f"{validation} beside a source, whose rows bpnet does not divide"
    if isinstance(validation, Source):
        rows = len(validation)
        return f"a source, {validation!r}: validation=source.read(0, {rows}) reads it into memory"
    if is_dataset(validation):
        return (
            f"a {type(validation).__name__}: source = bpnet.data.source(dataset) and "
            "validation=source.read(0, len(source)) read it into memory"
        )
    return described(validation)
