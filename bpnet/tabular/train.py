"""From a table to a trained network, in one call."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Never

from .._lib.arguments import check_arguments
from .._lib.files import as_path
from ..data import Dataset, load_table
from ..data.tables.columns.decisions_in_words import decisions_in_words
from ..network import Network
from ..parallel import Communicator, communicator_of
from ..parallel.agreement import check_equal
from ..parallel.first_rank import of_first_rank
from ..training import Callback, History
from .baselines import training_shares
from .fitting import fit_network
from .judge import make_report
from .network import make_network
from .rates import make_optimizer
from .recipe import TABLES, Settings, completed, with_own_names
from .report import Report
from .run_files import model_files, report_files
from .small_tables import choose_by_folds, folds_for, for_small_tables

__all__ = [
    "TableRun",
    "check_same_data",
    "fit_table",
    "load_for_training",
    "load_with_defaults",
    "metadata_of",
    "train_table",
]


class TableRun(NamedTuple):
    """A network trained on a table, and what there is to know about it.

    ``print(run)`` shows what each column was taken for, what was noted, and the report.

    Attributes
    ----------
    net : Network
        Predicts from frames with the table's columns, and from files by ``bpnet predict``.
    history : History
    data : Dataset
        The rows as they were split and encoded; ``data.notes`` and ``data.decisions`` say how.
    report : Report

    Examples
    --------
    >>> import tempfile
    >>> import bpnet
    >>> columns = {"a": [*range(40)], "b": [1, 2] * 20, "y": [k / 2 for k in range(40)]}
    >>> net, history, data, report = bpnet.train_table(columns, "y", epochs=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bpnet.TableRun(net, history, data, report).save(folder)
    ...     bpnet.load(folder).sizes
    (2, 256, 1)
    """

    net: Network
    history: History
    data: Dataset
    report: Report

    def __repr__(self) -> str:
        return f"TableRun({self.net!r}, {self.history!r}, {self.data!r}, {self.report!r})"

    def __str__(self) -> str:
        told = "\n".join(f"note: {note}" for note in self.data.notes)
        shown = (repr(self.net), decisions_in_words(self.data.decisions), told, str(self.report))
        return "\n\n".join(filter(None, shown))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write model, history, report and pictures to a folder, which is made if need be.

        `bpnet.load` and ``bpnet predict`` take the folder.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        path = Path(os.fsdecode(as_path(folder)))
        path.mkdir(parents=True, exist_ok=True)
        title = f"{' - '.join(map(str, self.net.sizes))}, seed {self.net.seed}"
        files = model_files(self.net, self.history, title) | report_files(self.report, title)
        undrawn = None
        for name, write in files.items():
            try:
                write(path / name)
            except ImportError as error:
                undrawn = error
        if undrawn is not None:
            warnings.warn(f"no picture was drawn: {undrawn}", stacklevel=2)


def train_table(
    data: Any,
    target: str | Collection[str],
    *,
    task: str | None = None,
    features: Collection[str] | None = None,
    drop: Collection[str] | None = None,
    categorical: Collection[str] | None = None,
    numeric: Collection[str] | None = None,
    text: Collection[str] | None = None,
    weight: str | None = None,
    validation: Any = None,
    test: Any = None,
    group: str | None = None,
    time: str | None = None,
    folds: int | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    day_first: bool | None = None,
    encoding: str | None = None,
    missing: Collection[Any] | None = None,
    max_bytes: int | None = None,
    hidden: int | Collection[int] | None = None,
    activation: Any = None,
    output_activation: Any = None,
    cost: Any = None,
    initializer: Any = None,
    dropout: float | None = None,
    normalization: Any = None,
    seed: int | None = None,
    optimizer: Any = None,
    learning_rate: float | None = None,
    momentum: float | None = None,
    schedule: Any = None,
    schedule_epochs: int | None = None,
    schedule_factor: float | None = None,
    warmup: int | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    l2: float | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    metrics: Iterable[Any] | None = None,
    early_stopping: int | None = None,
    best: bool | None = None,
    backend: Any = None,
    device: Any = None,
    dtype: Any = None,
    parallel: str | Communicator | None = None,
    blocks: int | None = None,
    callbacks: Iterable[Callback] = (),
    jobs: int | None = None,
    progress: bool | None = None,
    **unknown: Never,
) -> TableRun:
    """Train a network on a table: ``bpnet train`` from Python.

    The same settings give the same network. What is not given is chosen as ``bpnet train --help``
    says: one hidden layer of 64 relu neurons, Adam at 0.001, up to 200 epochs, stopped early. With
    fewer than 1,000 rows to train on, none of them is held out to stop early: folds choose ``l2``
    and the number of epochs for 256 neurons.

    Parameters
    ----------
    data : path or frame
        A file, or a frame of pandas, polars or pyarrow, or a dictionary of columns.
    target : str or collection of str
        The column to predict, or several.
    task, features, drop, categorical, numeric, text, weight : optional
        What the columns are, as for `bpnet.data.load_table`.
    validation, test, group, time : optional
        How the rows are split, as for `bpnet.data.load_table`.
    folds : int, optional
        Into how many parts the rows are divided, each of which is predicted from the others to
        choose ``l2``, unless it is given, and the number of epochs; all rows are then trained on.
        0 for none. By default 5 for small tables, if nothing is said of how to validate or stop.
    header, delimiter, decimal, day_first, encoding, missing, max_bytes : optional
        How a file is read, as for `bpnet.data.load_table`.
    hidden : int or collection of int, optional
        Neurons of each hidden layer; an empty collection for none.
    activation, output_activation, cost, initializer : str or object, optional
        As for `Network`; ``activation`` is that of the hidden layers.
    dropout, normalization : optional
        Of the hidden layers, as for `Layer`.
    seed : int, optional
        Of the initial weights, the order of samples and the masks; 0 if not given.
    optimizer : str or Optimizer, optional
    learning_rate, momentum : float, optional
    schedule : str, Schedule or callable, optional
        ``"cosine"``, ``"polynomial"`` and ``"one_cycle"`` last as long as the training or
        ``schedule_epochs``; ``"step_decay"``, ``"exponential"``, ``"inverse_time"`` and
        ``"cosine_restarts"`` need it as their period. An object counts steps, as everywhere.
    schedule_epochs, schedule_factor, warmup : optional
        Length or period in epochs; what the first two of the latter multiply the rate by in each;
        epochs in which the rate rises from 0, before the schedule.
    batch_size, epochs, l2 : optional
        As for `Network.fit`.
    class_weight : "balanced" or mapping of label to weight, optional
    metrics : iterable, optional
        Further columns of the history: see `bpnet.metrics`.
    early_stopping : int, optional
        Stop when there was no better epoch for so many; 0 for never. The best epoch is the one with
        the lowest validation cost.
    best : bool, optional
        Whether the network keeps the parameters of the best epoch, as it does by default, or those
        of the last one.
    backend, device, dtype : optional
        As for `Network`.
    parallel : str or Communicator, optional
        What joins the processes that mpiexec or torchrun has started, as for `Network.fit`: all of
        them read the table, train one network together, and return the same. Folds are the first
        rank's alone. With ``blocks`` and without it, one process trains as several would.
    blocks : int, optional
        As for `Network.fit`, 4 if there is something to join; 0 for one part a rank.
    callbacks : iterable of Callback, optional
    jobs : int, optional
        Processes in which folds try each ``l2``, -1 for as many as cores, through joblib. However
        many they are, each has one BLAS thread, and the results are the same to the bit. Worth it
        where folds take more than some seconds; by default this process does it all.
    progress : bool, optional
        As for `Network.fit`.

    Returns
    -------
    TableRun

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        If the table or a setting is wrong, before anything is trained.
    DivergenceError
        If a cost or parameter is no longer finite.

    Examples
    --------
    >>> import bpnet
    >>> pets = {"weight": [4.1, 3.9, 9.5, 11.0] * 20, "kind": ["cat", "cat", "dog", "dog"] * 20}
    >>> run = bpnet.train_table(pets, "kind", epochs=60)
    >>> run.report["test"].figures["network"]["accuracy"]
    1.0
    >>> run.net.predict({"weight": [4.0, 10.0]})
    array(['cat', 'dog'], dtype='<U3')
    """
    given = dict(locals())  # this is the one list of what can be given
    check_arguments("train_table", given.pop("unknown"), given)
    callbacks, progress, jobs = (given.pop(name) for name in ("callbacks", "progress", "jobs"))
    asked = with_own_names({name: value for name, value in given.items() if value is not None})
    net, history, dataset = fit_table(asked, callbacks=callbacks, jobs=jobs, progress=progress)
    return TableRun(net, history, dataset, make_report(net, dataset))


def fit_table(
    asked: Settings,
    *,
    callbacks: Iterable[Callback] = (),
    jobs: int | None = None,
    progress: bool | None = None,
) -> tuple[Network, History, Dataset]:
    """Load a table, and train a network on it.

    Parameters
    ----------
    asked : dict
        Settings by the names of `train_table`'s arguments.
    callbacks, jobs, progress : optional
        As for `train_table`, as what it raises is.
    """
    data, own, folds = load_with_defaults(asked, load_for_training)
    settings = completed(asked, own, data)
    net = make_network(settings, data)
    communicator = communicator_of(asked.get("parallel", "serial"), net.backend)
    assert communicator is not None
    check_same_data(communicator, data)
    net.metadata = metadata_of(data)
    optimizer = make_optimizer(settings, len(data.train[0]))
    if folds:
        chosen = of_first_rank(
            communicator,
            lambda: choose_by_folds(settings, asked, data, folds, jobs=jobs, progress=progress),
        )
        settings |= chosen.settings
        data = dataclasses.replace(data, notes=(*data.notes, chosen.in_words("folds=0")))
    history, failure = fit_network(
        net, optimizer, data, settings, callbacks=callbacks, progress=progress
    )
    if failure is not None:
        raise failure
    return net, history, data


def check_same_data(communicator: Communicator, data: Dataset) -> None:
    """Raise ValueError, on every rank alike, if ranks read other names and labels.

    Their fit compares the samples.
    """
    facts = {"task": data.task, "targets": [*data.targets], "features": [*data.features]}
    if data.classes is not None:
        facts["classes"] = [str(label) for label in data.classes]
    check_equal(communicator, {f"data: {name}": value for name, value in facts.items()})


def load_with_defaults(
    asked: Settings, load: Callable[[Settings], Dataset]
) -> tuple[Dataset, Settings, int]:
    """Load a table as it will be trained on, with no rows held out where folds validate.

    Parameters
    ----------
    asked : dict
        What was asked for.
    load : callable
        ``load(asked)`` loads the table; ``validation=0`` in place of other shares holds none out.

    Returns
    -------
    data : Dataset
    own : dict
        The defaults for it.
    folds : int
        How many choose what else it is trained with; 0 for none.
    """
    data = load(asked)
    own, folds = TABLES[data.task], folds_for(asked, data)
    if not folds:
        return data, own, 0
    data = load({**asked, "validation": 0})
    return data, for_small_tables(own, data), folds


def load_for_training(asked: Settings) -> Dataset:
    """The table, as the settings want it read, split and encoded.

    Parameters
    ----------
    asked : dict
        ``data``, ``target`` and others; those that `load_table` has no argument for are passed by.
    """
    names = set(load_table.__kwdefaults__ or ()) - {"seed"}  # which is the network's
    options = {name: value for name, value in asked.items() if name in names}
    counts = asked.get("cost") == "poisson"
    return load_table(asked["data"], asked["target"], standardize_target=not counts, **options)


def metadata_of(data: Dataset) -> dict[str, Any]:
    """What a network must know to predict from tables; no path, no date."""
    return {
        "schema_version": 1,
        "dataset": "table",
        "target": data.target,
        "classes": None if data.classes is None else list(data.classes),
        "preprocessing": None if data.preprocessing is None else data.preprocessing.to_dict(),
        "baseline": training_shares(data),
    }
