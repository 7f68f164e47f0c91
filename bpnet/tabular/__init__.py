"""Networks on tables: defaults, training, baselines, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .judge import make_report
    from .report import Part, Report

__all__ = ["Part", "Report", "make_report"]

__getattr__ = lazy_attributes(
    __name__, {"Part": "report", "Report": "report", "make_report": "judge"}
)
