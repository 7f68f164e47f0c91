"""The gradient check: backpropagation against differences of the cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._lib.constraints import Number
from ._lib.frozen import Frozen
from .backprop import feedforward
from .data.sparse import dense
from .network import Network
from .training.samples import check_samples

__all__ = ["GradientCheck", "gradient_check"]

# How many times the rounding of a difference a gradient's error may be: a gradient that is zero by
# construction, as by a bias before batch normalization, is rounding alone, on both sides.
_ROUNDINGS = 50.0
_SEEN = 5.0  # roundings; if two steps' differences are further apart, the larger step was too large
_PROBES = np.arange(-4, 5)
_NUDGE = 2.0**-40  # small enough for the cost to be a straight line, beside which is its rounding
# Share of the whole gradient's norm: where both sides are float32, smaller errors are rounding.
_SHARE = 0.1
_STENCIL = ((-2, 1.0 / 12.0), (-1, -8.0 / 12.0), (1, 8.0 / 12.0), (2, -1.0 / 12.0))
_STEPS = (1e-3, 1e-4, 1e-5)
_MOST_UNRESOLVED = 0.01


class GradientCheck(Frozen):
    """What a gradient check found.

    Parameters
    ----------
    errors : dict of str to float
        ``"weights[0]"``, ... -> ``|g - g'| / max(|g|, |g'|, floor)``, in Euclidean norms. The floor
        is what makes an error of the size of rounding as large as the tolerance, see
        `gradient_check`.
    tolerance : float
        What each must be below.
    reference : str
        What the gradient was compared with.
    coordinates : int
        How many parameters were varied.
    unresolved : dict of str to int
        How many of each array could not be differenced, as every step crossed a function's kink.

    Examples
    --------
    >>> import bpnet
    >>> print(bpnet.GradientCheck({"weights[0]": 3e-11, "biases[0]": 2e-3}, 1e-7, "theory", 6, {}))
    gradient check FAILED: 6 parameters against theory, tolerance 1e-07
      weights[0]   3.0e-11
      biases[0]    2.0e-03
    """

    errors: dict[str, float]
    tolerance: float
    reference: str
    coordinates: int
    unresolved: dict[str, int]

    @property
    def error(self) -> float:
        """The largest error."""
        return max(self.errors.values())

    @property
    def passed(self) -> bool:
        """Whether each error is below the tolerance, and at most 1 % were unresolved."""
        resolved = sum(self.unresolved.values()) <= _MOST_UNRESOLVED * self.coordinates
        return bool(self.error < self.tolerance and resolved)

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        lines = [
            f"gradient check {verdict}: {self.coordinates} parameters against {self.reference}, "
            f"tolerance {self.tolerance:g}"
        ]
        for name, error in self.errors.items():
            skipped = self.unresolved.get(name, 0)
            note = f"  ({skipped} at a kink, not compared)" if skipped else ""
            lines.append(f"  {name:<12} {error:.1e}{note}")
        return "\n".join(lines)


def gradient_check(
    net: Network, x: Any, y: Any, *, tolerance: float | None = None
) -> GradientCheck:
    """Compare `Network.backprop` with five-point differences of the cost, in float64.

    Parameters
    ----------
    net : Network
        Left as it is; of a float32 network a float64 copy is checked.
    x : array or sparse matrix, shape (m, n_0)
    y : array, shape (m, n_L), or (m,) of class indices
    tolerance : float, optional
        For the relative error of each array of parameters; 1e-7, or 1e-5 where the device has
        no float64 and NumPy's gradient in float32 is the reference.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ValueError, TypeError
        As `Network.backprop`.

    Notes
    -----
    The derivative by each parameter is ``(C(-2h) - 8 C(-h) + 8 C(h) - C(2h)) / 12h`` with
    h = 1e-3; where that crosses the kink of a function (of the rectifier at 0, say), or differs
    from the derivative of a smaller step by more than rounding, h is 1e-4 or 1e-5. What then still
    crosses a kink is counted in the report. It takes four forward passes or more a parameter: meant
    for small networks.

    Some gradients are zero by construction, such as that by a bias before batch normalization, and
    differences of the cost then find its rounding alone. Therefore an array of n parameters also
    passes if ``|g - g'|`` is below 50 times ``sigma sqrt(n) / h``. The rounding sigma of the cost
    is measured, so that the bound scales with cost and step: it is the scatter of the cost over
    displacements of about 1e-12, and 1.1e-16 of the cost at least.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 3, 2], activations="tanh", cost="log_likelihood", seed=0)
    >>> report = bpnet.gradient_check(net, [[0.1, 0.2], [0.3, -0.4]], [0, 1])
    >>> report.passed, report.error < 1e-9
    (True, True)
    """
    if not isinstance(net, Network):
        raise TypeError(f"net must be a Network, not {type(net).__name__}")
    tolerance = Number(0.0, optional=True)("tolerance", tolerance)
    lacking = net.backend.why_no_dtype("float64")
    if lacking:
        return _against_numpy(net, x, y, lacking, tolerance or 1e-5)
    return _against_differences(
        net.to(dtype="float64", compute_dtype=None), x, y, tolerance or 1e-7
    )


def _against_numpy(net: Network, x: Any, y: Any, lacking: str, tolerance: float) -> GradientCheck:
    backend = net.backend
    net = net.to(dtype="float32", compute_dtype=None)
    with backend.scope():
        x, y = (
            backend.to_numpy(dense(part))
            for part in check_samples(net.model, backend, x, y, net.metadata)
        )
    found = _host_gradient(net, x, y)
    expected = _host_gradient(net.to("numpy"), x, y)
    floor = _SHARE * _norm(np.concatenate([one.ravel() for one in expected]))
    names = _names(net)
    errors = {
        name: _relative(g, e, floor) for name, g, e in zip(names, found, expected, strict=True)
    }
    reference = f"NumPy's gradient in float32 ({lacking})"
    return GradientCheck(errors, tolerance, reference, net.model.layout.size, {})


def _against_differences(net: Network, x: Any, y: Any, tolerance: float) -> GradientCheck:
    backend, layout = net.backend, net.model.layout
    with backend.scope():
        x, y = check_samples(net.model, backend, x, y, net.metadata)
        x = dense(x)  # few samples, as their costs are computed for each parameter
        theta = backend.to_numpy(net.state.theta)
        differences, crossed = np.zeros(layout.size), np.ones(layout.size, dtype=bool)
        middle = _sides(net, theta, x, y)[1]
        steps = np.full(layout.size, _STEPS[-1])
        rounding = _rounding(net, theta, x, y)
        gradient = np.concatenate([part.ravel() for part in _host_gradient(net, x, y)])
        for i in range(layout.size):
            for h in _STEPS:
                total, crosses = 0.0, False
                for offset, factor in _STENCIL:
                    moved = theta.copy()
                    moved[i] += offset * h
                    cost, sides = _sides(net, moved, x, y)
                    total += factor * cost
                    crosses |= not np.array_equal(sides, middle)
                if crosses:
                    continue
                found = total / h
                if not crossed[i] and abs(found - differences[i]) <= _SEEN * rounding / h:
                    break  # they differ by rounding, of which the larger step has less
                differences[i], steps[i], crossed[i] = found, h, False
                room = tolerance * abs(gradient[i]) + _ROUNDINGS * rounding / h
                if abs(found - gradient[i]) <= room:
                    break
    kept = np.where(crossed, 0.0, gradient), np.where(crossed, 0.0, differences)
    errors, unresolved = {}, {}
    gradients, expected, skipped, roundings = (
        [one for group in (*layout.split(flat, np), *map(dict.values, layout.split_norms(flat, np)))
         for one in group]
        for flat in (*kept, crossed, rounding / steps)
    )  # fmt: skip
    for name, g, e, s, r in zip(_names(net), gradients, expected, skipped, roundings, strict=True):
        floor = _ROUNDINGS * _norm(r) / tolerance
        errors[name] = _relative(g, e, floor)
        if s.any():
            unresolved[name] = int(s.sum())
    return GradientCheck(
        errors, tolerance, "five-point differences in float64", layout.size, unresolved
    )


def _rounding(net: Network, theta: np.ndarray[Any, Any], x: Any, y: Any) -> float:
    """Standard deviation of the rounding of the cost, near theta and a step from it.

    Of a smooth function second differences over tiny displacements vanish; those of its values have
    six times the variance of their rounding (Moré and Wild, Estimating computational noise, 2011).
    """
    direction = np.where(np.arange(theta.size) % 2, 1.0, -1.0)
    nudge = _NUDGE * np.maximum(np.abs(theta), 1.0) * direction
    found = []
    for start in (theta, theta + _STEPS[0] * direction):
        costs = np.asarray([_sides(net, start + k * nudge, x, y)[0] for k in _PROBES])
        seconds = np.diff(costs, 2)
        scatter = _norm(seconds) / math.sqrt(6.0 * seconds.size)
        found += [scatter, 0.5 * np.finfo(np.float64).eps * np.abs(costs).max()]
    return float(max(found))


def _sides(net: Network, theta: np.ndarray[Any, Any], x: Any, y: Any) -> tuple[float, Any]:
    """Mean cost at theta, and on which side of each kink every neuron and output is."""
    backend = net.backend
    xp = backend.xp
    own = backend.from_host(theta, "float64")
    w, b = net.model.layout.split(own, xp)
    passes = net.model.architecture.passes(own, None, x, xp)
    z, a = feedforward(w, b, passes, x, xp)
    z = [getattr(one, "u", z_l) for one, z_l in zip(passes, z, strict=True)]
    cost = xp.mean(net.cost.of_output(net.model.output, z[-1], y, xp))
    sides = [
        backend.to_numpy(z_l > kink)
        for z_l, sigma in zip(z, net.activations, strict=True)
        for kink in sigma.kinks
    ]
    sides += [backend.to_numpy(a[-1] - y > kink) for kink in net.cost.kinks()]
    flat = np.concatenate([one.ravel() for one in sides]) if sides else np.zeros(0)
    return float(backend.to_numpy(cost)), flat


def _host_gradient(net: Network, x: Any, y: Any) -> list[np.ndarray[Any, Any]]:
    gradients = net.backprop(x, y)
    with net.backend.scope():
        parts = (*gradients.weights, *gradients.biases, *gradients.scales, *gradients.shifts)
        return [net.backend.to_numpy(part) for part in parts]


def _names(net: Network) -> list[str]:
    layers = range(len(net.sizes) - 1)
    names = [f"{what}[{l}]" for what in ("weights", "biases") for l in layers]
    return names + [f"{what}[{l}]" for what in ("scales", "shifts") for l in net.model.layout.norms]


def _relative(g: Any, reference: Any, floor: float) -> float:
    error, *norms = map(_norm, (g - reference, g, reference))
    return error / max(*norms, floor) if error else 0.0


def _norm(array: np.ndarray[Any, Any]) -> float:
    """The Euclidean norm, without squares that overflow."""
    return math.hypot(*array.ravel().tolist())
