"""Write the history to a CSV file, line by line."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

from .base import Callback

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["CSVLog"]


class CSVLog(Callback):
    """Write a line of a CSV file after each epoch, to be read while training goes on.

    Where the file is there and training goes on, from a checkpoint or by a second fit, lines are
    appended; those of epochs that are trained again are replaced. A new network begins it anew.

    Parameters
    ----------
    path : path

    Raises
    ------
    OSError
        From ``fit``, if it cannot be written.
    ValueError
        From ``fit``, if the file is something else, or has earlier epochs with other columns.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "log.csv")
    ...     for _ in range(2):
    ...         history = net.fit(
    ...             [[0.0]], [[1.0]], epochs=2, batch_size=1, callbacks=[bpnet.CSVLog(path)]
    ...         )
    ...     print([line.split(",")[0] for line in path.read_text().splitlines()])
    ['epoch', '1', '2', '3', '4']
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def on_fit_begin(self, fit: Fit) -> None:
        self._file: IO[str] | None = None
        with open(self.path, "a", encoding="utf-8"):
            pass  # an error comes now, and not after the first epoch
        self._before(fit.first_epoch, list(fit.columns))

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._file is None:
            self._file = self._open(row)
        self._file.write(_line(row.values()))
        self._file.flush()

    def on_fit_end(self, fit: Fit) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, row: dict[str, Any]) -> IO[str]:
        """Open the file for the lines to come, after its header and the lines of earlier epochs."""
        content = _line(row) + "".join(self._before(row["epoch"], list(row)))
        with open(self.path, encoding="utf-8", newline="") as file:
            same = file.read() == content
        if not same:
            beside = f"{self.path}.new"
            with open(beside, "w", encoding="utf-8", newline="") as file:
                file.write(content)
            os.replace(beside, self.path)
        return open(self.path, "a", encoding="utf-8", newline="")

    def _before(self, first: int, columns: list[str]) -> list[str]:
        """Lines of the epochs before ``first``; raises if they do not belong to this history."""
        header, lines = self._read()
        if header and header[0] != "epoch":
            raise ValueError(f"{self.path!r} is no log of epochs: it begins with {header[0]!r}")
        before = {epoch: line for epoch, line in lines.items() if epoch < first}
        if before and header != columns:
            raise ValueError(
                f"{self.path!r} has epochs {min(before)} to {max(before)} with the columns "
                f"{', '.join(header)}, but the history has {', '.join(columns)}"
            )
        return list(before.values())

    def _read(self) -> tuple[list[str], dict[int, str]]:
        """The header of the file, and the line of each epoch, without one that was cut off."""
        import csv

        with open(self.path, encoding="utf-8", newline="") as file:
            table = [cells for cells in csv.reader(file) if cells]
        header = table[0] if table else []
        lines = {
            int(cells[0]): _line(cells)
            for cells in table[1:]
            if len(cells) == len(header) and cells[0].isdecimal()
        }
        return header, lines


def _line(cells: Any) -> str:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
