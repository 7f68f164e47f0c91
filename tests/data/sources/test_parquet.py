"""Rows of Parquet files."""

import itertools
import sys

import numpy as np
import pytest
from _errors import raises
from _sources import same

from bpnet.data import (
    ParquetSource,
)


def test_borders_and_types(groups):
    columns = {
        "i": np.arange(20, dtype=np.int16),
        "f": np.arange(20) / 4,
        "b": np.arange(20) % 2 == 0,
        "y": np.arange(20, dtype=np.uint8),
    }
    rows = ParquetSource(groups(columns), "y")
    assert list(rows.borders()) == [0, 7, 14]
    for start, stop in itertools.combinations(range(0, 21, 4), 2):
        x, y = rows.read(start, stop)
        same((x,), (np.stack(list(columns.values())[:3], 1)[start:stop].astype(np.float32),))
        same((y,), (np.arange(start, stop),))
    assert ParquetSource(groups(columns), "b", columns=["f"]).read(0, 3)[1].tolist() == [
        1,
        0,
        1,
    ]
    x, y = ParquetSource(groups(columns), ["f", "i"], columns=["y"], dtype="float64").read(5, 6)
    assert y.dtype == np.float64
    assert y.tolist() == [[1.25, 5.0]]


def test_decimals(groups):
    arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
    price = arrow.array([1, 2]).cast(arrow.decimal128(21, 2))
    assert ParquetSource(groups({"p": price, "y": [0, 1]}), "y").read(0, 2)[0][1, 0] == 2.0


def noting_groups(rows, monkeypatch):
    """The row groups that are begun."""
    begun, decoded = [], rows._decoded
    monkeypatch.setattr(rows, "_decoded", lambda group: (begun.append(group), decoded(group))[1])
    return begun


def test_reading_goes_on_where_it_ended(groups, monkeypatch):
    rows = ParquetSource(groups({"a": np.arange(100.0), "y": np.arange(100)}, 50), "y")
    begun = noting_groups(rows, monkeypatch)
    for start in (0, 20, 40, 60, 80):
        assert rows.read(start, start + 20)[1].tolist() == list(range(start, start + 20))
    assert begun == [0]


def test_places_that_are_read_in_turn_are_gone_on_from(groups, monkeypatch):
    rows = ParquetSource(groups({"a": np.arange(90.0), "y": np.arange(90)}, 30), "y")
    begun = noting_groups(rows, monkeypatch)
    for start in range(0, 30, 5):  # within groups, some rows of which are left out
        for place in (0, 30, 60):
            first = start + place
            assert rows.read(first + 1, first + 5)[1].tolist() == list(range(first + 1, first + 5))
    assert begun == [0, 1, 2]
    assert rows.read(3, 5)[1].tolist() == [3, 4]  # back
    assert begun == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"w": ["x"] * 9, "y": [0] * 9}, ("column 'w' holds string: a source takes numbers",)),
        ({"a": [1.0] * 9, "z": [0] * 9}, ("no column 'y'",)),
        ({"y": [1.0] * 9}, ("no column is left as a feature: name one in columns=[...]",)),
        ({"a": [], "y": []}, ("2 columns, but no rows",)),
    ],
)
def test_tables_that_do_not_suit(groups, columns, words):
    with raises("table.parquet", *words):
        ParquetSource(groups(columns), "y")


def test_missing_values(groups):
    rows = ParquetSource(groups({"a": [1] * 8 + [None], "y": [0] * 9}), "y")
    rows.read(0, 8)
    with raises("table.parquet, row 9, column 'a': a value is missing"):
        rows.read(2, 9)
    rows = ParquetSource(groups({"a": [1.0] * 9, "y": [0.0] * 8 + [np.inf]}), "y")
    with raises("table.parquet, row 9, column 'y': inf"):
        rows.read(2, 9)


def test_a_damaged_row_group_is_named(groups):
    path = groups({"a": np.random.default_rng(0).random(4000), "y": np.arange(4000)}, 1000)
    content = bytearray(path.read_bytes())
    third = slice(len(content) // 2 + 2000, len(content) // 2 + 6000)
    content[third] = bytes(255 for _ in content[third])
    path.write_bytes(content)
    rows = ParquetSource(path, "y")
    rows.read(0, 1000)
    with raises("table.parquet, rows 2001 to 3000: row group 2 cannot be read"):
        rows.read(2000, 3000)
    rows.read(0, 1000)


def test_no_file_and_no_pyarrow(tmp_path, csv, monkeypatch):
    with raises("absent.pq: no such file", kind=FileNotFoundError):
        ParquetSource(tmp_path / "absent.pq", "y")
    path = csv("a,y\n1,2\n", "table.pq")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with raises("table.pq", 'pip install "pyarrow>=15"', kind=ImportError):
        ParquetSource(path, "y")


def test_no_parquet_file(csv):
    pytest.importorskip("pyarrow", reason="reads Parquet with pyarrow")
    with raises("table.parquet: not a readable Parquet file"):
        ParquetSource(csv("a,y\n1,2\n", "table.parquet"), "y")


@pytest.mark.parametrize("label", [2**63, 2**64 - 1])
def test_labels_beyond_64_bits_with_a_sign_are_named(groups, label):
    labels = np.zeros(20, np.uint64)
    labels[13] = label
    with ParquetSource(groups({"x": np.zeros(20), "y": labels}), "y") as rows:
        same(rows.read(0, 13), (np.zeros((13, 1), np.float32), np.zeros(13, np.int64)))
        with raises("table.parquet, row 14, column 'y'", str(label), "too large for a label"):
            rows.read(10, 20)
