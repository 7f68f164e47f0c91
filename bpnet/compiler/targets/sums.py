"""Sums over the rows or the columns of a matrix as products with ones, which BLAS has."""

from __future__ import annotations

from ...backends import Array

__all__ = ["as_factor"]


def as_factor(ones: Array, out: Array, axis: int) -> tuple[Array, Array]:
    """View ones and a result as matrices of the product that is a sum over an axis.

    The sum of x over axis 0 is ``ones @ x``, that over axis 1 is ``x @ ones``: the ones are the
    factor number `axis`.

    Parameters
    ----------
    ones : array, shape (x.shape[axis],)
    out : array
        Of as many entries as the sum.
    axis : {0, 1}

    Returns
    -------
    ones, out : array
        Views of two dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> x, out = np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.empty(2)
    >>> factor, matrix = as_factor(np.ones(2), out, 0)
    >>> _ = np.matmul(factor, x, out=matrix)
    >>> out
    array([4., 6.])
    """
    if axis == 0:
        return ones[None, :], out.reshape(1, -1)
    return ones[:, None], out.reshape(-1, 1)
