"""The folder that a training run leaves."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

from .. import __version__
from ..network import Network
from ..training import Callback, Fit, History
from ._errors import UsageError, in_words
from .settings import Settings

__all__ = ["RunFolder"]

_HEADER = f"# bpnet {__version__}; bpnet train --config FILE, this one, repeats the run.\n"
_FILES = ("settings.toml", "history.csv", "history.jsonl", "curves.png", "model.safetensors")


class RunFolder(Callback):
    """A folder, made when the settings have proved good and before the first step of training.

    Parameters
    ----------
    path : Path or None
        None for the first of ``runs/NAME-1``, ``runs/NAME-2``, ... that does not exist.
    name : str
    overwrite : bool
        Whether an earlier run in it is replaced.

    Raises
    ------
    UsageError
        If the folder is not empty, and is not to be overwritten; when it is made, if it cannot be.
    """

    def __init__(self, path: Path | None, name: str, overwrite: bool) -> None:
        self._name, self._overwrite = name, overwrite
        self._new = path is None
        self.path = path or Path("runs", name)
        self.settings: Settings = {}
        if path is not None and not overwrite and path.is_dir() and any(path.iterdir()):
            raise UsageError(f"{path} is not empty: name another --out, or add --overwrite")

    def on_fit_begin(self, fit: Fit) -> None:
        """Make it, with the settings in it."""
        import tomli_w

        try:
            if self._new:
                self._make_new()
            self.path.mkdir(parents=True, exist_ok=True)
            for name in _FILES:
                (self.path / name).unlink(missing_ok=True)
            text = _HEADER + tomli_w.dumps(self.settings)
            (self.path / "settings.toml").write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the run folder cannot be written: {in_words(error)}") from error

    def save(self, net: Network, history: History, title: str) -> str:
        """Write everything else; returns what there is now, in words."""
        net.save(self.path / "model.safetensors")
        if len(history):
            history.to_csv(self.path / "history.csv")
            history.to_jsonl(self.path / "history.jsonl")
            try:
                history.plot(self.path / "curves.png", title)
            except ImportError as error:
                warnings.warn(f"no picture was drawn: {error}", stacklevel=2)
        written = [name for name in _FILES if (self.path / name).exists()]
        return f"saved     {self.path}: {', '.join(written)}"

    def _make_new(self) -> None:
        for number in itertools.count(1):
            self.path = Path("runs", f"{self._name}-{number}")
            try:
                self.path.mkdir(parents=True)
            except FileExistsError:
                if not self.path.exists():  # a part of the path is a file
                    raise
            else:
                return
