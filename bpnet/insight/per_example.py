"""Gradients of single examples, and their norms without the gradients.

A mini-batch's gradient is a sum over its examples. BP3 and BP4 without that sum are each example's
own: ``delta`` for the biases, and the outer product of ``delta`` and the activations below for the
weights. The norm of an outer product is the product of the norms, so that norms need no gradients
(I. Goodfellow, "Efficient per-example gradient computations", arXiv:1510.01799, 2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._lib.frozen import Frozen
from ..backends import Array, Backend
from ..compiler.rows import join_rows, row_slices, take_rows
from ..data.sparse import SparseRows, dense_rows
from ..model import Gradients, Model
from ..network import Network
from ..training.samples import check_samples
from .recording import LayerRecord, Recording, check_network, record, record_network

__all__ = [
    "ExampleNorms",
    "model_with_independent_examples",
    "per_example_gradients",
    "per_example_norms",
    "sample_blocks",
    "total_norms",
]

_ENTRIES = 2**20  # activations of a block: what is kept of a pass is a few times as much


class ExampleNorms(Frozen):
    """Euclidean norms of the gradients of single examples.

    Parameters
    ----------
    total : array, shape (m,)
        Of the gradient by all parameters.
    layers : list of array, shape (m,)
        Of the gradient by each layer's weights and biases, and by its scales and shifts where it
        normalizes; the first layer after the input is ``layers[0]``.
    """

    total: Array
    layers: list[Array]


def per_example_gradients(net: Network, x: Any, y: Any = None) -> Gradients:
    """Gradient of each example's own cost; their mean is `Network.backprop`.

    Nothing is dropped, and no noise is added.

    Parameters
    ----------
    net : Network
    x : array or sparse matrix, shape (m, n_0), or frame
    y : array, shape (m, n_L), or (m,) of class indices or labels, optional
        May be left out if x is a frame that has the target's column.

    Returns
    -------
    Gradients
        ``weights[l]``, shape (m, n_l, n_{l-1}), and ``biases[l]``, (m, n_l); ``scales`` and
        ``shifts``, (m, n_l) each, of the layers that normalize. They take m times the memory of
        the parameters: `per_example_norms` takes none of it.

    Raises
    ------
    ValueError, TypeError
        If the network has batch normalization, or samples do not fit it; the message names both.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
    >>> found = bpnet.per_example_gradients(net, [[1.0, 2.0], [3.0, 4.0]], [[1.0], [-1.0]])
    >>> found.weights[0]
    array([[[-1., -2.]],
           [[ 3.,  4.]]], dtype=float32)
    """
    model_with_independent_examples(net)
    with net.backend.scope():
        found = record_network(net, x, y)
        pairs = list(zip(found.layers, _activations_below(found), strict=True))
        normalizing = [one for one in found.layers if one.normalized is not None]
        return Gradients(
            [one.delta[:, :, None] * a[:, None, :] for one, a in pairs],  # (BP4)
            [one.delta for one in found.layers],  # (BP3)
            [one.nabla_argument * one.normalized for one in normalizing],
            [one.nabla_argument for one in normalizing],
        )


def per_example_norms(net: Network, x: Any, y: Any = None) -> ExampleNorms:
    """Norm of each example's gradient, layer by layer, without forming the gradients.

    Of a layer with weighted inputs ``a @ w.T + b`` it is ``|delta| sqrt(1 + |a|^2)``. The samples
    are taken some at a time, so that the memory needed does not grow with their number.

    Parameters
    ----------
    net, x, y
        As for `per_example_gradients`.

    Returns
    -------
    ExampleNorms
        Not squared: squares of the small gradients of deep layers would be lost in float32.

    Raises
    ------
    ValueError, TypeError
        As for `per_example_gradients`.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
    >>> norms = bpnet.per_example_norms(net, [[2.0, 2.0], [0.0, 0.0]], [[1.0], [-1.0]])
    >>> norms.total.round(4)
    array([3., 1.], dtype=float32)
    """
    model, backend = model_with_independent_examples(net), net.backend
    with backend.scope():
        theta = net.state.theta
        x, y = check_samples(model, backend, x, y, net.metadata)
        parts = [
            _norms(model, backend.xp, theta, x_k, y_k)
            for x_k, y_k in sample_blocks(model, backend, x, y)
        ]
        total, *layers = (join_rows(backend, list(one)) for one in zip(*parts, strict=True))
        return ExampleNorms(total, layers)


def total_norms(model: Model, xp: Any, theta: Array, x: Array, y: Array) -> Array:
    """Norm of each example's whole gradient, shape (m,), of samples that are checked.

    Parameters
    ----------
    model : Model
        Without batch normalization.
    xp : namespace
    theta : array, shape (size,)
    x : array, shape (m, n_0)
    y : array, shape (m, n_L)
    """
    return _norms(model, xp, theta, x, y)[0]


def model_with_independent_examples(net: Network) -> Model:
    """The model of a network in which no example's cost depends on the others.

    Raises
    ------
    TypeError
        If it is no `Network`.
    ValueError
        If it has batch normalization.
    """
    check_network(net)
    if layers := net.model.architecture.batch_norm_layers:
        names = ", ".join(str(l + 1) for l in layers)
        raise ValueError(
            f"batch normalization in layer{'s' if layers[1:] else ''} {names} makes an example's "
            "cost depend on the other examples of its mini-batch, so that none has a gradient of "
            "its own: use a network with Layer(..., normalization='layer'), or without any"
        )
    return net.model


def sample_blocks(
    model: Model, backend: Backend, x: Array | SparseRows, y: Array
) -> Iterator[tuple[Array, Array]]:
    """Samples and targets, some rows at a time, as dense arrays: few enough for their pass."""
    most = max(1, _ENTRIES // sum(model.sizes))
    for rows in row_slices(backend, x.shape[0], most):
        yield dense_rows(backend, x, rows), take_rows(backend, y, rows)


def _norms(model: Model, xp: Any, theta: Array, x: Array, y: Array) -> tuple[Array, ...]:
    """The norm of the whole, then each layer's, shape (m,) each."""
    found = record(model, xp, theta, x, y)
    layers = [
        _layer_norm(one, a, xp)
        for one, a in zip(found.layers, _activations_below(found), strict=True)
    ]
    return _length(xp.stack(layers, axis=1), xp), *layers


def _activations_below(found: Recording) -> list[Array]:
    """What each layer's weights multiply, shape (m, n_{l-1})."""
    return [found.x, *(one.a for one in found.layers[:-1])]


def _layer_norm(layer: LayerRecord, a: Array, xp: Any) -> Array:
    """Norm of each example's gradient by one layer's parameters, shape (m,)."""
    lengths = _length(a, xp)
    norm = _length(layer.delta, xp) * _length(
        xp.stack([xp.ones_like(lengths), lengths], axis=1), xp
    )
    if layer.normalized is None:
        return norm
    g = layer.nabla_argument
    by_scale, by_shift = _length(g * layer.normalized, xp), _length(g, xp)
    return _length(xp.stack([norm, by_scale, by_shift], axis=1), xp)


def _length(rows: Array, xp: Any) -> Array:
    """Euclidean norm of each row, shape (m,), where the squares would over- or underflow too."""
    largest = xp.max(xp.abs(rows), axis=1, keepdims=True)
    usable = xp.isfinite(largest) & (largest > 0.0)
    scale = xp.where(usable, largest, xp.ones_like(largest))
    scaled = rows / scale
    return xp.sqrt(xp.vecdot(scaled, scaled)) * scale[:, 0]
