"""``bpnet evaluate``: how well a trained network does on data with known targets."""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path

from ..loading import load, model_file
from ..network import Network
from ..tabular.evaluate import Evaluation, evaluate
from ..tabular.report import Report
from .errors import RunError, UsageError, in_words, usage
from .labelled_samples import add_labelled_file, labelled_blocks, refuse_labels
from .model_flags import add_backend_flags, add_model
from .reading_flags import add_reading_flags, read_as_asked
from .settings_file import read_settings

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "judge a trained network on a file with known targets"
DESCRIPTION = """\
Compare a trained network's predictions for a file with the true values in it: accuracy, balanced
accuracy and log loss, or R^2 and the errors in the target's own unit; beside them those of always
predicting the most frequent class, or the mean, of the training rows. Rows without a target are
left out. A class that the network does not know counts as wrong. Both are told."""

_EPILOG = """\
examples:
  bpnet evaluate runs/iris-1 labelled.csv
  bpnet evaluate runs/iris-1 labelled.csv --target kind --out evaluation
  bpnet evaluate runs/mnist-1 mnist/t10k-images-idx3-ubyte.gz \\
      --labels mnist/t10k-labels-idx1-ubyte.gz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.epilog = _EPILOG
    add_model(parser)
    add_labelled_file(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="also write report.json and confusion.png or predicted.png to this folder",
    )
    add_reading_flags(parser)
    add_backend_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compute, compare."""
    with usage():
        net = load(model_file(options.model), backend=options.backend, device=options.device)
        read_as_asked(net, options)
        picture = "predicted.png" if net.task == "regression" else "confusion.png"
        if options.out is not None:
            _check_out(options.out, ("report.json", picture))
        report = _report(net, options)
    print(report)
    if _was_trained_on(options.model, options.file):
        print(
            f"the network was trained on {options.file}: these figures do not show how it does on "
            "new rows"
        )
    if options.out is not None:
        try:
            _write(report, options.out, picture)
        except OSError as error:
            raise RunError(f"--out {options.out}: {in_words(error)}") from error
    return 0


def _was_trained_on(model: Path, file: Path) -> bool:
    """Whether a run folder says that its network learned from this file."""
    with contextlib.suppress(UsageError, OSError):
        settings = read_settings(model / "settings.toml") if model.is_dir() else {}
        return "data" in settings and file.samefile(settings["data"])
    return False


def _report(net: Network, options: argparse.Namespace) -> Report:
    if net.metadata.get("preprocessing") is not None:
        refuse_labels(options.labels)
        return evaluate(net, options.file, target=options.target, max_bytes=options.max_bytes)
    judge = Evaluation(net)
    target = None if options.target is None else options.target[0]
    for x, columns in labelled_blocks(net, options.file, options.labels, target, options.max_bytes):
        judge.add(x, columns)
    return judge.report()


def _check_out(folder: Path, names: tuple[str, ...]) -> None:
    """Raise if the folder cannot be written to, or something would be lost in it."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"--out {folder} is no folder: name another")
    for name in names:
        if os.path.lexists(folder / name):
            raise UsageError(f"--out {folder} already has {name}: name another folder")


def _write(report: Report, folder: Path, picture: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report.to_json(folder / "report.json")
    written = ["report.json"]
    try:
        with contextlib.suppress(ValueError):  # too many classes
            report.plot(folder / picture)
            written.append(picture)
    except ImportError as error:
        import warnings

        warnings.warn(f"no picture was drawn: {error}", stacklevel=2)
    print(f"saved {folder}: {', '.join(written)}")
