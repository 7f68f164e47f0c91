"""A trace: every number of a pass forward and back, beside the equation that gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .._lib.constraints import Integer
from .._lib.frozen import Frozen
from .._lib.html import ShownText, html_lines, html_table
from ..backends import Array, Backend
from ..backends.dtypes import check_dtype
from ..data.sparse import dense
from ..model import Model
from ..network import Network
from ..training.samples import check_samples
from .array_text import array_lines, json_values
from .equations import Equation, cost_equation, layer_equations
from .recording import LayerRecord, check_network, record_network

__all__ = ["LayerTrace", "Trace", "trace"]

_FORWARD = ("z", "mean", "variance", "normalized", "argument", "value", "a")
_HEADER = ("quantity", "value")
_NOTATION = "the input is layer 0 (the book's layer 1); * multiplies entry by entry"


class LayerTrace(LayerRecord):
    """What one layer computed; its equations are its ``repr``.

    Beside the fields of `LayerRecord`, which are None in the input layer but for ``a``:

    Parameters
    ----------
    number : int
        The input layer's is 0.
    neurons : int
    kind : str
        Activation and options, as "tanh (batch norm)"; of the input layer "input".
    equations : dict of str to Equation
        By the names of the fields that this network's equations have, in the order in which they
        are computed.
    """

    number: int = 0
    neurons: int = 0
    kind: str = ""
    equations: Mapping[str, Equation] = MappingProxyType({})

    @property
    def title(self) -> str:
        """As "layer 1: 30 sigmoid"."""
        return f"layer {self.number}: {self.neurons} {self.kind}"

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {one}" for one in self.equations.values())])


class Trace(Frozen):
    """A pass of m samples forward and back through a network, as `trace` returns it.

    Printed, and in a notebook, it is a table in the book's notation; `table` has that of one layer.
    Arrays are of the network's library, one sample per row. Errors and gradients by activations
    belong to each sample's cost C_x; gradients by parameters belong to the mean cost C, so that
    those of a single sample are that sample's own.

    Parameters
    ----------
    layers : tuple of LayerTrace
        ``layers[l]`` is layer l, the input being 0.
    y : array, shape (m, n_L)
        Targets.
    costs : array, shape (m,)
        C_x of each sample.
    notes : tuple of str
        Where the trace differs from a training step.
    model : Model
    backend : Backend
        What computed.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 3, 1], seed=0)
    >>> found = bpnet.trace(net, [[0.0, 1.0]], [[1.0]], dtype="float64")
    >>> found.layers[1].delta.shape, found.layers[1].equations["delta"].source
    ((1, 3), 'BP2')
    >>> print(found.layers[2].equations["delta"])
    delta^2 = (a^2 - y) * sigma'(z^2)  (BP1)
    """

    layers: tuple[LayerTrace, ...]
    y: Array
    costs: Array
    notes: tuple[str, ...]
    model: Model
    backend: Backend

    @property
    def cost(self) -> float:
        """The mean cost C."""
        return float(self._host(self.costs).mean(dtype=np.float64))

    def table(self, layer: int | None = None) -> ShownText:
        """The table, as text that a notebook shows as HTML.

        Parameters
        ----------
        layer : int, optional
            Only this one, the input being 0.

        Raises
        ------
        ValueError
            If there is no such layer.

        Examples
        --------
        >>> net = bpnet.Network([2, 1], initializer="zeros")
        >>> bpnet.trace(net, [[1.0, 2.0]], [[1.0]]).table(1)
        layer 1: 1 sigmoid
          z^1 = w^1 a^0 + b^1  (25)                  0
          a^1 = sigma(z^1)  (25)                     0.5
          sigma'(z^1)  (sigmoid)                     0.25
          delta^1 = (a^1 - y) * sigma'(z^1)  (BP1)   -0.125
          dC/db^1 = delta^1  (BP3)                   -0.125
          dC/dw^1 = delta^1 (a^0)^T  (BP4)           -0.125  -0.25
        """
        if layer is None:
            sections, facts = [*self._sections()], self._facts()
        else:
            one = self.layers[Integer(0, len(self.layers) - 1)("layer", layer)]
            sections, facts = [(one.title, [*self._rows(one, one.equations)])], []
        width = max(len(str(left)) for _, rows in sections for left, _ in rows)
        lines = [f"{name}: {text}" for name, text in facts]
        for title, rows in sections:
            lines += ["", title] if lines else [title]
            for equation, values in rows:
                for k, text in enumerate(values):
                    lines.append(f"  {'' if k else str(equation):<{width}}   {text}".rstrip())
        pages = [
            html_lines([(title, "")]) + html_table(_HEADER, _html_rows(rows), 2)
            for title, rows in sections
        ]
        return ShownText("\n".join(lines), html_lines(facts) * bool(facts) + "".join(pages))

    def to_dict(self) -> dict[str, Any]:
        """Everything in JSON's types: names, equations, shapes and values.

        None stands for a value that is not finite.

        Examples
        --------
        >>> net = bpnet.Network([2, 1], initializer="zeros")
        >>> found = bpnet.trace(net, [[1.0, 2.0]], [[1.0]]).to_dict()
        >>> found["layers"][1]["quantities"]["delta"]["values"]
        [[-0.125]]
        """
        equation = cost_equation(self.model)
        return {
            "network": str(self.model.architecture),
            "sizes": list(self.model.sizes),
            "samples": int(self.y.shape[0]),
            "backend": self.backend.name,
            "device": self.backend.device,
            "dtype": self.backend.dtype,
            "notes": list(self.notes),
            "cost": json_values(np.asarray(self.cost)),
            "costs": self._entry(equation, self.costs),
            "targets": self._entry(Equation("y", "", "target"), self.y),
            "layers": [
                {
                    "layer": one.number,
                    "neurons": one.neurons,
                    "kind": one.kind,
                    "quantities": {
                        name: self._entry(equation, getattr(one, name))
                        for name, equation in one.equations.items()
                    },
                }
                for one in self.layers
            ],
        }

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().html

    def _facts(self) -> list[tuple[str, str]]:
        m, backend = int(self.y.shape[0]), self.backend
        network = f"{self.model.architecture}, cost {self.model.cost.name}"
        facts = [
            ("network", network),
            ("samples", f"{m:,}, {backend.dtype}, {backend.name} on {backend.device}"),
            ("notation", _NOTATION),
        ]
        if m > 1:
            facts.append(("rows", "samples, of x, y, z, a and delta; C is the mean of C_x"))
        return [*facts, *(("note", one) for one in self.notes)]

    def _sections(self) -> Iterator[tuple[str, list[tuple[Equation, list[str]]]]]:
        """Forward layer by layer, the cost, and back."""
        for one in self.layers:
            yield f"forward, {one.title}", [*self._rows(one, _FORWARD)]
        cost = [
            (Equation("y", "", "target"), self._lines(self.y)),
            (cost_equation(self.model), self._lines(self.costs)),
        ]
        if self.y.shape[0] > 1:
            mean = Equation("C", f"1/{self.y.shape[0]} sum_x C_x", "mean")
            cost.append((mean, array_lines(np.asarray(self.cost))))
        yield "cost", cost
        for one in reversed(self.layers[1:]):
            rows = self._rows(one, (name for name in one.equations if name not in _FORWARD))
            yield f"back, {one.title}", [*rows]

    def _rows(
        self, layer: LayerTrace, names: Iterable[str]
    ) -> Iterator[tuple[Equation, list[str]]]:
        for name in names:
            if name in layer.equations:
                yield layer.equations[name], self._lines(getattr(layer, name))

    def _lines(self, values: Array) -> list[str]:
        return array_lines(self._host(values))

    def _entry(self, equation: Equation, values: Array) -> dict[str, Any]:
        return {
            "symbol": equation.symbol,
            "equation": equation.formula,
            "source": equation.source,
            "shape": [int(n) for n in values.shape],
            "values": json_values(self._host(values)),
        }

    def _host(self, values: Array) -> np.ndarray[Any, Any]:
        with self.backend.scope():
            return self.backend.to_numpy(values)


def trace(net: Network, x: Any, y: Any = None, *, dtype: str | None = None) -> Trace:
    """Every number of a pass forward and back, with the equation that gave it.

    They come from the one backpropagation of the package, so that the gradients are those of
    `Network.backprop` to the bit. Dropout and noise are off, and batch normalization takes mean and
    variance of these samples.

    Parameters
    ----------
    net : Network
        Left as it is.
    x : array or sparse matrix, shape (m, n_0), or frame
        One sample, or a few.
    y : array, shape (m, n_L), or (m,) of class indices or labels, optional
        May be left out if x is a frame that has the target's column.
    dtype : {"float32", "float64"}, optional
        What to compute in; by default the network's. Where the device has no float64, NumPy
        computes, and a note says so.

    Returns
    -------
    Trace

    Raises
    ------
    TypeError
        If ``net`` is no network, or the samples are of another library or no numbers.
    ValueError
        If the samples do not fit the network; the message gives both values.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 2, 1], initializer="zeros", seed=0)
    >>> print(bpnet.trace(net, [[1.0, 2.0]], [[1.0]]))
    network: 2 -> 2 sigmoid -> 1 sigmoid, cost quadratic
    samples: 1, float32, numpy on cpu
    notation: the input is layer 0 (the book's layer 1); * multiplies entry by entry
    <BLANKLINE>
    forward, layer 0: 2 input
      a^0 = x  (input)                                   1  2
    ...
    """
    check_network(net)
    notes = [*_differences(net)]
    if dtype is not None:
        dtype = check_dtype(dtype)
        lacking = net.backend.why_no_dtype(dtype)
        if lacking:
            where = f"{net.backend.name} on {net.device}"
            notes.append(f"NumPy computes, as {where} has no {dtype}: {lacking}")
            x, y = _on_host(net, x, y)
            net = net.to("numpy", "cpu", dtype, compute_dtype=None, deterministic=False)
        else:
            net = net.to(dtype=dtype, compute_dtype=None)
    found = record_network(net, x, y)
    m, backend, layers = int(found.x.shape[0]), net.backend, net.model.architecture.layers
    if m == 1 and net.model.architecture.batch_norm_layers:
        notes.append("a single sample is its own mean: batch normalization makes every n 0")
    with backend.scope():
        # Copies: both may be the user's own arrays.
        x, y = (backend.xp.astype(one, one.dtype) for one in (found.x, found.y))
    nothing = dict.fromkeys(LayerRecord.fields)
    traced = [
        LayerTrace(
            **{**nothing, "a": x},
            neurons=net.sizes[0],
            kind="input",
            equations=layer_equations(net.model, 0, m, True),
        )
    ]
    for l, one in enumerate(found.layers, start=1):
        words = str(layers[l]).partition(" ")[2]
        equations = layer_equations(net.model, l, m, one.sigma_prime is not None)
        own = {name: getattr(one, name) for name in LayerRecord.fields}
        traced.append(
            LayerTrace(**own, number=l, neurons=net.sizes[l], kind=words, equations=equations)
        )
    return Trace(tuple(traced), y, found.costs, tuple(notes), net.model, backend)


def _differences(net: Network) -> Iterator[str]:
    """Where a trace is not what a training step computes."""
    layers = net.model.architecture.layers
    if any(layer.dropout or layer.noise for layer in layers):
        yield "dropout and noise are off, as in predictions"
    if net.backend.compute_dtype is not None:
        yield f"training computes in {net.backend.compute_dtype}; this trace does not"


def _on_host(net: Network, x: Any, y: Any) -> tuple[Any, Any]:
    """Samples and targets as NumPy arrays, whatever they were given as."""
    backend = net.backend
    with backend.scope():
        own = check_samples(net.model, backend, x, y, net.metadata)
        return backend.to_numpy(dense(own[0])), backend.to_numpy(own[1])


def _html_rows(rows: list[tuple[Equation, list[str]]]) -> Iterator[tuple[str, str]]:
    for equation, values in rows:
        for k, text in enumerate(values):
            yield ("" if k else str(equation)), text
