"""What a diagnosis says: findings, notes and figures, as text, HTML, JSON values and pictures."""

from __future__ import annotations

import math
import os
import textwrap
from typing import Any

from ..._lib.html import html_lines, html_table
from ..._lib.showing import save_or_show
from .evidence import Evidence
from .finding import Finding
from .pictures import Worst, draw_first_layer, draw_worst

__all__ = ["Diagnosis"]

_WIDTH = 96
_HEALTHY = "nothing wrong found"


class Diagnosis:
    """What `bpnet.diagnose` found; ``str`` of it is text for the terminal.

    Attributes
    ----------
    findings : tuple of Finding
        What keeps the network from learning, what matters most first. Each has ``kind``,
        ``verdict``, ``equation``, ``advice``, ``severity`` and ``layer``.
    notes : tuple of str
        What is worth knowing besides.
    layers : tuple of LayerFigures
    answers : AnswerFigures
    samples : SampleFigures
    trial : TrialStep or None
        What one step of the optimizer would do, where one was given.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.data import load_digits
    >>> x, y = load_digits().train
    >>> bpnet.diagnose(bpnet.Network([64, 30, 10], cost="log_likelihood", seed=0), x, y).healthy
    True
    """

    def __init__(
        self,
        net: str,
        findings: tuple[Finding, ...],
        notes: tuple[str, ...],
        seen: Evidence,
        weights: Any,
        worst: Worst,
    ) -> None:
        self.findings, self.notes = findings, notes
        self.layers, self.answers = seen.layers, seen.answers
        self.samples, self.trial = seen.samples, seen.trial
        self._net, self._weights, self._worst = net, weights, worst

    @property
    def healthy(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.findings

    def __str__(self) -> str:
        lines = [*_paragraph("", self._title()), ""]
        for number, one in enumerate(self.findings, start=1):
            lines += _paragraph(f"{number}. ", _sentence(one.verdict))
            lines += _paragraph("   why: ", _sentence(one.equation))
            lines += _paragraph("   try: ", _sentence(one.advice))
            lines.append("")
        if not self.findings:
            lines += [f"{_HEALTHY}.", ""]
        for note in self.notes:
            lines += _paragraph("note: ", _sentence(note))
        if self.notes:
            lines.append("")
        header, rows = self._table()
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            cells = [one.rjust(n) for one, n in zip(row, widths, strict=True)]
            lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]))
        lines += [f"{name} {figure}" for name, figure in self._figures()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """For notebooks."""
        told = [
            (f"{k}. {_sentence(one.verdict)}", f"{_sentence(one.equation)} {_sentence(one.advice)}")
            for k, one in enumerate(self.findings, start=1)
        ]
        lines = html_lines(told or [(f"{_HEALTHY}.", "")])
        notes = html_lines([("note:", _sentence(one)) for one in self.notes])
        header, rows = self._table()
        return (
            html_lines([(self._title(), "")])
            + lines
            + notes
            + html_table(header, rows)
            + (html_lines(self._figures()))
        )

    def to_dict(self) -> dict[str, Any]:
        """Findings, notes and figures as JSON values; None in place of what is not finite."""
        found = {
            "schema_version": 1,
            "healthy": self.healthy,
            "findings": [one.to_dict() for one in self.findings],
            "notes": list(self.notes),
            "layers": [one.to_dict() for one in self.layers],
            "answers": self.answers.to_dict(),
            "samples": self.samples.to_dict(),
            "trial": None if self.trial is None else self.trial.to_dict(),
        }
        plain: dict[str, Any] = _finite(found)
        return plain

    def plot_first_layer(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the weights of the first layer's neurons as images, red positive, blue negative.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown, as by `History.plot`.
        title : str, optional

        Raises
        ------
        ValueError
            If the number of inputs is no square.
        ImportError
            If matplotlib is not installed; it comes with the extra ``plot``.
        """
        figure = draw_first_layer(self._weights)
        save_or_show(figure, path, title, way_out="diagnosis.plot_first_layer('weights.png')")

    def plot_worst(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the samples that cost most, as images where inputs are a square, otherwise as bars.

        Parameters
        ----------
        path, title
            As of `plot_first_layer`.
        """
        figure = draw_worst(self._worst)
        save_or_show(figure, path, title, way_out="diagnosis.plot_worst('worst.png')")

    def _title(self) -> str:
        n, m = self.samples.samples, self.samples.looked_at
        of = f"{n:,} samples" if n == m else f"{m:,} of {n:,} samples, evenly spaced"
        return f"{self._net} on {of}"

    def _table(self) -> tuple[list[str], list[list[str]]]:
        header = ["layer", "neurons", "saturated", "dead", "z", "sigma'", "|delta|", "kept"]
        stepped = any(one.update is not None for one in self.layers)
        header += ["|dC/dw|", "|w|", *(["step/|w|"] if stepped else [])]
        rows = []
        for k, one in enumerate(self.layers):
            above = self.layers[k + 1].delta if k + 1 < len(self.layers) else 0.0
            kept = f"{one.delta / above:.2g}" if above else "-"
            row = [f"{one.layer} {one.activation}", str(one.neurons)]
            row += [_share(one.saturated), _share(one.dead), f"{one.z:.2g}", _short(one.slope)]
            row += [f"{one.delta:.2g}", kept, f"{one.gradient:.2g}", f"{one.weights:.2g}"]
            rows.append(row + ([_short(one.update)] if stepped else []))
        return header, rows

    def _figures(self) -> list[tuple[str, str]]:
        found = self.answers
        lines = [("cost:", f"{found.cost:.4g}; the best constant answer's: {found.constant:.4g}")]
        if found.accuracy is not None:
            most = f"{found.majority:.1%}"
            told = f"{found.accuracy:.1%}; the most frequent class is right on {most}"
            lines.append(("accuracy:", told))
        if found.calibration is not None:
            told = f"{found.calibration:.3f}; by chance {found.calibrated:.3f} +- "
            lines.append(("calibration error:", f"{told}{found.calibration_error:.3f}"))
        shares = self.samples.shares
        if shares is not None:
            low, high = float(shares.min()), float(shares.max())
            what = "classes" if self.samples.kind == "classes" else "labels"
            lines.append((f"{what}:", f"shares from {low:.1%} to {high:.1%}"))
        return lines


def _paragraph(mark: str, text: str) -> list[str]:
    rest = " " * len(mark)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=mark, subsequent_indent=rest, break_on_hyphens=False
    )


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a symbol, as x; and a full stop."""
    begins = text[:1].upper() if text[1:2].isalpha() else text[:1]
    return f"{begins}{text[1:]}."


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _short(number: float | None) -> str:
    return "-" if number is None else f"{number:.2g}"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
