"""What a fit recorded, epoch by epoch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .._lib.atomic import open_atomically, write_atomically
from .._lib.files import as_path
from .._lib.html import html_lines, html_picture, html_table
from .._lib.plotting import drawn
from .._lib.showing import save_or_show
from .._lib.wording import count
from .curves import draw_curves

__all__ = ["History"]

_SHOWN, _PICTURE = 5, 60  # rows, and pixels per inch, of a notebook's table and picture


class History:
    """Costs and metrics of each epoch.

    Attributes
    ----------
    rows : list of dict
        One an epoch: ``epoch`` (from 1), ``train_cost``, ``validation_cost``, ``train_accuracy``,
        ``validation_accuracy`` (in regression ``train_r2``, ``validation_r2``), the same of each
        further metric, ``seconds``; without validation data its columns are absent. With ``alpha``
        also ``train_objective``: costs with penalties.
    stopped : str
        Why the fit ended: ``"completed"``, ``"interrupted"``, ``"left"`` by a loop over its epochs,
        ``"failed"`` by an error, or what a callback said: ``"early"``, ``"plateau"``, ``"budget"``.
    best_epoch : int or None
        The epoch whose parameters a callback restored.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    >>> history = net.fit([[0, 1], [1, 0]], [0, 1], epochs=2, batch_size=2)
    >>> history.columns
    ('epoch', 'train_cost', 'train_accuracy', 'seconds')
    >>> history["epoch"]
    [1, 2]
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.stopped = "completed"
        self.best_epoch: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.rows[0]) if self.rows else ()

    def __getitem__(self, column: str) -> list[Any]:
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"no column {column!r}: there are {', '.join(self.columns)}")
        return [row[column] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        last = self.rows[-1] if self.rows else {}
        figures = ", ".join(
            f"{name}={value:.4g}" for name, value in last.items() if isinstance(value, float)
        )
        return f"History({len(self)} epochs, {self.stopped}{', ' + figures if figures else ''})"

    def _repr_html_(self) -> str:
        """For notebooks: the last epochs, and the curves where matplotlib is installed."""
        best = f", best epoch {self.best_epoch:,}" if self.best_epoch is not None else ""
        lines = [(count(len(self), "epoch"), f"{self.stopped}{best}")]
        if not self.rows:
            return html_lines(lines)
        last = self.rows[-_SHOWN:]
        rows = [[_in_short(row[name]) for name in self.columns] for row in last]
        if len(last) < len(self):
            rows.insert(0, ["..."] * len(self.columns))
        table = html_lines(lines) + html_table(self.columns, rows, 0)
        try:
            figure = draw_curves({name: self[name] for name in self.columns}, self.best_epoch)
        except ImportError:  # without matplotlib
            return table
        width = round(_PICTURE * figure.get_figwidth())
        return table + html_picture(drawn(figure), width)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line per epoch under a header; nothing where there is no epoch.

        Raises
        ------
        OSError
            If the file cannot be written; one that was there is kept.
        """
        import csv

        with open_atomically(as_path(path), text=True) as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            if self.rows:
                writer.writeheader()
            writer.writerows(self.rows)

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write one JSON object per epoch.

        Raises
        ------
        OSError
            If the file cannot be written; one that was there is kept.
        """
        import json

        write_atomically(as_path(path), "".join(json.dumps(row) + "\n" for row in self.rows))

    def plot(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the curves of the cost and of each metric over the epochs, a panel each.

        What falls far has a logarithmic scale; the epoch whose parameters a callback restored is
        marked.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown: below the cell of a notebook,
            or in a window; where there is neither, a warning says so.
        title : str, optional

        Raises
        ------
        ValueError
            If there is no epoch to draw.
        ImportError
            If matplotlib is not installed; it comes with the extra ``plot``.
        """
        if not self.rows:
            raise ValueError("the history is empty, so there is nothing to draw: train first")
        columns = {column: self[column] for column in self.columns}
        figure = draw_curves(columns, self.best_epoch)
        save_or_show(figure, path, title, way_out="history.plot('curves.png')")


def _in_short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
