"""How exact activations and costs are: ``python -m benchmarks.accuracy``.

Every activation, its derivative, and the costs that are computed from the weighted input z, against
mpmath in 50 digits, from -1e38 to 1e38, as each library computes them for a prediction. The bound
of an error is 8 units in the last place (ulp), plus 2 for each unit of the condition number
``|z f'(z) / f(z)|``, which is what rounding z itself may cost; or the smallest normal number.
```--update``` writes the tables of ``docs/accuracy.md`` from the record.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

import bpnet
from bpnet.activations import Activation, get, hidden_form
from bpnet.compiler.rows import compile_rows

from . import machine, report
from .children import ROOT, all_threads

__all__ = ["CASES", "HIDDEN", "Case", "errors", "main", "measure", "points", "tables", "updated"]

PAGE = ROOT / "docs" / "accuracy.md"
LIBRARIES = ("numpy", "torch", "jax", "array_api_strict", "cupy")
_OTHERS = ("array_api_strict",)  # namespaces, for which bpnet has no backend of its own
DTYPES = ("float32", "float64")
_ULPS, _ULPS_PER_CONDITION = 8.0, 2.0
mp.mp.dps = 50

_C, _K = mp.sqrt(2 / mp.pi), mp.mpf("0.044715")


class Case(NamedTuple):
    """A function as bpnet computes it, and as mathematics defines it.

    Attributes
    ----------
    name, what : str
        Such as ``"tanh"`` and ``"derivative"``.
    computed : callable
        ``computed(xp, z)``, shape (m, 1), of z of shape (m, 1).
    exact, slope : callable
        The function and its derivative, of an mpf.
    """

    name: str
    what: str
    computed: Callable[[Any, Any], Any]
    exact: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + mp.exp(-z))


def _sigmoid_slope(z: Any) -> Any:
    return _sigmoid(z) * _sigmoid(-z)


def _softplus(z: Any) -> Any:
    return max(z, 0) + mp.log1p(mp.exp(-abs(z)))


def _normal(z: Any) -> Any:
    return mp.erfc(-z / mp.sqrt(2)) / 2


def _density(z: Any) -> Any:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def _twice_inner(z: Any) -> Any:
    return 2 * _C * z * (1 + _K * z * z)


def _gelu_tanh_slope(z: Any) -> Any:
    u = _twice_inner(z)
    return _sigmoid(u) + z * _sigmoid_slope(u) * 2 * _C * (1 + 3 * _K * z * z)


def _tanh_slope(z: Any) -> Any:
    return 4 * _sigmoid_slope(2 * z)


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sigmoid": (_sigmoid, _sigmoid_slope),
    "tanh": (mp.tanh, _tanh_slope),
    "relu": (lambda z: max(z, mp.mpf(0)), lambda z: mp.mpf(z > 0)),
    "leaky_relu": (lambda z: z if z > 0 else z / 100, lambda z: mp.mpf(1) / (1 if z > 0 else 100)),
    "elu": (lambda z: z if z > 0 else mp.expm1(z), lambda z: mp.exp(min(z, 0))),
    "gelu": (lambda z: z * _normal(z), lambda z: _normal(z) + z * _density(z)),
    "gelu_tanh": (lambda z: z * _sigmoid(_twice_inner(z)), _gelu_tanh_slope),
    "silu": (lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) * (1 + z * _sigmoid(-z))),
    "softplus": (_softplus, _sigmoid),
    "exponential": (mp.exp, mp.exp),
    "identity": (lambda z: z, lambda z: mp.mpf(1)),
}
"""Each activation and its derivative."""


def _curvature(slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return functools.partial(mp.diff, slope)


def _both(sigma: Activation, name: str) -> list[Case]:
    exact, slope = FUNCTIONS[name]
    return [
        Case(name, "value", lambda xp, z: sigma.value(z, xp), exact, slope),
        Case(
            name,
            "derivative",
            lambda xp, z: sigma.derivative(z, sigma.value(z, xp), xp),
            slope,
            _curvature(slope),
        ),
    ]


def _pair(xp: Any, z: Any) -> Any:
    """Weighted inputs of two neurons, z and 0."""
    return xp.concat([z, xp.zeros_like(z)], axis=1)


def _softmax(sigma: Activation) -> list[Case]:
    """Of a pair of neurons: the first is the sigmoid of z."""

    def pullback(xp: Any, z: Any) -> Any:
        z = _pair(xp, z)
        g = _pair(xp, xp.ones_like(z[:, :1]))
        return sigma.pullback(g, z, sigma.value(z, xp), xp)[:, :1]

    def value(xp: Any, z: Any) -> Any:
        return sigma.value(_pair(xp, z), xp)[:, :1]

    return [
        Case("softmax", "value", value, _sigmoid, _sigmoid_slope),
        Case("softmax", "derivative", pullback, _sigmoid_slope, _curvature(_sigmoid_slope)),
    ]


def _costs() -> list[Case]:
    """Of the right class, whose probability is the sigmoid of z."""

    def binary(xp: Any, z: Any) -> Any:
        cost = bpnet.costs.BinaryCrossEntropy()
        return xp.reshape(cost.of_output(get("sigmoid"), z, xp.ones_like(z), xp), (-1, 1))

    def categorical(xp: Any, z: Any) -> Any:
        cost = bpnet.costs.CategoricalCrossEntropy()
        y = _pair(xp, xp.ones_like(z))
        return xp.reshape(cost.of_output(get("softmax"), _pair(xp, z), y, xp), (-1, 1))

    def rest(xp: Any, z: Any) -> Any:
        return xp.sigmoid(-z)

    def exact(z: Any) -> Any:
        return _softplus(-z)

    def slope(z: Any) -> Any:
        return -_sigmoid(-z)

    return [
        Case("1 - sigmoid", "value", rest, lambda z: _sigmoid(-z), lambda z: -_sigmoid_slope(z)),
        Case("binary_cross_entropy", "value", binary, exact, slope),
        Case("categorical_cross_entropy", "value", categorical, exact, slope),
    ]


CASES = [
    *(case for name in FUNCTIONS for case in _both(get(name), name)),
    *_softmax(get("softmax")),
    *_costs(),
]
"""What output layers and costs compute."""

HIDDEN = [
    case
    for name in (*FUNCTIONS, "softmax")
    if (fast := hidden_form(get(name))) is not get(name) and type(fast) is not type(get(name))
    for case in (_softmax(fast) if name == "softmax" else _both(fast, name))
]
"""What hidden layers compute, where it is another form."""


def points(every: int = 1) -> np.ndarray[Any, Any]:
    """Arguments, all of them numbers of float32; ``every`` thins them out."""
    small = np.geomspace(1e-6, 1.0, 60)
    large = np.asarray([150.0, 1e3, 1e4, 1e10, 1e20, 1e30, 3e38])
    parts = [
        *(np.linspace(*bounds, count) for bounds, count in _SWEEPS),
        small,
        -small,
    ]
    whole = np.unique(np.concatenate(parts).astype(np.float32))[::every]
    return np.unique(np.concatenate([-large, whole, large]).astype(np.float32))


_SWEEPS: Sequence[tuple[tuple[float, float], int]] = (
    ((-9.0, 9.0), 1153),
    ((-40.0, 40.0), 641),
    ((-110.0, -40.0), 141),
    ((-760.0, -110.0), 131),  # down to the smallest numbers of float64
    ((-0.80, -0.70), 101),  # where the derivatives of GELU and SiLU are zero
    ((-1.33, -1.23), 101),
)


@functools.cache
def _exact(name: str, what: str, z: float) -> tuple[Any, float]:
    """The exact value, and the condition number."""
    case = next(one for one in CASES if (one.name, one.what) == (name, what))
    x = mp.mpf(z)
    value = case.exact(x)
    if value == 0 or abs(z) > 1e3:
        return value, 0.0
    return value, float(abs(x * case.slope(x) / value))


def errors(
    case: Case, z: np.ndarray[Any, Any], found: np.ndarray[Any, Any], *, absolute: bool = False
) -> Iterator[tuple[float, float]]:
    """Each result's error in ulp, and as a share of the bound.

    With ``absolute`` the ulp is that of 1 where the exact value is smaller. Results that have no
    number in the dtype, being too large, are left out.
    """
    info = np.finfo(found.dtype)
    least, most = mp.mpf(float(info.smallest_normal)), mp.mpf(float(info.max))
    for x, y in zip(z.tolist(), found.tolist(), strict=True):
        exact, condition = _exact(case.name, case.what, x)
        if abs(exact) > most:
            continue
        if not np.isfinite(y):
            yield np.inf, np.inf
            continue
        error = abs(mp.mpf(y) - exact)
        size = abs(float(exact))
        unit = mp.mpf(float(np.spacing(found.dtype.type(max(size, 1.0) if absolute else size))))
        if absolute:
            yield float(error / unit), 0.0
        elif error <= least:
            yield (float(error / unit) if abs(exact) > least else 0.0), 0.0
        else:
            bound = (_ULPS + _ULPS_PER_CONDITION * condition) * unit
            yield float(error / unit), float(error / bound)


def measure(
    backend: bpnet.backends.Backend,
    cases: Sequence[Case],
    z: np.ndarray[Any, Any],
    *,
    absolute: bool = False,
) -> dict[str, dict[str, float]]:
    """The worst of each case: its largest error in ulp, and the largest share of the bound.

    Parameters
    ----------
    backend : Backend
    cases : sequence of Case
    z : numpy.ndarray, shape (m,)
    absolute : bool, optional
        As of `errors`.
    """
    worst = {}
    for case in cases:
        run = compile_rows(backend, lambda xp, _, z, case=case: case.computed(xp, z))
        with backend.scope():
            found = backend.to_numpy(run((), backend.from_host(z[:, None], backend.dtype)))[:, 0]
        ulps, shares = zip(*errors(case, z, found, absolute=absolute), strict=True)
        worst[f"{case.name}, {case.what}"] = {"ulp": max(ulps), "share": max(shares)}
    return worst


def tables(found: dict[str, Any]) -> tuple[str, str]:
    """The tables of the page: of output layers, and of hidden ones."""
    output, hidden = found["output"], found["hidden"]
    columns = list(output)
    head = ["", *(column.replace("array_api_strict", "strict") for column in columns)]

    def rows(part: dict[str, Any], cell: Callable[[dict[str, float]], str]) -> str:
        names = list(part[columns[0]])
        lines = [head, ["---", *["--:"] * len(columns)]]
        lines += [[name, *(cell(part[column][name]) for column in columns)] for name in names]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    return (
        rows(output, lambda one: f"{one['ulp']:.1f} ({one['share']:.0%})".replace("%", " %")),
        rows(hidden, lambda one: f"{one['ulp']:.1f}"),
    )


def updated(text: str, found: dict[str, Any]) -> str:
    """The page with these tables."""
    for name, table in zip(("output", "hidden"), tables(found), strict=True):
        pattern = rf"(<!-- {name}: begin -->\n).*?(\n<!-- {name}: end -->)"
        text = re.sub(pattern, lambda m, table=table: m[1] + table + m[2], text, flags=re.DOTALL)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Measure; 0 if no error of an output layer exceeds its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="thin the arguments out")
    parser.add_argument("--update", action="store_true", help=f"write the tables of {PAGE.name}")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    z = points(options.every)
    found: dict[str, dict[str, Any]] = {"output": {}, "hidden": {}}
    for library in LIBRARIES:
        for dtype in DTYPES:
            try:
                own = importlib.import_module(library) if library in _OTHERS else library
                backend = bpnet.get_backend(own, dtype=dtype)
            except (bpnet.BackendUnavailableError, ModuleNotFoundError) as error:
                print(f"{library}: {error}", file=sys.stderr)
                break
            name = f"{library} {dtype}"
            found["output"][name] = measure(backend, CASES, z)
            found["hidden"][name] = measure(backend, HIDDEN, z, absolute=True)
    record = {"machine": machine.facts(all_threads()), "arguments": len(z), **found}
    path = report.write(options.out, "accuracy", record)
    if options.update:
        PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    print("\n\n".join(tables(found)), f"\n\nwrote {path}")
    shares = [one["share"] for part in found["output"].values() for one in part.values()]
    return int(max(shares) > 1.0)


if __name__ == "__main__":
    sys.exit(main())
