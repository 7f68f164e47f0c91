"""Tables written to a file in each format."""

import numpy as np
import pytest


@pytest.fixture
def csv(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "table.npz", **arrays)
        return tmp_path / "table.npz"

    return write


@pytest.fixture
def parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
    files = pytest.importorskip("pyarrow.parquet", reason="writes Parquet with pyarrow")

    def write(columns):
        table = columns if isinstance(columns, arrow.Table) else arrow.table(columns)
        files.write_table(table, tmp_path / "table.parquet")
        return tmp_path / "table.parquet"

    return write
