"""What backpropagation computes on its way: z, a, sigma'(z) and delta of every layer.

Nothing is computed a second time. `bpnet.backprop.backprop` runs as in training, on activations and
a cost that remember what they were given and what they answered.
"""

from __future__ import annotations

from typing import Any

from .._lib.frozen import Frozen
from ..activations import Activation
from ..backends import Array
from ..backprop import backprop
from ..costs import Cost
from ..data.sparse import dense
from ..model import Model
from ..model.layer_pass import LayerPass
from ..network import Network
from ..training.samples import check_samples

__all__ = ["LayerRecord", "Recording", "check_network", "record", "record_network"]


class LayerRecord(Frozen):
    """One layer in a pass forward and back over m samples, which are rows.

    Errors and gradients by activations belong to each sample's cost C_x. Gradients by parameters
    belong to the mean cost.

    Parameters
    ----------
    z : array, shape (m, n_l)
        Weighted inputs.
    a : array, shape (m, n_l)
        Activations.
    sigma_prime : array, shape (m, n_l), or None
        The activation function's derivative at ``argument``; None where that is a matrix, as
        softmax's.
    delta : array, shape (m, n_l)
        Errors, ``dC_x/dz``.
    nabla_a : array, shape (m, n_l), or None
        ``dC_x/da``; None in an output layer whose delta is ``a - y``, which does without.
    nabla_w, nabla_b : array, shape (n_l, n_{l-1}) and (n_l,)
    argument, nabla_argument, value : array, shape (m, n_l)
        Of the activation function: what it was applied to, ``dC_x`` by that, and what it returned.
        They are z, delta and a, where the layer neither normalizes nor adds the one below.
    mean, variance, normalized : array, shapes (1, n_l) or (m, 1), twice, and (m, n_l), or None
        Of z, where the layer normalizes: over the mini-batch, or over the layer.
    nabla_scale, nabla_shift : array, shape (n_l,), or None
        Likewise.
    """

    z: Array
    a: Array
    sigma_prime: Array | None
    delta: Array
    nabla_a: Array | None
    nabla_w: Array
    nabla_b: Array
    argument: Array
    nabla_argument: Array
    value: Array
    mean: Array | None = None
    variance: Array | None = None
    normalized: Array | None = None
    nabla_scale: Array | None = None
    nabla_shift: Array | None = None


class Recording(Frozen):
    """A pass forward and back over m samples.

    Parameters
    ----------
    x : array, shape (m, n_0)
    y : array, shape (m, n_L)
    costs : array, shape (m,)
        C_x of each sample.
    layers : tuple of LayerRecord
        The first after the input is ``layers[0]``.
    """

    x: Array
    y: Array
    costs: Array
    layers: tuple[LayerRecord, ...]


def record(model: Model, xp: Any, theta: Array, x: Array, y: Array) -> Recording:
    """Backpropagate a mini-batch, and keep what each layer computed.

    Nothing is dropped and no noise is added; batch normalization uses the mini-batch's own mean
    and variance, as in a training step. The gradients are those of `Network.backprop`, to the bit.

    Parameters
    ----------
    model : Model
    xp : namespace
    theta : array, shape (size,)
        Parameters, as `TrainingState.theta`.
    x : array, shape (m, n_0)
    y : array, shape (m, n_L)

    Returns
    -------
    Recording
        Arrays of the library of ``theta``. Some may share memory with each other or with ``x``.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.insight.recording import record
    >>> net = bpnet.Network([2, 3, 1], seed=0, dtype="float64")
    >>> x, y = net.backend.asarray([[0.0, 1.0]]), net.backend.asarray([[1.0]])
    >>> one = record(net.model, net.backend.xp, net.state.theta, x, y)
    >>> [layer.delta.shape for layer in one.layers]
    [(1, 3), (1, 1)]
    """
    m, (w, b) = x.shape[0], model.layout.split(theta, xp)
    layers = [_RecordedLayer(one) for one in model.architecture.passes(theta, None, x, xp)]
    cost = _RecordedCost(model.cost)
    nabla_w, nabla_b, z = backprop(w, b, layers, cost, x, y, xp)  # type: ignore[arg-type]
    output = layers[-1]
    output.g_out = cost.delta
    if not model.cost.matches(model.output):
        output.g = model.cost.gradient(output.a, y, xp)  # what BP1 began with
    costs = model.cost.of_output(model.output, z, y, xp)
    found = [
        one.record(of_w / m, of_b / m, m, xp)
        for one, of_w, of_b in zip(layers, nabla_w, nabla_b, strict=True)
    ]
    return Recording(x, y, costs, tuple(found))


