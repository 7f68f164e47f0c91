"""Rows of CSV files."""

import sys

import numpy as np
import pytest
from _errors import raises
from _sources import in_tmp_path
from hypothesis import given
from hypothesis import strategies as st

from bpnet.data import (
    CsvSource,
    read_table,
)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(csv, mark, end):
    lines = [mark.join(["a", "b", "y"])]
    lines += [mark.join(map(str, [k, k / 8, k % 3])) for k in range(200)]
    for last in ("", end):
        rows = CsvSource(csv(end.join(lines) + last), "y")
        assert len(rows) == 200
        x, y = rows.read(60, 131)
        assert x.tolist() == [[k, k / 8] for k in range(60, 131)]
        assert y.tolist() == [k % 3 for k in range(60, 131)]


def test_blank_lines_quotes_and_a_byte_order_mark(csv):
    body = [f'"{k}","1,5 {chr(10)}""x""",{k % 2}{chr(10)}{" " * (k % 3)}' for k in range(300)]
    path = csv('\ufeff\n"a, 1",word,y\n' + "\n".join(body))
    rows = CsvSource(path, "y", columns=["a, 1"])
    assert len(rows) == 300
    for start, stop in [(0, 300), (63, 64), (64, 130), (299, 300)]:
        x, y = rows.read(start, stop)
        assert x[:, 0].tolist() == list(range(start, stop))
        assert y.tolist() == [k % 2 for k in range(start, stop)]


def test_rows_across_chunks(csv, monkeypatch):
    monkeypatch.setattr(sys.modules[CsvSource.__module__], "_CHUNK", 64)
    lines = [f'{k},"{"z" * (k % 90)}\n",{k % 7}' for k in range(500)]
    rows = CsvSource(csv("a,word,y\n" + "\n\n".join(lines)), "y", columns=["a"])
    assert len(rows) == 500
    assert rows.read(450, 500)[0][:, 0].tolist() == list(range(450, 500))


def test_columns_and_several_targets(csv):
    path = csv("a,,b,c,d\n1,x,2,3,4\n5,y,6,7,8\n")
    with raises("table.csv, row 1, column '': 'x' is not a number"):
        CsvSource(path, "c", columns=["", "b"]).read(0, 2)
    with raises("table.csv: column 'c' is a target, and cannot be a feature"):
        CsvSource(path, "c", columns=["a", "c"])
    rows = CsvSource(path, ["d", "a"], columns=["c", "b"], dtype="float64")
    x, y = rows.read(0, 2)
    assert x.dtype == np.float64
    assert x.tolist() == [[3, 2], [7, 6]]
    assert y.tolist() == [[4, 1], [8, 5]]
    assert CsvSource(path, "d").read(0, 1)[0].tolist() == [[1, 2, 3]]


def test_whole_targets_are_labels(csv):
    path = csv("a,y\n" + "".join(f"{k},{1 if k < 64 else 0.5}\n" for k in range(128)))
    rows = CsvSource(path, "y")
    assert rows.read(0, 64)[1].dtype == np.int64
    assert rows.read(64, 128)[1].dtype == np.float64
    assert rows.gather([(0, 64), (64, 128)], 128)[1].tolist() == [1.0] * 64 + [0.5] * 64


def test_a_decimal_comma_where_semicolons_divide(csv):
    rows = CsvSource(csv('a;b;y\n1,5;1.25;0\n2,5;"3,5";1\n'), "y")
    assert rows.read(0, 2)[0].tolist() == [[1.5, 1.25], [2.5, 3.5]]


