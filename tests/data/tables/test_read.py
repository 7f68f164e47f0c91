import io
import re
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpnet.data import read_table


def raises(*words, kind=ValueError):
    return pytest.raises(kind, match=".*".join(map(re.escape, words)))


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
        path = csv("zip,n\n01234,1\n00001,2\n")
        assert read_table(path)["zip"].tolist() == [1234, 1]
        assert read_table(path, text=["zip"])["zip"].tolist() == ["01234", "00001"]

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
            ("a,,\n1,2,3\n", ("table.csv: columns 2 and 3 are both called nothing",)),
            ("5.1,3.5,setosa\n4,3,setosa\n", ("must name the columns, but '5.1', '3.5' are num",)),
            ("1,a\n4,3\n", ("must name the columns, but '1' is a number",)),
            (b"a,b\n\xe9t\xe9,1\n", ("table.csv: byte 0xe9 is not UTF-8", "in UTF-8")),
            (b"\xff\xfea\0,\0b\0", ("table.csv: byte 0xff is not UTF-8",)),
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
        assert table["day"].tolist() == ["2020-01-31T00:00:00.000000000", None]
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
        assert table["day"].tolist() == ["2020-01-01", None, "1970-01-01"]
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
        with raises("table.pq", 'pip install "bpnet-xp[tables]"', kind=ImportError):
            read_table(csv("a,b\n1,2\n", "table.pq"))
