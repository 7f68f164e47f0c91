"""`bpnet.diagnose`: why a network does not learn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...backends import Array
from ...data.sparse import SparseRows
from ...data.targets import target_kind
from ...model.metadata import class_names
from ...network import Network
from ...optimizers.registry import get as get_optimizer
from ...training.advice import advice_after_divergence
from ...training.samples import check_samples
from ...training.settings import is_solver
from ...training.target_range import out_of_range
from ..recording import Recording, check_network, record
from .answers import measured_answers
from .evidence import Evidence, Training
from .finding import PREVENTS, Finding
from .layers import measured_layers
from .of_layers import rules_on_layers
from .of_samples import notes_on_samples, rules_on_samples
from .of_training import notes_on_answers, nothing_learned, rate_too_high, rate_too_low
from .pictures import Worst
from .result import Diagnosis
from .samples import measured_samples
from .thresholds import MOST_ROWS
from .trial import try_step

__all__ = ["Subject", "diagnose"]

_WORST = 12


def diagnose(net: Network, x: Any, y: Any = None, *, optimizer: Any = None) -> Diagnosis:
    """Look for what keeps a network from learning; the network is left as it is.

    Parameters
    ----------
    net : Network
        Trained or not.
    x : array or sparse matrix, shape (m, n_0), or frame
        Training samples, all or a mini-batch. 2,048 of them, evenly spaced, go through the network.
    y : array, shape (m, n_L), or (m,) of class indices or labels, optional
        May be left out if x is a frame that has the target's column.
    optimizer : Optimizer or str, optional
        What the network is, or will be, trained with: one step of it is tried on a copy. After a
        fit with an optimizer of the same kind it goes on with its memory.

    Returns
    -------
    Diagnosis
        To be printed.

    Raises
    ------
    ValueError, TypeError
        If samples do not fit the network, or for an optimizer without single steps.

    Notes
    -----
    A network that answers clearly better than the best constant is not asked how its layers look.
    Whether x tells anything of y is seen by training alone: where 200 steps have saved nothing, a
    finding says what can be tried. `bpnet.Diagnostics` watches a fit.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.data import load_digits
    >>> x, y = load_digits().train
    >>> deep = bpnet.Network([64, 30, 30, 30, 30, 10], cost="log_likelihood", seed=0)
    >>> finding = bpnet.diagnose(deep, x, y).findings[0]
    >>> finding.kind, finding.layer
    ('vanishing_gradient', 1)
    """
    check_network(net)
    if optimizer is not None:
        if is_solver(optimizer):
            raise ValueError("L-BFGS takes no single steps: leave optimizer out, or give another")
        optimizer = get_optimizer(optimizer)
    return Subject(net, x, y).diagnosis(optimizer)


class Subject:
    """A network with samples that were checked, to be looked at once or often.

    Parameters
    ----------
    net : Network
    x, y
        As of `diagnose`.
    """

    def __init__(self, net: Network, x: Any, y: Any) -> None:
        self.net = net
        backend = net.backend
        with backend.scope():
            x, y = check_samples(net.model, backend, x, y, net.metadata)
            self._kind = target_kind(y, backend.xp)
            self._out_of_range = out_of_range(net.model, backend, y)
            self._all_y = _host(net, y)
            self._every = math.ceil(x.shape[0] / MOST_ROWS)
            self._y = y[:: self._every, ...]
            if isinstance(x, SparseRows):
                self._x: Array = x.dense(np.arange(0, x.shape[0], self._every))
            else:
                self._x = x[:: self._every, ...]

    @property
    def rows(self) -> tuple[Array, Array]:
        """Samples and targets, on the device."""
        return self._x, self._y

    def recorded(self) -> Recording:
        """A pass with the parameters of now."""
        net = self.net
        with net.backend.scope(), np.errstate(all="ignore"):
            return record(net.model, net.backend.xp, net.state.theta, self._x, self._y)

    def diagnosis(self, optimizer: Any = None, training: Training | None = None) -> Diagnosis:
        """What is wrong now."""
        net, found = self.net, self.recorded()
        seen = self.evidence(found, optimizer, training)
        x, y, a, costs = (
            _host(net, one) for one in (found.x, found.y, found.layers[-1].a, found.costs)
        )
        worst = self._worst(seen, x, y, a, costs)
        title = " ".join(repr(net).split())
        weights = _host(net, net.weights[0])
        return Diagnosis(title, _findings(seen), tuple(_notes(seen)), seen, weights, worst)

    def evidence(
        self, found: Recording, optimizer: Any = None, training: Training | None = None
    ) -> Evidence:
        """All figures of a pass, and of a step of an optimizer where one is given."""
        net, model = self.net, self.net.model
        x, y, a, costs = (
            _host(net, one) for one in (found.x, found.y, found.layers[-1].a, found.costs)
        )
        kind = self._kind if model.output.range == (0.0, 1.0) else "numbers"
        trial = None
        with np.errstate(all="ignore"):
            layers = measured_layers(model, net.backend, net.state.theta, found)
            not_finite = self._what_is_not_finite(costs, layers)
            if optimizer is not None and not not_finite:
                trial = try_step(net, self._x, self._y, optimizer)
                layers = tuple(
                    one.replaced(update=update)
                    for one, update in zip(layers, trial.updates, strict=True)
                )
            answers = measured_answers(model, a, y, costs, kind)
        return Evidence(
            model=model,
            classes=class_names(model, net.metadata),
            steps=net.steps,
            not_finite=not_finite,
            out_of_range=self._out_of_range,
            samples=measured_samples(x, self._all_y, kind),
            layers=layers,
            answers=answers,
            trial=trial,
            training=training,
        )

    def _what_is_not_finite(self, costs: NDArray[Any], layers: Any) -> str:
        theta = _host(self.net, self.net.state.theta)
        bad = int((~np.isfinite(theta)).sum())
        if bad:
            return (
                f"{bad:,} of {theta.size:,} parameters are not finite: Make the network anew, and "
                "look at what made it so: a lower learning rate may help"
            )
        if np.isfinite(costs).all() and all(math.isfinite(one.delta) for one in layers):
            return ""
        advice = advice_after_divergence(
            self.net.backend,
            before_any_step=True,
            theta=self.net.state.theta,
            samples=(self._x, self._y),
        )
        began = "No step had been done before it, with "
        return f"the cost or an error is not finite: {advice.removeprefix(began)}"

    def _worst(
        self,
        seen: Evidence,
        x: NDArray[Any],
        y: NDArray[Any],
        a: NDArray[Any],
        costs: NDArray[Any],
    ) -> Worst:
        rows = np.argsort(-np.nan_to_num(costs, nan=np.inf), kind="stable")[:_WORST]
        titles = []
        for row in rows:
            if seen.samples.kind == "classes":
                pair = [
                    one[row].argmax() if len(one[row]) > 1 else one[row, 0] > 0.5 for one in (y, a)
                ]
                true, answer = (seen.class_name(int(one)) for one in pair)
            else:
                true, answer = (", ".join(f"{v:.3g}" for v in one[row, :3]) for one in (y, a))
            titles.append(f"{true}, answer {answer}")
        numbers = (rows * self._every).tolist()
        return Worst(numbers, x[rows], costs[rows].tolist(), titles)


def _findings(seen: Evidence) -> tuple[Finding, ...]:
    """All of them, the most severe first; causes before their consequences."""
    found = [one for rule in rules_on_samples for one in rule(seen)]
    of_rate = list(rate_too_high(seen))
    if seen.not_finite:
        found = of_rate + [one for one in found if one.severity == PREVENTS]
        return tuple(sorted(found, key=lambda one: one.kind == "not_finite"))
    of_layers = [one for rule in rules_on_layers for one in rule(seen)]
    began_well = seen.training is not None and not seen.training.flat
    found += of_rate + of_layers if began_well else of_layers + of_rate
    if not found:
        found += rate_too_low(seen)
    if not found:
        found += nothing_learned(seen)
    return tuple(sorted(found, key=lambda one: -one.severity))


def _notes(seen: Evidence) -> Iterator[str]:
    yield from notes_on_samples(seen)
    yield from notes_on_answers(seen)


def _host(net: Network, array: Array) -> NDArray[Any]:
    return net.backend.to_numpy(array).astype(np.float64)
