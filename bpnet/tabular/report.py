"""How well a network does, beside what it must beat."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._lib.html import html_lines, html_table
from .._lib.showing import save_or_show
from .._lib.wording import shortened, shown
from .tallies import Figures

if TYPE_CHECKING:
    from .importance import Importance

__all__ = ["NETWORK", "Part", "Report"]

NETWORK = "network"
"""What the network is called among the models of a part."""

_TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "label_accuracy": "label accuracy",
    "f1": "F1",
    "log_loss": "log loss",
    "r2": "R^2",
    "rmse": "RMSE",
    "mae": "MAE",
}
_SHARES = ("accuracy", "balanced_accuracy", "label_accuracy")
_LONGEST_NAME = 40


@dataclass(frozen=True, eq=False)
class Part:
    """The figures for some rows.

    Attributes
    ----------
    rows : int
    figures : dict of str to dict of str to (float or None)
        By model, the network first: each figure by its name; None where it is not defined. Of
        several numbers R^2 alone, the mean over them.
    targets : dict of str to dict
        Of several numbers the figures of each, as above.
    confusion : array or None
        In classification, shape (classes, classes): how many rows of each class, by row, are taken
        for each, by column; a further row where there are classes that the network does not know.
        Of several labels, shape (labels, 2, 2): without and with the label, by row.
    pairs : tuple of array, or None
        In regression true and predicted numbers of some rows, shape (m, targets) each.
    """

    rows: int
    figures: dict[str, Figures]
    targets: dict[str, dict[str, Figures]] = field(default_factory=dict)
    confusion: NDArray[np.int64] | None = None
    pairs: tuple[NDArray[Any], NDArray[Any]] | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """Figures of a network and of its baselines, on the same rows.

    ``str(report)`` is a table for the terminal, a notebook shows one too.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
    targets : tuple of str
        What is predicted.
    classes : tuple or None
        The label of each class; None in regression.
    parts : mapping of str to Part
        As ``"validation"`` and ``"test"``; the network is judged by the last.
    warnings : tuple of str
        Where the network is no better than a baseline.
    notes : tuple of str
        What was left out, and why.
    importance : Importance or None
        How much each column of the table matters.

    Examples
    --------
    >>> part = Part(40, {"network": {"accuracy": 0.95}, "majority class": {"accuracy": 0.9}})
    >>> report = Report("classification", ("spam",), ("no", "yes"), {"test": part})
    >>> print(report)
    test, 40 rows   accuracy
    network           95.0 %
    majority class    90.0 %
    >>> report["test"].figures["network"]["accuracy"]
    0.95
    """

    task: str
    targets: tuple[str, ...]
    classes: tuple[Any, ...] | None
    parts: Mapping[str, Part]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    importance: Importance | None = None

    def __getitem__(self, part: str) -> Part:
        if part not in self.parts:
            raise KeyError(f"no part {part!r}: there are {', '.join(self.parts)}")
        return self.parts[part]

    @property
    def judged(self) -> Part:
        """The part that the network is judged by, the last."""
        return list(self.parts.values())[-1]

    def __str__(self) -> str:
        tables = [_as_text(table) for table in self._tables()]
        return "\n".join(["\n\n".join(tables), *self.warnings, *self.notes])

    def __repr__(self) -> str:
        figures = next(iter(self.judged.figures.values()), {})
        words = ", ".join(f"{name}={value:.4g}" for name, value in figures.items() if value)
        return f"Report({', '.join(self.parts)}: {words})"

    def _repr_html_(self) -> str:
        """The same as tables, for notebooks."""
        tables = [html_table(header, rows) for header, *rows in self._tables()]
        told = html_lines([(one, "") for one in self.warnings] + [("", one) for one in self.notes])
        return "".join(tables) + told

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pairs of true and predicted numbers, as JSON values."""
        return {
            "schema_version": 1,
            "task": self.task,
            "targets": list(self.targets),
            "classes": None if self.classes is None else list(self.classes),
            "parts": {name: _part_to_dict(part) for name, part in self.parts.items()},
            "importance": None if self.importance is None else self.importance.to_dict(),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Any) -> Report:
        """Read what `to_dict` wrote, but for importances.

        Raises
        ------
        ValueError
            If it is something else, or of a newer version of bpnet.
        """
        try:
            if data["schema_version"] != 1:
                raise ValueError(
                    f"the report has schema_version {shown(data['schema_version'])}, this version "
                    "of bpnet reads 1"
                )
            parts = {name: _part_from_dict(part) for name, part in data["parts"].items()}
            classes = data["classes"]
            report = cls(
                str(data["task"]),
                tuple(map(str, data["targets"])),
                None if classes is None else tuple(classes),
                parts,
                tuple(map(str, data["warnings"])),
                tuple(map(str, data["notes"])),
            )
            str(report)  # which takes figures that are numbers
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(
                f"it is no report of bpnet ({type(error).__name__}: {error})"
            ) from error
        return report

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict` to a file.

        Raises
        ------
        OSError
            If the file cannot be written; one that was there is kept.
        """
        import json

        from .._lib.atomic import write_atomically
        from .._lib.files import as_path

        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        write_atomically(as_path(path), text + "\n")

    def plot(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the confusion matrix, or predicted against true numbers, of the part judged by.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown, as by `bpnet.History.plot`.
        title : str, optional

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is nothing to draw, as with hundreds of classes.
        """
        save_or_show(self.figure(), path, title, way_out="report.plot('report.png')")

    def figure(self) -> Any:
        """What `plot` draws, as a ``matplotlib.figure.Figure``; errors as of `plot`."""
        from .pictures import draw_confusion, draw_labels, draw_pairs

        part, classes = self.judged, self.classes or ()
        if part.pairs is not None:
            return draw_pairs(*part.pairs, self.targets)
        if part.confusion is None:
            raise ValueError(f"{len(classes)} classes are too many for a confusion matrix")
        draw = draw_labels if self.task == "multilabel" else draw_confusion
        return draw(part.confusion, classes)

    def _tables(self) -> list[list[list[str]]]:
        """For each part, and of several numbers for each of them, a header and a row a model."""
        tables = []
        for name, part in self.parts.items():
            rows = f"{part.rows:,} row{'s' * (part.rows != 1)}"
            what = f"{name}, {rows}" if name else rows
            if part.targets:
                for target, models in part.targets.items():
                    tables.append(_table(f"{what}: {shortened(target, _LONGEST_NAME)}", models))
            else:
                tables.append(_table(what, part.figures))
        return tables


def in_words(name: str, value: float | None) -> str:
    """A figure as a person reads it.

    >>> in_words("accuracy", 0.95), in_words("rmse", 12345.678), in_words("log_loss", None)
    ('95.0 %', '1.235e+04', '-')
    """
    if value is None:
        return "-"
    if name in _SHARES:
        return f"{100 * value:.1f} %"
    return f"{value:.4g}" if name in ("rmse", "mae") else f"{value:.3f}"


def _table(corner: str, models: Mapping[str, Figures]) -> list[list[str]]:
    names = list(next(iter(models.values()), {}))
    header = [corner, *(_TITLES.get(name, name) for name in names)]
    rows = [
        [model, *(in_words(name, figures.get(name)) for name in names)]
        for model, figures in models.items()
    ]
    return [header, *rows]


def _as_text(table: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    )


def _part_from_dict(data: Any) -> Part:
    def figures(models: Any) -> dict[str, Figures]:
        return {
            str(model): {
                str(name): None if value is None else float(value) for name, value in each.items()
            }
            for model, each in models.items()
        }

    confusion = data.get("confusion")
    return Part(
        int(data["rows"]),
        figures(data["figures"]),
        {str(name): figures(models) for name, models in data.get("targets", {}).items()},
        None if confusion is None else np.array(confusion, dtype=np.int64),
    )


def _part_to_dict(part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {"rows": part.rows, "figures": part.figures}
    if part.targets:
        found["targets"] = part.targets
    if part.confusion is not None:
        found["confusion"] = part.confusion.tolist()
    return found
