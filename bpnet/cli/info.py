"""``bpnet info``: what a model or a run is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .._lib.wording import shortened
from ..tabular.report import Report
from .errors import usage
from .run_info import about
from .terminal import filled

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "tell what a model or a run is, and how it was trained"
DESCRIPTION = """\
Tell what a model file or a run folder holds: the network, what it predicts from which columns and
how each is encoded, the settings it was trained with, its history and its figures. The run may be
in progress, or may have been interrupted."""

_EPILOG = """\
examples:
  bpnet info runs/iris-1
  bpnet info model.safetensors --json
"""

_MOST_CLASSES, _MOST_COLUMNS = 20, 60
_WIDEST = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a run folder, a model.safetensors or a checkpoint"
    )
    parser.add_argument("--json", action="store_true", help="all of it, for programs")


def run(options: argparse.Namespace) -> int:
    """Print what is known."""
    with usage():
        found = about(options.path)
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print("\n".join(map(filled, _in_words(found))))
        for lines in _tables(found):
            print("\n" + lines)
    return 0


def _in_words(found: Mapping[str, Any]) -> Iterable[str]:
    yield f"path      {found['path']}"
    yield f"state     {found['state']}"
    if found["model"] is not None:
        yield f"model     {found['model']}, {found['bytes']:,} bytes, written {found['written']}"
        yield from _network(found["network"])
        yield f"predicts  {_predicts(found)}"
    if found.get("settings"):
        yield f"settings  {_listed(found['settings'])}"
    if found.get("history"):
        yield from _history(found["history"])
    if found.get("files"):
        names = (f"{name} ({_bytes(size)})" for name, size in found["files"].items())
        yield f"files     {', '.join(names)}"


def _tables(found: Mapping[str, Any]) -> Iterable[str]:
    """Each of several lines, that are not wrapped."""
    if found.get("columns"):
        yield "\n".join(_columns(found["columns"]))
    if found.get("report"):
        yield str(Report.from_dict(found["report"]))


def _network(net: Mapping[str, Any]) -> Iterable[str]:
    yield (
        f"network   {net['layers']}; cost {net['cost']}, {net['parameters']:,} parameters, "
        f"{net['dtype']}"
    )
    yield f"trained   {net['epochs']:,} epochs, {net['steps']:,} steps, seed {net['seed']}"


def _predicts(found: Mapping[str, Any]) -> str:
    targets = ", ".join(repr(name) for name in found["targets"])
    classes = found["classes"]
    if classes is None:
        return f"{targets}: {'a number' if len(found['targets']) == 1 else 'numbers'}"
    shown = ", ".join(shortened(str(one), _WIDEST) for one in classes[:_MOST_CLASSES])
    more = f" and {len(classes) - _MOST_CLASSES} more" if len(classes) > _MOST_CLASSES else ""
    what = "labels" if found["network"]["task"] == "multilabel" else "classes"
    return f"{targets}: {len(classes)} {what} ({shown}{more})"


def _listed(settings: Mapping[str, Any]) -> str:
    words = []
    for name, value in settings.items():
        text = " ".join(map(str, value)) or "none" if isinstance(value, list) else value
        words.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join(words)


def _history(history: Mapping[str, Any]) -> Iterable[str]:
    yield f"history   {history['epochs']:,} epochs in {history['seconds']:.1f} s"
    for which in ("best", "last"):
        if row := history[which]:
            figures = (
                f"{name.replace('_', ' ')} {value:.4g}"
                for name, value in row.items()
                if name not in ("epoch", "seconds") and isinstance(value, int | float)
            )
            yield f"          {which}: epoch {row['epoch']}, {', '.join(figures)}"


def _columns(columns: list[dict[str, Any]]) -> Iterable[str]:
    rows = [("column", "taken for", "inputs", "why")]
    rows += [
        (
            shortened(str(one["column"]), 30),
            str(one["kind"]),
            str(one["inputs"]),
            shortened(str(one["why"]), _WIDEST),
        )
        for one in columns[:_MOST_COLUMNS]
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for name, kind, inputs, why in rows:
        yield (f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {inputs:>{widths[2]}}  {why}".rstrip())
    if len(columns) > _MOST_COLUMNS:
        yield f"and {len(columns) - _MOST_COLUMNS:,} columns more; --json lists all"


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:,.1f} kB" if size < 1e6 else f"{size / 1e6:,.1f} MB"
