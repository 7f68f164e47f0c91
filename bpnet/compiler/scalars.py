"""Numbers of a step, made of constants and rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from .ir import Node

__all__ = ["constant", "depends_on_rates", "evaluate", "scalar"]


def scalar(op: str, *args: Node, dtype: Any) -> Node:
    """A number that is computed from others."""
    return Node("scalar", args, (), dtype, op)


def depends_on_rates(node: Node) -> bool:
    """Whether a number may be another at each step."""
    return node.op == "rate" or any(depends_on_rates(one) for one in node.args)


def evaluate(node: Node, rates: np.ndarray[Any, Any]) -> Any:
    """A number at each step, in double precision.

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
    """A number that is the same at each step."""
    return float(evaluate(node, np.zeros((1, 0))))
