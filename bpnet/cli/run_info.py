"""What there is to know of a model file or a run folder, as JSON values."""

from __future__ import annotations

import contextlib
import json
import math
import time
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._lib.files import check_regular_file
from ..data import Preprocessing
from ..loading import load
from ..model import Model
from ..network import Network
from ..storage.claims import LOCK_FILE, holder_of
from ..tabular.outputs import class_labels, preprocessing_of, target_names
from ..tabular.report import Report
from ..training import read_checkpoint
from ..training.snapshot import BEST, checkpoints_in
from .errors import UsageError, in_words

__all__ = ["about"]

_MODEL = "model.safetensors"
_MOST_BYTES = 2**26  # of a file beside the model


def about(path: Path) -> dict[str, Any]:
    """All of it, by name.

    Parameters
    ----------
    path : Path
        Of a model file, a checkpoint, or the folder of a run, be it finished or not.

    Raises
    ------
    ValueError, OSError
        If there is nothing, or the model is damaged. What is wrong with the files beside it is a
        warning.
    UsageError
        If a folder is none of a run.
    """
    if not path.is_dir():
        check_regular_file(path)
        return {"path": str(path), "state": "a single file", **_about_file(path)}
    state, file = _state(path)
    found: dict[str, Any] = {"path": str(path), "state": state}
    if file is not None:
        found |= _about_file(file)
    else:
        found["model"] = None
    found["settings"] = _read(path / "settings.toml", tomllib.loads)
    rows = _rows(path, file)
    found["history"] = None if not rows else _about_history(rows)
    found["report"] = _read(path / "report.json", _report)
    found["files"] = {
        one.name: one.stat().st_size
        for one in sorted(path.iterdir())
        if one.is_file() and one.name != LOCK_FILE
    }
    return found


def _state(folder: Path) -> tuple[str, Path | None]:
    """How far a run is, and the file that has its network."""
    model, checkpoints = folder / _MODEL, folder / "checkpoints"
    places = [one for one in (checkpoints, folder) if one.is_dir()]
    found = [one for each in places for one in checkpoints_in(each)[-1:]]
    found += [each / BEST for each in places if (each / BEST).exists()]
    holder = holder_of(folder)
    if holder is not None:
        state = f"in progress: {holder} is training in it"
    elif checkpoints_in(checkpoints) if checkpoints.is_dir() else False:
        state = f"not finished: bpnet train --resume {folder} goes on"
    elif model.exists():
        return "finished", model
    elif (folder / "settings.toml").exists():
        state = "not finished, and no epoch of it is saved"
    elif found:
        state = "a folder of checkpoints"
    else:
        raise UsageError(
            f"{folder} is no run folder: it has neither {_MODEL} nor settings.toml nor checkpoints"
        )
    newest = [*found[:1], *([model] if model.exists() else [])]
    return state, max(newest, key=lambda one: one.stat().st_mtime) if newest else None


def _about_file(file: Path) -> dict[str, Any]:
    net = load(file, backend="numpy")
    stat = file.stat()
    preprocessing = preprocessing_of(net)
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(stat.st_mtime))
    found: dict[str, Any] = {
        "model": str(file),
        "bytes": stat.st_size,
        "written": written,
        "network": _about_network(net),
        "dataset": net.metadata.get("dataset"),
        "targets": list(target_names(net) if preprocessing is None else preprocessing.targets),
        "classes": None if (classes := class_labels(net)) is None else list(classes),
    }
    if preprocessing is not None:
        found["columns"] = _about_columns(preprocessing)
    return found


def _about_network(net: Network) -> dict[str, Any]:
    model: Model = net.model
    return {
        "sizes": list(net.sizes),
        "activations": [sigma.name for sigma in net.activations],
        "layers": str(model.architecture),
        "cost": net.cost.name,
        "task": net.task,
        "parameters": model.layout.size,
        "dtype": net.dtype,
        "seed": net.seed,
        "epochs": net.epochs,
        "steps": net.steps,
    }


def _about_columns(preprocessing: Preprocessing) -> list[dict[str, Any]]:
    """Each column of the table: what it is taken for, why, and how many inputs it makes."""
    inputs = {column.name: len(column.features) for column in preprocessing.columns}
    found = [
        {
            "column": decision.column,
            "kind": decision.kind,
            "inputs": inputs.get(decision.column, 0),
            "why": decision.why,
        }
        for decision in preprocessing.decisions
    ]
    told = {entry["column"] for entry in found}
    for column in preprocessing.columns:
        if column.name not in told:
            kind = str(column.to_dict()["kind"])
            entry = {"column": column.name, "kind": kind, "inputs": inputs[column.name], "why": ""}
            found.append(entry)
    for name in preprocessing.ignored:
        if name not in told:
            found.append({"column": name, "kind": "left out", "inputs": 0, "why": ""})
    return found


def _rows(folder: Path, file: Path | None) -> list[dict[str, Any]]:
    """The history of a run: its own file, or that of its checkpoint."""
    rows: list[dict[str, Any]] = _read(folder / "history.jsonl", _lines) or []
    if file is not None and file.name != _MODEL:
        with contextlib.suppress(OSError, ValueError):  # the network of it was read
            rows = read_checkpoint(file).header.get("history") or rows
    return rows


def _lines(text: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not all(isinstance(row, dict) and isinstance(row.get("epoch"), int) for row in rows):
        raise ValueError("its lines are no epochs of a history")
    return rows


def _report(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    Report.from_dict(found)
    return found


def _about_history(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many epochs, and the rows of the last and of the best, that of the lowest cost."""
    costs = [row.get("validation_cost") for row in rows]
    known = [
        (cost, k)
        for k, cost in enumerate(costs)
        if isinstance(cost, int | float) and math.isfinite(cost)
    ]
    best = rows[min(known)[1]] if known else None
    seconds = [row.get("seconds") for row in rows]
    total = sum(one for one in seconds if isinstance(one, int | float) and math.isfinite(one))
    return {"epochs": len(rows), "seconds": total, "best": _plain(best), "last": _plain(rows[-1])}


def _plain(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A row of a history without what JSON cannot say."""
    if row is None:
        return None
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


def _read(path: Path, parse: Callable[[str], Any]) -> Any:
    """What is in a file; None, with a note where it is there, if it cannot be read."""
    try:
        check_regular_file(path)
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"larger than {_MOST_BYTES:,} bytes")
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        words = in_words(error).removeprefix(f"{path}: ")
        warnings.warn(f"{path} cannot be read: {words}", stacklevel=2)
        return None
