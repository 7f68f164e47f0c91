"""Which columns of a table are features, and which targets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from ..._lib.registry import no_such
from ..._lib.wording import shown

__all__ = ["SelectedColumns"]


class SelectedColumns:
    """Which columns of a table are features, and which targets.

    Parameters
    ----------
    path : Path
    there : sequence of str
        All columns of the table.
    target : str or sequence of str
    columns : sequence of str, optional
        The features; all other named columns by default.

    Raises
    ------
    ValueError
        If there is no such column, or no feature.
    """

    def __init__(
        self,
        path: Path,
        there: Sequence[str],
        target: str | Sequence[str],
        columns: Sequence[str] | None,
    ) -> None:
        self.targets = [target] if isinstance(target, str) else list(target)
        self.single = isinstance(target, str)
        positions = {name: k for k, name in enumerate(there)}
        targets = set(self.targets)
        if columns is None:
            columns = [name for name in there if name and name not in targets]
        self.features = list(columns)
        for name in (*self.targets, *self.features):
            if name not in positions:
                raise ValueError(f"{path}: {no_such('column', name, there)}")
        twice = [name for name in self.features if name in targets]
        if twice:
            raise ValueError(
                f"{path}: column {shown(twice[0])} is a target, and cannot be a feature"
            )
        if not self.features or not self.targets:
            what, argument = ("feature", "columns") if self.targets else ("target", "target")
            raise ValueError(f"{path}: no column is left as a {what}: name one in {argument}=[...]")
        self.names = list(itertools.chain(self.features, self.targets))
        self.positions = [positions[name] for name in self.names]
