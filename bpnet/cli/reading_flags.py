"""Flags that say how a file is read, where that is not as the training table was."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ..data import Preprocessing
from ..network import Network

__all__ = ["add_reading_flags", "read_as_asked"]

_FLAGS = ("header", "delimiter", "decimal", "encoding", "missing")


def add_reading_flags(parser: argparse.ArgumentParser) -> None:
    """Add them to a command that reads a FILE."""
    group = parser.add_argument_group("how FILE is read, by default as the training table was")
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row names the columns; --no-header calls them c1, c2, ...",
    )
    group.add_argument(
        "--delimiter", metavar="CHARACTER", help="what divides fields, such as ';' or tab"
    )
    group.add_argument("--decimal", metavar="CHARACTER", help="the decimal mark of numbers: . or ,")
    group.add_argument("--encoding", metavar="NAME", help="of text files, such as latin-1")
    group.add_argument(
        "--missing",
        nargs="+",
        metavar="MARK",
        help="marks of missing values beside the usual ones, such as ? or -999; --missing=-x- "
        "where one looks like a flag",
    )
    group.add_argument(
        "--max-bytes",
        type=int,
        metavar="N",
        help="memory that FILE may take once unpacked; by default 64 MiB, or 32 times its size",
    )


def read_as_asked(net: Network, options: argparse.Namespace) -> None:
    """Let a network, for this run, read files as the flags say."""
    given = {name: getattr(options, name) for name in _FLAGS if getattr(options, name) is not None}
    known = net.metadata.get("preprocessing")
    if known is not None and given:
        preprocessing = Preprocessing.from_dict(known)
        reading = replace(preprocessing.reading, **given)
        changed = replace(preprocessing, reading=reading)
        net.metadata = {**net.metadata, "preprocessing": changed.to_dict()}
