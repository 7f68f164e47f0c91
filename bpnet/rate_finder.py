"""The range test: which learning rate a network learns fastest with."""

from __future__ import annotations

import contextlib
import math
import os
from typing import Any

import numpy as np

from ._lib.constraints import Integer, Number
from ._lib.plotting import BLUE, RED, make_figure, style_axes
from ._lib.showing import save_or_show
from .network import Network
from .optimizers import SGD, Optimizer
from .optimizers.registry import get as get_optimizer
from .schedules import Exponential
from .training import Callback, DivergenceError, Fit
from .training.settings import is_solver

__all__ = ["RateTest", "find_learning_rate"]

_BLOCK = 10  # steps between two looks at the cost
_AVERAGE = 0.9  # decay of the running mean that tells whether it diverges
_WIDTH = 0.04  # standard deviation of the smoothing, as a share of the steps


class RateTest:
    """What a range test found.

    Attributes
    ----------
    rates : array, shape (k,)
        Learning rate of each step.
    costs : array, shape (k,)
        Mean cost of its mini-batch.
    smoothed : array, shape (k,)
        The costs, averaged over neighbouring steps with Gaussian weights.
    suggestion : float or None
        The rate at which the smoothed cost falls most steeply; None where it never falls.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.rate_finder import RateTest
    >>> rates = np.logspace(-4, 0, 5)
    >>> test = RateTest(rates, np.asarray([1.0, 0.9, 0.6, 0.3, 2.0]), width=0.1)
    >>> round(test.suggestion, 6)
    0.01
    """

    def __init__(
        self, rates: np.ndarray[Any, Any], costs: np.ndarray[Any, Any], width: float
    ) -> None:
        self.rates, self.costs = rates, costs
        self.smoothed = _smooth(costs, width)
        self.suggestion: float | None = None
        lowest = int(self.smoothed.argmin()) if len(costs) else 0
        if lowest:
            falling = np.gradient(self.smoothed, np.log(rates))[: lowest + 1]
            self.suggestion = float(rates[falling.argmin()])

    def __repr__(self) -> str:
        if not len(self.rates):
            return "RateTest(no step with a finite cost)"
        return (
            f"RateTest({len(self.rates)} steps from {self.rates[0]:.3g} to {self.rates[-1]:.3g}, "
            f"suggestion={'none' if self.suggestion is None else f'{self.suggestion:.3g}'})"
        )

    def plot(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw cost against learning rate, with the suggestion.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown, as by `History.plot`.
        title : str, optional

        Raises
        ------
        ValueError
            If there is no step to draw.
        ImportError
            If matplotlib is not installed; it comes with the extra ``plot``.
        """
        if not len(self.rates):
            raise ValueError(
                "no step of the test had a finite cost, so there is nothing to draw: begin with a "
                "lower rate, as low=1e-8, or scale the samples"
            )
        figure, (axis,) = make_figure((6, 3.6))
        axis.plot(self.rates, self.costs, color=BLUE, alpha=0.35, label="each step")
        axis.plot(self.rates, self.smoothed, color=BLUE, label="smoothed")
        if self.suggestion is not None:
            label = f"steepest, at {self.suggestion:.2g}"
            axis.axvline(self.suggestion, color=RED, linestyle=":", label=label)
        low, high = self.costs.min(), self.costs[: max(1, len(self.costs) // 2)].max()
        span = high - low + 1e-3 * abs(high)
        axis.set(xscale="log", xlabel="learning rate", ylabel="cost")
        axis.set_ylim(low - 0.1 * span, high + 0.6 * span)  # without the peak of a divergence
        style_axes(axis)
        save_or_show(figure, path, title, way_out="test.plot('rates.png')")


def find_learning_rate(
    net: Network,
    x: Any,
    y: Any,
    *,
    batch_size: int,
    optimizer: Optimizer | str = SGD(learning_rate=0.1),  # noqa: B008 - frozen, and told in help()
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    diverge: float = 4.0,
    **options: Any,
) -> RateTest:
    """Train a copy with a learning rate that grows from step to step, and look at the cost.

    Parameters
    ----------
    net : Network
        Left as it is.
    x : array or sparse matrix, shape (n, n_0)
    y : array, shape (n, n_L), or (n,) of class indices
    batch_size : int
        Samples a step.
    optimizer : Optimizer or str, optional
        Of which all but the learning rate is taken; its memory begins anew.
    low, high : float, optional
        The first and the last rate.
    steps : int, optional
        How many, at least 10: step t is done with ``low (high / low)^(t / (steps - 1))``.
        Mini-batches in which no sample has a weight are left out.
    diverge : float, optional
        The test ends where a running mean of the cost is as many times its lowest.
    **options
        Further ones of `Network.fit`, as ``l2``.

    Returns
    -------
    RateTest
        With ``suggestion``, and ``plot``.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit`, and for a setting out of range.

    Notes
    -----
    The suggestion is for a constant rate; a cycle's largest may be a few times that. Where batches
    are small the costs are noisy: look at the picture, or take more steps.

    References
    ----------
    L. Smith, Cyclical learning rates for training neural networks, 2017, sec. 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> test = bpnet.find_learning_rate(net, x, 2 * x + 1, batch_size=64)
    >>> 0.1 < test.suggestion < 5.0
    True
    """
    steps, high = Integer(10)("steps", steps), Number(0.0, closed="neither")("high", high)
    low = Number(0.0, high, closed="neither")("low", low)
    diverge = Number(1.0, closed="neither")("diverge", diverge)
    if is_solver(optimizer):
        raise ValueError("L-BFGS has no learning rate; give an optimizer that has, as 'adam'")
    growing = Exponential(low, steps=steps - 1, factor=high / low)
    optimizer = get_optimizer(optimizer).replaced(learning_rate=growing)
    copy, watch = net.copy(), _Watch(steps, diverge)
    copy.reset_optimizer()
    with contextlib.suppress(DivergenceError):  # it is looked for
        copy.fit(
            x,
            y,
            epochs=steps,  # of a step at least; the watch ends them
            batch_size=batch_size,
            optimizer=optimizer,
            callbacks=[watch],
            progress=False,
            **options,
        )
    costs = np.asarray(watch.costs)
    rates = np.asarray([growing(t) for t in range(len(costs))])
    known = ~np.isnan(costs)
    return RateTest(rates[known], costs[known], max(1.0, _WIDTH * steps))


class _Watch(Callback):
    """Gathers costs, and stops where there are enough or they diverge.

    NaN is ignored: a mini-batch may have no weight. If the parameters are NaN, the fit ends by
    itself.
    """

    def __init__(self, steps: int, diverge: float) -> None:
        self.costs: list[float] = []
        self._steps, self._diverge = steps, diverge
        self._sum = self._weight = 0.0
        self._lowest = math.inf

    def on_fit_begin(self, fit: Fit) -> None:
        fit.limit_block(_BLOCK)

    def on_steps(self, fit: Fit, steps: int) -> None:
        for cost in fit.costs().tolist():
            if len(self.costs) == self._steps or self._diverged(cost):
                fit.stop("tested", now=True)
                return
            self.costs.append(cost)
        if len(self.costs) == self._steps:
            fit.stop("tested", now=True)

    def _diverged(self, cost: float) -> bool:
        if math.isnan(cost):
            return False
        self._sum = _AVERAGE * self._sum + cost
        self._weight = _AVERAGE * self._weight + 1.0
        mean = self._sum / self._weight
        self._lowest = min(self._lowest, mean)
        room = (self._diverge - 1.0) * abs(self._lowest)
        return not (math.isfinite(cost) and mean <= self._lowest + room)


def _smooth(costs: np.ndarray[Any, Any], width: float) -> np.ndarray[Any, Any]:
    """Means of neighbouring costs, with the weights of a normal curve of that deviation."""
    steps = np.arange(len(costs))
    weights = np.exp(-0.5 * ((steps[:, None] - steps) / width) ** 2)
    smoothed: np.ndarray[Any, Any] = weights @ costs / weights.sum(axis=1)
    return smoothed
