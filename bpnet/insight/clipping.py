"""The sum of clipped gradients, without the gradient of any single example.

One pass gives the norms. In a second, each example's cost is weighted by what its gradient is to
shrink by, which makes the gradient of the weighted sum the sum of the clipped gradients
(X. Li, F. Tramèr, P. Liang and T. Hashimoto, ICLR 2022, arXiv:2110.05679, call it ghost clipping).
"""

from __future__ import annotations

from typing import Any

from .._lib.constraints import Number
from ..backends import Array, Backend
from ..compiler.rows import compile_function
from ..data.sparse import SparseRows
from ..model import Gradients, Model, gradient
from ..network import Network
from ..training.samples import check_samples
from .per_example import model_with_independent_examples, sample_blocks, total_norms

__all__ = ["ClippedSum", "check_clip_norm", "clipped_gradient_sum"]

check_clip_norm = Number(0.0, closed="neither")


def clipped_gradient_sum(net: Network, x: Any, y: Any = None, *, clip_norm: float) -> Gradients:
    """Sum over examples of each one's gradient, scaled down to a norm of at most ``clip_norm``.

    No example can move it further than that. Nothing is dropped, and no noise is added.

    Parameters
    ----------
    net : Network
    x : array or sparse matrix, shape (m, n_0), or frame
    y : array, shape (m, n_L), or (m,) of class indices or labels, optional
        May be left out if x is a frame that has the target's column.
    clip_norm : float
        Greater than 0.

    Returns
    -------
    Gradients
        Shaped like the parameters. A sum, not a mean.

    Raises
    ------
    ValueError, TypeError
        If the network has batch normalization, or an argument is wrong; the message says what.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
    >>> x, y = [[2.0, 2.0], [0.0, 0.0]], [[-1.0], [-1.0]]  # gradients (2, 2, 1) and (0, 0, 1)
    >>> found = bpnet.clipped_gradient_sum(net, x, y, clip_norm=1.5)
    >>> found.weights[0].round(4), found.biases[0].round(4)
    (array([[1., 1.]], dtype=float32), array([1.5], dtype=float32))
    """
    clip_norm = check_clip_norm("clip_norm", clip_norm)
    model, backend = model_with_independent_examples(net), net.backend
    with backend.scope():
        x, y = check_samples(model, backend, x, y, net.metadata)
        run = ClippedSum(model, backend, clip_norm)
        found = run(net.state.theta, x, y, backend.xp.ones_like(y[:, :1]))
        scales, shifts = model.layout.split_norms(found, backend.xp)
        split = model.layout.split(found, backend.xp)
        return Gradients(*split, [*scales.values()], [*shifts.values()])


class ClippedSum:
    """`clipped_gradient_sum` of samples that are checked, as one vector.

    Parameters
    ----------
    model : Model
        Without batch normalization.
    backend : Backend
    clip_norm : float
    """

    def __init__(self, model: Model, backend: Backend, clip_norm: float) -> None:
        self._model, self._backend, self._clip_norm = model, backend, clip_norm
        self._run = compile_function(backend, self._of_block)

    def __call__(self, theta: Array, x: Array | SparseRows, y: Array, counts: Array) -> Array:
        """The sum, shape (size,).

        Parameters
        ----------
        theta : array, shape (size,)
        x : array or SparseRows, shape (m, n_0)
        y : array, shape (m, n_L)
        counts : array, shape (m, 1)
            1 for an example; 0 for a row that only fills the array.
        """
        total = self._backend.xp.zeros_like(theta)
        given = self._backend.xp.concat([y, counts], axis=1)
        for block in sample_blocks(self._model, self._backend, x, given):
            total = total + self._run(theta, *block)
        return total

    def _of_block(self, xp: Any, theta: Array, x: Array, y: Array) -> Array:
        y, counts = y[:, :-1], y[:, -1:]
        norms = total_norms(self._model, xp, theta, x, y)[:, None]
        weight = counts * (self._clip_norm / xp.maximum(norms, self._clip_norm))
        y = xp.concat([y, weight], axis=1)
        return gradient(self._model, xp, theta, (), x, y, mean=False, weighted=True).theta
