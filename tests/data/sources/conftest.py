"""Files that sources read."""

import numpy as np
import pytest


@pytest.fixture
def npy(tmp_path):
    def write(x, y):
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", y)
        return tmp_path / "x.npy", tmp_path / "y.npy"

    return write


@pytest.fixture
def groups(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
    files = pytest.importorskip("pyarrow.parquet", reason="writes Parquet with pyarrow")

    def write(columns, size=7):
        path = tmp_path / "table.parquet"
        files.write_table(arrow.table(columns), path, row_group_size=size, write_page_checksum=True)
        return path

    return write
