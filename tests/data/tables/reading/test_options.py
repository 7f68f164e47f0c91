"""How a table is read, where that cannot be seen from the file."""

import dataclasses
import json

import numpy as np
import pytest
from _errors import raises

from bpnet.data import read_table, read_table_parts
from bpnet.data.tables.reading.options import ReadOptions


def whole_and_parts(path, **options):
    """The columns as lists, which parts give too."""
    table = read_table(path, **options)
    found = {name: column.tolist() for name, column in table.items()}
    parts = list(read_table_parts(path, **options))
    assert {name: [v for part in parts for v in part[name].tolist()] for name in parts[0]} == found
    places = [part.place(k) for part in parts for k in range(part.n_rows)]
    assert places == [table.place(k) for k in range(table.n_rows)]
    return found


class TestDelimiter:
    @pytest.mark.parametrize(
        ("delimiter", "content"),
        [
            (";", "a, b;c\n1,5;2\n"),
            ("tab", "a, b\tc\n1.5\t2\n"),
            ("\\t", "a, b\tc\n1.5\t2\n"),
            (":", "a, b:c\n1.5:2\n"),
            (" ", '"a, b"   c\n 1.5  2 \n'),
            ("   ", '"a, b" c\n1.5 2\n'),
        ],
    )
    def test_given(self, csv, delimiter, content):
        assert whole_and_parts(csv(content), delimiter=delimiter) == {"a, b": [1.5], "c": [2]}

    @pytest.mark.parametrize(
        ("content", "columns"),
        [
            ("a, b, c;d\nx;1\ny;2\n", ["a, b, c", "d"]),  # a comma divides one line only
            ("1,5;2,5\n3,5;4,5\n", ["c1", "c2"]),  # a comma is in numbers only
            ("a;b\n1,5;2,5\n", ["a", "b"]),
            ("a,b\n1;2,3;4\n", ["a", "b"]),
            ("a|b\nx, y|z\n", ["a", "b"]),
        ],
    )
    def test_seen_from_several_lines(self, csv, content, columns):
        table = read_table(csv(content), header=columns[0] != "c1")
        assert list(table) == columns

    def test_fields_divided_by_blanks(self, csv):
        path = csv("mpg  name\n1.5  a\n2.5  b\n", "auto.txt")
        with raises("auto.txt: fields seem to be divided by blanks", "--delimiter ' '"):
            read_table(path)
        assert read_table(path, delimiter=" ")["mpg"].tolist() == [1.5, 2.5]
        assert list(read_table(path, delimiter=",")) == ["mpg  name"]
        assert read_table(csv("full name\nJohn Smith\n"))["full name"].tolist() == ["John Smith"]

    def test_lines_before_the_header(self, csv):
        with raises("line 3: 2 fields, expected 1; the only column is called 'Report of 2020'"):
            read_table(csv("Report of 2020\n\na,b\n1,2\n"), header=True)


class TestDecimal:
    def test_a_comma(self, csv):
        content = "a\tb\tc\td\n1,5\t1.234,5\t1.234\t1.5\n-2\t12\t2\tx\n"
        assert whole_and_parts(csv(content), decimal=",") == {
            "a": [1.5, -2], "b": [1234.5, 12], "c": [1234, 2], "d": ["1.5", "x"],
        }  # fmt: skip

    def test_a_point_where_semicolons_divide(self, csv):
        path = csv("a;b\n1,5;2\n2,5;3\n")
        assert whole_and_parts(path) == {"a": [1.5, 2.5], "b": [2, 3]}
        assert whole_and_parts(path, decimal=".") == {"a": ["1,5", "2,5"], "b": [2, 3]}

    def test_a_comma_cannot_divide_fields_too(self):
        with raises("',' cannot both divide fields and be the decimal mark"):
            ReadOptions(delimiter=",", decimal=",")


