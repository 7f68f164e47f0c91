"""``bpnet train``: from data to a trained network in a run folder."""

from __future__ import annotations

import argparse
import contextlib
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

from ..data import Dataset
from ..data.tables.columns.decisions_in_words import decisions_in_words
from ..network import Network
from ..tabular.fitting import fit_network
from ..tabular.network import make_network
from ..tabular.rates import make_optimizer
from ..tabular.recipe import TABLES, Settings, completed
from ..tabular.small_tables import (
    CHOSEN_BY_FOLDS,
    FEWEST_ROWS,
    SMALL,
    choose_by_folds,
)
from ..tabular.train import check_same_data, load_with_defaults
from ..training import DivergenceError, History
from .defaults import OWN
from .errors import RunError, UsageError, usage
from .ranks import Ranks, communicator_for, engine_of, joined, told_once
from .report import data_in_words, kept_in_words, listed, score, settings_in_words
from .run_folder import RunFolder
from .run_report import write_report
from .run_settings import given, settled
from .settings import SETTINGS, add_settings
from .settings_file import read_settings
from .terminal import filled
from .training_data import load_data, metadata, name_of

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "train a network: on handwritten digits, on MNIST or on a table of your own"
DESCRIPTION = """\
Train a network and leave a run folder: settings.toml (repeats the run with --config),
history.csv and history.jsonl, curves.png, model.safetensors; report.json and confusion.png or
predicted.png, which judge it beside simple models; for a table importance.png, how much each column
matters; while it trains also checkpoints, from which --resume goes on. Without a flag it learns the
digits that come with the package, in seconds."""

_ENDINGS = {"completed": "to the end", "early": "stopped early", "interrupted": "interrupted"}
_TO_JUDGE = (_ENDINGS["completed"], _ENDINGS["early"])

_USAGE = """\
bpnet train --data FILE --target COLUMN [flags]
       bpnet train [--dataset NAME] [flags]
       bpnet train --config FILE.toml [flags]
       bpnet train --resume DIR"""

