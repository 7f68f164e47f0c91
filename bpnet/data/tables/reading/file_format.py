"""Which format a file has, by its name."""

from __future__ import annotations

from pathlib import Path

from ...._lib.files import check_regular_file
from ...._lib.wording import listing

__all__ = ["find_format"]

_FORMATS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".npz": "npz",
}
_PACKABLE = ("delimited", "json")
_EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
_ARROW = (".feather", ".arrow", ".ipc", ".orc")
_PACKED = (".zip", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz")


def find_format(path: Path) -> str:
    """The format of a table's file: "delimited", "json", "parquet" or "npz".

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no file, is empty, or has none of these formats; the message says what to do.
    """
    check_regular_file(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = suffixes[-1] if suffixes else ""
    form = _FORMATS.get(suffix)
    if suffix == ".gz" and len(suffixes) > 1:
        form = _FORMATS.get(suffixes[-2])
        suffix = suffixes[-2] + ".gz"
        form = form if form in _PACKABLE else None
    if form is None:
        raise ValueError(f"{path}: cannot read {suffix!r}, {_way_out(suffix)}")
    if not path.stat().st_size:
        raise ValueError(f"{path}: the file is empty")
    return form


def _way_out(suffix: str) -> str:
    known = f"only {listing(_FORMATS)}, and all but the last three compressed as '.csv.gz'"
    if suffix in _EXCEL:
        return f"{known}: save the sheet as CSV in UTF-8 (File, Save As)"
    if suffix in _ARROW:
        return f"{known}: write the table as Parquet"
    if suffix in _PACKED or suffix.endswith(".gz"):
        return f"{known}: unpack the file first"
    return known
