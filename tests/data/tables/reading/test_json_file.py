"""JSON lines, and arrays of records."""

import gzip
import json

import numpy as np
import pytest
from _errors import raises

from bpnet.data import read_table, read_table_parts

RECORDS = [
    {"a": 1, "b": "x", "c": 0.5, "yes": True, "none": None},
    {"a": 2, "b": None, "yes": None, "none": None},
    {"b": "NA", "c": 2, "yes": False, "none": None, "late": "z"},
]
RIGHT = {
    "a": [1.0, 2.0, None],
    "b": ["x", None, None],
    "c": [0.5, None, 2.0],
    "yes": ["True", None, "False"],
    "none": [None] * 3,
    "late": [None, None, "z"],
}
LINES = "\n".join(map(json.dumps, RECORDS))
CONTENTS = {
    "lines": LINES,
    "lines of Windows": LINES.replace("\n", "\r\n\r\n") + "\r\n",
    "array": json.dumps(RECORDS),
    "array, indented": "\n " + json.dumps(RECORDS, indent=2) + "\n",
}


def as_lists(table):
    return {
        name: [None if value != value else value for value in column.tolist()]
        for name, column in table.items()
    }


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "t.JSONL", "t.jsonl.gz"])
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files_of_records(csv, name, content, encoding):
    data = CONTENTS[content].encode(encoding)
    path = csv(gzip.compress(data) if name.endswith("gz") else data, name)
    assert as_lists(read_table(path)) == RIGHT
    (part,) = read_table_parts(path)
    assert as_lists(part) == RIGHT


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("bpnet.data.tables.reading.json_records._RECORDS", 2)


class TestBlocks:
    @pytest.mark.usefixtures("small_blocks")
    def test_a_column_is_what_all_its_values_make_it(self, csv):
        values = [1, 2, 3.5, None, "x", True]
        path = csv("\n".join(json.dumps({"a": value, "k": 1}) for value in values), "t.jsonl")
        assert read_table(path)["a"].tolist() == ["1", "2", "3.5", None, "x", "True"]
        path = csv("\n".join(json.dumps({"a": value, "k": 1}) for value in values[:4]), "t.jsonl")
        np.testing.assert_array_equal(read_table(path)["a"], [1, 2, 3.5, np.nan])

    @pytest.mark.usefixtures("small_blocks")
    def test_parts_have_all_columns(self, csv):
        lines = ['{"a": 1}', "", '{"a": 2, "l": 1}', '{"b": "x", "l": [1]}', '{"a": 3}', '{"b": 1}']
        path = csv("\n".join(lines), "t.jsonl")
        parts = list(read_table_parts(path, missing=["x"]))
        assert [list(part) for part in parts] == [["a", "b"]] * 3
        assert [as_lists(part)["b"] for part in parts] == [[None] * 2, [None] * 2, [1]]
        assert [part.place(0) for part in parts] == ["line 1", "line 4", "line 6"]
        assert parts[0].place(1) == "line 3"
        assert {part.notes for part in parts} == {("column 'l' holds lists, and is left out",)}

    @pytest.mark.usefixtures("small_blocks")
    def test_records_of_an_array_are_rows(self, csv):
        path = csv(json.dumps([{"a": k} for k in range(5)], indent=1), "t.json")
        assert [part.place(0) for part in read_table_parts(path)] == ["row 1", "row 3", "row 5"]
        assert read_table(path).place(4) == "row 5"

    def test_places_are_lines(self, csv):
        path = csv('{"a": 1}\n\n{"a": 2}\n', "t.jsonl")
        table = read_table(path)
        assert [table.place(0), table.place(1)] == ["line 1", "line 3"]


def test_text_and_marks(csv):
    path = csv('{"zip": 12, "n": -999, " w ": "-"}\n{"zip": 7, "n": 1, " w ": "01"}\n', "t.jsonl")
    table = read_table(path, text=["zip"], missing=[-999, "-"])
    assert as_lists(table) == {"zip": ["12", "7"], "n": [None, 1.0], "w": [None, "01"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("[]", "has no rows"),
        ("{}", "has no columns"),
        ('{"a": 1}\n{"a": }\n', "line 2: Expecting value, character 7; expected an object a line"),
        ('{"a": 1}\n3\n', "line 2: 3; expected an object a line"),
        ('{"a": 1} {"a": 2}\n', "line 1: '{\"a\": 2}' after an object"),
        ('{\n"a": 1}\n', "line 1: Expecting property name"),
        ('[{"a": 1}, {"a": }]', "record 2: Expecting value, character 7"),
        ('[{"a": 1}, [2]]', "record 2: [2]; expected"),
        ('[{"a": 1}, {"a": 2}', "record 3: the array is not closed"),
        ('[{"a": 1}]\n[2]', "something comes after the array"),
        ('{"a": 1, "a": 2}', "line 1: key 'a' is there twice"),
        ('{"a": 1, " a": 2}', "a record: columns 1 and 2 are both called 'a'"),
        ('{"a": "\\ud800"}', "line 1: 'utf-8' codec can't encode"),
        ('{"a": ' + "[" * 100_000, "line 1: too many lists in lists"),
        ('{"a": ' + "9" * 5000 + "}", "line 1: "),
        ('{"a": {"0": 1}}', "has no columns; column 'a' holds dictionaries"),
        (b'{"a": "\xe9"}', "byte 0xe9 is not UTF-8"),
    ],
)
@pytest.mark.parametrize("read", [read_table, lambda path: list(read_table_parts(path))])
def test_damage(csv, content, words, read):
    path = csv(content, "t.jsonl")
    with raises("t.jsonl", words):
        read(path)


def test_many_keys_do_not_take_the_memory_of_a_table(csv):
    lines = "\n".join(json.dumps({f"a{k}": 1}) for k in range(20_000))
    path = csv(lines, "t.jsonl")
    for read in (read_table, lambda path: list(read_table_parts(path))):
        with raises("t.jsonl: a table of", "limit for this file is 67,108,864", "max_bytes="):
            read(path)


def test_a_line_that_never_ends(csv):
    path = csv('{"a": "' + "x" * 5 * 2**20 + '"}', "t.jsonl")
    with raises("t.jsonl, line 1: longer than 4,194,304 characters", "max_bytes="):
        read_table(path)
    assert len(read_table(path, max_bytes=10**9)["a"][0]) == 5 * 2**20
