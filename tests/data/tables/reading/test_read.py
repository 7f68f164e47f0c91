import gzip
import io
import os
import sys
import zipfile

import numpy as np
import pytest
from _errors import raises
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpnet.data import (
    CsvSource,
    IdxSource,
    NpySource,
    ParquetSource,
    read_idx,
    read_table,
)


class TestReadingCsv:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_delimiters_line_ends_and_types(self, csv, mark, end):
        rows = ["n, real ,word,gap", "1,1.5,x,1", "-2, 2e3,y y ,NA", "+3,.5,?,3", ""]
        table = read_table(csv(end.join(rows).replace(",", mark)))
        assert list(table) == ["n", "real", "word", "gap"]
        assert [column.dtype.kind for column in table.values()] == ["i", "f", "O", "f"]
        assert table["n"].tolist() == [1, -2, 3]
        assert table["real"].tolist() == [1.5, 2000.0, 0.5]
        assert table["word"].tolist() == ["x", "y y", None]
        np.testing.assert_array_equal(table["gap"], [1, np.nan, 3])

    def test_a_byte_order_mark_blank_lines_and_quotes(self, csv):
        table = read_table(csv('\ufeff\n"a, b",c\n\n1,"x ""y""\nz"\n  \n2,\n'))
        assert table["a, b"].tolist() == [1, 2]
        assert table["c"].tolist() == ['x "y"\nz', None]

    def test_a_decimal_comma_where_semicolons_divide(self, csv):
        table = read_table(csv("a;b;c\n1,5;1;x,y\n2,25;2;1,5\n"))
        assert table["a"].tolist() == [1.5, 2.25]
        assert table["b"].tolist() == [1, 2]
        assert table["c"].tolist() == ["x,y", "1,5"]

    def test_text_is_kept_on_demand(self, csv):
        path = csv("zip,n\n41234,1\n10001,2\n")
        assert read_table(path)["zip"].tolist() == [41234, 10001]
        assert read_table(path, text=["zip"])["zip"].tolist() == ["41234", "10001"]

    @pytest.mark.parametrize("first", ["01234", " 00", "0123"])
    @pytest.mark.parametrize("second", ["5", "", "NA", "01"])
    def test_digits_with_leading_zeros_stay_text(self, csv, first, second):
        found = read_table(csv(f"zip,n\n{first},0\n{second},-0\n"))
        assert found["zip"].tolist() == [first.strip(), second if second.isdigit() else None]
        assert found["n"].tolist() == [0, 0]

    @pytest.mark.parametrize("cell", ["1_000", "Na", "None", "none", "1,5", "0x10", "-"])
    def test_cells_that_are_text(self, csv, cell):
        assert read_table(csv(f'a,b\n"{cell}",1\n2,2\n'))["a"].tolist() == [cell, "2"]

    @pytest.mark.parametrize(
        "cell", ["", " ", "?", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL"]
    )
    def test_cells_that_are_missing(self, csv, cell):
        table = read_table(csv(f"a,b,c\n1,x,{cell}\n{cell},{cell},{cell}\n"))
        np.testing.assert_array_equal(table["a"], [1, np.nan])
        assert table["b"].tolist() == ["x", None]
        np.testing.assert_array_equal(table["c"], [np.nan, np.nan])

    def test_integers_too_large_for_64_bits_are_floats(self, csv):
        column = read_table(csv(f"a,b\n{10**30},x\n1,y\n"))["a"]
        assert column.dtype == np.float64
        assert column.tolist() == [1e30, 1]

    @pytest.mark.parametrize("suffix", [".tsv", ".txt", ".CSV"])
    def test_other_names(self, csv, suffix):
        assert read_table(csv("a\tb\n1\t2\n", f"table{suffix}"))["b"].tolist() == [2]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", ("table.csv: the file is empty",)),
            ("\ufeff\n \n", ("table.csv: the file is empty",)),
            ("a,b\n", ("table.csv: a header with 2 columns, but no rows",)),
            ("a,b\n1,2\n1,2,3\n", ("table.csv, line 3: 3 fields, expected 2",)),
            ("a,b\n1,2\n\n1\n", ("table.csv, line 4: 1 field, expected 2",)),
            ("a,b,a\n1,2,3\n", ("table.csv: columns 1 and 3 are both called 'a'",)),
            (",,\n1,2,3\n", ("table.csv: columns 1 and 2 are both called nothing; give each",)),
            (bytes(99), ("table.csv: nothing but null bytes",)),
            (
                "5.1,3.5,setosa\n4,3,setosa\n",
                (
                    "line 1 looks like a row of data",
                    "'5.1', '3.5' are numbers as below",
                    "--no-header",
                ),
            ),
            ("1\n4\n", ("line 1 looks like a row of data", "'1' is a number as below")),
            (b"a,b\n\xe9t\xe9,1\n", ("byte 0xe9 is not UTF-8", "--encoding latin-1", "in UTF-8")),
            (b"a,b\n\x80,1\n", ("byte 0x80 is not UTF-8", "--encoding cp1252", "in UTF-8")),
            (b"\xff\xfea\0,\0b\0", ("table.csv: a header with 2 columns, but no rows",)),
            (b"a\0,\0b\0", ("as in UTF-16", "--encoding utf-16-le", "in UTF-8")),
            (b"\0a\0,\0b", ("as in UTF-16", "--encoding utf-16-be", "in UTF-8")),
            ('a,b\n1,"x\n2,y\n', ("table.csv, line 3: unexpected end of data",)),
            ("a,b\n1," + "x" * 200_000, ("table.csv, line 2: field larger than",)),
        ],
    )
    def test_damage(self, csv, content, words):
        with raises(*words):
            read_table(csv(content))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.binary(max_size=60) | st.text('a1.,;|\t"\n\r -', max_size=60))
    def test_any_content_is_a_table_or_a_value_error_that_names_the_file(self, csv, content):
        path = csv(content)
        try:
            result = read_table(path)
        except ValueError as error:
            result = str(error)
        if isinstance(result, str):
            assert str(path) in result
        else:
            assert len({len(column) for column in result.values()}) == 1


