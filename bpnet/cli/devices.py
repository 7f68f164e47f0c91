"""``bpnet devices``: what can compute here."""

from __future__ import annotations

import argparse

from ..backends import available_backends

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "list the array libraries and devices that can compute here"
DESCRIPTION = (
    "List the array libraries that bpnet knows, their devices, and why one cannot be used."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen."""


def run(options: argparse.Namespace) -> int:
    """Print one line a library."""
    rows = [("backend", "version", "devices", "note")]
    for one in available_backends():
        rows.append((one.name, one.version or "-", ", ".join(one.devices) or "-", one.reason))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[3]]).rstrip())
    return 0
