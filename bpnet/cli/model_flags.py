"""The network that a command uses: its file, and what computes it."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_backend_flags", "add_model"]


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument MODEL."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="a run folder, or a model.safetensors"
    )


def add_backend_flags(parser: argparse.ArgumentParser) -> None:
    """Add --backend and --device."""
    parser.add_argument("--backend", metavar="NAME", help="numpy, cupy, torch, jax or auto")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, ...")
