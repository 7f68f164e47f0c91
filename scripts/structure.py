"""The structure of the package, read from its own files: modules, layers and imports.

    python scripts/structure.py            lists each layer's packages, and what they import
    python scripts/structure.py --picture docs/pictures/architecture.png

`tests/test_architecture.py` holds the package to it.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bpnet"

LAYERS = {
    1: ("_lib",),
    2: ("backends",),
    3: ("compiler",),
    4: (
        "activations",
        "costs",
        "initializers",
        "normalization",
        "randomness",
        "schedules",
        "optimizers",
        "metrics",
    ),
    5: ("backprop", "model", "data", "storage"),
    6: ("training",),
    7: ("network",),
    8: ("loading", "gradients", "rate_finder", "explanation"),
    9: ("cli", "__main__"),
}
"""Packages and modules of each layer. Imports run to lower layers, or within one in no circle."""

LAYER = {name: layer for layer, names in LAYERS.items() for name in names}


def files() -> list[Path]:
    """The package's files."""
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    """``"bpnet.data.idx"`` of a file; of an ``__init__.py`` its package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """``"data"`` of ``"bpnet.data.idx"``; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path, source: str | None = None) -> Iterator[tuple[str, str]]:
    """What a file imports from the package: (module, name), the name empty for a whole module.

    Imports within functions and under ``TYPE_CHECKING`` count like all others.
    """
    here = module_name(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(ast.parse(source or path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.startswith("bpnet"))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            if base and base[0] == "bpnet":
                yield from ((".".join(base), alias.name) for alias in node.names)


def imported_modules(path: Path, modules: Iterable[str], source: str | None = None) -> set[str]:
    """The modules of the package that a file imports, by their full names."""
    known = set(modules)
    found = set()
    for module, name in imports(path, source):
        inner = f"{module}.{name}"
        found.add(inner if name and inner in known else module)
    return found - {module_name(path)}


def graph() -> dict[str, set[str]]:
    """Each module, and the modules that it imports."""
    paths = {module_name(path): path for path in files()}
    return {name: imported_modules(path, paths) for name, path in paths.items()}


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach one another (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def part_graph() -> dict[str, set[str]]:
    """Each package or module at the top, and those that it imports."""
    edges: dict[str, set[str]] = {}
    for module, others in graph().items():
        mine = edges.setdefault(part_of(module), set())
        mine |= {part_of(other) for other in others}
    return {part: others - {part, ""} for part, others in edges.items() if part}


def draw(path: Path) -> None:
    """Draw the layers, the highest at the top, with an arrow for each import of a package."""
    from matplotlib.figure import Figure

    edges = part_graph()
    names = {k: [one for one in LAYERS[k] if one in edges and one != "__main__"] for k in LAYERS}
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    axis = figure.subplots()
    place = {}
    for layer, parts in names.items():
        axis.axhspan(layer - 0.36, layer + 0.36, color="#eef3f7", zorder=0)
        axis.text(-0.02, layer, str(layer), ha="right", va="center", color="#888888", fontsize=11)
        for k, part in enumerate(parts):
            place[part] = (k + 0.5) / len(parts), layer
    for part, others in edges.items():
        for other in sorted(others):
            if part in place and other in place:
                (x, y), (u, v) = place[part], place[other]
                bend = 0.15 if y == v else 0.0
                axis.annotate(
                    "",
                    (u, v + (0.14 if y > v else 0.0)),
                    (x, y - (0.14 if y > v else 0.0)),
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": "#4477aa",
                        "alpha": 0.25,
                        "shrinkA": 0,
                        "shrinkB": 0,
                        "connectionstyle": f"arc3,rad={bend}",
                    },
                    zorder=1,
                )
    counts = {part: sum(part_of(name) == part for name in graph()) for part in place}
    for part, (x, y) in place.items():
        files_of = "" if counts[part] == 1 else f"/  ({counts[part]} files)"
        axis.text(
            x,
            y,
            f"{part}{files_of or '.py'}",
            ha="center",
            va="center",
            fontsize=10,
            bbox={"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#4477aa"},
            zorder=2,
        )
    axis.set(xlim=(-0.04, 1.0), ylim=(0.5, len(LAYERS) + 0.5))
    axis.axis("off")
    axis.set_title("Imports run downward only", fontsize=12)
    figure.savefig(path, dpi=120)


def main() -> None:
    """List the structure, or draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, help="write a picture of the layers to this file")
    options = parser.parse_args()
    if options.picture is not None:
        draw(options.picture)
        return
    edges = part_graph()
    for layer in sorted(LAYERS, reverse=True):
        print(f"layer {layer}")
        for part in LAYERS[layer]:
            if part in edges:
                print(f"  {part:15} imports {', '.join(sorted(edges[part])) or 'nothing'}")


if __name__ == "__main__":
    main()
