"""A network at a glance: its layers, parameters, settings and training so far."""

from __future__ import annotations

import contextlib
import math

from .._lib.html import ShownText, html_lines, html_table
from .._lib.wording import count, listing, shortened
from ..model import TARGET_KINDS, Model, default_task
from ..model.metadata import class_names
from .trainable import Trainable

__all__ = ["summary"]

_HEADER = ("layer", "kind", "size", "activation", "options", "parameters")
_WORDS = 5  # columns that are not numbers
_LONGEST = 60
_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def summary(trainable: Trainable) -> ShownText:
    """A table of the layers, then what concerns all of them.

    Parameters
    ----------
    trainable : Trainable
    """
    rows, facts = _rows(trainable.model), _facts(trainable)
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    lines = [_line(row, widths) for row in (_HEADER, *rows)]
    width = max(len(name) for name, _ in facts)
    lines += ["", *(f"{name:<{width}}  {text}" for name, text in facts)]
    return ShownText("\n".join(lines), html_table(_HEADER, rows, _WORDS) + html_lines(facts))


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    sides = "<" * _WORDS + ">"
    cells = zip(row, sides, widths, strict=True)
    return "  ".join(f"{text:{side}{width}}" for text, side, width in cells).rstrip()


def _rows(model: Model) -> list[tuple[str, ...]]:
    """Number, kind, sizes, activation, what else it does, parameters."""
    architecture = model.architecture
    rows: list[tuple[str, ...]] = []
    for l, layer in enumerate(architecture.layers):
        kind = "input" if l == 0 else "output" if l == len(model.sizes) - 1 else "dense"
        size, sigma, parameters = f"{layer.size}", "", 0
        if l:
            below, n = model.sizes[l - 1], layer.size
            size = f"{below} -> {n}"
            sigma = shortened(architecture.sigma[l - 1].name, _LONGEST)
            parameters = n * below + n + 2 * n * (l - 1 in architecture.norms)
        rows.append((str(l), kind, size, sigma, layer.in_words(), f"{parameters:,}"))
    return rows


def _facts(trainable: Trainable) -> list[tuple[str, str]]:
    """What concerns the whole network, by name."""
    model, backend = trainable.model, trainable.backend
    state, counters, optimizer = trainable.store.current
    size = model.layout.size
    facts = [("parameters", f"{size:,}, {_bytes(size * (8 if backend.dtype == 'float64' else 4))}")]
    if model.architecture.running_size:
        facts.append(("statistics", f"{model.architecture.running_size:,} running, not trained"))
    tasks = {default_task(model.cost, model.output, kind) for kind in TARGET_KINDS}
    is_open = trainable.task_is_open and len(tasks) > 1
    task = f"{model.task}, unless targets decide otherwise" if is_open else model.task
    facts += [("cost", model.cost.name), ("task", task)]
    classes = None
    with contextlib.suppress(TypeError, ValueError):  # of metadata that name them wrongly
        classes = class_names(model, trainable.metadata())
    if classes is not None:
        facts.append(("classes", f"{len(classes)}: {listing(classes)}"))
    trained = f"{count(counters.epochs, 'epoch')}, {count(counters.steps, 'step')}"
    facts.append(("trained", trained if counters.epochs or counters.steps else "not yet"))
    if optimizer is not None:
        kept = sum(math.prod(array.shape) for array in state.memory)
        memory = f", {kept:,} numbers kept" if kept else ""
        facts.append(("optimizer", f"{shortened(str(optimizer), 200)}{memory}"))
    if state.average:
        facts.append(("average", "of the parameters; net.averaged() has it"))
    where = f"{backend.name} on {backend.device}, {backend.dtype}"
    if backend.compute_dtype not in (None, backend.dtype):
        where += f", computing in {backend.compute_dtype}"
    return [*facts, ("backend", where), ("seed", str(trainable.seed))]


def _bytes(number: int) -> str:
    """As "1.2 MB"."""
    for unit, size in _UNITS:
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return count(number, "byte")