@pytest.mark.parametrize("cell", ["", "NA", "x", "1_000", "inf", "nan", "0x10", "1e999", "1.5.2"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_cell_that_is_no_number_is_named(csv, cell, quoted):
    shown = f'"{cell}"' if quoted else cell
    lines = [f"{k},{shown if k == 100 else k},1\n" for k in range(200)]
    rows = CsvSource(csv("a,b,y\n" + "".join(lines)), "y")
    rows.read(0, 64)
    with raises("table.csv, row 101, column 'b'", repr(cell)):
        rows.read(90, 110)


def test_too_large_for_float32(csv):
    rows = CsvSource(csv("a,y\n1,0\n1e60,1\n"), "y")
    with raises("table.csv, row 2, column 'a': inf"):
        rows.read(0, 2)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,2", ("table.csv, row 71: 2 fields, expected 3",)),
        ("1,2,3,4", ("table.csv, row 71: 4 fields, expected 3",)),
        ('1,"2"x,3', ("table.csv, byte",)),
    ],
)
def test_damaged_rows(csv, line, words):
    lines = [line if k == 70 else f"{k},1,2" for k in range(100)]
    rows = CsvSource(csv("\n".join(["a,b,y", *lines])), "y")
    with raises(*words):
        rows.read(0, 100)


def test_quotes_within_fields(csv):
    lines = ['5" disk,1,2' if k in (3, 5) else f"{k},1,2" for k in range(100)]
    rows = CsvSource(csv("\n".join(["a,b,y", *lines])), "y", columns=["b"])
    with raises("table.csv", "has a quote within a field"):
        rows.read(0, 64)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "table.csv: the file is empty"),
        ("\ufeff\n \n", "table.csv: the file is empty"),
        ("a,b\n", "table.csv: a header with 2 columns, but no rows"),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'"),
        ("1,2\n3,4\n", "line 1 looks like a row of data"),
        ('a,b\n1,"2\n', "table.csv: a quote is opened, but not closed"),
        (b"a,\xff\n1,2\n", "byte 0xff is not UTF-8"),
        ("a,c\n1,2\n", "no column 'b'"),
        ("b\n1\n", "no column is left as a feature: name one in columns=[...]"),
    ],
)
def test_damaged_files(csv, content, words):
    with raises(words):
        CsvSource(csv(content), "b")


def test_a_row_that_is_not_utf8(csv):
    with raises("table.csv: byte 0xe9 is not UTF-8 text; save the file as CSV in UTF-8"):
        CsvSource(csv(b"a,y\n1,0\n\xe9,1\n"), "y")
    many = 200_000
    rows = CsvSource(csv(b"a,y\n" + b"1,0\n" * many + b"\xe9,1\n"), "y")
    assert rows.read(many - 1, many)[0].tolist() == [[1.0]]
    with raises("table.csv: byte 0xe9 is not UTF-8 text; save the file as CSV in UTF-8"):
        rows.read(many, many + 1)


def test_a_file_that_changes_or_goes(csv):
    path = csv("a,y\n1,0\n2,1\n")
    rows = CsvSource(path, "y")
    path.write_text("a,y\n1,0\n")
    with raises("table.csv: the file had 12 bytes, and now has 8"):
        rows.read(0, 2)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        rows.read(0, 2)
    with raises("absent.csv: no such file", kind=FileNotFoundError):
        CsvSource("absent.csv", "y")


@in_tmp_path
@given(
    content=st.text('a1.,;"\n\r ', max_size=60).map(lambda text: "k,y\n" + text),
    cut=st.integers(1, 9),
)
def test_any_content_is_what_read_table_finds_or_a_value_error(csv, content, cut):
    path = csv(content)
    try:
        rows = CsvSource(path, "y")
        parts = [
            rows.read(start, min(start + cut, len(rows))) for start in range(0, len(rows), cut)
        ]
    except ValueError as error:
        parts = str(error)
    if isinstance(parts, str):
        assert str(path) in parts
        return
    table = read_table(path)
    k, y = (np.concatenate(one) for one in zip(*parts, strict=True))
    np.testing.assert_array_equal(k[:, 0], table["k"].astype(np.float32))
    np.testing.assert_array_equal(y, table["y"])
