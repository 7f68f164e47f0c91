"""The parameters of a network as the named arrays of a model file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .._lib.wording import described, shortened
from ..backends import Backend
from ..backends.dtypes import cannot_hold
from .architecture import Architecture

__all__ = ["check_running", "check_values", "checked_arrays", "flat_parameters", "named_arrays"]

HostArray = np.ndarray[Any, Any]


def named_arrays(
    architecture: Architecture, theta: HostArray, running: HostArray | None
) -> dict[str, HostArray]:
    """What a model file holds: one array per layer, and normalization in one vector each.

    Parameters
    ----------
    architecture : Architecture
    theta : numpy.ndarray, shape (size,)
    running : numpy.ndarray or None
        Running means and variances.
    """
    layout, arrays = architecture.layout, {}
    weights, biases = layout.split(theta, np)
    for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
        arrays[f"weights.{l}"], arrays[f"biases.{l}"] = w, b
    if layout.norms:
        arrays["norms"] = theta[layout.n_plain :]
    if running is not None:
        arrays["running"] = running
    return arrays


def flat_parameters(
    architecture: Architecture, arrays: Mapping[str, HostArray]
) -> tuple[HostArray, HostArray]:
    """theta, and running means and variances, from what `named_arrays` gave.

    Or from a checkpoint's ``theta`` and ``running``.

    Raises
    ------
    KeyError
        If an array is missing.
    ValueError
        If an array has another shape than the architecture means, or is unknown.
    """
    layout, rest = architecture.layout, dict(arrays)
    if "theta" in rest:
        theta = _shaped("theta", rest.pop("theta"), (layout.size,))
    else:
        parts = []
        for name, shapes in (("weights", layout.weight_shapes), ("biases", layout.bias_shapes)):
            for l, shape in enumerate(shapes):
                parts.append(_shaped(f"{name}.{l}", rest.pop(f"{name}.{l}"), shape))
        norms = rest.pop("norms", np.zeros(0))
        parts.append(_shaped("norms", norms, (layout.size - layout.n_plain,)))
        theta = np.concatenate([part.reshape(-1) for part in parts])
    size = (architecture.running_size,)
    running = _shaped("running", rest.pop("running", np.zeros(0)), size)
    if rest:
        raise ValueError(f"it has unknown {shortened(', '.join(rest))}")
    return theta, running


def _shaped(name: str, array: HostArray, shape: tuple[int, ...]) -> HostArray:
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, its header means {shape}")
    return array


def check_values(arrays: Mapping[str, HostArray], dtype: str) -> None:
    """Raise ValueError unless each array is of this type and finite everywhere."""
    for name, array in arrays.items():
        if array.dtype != dtype:
            raise ValueError(f"{name} has dtype {array.dtype}, but the network {dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite everywhere")


def check_running(architecture: Architecture, running: HostArray) -> None:
    """Raise ValueError if a running variance is negative."""
    layers = architecture.batch_norm_layers
    for l, (_, variance) in architecture.layout.split_running(running, np, layers).items():
        if (variance < 0.0).any():
            raise ValueError(f"a running variance of layer {l + 1} is {variance.min():g}, below 0")


def checked_arrays(
    backend: Backend, what: str, given: Sequence[Any], shapes: Sequence[tuple[int, ...]]
) -> list[HostArray]:
    """Each layer's array of weights or biases, checked and flattened, on the host.

    Raises
    ------
    ValueError
        If the number of arrays or a shape disagrees, or a value is not finite.
    """
    if not isinstance(given, Iterable):
        raise TypeError(f"{what} must be a list of arrays, one per layer, not {described(given)}")
    given = list(given.values() if isinstance(given, Mapping) else given)
    if len(given) != len(shapes):
        raise ValueError(f"the network has {len(shapes)} {what}, {len(given)} were given")
    parts = []
    for l, (one, shape) in enumerate(zip(given, shapes, strict=True)):
        host = backend.to_numpy(backend.asarray(one, f"{what}[{l}]"))
        if host.shape != shape:
            raise ValueError(f"{what}[{l}] has shape {host.shape}, the network's {shape}")
        bad = np.argwhere(~np.isfinite(host))
        if len(bad):
            place = tuple(bad[0].tolist())
            value = float(one[place[0]][place[1]] if len(place) == 2 else one[place[0]])
            if np.isfinite(value):
                raise ValueError(
                    f"{what}[{l}] is {value:g} at {place}, {cannot_hold(backend.dtype)}"
                )
            raise ValueError(f"{what}[{l}] is not finite everywhere: at {place} it is {value}")
        parts.append(host.reshape(-1))
    return parts
