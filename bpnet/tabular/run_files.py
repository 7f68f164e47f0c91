"""The files that a run leaves beside its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ..network import Network
from ..training import History
from .pictures import draw_importance
from .report import Report

__all__ = ["Files", "model_files", "report_files"]

Files: TypeAlias = dict[str, Callable[[Path], object]]
"""What writes each file, by its name; pictures raise ImportError without matplotlib."""


def model_files(net: Network, history: History, title: str) -> Files:
    """The model and how it was trained."""
    files: Files = {"model.safetensors": net.save}
    if len(history):
        files["history.csv"] = history.to_csv
        files["history.jsonl"] = history.to_jsonl
        files["curves.png"] = lambda path: history.plot(path, title)
    return files


def report_files(report: Report, title: str) -> Files:
    """How well it does."""
    files: Files = {"report.json": report.to_json}
    importance = report.importance
    if report.task == "regression":
        files["predicted.png"] = lambda path: report.plot(path, title)
    elif report.judged.confusion is not None:  # else there are too many classes
        files["confusion.png"] = lambda path: report.plot(path, title)
    if importance is not None:
        files["importance.png"] = lambda path: draw_importance(importance, path, title)
    return files