class TestReadingOtherFiles:
    def test_what_is_no_file_or_no_table(self, tmp_path, csv):
        with raises("absent.csv: no such file", kind=FileNotFoundError):
            read_table(tmp_path / "absent.csv")
        with raises(f"{tmp_path}: a folder, expected a file"):
            read_table(tmp_path)
        with raises("table.xlsx: cannot read '.xlsx', only '.csv', '.tsv'", "'.npz'"):
            read_table(csv("a,b\n1,2\n", "table.xlsx"))

    def test_npz_columns(self, npz):
        path = npz(
            n=np.array([1, 2], np.uint8),
            word=np.array(["x", "NA"]),
            yes=np.array([True, False]),
            day=np.array(["2020-01-31", "NaT"], "M8[ns]"),
        )
        table = read_table(path)
        assert table["n"].tolist() == [1, 2]
        assert table["word"].tolist() == ["x", None]
        assert table["yes"].tolist() == ["True", "False"]
        np.testing.assert_array_equal(table["day"], np.array(["2020-01-31", "NaT"], "M8[ns]"))
        day = read_table(path, text=["day"])["day"]
        assert day.tolist() == ["2020-01-31T00:00:00.000000000", None]
        assert read_table(path, text=["n"])["n"].tolist() == ["1", "2"]

    @pytest.mark.parametrize("name", ["x", "X"])
    def test_npz_x_and_y(self, npz, name):
        table = read_table(npz(**{name: np.arange(8).reshape(2, 2, 2), "y": [[5], [6]]}))
        assert {key: column.tolist() for key, column in table.items()} == {
            "x0": [0, 4], "x1": [1, 5], "x2": [2, 6], "x3": [3, 7], "y": [5, 6],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("arrays", "words"),
        [
            (
                {"a": np.array(["x", 1], dtype=object)},
                ("'a'", "holds Python objects", "numbers, or t"),
            ),
            ({"a": [1j]}, ("array 'a' holds complex128, neither numbers nor text",)),
            ({"a": [b"x"]}, ("array 'a' holds |S1, neither numbers nor text",)),
            ({"a": 3}, ("'a' is a single value, expected a column",)),
            ({"a": [1], "b": [1, 2]}, ("'b' has 2 rows, 'a' has 1",)),
            ({"x": [1], "X": [2]}, ("columns 1 and 2 are both called 'x'",)),
            ({"x": np.empty((0, 2))}, ("2 columns, but no rows",)),
            ({"x": np.empty((2, 0))}, ("the file has no columns",)),
            ({}, ("the file has no columns",)),
        ],
    )
    def test_npz_of_something_else(self, npz, arrays, words):
        with raises("table.npz", *words):
            read_table(npz(**arrays))

    def test_damaged_npz(self, npz, csv):
        with raises("table.npz: not an NPZ file"):
            read_table(csv("a,b\n1,2\n", "table.npz"))
        path = npz(a=np.arange(1000))
        content = bytearray(path.read_bytes())
        content[500] ^= 255
        path.write_bytes(content)
        with raises("table.npz: array 'a' cannot be read", "CRC"):
            read_table(path)

    def test_npz_whose_header_promises_terabytes(self, tmp_path):
        forged = io.BytesIO()
        form = {"descr": "<f8", "fortran_order": False, "shape": (2**50,)}
        np.lib.format.write_array_header_1_0(forged, form)
        with zipfile.ZipFile(tmp_path / "forged.npz", "w") as archive:
            archive.writestr("a.npy", forged.getvalue() + bytes(80))
        with raises(
            "forged.npz: array 'a': its header promises 9007199254740992 bytes, the archive 208"
        ):
            read_table(tmp_path / "forged.npz")

    def test_parquet(self, parquet):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        path = parquet(
            {
                "n": [1, 2, 3],
                "gap": [1, None, 3],
                "real": [0.5, None, 1.5],
                "yes": [True, None, False],
                "word": ["x", None, "NA"],
                "coded": arrow.array(["u", "v", None]).dictionary_encode(),
                "price": arrow.array([1, None, 3]).cast(arrow.decimal128(21, 2)),
                "day": arrow.array([18262, None, 0]).cast(arrow.int32()).cast(arrow.date32()),
                "none": arrow.nulls(3),
                "__index_level_0__": [4, 5, 6],
            }
        )
        table = read_table(path)
        np.testing.assert_array_equal(table["gap"], [1, np.nan, 3])
        np.testing.assert_array_equal(table["real"], [0.5, np.nan, 1.5])
        np.testing.assert_array_equal(table["price"], [1, np.nan, 3])
        np.testing.assert_array_equal(table["none"], [np.nan] * 3)
        assert table["n"].tolist() == [1, 2, 3]
        assert table[""].tolist() == [4, 5, 6]
        assert table["n"].dtype == np.int64
        assert table["yes"].tolist() == ["True", None, "False"]
        assert table["word"].tolist() == ["x", None, None]
        assert table["coded"].tolist() == ["u", "v", None]
        days = np.array(["2020-01-01", "NaT", "1970-01-01"], "M8[D]")
        np.testing.assert_array_equal(table["day"], days)
        assert table["day"].dtype == days.dtype
        text = read_table(path, text=["day"])["day"]
        assert text.tolist() == ["2020-01-01", None, "1970-01-01"]
        assert read_table(path, text=["gap"])["gap"].tolist() == ["1", None, "3"]

    def test_parquet_of_something_else(self, parquet, csv):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        with raises("table.parquet: column 'a' holds list<", "neither numbers nor text"):
            read_table(parquet({"a": [[1], [2]]}))
        with raises("table.parquet: column 'a' holds binary, neither numbers nor text"):
            read_table(parquet({"a": [b"x"]}))
        with raises("table.parquet: 1 column, but no rows"):
            read_table(parquet({"a": arrow.array([], arrow.int8())}))
        twice = arrow.Table.from_arrays([arrow.array([1]), arrow.array([2])], ["a", "a"])
        with raises("table.parquet: columns 1 and 2 are both called 'a'"):
            read_table(parquet(twice))
        with raises("table.parquet: not a readable Parquet file"):
            read_table(csv("a,b\n1,2\n", "table.parquet"))

    def test_parquet_without_pyarrow(self, csv, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with raises("table.pq", 'pip install "pyarrow>=15"', kind=ImportError):
            read_table(csv("a,b\n1,2\n", "table.pq"))


class TestDamagedArchives:
    """Whatever zipfile makes of it, it is a ValueError that names the file."""

    @pytest.mark.parametrize(
        ("mark", "at", "value", "words"),
        [
            (b"PK\1\2", 0, 0, "not a readable NPZ file (Bad magic number"),
            (b"PK\1\2", 6, 99, "not a readable NPZ file (zip file version 9.9"),
            (b"PK\1\2", 8, 1, "array 'y' cannot be read"),  # encrypted
            (b"PK\1\2", 10, 12, "compressed by method 12, expected 0 or 8"),  # bzip2
            (b"PK\1\2", 10, 14, "compressed by method 14, expected 0 or 8"),  # LZMA
            (b"PK\1\2", 10, 77, "compressed by method 77, expected 0 or 8"),
            (b"PK\1\2", 42, 9, "array 'y' cannot be read"),  # where the array begins
            (b"PK\1\2", 46, 0xFF, "cannot be read (File name in directory"),  # its name
            (b"PK\5\6", 16, 0xFF, "array 'x' cannot be read"),  # where the directory begins
        ],
    )
    def test_in_the_directory(self, npz, mark, at, value, words):
        path = npz(x=np.zeros((5, 2)), y=np.zeros(5))
        content = bytearray(path.read_bytes())
        content[content.rfind(mark) + at] = value
        path.write_bytes(content)
        with raises("table.npz", words):
            read_table(path)

    def test_a_name_without_end(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "long.npz", "w") as archive:
            archive.writestr("x" * 60_000, b"1")
        with raises("long.npz", "'xxx", "xxx': damaged header") as caught:
            read_table(tmp_path / "long.npz")
        assert len(str(caught.value)) < 500

    def test_one_name_twice(self, tmp_path):
        content = io.BytesIO()
        np.save(content, np.zeros(3))
        with zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
            archive.writestr("x.npy", content.getvalue())
            archive.writestr("x", content.getvalue())
        with raises("twice.npz: columns 1 and 2 are both called 'x'"):
            read_table(tmp_path / "twice.npz")

    def test_text_that_is_no_text(self, tmp_path):
        form = {"descr": "<U1", "fortran_order": False, "shape": (2,)}
        content = io.BytesIO()
        np.lib.format.write_array_header_1_0(content, form)
        with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
            archive.writestr("x.npy", content.getvalue() + b"\xff" * 8)
        with raises("text.npz: array 'x' cannot be read"):
            read_table(tmp_path / "text.npz")


class TestWideFiles:
    def test_ten_thousand_genes(self, csv):
        names = [f"ENSG{k:011d}" for k in range(10_000)]
        path = csv(",".join([*names, "y"]) + "\n" + (",".join(["1"] * 10_000) + ",0.5\n") * 3)
        table = read_table(path)
        assert list(table) == [*names, "y"]
        assert table["y"].tolist() == [0.5] * 3
        assert table[names[-1]].tolist() == [1] * 3
        assert CsvSource(path, "y").read(0, 2)[0].shape == (2, 10_000)

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_the_delimiter_of_a_long_line_of_quoted_names(self, csv, mark):
        names = [f'"a, b; c\t| {k}"' for k in range(20_000)]
        table = read_table(csv(mark.join(names) + "\n" + mark.join(["1"] * 20_000)))
        assert len(table) == 20_000
        assert "a, b; c\t| 7" in table

    def test_two_columns_of_one_name_among_many(self, csv):
        names = [f"a{k}" for k in range(50_000)]
        with raises("table.csv: columns 8 and 50001 are both called 'a7'"):
            read_table(csv(",".join([*names, "a7"]) + "\n"))


class TestColumnsInParts:
    """A file is read in blocks, and a column is what all of its cells make it."""

    @pytest.fixture(autouse=True)
    def _small_blocks(self, monkeypatch):
        from bpnet.data.tables.reading.delimited_file import DelimitedFile

        monkeypatch.setattr(DelimitedFile.blocks, "__defaults__", (4,))

    @pytest.mark.parametrize(
        ("cells", "right"),
        [
            (["1", "2", "3", "4", "5"], [1, 2, 3, 4, 5]),
            (["1", "2", "3", "4.5", "5"], [1.0, 2.0, 3.0, 4.5, 5.0]),
            (["1", "2", "3", "", "5"], [1.0, 2.0, 3.0, np.nan, 5.0]),
            (["01", "2", "3.50", "4", "x"], ["01", "2", "3.50", "4", "x"]),
            (["x", "1", "NA", "2", "3"], ["x", "1", None, "2", "3"]),
            (["1", "x", "NA", "2", "03"], ["1", "x", None, "2", "03"]),
            (["", "NA", "?", "nan", "null"], [np.nan] * 5),
            (["1", "2", "3", "4", str(2**63)], [1.0, 2.0, 3.0, 4.0, 2.0**63]),
            (["1", "2", "3", "4", "9" * 5000], [1.0, 2.0, 3.0, 4.0, np.inf]),
            (["1", "2", "3", "4", "1_0"], ["1", "2", "3", "4", "1_0"]),
        ],
    )
    def test_one_kind_for_all(self, csv, cells, right):
        column = read_table(csv("b,a\n" + "".join(f"1,{cell}\n" for cell in cells)))["a"]
        expected = np.array(right, object if str in map(type, right) else None)
        assert column.dtype == expected.dtype
        np.testing.assert_array_equal(column, expected)

    def test_a_decimal_comma_in_a_later_part(self, csv):
        text = "a;b\n1;1\n2;2\n3;3\n4,5;4,5\n5;x\n"
        table = read_table(csv(text))
        assert table["a"].tolist() == [1, 2, 3, 4.5, 5]
        assert table["b"].tolist() == ["1", "2", "3", "4,5", "x"]

    def test_places_are_those_of_the_file(self, csv):
        with raises("table.csv, line 9: 1 field, expected 2"):
            read_table(csv('a,b\n1,"2\n\n3"\n\n1,2\n3,4\n5,6\n1\n7,8\n'))


def test_what_is_compressed_by_another_name(csv):
    path = csv(gzip.compress(b"a,b\n1,2\n"))
    assert read_table(path)["b"].tolist() == [2]
    with raises("table.csv: compressed, but a source reads from any place"):
        CsvSource(path, "b")


def test_parquet_of_two_columns_of_one_name(parquet):
    arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
    path = parquet(arrow.Table.from_arrays([arrow.array([1]), arrow.array([2])], ["a", "a"]))
    for read in (read_table, lambda path: ParquetSource(path, "a")):
        with raises("table.parquet: columns 1 and 2 are both called 'a'"):
            read(path)


@pytest.mark.skipif(os.name != "posix", reason="makes a pipe")
@pytest.mark.parametrize("name", ["x.csv", "x.npz", "x.parquet", "x.npy", "x.idx"])
def test_a_pipe_is_refused_at_once(tmp_path, name):
    """To open it would wait for ever."""
    path = tmp_path / name
    os.mkfifo(path)
    readers = {
        ".csv": [read_table, lambda path: CsvSource(path, "y")],
        ".npz": [read_table],
        ".parquet": [read_table, lambda path: ParquetSource(path, "y")],
        ".npy": [lambda path: NpySource(path, path)],
        ".idx": [read_idx, lambda path: IdxSource(path, path)],
    }
    for read in readers[path.suffix]:
        with raises(f"{name}: a pipe, expected a file"):
            read(path)
        folder = tmp_path / "folder" / name
        folder.mkdir(parents=True, exist_ok=True)
        with raises(f"{name}: a folder, expected a file"):
            read(folder)
        with raises(f"{name}: no such file", kind=FileNotFoundError):
            read(path.parent / f"no {name}")
