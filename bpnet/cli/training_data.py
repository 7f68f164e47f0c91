"""What a run trains on: the package's digits, MNIST's files or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._lib.registry import check_name
from .._lib.wording import listing
from ..data import Dataset, load_digits, load_mnist, read_table
from ..tabular.recipe import Settings
from ..tabular.train import load_for_training, metadata_of
from .errors import UsageError
from .settings import GROUPS, OF_TABLES

__all__ = ["load_data", "metadata", "name_of"]

_PIXEL_MAXIMUM = {"digits": 16, "mnist": 255}  # what the loaders divide by


def name_of(asked: Settings) -> str:
    """What is trained on, in a word; raises where that is not plain."""
    if "data" not in asked:
        for name in OF_TABLES:
            if name in asked:
                raise UsageError(
                    f"--{name.replace('_', '-')} goes with --data FILE, a table of your own: add it"
                )
        dataset = check_name(asked.setdefault("dataset", "digits"), ("digits", "mnist"), "dataset")
        if dataset == "mnist" and "data_dir" not in asked:
            raise UsageError(
                "--dataset mnist needs --data-dir DIR, the folder with its four files: "
                "train-images-idx3-ubyte.gz, ... (gzipped or not)"
            )
        if dataset == "digits" and "data_dir" in asked:
            raise UsageError("--data-dir goes with --dataset mnist; the digits are in the package")
        return dataset
    for name in ("dataset", "data_dir"):
        if name in asked:
            raise UsageError(f"--data FILE and --{name.replace('_', '-')} exclude each other")
    if not asked.get("target"):
        reading = {name: asked[name] for name in GROUPS["reading a table"] if name in asked}
        table = read_table(asked["data"], **reading)
        raise UsageError(f"--data needs --target COLUMN, one of {listing(filter(None, table))}")
    return Path(asked["data"].name.removesuffix(".gz")).stem


def load_data(asked: Settings) -> Dataset:
    """The samples, split in three."""
    if "data" in asked:
        return load_for_training(_with_held_out(asked))
    return load_mnist(asked["data_dir"]) if asked["dataset"] == "mnist" else load_digits()


def _with_held_out(asked: Settings) -> Settings:
    """The settings with files and shares to validate and test on under one name."""
    found = dict(asked)
    for name in ("validation", "test"):
        share = f"{name}_share"
        if name in found and share in found:
            raise UsageError(f"--{name} FILE and --{name}-share exclude each other: leave one out")
        if share in found:
            found[name] = found.pop(share)
    return found


def metadata(asked: Settings, data: Dataset) -> dict[str, Any]:
    """What `bpnet predict` needs to know; no path, no date."""
    if "data" in asked:
        return metadata_of(data)
    return {
        **metadata_of(data),
        "dataset": asked["dataset"],
        "features": list(data.features),
        "pixel_maximum": _PIXEL_MAXIMUM[asked["dataset"]],
    }