def record_network(net: Network, x: Any, y: Any = None) -> Recording:
    """`record` of a network, of samples as `Network.backprop` takes them.

    Parameters
    ----------
    net : Network
    x : array or sparse matrix, shape (m, n_0), or frame
    y : array, shape (m, n_L), or (m,) of class indices or labels, optional
        May be left out if x is a frame that has the target's column.

    Raises
    ------
    ValueError, TypeError
        If samples do not fit the network; the message gives both values.
    """
    check_network(net)
    backend = net.backend
    with backend.scope():
        x, y = check_samples(net.model, backend, x, y, net.metadata)
        return record(net.model, backend.xp, net.state.theta, dense(x), y)


def check_network(net: Any) -> None:
    """Raise TypeError, with a way out for an estimator, if it is no `Network`."""
    if isinstance(net, Network):
        return
    told = f"net must be a Network, not {type(net).__name__}"
    if isinstance(getattr(net, "network_", None), Network):
        told += ", whose network is its network_"
    raise TypeError(told)


class _RecordedActivation:
    """An activation, or a whole layer's pass, that keeps what goes through it."""

    z: Array
    a: Array
    g: Array = None  # the gradient by a; of an output layer the cost is asked instead
    g_out: Array = None  # the gradient by z

    def __init__(self, sigma: Any) -> None:
        self.sigma = sigma

    def value(self, z: Array, xp: Any) -> Array:
        self.z, self.a = z, self.sigma.value(z, xp)
        return self.a

    def pullback(self, g: Array, z: Array, a: Array, xp: Any) -> Array:
        self.g, self.g_out = g, self.sigma.pullback(g, z, a, xp)
        return self.g_out

    def derivative(self, xp: Any) -> Array | None:
        """The derivative at z, shape (m, n_l); None where that is a matrix."""
        try:
            found = self.sigma.derivative(self.z, self.a, xp)
        except (TypeError, NotImplementedError):  # of softmax, and of one that has only a pullback
            return None
        same = getattr(found, "shape", None) == self.z.shape
        return found if same else found + xp.zeros_like(self.z)  # of one's own: a number


class _RecordedLayer(_RecordedActivation):
    """A layer's pass; ``inner`` is the activation function in it, perhaps all there is."""

    def __init__(self, layer: LayerPass | Activation) -> None:
        super().__init__(layer)
        self._within: _RecordedActivation | None = None
        if isinstance(layer, LayerPass):
            self._within = layer.sigma = _RecordedActivation(layer.sigma)  # type: ignore[assignment]

    @property
    def inner(self) -> _RecordedActivation:
        return self._within or self  # no attribute: a cycle would keep the arrays for a while

    def record(self, nabla_w: Array, nabla_b: Array, m: int, xp: Any) -> LayerRecord:
        """What went through, and the gradients by weights and biases."""
        inner, layer = self.inner, self.sigma
        common = (self.z, self.a, inner.derivative(xp), self.g_out, inner.g, nabla_w, nabla_b)
        found = LayerRecord(*common, inner.z, inner.g_out, inner.a)
        if not isinstance(layer, LayerPass) or layer.norm is None:
            return found
        mean, variance = layer.batch
        return found.replaced(
            mean=mean,
            variance=variance,
            normalized=layer.n,
            nabla_scale=layer.nabla_scale / m,
            nabla_shift=layer.nabla_shift / m,
        )


class _RecordedCost:
    """A cost that keeps the output layer's error; it is asked with the activation itself."""

    delta: Array

    def __init__(self, cost: Cost) -> None:
        self.cost = cost

    def output_error(
        self, sigma: _RecordedActivation, z: Array, a: Array, y: Array, xp: Any
    ) -> Array:
        self.delta = self.cost.output_error(sigma.sigma, z, a, y, xp)
        return self.delta
