"""A model whose activations and cost are computed of each part of a mini-batch by itself.

They are functions of each sample alone, and perhaps the program's own: these see a part, an array
of the library like any other, and may do with it whatever they do in a fit of one process.
"""

from __future__ import annotations

import copy
from typing import Any

from ...activations import Activation
from ...costs import Cost
from ...model import Model
from .partitioned import Partitioned, PartitionedNamespace

__all__ = ["by_part"]


def by_part(model: Model) -> Model:
    """The same model, for arrays in parts.

    Parameters
    ----------
    model : Model
    """
    architecture: Any = copy.copy(model.architecture)
    architecture.sigma = tuple(map(_ActivationByPart, architecture.sigma))
    architecture.computed = tuple(map(_ActivationByPart, architecture.computed))
    cost: Any = _CostByPart(model.cost)
    return Model(architecture, cost, model.task, model.classes)


class _ActivationByPart:
    def __init__(self, sigma: Activation) -> None:
        self.sigma = sigma

    def value(self, z: Partitioned, namespace: PartitionedNamespace) -> Partitioned:
        return z.each(lambda z: self.sigma.value(z, namespace.of_parts))

    def pullback(
        self, g: Partitioned, z: Partitioned, a: Partitioned, namespace: PartitionedNamespace
    ) -> Partitioned:
        return g.each(lambda g, z, a: self.sigma.pullback(g, z, a, namespace.of_parts), z, a)


class _CostByPart:
    def __init__(self, cost: Cost) -> None:
        self.cost = cost

    def output_error(
        self,
        sigma: _ActivationByPart,
        z: Partitioned,
        a: Partitioned,
        y: Partitioned,
        namespace: PartitionedNamespace,
    ) -> Partitioned:
        def of_part(z: Any, a: Any, y: Any) -> Any:
            return self.cost.output_error(sigma.sigma, z, a, y, namespace.of_parts)

        return z.each(of_part, a, y)