class TestMissing:
    def test_marks_in_text_files(self, csv):
        path = csv("a,b,c,d,e\n1,-,x,-999,-999\n-999,2,-,-999.0,u\n3,3,.,1.5,v\n")
        found = read_table(path, missing=["-", -999, "."])
        np.testing.assert_array_equal(found["a"], [1, np.nan, 3])
        np.testing.assert_array_equal(found["b"], [np.nan, 2, 3])
        assert found["c"].tolist() == ["x", None, None]
        np.testing.assert_array_equal(found["d"], [np.nan, np.nan, 1.5])
        assert found["e"].tolist() == [None, "u", "v"]

    def test_a_column_of_marks_has_no_value(self, csv):
        found = read_table(csv("a,b\n-,1\n-,2\n"), missing="-")["a"]
        np.testing.assert_array_equal(found, [np.nan, np.nan])

    def test_marks_in_other_files_and_frames(self, npz, parquet):
        day = np.array(["1900-01-01", "2020-01-01"], "M8[s]")
        columns = {"a": np.array([-999, 2]), "w": np.array(["-", "x"]), "day": day}
        marks = ["-", -999, "1900-01-01"]
        for data in (npz(**columns), columns, parquet({**columns, "w": ["-", "x"]})):
            found = read_table(data, missing=marks)
            np.testing.assert_array_equal(found["a"], [np.nan, 2])
            assert found["w"].tolist() == [None, "x"]
            assert np.isnat(found["day"]).tolist() == [True, False]
        assert columns["a"].tolist() == [-999, 2]
        assert columns["day"][0] == day[0]


class TestEncoding:
    @pytest.mark.parametrize(
        ("encoding", "given"),
        [
            ("utf-8", None),
            ("utf-8-sig", None),
            ("utf-16", None),
            ("utf-32", None),
            ("utf-16-le", "utf-16-le"),
            ("latin-1", "latin-1"),
            ("cp1252", "Windows-1252"),
            ("mac_roman", "mac_roman"),
            ("utf-8-sig", "latin-1"),  # a byte order mark comes first
            ("utf-16", "latin-1"),
        ],
    )
    def test_of_a_file(self, csv, encoding, given):
        content = "n\u00e4me,b\n\u00e9t\u00e9,1\nx,2\n".encode(encoding)
        found = whole_and_parts(csv(content), encoding=given)
        assert found == {"n\u00e4me": ["\u00e9t\u00e9", "x"], "b": [1, 2]}

    def test_another_one_than_given(self, csv):
        path = csv("a,b\n\u00e9,1\n".encode("latin-1"))
        with raises("byte 0xe9 is not UTF-8 text; save the file as CSV in UTF-8"):
            read_table(path, encoding="utf8")
        with raises("byte 0xe9 is not ASCII text"):
            read_table(path, encoding="ascii")


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "words", "kind"),
        [
            ({"header": "yes"}, "header must be True or False, not 'yes'", TypeError),
            ({"delimiter": ""}, "delimiter must be one character", ValueError),
            ({"delimiter": "::"}, "such as ',', ';', '|', ' ' or 'tab', not '::'", ValueError),
            ({"delimiter": "x"}, "delimiter must be one character", ValueError),
            ({"delimiter": 3}, "delimiter must be a string, not 3", TypeError),
            ({"decimal": "x"}, "unknown decimal 'x': known are ., ,", ValueError),
            ({"encoding": "utf-88"}, "unknown encoding 'utf-88'", ValueError),
            ({"encoding": "base64"}, "unknown encoding 'base64'", ValueError),
            ({"missing": 3}, "missing must be a sequence, not 3", TypeError),
            ({"missing": [None]}, "missing must be a number, not None", TypeError),
            ({"text": [3]}, "text must be a string, not 3", TypeError),
            ({"max_bytes": 0}, "max_bytes must be at least 1, not 0", ValueError),
        ],
    )
    def test_wrong_ones(self, given, words, kind):
        with raises(words, kind=kind):
            ReadOptions(**given)

    def test_stored(self):
        options = ReadOptions(False, "tab", ",", "latin-1", ("-", -999, 2.5), ("zip",), 10)
        stored = json.loads(json.dumps(options.to_dict()))
        assert ReadOptions.from_dict(stored) == dataclasses.replace(
            options, text=(), max_bytes=None
        )
        assert ReadOptions.from_dict({}) == ReadOptions()

    @pytest.mark.parametrize(
        ("stored", "words"),
        [
            ([], "it is [], expected a dictionary of header, "),
            ({"heather": 1}, "it is {'heather': 1}, expected"),
            ({"decimal": "x"}, "it: unknown decimal 'x'"),
            ({"header": 1}, "it: header must be True or False, not 1"),
        ],
    )
    def test_stored_wrongly(self, stored, words):
        with raises(words):
            ReadOptions.from_dict(stored, "it")


def test_names_of_text_columns_may_have_blanks(csv):
    path = csv(" zip ,n\n01,1\n02,2\n")
    assert read_table(path, text=[" zip "])["zip"].tolist() == ["01", "02"]
    assert read_table(path, text="zip")["zip"].tolist() == ["01", "02"]