_EPILOG = """\
examples:
  bpnet train --data iris.csv --target species
  bpnet train --data sales.csv --target price --drop id --time date --metrics mae
  bpnet train --data iris.csv --target species --hidden 30 30 --dropout 0.2 --schedule cosine
  bpnet train --dataset mnist --data-dir mnist --hidden 100 --cost cross_entropy --learning-rate 0.5
  bpnet train --config runs/iris-1/settings.toml --seed 1
  bpnet train --resume runs/iris-1             a run that was killed or interrupted
  mpiexec -n 4 bpnet train --data large.csv --target y        several processes train together

defaults, by what is trained on (those of mnist are the book's):
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.usage = _USAGE
    defaults = (f"{name}: {listed(own)}" for name, own in _by_data().items())
    parser.epilog = _EPILOG + "\n".join(
        textwrap.fill(line, 80, initial_indent="  ", subsequent_indent="    ") for line in defaults
    )
    add_settings(parser)
    group = parser.add_argument_group("output")
    group.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the run folder; by default runs/digits-1, runs/digits-2, ...",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace the run that is in --out already"
    )
    group.add_argument(
        "--quiet", action="store_true", help="no progress bar, and only the last line of the report"
    )
    group.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="processes in which --folds tries each --l2, -1 for as many as cores; the results are "
        "the same for each N",
    )
    group.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on with the killed or interrupted run in this folder, with its settings",
    )
    group.add_argument(
        "--config",
        type=Path,
        metavar="FILE.toml",
        help="settings by the names of the flags, as learning_rate = 0.1; flags win over it, and "
        "set aside what goes with the setting that they replace",
    )


def _by_data() -> dict[str, Settings]:
    """The defaults, what all tables share being told once."""
    shared = {
        name: value
        for name, value in TABLES["classification"].items()
        if all(own.get(name) == value for own in TABLES.values())
    }
    found = {**OWN, "tables": shared}
    found[f"tables with fewer than {FEWEST_ROWS:,} rows to train on"] = SMALL
    for task, own in TABLES.items():
        found[f"{task} also"] = {name: own[name] for name in own if name not in shared}
    return found


def run(options: argparse.Namespace) -> int:
    """Train as the flags say, and save the run however it ends."""
    with told_once(), usage():
        ranks = joined(options)
    with ranks.one_job(options.debug):
        return _begun(ranks.of_first(lambda: options), ranks)


def _begun(options: argparse.Namespace, ranks: Ranks) -> int:
    """Train, with a folder for the run."""

    def asked_for() -> tuple[Settings, str | None, str]:
        asked = _resumed(options) if options.resume else given(options)
        engine = engine_of(asked, ranks, bool(options.resume))
        return asked, engine, name_of(asked)

    with usage():
        asked, engine, name = ranks.of_first(asked_for)
        folder = RunFolder(
            options.resume or options.out,
            name,
            options.overwrite,
            bool(options.resume),
            [asked[name] for name in ("data", "validation", "test") if name in asked],
            ranks=ranks,
        )
    with folder:
        try:
            return _run(options, asked, engine, name, folder, ranks)
        except KeyboardInterrupt as error:
            if str(error) or not folder.can_resume:
                raise
            raise KeyboardInterrupt(f"interrupted; --resume {folder.path} goes on") from error


def _run(
    options: argparse.Namespace,
    asked: Settings,
    engine: str | None,
    name: str,
    folder: RunFolder,
    ranks: Ranks,
) -> int:
    quiet = options.quiet or not ranks.first
    tell = _silent if quiet else _tell
    with ranks.together():
        if "data" in asked:
            data, own, folds = load_with_defaults(asked, load_data)
            kind = f"{data.task} on {'small ' if folds else ''}tables"
        else:
            data, own, folds = load_data(asked), OWN[name], 0
            kind = name
        settings = {"checkpoint_every": 1, **completed(asked, own, data)}
        net, optimizer = make_network(settings, data), make_optimizer(settings, len(data.train[0]))
        net.metadata = metadata(asked, data)
    with usage():
        check_same_data(ranks.communicator, data)
        if engine is not None:
            communicator_for(engine, net.backend)  # now, before anything is told
        watchers = folder.watchers(data, settings["checkpoint_every"])
        snapshot = folder.latest() if options.resume else None
    tell(data_in_words(name, data))
    if data.decisions and not quiet:
        print(f"\n{decisions_in_words(data.decisions)}\n", flush=True)
    for note in data.notes if not quiet else ():
        print(f"note: {note}", file=sys.stderr)
    left_to_folds = {name for name in CHOSEN_BY_FOLDS if folds and name not in asked}
    shown = {name: value for name, value in settings.items() if name not in left_to_folds}
    tell(*settings_in_words(kind, asked, shown), f"network   {net!r}")
    if engine is not None:
        tell(ranks.in_words(engine, settings["blocks"]))
    if folds:
        shows = False if quiet else None  # if there is a terminal
        with usage():
            given = {"jobs": options.jobs, "progress": shows}
            chosen = ranks.of_first(lambda: choose_by_folds(settings, asked, data, folds, **given))
        settings |= chosen.settings | {"folds": 0, "validation_share": 0.0}
        tell(f"folds     {chosen.in_words('--folds 0')}")
    folder.settings = settled(settings, net, optimizer)
    if options.resume:
        tell(f"resumed   {folder.path}, after epoch {snapshot.header['epochs'] if snapshot else 0}")

    began = time.perf_counter()
    with usage(), _begun_by_another_version(folder):
        history, failure = fit_network(
            net,
            optimizer,
            data,
            {**settings, "parallel": engine},
            callbacks=watchers,
            progress=not options.quiet,
            resume=snapshot,
        )
    seconds = time.perf_counter() - began
    ranks.on_first(
        lambda: _save(options, net, data, settings, (history, failure, seconds), name, folder)
    )
    return 0


def _save(
    options: argparse.Namespace,
    net: Network,
    data: Dataset,
    settings: Settings,
    trained: tuple[History, DivergenceError | None, float],
    name: str,
    folder: RunFolder,
) -> None:
    """Leave what was trained in the folder, judge it, and tell how it ended."""
    tell = _silent if options.quiet else _tell
    history, failure, seconds = trained
    ending = "diverged" if failure else _ENDINGS[history.stopped]
    title = f"{name}: {' - '.join(map(str, net.sizes))}, seed {net.seed}"
    folder.save(net, history, title)
    report = write_report(net, data, folder, title) if ending in _TO_JUDGE else None
    tell(f"trained   {len(history)} epochs in {seconds:.1f} s, {ending}")
    tell(kept_in_words(net, history), folder.saved)
    if report is not None and not options.quiet:
        print(f"\n{report}\n")
    if failure:
        raise RunError(f"{failure}\n{folder.in_words}") from failure
    resumable = f"--resume {folder.path}" if settings["checkpoint_every"] else ""
    print(score(net, data, settings.get("metrics", ()), report))
    if history.stopped == "interrupted":
        ways = f"; {resumable} goes on" if resumable else ""
        raise KeyboardInterrupt(f"interrupted; {folder.in_words}{ways}")
    if folder.unwritten:
        ways = f": make room, and {resumable} writes the rest" if resumable else ""
        raise OSError(f"not written to {folder.path}: {', '.join(folder.unwritten)}{ways}")
    folder.finish()


@contextlib.contextmanager
def _begun_by_another_version(folder: RunFolder) -> Iterator[None]:
    """While entered, a checkpoint that does not fit its own settings is told with a way out."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("resume: this fit cannot resume"):
            raise
        raise UsageError(
            f"the run in {folder.path} was begun by another version of bpnet, and cannot go on; "
            f"--config {folder.path / 'settings.toml'} begins anew"
        ) from error


def _resumed(options: argparse.Namespace) -> Settings:
    """The settings of the run that ``--resume`` names."""
    flags = [name for name in SETTINGS if name in vars(options) and name != "parallel"]
    flags += [name for name in ("config", "out", "overwrite") if getattr(options, name)]
    if flags:
        flag = flags[0].replace("_", "-")
        raise UsageError(
            f"--resume uses the settings of the run, so --{flag} cannot be given with it"
        )
    path: Path = options.resume
    if not path.is_dir():
        raise UsageError(f"there is no run folder {path}")
    if not (path / "settings.toml").exists():
        raise UsageError(f"{path} is not a run folder: it has no settings.toml")
    engine = {"parallel": options.parallel} if "parallel" in vars(options) else {}
    return {**read_settings(path / "settings.toml"), **engine}


def _tell(*lines: str) -> None:
    for line in lines:
        print(filled(line), flush=True)


def _silent(*lines: str) -> None:
    """Tell nothing."""
