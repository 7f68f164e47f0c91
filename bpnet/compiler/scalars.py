"""Numbers of a step, made of constants and rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from .ir import Node

__all__ = ["constant", "depends_on_rates", "evaluate", "scalar"]


def scalar(op: str, *args: Node, dtype: Any) -> Node:
    """A node for a number computed from others."""
    return Node("scalar", args, (), dtype, op)


def depends_on_rates(node: Node) -> bool:
    """Whether a number may change from step to step."""
    return node.op == "rate" or any(depends_on_rates(one) for one in node.args)


def evaluate(node: Node, rates: np.ndarray[Any, Any]) -> Any:
    """The values of a number at each step, in double precision.

    Parameters
    ----------
    node : Node
    rates : numpy.ndarray, shape (steps, rates of a step)
    """
    if node.op == "constant":
        return node.option
    if node.op == "rate":
        return rates[:, node.option]
    return getattr(np, node.option)(*(evaluate(one, rates) for one in node.args))


def constant(node: Node) -> float:
    """The value of a number that is the same at each step."""
    return float(evaluate(node, np.zeros((1, 0))))
