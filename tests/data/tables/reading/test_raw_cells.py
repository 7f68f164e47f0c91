"""Cells as they are spelled in a file."""

import numpy as np
import pytest

from bpnet.data.tables.reading.options import ReadOptions
from bpnet.data.tables.reading.raw_cells import raw_rows


def test_text_files_are_not_understood(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n007;1,50;NA\n TRUE ;;?\n", encoding="utf-8")
    assert list(raw_rows(path, ["c", "a"])) == [("NA", "007"), ("?", "TRUE ")]


def test_options_of_reading_are_followed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("ä|1\nö|2\n".encode("latin-1"))
    options = ReadOptions(header=False, delimiter="|", encoding="latin-1")
    assert list(raw_rows(path, ["c1"], options)) == [("ä",), ("ö",)]


def test_missing_values_of_other_formats_are_empty(tmp_path):
    path = tmp_path / "t.npz"
    np.savez(path, a=np.array([1.5, np.nan]), b=np.array([1, 2]))
    assert list(raw_rows(path, ["b", "a"])) == [("1", "1.5"), ("2", "")]


@pytest.mark.parametrize("name", ["t.csv", "t.npz"])
def test_an_unknown_column_is_named_with_the_file(tmp_path, name):
    path = tmp_path / name
    if name == "t.csv":
        path.write_text("size,b\n1,2\n")
    else:
        np.savez(path, size=[1], b=[2])
    with pytest.raises(ValueError, match="no column 'sice', did you mean 'size'") as told:
        list(raw_rows(path, ["sice"]))
    assert str(path) in str(told.value)


def test_json_keeps_all_digits_of_identifiers(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(
        '{"id": 12345678901234567890, "on": true, "x": 1.5}\n{"x": 2, "id": null, "tags": ["a"]}\n'
    )
    assert list(raw_rows(path, ["id", "on", "x", "tags"])) == [
        ("12345678901234567890", "true", "1.5", ""),
        ("", "", "2", '["a"]'),
    ]


def test_parquet_keeps_all_digits_of_identifiers(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / "t.parquet"
    table = {
        "id": arrow.array([2**63 - 1, None]),
        "price": arrow.array(["1.50", None]).cast(arrow.decimal128(5, 2)),
        "day": arrow.array([18_263, None], arrow.date32()),
        "kind": arrow.array(["a", None]).dictionary_encode(),
        "tags": arrow.array([[1, 2], None]),
    }
    pytest.importorskip("pyarrow.parquet").write_table(arrow.table(table), path)
    first, second = raw_rows(path, list(table))
    assert first[:4] == ("9223372036854775807", "1.50", "2020-01-02", "a")
    assert "1" in first[4]
    assert second == ("",) * 5
