"""Networks on tables: defaults, training, baselines, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .judge import make_report
    from .report import Part, Report
    from .train import TableRun, train_table

__all__ = ["Part", "Report", "TableRun", "make_report", "train_table"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Part": "report",
        "Report": "report",
        "TableRun": "train",
        "make_report": "judge",
        "train_table": "train",
    },
)
