"""Snapshots held against what a snapshot is: every key, type and range, before any is used."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .._lib.constraints import Boolean, Each, Integer, Number, Text
from .._lib.records import Json, MapOf, Record
from .._lib.wording import shown
from ..model import Model
from ..model.arrays import check_running
from ..storage.models import COUNT, MODEL_HEADER
from .packing import unpacked
from .state import Trained, TrainingState
from .sums import EpochSums

__all__ = ["check_snapshot", "checked_parameters", "unpacked_state"]

_PACKED = Json(finite=False)  # of callbacks and of parts of the state, with names of arrays
_HEADER = Record(
    {
        "network": MODEL_HEADER,
        "state": _PACKED,
        "whole": _PACKED,
        "tally": _PACKED,
        "run": MapOf(_PACKED),
        "epochs": COUNT,
        "steps": COUNT,
        "since": COUNT,
        "rate_factor": Number(0.0),
        "block_steps": Integer(1, 2**31 - 1),
        "seconds": Number(0.0),
        "first_epoch": Integer(1, 2**53),
        "stopped": Text(optional=True),
        "at_once": Boolean(),
    }
)

Arrays = Mapping[str, np.ndarray[Any, Any]]


def check_snapshot(arrays: Arrays, header: Mapping[str, Any]) -> None:
    """Check all of a snapshot that can be checked without the fit that is to resume.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
    header : mapping

    Raises
    ------
    TypeError, ValueError
        If something is missing, of another type, out of range, or disagrees with the rest. The
        message names the key.
    """
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} must be a NumPy array, not {shown(array)}")
    rest = {name: value for name, value in header.items() if name != "history"}
    found = _HEADER("", Json(finite=False)("", rest))
    MapOf(_PACKED)("run.settings", found["run"].get("settings", {}))
    dtype = found["network"]["dtype"]
    _check_arrays("state", unpacked_state("state", found, arrays), dtype)
    steps = 0
    if found["tally"] is None:
        if unpacked(found["whole"], arrays, "whole") != ():
            raise ValueError("whole is the state before an epoch in progress, and there is none")
    else:
        _check_arrays("whole", unpacked_state("whole", found, arrays), dtype)
        steps = _check_tally(unpacked(found["tally"], arrays, "tally"))
    if not 0 <= found["since"] <= found["steps"] - steps:
        raise ValueError(
            f"since, the optimizer's first step, is {found['since']}; steps is {found['steps']}, "
            f"of which {steps} are in the epoch in progress"
        )
    if found["first_epoch"] > found["epochs"] + 1:
        raise ValueError(
            f"first_epoch is {found['first_epoch']}, but epochs, those that are done, "
            f"{found['epochs']}"
        )
    _check_history(header.get("history"), found["run"].get("columns"), found["epochs"])
    _check_callbacks(header.get("callbacks"), arrays)


def unpacked_state(name: str, header: Mapping[str, Any], arrays: Arrays) -> TrainingState:
    """A state whose parts a file gives by name, or, as in earlier files, by position."""
    value = unpacked(header[name], arrays, name)
    if isinstance(value, tuple) and value:
        theta, *others = value
        if len(others) == 3:  # without the optimizer's memory
            others.insert(0, ())
        value = dict(zip(TrainingState._fields, (theta, *others), strict=False))
    if not isinstance(value, dict) or not {"theta"} <= value.keys() <= {*TrainingState._fields}:
        fields = ", ".join(TrainingState._fields)
        raise TypeError(f"{name} must have {fields}, not {shown(value)}")
    state = TrainingState(**value)
    for field, part in zip(state._fields, ((state.theta,), *state[1:]), strict=True):
        if not isinstance(part, tuple) or not all(isinstance(one, np.ndarray) for one in part):
            raise TypeError(f"{name}.{field} must be arrays, not {shown(part)}")
    return state


def checked_parameters(
    parameters: Any, now: Trained, model: Model, dtype: str
) -> tuple[tuple[Any, ...], int | None]:
    """What `Fit.to_host` gave: the parts of a `TrainingState`, and the optimizer's steps.

    Parameters
    ----------
    parameters : Any
        From a file.
    now : Trained
        What the network has, whose arrays have the right shapes.
    model : Model
    dtype : str

    Raises
    ------
    TypeError, ValueError
        If it is something else, or of another network.
    """
    state, steps = parameters
    if not isinstance(state, tuple):  # earlier files have the parameters and running averages
        (theta, running), steps = parameters, None
        state = theta, (), running, (theta,) if now.state.average else (), ()
    found, like = TrainingState(*state), now.state
    _check_arrays("parameters", found, dtype)
    if not found.memory:
        like = like._replace(memory=())
    theirs, mine = (
        {place: tuple(array.shape) for place, array in _places("parameters", one)}
        for one in (found, like)
    )
    for place in {**mine, **theirs}:
        if theirs.get(place) != mine.get(place):
            raise ValueError(
                f"{place} has shape {theirs.get(place)}, but here it has {mine.get(place)}"
            )
    for running in found.running:
        check_running(model.architecture, running)
    return state, Integer(0, now.counters.steps, optional=True)("steps", steps)


def _check_arrays(name: str, state: TrainingState, dtype: str) -> None:
    """Check that all arrays of a state are of this type, finite and in range."""
    for place, array in _places(name, state):
        if array.dtype != dtype:
            raise ValueError(f"{place} has dtype {array.dtype}, but the network {dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"{place} is not finite everywhere")
    for array in state.loss_scale:
        if array.shape != (2,) or array[0] < 1.0 or array[1] < 0.0:
            raise ValueError(
                f"{name}.loss_scale must be a scale of at least 1 and an age, not {array}"
            )


def _places(name: str, state: TrainingState) -> Iterator[tuple[str, Any]]:
    yield f"{name}.theta", state.theta
    for field in state._fields[1:]:
        for k, array in enumerate(getattr(state, field)):
            yield f"{name}.{field}[{k}]", array


def _check_tally(tally: Any) -> int:
    """Check what an epoch in progress has added up; returns its steps."""
    if not isinstance(tally, dict) or tally.keys() != {*EpochSums.FIELDS}:
        raise TypeError(f"tally must have {', '.join(EpochSums.FIELDS)}, not {shown(tally)}")
    for what, array in tally.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
            raise TypeError(f"tally.{what} must be an array of numbers, not {shown(array)}")
        if not np.isfinite(array).all():
            raise ValueError(f"tally.{what} is not finite everywhere")
    costs, counts = tally["costs"], tally["counts"]
    if costs.ndim != 1 or not costs.size:
        raise ValueError(f"tally.costs has shape {costs.shape}, expected a cost for each step")
    if counts.ndim != 1 or not 0 < counts.size <= costs.size or counts.dtype != np.int64:
        raise ValueError(
            f"tally.counts is {counts.dtype} of shape {counts.shape}, expected int64 and an entry "
            f"for each block of the {costs.size} steps"
        )
    if counts.min() < 1:
        raise ValueError(f"tally.counts has {counts.min()}, but a block has at least one sample")
    for what in ("sums", "moments"):
        array = tally[what]
        if array.shape != (0,) and (array.ndim < 1 or len(array) != len(counts)):
            raise ValueError(f"tally.{what} has shape {array.shape}, of {len(counts)} blocks")
    outputs, targets = tally["outputs"], tally["targets"]
    if outputs.ndim != 2 or outputs.shape != targets.shape:
        raise ValueError(
            f"tally.outputs has shape {outputs.shape} and tally.targets {targets.shape}, expected "
            "a row for each sample of both"
        )
    return int(costs.size)


def _check_history(rows: Any, columns: Any, epochs: int) -> None:
    columns = Each(Text())("run.columns", columns)
    if not isinstance(rows, list):
        raise TypeError(f"history must be a list of rows, not {shown(rows)}")
    if not rows:
        return
    for k, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != rows[0].keys():
            raise TypeError(f"history[{k}] must be a row like the others, not {shown(row)}")
    for column in columns:
        if column not in rows[0]:
            raise ValueError(f"history has no column {shown(column)}")
        for kind in set(map(type, map(operator.itemgetter(column), rows))):
            if not issubclass(kind, int | float | np.number) or kind is bool:
                raise TypeError(
                    f"history has {kind.__name__} in column {shown(column)}, expected numbers"
                )
    if rows[-1].get("epoch") != epochs:
        raise ValueError(
            f"history ends with epoch {shown(rows[-1].get('epoch'))}, but epochs is {epochs}"
        )


def _check_callbacks(states: Any, arrays: Arrays) -> None:
    for k, one in enumerate(Each(Each(_PACKED, length=2))("callbacks", states)):
        Text()(f"callbacks[{k}][0]", one[0])
        if not isinstance(unpacked(one[1], arrays, f"callbacks[{k}]"), dict):
            raise TypeError(f"callbacks[{k}] must have a state, not {shown(one[1])}")
