"""The structure of the package, read from its own files: modules, layers and imports.

    python scripts/structure.py             prints each layer's parts, and what they import
    python scripts/structure.py --update    writes that, and a picture, for docs/architecture.md

`tests/test_architecture.py` holds the package to the layers, and the page to this script.
"""

from __future__ import annotations

import argparse
import ast
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bpnet"
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "pictures" / "architecture.png"
BEGIN, END = "<!-- structure: begin -->", "<!-- structure: end -->"

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
    5: ("backprop", "model", "data", "parallel", "storage"),
    6: ("training",),
    7: ("network",),
    8: (
        "loading",
        "gradients",
        "rate_finder",
        "explanation",
        "many_fits",
        "tabular",
        "estimators",
        "insight",
        "book",
    ),
    9: ("cli", "__main__"),
}
"""Packages and modules of each layer. Imports run to lower layers, or within one in no circle."""

TITLES = {
    1: "shared mechanisms",
    2: "array libraries",
    3: "compiler",
    4: "mathematics",
    5: "model, data, files",
    6: "training",
    7: "network",
    8: "tools",
    9: "command line",
}
COLORS = {
    **dict.fromkeys((1, 2, 3), "#4477aa"),
    **dict.fromkeys((4, 5), "#228833"),
    **dict.fromkeys((6, 7), "#bb5566"),
    **dict.fromkeys((8, 9), "#997700"),
}
PER_ROW = 4
CENTERED = {"ha": "center", "va": "center"}

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


def purpose_of(part: str) -> str:
    """The first line of a part's docstring."""
    path = PACKAGE / part
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    return docstring.partition("\n")[0].replace("``", "")


def file_of(part: str) -> str:
    """``"data/"`` of a package, ``"network.py"`` of a module."""
    return f"{part}/" if (PACKAGE / part).is_dir() else f"{part}.py"


def parts_by_layer() -> dict[int, list[tuple[str, str, list[str]]]]:
    """File, purpose and imports of each part, by layer, the highest first."""
    edges = part_graph()
    return {
        layer: [
            (file_of(part), purpose_of(part), sorted(edges[part]))
            for part in LAYERS[layer]
            if part in edges and part != "__main__"
        ]
        for layer in sorted(LAYERS, reverse=True)
    }


def table() -> str:
    """The layers as a table in Markdown."""
    lines = ["| layer | part | purpose | imports |", "|:--|:--|:--|:--|"]
    for layer, parts in parts_by_layer().items():
        title = f"{layer} {TITLES[layer]}"
        for file, purpose, imported in parts:
            names = ", ".join(f"`{name}`" for name in imported) or "nothing"
            lines.append(
                f"| {title} | `{file}` | {purpose.replace('|', chr(92) + '|')} | {names} |"
            )
            title = ""
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """A page with the table between its two markers made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def draw(path: Path) -> None:
    """Draw the layers, the highest at the top: a card for each part, with what it imports.

    The file says in its metadata, as ``Description``, which table it shows.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    width, gap, margin = 13.0, 0.12, 1.75  # inches
    rows = []
    for layer, parts in parts_by_layer().items():
        for first in range(0, len(parts), PER_ROW):
            chosen = parts[first : first + PER_ROW]
            each = (width - margin - gap) / len(chosen) - gap
            cards = [
                (
                    file,
                    textwrap.wrap(purpose, int(17.5 * each)),
                    textwrap.wrap(f"imports {', '.join(names) or 'nothing'}", int(19 * each)),
                )
                for file, purpose, names in chosen
            ]
            height = 0.38 + max(0.14 * len(text) + 0.12 * len(names) for _, text, names in cards)
            rows.append((layer, each, height, cards))
    total = gap + sum(height + gap for _, _, height, _ in rows)
    figure = Figure(figsize=(width, total))
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set(xlim=(0.0, width), ylim=(0.0, total))
    axis.axis("off")
    top, before = total - gap, 0
    for layer, each, height, cards in rows:
        color = COLORS[layer]
        if layer != before:
            axis.text(0.5, top - height / 2, str(layer), fontsize=19, color=color, **CENTERED)
            title = TITLES[layer].replace(" ", "\n", 1)
            axis.text(0.75, top - height / 2, title, fontsize=9.5, color="#444444", va="center")
        for k, (file, text, names) in enumerate(cards):
            left = margin + k * (each + gap)
            box = FancyBboxPatch(
                (left, top - height),
                each,
                height,
                boxstyle="round,pad=0,rounding_size=0.07",
                facecolor=(*to_rgb(color), 0.09),
                edgecolor=color,
                linewidth=1.1,
            )
            axis.add_patch(box)
            left += 0.1
            axis.text(left, top - 0.16, file, weight="bold", fontsize=10, va="center")
            for n, line in enumerate(text):
                axis.text(left, top - 0.35 - 0.14 * n, line, fontsize=8, va="center")
            for n, line in enumerate(reversed(names)):
                y = top - height + 0.1 + 0.12 * n
                axis.text(left, y, line, fontsize=7, color="#777777", va="center")
        top, before = top - height - gap, layer
    axis.annotate(
        "", (0.17, gap), (0.17, total - gap), arrowprops={"arrowstyle": "-|>", "color": "#999999"}
    )
    axis.text(
        0.17,
        total / 2,
        "imports run downward only",
        rotation=90,
        fontsize=9,
        color="#777777",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 3},
        **CENTERED,
    )
    figure.savefig(path, dpi=130, metadata={"Description": table(), "Software": None})


def main() -> None:
    """Print the table, or write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, help="draw the layers into this file instead")
    parser.add_argument(
        "--update",
        action="store_true",
        help="update docs/architecture.md and its picture",
    )
    options = parser.parse_args()
    if options.update:
        PAGE.write_text(with_table(PAGE.read_text("utf-8")), encoding="utf-8")
    if options.update or options.picture is not None:
        draw(options.picture or PICTURE)
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
