"""``bpnet reproduce``: the book's published curves, computed again."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._lib.atomic import write_atomically
from .._lib.constraints import Integer
from .._lib.plotting import save_figure
from ..book.data_folders import published_folder
from ..book.mnist_loader import load_data_wrapper
from ..book.replays.comparison import Comparison, compare, table
from ..book.replays.departure import departure
from ..book.replays.picture import draw
from ..book.replays.programs import PROGRAMS, Program, program
from ..book.replays.published import read_published
from ..book.replays.replay import Curves, replay
from .errors import RunError, UsageError, in_words, usage
from .terminal import filled

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "replay the published curves of Nielsen's book, and compare"
DESCRIPTION = """\
Run programs of Nielsen's book on MNIST again, with their seeds, and compare what they give after
each epoch with the results that the book's repository has: how many numbers of right answers are
equal, and how far costs are apart. Prints a table; a folder gets table.txt, curves.json and
curves.png, the picture over the published curves."""

_EPILOG = """\
programs, each trained on MNIST:
{programs}

examples:
  bpnet reproduce --only weight_initialization_30
  bpnet reproduce --only multiple_eta --epochs 5 --out eta
  bpnet reproduce --data-dir mnist --published neural-networks-and-deep-learning/fig
"""
_BY_DEFAULT = ("weight_initialization_30", "weight_initialization_100", "multiple_eta")
_FILES = ("table.txt", "curves.json", "curves.png")
_FURTHER = 2  # epochs after the first that departs, to see how a difference grows
_REPOSITORY = "https://github.com/mnielsen/neural-networks-and-deep-learning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    listed = (
        f"  {name:<26} {one.title[:1].lower()}{one.title[1:]}" for name, one in PROGRAMS.items()
    )
    parser.epilog = _EPILOG.format(programs="\n".join(listed))
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="PROGRAM",
        help=f"which programs; by default {', '.join(_BY_DEFAULT)}",
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="train each arm for N epochs at most"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder of MNIST's four files; by default mnist in the folder that BPNET_DATA names",
    )
    parser.add_argument(
        "--published",
        type=Path,
        metavar="DIR",
        help="folder of the published results, PROGRAM.json; by default book in the folder that "
        f"BPNET_DATA names. They are in fig/ of {_REPOSITORY}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for the results, new or empty; by default runs/book-1, runs/book-2, ...",
    )


def run(options: argparse.Namespace) -> int:
    """Replay, compare, write."""
    with usage():
        chosen = [program(name) for name in dict.fromkeys(options.only or _BY_DEFAULT)]
        if options.epochs is not None:
            Integer(1)("--epochs", options.epochs)
        data = load_data_wrapper(options.data_dir)
        published = _published(options.published, chosen)
        folder = _folder(options.out)
    found: dict[str, dict[str, Curves]] = {}
    try:
        with _Progress(chosen, options.epochs) as progress:
            for one in chosen:
                found[one.name] = replay(one, data, epochs=options.epochs, on_epoch=progress.epoch)
    except BaseException:
        folder.rmdir()  # it is empty
        raise
    compared = {
        one.name: compare(one, found[one.name], published[one.name])
        for one in chosen
        if one.name in published
    }
    text = "\n".join([table(compared), *_departures(compared, data)])
    if compared:
        print(text)
    try:
        _write(folder, text, chosen, found, published, compared)
    except OSError as error:
        raise RunError(f"--out {folder}: {in_words(error)}") from error
    return 0


def _published(folder: Path | None, chosen: list[Program]) -> dict[str, dict[str, Curves]]:
    """What is published of each program; a program without it is told, and not compared."""
    names = [one.name for one in chosen]
    if folder is None:
        folder = published_folder()
        names = [name for name in names if folder and (folder / f"{name}.json").exists()]
    if missing := [one.name for one in chosen if one.name not in names]:
        warnings.warn(
            f"nothing to compare {', '.join(missing)} with: --published DIR names the folder of "
            f"{missing[0]}.json, such as fig of {_REPOSITORY}",
            stacklevel=2,
        )
    return {name: read_published(program(name), folder) for name in names if folder}


def _folder(out: Path | None) -> Path:
    """Make the folder, before anything is trained."""
    if out is None:
        names = (Path("runs", f"book-{k}") for k in itertools.count(1))
        out = next(name for name in names if not name.exists())
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--out {out} is not a new or empty folder: name another")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _departures(compared: Mapping[str, list[Comparison]], data: tuple[Any, Any, Any]) -> list[str]:
    """Where the arms part whose costs are not the published ones, and why."""
    first: dict[tuple[str, str], int] = {}
    for name, ones in compared.items():
        for one in ones:
            if one.departs is not None:
                key = name, one.arm
                first[key] = min(one.departs, first.get(key, one.departs))
    found = (
        departure(program(name), arm, data, epochs=epoch + _FURTHER)
        for (name, arm), epoch in first.items()
    )
    return [filled(str(one)) for one in found if one is not None]


class _Progress:
    """A bar on a terminal, lines elsewhere: of epochs."""

    def __init__(self, chosen: list[Program], epochs: int | None) -> None:
        arms = [arm for one in chosen for arm in one.arms]
        self._total = sum(min(arm.epochs, epochs or arm.epochs) for arm in arms)
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        from tqdm import tqdm

        self._bar = tqdm(
            total=self._total,
            unit="epoch",
            file=sys.stderr,
            dynamic_ncols=True,
            disable=None,  # where there is no terminal
        )
        return self

    def epoch(self, arm: Any, epoch: int) -> None:
        """One more epoch is done."""
        self._bar.set_description(f"{arm.name}, epoch {epoch}", refresh=False)
        self._bar.update()

    def __exit__(self, *error: object) -> None:
        self._bar.close()


def _write(
    folder: Path,
    text: str,
    chosen: list[Program],
    found: Mapping[str, Mapping[str, Curves]],
    published: Mapping[str, Mapping[str, Curves]],
    compared: Mapping[str, list[Comparison]],
) -> None:
    content = {
        one.name: {"replayed": found[one.name], "published": published.get(one.name)}
        for one in chosen
    }
    table_file, curves_file, picture = _FILES
    written = [curves_file]
    write_atomically(folder / curves_file, json.dumps(content, indent=1) + "\n")
    if compared:
        write_atomically(folder / table_file, text + "\n")
        written.append(table_file)
    try:
        save_figure(draw(chosen, found, published), folder / picture)
        written.append(picture)
    except ImportError as error:
        warnings.warn(f"no picture was drawn: {error}", stacklevel=2)
    print(f"saved {folder}: {', '.join(written)}")
