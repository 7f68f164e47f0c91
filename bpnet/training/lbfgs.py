"""L-BFGS over the whole batch, by SciPy: for small data, and to the bottom of a minimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._lib.constraints import Constraints, Integer, Number
from .._lib.validation import Validated
from .._lib.wording import shown
from .fit import Fit
from .history import History
from .trainable import Trainable

__all__ = ["LBFGS"]

_TAKEN = (
    *("epochs", "optimizer", "l2", "alpha", "sample_weight", "class_weight"),
    *("validation", "metrics", "callbacks", "progress"),
)
_OFF = {"accumulate": 1}
_MEANINGLESS = ("batch_size", "evaluate_training", "shuffle")  # whatever they say, it is the same


class LBFGS(Validated):
    """The limited-memory BFGS method: each step takes the whole batch, and a line search.

    It takes the place of an optimizer in `Network.fit`; an epoch of the history is then one
    iteration, and the batch size means nothing. The parameters are a vector in double precision on
    the host, as SciPy wants them; cost and gradient are computed where the network is. With
    ``dtype="float64"`` the minimum is found to more digits.

    Parameters
    ----------
    history_size : int, optional
        How many steps and changes of the gradient stand for the curvature.
    gradient_tolerance : float, optional
        Stop where no entry of the gradient is larger in magnitude.
    cost_tolerance : float, optional
        Stop where an iteration lowers the objective by no more than this share of it (or, below 1,
        by no more than this).
    line_search : int, optional
        The most evaluations in one iteration.
    max_evaluations : int, optional
        Stop after the iteration in which cost and gradient were computed more often than this; by
        default only ``epochs`` and tolerances end a fit.

    Notes
    -----
    ``history.stopped`` is ``"converged"`` where a tolerance was met, ``"stalled"`` where the line
    search found no lower cost, ``"completed"`` where the iterations, or evaluations, were used up.

    References
    ----------
    R. Byrd, P. Lu, J. Nocedal and C. Zhu, A limited memory algorithm for bound constrained
    optimization, 1995; SciPy's ``L-BFGS-B``, here without bounds.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], dtype="float64", seed=0)
    >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
    >>> history = bpnet.LBFGS().fit(net, x, y, epochs=100)
    >>> history.stopped, round(net.weights[0].item(), 4), round(net.biases[0].item(), 4)
    ('converged', 2.0, 1.0)
    """

    constraints = Constraints(
        history_size=Integer(1),
        gradient_tolerance=Number(0.0),
        cost_tolerance=Number(0.0),
        line_search=Integer(1),
        max_evaluations=Integer(1, optional=True),
    )

    history_size: int = 10
    gradient_tolerance: float = 1e-5
    cost_tolerance: float = 1e-9
    line_search: int = 20
    max_evaluations: int | None = None

    def begin_fit(
        self, trainable: Trainable, x: Any, y: Any, settings: Mapping[str, Any], net: Any
    ) -> Fit:
        """The fit that `Network.fit` runs; see `bpnet.training.start.begin_fit`."""
        for name, value in settings.items():
            off = value is None or (isinstance(value, float | int) and value == _OFF.get(name, 0))
            if name not in (*_TAKEN, *_MEANINGLESS) and not off:
                raise ValueError(
                    f"L-BFGS does not support {name}={shown(value)}: leave it out, or use another "
                    "optimizer, such as bpnet.Adam()"
                )
        from .lbfgs_fit import begin_minimization  # not needed by `import bpnet`

        return begin_minimization(self, trainable, x, y, settings, net)

    def fit(self, net: Any, x: Any, y: Any, *, epochs: int, **settings: Any) -> History:
        """Minimize the network's mean cost: ``net.fit(x, y, optimizer=self, epochs=epochs, ...)``.

        Parameters
        ----------
        net : Network
        x : array or sparse matrix, shape (n, n_0)
        y : array, shape (n, n_L), or (n,) of class indices
        epochs : int
            The most iterations.
        **settings
            ``l2``, ``alpha``, ``sample_weight``, ``class_weight``, ``validation``, ``callbacks``,
            ``metrics`` and ``progress``, as of `Network.fit`. The objective is the weighted mean of
            the samples' costs, plus l2/2 + alpha/(2s) times the sum of the squared weights, where s
            is the weight of all samples together, without weights their number.

        Returns
        -------
        History
            One row per iteration.

        Raises
        ------
        ValueError, TypeError
            As `Network.fit`; also if a layer drops, has noise or normalizes by mini-batch: there
            is no one function to minimize then. Nothing has changed.
        DivergenceError
            If the cost or gradient is not finite; the parameters are those of the last iteration.
        ImportError
            If SciPy is not installed; the message says what to install.

        Notes
        -----
        Ctrl-C ends it at the next evaluation, with the parameters of the last full iteration. The
        memory of an optimizer that the network had is forgotten; `Network.steps` stays.
        """
        if not hasattr(net, "fit"):
            raise TypeError(f"net must be a Network, not {type(net).__name__}")
        history: History = net.fit(x, y, epochs=epochs, optimizer=self, **settings)
        return history
