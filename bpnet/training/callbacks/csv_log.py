"""Write the history to a CSV file, line by line."""

from __future__ import annotations

import math
import os
import time
import weakref
from typing import TYPE_CHECKING, Any

from ..._lib.files import as_path
from ...storage.appended_file import AppendedFile
from .base import Callback
from .unwritten import UnwrittenWarnings

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["CSVLog"]

_PAUSE = 1.0  # seconds until what could not be written is tried again


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
        From ``fit``, if it cannot be opened for writing, as a pipe or in a folder that is missing.
    RuntimeError
        From ``fit``, if another fit writes to it, in this process or another.
    ValueError
        From ``fit``, if the file is something else, or has earlier epochs with other columns.

    Warns
    -----
    UserWarning
        If a line cannot be written, as on a full disk, once for each reason. The lines before are
        kept, the fit goes on, and the missing ones are written as soon as there is room.

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

    first_rank_only = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = str(as_path(path))

    def on_fit_begin(self, fit: Fit) -> None:
        # An error comes now, and not after the first epoch.
        self._file = file = AppendedFile(self.path)
        try:
            self._before(fit.first_epoch, list(fit.columns))
        except BaseException:
            file.close()
            raise
        weakref.finalize(fit, file.close)  # one that is never run is never ended
        self._content: str | None = None  # that the file is to have before the lines to come
        self._lines, self._unwritten = "", UnwrittenWarnings()
        self._is_new, self._tried = True, -math.inf

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._is_new:
            self._is_new = False
            self._content = _line(row) + "".join(self._before(row["epoch"], list(row)))
        self._lines += _line(row.values())
        if time.monotonic() - self._tried >= _PAUSE:
            self._write()

    def on_fit_end(self, fit: Fit) -> None:
        if self._lines:
            self._write()
        self._file.close()

    def _write(self) -> None:
        """Write the lines that are missing; where that fails, they are tried again later."""
        try:
            if self._content is not None:
                self._file.begin_with(self._content)
                self._content = None
            self._file.append(self._lines)
        except OSError as error:
            self._tried = time.monotonic()
            self._unwritten.warn(f"the log {self.path!r} was not written", error)
        else:
            self._lines, self._tried = "", -math.inf

    def _before(self, first: int, columns: list[str]) -> list[str]:
        """Lines of the epochs before ``first``; raises if they do not belong to this history."""
        header, lines = self._read()
        if header and header[0] != "epoch":
            raise ValueError(
                f"{self.path!r} is not a log of epochs, as it begins with {header[0]!r}, not "
                "'epoch': name another file"
            )
        before = {epoch: line for epoch, line in lines.items() if epoch < first}
        if before and header != columns:
            raise ValueError(
                f"{self.path!r} has epochs {min(before)} to {max(before)} with the columns "
                f"{', '.join(header)}, but the history has {', '.join(columns)}: name another file"
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
