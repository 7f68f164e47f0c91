"""The equations of one layer, in the book's notation, as this network computes them.

Layers are counted as everywhere in bpnet, the input being 0: the book's layer l is l - 1 here.
``*`` is the product entry by entry.
"""

from __future__ import annotations

from .._lib.frozen import Frozen
from .._lib.wording import shortened
from ..costs import Quadratic
from ..model import Model

__all__ = ["Equation", "cost_equation", "layer_equations"]

_LONGEST = 40


class Equation(Frozen):
    """What gives a quantity.

    Parameters
    ----------
    symbol : str
        Of the quantity.
    formula : str
        Empty where a word says all, as of an activation's derivative.
    source : str
        The book's number, as "BP2" or "25", or the name of what is not in the book.

    Examples
    --------
    >>> from bpnet.insight.equations import Equation
    >>> print(Equation("delta^1", "((w^2)^T delta^2) * sigma'(z^1)", "BP2"))
    delta^1 = ((w^2)^T delta^2) * sigma'(z^1)  (BP2)
    """

    symbol: str
    formula: str
    source: str

    def __str__(self) -> str:
        left = f"{self.symbol} = {self.formula}" if self.formula else self.symbol
        return f"{left}  ({self.source})" if self.source else left


def layer_equations(model: Model, l: int, m: int, elementwise: bool) -> dict[str, Equation]:
    """The equations of layer ``l``, the input being 0, by the names of `LayerRecord`'s fields.

    In the order in which they are computed: forward, and then back.

    Parameters
    ----------
    model : Model
    l : int
    m : int
        Number of samples, of which gradients are the mean.
    elementwise : bool
        Whether the activation function has a derivative entry by entry, and not a matrix.
    """
    if l == 0:
        return {"a": Equation("a^0", "x", "input")}
    return {**_forward(model, l), **_backward(model, l, m, elementwise)}


def cost_equation(model: Model) -> Equation:
    """The equation of a sample's cost."""
    a = f"a^{len(model.sizes) - 1}"
    formulas = {
        "quadratic": f"|{a} - y|^2 / 2",
        "binary_cross_entropy": f"-sum_j (y_j log {a}_j + (1 - y_j) log(1 - {a}_j))",
        "categorical_cross_entropy": f"-sum_j y_j log {a}_j",
        "absolute": f"sum_j |{a}_j - y_j|",
        "poisson": f"sum_j ({a}_j - y_j log {a}_j)",
    }
    return Equation("C_x", formulas.get(model.cost.name, ""), model.cost.name)


def _forward(model: Model, l: int) -> dict[str, Equation]:
    layer, norm = model.architecture.layers[l], model.architecture.norms.get(l - 1)
    found = {"z": Equation(f"z^{l}", f"w^{l} a^{l - 1} + b^{l}", "25")}
    if norm is not None:
        over, kind = ("mini-batch" if norm.axis == 0 else "layer"), f"{norm.name} norm"
        found["mean"] = Equation(f"mean^{l}", f"mean of z^{l} over the {over}", kind)
        found["variance"] = Equation(f"variance^{l}", f"variance of z^{l} over the {over}", kind)
        scaled = f"(z^{l} - mean^{l}) / sqrt(variance^{l} + {norm.epsilon:g})"
        found["normalized"] = Equation(f"n^{l}", scaled, kind)
        found["argument"] = Equation(f"u^{l}", f"scale^{l} * n^{l} + shift^{l}", kind)
    sigma = f"sigma({_argument(model, l)})"
    if layer.residual:
        found["value"] = Equation(sigma, "", _name(model, l))
        found["a"] = Equation(f"a^{l}", f"{sigma} + a^{l - 1}", "25, residual")
    else:
        found["a"] = Equation(f"a^{l}", sigma, "25")
    return found


def _backward(model: Model, l: int, m: int, elementwise: bool) -> dict[str, Equation]:
    architecture, u = model.architecture, _argument(model, l)
    norm, L = architecture.norms.get(l - 1), len(model.sizes) - 1
    found = {}
    if elementwise:
        found["sigma_prime"] = Equation(f"sigma'({u})", "", _name(model, l))
    residual = [layer.residual for layer in architecture.layers]
    g = f"((w^{l + 1})^T delta^{l + 1})"
    if l == L:
        g = f"(a^{l} - y)" if type(model.cost) is Quadratic else "nabla_a C_x"
        if type(model.cost) is not Quadratic and not model.cost.matches(model.output):
            found["nabla_a"] = Equation("nabla_a C_x", f"dC_x/da^{l}", model.cost.name)
    elif any(residual[l : l + 2]):
        above = f" + dC_x/da^{l + 1}" if residual[l + 1] else ""
        kind = "residual" if above else ""
        found["nabla_a"] = Equation(f"dC_x/da^{l}", f"(w^{l + 1})^T delta^{l + 1}{above}", kind)
        g = f"dC_x/da^{l}"
    number = "BP1" if l == L else "BP2"
    if l == L and model.cost.matches(model.output):
        error = f"a^{l} - y"
    else:
        error = f"{g} * sigma'({u})" if elementwise else f"(dsigma({u})/d{u})^T {_bare(g)}"
    if norm is None:
        found["delta"] = Equation(f"delta^{l}", error, number)
    else:
        back = f"(dn^{l}/dz^{l})^T (scale^{l} * dC_x/du^{l})"
        found["nabla_argument"] = Equation(f"dC_x/du^{l}", error, number)
        found["delta"] = Equation(f"delta^{l}", back, f"{number}, {norm.name} norm")
    mean = "" if m == 1 else f"1/{m} sum_x "
    found["nabla_b"] = Equation(f"dC/db^{l}", f"{mean}delta^{l}", "BP3")
    found["nabla_w"] = Equation(f"dC/dw^{l}", f"{mean}delta^{l} (a^{l - 1})^T", "BP4")
    if norm is not None:
        kind, by_u = f"{norm.name} norm", f"{mean}dC_x/du^{l}"
        found["nabla_scale"] = Equation(f"dC/dscale^{l}", f"{by_u} * n^{l}", kind)
        found["nabla_shift"] = Equation(f"dC/dshift^{l}", by_u, kind)
    return found


def _name(model: Model, l: int) -> str:
    """Of the activation function of layer ``l``; a mixed one may name many."""
    return shortened(model.architecture.sigma[l - 1].name, _LONGEST)


def _argument(model: Model, l: int) -> str:
    """What layer ``l`` applies its activation function to."""
    return f"z^{l}" if l - 1 not in model.architecture.norms else f"u^{l}"


def _bare(g: str) -> str:
    """A product without the parentheses around it."""
    return g[1:-1] if g.startswith("((") else g
